"""Which second factors a user has turned on, and which one is asked for first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import pools, software_tokens, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.challenges import ATTRIBUTE_OF
from poolgate.userpools.mfa_settings import MfaFactor, MfaMode, UserMfa
from poolgate.userpools.pools import UserPool
from poolgate.userpools.software_tokens import SoftwareTokenNotSetUp, SoftwareTokenNotVerified
from poolgate.userpools.users import User


class FactorNotUsed(Failure):
    """The pool does not use the factor. Facts: factor."""


class FactorNeedsAddress(Failure):
    """The user has no address that the factor could go to. Facts: factor."""


class FactorNotRemovable(Failure):
    """The pool demands a second factor, so users keep theirs. Facts: factor."""


class PreferredNotEnabled(Failure):
    """A factor cannot come first while it is turned off. Facts: factor."""


class PasskeysNeedAnotherFactor(Failure):
    """A user without any other second factor would be locked out with the passkey."""


class SeveralPreferred(Failure):
    """Only one factor can come first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one factor."""

    enabled: bool
    preferred: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to become of some factors, and whether a passkey may count as two of them."""

    factors: Mapping[MfaFactor, Wish]
    passkeys: bool | None = None


def set_own(call: Call, signed_in: SignedIn, wishes: Wishes) -> None:
    """Turn the user's own factors on and off, and whether passkeys may count as two.

    Raises FactorNotRemovable where the pool demands a factor.
    """
    pool, user = signed_in.pool, signed_in.user
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, user.pool_id, user.sub)
        if pool.mfa_mode is MfaMode.ON:
            for factor, wish in wishes.factors.items():
                if not wish.enabled and factor in former.mfa.enabled:
                    raise FactorNotRemovable(factor=factor)
        _store(transaction, call, pool, former, wishes)


def remove_own_app(call: Call, signed_in: SignedIn) -> None:
    """Take the user's authenticator app away.

    Raises FactorNotRemovable where the pool demands a factor, and SoftwareTokenNotSetUp.
    """
    if signed_in.pool.mfa_mode is MfaMode.ON:
        raise FactorNotRemovable(factor=MfaFactor.SOFTWARE_TOKEN_MFA)
    software_tokens.delete(call, signed_in.pool.pool_id, signed_in.user.username)


def set_by_administrator(call: Call, pool_id: PoolId, login_name: str, wishes: Wishes) -> None:
    """Turn a user's factors on and off; turning one off lets the user set up another."""
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        sub = users.get(transaction, pool, login_name).sub
        former = users.get_to_change(transaction, pool_id, sub)
        _store(transaction, call, pool, former, wishes)


def decide_mfa(current: UserMfa, wishes: Wishes) -> UserMfa:
    """Return the settings after the wishes; what has no wish stays as it is.

    Raises SeveralPreferred, PreferredNotEnabled or PasskeysNeedAnotherFactor.
    """
    preferred = [factor for factor, wish in wishes.factors.items() if wish.preferred]
    if len(preferred) > 1:
        raise SeveralPreferred
    enabled, first = current.enabled, current.preferred
    for factor, wish in wishes.factors.items():
        if wish.preferred and not wish.enabled:
            raise PreferredNotEnabled(factor=factor)
        enabled = enabled | {factor} if wish.enabled else enabled - {factor}
        if factor is first:
            first = None
    passkeys = current.passkeys if wishes.passkeys is None else wishes.passkeys
    # AWS WebAuthnMfaSettingsType: "at least one other MFA method [...] to prevent account lockout".
    if passkeys and not enabled:
        raise PasskeysNeedAnotherFactor
    return msgspec.structs.replace(
        current,
        enabled=enabled,
        preferred=preferred[0] if preferred else first,
        passkeys=passkeys,
    )


def _store(
    transaction: Transaction, call: Call, pool: UserPool, former: User, wishes: Wishes
) -> None:
    for factor, wish in wishes.factors.items():
        if wish.enabled:
            _verify_usable(transaction, pool, former, factor)
    if wishes.passkeys and not (pool.passkeys and pool.passkeys.counts_as_both_factors):
        raise FactorNotUsed(factor="WEB_AUTHN")
    mfa = decide_mfa(former.mfa, wishes)
    changed = replace(former, mfa=mfa, modified_at=call.now_millis)
    users.update(transaction, pool, changed, former)


def _verify_usable(transaction: Transaction, pool: UserPool, user: User, factor: MfaFactor) -> None:
    if factor not in pool.mfa_factors:
        raise FactorNotUsed(factor=factor)
    if factor in ATTRIBUTE_OF:
        if not user.attributes.get(ATTRIBUTE_OF[factor]):
            raise FactorNeedsAddress(factor=factor)
    elif not user.mfa.has_software_token:
        if software_tokens.is_waiting(transaction, user):
            raise SoftwareTokenNotVerified
        raise SoftwareTokenNotSetUp
