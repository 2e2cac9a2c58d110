"""What ID and access tokens say: pure functions of a sign-in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from poolgate.jose.base64url import encode_base64url
from poolgate.jose.possession import confirmation
from poolgate.userpools import attributes
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.authentication_levels import AuthenticationLevel
from poolgate.userpools.groups import Group
from poolgate.userpools.pools import UserPool
from poolgate.userpools.scopes import granted_attributes
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.users import User

USER_SCOPE = "aws.cognito.signin.user.admin"
OPENID = "openid"
# AWS access token: `version` 2 marks what the OAuth endpoints issue.
_GRANTED_VERSION = 2
_BOOLEAN_ATTRIBUTES = frozenset({"email_verified", "phone_number_verified"})

Claims = dict[str, Any]


class TokenSource(StrEnum):
    """What tokens are issued for, as functions are told."""

    AUTHENTICATION = "TokenGeneration_Authentication"
    NEW_PASSWORD = "TokenGeneration_NewPasswordChallenge"  # noqa: S105 - an occasion
    DEVICE = "TokenGeneration_AuthenticateDevice"
    REFRESH = "TokenGeneration_RefreshTokens"
    HOSTED = "TokenGeneration_HostedAuth"


@dataclass(frozen=True, slots=True)
class Grant:
    """What an OAuth grant adds to a sign-in's tokens."""

    nonce: str | None = None
    resource: str | None = None
    # The key that access tokens are bound to, None for bearer tokens.
    key_thumbprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who signed in where, as tokens will say it. `auth_time` is in seconds.

    `device_key` is None where the pool does not track the device; a new device has no other
    sign-ins yet.
    """

    user: User
    pool: UserPool
    app_client: AppClient
    auth_time: int
    groups: tuple[Group, ...]
    event_id: str
    scope: str = USER_SCOPE
    source: TokenSource = TokenSource.AUTHENTICATION
    # What the app client sent along for the functions that the pool asks.
    client_metadata: Mapping[str, str] | None = None
    device_key: str | None = None
    on_new_device: bool = False
    # None where the user signed in by the API.
    grant: Grant | None = None
    # None where the sign-in asked for no level.
    level: AuthenticationLevel | None = None
    # Of a browser that was signed in at the login pages.
    browser_session_id: str | None = None

    @property
    def has_id_token(self) -> bool:
        """Tell whether an ID token is among the tokens."""
        return self.grant is None or OPENID in self.scope.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue of tokens for a sign-in. `issued_at` is in seconds; `jti` differs per token."""

    issuer: str
    issued_at: int
    origin_jti: str


def access_token_claims(sign_in: SignIn, issue: Issue, jti: str) -> Claims:
    """Return the claims of the access token."""
    app_client = sign_in.app_client
    claims: Claims = {
        "sub": sign_in.user.sub,
        "iss": issue.issuer,
        "client_id": app_client.client_id,
        "event_id": sign_in.event_id,
        "token_use": TokenUse.ACCESS.value,
        "scope": sign_in.scope,
        "auth_time": sign_in.auth_time,
        "exp": issue.issued_at + app_client.access_token_seconds,
        "iat": issue.issued_at,
        "username": sign_in.user.username,
    }
    if sign_in.groups:
        claims["cognito:groups"] = [group.name for group in sign_in.groups]
    if sign_in.device_key is not None:
        claims["device_key"] = sign_in.device_key
    if sign_in.grant is not None:
        claims["version"] = _GRANTED_VERSION
        if sign_in.grant.resource is not None:
            # SPEC RFC 8707 s2: the token is for the resource that was asked for.
            claims["aud"] = sign_in.grant.resource
        if sign_in.grant.key_thumbprint is not None:
            claims["cnf"] = confirmation(sign_in.grant.key_thumbprint)
    return claims | _level_claims(sign_in) | _revocation_claims(app_client, issue, jti)


def client_token_claims(
    app_client: AppClient,
    *,
    scope: str,
    issuer: str,
    issued_at: int,
    jti: str,
    key_thumbprint: str | None,
) -> Claims:
    """Return the claims of an access token that an app client has for itself."""
    bound = {} if key_thumbprint is None else {"cnf": confirmation(key_thumbprint)}
    # AWS client credentials: no user, no groups, no family that a sign-out could end.
    return bound | {
        "sub": app_client.client_id,
        "token_use": TokenUse.ACCESS.value,
        "scope": scope,
        "auth_time": issued_at,
        "iss": issuer,
        "exp": issued_at + app_client.access_token_seconds,
        "iat": issued_at,
        "version": _GRANTED_VERSION,
        "jti": jti,
        "client_id": app_client.client_id,
    }


