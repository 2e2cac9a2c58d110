"""Users on their way out of a pool and into one, a record each.

Importing is done line by line, each in its own transaction: a record that does not fit leaves no
trace and holds up no other. A record whose user is there already is passed over, so an import that
was interrupted is simply started again. Policies, triggers and messages stay out of it.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import GroupName, PoolId, Sub, Username
from poolgate.foundation.randomness import uuid_of
from poolgate.store.call import Call
from poolgate.userpools import (
    attributes,
    groups,
    linked_identities,
    mfa_transfer,
    passwords,
    pools,
    usernames,
    users,
)
from poolgate.userpools.groups import GroupNotFound
from poolgate.userpools.linked_identities import IDENTITIES, Identity, Link
from poolgate.userpools.mfa_settings import NO_MFA
from poolgate.userpools.pools import UserPool
from poolgate.userpools.tables import group_members
from poolgate.userpools.tables import users as users_table
from poolgate.userpools.user_records import LinkRecord, MfaRecord, UserRecord
from poolgate.userpools.usernames import UsernameMalformed
from poolgate.userpools.users import User, UserStatus

PAGE_SIZE = 200
_SUB = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class SubMalformed(Failure):
    """A sub is not a UUID in lower case."""


class GroupNameMalformed(Failure):
    """A group's name has characters, or a length, that none can have."""


class PasswordTimeWithoutPassword(Failure):
    """The record says when a password was set, but has none."""


class ExportedUser(NamedTuple):
    """A user's record, and whether an authenticator app is left out of it."""

    record: UserRecord
    leaves_app_behind: bool


_AFTER = (
    sa.select(users_table)
    .where(
        users_table.c.pool_id == sa.bindparam("pool_id"), users_table.c.sub > sa.bindparam("after")
    )
    .order_by(users_table.c.sub)
    .limit(sa.bindparam("limit"))
)
_GROUPS_BETWEEN = (
    sa.select(group_members.c.sub, group_members.c.group_name)
    .where(
        group_members.c.pool_id == sa.bindparam("pool_id"),
        group_members.c.sub >= sa.bindparam("first"),
        group_members.c.sub <= sa.bindparam("last"),
    )
    .order_by(group_members.c.sub, group_members.c.group_name)
)


def count(call: Call, pool_id: PoolId) -> int:
    """Return how many users `records` gives; raise UserPoolNotFound."""
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        return pools.count_users(transaction, pool_id)


def records(
    call: Call, pool_id: PoolId, *, with_passwords: bool, with_mfa_secrets: bool
) -> Iterator[ExportedUser]:
    """Give every user of the pool by sub; raise UserPoolNotFound.

    A user that is added, changed or removed meanwhile is given as some moment in between had it.
    """
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
    after = ""
    while page := _page(call, pool, after, with_mfa_secrets=with_mfa_secrets):
        for exported in page:
            record = _record_of(call, pool, exported, with_passwords=with_passwords)
            leaves_app_behind = exported.user.mfa.has_software_token and not with_mfa_secrets
            yield ExportedUser(record, leaves_app_behind)
        after = page[-1].user.sub


class _Exported(NamedTuple):
    """A user with what is not in its row."""

    user: User
    groups: tuple[str, ...]
    links: tuple[Link, ...]
    mfa: MfaRecord | None


def _page(call: Call, pool: UserPool, after: str, *, with_mfa_secrets: bool) -> Sequence[_Exported]:
    of_pool = {"pool_id": pool.pool_id}
    with call.db.reading() as transaction:
        rows = transaction.rows(_AFTER, {**of_pool, "after": after, "limit": PAGE_SIZE})
        found = [users.user_of(row) for row in rows]
        if not found:
            return ()
        between = {**of_pool, "first": found[0].sub, "last": found[-1].sub}
        names: dict[str, tuple[str, ...]] = {}
        for row in transaction.rows(_GROUPS_BETWEEN, between):
            names[row.sub] = (*names.get(row.sub, ()), row.group_name)
        return [
            _Exported(
                user,
                names.get(user.sub, ()),
                linked_identities.links_of(transaction, user)
                if IDENTITIES in user.attributes
                else (),
                None
                if user.mfa == NO_MFA
                else mfa_transfer.record_of(transaction, call, user, with_secrets=with_mfa_secrets),
            )
            for user in found
        ]


