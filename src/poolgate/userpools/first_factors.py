"""What a sign-in by choice can begin with: a pure decision over pool and user.

A code or a passkey is a first factor only for users who owe no second one: AWS Developer Guide,
"Passwordless sign-in with one-time passwords". A passkey that counts as both is one for all.
"""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.userpools.auth_flows import ParameterMissing
from poolgate.userpools.challenges import (
    Challenge,
    Factor,
    NoSecondFactorPossible,
    may_passkey_count_twice,
    second_factor_owed,
)
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User, UserStatus


class AddressForCodesMissing(Failure):
    """A user without a password has no address that a code to sign in with could go to."""


# In the order in which they are offered, with the attribute whose address gets the code.
ADDRESS_OF: Mapping[Challenge, str] = {
    Challenge.EMAIL_OTP: "email",
    Challenge.SMS_OTP: "phone_number",
}
PROVEN_BY: Mapping[Challenge, Factor] = {
    Challenge.EMAIL_OTP: Factor.FIRST_EMAIL_OTP,
    Challenge.SMS_OTP: Factor.FIRST_SMS_OTP,
}
CODE_MEMBERS: Mapping[Challenge, str] = {
    Challenge.EMAIL_OTP: "EMAIL_OTP_CODE",
    Challenge.SMS_OTP: "SMS_OTP_CODE",
}


def offered(
    pool: UserPool, user: User | None, *, has_passkey: bool = False
) -> tuple[Challenge, ...]:
    """Return what the user may begin with; where there is no user, what one could.

    Somebody without any factor is offered the password, which then does not fit. `has_passkey`
    where a passkey is at hand that the pool accepts.
    """
    passkey = (Challenge.WEB_AUTHN,) if has_passkey else ()
    if user is None:
        return (*_passwords(pool), *_codes(pool), *passkey)
    passwords = () if user.password is None else _passwords(pool)
    codes = tuple(
        challenge for challenge in _codes(pool) if user.attributes.get(ADDRESS_OF[challenge])
    )
    others = (
        *(codes if _may_use_codes(pool, user) else ()),
        *(passkey if _may_use_passkeys(pool, user) else ()),
    )
    return (*passwords, *others) or _passwords(pool)


def verify_passwordless(pool: UserPool, attributes: Mapping[str, str]) -> None:
    """Raise unless the pool may have a user with these attributes and without a password.

    Raises ParameterMissing where every user has one, and AddressForCodesMissing.
    """
    codes = _codes(pool)
    if not codes:
        raise ParameterMissing(name="Password")
    # AWS API_AdminCreateUser: there must be an address where there is no password.
    if not any(attributes.get(ADDRESS_OF[challenge]) for challenge in codes):
        raise AddressForCodesMissing


def _passwords(pool: UserPool) -> tuple[Challenge, ...]:
    if pool.argon2_only:
        return (Challenge.PASSWORD,)
    return (Challenge.PASSWORD_SRP, Challenge.PASSWORD)


def _codes(pool: UserPool) -> tuple[Challenge, ...]:
    return tuple(challenge for challenge in ADDRESS_OF if challenge.value in pool.first_factors)


def _may_use_codes(pool: UserPool, user: User) -> bool:
    if not _has_own_password(user):
        return False
    try:
        return second_factor_owed(user, pool) is None
    except NoSecondFactorPossible:
        return False


def _may_use_passkeys(pool: UserPool, user: User) -> bool:
    # A passkey that counts twice is there for those who owe a second factor.
    counts_twice = may_passkey_count_twice(user, pool)
    return _may_use_codes(pool, user) or (counts_twice and _has_own_password(user))


def _has_own_password(user: User) -> bool:
    return user.status is not UserStatus.FORCE_CHANGE_PASSWORD
