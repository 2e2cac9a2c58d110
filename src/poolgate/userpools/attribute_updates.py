"""Changing a user's attributes, and verifying the addresses among them.

A new address is not verified. Where the pool asks for verification first, it waits with its code
and the old address stays; otherwise it takes the old one's place at once, and a code is sent if the
pool verifies such addresses by itself. Codes sent to a former address are worth nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import attempt_limits, attributes, confirmation_codes, pools, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.confirmation_codes import VERIFYING, CodeKey, Refused
from poolgate.userpools.custom_messages import UPDATE_ATTRIBUTE, VERIFY_ATTRIBUTE, worded
from poolgate.userpools.custom_senders import require_sender
from poolgate.userpools.messages import MEDIUM_OF, Delivery, Wording
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

ADDRESSES = tuple(VERIFYING)


class NotVerifiable(Failure):
    """Only e-mail addresses and phone numbers can be verified."""


class NothingToVerifyThere(Failure):
    """The user has no value of the attribute. Facts: attribute."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an update does: the attributes after it, and the addresses that codes go to."""

    attributes: Mapping[str, str]
    deliveries: tuple[Delivery, ...]


def plan_change(pool: UserPool, user: User, given: Mapping[str, str]) -> Change:
    """Return what the update of a user leads to; a blank value removes an attribute."""
    given = users.tidy_flags(given)
    after = {**user.attributes, **given}
    deliveries = []
    for attribute in ADDRESSES:
        address = given.get(attribute)
        flag = f"{attribute}_verified"
        if attribute not in given or address == user.attributes.get(attribute):
            continue
        is_vouched_for = given.get(flag) == "true"
        if address and attribute in pool.verify_before_update and not is_vouched_for:
            after = _with_former(after, user.attributes, attribute)
            deliveries.append(Delivery(attribute, address))
            continue
        after[flag] = "true" if is_vouched_for else "false"
        if not address:
            after[flag] = ""
        elif attribute in pool.auto_verified_attributes and not is_vouched_for:
            deliveries.append(Delivery(attribute, address))
    return Change({name: value for name, value in after.items() if value}, tuple(deliveries))


