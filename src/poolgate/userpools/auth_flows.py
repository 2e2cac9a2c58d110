"""The flows a sign-in can begin with: who may use each, and what each needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_sessions import Door


class FlowNotEnabled(Failure):
    """The app client does not allow this flow."""


class PasswordFlowNotEnabled(FlowNotEnabled):
    """The app client does not allow USER_PASSWORD_AUTH."""


class SrpFlowNotEnabled(FlowNotEnabled):
    """The app client does not allow USER_SRP_AUTH."""


class CustomFlowNotEnabled(FlowNotEnabled):
    """The app client does not allow CUSTOM_AUTH."""


class RefreshFlowNotEnabled(FlowNotEnabled):
    """The app client does not allow REFRESH_TOKEN_AUTH."""


class FlowNotForDoor(Failure):
    """The flow belongs to the other family of operations."""


class ParameterMissing(Failure):
    """The request lacks a parameter that its flow or challenge needs. Facts: name."""


class AuthFlow(StrEnum):
    """How a sign-in begins, in AWS's words."""

    USER_PASSWORD_AUTH = "USER_PASSWORD_AUTH"  # noqa: S105 - a flow's name
    ADMIN_USER_PASSWORD_AUTH = "ADMIN_USER_PASSWORD_AUTH"  # noqa: S105 - a flow's name
    USER_SRP_AUTH = "USER_SRP_AUTH"
    REFRESH_TOKEN_AUTH = "REFRESH_TOKEN_AUTH"  # noqa: S105 - a flow's name
    CUSTOM_AUTH = "CUSTOM_AUTH"
    USER_AUTH = "USER_AUTH"


_PASSWORD_FLOWS = frozenset({AuthFlow.USER_PASSWORD_AUTH, AuthFlow.ADMIN_USER_PASSWORD_AUTH})
_OTHER_NAMES = {
    "REFRESH_TOKEN": AuthFlow.REFRESH_TOKEN_AUTH,
    "ADMIN_NO_SRP_AUTH": AuthFlow.ADMIN_USER_PASSWORD_AUTH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was sent to begin a sign-in."""

    door: Door
    flow: AuthFlow
    login_name: str = ""
    password: Secret | None = None
    srp_a: str | None = None
    refresh_token: Secret | None = None
    secret_hash: str | None = None
    device_key: str | None = None
    preferred_challenge: str | None = None
    challenge_name: str | None = None
    auth_session: Secret | None = None
    target_acr_values: str | None = None
    max_age: str | None = None
    access_token: Secret | None = None
    client_metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FlowRule:
    """Who may use a flow, and what it needs: the parameters' names with where they are kept."""

    setting: str
    doors: frozenset[Door]
    needs: tuple[tuple[str, Callable[[Attempt], object]], ...]
    not_enabled: type[FlowNotEnabled]


# The name of SRP's first step, and of the parameter that it needs.
SRP_A = "SRP_A"
_BOTH = frozenset(Door)
_USERNAME = ("USERNAME", lambda attempt: attempt.login_name)
_PASSWORD = ("PASSWORD", lambda attempt: attempt.password)
FLOW_RULES: Mapping[AuthFlow, FlowRule] = {
    AuthFlow.USER_PASSWORD_AUTH: FlowRule(
        "ALLOW_USER_PASSWORD_AUTH",
        frozenset({Door.PUBLIC}),
        (_USERNAME, _PASSWORD),
        PasswordFlowNotEnabled,
    ),
    AuthFlow.ADMIN_USER_PASSWORD_AUTH: FlowRule(
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        frozenset({Door.ADMIN}),
        (_USERNAME, _PASSWORD),
        FlowNotEnabled,
    ),
    AuthFlow.USER_SRP_AUTH: FlowRule(
        "ALLOW_USER_SRP_AUTH",
        _BOTH,
        (_USERNAME, (SRP_A, lambda attempt: attempt.srp_a)),
        SrpFlowNotEnabled,
    ),
    AuthFlow.REFRESH_TOKEN_AUTH: FlowRule(
        "ALLOW_REFRESH_TOKEN_AUTH",
        _BOTH,
        (("REFRESH_TOKEN", lambda attempt: attempt.refresh_token),),
        RefreshFlowNotEnabled,
    ),
    AuthFlow.CUSTOM_AUTH: FlowRule(
        "ALLOW_CUSTOM_AUTH",
        _BOTH,
        (_USERNAME, (SRP_A, lambda attempt: attempt.srp_a or attempt.challenge_name != SRP_A)),
        CustomFlowNotEnabled,
    ),
    AuthFlow.USER_AUTH: FlowRule("ALLOW_USER_AUTH", _BOTH, (_USERNAME,), FlowNotEnabled),
}


def parse_flow(name: str) -> AuthFlow:
    """Return the flow that a request names, also by its older name."""
    return _OTHER_NAMES.get(name) or AuthFlow(name)


def sends_password(attempt: Attempt) -> bool:
    """Tell whether the attempt begins with the password itself."""
    return attempt.flow in _PASSWORD_FLOWS or (
        attempt.flow is AuthFlow.USER_AUTH and attempt.preferred_challenge == "PASSWORD"
    )


def is_enabled(app_client: AppClient, flow: AuthFlow) -> bool:
    """Tell whether the app client allows the flow."""
    return FLOW_RULES[flow].setting in app_client.auth_flows


def verify_flow_allowed(app_client: AppClient, attempt: Attempt) -> None:
    """Raise FlowNotForDoor or a FlowNotEnabled."""
    # AWS ExplicitAuthFlows: what the SDKs' operations allow; managed login is no such operation.
    if attempt.door is Door.PAGES:
        return
    rule = FLOW_RULES[attempt.flow]
    if attempt.door not in rule.doors:
        raise FlowNotForDoor
    if not is_enabled(app_client, attempt.flow):
        raise rule.not_enabled


def verify_may_refresh(app_client: AppClient) -> None:
    """Raise RefreshFlowNotEnabled unless the app client rotates or allows refreshing."""
    allows = is_enabled(app_client, AuthFlow.REFRESH_TOKEN_AUTH)
    if not (allows or app_client.rotates_refresh_tokens):
        raise RefreshFlowNotEnabled


def verify_parameters_given(attempt: Attempt) -> None:
    """Raise ParameterMissing for the first parameter that the flow needs and was not sent."""
    for name, given in FLOW_RULES[attempt.flow].needs:
        if not given(attempt):
            raise ParameterMissing(name=name)