def _record_of(
    call: Call, pool: UserPool, exported: _Exported, *, with_passwords: bool
) -> UserRecord:
    user = exported.user
    password = user.password if with_passwords else None
    return UserRecord(
        username=user.username,
        sub=user.sub,
        status=user.status,
        enabled=user.enabled,
        attributes={name: value for name, value in user.attributes.items() if name != IDENTITIES},
        groups=exported.groups,
        linked_identities=tuple(
            LinkRecord(
                provider_name=link.identity.provider_name,
                attribute=link.identity.attribute,
                value=link.identity.value,
                linked_at=link.linked_at,
                is_profile=link.is_profile,
                issuer=link.issuer,
            )
            for link in exported.links
        ),
        mfa=exported.mfa,
        created_at=user.created_at,
        modified_at=user.modified_at,
        password=None if password is None else passwords.render_kept(call, pool, user, password),
        password_set_at=None if password is None else password.set_at,
    )


def put_record(
    call: Call, pool: UserPool, record: UserRecord, *, creates_groups: bool = False
) -> bool:
    """Make the record's user; return False, having changed nothing, when the sub is there already.

    Raises what is wrong with the record: SubMalformed, UsernameMalformed, UsernameTaken,
    AliasTaken, GroupNotFound, GroupNameMalformed, ForeignHashUnreadable, MfaRecordContradictory,
    TotpSecretMalformed and what `attributes` says of values.
    """
    sub = _sub_of(call, pool, record)
    with call.db.reading() as transaction:
        if users.find_by_sub(transaction, pool.pool_id, sub) is not None:
            return False
    user = _user_of(call, pool, sub, record)
    app_secret = mfa_transfer.app_secret_of(record.mfa)
    if creates_groups:
        _verify_group_names(record.groups)
    if any("\0" in name for name in record.groups):
        raise GroupNotFound
    with call.db.writing() as transaction:
        if users.find_by_sub(transaction, pool.pool_id, sub) is not None:
            return False
        users.insert(transaction, pool, user)
        for name in record.groups:
            if creates_groups:
                groups.ensure(transaction, call, pool.pool_id, GroupName(name), None)
            groups.add_member(transaction, pool.pool_id, GroupName(name), sub)
        linked_identities.restore(transaction, call, pool, user, _links_of(call, record))
        if record.mfa is not None and app_secret is not None:
            mfa_transfer.keep_app(transaction, call, user, record.mfa, app_secret)
    return True


def _verify_group_names(names: Sequence[str]) -> None:
    """Raise GroupNameMalformed for what no request could name."""
    try:
        for name in names:
            usernames.verify_storable(name)
    except UsernameMalformed as malformed:
        raise GroupNameMalformed from malformed


def _links_of(call: Call, record: UserRecord) -> tuple[Link, ...]:
    now = call.now_millis
    return tuple(
        Link(
            Identity(link.provider_name, link.attribute, link.value),
            now if link.linked_at is None else min(link.linked_at, now),
            is_profile=link.is_profile,
            issuer=link.issuer,
        )
        for link in record.linked_identities
    )


def _sub_of(call: Call, pool: UserPool, record: UserRecord) -> Sub:
    """Return the record's sub, or one that is always the same for its username.

    So a file without subs can be imported again after an interruption as well.
    """
    if record.sub is not None:
        if not _SUB.fullmatch(record.sub):
            raise SubMalformed
        return Sub(record.sub)
    name = f"{pool.pool_id}/{users.username_key(pool, record.username)}"
    digest = hmac.digest(call.vault.derived_key("imported sub"), name.encode(), "sha256")
    return Sub(uuid_of(digest[:16]))


def _user_of(call: Call, pool: UserPool, sub: Sub, record: UserRecord) -> User:
    usernames.verify_storable(record.username)
    given = {name: value for name, value in record.attributes.items() if value}
    if pool.username_attributes and record.username == sub:
        username, complete = Username(record.username), given
    else:
        username, complete = usernames.name_new_user(pool, record.username, given, sub)
    attributes.verify_new(pool, complete, writer=None)
    now = call.now_millis
    user = users.new_user(
        call,
        pool.pool_id,
        sub,
        username,
        status=_status_of(record),
        attributes=users.tidy_flags(complete),
        password=None,
    )
    if record.password is not None:
        set_at = now if record.password_set_at is None else min(record.password_set_at, now)
        kept = passwords.keep_imported(call, pool, sub, username, record.password, set_at=set_at)
        user = replace(user, password=kept)
    elif record.password_set_at is not None:
        raise PasswordTimeWithoutPassword
    created_at = now if record.created_at is None else min(record.created_at, now)
    modified_at = now if record.modified_at is None else min(record.modified_at, now)
    return replace(
        user,
        mfa=mfa_transfer.settings_of(record.mfa, user),
        enabled=record.enabled,
        created_at=created_at,
        modified_at=modified_at,
    )


def _status_of(record: UserRecord) -> UserStatus:
    if record.status is not None:
        return record.status
    return UserStatus.RESET_REQUIRED if record.password is None else UserStatus.CONFIRMED
