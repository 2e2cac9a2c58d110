"""How the OAuth door words what goes wrong; the tables are in the order of its endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.userpools import (
    access_tokens,
    app_clients,
    attempt_limits,
    auth_flows,
    authorization_codes,
    client_assertions,
    client_proofs,
    client_tokens,
    device_authorizations,
    grants,
    key_proofs,
    refresh_tokens,
    resource_servers,
    scopes,
    token_exchange,
    tokens,
    triggers,
    users,
)

BAD_REQUEST, UNAUTHORIZED, TOO_MANY = 400, 401, 429
_MOST_DESCRIPTION_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class OAuthError:
    """A code, a description with the failure's facts in braces, and the HTTP status."""

    code: str
    description: str | None = None
    status: int = BAD_REQUEST

    def worded(self, failure: Failure) -> "OAuthError":
        """Return the error with the failure's facts filled in."""
        if self.description is None:
            return self
        return OAuthError(
            self.code, printable(self.description.format_map(failure.facts)), self.status
        )


class OAuthRefused(Failure):
    """A request cannot be served, for the reason that `error` names to the caller."""

    def __init__(self, error: OAuthError) -> None:
        super().__init__(private_detail=error.description)
        self.error = error


def invalid_request(description: str | None = None) -> OAuthError:
    """Return the error of a request that is not as it must be."""
    return OAuthError("invalid_request", description)


def printable(text: str) -> str:
    """Return the text with the characters that an error description may have."""
    # SPEC RFC 6749 s5.2: printable ASCII without `"` and `\`.
    shown = text[:_MOST_DESCRIPTION_CHARACTERS]
    return "".join(
        character if " " <= character <= "~" and character not in '"\\' else "?"
        for character in shown
    )


# SPEC RFC 9449 s8: the answer carries a nonce to name.
NONCE_WANTED = OAuthError("use_dpop_nonce")
# SPEC RFC 9470 s5: the user cannot sign in as strongly as was asked for.
LEVEL_UNMET = OAuthError("unmet_authentication_requirements")
_INVALID_CLIENT = OAuthError("invalid_client")
_INVALID_GRANT = OAuthError("invalid_grant")
_UNAUTHORIZED_CLIENT = OAuthError("unauthorized_client")

_CLIENTS: Mapping[type[Failure], OAuthError] = {
    app_clients.AppClientNotFound: _INVALID_CLIENT,
    refresh_tokens.ClientSecretMissing: _INVALID_CLIENT,
    # AWS token endpoint: the one case of invalid_client with a description.
    client_proofs.ClientSecretRefused: OAuthError("invalid_client", "invalid_client_secret"),
    client_assertions.ClientAssertionRefused: _INVALID_CLIENT,
    grants.GrantNotAllowed: _UNAUTHORIZED_CLIENT,
    auth_flows.FlowNotEnabled: _UNAUTHORIZED_CLIENT,
}

_SCOPES: Mapping[type[Failure], OAuthError] = {
    client_tokens.ScopeUnknown: OAuthError("invalid_scope"),
    # AWS token endpoint: a scope that exists but is not the client's fails as a grant.
    client_tokens.ScopeNotAllowed: _INVALID_GRANT,
    client_tokens.NoScopeToGrant: OAuthError("invalid_scope"),
    scopes.ScopeNotReadable: _INVALID_GRANT,
    tokens.ScopeBeyondGrant: OAuthError("invalid_scope"),
}

_GRANTS: Mapping[type[Failure], OAuthError] = {
    authorization_codes.AuthorizationCodeInvalid: _INVALID_GRANT,
    authorization_codes.RedirectUriDiffers: OAuthError("unauthorized_client", "invalid_redirect"),
    refresh_tokens.RefreshTokenInvalid: _INVALID_GRANT,
    refresh_tokens.RefreshTokenExpired: _INVALID_GRANT,
    refresh_tokens.RefreshTokenRevoked: _INVALID_GRANT,
    refresh_tokens.RefreshTokenReused: _INVALID_GRANT,
    device_authorizations.DeviceCodeInvalid: _INVALID_GRANT,
    # SPEC RFC 8628 s3.5: how a device is told to go on.
    device_authorizations.DeviceCodeExpired: OAuthError("expired_token"),
    device_authorizations.DeviceNotApprovedYet: OAuthError("authorization_pending"),
    device_authorizations.DeviceAsksTooOften: OAuthError("slow_down"),
    device_authorizations.DeviceDenied: OAuthError("access_denied"),
    users.UserDisabled: _INVALID_GRANT,
    users.UserNotFound: _INVALID_GRANT,
    triggers.TriggerRefused: OAuthError("invalid_request", "{trigger} failed with error {text}."),
    triggers.TriggerNotInvoked: OAuthError(
        "invalid_request", "{trigger} invocation failed due to error {reason}."
    ),
    triggers.TriggerAnswerUnreadable: OAuthError("invalid_request", "Unrecognizable lambda output"),
}