def update(
    call: Call,
    signed_in: SignedIn,
    given: Mapping[str, str],
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> tuple[Delivery, ...]:
    """Change the user's own attributes and return where codes were sent."""
    attributes.verify_changes(signed_in.pool, given, writer=signed_in.app_client)
    asked = _Asked(signed_in.app_client.client_id, client_metadata)
    return _update(call, signed_in.pool, signed_in.user, given, asked)


def update_by_administrator(
    call: Call,
    pool_id: PoolId,
    login_name: str,
    given: Mapping[str, str],
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> None:
    """Change any mutable attributes of a user, verified flags among them."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        user = users.get(transaction, pool, login_name)
    attributes.verify_changes(pool, given, writer=None)
    _update(call, pool, user, given, _Asked(None, client_metadata))


def delete(call: Call, signed_in: SignedIn, names: Iterable[str]) -> None:
    """Remove some of the user's own attributes."""
    names = tuple(names)
    attributes.verify_removable(signed_in.pool, names, writer=signed_in.app_client)
    _update(call, signed_in.pool, signed_in.user, dict.fromkeys(names, ""), _Asked())


def delete_by_administrator(
    call: Call, pool_id: PoolId, login_name: str, names: Iterable[str]
) -> None:
    """Remove some of a user's attributes."""
    names = tuple(names)
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        user = users.get(transaction, pool, login_name)
    attributes.verify_removable(pool, names, writer=None)
    _update(call, pool, user, dict.fromkeys(names, ""), _Asked())


def send_code(
    call: Call,
    signed_in: SignedIn,
    attribute: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> Delivery:
    """Send a code to the user's address, or to the one that waits to take its place."""
    pool, sub = signed_in.pool, signed_in.user.sub
    key = _code_key(pool, sub, attribute)
    require_sender(call, pool, MEDIUM_OF[attribute])
    text = worded(
        call,
        pool,
        signed_in.user,
        VERIFY_ATTRIBUTE,
        media=(MEDIUM_OF[attribute],),
        client_id=signed_in.app_client.client_id,
        client_metadata=client_metadata,
    )
    with call.db.writing() as transaction:
        attempt_limits.count(
            transaction, pool.pool_id, sub, Attempt.SEND_ATTRIBUTE_CODE, call.now_millis
        )
        user = users.get_to_change(transaction, pool.pool_id, sub)
        delivery = confirmation_codes.find_delivery(transaction, key, call.now_millis)
        if delivery is None:
            address = user.attributes.get(attribute)
            if not address:
                raise NothingToVerifyThere(attribute=attribute)
            delivery = Delivery(attribute, address)
        confirmation_codes.issue(transaction, call, text, key, delivery)
    return delivery


def verify(call: Call, signed_in: SignedIn, attribute: str, code: Secret) -> None:
    """Mark the address verified that the code was sent to; one that waited is the user's now.

    Whoever signed in with that address as an alias no longer does. Raises CodeMismatch,
    CodeExpired, CodeWornOut, AttemptLimitExceeded or, where addresses are usernames, AliasTaken.
    """
    pool, sub = signed_in.pool, signed_in.user.sub
    key = _code_key(pool, sub, attribute)
    with call.db.writing() as transaction:
        attempt_limits.count(
            transaction, pool.pool_id, sub, Attempt.VERIFY_ATTRIBUTE, call.now_millis
        )
        former = users.get_to_change(transaction, pool.pool_id, sub)
        taken = confirmation_codes.consume(transaction, call, key, code)
        if not isinstance(taken, Refused):
            proven = {attribute: taken.address, f"{attribute}_verified": "true"}
            verified = replace(
                former, attributes={**former.attributes, **proven}, modified_at=call.now_millis
            )
            if not pool.username_attributes:
                users.release_aliases(transaction, pool, verified, call.now_millis)
            users.update(transaction, pool, verified, former)
            if former.attributes.get(attribute) != taken.address:
                confirmation_codes.revoke_of_attribute(transaction, pool.pool_id, sub, attribute)
    if isinstance(taken, Refused):
        raise taken.failure


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a function is told of who asks."""

    client_id: ClientId | None = None
    client_metadata: Mapping[str, str] | None = None


def _update(
    call: Call, pool: UserPool, user: User, given: Mapping[str, str], asked: _Asked
) -> tuple[Delivery, ...]:
    sub, text = user.sub, Wording(pool)
    planned = plan_change(pool, user, given).deliveries
    if planned:
        text = worded(
            call,
            pool,
            user,
            UPDATE_ATTRIBUTE,
            media=[delivery.medium for delivery in planned],
            client_id=asked.client_id,
            client_metadata=asked.client_metadata,
        )
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, pool.pool_id, sub)
        change = plan_change(pool, former, given)
        for delivery in change.deliveries:
            require_sender(call, pool, delivery.medium)
        changed = replace(former, attributes=change.attributes, modified_at=call.now_millis)
        users.update(transaction, pool, changed, former)
        revoke_stale_codes(transaction, changed, former)
        for delivery in change.deliveries:
            key = _code_key(pool, sub, delivery.attribute)
            confirmation_codes.issue(transaction, call, text, key, delivery)
    return change.deliveries


def revoke_stale_codes(transaction: Transaction, changed: User, former: User) -> None:
    """Make codes worthless that went to addresses which are not the user's any more."""
    for attribute in ADDRESSES:
        if changed.attributes.get(attribute) != former.attributes.get(attribute):
            confirmation_codes.revoke_of_attribute(
                transaction, former.pool_id, former.sub, attribute
            )


def _with_former(
    after: Mapping[str, str], former: Mapping[str, str], attribute: str
) -> dict[str, str]:
    """Return `after` with the attribute and its flag as they were."""
    kept = {**after, attribute: former.get(attribute, "")}
    flag = f"{attribute}_verified"
    return {**kept, flag: former.get(flag, "")}


def _code_key(pool: UserPool, sub: Sub, attribute: str) -> CodeKey:
    if attribute not in VERIFYING:
        raise NotVerifiable
    return CodeKey(pool.pool_id, sub, VERIFYING[attribute])
