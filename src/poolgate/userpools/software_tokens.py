"""Authenticator apps: set up, verified once, and each of their codes accepted once.

    none ──associate──> waiting ──verify──> verified (takes the place of the former one)

A signed-in user's secret waits in a row of its own; during a sign-in it waits in the auth session.
Verifying uses its code up too: what was typed to set up the app does not sign in.
"""

from dataclasses import dataclass, replace

import msgspec
import sqlalchemy as sa

from poolgate.credentials.totp import (
    WrongTotpCode,
    encode_totp_secret,
    new_totp_secret,
    verify_totp_code,
)
from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction
from poolgate.userpools import pools, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.pools import UserPool
from poolgate.userpools.tables import software_tokens
from poolgate.userpools.users import User

_PURPOSE = "totp secret"
_NEVER_USED = -1
_FACTOR = MfaFactor.SOFTWARE_TOKEN_MFA


class SoftwareTokensOff(Failure):
    """The pool does not use authenticator apps."""


class SoftwareTokenNotSetUp(Failure):
    """No authenticator app was set up."""


class SoftwareTokenNotVerified(Failure):
    """An authenticator app was set up but its first code has not come."""


class SoftwareTokenRefused(Failure):
    """The code does not show that the authenticator app holds the secret."""


class WrongSoftwareTokenCode(Failure):
    """The code is not one of the user's authenticator app at this time."""


class SoftwareTokenCodeUsed(Failure):
    """A code of this time step was accepted already."""


@dataclass(frozen=True, slots=True)
class MatchedCode:
    """A right code: of which authenticator app, and of which time step."""

    sealed_secret: bytes
    step: int


_OF_USER = sa.and_(
    software_tokens.c.pool_id == sa.bindparam("of_pool"),
    software_tokens.c.sub == sa.bindparam("of_sub"),
    software_tokens.c.verified == sa.bindparam("is_verified"),
)
_GET = sa.select(software_tokens.c.sealed_secret, software_tokens.c.last_used_step).where(_OF_USER)
_PUT = Put(software_tokens)
_CONSUME_WAITING = sa.delete(software_tokens).where(
    _OF_USER, software_tokens.c.sealed_secret == sa.bindparam("of_secret")
)
_DELETE = sa.delete(software_tokens).where(
    software_tokens.c.pool_id == sa.bindparam("of_pool"),
    software_tokens.c.sub == sa.bindparam("of_sub"),
)
_TAKE_STEP = (
    sa.update(software_tokens)
    .where(
        _OF_USER,
        software_tokens.c.sealed_secret == sa.bindparam("of_secret"),
        software_tokens.c.last_used_step < sa.bindparam("step"),
    )
    .values(last_used_step=sa.bindparam("step"))
)


def begin(call: Call, signed_in: SignedIn) -> Secret:
    """Return a secret for the user's app; it takes the place of one that still waits."""
    verify_used(signed_in.pool)
    totp_secret = new_totp_secret()
    user = signed_in.user
    with call.db.writing() as transaction:
        users.get_to_change(transaction, user.pool_id, user.sub)
        _put(transaction, user, _seal(call, user, totp_secret), verified=False)
    return encode_totp_secret(totp_secret)


def finish(call: Call, signed_in: SignedIn, submitted: Secret, *, name: str | None) -> None:
    """Make the waiting app the user's, given its code.

    Raises SoftwareTokenNotSetUp where none waits, also when another request took it meanwhile.
    """
    verify_used(signed_in.pool)
    user = signed_in.user
    with call.db.reading() as transaction:
        waiting = transaction.one(_GET, _key(user.pool_id, user.sub, verified=False))
    if waiting is None:
        raise SoftwareTokenNotSetUp
    totp_secret = _unseal(call, user, waiting.sealed_secret)
    step = step_of_first_code(call, totp_secret, submitted)
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, user.pool_id, user.sub)
        taken = transaction.run(
            _CONSUME_WAITING,
            {**_key(user.pool_id, user.sub, verified=False), "of_secret": waiting.sealed_secret},
        )
        if not taken:
            raise SoftwareTokenNotSetUp
        changed = with_software_token(call, former, name=name)
        users.update(transaction, signed_in.pool, changed, former)
        keep(transaction, call, former, totp_secret, step=step)


def verify_used(pool: UserPool) -> None:
    """Raise SoftwareTokensOff unless the pool uses authenticator apps."""
    if MfaFactor.SOFTWARE_TOKEN_MFA not in pool.mfa_factors:
        raise SoftwareTokensOff


