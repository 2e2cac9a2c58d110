"""Issuing tokens: after a sign-in, and from a refresh token.

Signing takes long enough to be kept out of transactions, so a sign-in issues in two steps: `plan`
signs, `store` writes the family within the caller's transaction. Nobody holds the tokens before
that has been committed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from poolgate.credentials.srp import device_group_key
from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.jose.tokens import SigningKey, sign_token
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    devices,
    groups,
    refresh_tokens,
    session_activity,
    signing_keys,
    token_sessions,
)
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.pre_token_generation import ask_before_tokens
from poolgate.userpools.refresh_tokens import Family, HeldToken, RefreshTokenInvalid
from poolgate.userpools.session_activity import Activity, activity_of
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.token_claims import (
    USER_SCOPE,
    Grant,
    Issue,
    SignIn,
    TokenSource,
    access_token_claims,
    access_token_hash,
    id_token_claims,
)
from poolgate.userpools.token_overrides import (
    Overrides,
    overridden_access_claims,
    overridden_id_claims,
)
from poolgate.userpools.users import User, UserDisabled

__all__ = ["USER_SCOPE", "Plan", "SignIn", "TokenSet", "TokenUse", "plan", "refresh", "store"]

VerifyOwner = Callable[[User], None]
VerifyFamily = Callable[[Family], None]


class ScopeBeyondGrant(Failure):
    """A refresh asks for a scope that the sign-in was never granted."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What a sign-in gives; `expires_in` is the access token's life in seconds.

    A refresh gives no refresh token unless the app client rotates them. An OAuth grant gives no ID
    token unless `openid` is among its scopes. `new_device` names a device that may be confirmed
    now.
    """

    access_token: Secret
    id_token: Secret | None
    refresh_token: Secret | None
    expires_in: int
    new_device: "NewDevice | None" = None


@dataclass(frozen=True, slots=True)
class NewDevice:
    """The names of a device that signed in for the first time."""

    device_key: str
    device_group_key: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """Who signs in, and how many sessions the user may have, where the pool tracks them."""

    activity: Activity
    max_sessions: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Signed tokens of a family that is not stored yet."""

    token_set: TokenSet
    family: Family
    refresh_token: Secret
    planned_at: int
    tracking: Tracking | None


def plan(call: Call, sign_in: SignIn) -> Plan:
    """Return signed tokens for a new family; hand them out only after `store` was committed.

    The pool's function is asked first, where there is one: raises what `triggers.ask` does.
    """
    overrides = ask_before_tokens(call, sign_in)
    with call.db.reading() as transaction:
        keys = signing_keys.signing(transaction, call, sign_in.pool.pool_id)
    app_client = sign_in.app_client
    family = Family(
        family_id=random_uuid(),
        pool_id=sign_in.pool.pool_id,
        sub=sign_in.user.sub,
        client_id=app_client.client_id,
        scope=sign_in.scope,
        auth_time=sign_in.auth_time,
        expires_at=call.now_millis + app_client.refresh_token_seconds * 1000,
        device_key=sign_in.device_key,
        is_granted=sign_in.grant is not None,
        resource=None if sign_in.grant is None else sign_in.grant.resource,
        level=sign_in.level,
        key_thumbprint=_key_of_family(sign_in),
        browser_session_id=sign_in.browser_session_id,
    )
    refresh_token = refresh_tokens.new_refresh_token()
    token_set = _signed(call, sign_in, keys, family.family_id, refresh_token, overrides=overrides)
    return Plan(token_set, family, refresh_token, call.now_millis, _tracking(call, sign_in.pool))


def store(transaction: Transaction, plan: Plan) -> TokenSet:
    """Write the planned family and return its tokens.

    Where the pool tracks sessions, the user's least recently used ones beyond the limit end.
    """
    if plan.tracking is not None:
        token_sessions.make_room(
            transaction, plan.family, plan.planned_at, limit=plan.tracking.max_sessions
        )
    refresh_tokens.create_family(transaction, plan.family, plan.refresh_token, plan.planned_at)
    if plan.tracking is not None:
        session_activity.record(
            transaction,
            plan.family.family_id,
            plan.tracking.activity,
            browser_session_id=plan.family.browser_session_id,
        )
    return plan.token_set


