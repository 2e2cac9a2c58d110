"""Whether a principal may invoke a method of the API, by its IAM policies.

The same question that API Gateway asks with IAM authorisation: `execute-api:Invoke` on
`{invoke_arn}/{METHOD}/{path}`, on the decoded path.
"""

import re
from datetime import datetime
from typing import Final

from poolgate.guard.guard_door import Signer
from poolgate.guard.paths import ambiguous
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
        resource = (
            f"{self._invoke_arn}/{_method(request)}{self._resource_path(request.plain_path())}"
        )
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
            policies = _policy_set(signer)
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

    def _resource_path(self, path: str) -> str:
        if not self._base_path:
            return path
        if path != self._base_path and not path.startswith(self._base_path + "/"):
            raise ambiguous("outside the base path")
        return path[len(self._base_path) :] or "/"


def _policy_set(signer: Signer) -> PolicySet:
    session = signer.session_policies
    return PolicySet(
        identity=tuple(map(parse_policy, signer.policies)),
        boundary=None if signer.boundary is None else parse_policy(signer.boundary),
        session=None if session is None else tuple(map(parse_policy, session)),
    )


def _method(request: GuardRequest) -> str:
    method = _METHODS.get(request.method)
    if method is None:
        raise ambiguous("unknown method")
    return method