def step_of_first_code(call: Call, totp_secret: bytes, submitted: Secret) -> int:
    """Return the time step of the code that shows the app works; raise SoftwareTokenRefused."""
    try:
        return verify_totp_code(totp_secret, submitted, now_seconds=epoch_seconds(call.now))
    except WrongTotpCode as error:
        raise SoftwareTokenRefused from error


def with_software_token(call: Call, user: User, *, name: str | None) -> User:
    """Return the user with a verified app, turned on."""
    mfa = msgspec.structs.replace(
        user.mfa,
        has_software_token=True,
        software_token_name=name,
        enabled=user.mfa.enabled | {MfaFactor.SOFTWARE_TOKEN_MFA},
    )
    return replace(user, mfa=mfa, modified_at=call.now_millis)


def keep(
    transaction: Transaction, call: Call, user: User, totp_secret: bytes, *, step: int
) -> None:
    """Store the secret of a verified app, in place of a former one; `step` is used up."""
    _put(transaction, user, _seal(call, user, totp_secret), verified=True, last_used_step=step)


def find_kept(transaction: Transaction, call: Call, user: User) -> tuple[Secret, int] | None:
    """Return the secret of the user's verified app and its last step that was used, or None."""
    row = transaction.one(_GET, _key(user.pool_id, user.sub, verified=True))
    if row is None:
        return None
    return encode_totp_secret(_unseal(call, user, row.sealed_secret)), row.last_used_step


def verify_code(call: Call, user: User, submitted: Secret) -> MatchedCode:
    """Return which code of the user's app it is; `take_step` then uses it up.

    Raises WrongSoftwareTokenCode or SoftwareTokenCodeUsed.
    """
    with call.db.reading() as transaction:
        row = transaction.one(_GET, _key(user.pool_id, user.sub, verified=True))
    if row is None:
        raise WrongSoftwareTokenCode
    totp_secret = _unseal(call, user, row.sealed_secret)
    try:
        step = verify_totp_code(totp_secret, submitted, now_seconds=epoch_seconds(call.now))
    except WrongTotpCode as error:
        raise WrongSoftwareTokenCode from error
    if step <= row.last_used_step:
        raise SoftwareTokenCodeUsed
    return MatchedCode(row.sealed_secret, step)


def take_step(transaction: Transaction, user: User, matched: MatchedCode) -> None:
    """Use a code up, once among all takers; raise SoftwareTokenCodeUsed for the others."""
    taken = transaction.run(
        _TAKE_STEP,
        {
            **_key(user.pool_id, user.sub, verified=True),
            "of_secret": matched.sealed_secret,
            "step": matched.step,
        },
    )
    if not taken:
        raise SoftwareTokenCodeUsed


def delete(call: Call, pool_id: PoolId, login_name: str) -> None:
    """Take a user's app away, the verified one and one that waits.

    Raises SoftwareTokenNotSetUp where there is no verified one.
    """
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        sub = users.get(transaction, pool, login_name).sub
        former = users.get_to_change(transaction, pool_id, sub)
        if not former.mfa.has_software_token:
            raise SoftwareTokenNotSetUp
        transaction.run(_DELETE, {"of_pool": pool_id, "of_sub": sub})
        without = msgspec.structs.replace(
            former.mfa,
            has_software_token=False,
            software_token_name=None,
            enabled=former.mfa.enabled - {_FACTOR},
            preferred=None if former.mfa.preferred is _FACTOR else former.mfa.preferred,
        )
        changed = replace(former, mfa=without, modified_at=call.now_millis)
        users.update(transaction, pool, changed, former)


def is_waiting(transaction: Transaction, user: User) -> bool:
    """Tell whether the user has an app that was set up and not verified."""
    return transaction.one(_GET, _key(user.pool_id, user.sub, verified=False)) is not None


def _put(
    transaction: Transaction,
    user: User,
    sealed_secret: bytes,
    *,
    verified: bool,
    last_used_step: int = _NEVER_USED,
) -> None:
    transaction.put(
        _PUT,
        {
            "pool_id": user.pool_id,
            "sub": user.sub,
            "verified": verified,
            "sealed_secret": sealed_secret,
            "last_used_step": last_used_step,
        },
    )


def _key(pool_id: PoolId, sub: Sub, *, verified: bool) -> dict[str, object]:
    return {"of_pool": pool_id, "of_sub": sub, "is_verified": verified}


def _seal(call: Call, user: User, totp_secret: bytes) -> bytes:
    return call.vault.seal(totp_secret, purpose=_PURPOSE, bound_to=f"{user.pool_id}/{user.sub}")


def _unseal(call: Call, user: User, sealed: bytes) -> bytes:
    return call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=f"{user.pool_id}/{user.sub}")
