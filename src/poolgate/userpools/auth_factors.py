"""What a user can prove: the factors that are set up and that the pool knows."""

from collections.abc import Sequence
from enum import StrEnum

from poolgate.store.call import Call
from poolgate.userpools import passkeys
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User


class AuthFactor(StrEnum):
    """A factor, first or second, in AWS's words and order."""

    PASSWORD = "PASSWORD"  # noqa: S105 - a factor's name
    EMAIL_OTP = "EMAIL_OTP"
    SMS_OTP = "SMS_OTP"
    WEB_AUTHN = "WEB_AUTHN"
    SOFTWARE_TOKEN = "SOFTWARE_TOKEN"  # noqa: S105 - a factor's name


def configured(call: Call, pool: UserPool, user: User) -> Sequence[AuthFactor]:
    """Return the user's factors."""
    with call.db.reading() as transaction:
        has_passkey = passkeys.is_enabled(pool) and passkeys.count(transaction, user) > 0
    is_there = {
        AuthFactor.PASSWORD: user.password is not None,
        AuthFactor.EMAIL_OTP: _has_message(pool, user, AuthFactor.EMAIL_OTP),
        AuthFactor.SMS_OTP: _has_message(pool, user, AuthFactor.SMS_OTP),
        AuthFactor.WEB_AUTHN: has_passkey,
        AuthFactor.SOFTWARE_TOKEN: user.mfa.has_software_token,
    }
    return [factor for factor in AuthFactor if is_there[factor]]


_MESSAGES = {
    AuthFactor.EMAIL_OTP: ("email", MfaFactor.EMAIL_OTP),
    AuthFactor.SMS_OTP: ("phone_number", MfaFactor.SMS_MFA),
}


def _has_message(pool: UserPool, user: User, factor: AuthFactor) -> bool:
    attribute, second = _MESSAGES[factor]
    is_used = factor in pool.first_factors or second in user.mfa.enabled & pool.mfa_factors
    return is_used and bool(user.attributes.get(attribute))
