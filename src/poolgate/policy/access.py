"""What is asked of a policy decision: who wants to do what to which resource, and the context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from poolgate.foundation.clock import epoch_seconds
from poolgate.policy.principal import Principal, PrincipalType


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One action on one resource; the context's keys compare without regard to case.

    `resource_account` is whose the resource is, None where it is the principal's own account.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resource_account: str | None = None

    @property
    def is_cross_account(self) -> bool:
        """Tell whether the resource is another account's."""
        return self.resource_account not in {None, self.principal.account_id}


def request_context(
    principal: Principal,
    *,
    now: datetime,
    source_address: str | None,
    secure: bool,
    region: str,
    user_agent: str | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return the global condition keys that every request has.

    # AWS reference_policies_condition-keys
    """
    context = {
        **principal_context(principal),
        **environment_context(
            now=now,
            source_address=source_address,
            secure=secure,
            region=region,
            user_agent=user_agent,
        ),
    }
    if principal.temporary is not None:
        context.update(principal.temporary.context)
    return context


def principal_context(principal: Principal) -> dict[str, tuple[str, ...]]:
    """Return the global condition keys that tell who asks, whatever the request."""
    context: dict[str, tuple[str, ...]] = {
        "aws:PrincipalArn": (principal.principal_arn,),
        "aws:PrincipalAccount": (principal.account_id,),
        "aws:PrincipalType": (principal.type,),
        "aws:userid": (principal.user_id,),
    }
    if principal.type is PrincipalType.USER and principal.username is not None:
        context["aws:username"] = (principal.username,)
    for tag_key, tag_value in principal.tags:
        context[f"aws:PrincipalTag/{tag_key}"] = (tag_value,)
    return context


def environment_context(
    *,
    now: datetime,
    source_address: str | None,
    secure: bool,
    region: str,
    user_agent: str | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return the global condition keys that tell when, from where and how, whoever asks."""
    moment = now.astimezone(UTC)
    context: dict[str, tuple[str, ...]] = {
        "aws:CurrentTime": (f"{moment:%Y-%m-%dT%H:%M:%SZ}",),
        "aws:EpochTime": (str(epoch_seconds(moment)),),
        "aws:SecureTransport": ("true" if secure else "false",),
        "aws:RequestedRegion": (region,),
    }
    if source_address:
        context["aws:SourceIp"] = (source_address,)
    if user_agent is not None:
        context["aws:UserAgent"] = (user_agent,)
    return context
