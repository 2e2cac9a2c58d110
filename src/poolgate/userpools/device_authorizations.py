"""Signing in for a device that has no browser (RFC 8628).

    device ── begin ──> device code, user code
    person ── user code, signed in elsewhere ──> approve | deny
    device ── redeem, every few seconds ──> pending ... ──> tokens, once

Of the device code, which is random and long, the SHA-256 digest is kept; of the user code, which
people type, one that is keyed with the installation's master key.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.randomness import random_text, random_token, random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import attempt_limits, groups, pools, tokens, users
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.grants import CODE, GrantNotAllowed, verify_grant_allowed
from poolgate.userpools.scopes import verify_readable
from poolgate.userpools.tables import device_authorizations
from poolgate.userpools.token_claims import Grant, SignIn, TokenSource
from poolgate.userpools.tokens import TokenSet
from poolgate.userpools.users import UserDisabled, rows_of

# An app client opts in by naming this URI among its CallbackURLs.
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LIFETIME_SECONDS = 600
INTERVAL_SECONDS = 5
# SPEC RFC 8628 s6.1: no vowels, so no words, and nothing that looks like something else.
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_USER_CODE_LENGTH = 8


class DeviceCodeInvalid(Failure):
    """No such device code, or not of this app client, or it has given its tokens already."""


class DeviceCodeExpired(Failure):
    """Nobody approved the device in time."""


class DeviceNotApprovedYet(Failure):
    """Nobody has approved or denied the device yet."""


class DeviceAsksTooOften(Failure):
    """The device did not wait as long as it was told to."""


class DeviceDenied(Failure):
    """The person denied the device."""


class UserCodeInvalid(Failure):
    """No device of this pool waits for that user code."""


class State(StrEnum):
    """What has become of a device's request."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """What a device is told; the user code is what people type."""

    device_code: Secret
    user_code: str


@dataclass(frozen=True, slots=True)
class WaitingDevice:
    """A device that waits, as the person is shown it; the user code as the device shows it."""

    client_id: ClientId
    scope: str
    user_code: str


_INSERT = sa.insert(device_authorizations)
_BY_DEVICE = sa.select(device_authorizations).where(
    device_authorizations.c.device_digest == sa.bindparam("device_digest")
)
_OF_USER_CODE = sa.and_(
    device_authorizations.c.pool_id == sa.bindparam("of_pool_id"),
    device_authorizations.c.user_code_digest == sa.bindparam("of_user_code_digest"),
    device_authorizations.c.state == State.PENDING.value,
    device_authorizations.c.expires_at > sa.bindparam("now"),
)
_WAITING = sa.select(device_authorizations.c.client_id, device_authorizations.c.scope).where(
    _OF_USER_CODE
)
_DECIDE = (
    sa.update(device_authorizations)
    .where(_OF_USER_CODE)
    .values(
        state=sa.bindparam("decided"),
        sub=sa.bindparam("of_sub"),
        auth_time=sa.bindparam("signed_in_at"),
    )
)
_WAIT = (
    sa.update(device_authorizations)
    .where(device_authorizations.c.device_digest == sa.bindparam("of_device_digest"))
    .values(next_poll_at=sa.bindparam("next_poll"), interval_seconds=sa.bindparam("interval"))
)
_CONSUME = (
    sa.update(device_authorizations)
    .where(
        device_authorizations.c.device_digest == sa.bindparam("of_device_digest"),
        device_authorizations.c.state == State.APPROVED.value,
    )
    .values(state=State.USED.value)
)
_PURGE = sa.delete(device_authorizations).where(
    device_authorizations.c.expires_at <= sa.bindparam("now")
)


def verify_may_use_devices(app_client: AppClient) -> None:
    """Raise GrantNotAllowed unless the app client opted in, and has the code grant."""
    verify_grant_allowed(app_client, CODE)
    # Default deny: who is talked into typing a stranger's code signs that stranger in.
    if GRANT_TYPE not in (app_client.callback_urls or ()):
        raise GrantNotAllowed


def begin(
    call: Call,
    app_client: AppClient,
    scopes: Sequence[str],
    resource: str | None,
    *,
    is_proven: bool,
) -> DeviceAuthorization:
    """Return the two codes of a device that begins to wait.

    Those of app clients that have not proven who they are are counted for the address that they
    come from. Raises GrantNotAllowed or AttemptLimitExceeded.
    """
    verify_may_use_devices(app_client)
    device_code = Secret(random_token())
    user_code = random_text(_ALPHABET, _USER_CODE_LENGTH)
    with call.db.writing() as transaction:
        if not is_proven:
            attempt_limits.count_of_address(
                transaction,
                app_client.pool_id,
                call.source_address,
                Attempt.ASK_AHEAD,
                call.now_millis,
            )
        transaction.run(
            _INSERT,
            {
                "device_digest": _digest(device_code),
                "user_code_digest": _user_code_digest(call, user_code),
                "pool_id": app_client.pool_id,
                "client_id": app_client.client_id,
                "scope": " ".join(scopes),
                "resource": resource,
                "state": State.PENDING,
                "sub": None,
                "auth_time": None,
                "interval_seconds": INTERVAL_SECONDS,
                "next_poll_at": call.now_millis,
                "expires_at": call.now_millis + LIFETIME_SECONDS * 1000,
            },
        )
    return DeviceAuthorization(device_code, _shown(user_code))


