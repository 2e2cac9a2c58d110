"""Authentication levels: how strongly somebody signed in (`acr`), and by what (`amr`).

    1  a password             3  a passkey, or a password and a code that was sent
    2  a code that was sent   4  a password and an authenticator app

AWS Developer Guide, "Authentication levels with ACR and AMR claims". What satisfies a level is
fixed; a pool may name the levels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.userpools.challenges import (
    SECOND_FACTOR_CHALLENGES,
    Challenge,
    Factor,
    Owed,
    challenge_owed,
    one_or_choice,
    possible_second_factors,
)
from poolgate.userpools.mfa_settings import MfaDemand, MfaFactor
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

_BY_CODE, _BY_TWO, _BY_APP = 2, 3, 4
_METHODS: Mapping[Factor, str] = {
    Factor.PASSWORD: "pwd",
    Factor.SOFTWARE_TOKEN_MFA: "otp",
    Factor.SMS_MFA: "sms",
    Factor.EMAIL_OTP: "email_otp",
    Factor.FIRST_SMS_OTP: "sms",
    Factor.FIRST_EMAIL_OTP: "email_otp",
    Factor.WEB_AUTHN: "swk",
}
_FIRST_METHODS = {"sms": Factor.FIRST_SMS_OTP, "email_otp": Factor.FIRST_EMAIL_OTP}
_SECOND_METHODS = {
    "sms": Factor.SMS_MFA,
    "email_otp": Factor.EMAIL_OTP,
    "otp": Factor.SOFTWARE_TOKEN_MFA,
}


class LevelOutOfReach(Failure):
    """The user has nothing to reach the level with that was asked for."""


@dataclass(frozen=True, slots=True)
class AuthenticationLevel:
    """What tokens say of a sign-in that asked for a level."""

    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a sign-in got, asked for or not: its level, 0 for none, and its methods."""

    level: int = 0
    amr: tuple[str, ...] = ()

    def said(self, pool: UserPool) -> AuthenticationLevel | None:
        """Return what tokens say of it, None of one that satisfies no level."""
        if not self.level:
            return None
        return AuthenticationLevel(pool.acr_names[self.level - 1], self.amr)


def reached_by(proven: frozenset[Factor]) -> Reached:
    """Return how far a sign-in got that proved as much."""
    methods = tuple(dict.fromkeys(_METHODS[factor] for factor in _METHODS if factor in proven))
    combined = ("mfa",) if len(methods) > 1 else ()
    return Reached(level_of(proven), (*methods, *combined))


def level_of(proven: frozenset[Factor]) -> int:
    """Return the highest level that is satisfied in full; 0 for none."""
    if Factor.PASSWORD in proven:
        if Factor.SOFTWARE_TOKEN_MFA in proven:
            return _BY_APP
        return _BY_TWO if proven & {Factor.SMS_MFA, Factor.EMAIL_OTP} else 1
    if Factor.WEB_AUTHN in proven:
        return _BY_TWO
    return _BY_CODE if proven & set(_FIRST_METHODS.values()) else 0


def factors_said(amr: Sequence[str]) -> frozenset[Factor]:
    """Return what was proven for tokens that say so."""
    if "pwd" not in amr:
        return frozenset(_FIRST_METHODS[method] for method in amr if method in _FIRST_METHODS)
    second = {_SECOND_METHODS[method] for method in amr if method in _SECOND_METHODS}
    return frozenset({Factor.PASSWORD, *second})


def reachable(pool: UserPool, user: User, first: Challenge) -> int:
    """Return the highest level of a sign-in that begins with that challenge."""
    if first is Challenge.WEB_AUTHN:
        return _BY_TWO
    if first not in {Challenge.PASSWORD, Challenge.PASSWORD_SRP}:
        return _BY_CODE
    possible = possible_second_factors(user, pool, frozenset())
    if MfaFactor.SOFTWARE_TOKEN_MFA in possible:
        return _BY_APP
    return _BY_TWO if possible else 1


def owed(
    user: User,
    pool: UserPool,
    proven: frozenset[Factor],
    demand: MfaDemand,
    target: int,
) -> Owed | None:
    """Return what is owed, also to reach the level `target`; 0 asks for none.

    AWS "Step-up authentication with the USER_AUTH flow": a level adds to what is owed anyway, and
    decides at most which of several second factors is asked for. Raises LevelOutOfReach.
    """
    otherwise = challenge_owed(user, pool, proven, demand)
    if level_of(proven) >= target:
        return otherwise
    if otherwise is not None and otherwise.challenge not in SECOND_FACTOR_CHALLENGES:
        return otherwise
    if Factor.PASSWORD not in proven:
        raise LevelOutOfReach
    factors = tuple(
        factor
        for factor in possible_second_factors(user, pool, proven)
        if level_of(proven | {Factor(factor)}) >= target
    )
    if not factors:
        raise LevelOutOfReach
    return one_or_choice(factors)
