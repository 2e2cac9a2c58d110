"""Which credential of a request decides.

The first one present does, in this order: SigV4 header, presigned query, Bearer or DPoP, Basic. A
bad one never falls through to the next, and two in one request are refused, but for the delegated
pair of SigV4 and `X-Subject-Token` (# SPEC RFC 6750 s2). Sizes are bounded before anything is
parsed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from poolgate.guard.refusals import HeadersTooLarge, RefusalCode, Unauthenticated
from poolgate.guard.requests import GuardRequest
from poolgate.sigv4.proofs import carries_proof
from poolgate.sigv4.requests import RequestParts

SUBJECT_TOKEN_HEADER: Final = "x-subject-token"  # noqa: S105 - the name of a header

MAX_CREDENTIAL_CHARACTERS: Final = 16 * 1024
MAX_HEADER_CHARACTERS: Final = 64 * 1024
MAX_TARGET_CHARACTERS: Final = 32 * 1024


class Scheme(StrEnum):
    """The ways to prove who calls."""

    SIGNED = "signed"
    BEARER = "bearer"
    BASIC = "basic"
    DPOP = "dpop"


@dataclass(frozen=True, slots=True)
class Presented:
    """The credential that decides.

    `credential` is what follows the scheme's name; empty for a signature in the query.
    """

    scheme: Scheme
    credential: str
    subject_token: str | None = None

    def __repr__(self) -> str:
        return f"Presented({self.scheme.value})"


def find_presented(request: GuardRequest) -> Presented | None:
    """Return the deciding credential, None for none at all; raise for anything doubtful."""
    authorization, subject_token = _credential_headers(request)
    presigned = _is_presigned(request)
    if presigned and authorization is not None:
        _refuse_several()
    if presigned:
        return Presented(Scheme.SIGNED, "", subject_token)
    if authorization is None:
        if subject_token is not None:
            _refuse_lone_subject_token()
        return None
    scheme, credential = _split(authorization)
    if scheme is not Scheme.SIGNED and subject_token is not None:
        _refuse_lone_subject_token()
    return Presented(scheme, credential, subject_token)


def _credential_headers(request: GuardRequest) -> tuple[str | None, str | None]:
    authorization: str | None = None
    subject_token: str | None = None
    size = 0
    for name, value in request.headers:
        size += len(name) + len(value)
        # Lengths first: lower-casing every header's name is most of this loop's time.
        if len(name) == _AUTHORIZATION_LENGTH and name.lower() == "authorization":
            if authorization is not None:
                _refuse_several()
            authorization = value
        elif len(name) == _SUBJECT_TOKEN_LENGTH and name.lower() == SUBJECT_TOKEN_HEADER:
            if subject_token is not None:
                _refuse_several()
            subject_token = value
    if (
        size > MAX_HEADER_CHARACTERS
        or len(request.path) + len(request.query) > MAX_TARGET_CHARACTERS
        or len(authorization or "") > MAX_CREDENTIAL_CHARACTERS
        or len(subject_token or "") > MAX_CREDENTIAL_CHARACTERS
    ):
        raise HeadersTooLarge(RefusalCode.REQUEST_TOO_LARGE, "The request's headers are too large.")
    # An empty header carries no credential, so nothing can be bad about it.
    if authorization is not None and not authorization.strip():
        authorization = None
    return authorization, subject_token


_AUTHORIZATION_LENGTH: Final = len("authorization")
_SUBJECT_TOKEN_LENGTH: Final = len(SUBJECT_TOKEN_HEADER)


def _is_presigned(request: GuardRequest) -> bool:
    query = request.query
    # Escaped names count as well, so any escape leads to the full look.
    if not query or ("%" not in query and "x-amz-" not in query.lower()):
        return False
    return carries_proof(RequestParts(request.method, request.path, query, (), b""))


def _split(authorization: str) -> tuple[Scheme, str]:
    word, blank, credential = authorization.strip().partition(" ")
    # SPEC RFC 9110 s11.1: scheme names compare case-insensitively.
    name = word.lower()
    if not blank:
        raise Unauthenticated(
            RefusalCode.CREDENTIALS_MALFORMED, "Authorization did not match required format"
        )
    if name.startswith("aws4-"):
        return Scheme.SIGNED, credential
    if name in {"bearer", "basic", "dpop"}:
        return Scheme(name), credential.strip()
    raise Unauthenticated(
        RefusalCode.SCHEME_NOT_ACCEPTED, "This authentication scheme is not accepted."
    )


def _refuse_several() -> NoReturn:
    raise Unauthenticated(
        RefusalCode.SEVERAL_CREDENTIALS,
        "Got invalid multiple authorization sources",
        bearer_error="invalid_request",
    )


def _refuse_lone_subject_token() -> NoReturn:
    raise Unauthenticated(
        RefusalCode.SEVERAL_CREDENTIALS,
        "X-Subject-Token is only accepted together with an AWS signature that covers it.",
    )
