"""What administrators do with users: create, invite again, confirm, disable, enable, delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from poolgate.delivery.queue import Medium, enqueue
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    account_triggers,
    attributes,
    first_factors,
    messages,
    password_history,
    passwords,
    pools,
    refresh_tokens,
    sign_in_policy,
    usernames,
    users,
)
from poolgate.userpools.custom_messages import ADMIN_CREATE_USER, worded
from poolgate.userpools.custom_senders import require_sender
from poolgate.userpools.messages import Delivery, Wording
from poolgate.userpools.passwords import TemporaryPasswordUnfit
from poolgate.userpools.pools import UserPool
from poolgate.userpools.triggers import Occasion, Trigger
from poolgate.userpools.users import AddressTaken, User, UsernameTaken, UserStatus


class AccountExists(UsernameTaken):
    """An administrator made a user whose name is in use."""


class NoAddressForInvitation(Failure):
    """The user has no address for the wanted medium. Facts: address, medium."""


class NotInvited(Failure):
    """Only a user who still has a temporary password is invited again. Facts: username."""


class CannotConfirm(Failure):
    """The user does not wait for confirmation. Facts: status."""


_ADDRESS_WORDS = {
    Medium.EMAIL: {"address": "email", "medium": "Email"},
    Medium.SMS: {"address": "phone number", "medium": "SMS"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """How a new user hears of the account; without `media` whatever address there is."""

    media: Sequence[Medium] = ()
    suppressed: bool = False


def create(
    call: Call,
    pool_id: PoolId,
    login_name: str,
    given: Mapping[str, str],
    *,
    temporary_password: Secret | None,
    invitation: Invitation,
    takes_aliases: bool = False,
    validation: Mapping[str, str] | None = None,
    client_metadata: Mapping[str, str] | None = None,
) -> User:
    """Make a user who must change the temporary password at the first sign-in.

    Where sign-ins may begin with a code, a user for whom no password is given has none, and nothing
    to be told by an invitation.
    Raises UsernameTaken, AliasTaken and what the pool says of name, attributes and password.
    """
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
    sub = Sub(random_uuid())
    filled = users.tidy_flags({name: value for name, value in given.items() if value})
    username, complete = usernames.name_new_user(pool, login_name, filled, sub)
    attributes.verify_new(pool, complete, writer=None)
    password = _first_password(pool, complete, temporary_password)
    deliveries = () if password is None else _deliveries(call, pool, complete, invitation)
    occasion = Occasion(
        pool=pool,
        source="PreSignUp_AdminCreateUser",
        username=username,
        client_metadata=client_metadata,
    )
    _ask_before(call, occasion, login_name, complete, validation)
    user = users.new_user(
        call,
        pool_id,
        sub,
        username,
        status=UserStatus.FORCE_CHANGE_PASSWORD if password else UserStatus.CONFIRMED,
        attributes=complete,
        password=passwords.keep(call, pool, sub, username, password) if password else None,
    )
    text = _worded(call, pool, user, deliveries, client_metadata)
    with call.db.writing() as transaction:
        if takes_aliases and not pool.username_attributes:
            users.release_aliases(transaction, pool, user, call.now_millis)
        try:
            users.insert(transaction, pool, user)
        except AddressTaken:
            raise
        except UsernameTaken as taken:
            raise AccountExists from taken
        if password is not None:
            for delivery in deliveries:
                message = messages.invitation(text, delivery, login_name, password)
                enqueue(transaction, call, message)
    return user


def _ask_before(
    call: Call,
    occasion: Occasion,
    login_name: str,
    attributes: Mapping[str, str],
    validation: Mapping[str, str] | None,
) -> None:
    """Let the pool's function refuse the user; AWS ignores what else it answers here."""
    if Trigger.PRE_SIGN_UP not in occasion.pool.triggers:
        return
    with call.db.reading() as transaction:
        try:
            users.verify_free(transaction, occasion.pool, login_name)
        except AddressTaken:
            raise
        except UsernameTaken as taken:
            raise AccountExists from taken
    account_triggers.ask_before_sign_up(call, occasion, attributes, validation)


def invite_again(
    call: Call,
    pool_id: PoolId,
    login_name: str,
    *,
    temporary_password: Secret | None,
    invitation: Invitation,
    client_metadata: Mapping[str, str] | None = None,
) -> User:
    """Give a user who never signed in a new temporary password and send it."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        user = users.get(transaction, pool, login_name)
    _verify_invited(user)
    password = _temporary(pool, temporary_password)
    deliveries = _deliveries(call, pool, user.attributes, invitation)
    kept = passwords.keep(call, pool, user.sub, user.username, password)
    text = _worded(call, pool, user, deliveries, client_metadata)
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, pool_id, user.sub)
        _verify_invited(former)
        invited = replace(former, password=kept, modified_at=call.now_millis)
        users.update(transaction, pool, invited, former)
        for delivery in deliveries:
            enqueue(transaction, call, messages.invitation(text, delivery, login_name, password))
    return invited


def get(call: Call, pool_id: PoolId, login_name: str) -> tuple[UserPool, User]:
    """Return the user and the pool; raise UserPoolNotFound or UserNotFound."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        return pool, users.get(transaction, pool, login_name)