def get_waiting(call: Call, pool_id: PoolId, typed: str) -> WaitingDevice:
    """Return the device that waits for the user code, however it is typed.

    Each look is counted for the address that it comes from. Raises UserCodeInvalid or
    AttemptLimitExceeded.
    """
    with call.db.writing() as transaction:
        # SPEC RFC 8628 s5.1: guesses are limited. Nobody need be signed in yet, so by address.
        attempt_limits.count_of_address(
            transaction, pool_id, call.source_address, Attempt.TYPE_USER_CODE, call.now_millis
        )
        row = transaction.one(_WAITING, _typed(call, pool_id, typed))
    if row is None:
        raise UserCodeInvalid
    return WaitingDevice(row.client_id, row.scope, _shown(_letters(typed)))


def approve(call: Call, pool_id: PoolId, typed: str, browser_session: BrowserSession) -> None:
    """Let the device sign in as the browser's user, once; raise UserCodeInvalid."""
    _decide(
        call,
        pool_id,
        typed,
        State.APPROVED,
        sub=browser_session.user.sub,
        auth_time=browser_session.auth_time,
    )


def deny(call: Call, pool_id: PoolId, typed: str) -> None:
    """Have the device told that nobody wants it; raise UserCodeInvalid."""
    _decide(call, pool_id, typed, State.DENIED, sub=None, auth_time=None)


def redeem(
    call: Call, app_client: AppClient, presented: Secret, *, key_thumbprint: str | None
) -> TokenSet:
    """Return the tokens of the user who approved the device, once among all takers.

    They are bound to the key where one is named. Raises DeviceCodeInvalid, DeviceCodeExpired,
    DeviceAsksTooOften, DeviceNotApprovedYet, DeviceDenied, ScopeNotReadable or UserDisabled.
    """
    verify_may_use_devices(app_client)
    digest = _digest(presented)
    waiting = _asked(call, app_client, digest)
    with call.db.reading() as transaction:
        pool = pools.get(transaction, waiting.pool_id)
        user = users.get_by_sub(transaction, waiting.pool_id, waiting.sub)
        user_groups = groups.of_user(transaction, waiting.pool_id, waiting.sub)
    if not user.enabled:
        raise UserDisabled
    verify_readable(app_client, waiting.scope.split())
    plan = tokens.plan(
        call,
        SignIn(
            user=user,
            pool=pool,
            app_client=app_client,
            auth_time=waiting.auth_time,
            groups=user_groups,
            event_id=random_uuid(),
            scope=waiting.scope,
            source=TokenSource.HOSTED,
            grant=Grant(resource=waiting.resource, key_thumbprint=key_thumbprint),
        ),
    )
    with call.db.writing(about=rows_of(pool.pool_id, user.sub)) as transaction:
        if transaction.run(_CONSUME, {"of_device_digest": digest}) != 1:
            raise DeviceCodeInvalid
        if not users.get_to_change(transaction, pool.pool_id, user.sub).enabled:
            raise UserDisabled
        return tokens.store(transaction, plan)


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget devices that nobody waits for any more."""
    return transaction.run(_PURGE, {"now": now_millis})


def _asked(call: Call, app_client: AppClient, digest: bytes) -> Any:  # noqa: ANN401 - a row of device_authorizations
    """Return the approved request; what else it is, is raised, and too early asking is counted."""
    with call.db.writing() as transaction:
        row = transaction.one(_BY_DEVICE, {"device_digest": digest})
        if row is None or row.client_id != app_client.client_id:
            raise DeviceCodeInvalid
        is_too_early = call.now_millis < row.next_poll_at
        # SPEC RFC 8628 s3.5: slow_down makes the interval five seconds longer, for good.
        interval = row.interval_seconds + (INTERVAL_SECONDS if is_too_early else 0)
        wait = {"next_poll": call.now_millis + interval * 1000, "interval": interval}
        transaction.run(_WAIT, {"of_device_digest": digest, **wait})
    if row.state == State.USED:
        raise DeviceCodeInvalid
    if call.now_millis >= row.expires_at:
        raise DeviceCodeExpired
    if is_too_early:
        raise DeviceAsksTooOften
    if row.state == State.PENDING:
        raise DeviceNotApprovedYet
    if row.state == State.DENIED:
        raise DeviceDenied
    return row


def _decide(
    call: Call,
    pool_id: PoolId,
    typed: str,
    decided: State,
    *,
    sub: str | None,
    auth_time: int | None,
) -> None:
    with call.db.writing() as transaction:
        parameters = {"decided": decided, "of_sub": sub, "signed_in_at": auth_time}
        if transaction.run(_DECIDE, {**_typed(call, pool_id, typed), **parameters}) != 1:
            raise UserCodeInvalid


def _typed(call: Call, pool_id: PoolId, typed: str) -> dict[str, object]:
    return {
        "of_pool_id": pool_id,
        "of_user_code_digest": _user_code_digest(call, _letters(typed)),
        "now": call.now_millis,
    }


def _letters(typed: str) -> str:
    # SPEC RFC 8628 s6.1: hyphens, spaces and case are for people only.
    return "".join(character for character in typed.upper() if character in _ALPHABET)


def _shown(letters: str) -> str:
    half = _USER_CODE_LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}"


def _digest(device_code: Secret) -> bytes:
    return hashlib.sha256(device_code.reveal().encode()).digest()


def _user_code_digest(call: Call, user_code: str) -> bytes:
    return hmac.digest(call.vault.derived_key("device user code"), user_code.encode(), "sha256")
