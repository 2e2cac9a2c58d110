"""The guard door: what guards of other APIs ask about signed requests (DESIGN 5.7).

`POST /_poolgate/guard/signing-key` and `POST /_poolgate/guard/verification`: JSON in and out, each
question itself signed, as service `poolgate`, by a principal whom IAM allows to ask it.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from poolgate.foundation.ids import AccessKeyId
from poolgate.foundation.randomness import random_uuid
from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.iam.authorization import AccessDenied, PrincipalPolicies
from poolgate.iam.guard_keys import GuardScopeRefused, issue_guard_key, verify_for_guard
from poolgate.iam.key_uses import KeyUse, use_of
from poolgate.policy.principal import Principal
from poolgate.sigv4.failures import SignatureFailure
from poolgate.sigv4.requests import RequestParts
from poolgate.store.call import Call
from poolgate.web.handled import Handled, place_of
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.callers import SignedCaller, verify_caller
from poolgate.wire.installation import FIFTEEN_MINUTES, Installation
from poolgate.wire.pipeline import INTERNAL_ERROR, exceeded_limit
from poolgate.wire.refusals import Refusal

SERVICE = "poolgate"
OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND = 200, 400, 403, 404


class SigningKeyQuestion(msgspec.Struct, frozen=True):
    """Which key a guard asks for."""

    access_key_id: str
    date: str
    region: str
    service: str
    session_token: str | None = None


class VerificationQuestion(msgspec.Struct, frozen=True):
    """One request whose signature a guard cannot verify itself."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body_sha256: str
    service: str
    region: str


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    members: Mapping[str, object]
    use: KeyUse | None = None


def handle_guard_request(installation: Installation, http: HttpRequest) -> Handled:
    """Answer one question of a guard."""
    request_id = random_uuid()
    caller: SignedCaller | None = None
    defect = ""
    name = http.path.rpartition("/")[2]
    answer_question = _QUESTIONS.get(http.path)
    try:
        if answer_question is None or http.method != "POST":
            answer = _refused(NOT_FOUND, "NotFound", "")
        elif too_large := exceeded_limit(http):
            answer = _refused(too_large.reason.value.json_status, "TooLarge", too_large.message)
        else:
            caller = verify_caller(installation, http, service=SERVICE)
            call = installation.call_of(
                http, request_id=request_id, region=caller.region, principal=caller.principal
            )
            answer = answer_question(call, http.body)
            if answer.use is not None:
                installation.uses.note(answer.use)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _refused(BAD_REQUEST, "MalformedQuestion", "The question is not as documented.")
    except Exception as error:  # noqa: BLE001 - the last line of defence: anything is an internal error
        worded = _worded(error)
        answer = worded or _refused(INTERNAL_ERROR, "InternalError", "")
        defect = "" if worded else place_of(error)
    return Handled(
        response=_response(answer, request_id),
        request_id=request_id,
        service="guard" if answer_question else "",
        operation=name if answer_question else "",
        caller=caller.principal.arn if caller else "",
        error_code=str(answer.members.get("code", "")),
        defect=defect,
    )


def _signing_key(call: Call, body: bytes) -> _Answer:
    question = msgspec.json.decode(body, type=SigningKeyQuestion)
    key = issue_guard_key(
        call,
        access_key_id=AccessKeyId(question.access_key_id),
        session_token=question.session_token,
        date=question.date,
        region=question.region,
        service=question.service,
    )
    return _Answer(
        OK,
        {
            "access_key_id": key.access_key_id,
            "signing_key": base64.b64encode(key.signing_key).decode(),
            "principal": _shown(key.principal),
            **_shown_policies(key.policies),
            "valid_until": int(key.expires_at.timestamp()),
        },
        use_of(
            key.principal,
            key.access_key_id,
            service=question.service,
            region=question.region,
            now_millis=call.now_millis,
        ),
    )


def _verification(call: Call, body: bytes) -> _Answer:
    question = msgspec.json.decode(body, type=VerificationQuestion)
    parts = RequestParts(
        method=question.method,
        path=question.path,
        query=question.query,
        headers=tuple(question.headers),
        body=b"",
        body_sha256=question.body_sha256,
    )
    signer = verify_for_guard(
        call,
        parts,
        service=question.service,
        region=question.region,
        skew_seconds=FIFTEEN_MINUTES,
    )
    return _Answer(
        OK,
        {
            "access_key_id": signer.access_key_id,
            "principal": _shown(signer.principal),
            **_shown_policies(signer.policies),
        },
        use_of(
            signer.principal,
            signer.access_key_id,
            service=question.service,
            region=question.region,
            now_millis=call.now_millis,
        ),
    )


_QUESTIONS: Mapping[str, Callable[[Call, bytes], _Answer]] = MappingProxyType(
    {
        "/_poolgate/guard/signing-key": _signing_key,
        "/_poolgate/guard/verification": _verification,
    }
)


def _shown(principal: Principal) -> dict[str, object]:
    return {
        "type": principal.type.value,
        "arn": principal.arn,
        "account_id": principal.account_id,
        "user_id": principal.user_id,
        "principal_arn": principal.principal_arn,
        "username": principal.username,
        "tags": [list(tag) for tag in principal.tags],
        "temporary": None
        if principal.temporary is None
        else {
            "access_key_id": principal.temporary.access_key_id,
            "expires_at": principal.temporary.expires_at,
            "context": {name: list(values) for name, values in principal.temporary.context},
            "for_pool_user": principal.temporary.for_pool_user,
        },
    }


def _shown_policies(policies: PrincipalPolicies) -> dict[str, object]:
    session = policies.session
    return {
        "policies": [each.document for each in policies.identity],
        "boundary": None if policies.boundary is None else policies.boundary.document,
        "session_policies": None if session is None else [each.document for each in session],
    }


def _worded(failure: Exception) -> _Answer | None:
    """Return the answer of an expected failure, None for a defect."""
    match failure:
        case SignatureFailure():
            return _refused(FORBIDDEN, failure.fault.value, failure.message)
        case Refusal():
            return _refused(FORBIDDEN, failure.reason.value.query_code, failure.message)
        case AccessDenied():
            return _refused(FORBIDDEN, "AccessDenied", failure.facts["message"])
        case AccessKeyNotFound():
            return _refused(NOT_FOUND, "AccessKeyNotFound", "No active access key has this id.")
        case GuardScopeRefused():
            return _refused(BAD_REQUEST, "ScopeRefused", "No key is given out for this scope.")
        case _:
            return None


def _refused(status: int, code: str, message: str) -> _Answer:
    return _Answer(status, {"code": code, "message": message})


def _response(answer: _Answer, request_id: str) -> HttpResponse:
    headers = {
        "content-type": "application/json",
        "cache-control": "no-store",
        "x-amzn-requestid": request_id,
    }
    return HttpResponse(answer.status, headers, msgspec.json.encode(answer.members))
