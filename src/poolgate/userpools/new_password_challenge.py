"""NEW_PASSWORD_REQUIRED: what a user with a temporary password is asked, and the answer."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import account_events, attributes, password_history, passwords
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk_configuration import PasswordUse
from poolgate.userpools.users import User, UserStatus

_PREFIX = "userAttributes."


class AttributeAlreadyProvided(Failure):
    """The answer gives an attribute that the user has. Facts: attribute."""


def parameters(pool: UserPool, app_client: AppClient, user: User) -> Mapping[str, str]:
    """Return the challenge's parameters."""
    missing = attributes.missing_required(pool, user.attributes)
    return {
        "USER_ID_FOR_SRP": user.username,
        "userAttributes": _json(attributes.readable(app_client, user.attributes)),
        "requiredAttributes": _json([_PREFIX + name for name in missing]),
    }


def answered(
    call: Call, pool: UserPool, app_client: AppClient, user: User, responses: Mapping[str, str]
) -> User:
    """Return the user with the new password and attributes. Slow: outside transactions.

    Raises PasswordUnfit, PasswordUsedBefore, AttributeAlreadyProvided and what `attributes` says of
    values.
    """
    new_password = Secret(responses["NEW_PASSWORD"])
    given = {
        name.removeprefix(_PREFIX): value
        for name, value in responses.items()
        if name.startswith(_PREFIX)
    }
    for name in given:
        if name in user.attributes:
            raise AttributeAlreadyProvided(attribute=name)
    attributes.verify_changes(pool, given, writer=app_client)
    complete = {**user.attributes, **given}
    attributes.verify_complete(pool, complete)
    passwords.verify_fit(pool.password_policy, new_password)
    account_events.looks_compromised(
        call, pool, app_client.client_id, new_password, PasswordUse.PASSWORD_CHANGE
    )
    password_history.verify_unused(call, pool, user, new_password)
    return replace(
        user,
        status=UserStatus.CONFIRMED,
        attributes=complete,
        password=passwords.keep(call, pool, user.sub, user.username, new_password),
        modified_at=call.now_millis,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