_EXCHANGE: Mapping[type[Failure], OAuthError] = {
    token_exchange.ExchangeRefused: OAuthError("invalid_request", "{fault}"),
    # SPEC RFC 8693 s2.2.2: a subject or actor token that does not count is invalid_request.
    token_exchange.PresentedTokenRefused: OAuthError("invalid_request", "{role} token {fault}."),
    # SPEC RFC 8693 s2.2.2: a target that no token is issued for.
    resource_servers.ResourceServerNotFound: OAuthError("invalid_target"),
}

# SPEC RFC 6585 s4: the standards of OAuth have no code for it at these endpoints.
_LIMITS: Mapping[type[Failure], OAuthError] = {
    attempt_limits.AttemptLimitExceeded: OAuthError(
        "temporarily_unavailable", "Too many requests from this address.", TOO_MANY
    ),
}

_KEY_PROOFS: Mapping[type[Failure], OAuthError] = {
    key_proofs.KeyProofInvalid: OAuthError("invalid_dpop_proof"),
    key_proofs.KeyProofNonceWanted: NONCE_WANTED,
}

TOKEN_ERRORS: Mapping[type[Failure], OAuthError] = {
    **_CLIENTS,
    **_SCOPES,
    **_GRANTS,
    **_EXCHANGE,
    **_KEY_PROOFS,
    **_LIMITS,
}

_REVOCATION: Mapping[type[Failure], OAuthError] = {
    app_clients.AppClientNotFound: OAuthError("invalid_client", status=UNAUTHORIZED),
    refresh_tokens.ClientSecretMissing: OAuthError("invalid_client", status=UNAUTHORIZED),
    client_proofs.ClientSecretRefused: OAuthError("invalid_client", status=UNAUTHORIZED),
    client_assertions.ClientAssertionRefused: OAuthError("invalid_client", status=UNAUTHORIZED),
    refresh_tokens.RevocationNotEnabled: OAuthError("invalid_request"),
    refresh_tokens.NotARefreshToken: OAuthError("unsupported_token_type"),
    # SPEC RFC 7009 s2.1: "the token was issued to the client making the revocation request".
    refresh_tokens.RefreshTokenOfAnotherClient: OAuthError("invalid_request"),
}
REVOCATION_ERRORS: Mapping[type[Failure], OAuthError] = {**TOKEN_ERRORS, **_REVOCATION}

_NOT_A_LIVING_TOKEN = OAuthError(
    "invalid_token",
    "Access token is expired, disabled, or deleted, or the user has globally signed out.",
    UNAUTHORIZED,
)
USER_INFO_ERRORS: Mapping[type[Failure], OAuthError] = {
    access_tokens.AccessTokenInvalid: _NOT_A_LIVING_TOKEN,
    access_tokens.AccessTokenExpired: _NOT_A_LIVING_TOKEN,
    access_tokens.AccessTokenRevoked: _NOT_A_LIVING_TOKEN,
    users.UserNotFound: _NOT_A_LIVING_TOKEN,
    users.UserDisabled: _NOT_A_LIVING_TOKEN,
    access_tokens.ScopeMissing: OAuthError(
        "invalid_token", "Access token does not contain openid scope", UNAUTHORIZED
    ),
    key_proofs.KeyProofInvalid: OAuthError(
        "invalid_dpop_proof", "The DPoP proof does not fit the request.", UNAUTHORIZED
    ),
    key_proofs.KeyProofNonceWanted: OAuthError(
        NONCE_WANTED.code, "A nonce of this server is wanted in the DPoP proof.", UNAUTHORIZED
    ),
}


def find_error(table: Mapping[type[Failure], OAuthError], failure: Exception) -> OAuthError | None:
    """Return the worded error of an expected failure, None for a defect."""
    if isinstance(failure, OAuthRefused):
        return failure.error
    if not isinstance(failure, Failure):
        return None
    for cls in type(failure).__mro__:
        if cls in table:
            return table[cls].worded(failure)
    return None
