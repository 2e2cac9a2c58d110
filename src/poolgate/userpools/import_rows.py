"""What a row of an import job's CSV file makes: a user who is not stored yet.

AWS Developer Guide, "Formatting the CSV file". What is wrong with a row is a failure of this module
or of the rules that every new user is held to; none of them quotes a value.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from poolgate.credentials.import_hashes import HashAlgorithm, verify_importable
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.userpools import attributes, passwords, usernames, users
from poolgate.userpools.challenges import ATTRIBUTE_OF
from poolgate.userpools.first_factors import ADDRESS_OF, offered
from poolgate.userpools.import_csv import MFA_ENABLED, PASSWORD_HASH, USERNAME, parse_row
from poolgate.userpools.mfa_settings import NO_MFA, MfaMode, UserMfa
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User, UserStatus

_FLAGS = {"email_verified": "email", "phone_number_verified": "phone_number"}
_BIRTHDATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
# PostgreSQL keeps at most 2,704 bytes in an index entry.
_MAX_ALIAS_LENGTH = 600


class UsernameMissing(Failure):
    """A row names no user."""


class NothingVerified(Failure):
    """A row sets none of the attributes that the pool verifies to verified."""


class VerifiedWithoutValue(Failure):
    """An attribute is said to be verified and has no value. Facts: attribute."""


class ImportedBirthdateMalformed(Failure):
    """A birth date is not written mm/dd/yyyy."""


class AliasTooLong(Failure):
    """An address or name that would sign in is too long for that. Facts: attribute."""


class MfaFlagMalformed(Failure):
    """`cognito:mfa_enabled` is neither true nor false nor blank."""


class MfaFlagAgainstPool(Failure):
    """`cognito:mfa_enabled` is not what the pool's MFA mode demands of everybody. Facts: mode."""


class MfaWithoutFactor(Failure):
    """MFA is wanted for a user who has no address that a factor of the pool could use."""


class HashNotExpected(Failure):
    """A row has a password hash, and the job names no algorithm."""


def user_of_row(
    call: Call,
    pool: UserPool,
    columns: Sequence[str],
    line: bytes,
    *,
    hash_algorithm: HashAlgorithm | None,
) -> User:
    """Return the user that the row describes, or raise what is wrong with the row."""
    values = parse_row(columns, line)
    login_name = values.pop(USERNAME, None)
    if login_name is None:
        raise UsernameMissing
    mfa_flag, encoded_hash = values.pop(MFA_ENABLED, None), values.pop(PASSWORD_HASH, None)
    usernames.verify_storable(login_name)
    sub = Sub(random_uuid())
    given = users.tidy_flags(_with_iso_birthdate(values))
    username, complete = usernames.name_new_user(pool, login_name, given, sub)
    attributes.verify_new(pool, complete, writer=None)
    attributes.verify_complete(pool, complete)
    _verify_reachable(pool, complete)
    user = users.new_user(
        call,
        pool.pool_id,
        sub,
        username,
        status=UserStatus.RESET_REQUIRED,
        attributes=complete,
        password=None,
    )
    user = replace(user, mfa=_mfa_of(pool, complete, mfa_flag))
    _verify_aliases(pool, user)
    # AWS: who can sign in without a password need not choose one first.
    if not ADDRESS_OF.keys().isdisjoint(offered(pool, user)):
        user = replace(user, status=UserStatus.CONFIRMED)
    return _with_password(call, pool, user, encoded_hash, hash_algorithm)


def _with_iso_birthdate(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values with the birth date as every other operation writes it."""
    written = values.get("birthdate")
    if written is None:
        return values
    found = _BIRTHDATE.fullmatch(written)
    if found is None:
        raise ImportedBirthdateMalformed
    month, day, year = found.groups()
    return {**values, "birthdate": f"{year}-{month}-{day}"}


def _verify_reachable(pool: UserPool, complete: Mapping[str, str]) -> None:
    for flag, attribute in _FLAGS.items():
        if complete.get(flag) == "true" and not complete.get(attribute):
            raise VerifiedWithoutValue(attribute=attribute)
    if not any(
        complete.get(f"{attribute}_verified") == "true"
        for attribute in pool.auto_verified_attributes
    ):
        raise NothingVerified


def _verify_aliases(pool: UserPool, user: User) -> None:
    for attribute, key in users.aliases_of(pool, user).items():
        if len(key) > _MAX_ALIAS_LENGTH:
            raise AliasTooLong(attribute=attribute)


def _mfa_of(pool: UserPool, complete: Mapping[str, str], flag: str | None) -> UserMfa:
    if flag is None:
        return NO_MFA
    if flag.lower() not in {"true", "false"}:
        raise MfaFlagMalformed
    wanted = flag.lower() == "true"
    if pool.mfa_mode is not MfaMode.OPTIONAL:
        if wanted != (pool.mfa_mode is MfaMode.ON):
            raise MfaFlagAgainstPool(mode=pool.mfa_mode)
        return NO_MFA
    if not wanted:
        return NO_MFA
    usable = [
        factor
        for factor, attribute in ATTRIBUTE_OF.items()
        if factor in pool.mfa_factors and complete.get(attribute)
    ]
    # What is marked as protected must be: a flag without effect would only look so.
    if not usable:
        raise MfaWithoutFactor
    return UserMfa(enabled=frozenset(usable), preferred=usable[0])


def _with_password(
    call: Call,
    pool: UserPool,
    user: User,
    encoded_hash: str | None,
    hash_algorithm: HashAlgorithm | None,
) -> User:
    if encoded_hash is None:
        return user
    if hash_algorithm is None:
        raise HashNotExpected
    verify_importable(encoded_hash, hash_algorithm)
    kept = passwords.keep_imported(
        call, pool, user.sub, user.username, encoded_hash, set_at=call.now_millis
    )
    return replace(user, status=UserStatus.CONFIRMED, password=kept)