def refresh(
    call: Call,
    app_client: AppClient,
    pool: UserPool,
    refresh_token: Secret,
    *,
    verify_owner: VerifyOwner | None = None,
    device_key: str | None = None,
    verify_family: VerifyFamily | None = None,
    scopes: Sequence[str] = (),
    source: TokenSource = TokenSource.REFRESH,
    client_metadata: Mapping[str, str] | None = None,
    key_thumbprint: str | None = None,
) -> TokenSet:
    """Return new tokens of the same sign-in, from the user as it is now.

    `verify_owner` and `verify_family` are asked once user and family are known, before the token's
    state is told. A sign-in on a tracked device goes on with the key of that device only, and once
    it is confirmed; one that is bound to a key, with that key. `scopes` are those that are wanted,
    all of the family's unless given. Raises RefreshTokenInvalid, -Revoked, -Expired, -Reused,
    ScopeBeyondGrant or UserDisabled.
    """
    with call.db.reading() as transaction:
        held = refresh_tokens.find(transaction, refresh_token)
        if held is None or held.family.client_id != app_client.client_id:
            raise RefreshTokenInvalid
        user_groups = groups.of_user(transaction, pool.pool_id, held.user.sub)
        keys = signing_keys.signing(transaction, call, pool.pool_id)
        is_on_its_device = _is_on_its_device(transaction, pool, held, device_key)
    if verify_owner is not None:
        verify_owner(held.user)
    if verify_family is not None:
        verify_family(held.family)
    refresh_tokens.verify_alive(held, call.now_millis)
    if not is_on_its_device or held.family.key_thumbprint not in {None, key_thumbprint}:
        raise RefreshTokenInvalid
    if not held.user.enabled:
        raise UserDisabled
    sign_in = SignIn(
        user=held.user,
        pool=pool,
        app_client=app_client,
        auth_time=held.family.auth_time,
        groups=user_groups,
        event_id=random_uuid(),
        scope=_narrowed_scope(held.family, scopes),
        source=source,
        client_metadata=client_metadata,
        device_key=held.family.device_key,
        level=held.family.level,
        grant=_grant_of(held.family, key_thumbprint),
    )
    # Asked before the refresh token is replaced: a function that fails costs nobody the session.
    overrides = ask_before_tokens(call, sign_in)
    if overrides is not None:
        _verify_still_alive(call, refresh_token)
    successor = _succeed(call, app_client, held, _tracking(call, pool))
    return _signed(call, sign_in, keys, held.family.family_id, successor, overrides=overrides)


def _key_of_family(sign_in: SignIn) -> str | None:
    # SPEC RFC 9449 s5: an app client with a secret is bound by that; it may change its key.
    if sign_in.grant is None or sign_in.app_client.has_secret:
        return None
    return sign_in.grant.key_thumbprint


def _grant_of(family: Family, key_thumbprint: str | None) -> Grant | None:
    # SPEC OpenID Connect Core s12.2: a refreshed ID token has no nonce of its own.
    if family.is_granted:
        return Grant(resource=family.resource, key_thumbprint=key_thumbprint)
    return None


def _is_on_its_device(
    transaction: Transaction, pool: UserPool, held: HeldToken, device_key: str | None
) -> bool:
    """Tell whether the device that signed in is the one that goes on, or none is tracked."""
    own_key = held.family.device_key
    if pool.device_tracking is None or own_key is None:
        return True
    return device_key == own_key and devices.find(transaction, held.user, own_key) is not None


def _narrowed_scope(family: Family, scopes: Sequence[str]) -> str:
    # SPEC RFC 6749 s6: fewer scopes than granted for this once, never more.
    if not set(scopes) <= set(family.scope.split()):
        raise ScopeBeyondGrant
    return " ".join(dict.fromkeys(scopes)) or family.scope


def _verify_still_alive(call: Call, refresh_token: Secret) -> None:
    """Raise when the sign-in ended while a function took its time."""
    with call.db.reading() as transaction:
        held = refresh_tokens.find(transaction, refresh_token)
    if held is None:
        raise RefreshTokenInvalid
    refresh_tokens.verify_alive(held, call.now_millis)
    if not held.user.enabled:
        raise UserDisabled


def _tracking(call: Call, pool: UserPool) -> Tracking | None:
    if not pool.session_tracking:
        return None
    return Tracking(activity_of(call), pool.max_token_sessions)


def _succeed(
    call: Call, app_client: AppClient, held: HeldToken, tracking: Tracking | None
) -> Secret | None:
    if not app_client.rotates_refresh_tokens:
        if tracking is not None:
            refresh_tokens.record_use(call, held, tracking.activity)
        return None
    successor = refresh_tokens.new_refresh_token()
    refresh_tokens.rotate(
        call,
        held,
        successor,
        grace_seconds=app_client.rotation_grace_seconds,
        activity=None if tracking is None else tracking.activity,
    )
    return successor


def _signed(
    call: Call,
    sign_in: SignIn,
    keys: Mapping[TokenUse, SigningKey],
    family_id: str,
    refresh_token: Secret | None,
    *,
    overrides: Overrides | None,
) -> TokenSet:
    issue = Issue(
        issuer=call.issuer(sign_in.pool.pool_id),
        issued_at=epoch_seconds(call.now),
        origin_jti=family_id,
    )
    access_claims = access_token_claims(sign_in, issue, random_uuid())
    if overrides is not None:
        access_claims = overridden_access_claims(access_claims, overrides)
    access_token = sign_token(access_claims, keys[TokenUse.ACCESS])
    id_token = None
    if sign_in.has_id_token:
        id_claims = id_token_claims(sign_in, issue, random_uuid())
        if overrides is not None:
            id_claims = overridden_id_claims(id_claims, overrides)
        if sign_in.grant is not None:
            id_claims["at_hash"] = access_token_hash(access_token)
        id_token = Secret(sign_token(id_claims, keys[TokenUse.ID]))
    return TokenSet(
        access_token=Secret(access_token),
        id_token=id_token,
        refresh_token=refresh_token,
        expires_in=sign_in.app_client.access_token_seconds,
        new_device=_new_device(sign_in),
    )


def _new_device(sign_in: SignIn) -> NewDevice | None:
    if sign_in.device_key is None or not sign_in.on_new_device:
        return None
    return NewDevice(sign_in.device_key, device_group_key(sign_in.pool.pool_id))
