"""The user migration trigger: who is missing here may be known elsewhere.

A function is given the name and the password, answers with the user as it shall be, and the user is
stored with that password. Whatever goes wrong, it is as if nobody had been found: a function's
trouble tells nobody who exists. A refused password counts against the name, so that the old system
can be guessed at no more often than this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import attributes, passwords, situations, usernames, users
from poolgate.userpools.mfa_settings import MfaFactor, UserMfa
from poolgate.userpools.sign_in_progress import count_failure
from poolgate.userpools.situations import Situation
from poolgate.userpools.triggers import Occasion, Trigger, TriggerAnswerUnreadable, ask
from poolgate.userpools.users import User, UserStatus


class _FinalStatus(Enum):
    CONFIRMED = "CONFIRMED"
    RESET_REQUIRED = "RESET_REQUIRED"


class _Migrated(msgspec.Struct, rename="camel"):
    user_attributes: dict[str, str] | None = None
    final_user_status: _FinalStatus | None = None
    message_action: str | None = None
    desired_delivery_mediums: list[str] | None = None
    force_alias_creation: bool | None = None
    enable_sms_mfa: bool | None = msgspec.field(default=None, name="enableSMSMFA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """On what occasion somebody is looked for elsewhere; `password` only where one was typed."""

    source: str
    password: Secret | None = None
    validation: Mapping[str, str] | None = None
    client_metadata: Mapping[str, str] | None = None


def with_migrated_user(call: Call, situation: Situation, wanted: Wanted) -> Situation:
    """Return the situation with the user that the pool's function knows; else as it is."""
    if situation.user is not None or Trigger.USER_MIGRATION not in situation.pool.triggers:
        return situation
    try:
        _migrate(call, situation, wanted)
    except users.UsernameTaken:
        pass  # Somebody else's request migrated the user meanwhile.
    except Failure:
        # Where it may show that nobody was found, nothing counts the try later.
        if wanted.password is not None and not situation.hides_user_existence:
            with call.db.writing() as transaction:
                count_failure(transaction, call, situation)
        return situation
    return situations.read(
        call,
        situation.app_client.client_id,
        login_name=situation.login_name,
        for_sign_in=wanted.password is not None,
    )


def _migrate(call: Call, situation: Situation, wanted: Wanted) -> None:
    pool = situation.pool
    occasion = Occasion(
        pool=pool,
        source=wanted.source,
        username=situation.login_name,
        client_id=situation.app_client.client_id,
        client_metadata=wanted.client_metadata,
    )
    request: dict[str, object] = {"validationData": wanted.validation}
    if wanted.password is not None:
        request["password"] = wanted.password.reveal()
    empty = dict.fromkeys(
        (
            "userAttributes",
            "forceAliasCreation",
            "enableSMSMFA",
            "finalUserStatus",
            "messageAction",
            "desiredDeliveryMediums",
        )
    )
    migrated = ask(call, Trigger.USER_MIGRATION, occasion, request, _Migrated, response=empty)
    user = _user_of(call, situation, migrated, wanted.password)
    with call.db.writing() as transaction:
        if migrated.force_alias_creation and not pool.username_attributes:
            users.release_aliases(transaction, pool, user, call.now_millis)
        users.insert(transaction, pool, user)


def _user_of(
    call: Call, situation: Situation, migrated: _Migrated, password: Secret | None
) -> User:
    pool, given = situation.pool, dict(migrated.user_attributes or {})
    if not given:
        raise TriggerAnswerUnreadable
    sub = _sub(given.pop("sub", None))
    name = given.pop("username", situation.login_name)
    filled = users.tidy_flags({name: value for name, value in given.items() if value})
    username, complete = usernames.name_new_user(pool, name, filled, sub)
    attributes.verify_new(pool, complete, writer=None)
    is_confirmed = migrated.final_user_status is _FinalStatus.CONFIRMED
    user = users.new_user(
        call,
        pool.pool_id,
        sub,
        username,
        status=UserStatus.CONFIRMED if is_confirmed else UserStatus.RESET_REQUIRED,
        attributes=complete,
        # AWS: a migrated password need not fit the pool's password policy.
        password=passwords.keep(call, pool, sub, username, password) if password else None,
    )
    # Nobody gets a user by a name that does not lead to it.
    names = {users.username_key(pool, name), *users.aliases_of(pool, user).values()}
    if users.username_key(pool, situation.login_name) not in names:
        raise TriggerAnswerUnreadable
    return _with_sms_mfa(user) if migrated.enable_sms_mfa else user


def _sub(given: str | None) -> Sub:
    """Return the sub that the function asks to keep, or a new one."""
    if given is None:
        return Sub(random_uuid())
    try:
        return Sub(str(UUID(given)))
    except ValueError as error:
        raise TriggerAnswerUnreadable from error


def _with_sms_mfa(user: User) -> User:
    if not user.attributes.get("phone_number"):
        raise TriggerAnswerUnreadable
    sms = MfaFactor.SMS_MFA
    return replace(user, mfa=UserMfa(enabled=frozenset({sms}), preferred=sms))
