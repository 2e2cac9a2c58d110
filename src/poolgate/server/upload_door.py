"""`PUT /_poolgate/imports/{job_id}`: the CSV file of a user import job, under its signed URL.

The door stands for the S3 bucket that AWS's pre-signed URL leads to, and refuses with S3's XML. Of
the headers that AWS's uploads carry (x-amz-server-side-encryption) none is needed: whatever comes
in is kept sealed. Nothing of the body is kept before the URL has been verified.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.operations.errors import AwsError, find_error
from poolgate.userpools import import_files
from poolgate.userpools.import_files import MAX_FILE_BYTES, UPLOAD_PATH
from poolgate.web.handled import Handled
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.installation import Installation

OK, BAD_REQUEST, FORBIDDEN, NOT_ALLOWED, CONFLICT, TOO_LARGE = 200, 400, 403, 405, 409, 413
_DRAINED_AT_ONCE = 64 * 1024
_WRONG_METHOD = AwsError("MethodNotAllowed", "Only PUT is allowed here.", NOT_ALLOWED)
_ERRORS: Mapping[type[Failure], AwsError] = {
    import_files.UploadUrlInvalid: AwsError(
        "SignatureDoesNotMatch", "The URL was altered.", FORBIDDEN
    ),
    import_files.UploadUrlExpired: AwsError("AccessDenied", "Request has expired", FORBIDDEN),
    import_files.UploadTooLarge: AwsError(
        "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", TOO_LARGE
    ),
    import_files.UploadIncomplete: AwsError(
        "IncompleteBody", "The body is shorter than Content-Length says.", BAD_REQUEST
    ),
    import_files.UploadTooLate: AwsError(
        "InvalidRequest", "The user import job no longer takes a file.", CONFLICT
    ),
}


def handle_upload(installation: Installation, http: HttpRequest) -> Handled:
    """Take in one file, or say why not."""
    request_id = random_uuid()
    refusal = _WRONG_METHOD if http.method != "PUT" else _put(installation, http, request_id)
    return Handled(
        HttpResponse(OK) if refusal is None else _shown(refusal),
        request_id,
        service="poolgate",
        operation="import",
        error_code="" if refusal is None else refusal.code,
    )


def _put(installation: Installation, http: HttpRequest, request_id: str) -> AwsError | None:
    """Keep the file; return why not, or None."""
    read = http.reader()
    call = installation.call_of(http, request_id=request_id)
    job_id = http.path.removeprefix(UPLOAD_PATH)
    asked = parse_qs(http.query)
    try:
        import_files.verify_upload(
            call,
            job_id,
            expires=asked.get("expires", [""])[0],
            signature=asked.get("signature", [""])[0],
        )
        import_files.receive(
            call, job_id, read, declared_bytes=_declared(http.header("content-length"))
        )
    except Failure as failure:
        error = find_error(_ERRORS, failure)
        if error is None:
            raise
        _drain(read)
        return error
    return None


def _drain(read: Callable[[int], bytes]) -> None:
    """Read what is left, within bounds: most clients read no answer before all of it is sent."""
    left = MAX_FILE_BYTES
    while left > 0 and (discarded := read(_DRAINED_AT_ONCE)):
        left -= len(discarded)


def _declared(content_length: str | None) -> int | None:
    if content_length is None or not content_length.isdecimal():
        return None
    return int(content_length)


def _shown(refusal: AwsError) -> HttpResponse:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
    )
    return HttpResponse(refusal.status, {"content-type": "application/xml"}, body.encode())