def id_token_claims(sign_in: SignIn, issue: Issue, jti: str) -> Claims:
    """Return the claims of the ID token."""
    app_client = sign_in.app_client
    # The attributes come first: whatever a pool may come to name them, they replace no claim.
    readable = attributes.readable(app_client, sign_in.user.attributes)
    if sign_in.grant is not None:
        readable = granted_attributes(readable, sign_in.scope.split())
    claims = _attribute_claims(readable)
    claims |= {
        "sub": sign_in.user.sub,
        "aud": app_client.client_id,
        "iss": issue.issuer,
        "token_use": TokenUse.ID.value,
        "cognito:username": sign_in.user.username,
        "event_id": sign_in.event_id,
        "auth_time": sign_in.auth_time,
        "exp": issue.issued_at + app_client.id_token_seconds,
        "iat": issue.issued_at,
    }
    if sign_in.grant is not None and sign_in.grant.nonce is not None:
        claims["nonce"] = sign_in.grant.nonce
    claims |= _group_claims(sign_in.groups) | _level_claims(sign_in)
    return claims | _revocation_claims(app_client, issue, jti)


def _level_claims(sign_in: SignIn) -> Claims:
    if sign_in.level is None:
        return {}
    return {"acr": sign_in.level.acr, "amr": [*sign_in.level.amr]}


def access_token_hash(access_token: str) -> str:
    """Return the claim `at_hash`, which ties an ID token to the access token beside it."""
    # SPEC OpenID Connect Core s3.1.3.6: the left half of the hash that RS256 uses.
    digest = hashlib.sha256(access_token.encode()).digest()
    return encode_base64url(digest[: len(digest) // 2]).decode()


def preferred_role(groups: Sequence[Group]) -> str | None:
    """Return the role of the group that wins, or None when groups with different roles tie.

    Groups without a role do not take part; a group without a precedence comes after all others.
    """
    with_role = [group for group in groups if group.role_arn is not None]
    best = min(map(_rank, with_role), default=None)
    roles = {group.role_arn for group in with_role if _rank(group) == best}
    return roles.pop() if len(roles) == 1 else None


def _rank(group: Group) -> tuple[bool, int]:
    return (group.precedence is None, group.precedence or 0)


def _group_claims(groups: Sequence[Group]) -> Claims:
    if not groups:
        return {}
    claims: Claims = {"cognito:groups": [group.name for group in groups]}
    roles = [group.role_arn for group in groups if group.role_arn is not None]
    if roles:
        # A role that several groups give is listed once.
        claims["cognito:roles"] = list(dict.fromkeys(roles))
    preferred = preferred_role(groups)
    if preferred is not None:
        claims["cognito:preferred_role"] = preferred
    return claims


def _attribute_claims(readable: Mapping[str, str]) -> Claims:
    return {name: _attribute_claim(name, value) for name, value in readable.items()}


def _attribute_claim(name: str, value: str) -> object:
    # SPEC OpenID Connect Core s5.1: these have other types than text; custom attributes never do.
    if name in _BOOLEAN_ATTRIBUTES:
        return value.lower() == "true"
    if name == "updated_at":
        return int(value)
    if name == "address":
        return {"formatted": value}
    if name == "identities":
        return _identities_claim(value)
    return value


def _identities_claim(text: str) -> list[Claims]:
    # OBSERVED ID tokens of federated users: every value is text here, unlike in the attribute.
    return [
        {
            "dateCreated": str(entry["dateCreated"]),
            "userId": entry["userId"],
            "providerName": entry["providerName"],
            "providerType": entry["providerType"],
            "issuer": entry["issuer"],
            "primary": "true" if entry["primary"] else "false",
        }
        for entry in msgspec.json.decode(text)
    ]


def _revocation_claims(app_client: AppClient, issue: Issue, jti: str) -> Claims:
    # AWS token revocation: both claims exist only where EnableTokenRevocation was on at issue time.
    return {"origin_jti": issue.origin_jti, "jti": jti} if app_client.revocation_enabled else {}