def confirm(
    call: Call,
    pool_id: PoolId,
    login_name: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> None:
    """Confirm a sign-up without a code; addresses stay unverified."""
    with call.db.writing() as transaction:
        pool, former = _get_to_change(transaction, pool_id, login_name)
        if former.status is not UserStatus.UNCONFIRMED:
            raise CannotConfirm(status=former.status)
        confirmed = replace(former, status=UserStatus.CONFIRMED, modified_at=call.now_millis)
        users.update(transaction, pool, confirmed, former)
    occasion = Occasion(
        pool=pool,
        source=account_triggers.CONFIRMED,
        username=confirmed.username,
        client_metadata=client_metadata,
    )
    account_triggers.tell_confirmed(call, occasion, confirmed)


def set_enabled(call: Call, pool_id: PoolId, login_name: str, *, enabled: bool) -> None:
    """Let the user sign in, or not; disabling ends every session at once."""
    with call.db.writing() as transaction:
        pool, former = _get_to_change(transaction, pool_id, login_name)
        if former.enabled != enabled:
            changed = replace(former, enabled=enabled, modified_at=call.now_millis)
            users.update(transaction, pool, changed, former)
        if not enabled:
            refresh_tokens.revoke_all_of_user(transaction, pool_id, former.sub, call.now_millis)


def delete(call: Call, pool_id: PoolId, login_name: str) -> None:
    """Remove the user and everything that hangs on it."""
    with call.db.writing() as transaction:
        _, user = _get_to_change(transaction, pool_id, login_name)
        users.delete(transaction, user)


def delete_itself(call: Call, user: User) -> None:
    """Remove a user at its own wish; having been removed meanwhile is no fault."""
    with call.db.writing() as transaction:
        users.delete(transaction, user)


def set_password(
    call: Call, pool_id: PoolId, login_name: str, password: Secret, *, permanent: bool
) -> None:
    """Replace the user's password; one that is not permanent must be changed at sign-in.

    Raises PasswordUnfit, PasswordUsedBefore or PasswordChangedMeanwhile.
    """
    pool, user = get(call, pool_id, login_name)
    passwords.verify_fit(pool.password_policy, password)
    password_history.verify_unused(call, pool, user, password)
    kept = passwords.keep(call, pool, user.sub, user.username, password)
    status = UserStatus.CONFIRMED if permanent else UserStatus.FORCE_CHANGE_PASSWORD
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, pool_id, user.sub)
        password_history.verify_unchanged(pool, user, former)
        changed = replace(former, password=kept, status=status, modified_at=call.now_millis)
        users.update(transaction, pool, changed, former)


def _get_to_change(
    transaction: Transaction, pool_id: PoolId, login_name: str
) -> tuple[UserPool, User]:
    pool = pools.get(transaction, pool_id)
    sub = users.get(transaction, pool, login_name).sub
    return pool, users.get_to_change(transaction, pool_id, sub)


def _verify_invited(user: User) -> None:
    if user.status is not UserStatus.FORCE_CHANGE_PASSWORD:
        raise NotInvited(username=user.username)


def _first_password(
    pool: UserPool, stored: Mapping[str, str], given: Secret | None
) -> Secret | None:
    """Return a new user's password: the one given, a generated one, or none where none is needed.

    Raises TemporaryPasswordUnfit or AddressForCodesMissing.
    """
    if given is None and sign_in_policy.allows_passwordless(pool):
        first_factors.verify_passwordless(pool, stored)
        return None
    return _temporary(pool, given)


def _temporary(pool: UserPool, given: Secret | None) -> Secret:
    if given is None:
        return passwords.generate_temporary(pool.password_policy)
    passwords.verify_fit(pool.password_policy, given, failure=TemporaryPasswordUnfit)
    return given


def _worded(
    call: Call,
    pool: UserPool,
    user: User,
    deliveries: Sequence[Delivery],
    client_metadata: Mapping[str, str] | None,
) -> Wording:
    if not deliveries:
        return Wording(pool)
    return worded(
        call,
        pool,
        user,
        ADMIN_CREATE_USER,
        media=[delivery.medium for delivery in deliveries],
        client_id=None,
        client_metadata=client_metadata,
    )


def _deliveries(
    call: Call, pool: UserPool, stored: Mapping[str, str], invitation: Invitation
) -> Sequence[Delivery]:
    """Return where the invitation goes; raise NoAddressForInvitation or NoSenderConfigured."""
    if invitation.suppressed:
        return ()
    if invitation.media:
        for medium in invitation.media:
            if not stored.get(messages.ATTRIBUTE_OF[medium]):
                raise NoAddressForInvitation(**_ADDRESS_WORDS[medium])
        wanted = tuple(dict.fromkeys(invitation.media))
    else:
        # AWS API_AdminCreateUser: SMS by default, and a user needs no address at all.
        reachable = [m for m in (Medium.SMS, Medium.EMAIL) if stored.get(messages.ATTRIBUTE_OF[m])]
        wanted = tuple(reachable[:1])
    for medium in wanted:
        require_sender(call, pool, medium)
    return [
        Delivery(messages.ATTRIBUTE_OF[medium], stored[messages.ATTRIBUTE_OF[medium]])
        for medium in wanted
    ]
