"""A user as it is stored: the record, the columns of its row, and the names that it can have."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from poolgate.foundation.ids import PoolId, Sub, Username
from poolgate.userpools.mfa_settings import NO_MFA, UserMfa
from poolgate.userpools.stored_passwords import PasswordScheme, StoredPassword
from poolgate.userpools.user_pool import UserPool


class UserStatus(StrEnum):
    """A user's state; `enabled` is independent of it."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a state's name
    RESET_REQUIRED = "RESET_REQUIRED"
    EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as stored. Attribute values are text, whatever their type; `sub` is not among them."""

    pool_id: PoolId
    sub: Sub
    username: Username
    status: UserStatus
    enabled: bool
    attributes: Mapping[str, str]
    password: StoredPassword | None
    mfa: UserMfa = NO_MFA
    failed_attempts: int
    last_failure_at: int | None
    locked_until: int | None
    signed_out_at: int | None
    created_at: int
    modified_at: int


def fold(name: str) -> str:
    """Return the form in which names are compared where case does not count."""
    return name.casefold()


def username_key(pool: UserPool, name: str) -> str:
    """Return the stored key of a username or alias in `pool`."""
    return name if pool.case_sensitive else fold(name)


def aliases_of(pool: UserPool, user: User) -> dict[str, str]:
    """Return the keys that sign the user in besides the username, by attribute.

    Where addresses are the usernames they always do; as aliases only once verified, and every alias
    only once the user is confirmed. Profiles that a provider vouches for have none: their addresses
    are the provider's word, and nobody signs in to them by a name.
    """
    if user.status is UserStatus.EXTERNAL_PROVIDER:
        return {}
    names = {
        attribute: value
        for attribute in pool.username_attributes
        if (value := user.attributes.get(attribute))
    }
    if user.status is not UserStatus.UNCONFIRMED:
        names |= {
            attribute: value
            for attribute in pool.alias_attributes
            if (value := user.attributes.get(attribute))
            and (
                attribute == "preferred_username"
                or user.attributes.get(f"{attribute}_verified") == "true"
            )
        }
    return {attribute: username_key(pool, value) for attribute, value in names.items()}


def changeable_columns(user: User) -> dict[str, object]:
    """Return the values of the columns that an update writes."""
    password = user.password
    return {
        "status": user.status,
        "enabled": user.enabled,
        "attributes": msgspec.json.encode(user.attributes),
        "password_scheme": password and password.scheme,
        "password_salt": password and password.salt,
        "sealed_password": password and password.sealed,
        "password_set_at": password and password.set_at,
        "mfa": None if user.mfa == NO_MFA else msgspec.json.encode(user.mfa),
        "modified_at": user.modified_at,
    }


def user_of(row: "sa.Row[tuple[object, ...]]") -> User:
    """Return the user in a row of the users table."""
    password = None
    if row.password_scheme is not None:
        password = StoredPassword(
            scheme=PasswordScheme(row.password_scheme),
            salt=row.password_salt,
            sealed=row.sealed_password,
            set_at=row.password_set_at,
        )
    return User(
        pool_id=row.pool_id,
        sub=row.sub,
        username=row.username,
        status=UserStatus(row.status),
        enabled=row.enabled,
        attributes=msgspec.json.decode(row.attributes, type=dict[str, str]),
        password=password,
        mfa=NO_MFA if row.mfa is None else msgspec.json.decode(row.mfa, type=UserMfa),
        failed_attempts=row.failed_attempts,
        last_failure_at=row.last_failure_at,
        locked_until=row.locked_until,
        signed_out_at=row.signed_out_at,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
