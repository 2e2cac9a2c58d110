"""The settings of an app client, and which of them go together."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.userpools.pool_settings import FeatureAboveTier
from poolgate.userpools.pools import UserPool

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_SECONDS_OF: Mapping[str, int] = {"seconds": 1, "minutes": MINUTE, "hours": HOUR, "days": DAY}

SRP = "ALLOW_USER_SRP_AUTH"
CUSTOM = "ALLOW_CUSTOM_AUTH"
REFRESH = "ALLOW_REFRESH_TOKEN_AUTH"
CHOICE = "ALLOW_USER_AUTH"
CLIENT_TOKEN = "ALLOW_CLIENT_TOKEN_AUTH"  # noqa: S105 - a flow's name
IMPERSONATION = "ALLOW_TOKEN_EXCHANGE_IMPERSONATION"
DELEGATION = "ALLOW_TOKEN_EXCHANGE_DELEGATION"
DEFAULT_FLOWS = frozenset({REFRESH, SRP, CUSTOM})
_LEGACY_FLOWS: Mapping[str, str] = {
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
    "CUSTOM_AUTH_FLOW_ONLY": CUSTOM,
}
# INVARIANT: verified flags are proof of something and come from this server or an administrator.
NEVER_WRITABLE = frozenset({"sub", "email_verified", "phone_number_verified"})
# The pool itself, among the identity providers that a client supports.
LOCAL_PROVIDER = "COGNITO"
SYSTEM_SCOPES = frozenset({"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"})
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class InvalidClientSettings(Failure):
    """Settings that do not go together. Facts: fault."""


class InvalidOAuthFlow(Failure):
    """OAuth flows that do not go together, or not with this client. Facts: fault."""


class ScopeNotFound(Failure):
    """No resource server has this scope. Facts: scope."""


class Validity(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long a kind of token lives, as it was set; None is the default."""

    amount: int | None = None
    unit: str | None = None

    def seconds(self, *, default_unit: str, default: int) -> int:
        """Return the lifetime in seconds."""
        if not self.amount:
            return default
        return self.amount * _SECONDS_OF[self.unit or default_unit]


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What UpdateUserPoolClient replaces as a whole.

    `auth_flows` are always in the new spelling (`ALLOW_...`), whatever the request used;
    `explicit_auth_flows` is what the request gave, to be shown back. `read_attributes` and
    `write_attributes` are None while nothing was set (everything standard).
    """

    explicit_auth_flows: tuple[str, ...] | None = None
    auth_flows: frozenset[str] = DEFAULT_FLOWS
    # AWS shows the setting only to those who set it; unset means LEGACY.
    prevent_user_existence_errors: str | None = None
    revocation_enabled: bool = True
    propagates_context: bool = False
    access_token_validity: Validity = Validity()
    id_token_validity: Validity = Validity()
    refresh_token_validity: Validity = Validity()
    auth_session_minutes: int = 3
    # None: nothing was set, which means off.
    refresh_token_rotation: bool | None = None
    rotation_grace_seconds: int = 0
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    identity_providers: tuple[str, ...] | None = None
    callback_urls: tuple[str, ...] | None = None
    logout_urls: tuple[str, ...] | None = None
    default_redirect_uri: str | None = None
    oauth_allowed: bool = False
    oauth_flows: tuple[str, ...] | None = None
    oauth_scopes: tuple[str, ...] | None = None

    @property
    def hides_user_existence(self) -> bool:
        """Tell whether sign-in and recovery must not show who has an account."""
        return self.prevent_user_existence_errors == "ENABLED"

    @property
    def access_token_seconds(self) -> int:
        """How long an access token lives."""
        return self.access_token_validity.seconds(default_unit="hours", default=HOUR)

    @property
    def id_token_seconds(self) -> int:
        """How long an ID token lives."""
        return self.id_token_validity.seconds(default_unit="hours", default=HOUR)

    @property
    def refresh_token_seconds(self) -> int:
        """How long a refresh token lives."""
        return self.refresh_token_validity.seconds(default_unit="days", default=30 * DAY)

    @property
    def auth_session_seconds(self) -> int:
        """How long a sign-in may wait between two challenges."""
        return self.auth_session_minutes * MINUTE

    @property
    def rotates_refresh_tokens(self) -> bool:
        """Tell whether every refresh gives a new refresh token."""
        return self.refresh_token_rotation is True


def allowed_auth_flows(explicit: tuple[str, ...] | None, pool: UserPool) -> frozenset[str]:
    """Return the flows, in the new spelling, that a client with these ExplicitAuthFlows supports.

    A pool that keeps Argon2id hashes only has nothing to answer SRP with: there SRP is left out of
    what nobody asked for by name, and refused to those who did.
    """
    flows = _new_spelling(explicit or ())
    if not pool.argon2_only:
        return flows
    if SRP in (explicit or ()):
        raise InvalidClientSettings(
            fault=f"{SRP} is not available in a user pool that stores passwords as Argon2id hashes."
        )
    return flows - {SRP}


def _new_spelling(explicit: tuple[str, ...]) -> frozenset[str]:
    legacy = _LEGACY_FLOWS.keys() & explicit
    if not explicit:
        return DEFAULT_FLOWS
    if not legacy:
        return frozenset(explicit)
    if len(legacy) < len(set(explicit)):
        raise InvalidClientSettings(
            fault="Legacy values of ExplicitAuthFlows cannot be used together with ALLOW_ values."
        )
    renamed = {_LEGACY_FLOWS[flow] for flow in legacy}
    # AWS ExplicitAuthFlows: the legacy values add to SRP, except CUSTOM_AUTH_FLOW_ONLY.
    only_custom = "CUSTOM_AUTH_FLOW_ONLY" in legacy
    return frozenset(renamed | (DEFAULT_FLOWS - {SRP} if only_custom else DEFAULT_FLOWS))


def verify_settings(
    settings: ClientSettings,
    pool: UserPool,
    *,
    has_secret: bool,
    custom_scopes: frozenset[str],
    identity_providers: frozenset[str],
    while_doing: str,
) -> None:
    """Raise unless the settings go together and fit the pool.

    `custom_scopes` are those of the pool's resource servers, `identity_providers` the names of the
    pool's; `while_doing` ("creating", "updating") is part of AWS's texts.
    """
    _verify_flows(settings, pool)
    _verify_client_token_flow(settings, has_secret=has_secret)
    _verify_validity(settings)
    _verify_attribute_lists(settings, pool, while_doing)
    for name in settings.identity_providers or ():
        if name not in {LOCAL_PROVIDER, *identity_providers}:
            raise InvalidClientSettings(
                fault=f"The provider {name} does not exist for User Pool {pool.pool_id}."
            )
    _verify_oauth(settings, has_secret=has_secret)
    for scope in settings.oauth_scopes or ():
        if scope not in SYSTEM_SCOPES | custom_scopes:
            raise ScopeNotFound(scope=scope)
    if settings.propagates_context and not has_secret:
        raise InvalidClientSettings(
            fault="EnablePropagateAdditionalUserContextData requires a client secret."
        )


def _verify_flows(settings: ClientSettings, pool: UserPool) -> None:
    if CHOICE in settings.auth_flows and pool.tier == "LITE":
        raise FeatureAboveTier(feature=CHOICE, tier=pool.tier)
    # AWS RefreshTokenRotation: REFRESH_TOKEN_AUTH does not rotate, so the two exclude each other.
    if settings.rotates_refresh_tokens and REFRESH in settings.auth_flows:
        raise InvalidClientSettings(
            fault=f"{REFRESH} must not be allowed while refresh token rotation is enabled."
        )


def _verify_client_token_flow(settings: ClientSettings, *, has_secret: bool) -> None:
    # AWS GetClientToken: it needs a client secret and excludes every other flow.
    if CLIENT_TOKEN not in settings.auth_flows:
        return
    if len(settings.auth_flows) > 1:
        raise InvalidClientSettings(
            fault=f"{CLIENT_TOKEN} cannot be used together with other values of ExplicitAuthFlows."
        )
    if not has_secret:
        raise InvalidClientSettings(fault=f"{CLIENT_TOKEN} requires a client secret.")


def _verify_validity(settings: ClientSettings) -> None:
    access, identity = settings.access_token_seconds, settings.id_token_seconds
    refresh = settings.refresh_token_seconds
    in_range = (
        min(access, identity) >= 5 * MINUTE
        and max(access, identity) <= DAY
        and HOUR <= refresh <= 3650 * DAY
    )
    if not in_range:
        # OBSERVED terraform-provider-aws pull request 48630.
        raise InvalidClientSettings(fault="Invalid range for token validity.")
    if refresh < max(access, identity):
        raise InvalidClientSettings(
            fault="Refresh token validity must be longer than access and ID token validity."
        )


def _verify_attribute_lists(settings: ClientSettings, pool: UserPool, while_doing: str) -> None:
    visible = {attribute.name for attribute in pool.schema if not attribute.developer_only}
    if not visible.issuperset(settings.read_attributes or ()):
        raise InvalidClientSettings(
            fault=f"Invalid read attributes specified while {while_doing} a client"
        )
    if settings.write_attributes is None:
        return
    writable = visible - NEVER_WRITABLE
    required = {attribute.name for attribute in pool.schema if attribute.required} & writable
    if not required <= set(settings.write_attributes) <= writable:
        raise InvalidClientSettings(
            fault=f"Invalid write attributes specified while {while_doing} a client"
        )


def _verify_oauth(settings: ClientSettings, *, has_secret: bool) -> None:
    for url in (*(settings.callback_urls or ()), *(settings.logout_urls or ())):
        _verify_url(url)
    if settings.default_redirect_uri not in {None, *(settings.callback_urls or ())}:
        raise InvalidClientSettings(fault="DefaultRedirectURI must be one of the CallbackURLs.")
    if settings.oauth_allowed and not (settings.oauth_flows and settings.oauth_scopes):
        raise InvalidClientSettings(
            fault="AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is "
            "allowed to use OAuth flows."
        )
    _verify_oauth_flows(settings, has_secret=has_secret)


def _verify_oauth_flows(settings: ClientSettings, *, has_secret: bool) -> None:
    flows = set(settings.oauth_flows or ())
    if "client_credentials" not in flows:
        return
    if len(flows) > 1:
        raise InvalidOAuthFlow(
            fault="client_credentials flow can not be selected along with code flow or implicit "
            "flow."
        )
    if not has_secret:
        raise InvalidOAuthFlow(
            fault="client_credentials flow can not be selected if client does not have a client "
            "secret."
        )
    for scope in settings.oauth_scopes or ():
        if scope in SYSTEM_SCOPES:
            # OBSERVED terraform-provider-aws issue 4984.
            raise InvalidOAuthFlow(fault=f"{scope} is not supported with client_credentials flow")


def _verify_url(url: str) -> None:
    # AWS CallbackURLs: absolute, without fragment, http only to this machine itself.
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidClientSettings(fault=f"{url} is not a valid URL.") from None
    if not parts.scheme or not (host or parts.scheme not in {"http", "https"}):
        raise InvalidClientSettings(fault=f"{url} is not a valid URL.")
    if "#" in url:
        raise InvalidClientSettings(fault=f"{url} must not include a fragment.")
    if parts.scheme == "http" and host not in _LOOPBACK_HOSTS:
        raise InvalidClientSettings(fault=f"{url} cannot use the HTTP protocol.")
