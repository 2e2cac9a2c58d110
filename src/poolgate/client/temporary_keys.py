"""Temporary AWS keys: of the signed-in user's identity pool, or of a role.

    signed in ── ID token ──> identity pool (GetId, GetCredentialsForIdentity) ──> keys of its role
    signed in ── ID token ──> STS AssumeRoleWithWebIdentity ──────────────────────> keys of a role
    keys at hand ── signature ──> STS AssumeRole ─────────────────────────────────> keys of a role

Keys are kept until shortly before they expire; so is the identity, which stays a user's for as long
as it exists.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from poolgate.client import surroundings
from poolgate.client.aws_calls import IDENTITY, STS, AwsDoor
from poolgate.client.aws_keys import find_profile, keys_at_hand, keys_of_environment
from poolgate.client.failures import AwsRefused, ClientFailure, ServerUnreachable
from poolgate.client.kept_answers import KeptAnswer
from poolgate.client.kept_keys import OF_ENVIRONMENT, KeyWish
from poolgate.client.profiles import Profile, Profiles
from poolgate.client.renewals import Renewed, answered, forget_answer
from poolgate.client.token_sets import unverified_claims
from poolgate.client.token_sources import TokenSource
from poolgate.foundation.clock import Clock, SystemClock
from poolgate.foundation.secret import Secret

_IDENTITY_KEPT: Final = timedelta(days=30)
_SESSION_NAME: Final = "poolgate"
_UNFIT_FOR_SESSION_NAMES: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)
_SHORTEST_SESSION_NAME, _LONGEST_SESSION_NAME = 2, 64
# The identity was deleted, was merged into another one, or belongs to another login by now.
_IDENTITY_GONE: Final = frozenset({"ResourceNotFoundException", "NotAuthorizedException"})


class WishUnclear(ClientFailure):
    """What was asked for does not say where the keys are to come from."""


@dataclass(frozen=True, slots=True)
class TemporaryKeys:
    """Keys that expire."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expires_at: datetime

    def renewed(self) -> Renewed:
        """Return them as AWS's SDKs read them from a `credential_process`."""
        # AWS sdkref feature-process-credentials
        members = {
            "Version": 1,
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key.reveal(),
            "SessionToken": self.session_token.reveal(),
            "Expiration": f"{self.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        return Renewed(f"{json.dumps(members)}\n", self.expires_at)


def keys_text(wish: KeyWish, clock: Clock | None = None) -> str:
    """Return keys in the form of a `credential_process`, kept ones where they are still good.

    Raises WishUnclear, SignInNeeded, ProfileNotFound, KeysMissing, AwsRefused, ServerUnreachable.
    """
    told_by = clock or SystemClock()
    verify_wish(wish)
    kept = wish.kept()
    if wish.signed_by is not None:
        made: Callable[[], TemporaryKeys] = _RoleBySignature(wish, told_by)
    else:
        profile = Profiles().get(wish.profile)
        source = TokenSource(profile, clock=told_by)
        made = (
            _OfIdentity(wish, profile, source, told_by)
            if wish.role_arn is None
            else _RoleByToken(wish, profile, source, told_by)
        )
    if kept is None:
        return made().renewed().text
    return answered(kept, lambda: made().renewed(), told_by)


@dataclass(frozen=True, slots=True)
class AwsPlace:
    """Where keys are good; without an endpoint that is AWS, or what the environment says."""

    region: str
    endpoint_url: str | None


def place_of(wish: KeyWish) -> AwsPlace:
    """Return where the keys of a wish are good; raise ProfileNotFound."""
    if wish.signed_by is not None:
        return AwsPlace(_region_of(wish), None)
    profile = Profiles().get(wish.profile)
    return AwsPlace(profile.aws_region, _endpoint_url(profile))


def verify_wish(wish: KeyWish) -> None:
    """Raise WishUnclear for flags that do not go together."""
    if wish.signed_by is not None and wish.role_arn is None:
        raise WishUnclear("--signed-by is for --role-arn: which role is to be assumed?")
    if wish.role_arn is None:
        only_of_roles = {
            "--role-session-name": wish.role_session_name,
            "--duration-seconds": wish.duration_seconds,
            "--external-id": wish.external_id,
        }
        for flag, value in only_of_roles.items():
            if value is not None:
                raise WishUnclear(f"{flag} is for --role-arn; an identity pool decides it itself")
    elif wish.identity_pool_id is not None or wish.custom_role_arn is not None:
        raise WishUnclear("--role-arn assumes a role without any identity pool; leave one out")
    if wish.external_id is not None and wish.signed_by is None:
        raise WishUnclear("--external-id is for --signed-by: tokens have none")


@dataclass(frozen=True, slots=True)
class _OfIdentity:
    wish: KeyWish
    profile: Profile
    source: TokenSource
    clock: Clock

    def __call__(self) -> TemporaryKeys:
        pool_id = self.wish.identity_pool_id or self.profile.identity_pool_id
        if pool_id is None:
            raise WishUnclear(
                f"the profile {self.profile.name!r} names no identity pool; name one with"
                " --identity-pool-id, or a role with --role-arn"
            )
        id_token = _id_token(self.source)
        logins = {_login_name(self.profile): id_token.reveal()}
        door = _door(self.profile, pool_id.partition(":")[0], self.clock)
        kept = KeptAnswer(
            self.profile.name, "identity", pool_id, *logins, unverified_claims(id_token).get("sub")
        )

        def new_identity() -> Renewed:
            told = door.call_json(IDENTITY, "GetId", {"IdentityPoolId": pool_id, "Logins": logins})
            return Renewed(_text(told, "IdentityId"), self.clock.now() + _IDENTITY_KEPT)

        known = kept.read(self.clock.now().timestamp())
        identity_id = known or answered(kept, new_identity, self.clock)
        try:
            return self._keys(door, identity_id, logins)
        except AwsRefused as refused:
            if known is None or refused.error_code not in _IDENTITY_GONE:
                raise
        forget_answer(kept)
        return self._keys(door, answered(kept, new_identity, self.clock), logins)

    def _keys(self, door: AwsDoor, identity_id: str, logins: Mapping[str, str]) -> TemporaryKeys:
        members: dict[str, object] = {"IdentityId": identity_id, "Logins": logins}
        if self.wish.custom_role_arn is not None:
            members["CustomRoleArn"] = self.wish.custom_role_arn
        told = door.call_json(IDENTITY, "GetCredentialsForIdentity", members)
        shape = told.get("Credentials")
        expires_at = shape.get("Expiration") if isinstance(shape, dict) else None
        if not isinstance(expires_at, int | float):
            raise ServerUnreachable("the identity pool answers without keys")
        return TemporaryKeys(
            _text(shape, "AccessKeyId"),
            Secret(_text(shape, "SecretKey")),
            Secret(_text(shape, "SessionToken")),
            datetime.fromtimestamp(expires_at, UTC),
        )


@dataclass(frozen=True, slots=True)
class _RoleByToken:
    wish: KeyWish
    profile: Profile
    source: TokenSource
    clock: Clock

    def __call__(self) -> TemporaryKeys:
        id_token = _id_token(self.source)
        claims = unverified_claims(id_token)
        name = str(claims.get("cognito:username") or claims.get("sub") or _SESSION_NAME)
        members = _role_members(self.wish, name) | {"WebIdentityToken": id_token.reveal()}
        door = _door(self.profile, self.profile.aws_region, self.clock)
        return _keys_of_role(door.call_query(STS, "AssumeRoleWithWebIdentity", members))


@dataclass(frozen=True, slots=True)
class _RoleBySignature:
    wish: KeyWish
    clock: Clock

    def __call__(self) -> TemporaryKeys:
        from_environment = self.wish.signed_by == OF_ENVIRONMENT
        named = None if from_environment else self.wish.signed_by
        door = AwsDoor(
            region=_region_of(self.wish),
            clock=self.clock,
            keys=keys_of_environment() if from_environment else keys_at_hand(named),
            aws_profile=named,
        )
        members = _role_members(self.wish, _SESSION_NAME)
        if self.wish.external_id is not None:
            members["ExternalId"] = self.wish.external_id
        return _keys_of_role(door.call_query(STS, "AssumeRole", members))


def _id_token(source: TokenSource) -> Secret:
    id_token = source.current().id_token
    if id_token is None:
        raise WishUnclear("the sign-in gave no ID token; its scope must contain openid")
    return id_token


def _login_name(profile: Profile) -> str:
    """Return what an identity pool calls the issuer of a profile's tokens."""
    if profile.pool_id is not None:
        return f"cognito-idp.{profile.aws_region}.amazonaws.com/{profile.pool_id}"
    parts = urlsplit(profile.issuer)
    return f"{parts.netloc}{parts.path}"


def _door(profile: Profile, region: str, clock: Clock) -> AwsDoor:
    return AwsDoor(region=region, clock=clock, endpoint_url=_endpoint_url(profile))


def _endpoint_url(profile: Profile) -> str | None:
    """Return the server that a profile signs in to; None where that is AWS or no Poolgate."""
    if profile.endpoint_url is not None:
        return profile.endpoint_url
    # The user pools of AWS have a host of their own; a Poolgate server is all services at once.
    at_aws = (urlsplit(profile.issuer).hostname or "").endswith(".amazonaws.com")
    return None if at_aws or profile.pool_id is None else profile.api_url


def _region_of(wish: KeyWish) -> str:
    named = None if wish.signed_by == OF_ENVIRONMENT else wish.signed_by
    aws_profile = find_profile(named) if named else None
    return surroundings.region(aws_profile.setting("region") if aws_profile else None)


def _role_members(wish: KeyWish, session_name: str) -> dict[str, str]:
    fit = _UNFIT_FOR_SESSION_NAMES.sub("-", session_name)[:_LONGEST_SESSION_NAME]
    members = {
        "RoleArn": wish.role_arn or "",
        "RoleSessionName": wish.role_session_name
        or (fit if len(fit) >= _SHORTEST_SESSION_NAME else _SESSION_NAME),
    }
    if wish.duration_seconds is not None:
        members["DurationSeconds"] = wish.duration_seconds
    return members


def _keys_of_role(told: Mapping[str, Any]) -> TemporaryKeys:
    shape = told.get("Credentials")
    try:
        expires_at = datetime.fromisoformat(_text(shape, "Expiration"))
    except ValueError as error:
        raise ServerUnreachable("STS answers without keys") from error
    return TemporaryKeys(
        _text(shape, "AccessKeyId"),
        Secret(_text(shape, "SecretAccessKey")),
        Secret(_text(shape, "SessionToken")),
        expires_at.astimezone(UTC),
    )


def _text(shape: object, member: str) -> str:
    value = shape.get(member) if isinstance(shape, Mapping) else None
    if not isinstance(value, str) or not value:
        raise ServerUnreachable(f"the server answers without {member}")
    return value
