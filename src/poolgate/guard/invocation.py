"""Whether a principal may invoke a method of the API, by its IAM policies.

The same question that API Gateway asks with IAM authorisation: `execute-api:Invoke` on
`{invoke_arn}/{METHOD}/{path}`. A path that two readers could understand differently is refused,
because the API behind the guard might route it elsewhere than the policy meant.
"""

import re
from datetime import datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from poolgate.guard.guard_door import Signer
from poolgate.guard.refusals import Forbidden, GuardMisconfigured, RefusalCode
from poolgate.guard.requests import GuardRequest
from poolgate.policy.access import AccessRequest, request_context
from poolgate.policy.decisions import PolicySet, decide, denial_text
from poolgate.policy.documents import MalformedPolicy, parse_policy

_ACTION: Final = "execute-api:Invoke"
_INVOKE_ARN = re.compile(r"arn:aws[a-z-]*:execute-api:[a-z0-9-]+:[0-9]{12}:[^/:*?]+(?:/[^/:*?]+)+")
# HEAD is answered by what answers GET, so it asks for the same right.
_METHODS: Final = {
    "GET": "GET",
    "HEAD": "GET",
    "POST": "POST",
    "PUT": "PUT",
    "PATCH": "PATCH",
    "DELETE": "DELETE",
    "OPTIONS": "OPTIONS",
}
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# After decoding: a slash, backslash, percent, fragment, query mark or matrix parameter that was
# hidden in an escape, and control characters.
_HIDDEN = re.compile(rb"[\x00-\x1f\x7f/\\%#?;]")
_DOT_SEGMENTS: Final = frozenset({b".", b".."})


class Invocation:
    """The IAM check in front of one API's stage."""

    def __init__(self, invoke_arn: str, base_path: str, region: str) -> None:
        if not _INVOKE_ARN.fullmatch(invoke_arn):
            raise GuardMisconfigured(
                "invoke_arn is arn:aws:execute-api:{region}:{account}:{api}/{stage}, without"
                " wildcards and without a slash at its end"
            )
        self._invoke_arn = invoke_arn
        self._base_path = base_path
        self._region = region

    def verify(self, signer: Signer, request: GuardRequest, now: datetime) -> None:
        """Raise Forbidden, with AWS's text, unless the signer's policies allow the request."""
        resource = f"{self._invoke_arn}/{_method(request)}{self._resource_path(request.path)}"
        principal = signer.principal
        asked = AccessRequest(
            principal,
            _ACTION,
            resource,
            request_context(
                principal,
                now=now,
                source_address=request.remote_address,
                secure=request.scheme == "https",
                region=self._region,
                user_agent=next(iter(request.header_values("user-agent")), None),
            ),
        )
        facts = {"principal_arn": principal.arn, "resource": resource}
        try:
            policies = PolicySet(identity=tuple(parse_policy(text) for text in signer.policies))
        except MalformedPolicy as malformed:
            # A policy that cannot be read might hold a deny.
            raise Forbidden(
                RefusalCode.INVOKE_DENIED,
                f"User: {principal.arn} is not authorized to perform: {_ACTION} on resource:"
                f" {resource}",
                private_detail="a policy of the signer is malformed",
                facts=facts,
            ) from malformed
        decision = decide(policies, asked)
        if not decision.allowed:
            raise Forbidden(
                RefusalCode.INVOKE_DENIED,
                denial_text(decision, principal.arn, _ACTION, resource),
                facts=facts,
            )

    def _resource_path(self, raw_path: str) -> str:
        path = plain_path(raw_path)
        if not self._base_path:
            return path
        if path != self._base_path and not path.startswith(self._base_path + "/"):
            raise _ambiguous("outside the base path")
        return path[len(self._base_path) :] or "/"


def plain_path(raw_path: str) -> str:
    """Return the decoded path; raise Forbidden where readers could disagree about it."""
    if not raw_path.startswith("/") or _ESCAPE.search(raw_path) or "\\" in raw_path:
        raise _ambiguous("malformed path")
    segments = raw_path[1:].split("/")
    decoded = []
    for position, segment in enumerate(segments):
        text = unquote_to_bytes(segment)
        is_last = position == len(segments) - 1
        if (not text and not is_last) or text in _DOT_SEGMENTS or _HIDDEN.search(text):
            raise _ambiguous("a segment that is empty, of dots, or hides a separator")
        decoded.append(text)
    try:
        return "/" + b"/".join(decoded).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _ambiguous("not UTF-8") from error


def _method(request: GuardRequest) -> str:
    method = _METHODS.get(request.method)
    if method is None:
        raise _ambiguous("unknown method")
    return method


def _ambiguous(detail: str) -> Forbidden:
    return Forbidden(
        RefusalCode.REQUEST_AMBIGUOUS,
        "The request's method or path is not acceptable.",
        private_detail=detail,
    )
