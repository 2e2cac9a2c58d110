"""Signing up, and confirming it with the code that was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    account_events,
    account_triggers,
    attempt_limits,
    attributes,
    auth_sessions,
    confirmation_codes,
    custom_messages,
    first_factors,
    log_delivery,
    messages,
    passwords,
    sign_up_sessions,
    situations,
    terms_acceptances,
    usernames,
    users,
)
from poolgate.userpools.account_triggers import Welcome
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.auth_events import EventType
from poolgate.userpools.auth_sessions import PresentedAuthSession
from poolgate.userpools.confirmation_codes import CodeExpired, CodeKey, Purpose, Refused
from poolgate.userpools.confirmation_links import find_link
from poolgate.userpools.custom_messages import worded
from poolgate.userpools.custom_senders import require_sender
from poolgate.userpools.messages import Delivery, Wording
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk_configuration import PasswordUse
from poolgate.userpools.sign_up_sessions import Following
from poolgate.userpools.situations import NameNotFoundForClient, Situation
from poolgate.userpools.triggers import Occasion, Trigger
from poolgate.userpools.users import AliasTaken, User, UserStatus


class SignUpClosed(Failure):
    """Only administrators make users of this pool."""


class AliasAtSignUp(Failure):
    """An alias that only a confirmed user may have was given at sign-up. Facts: attribute."""


class NotUnconfirmed(Failure):
    """The user does not wait for confirmation. Facts: status."""


class AlreadyConfirmed(Failure):
    """There is nothing to send a code for."""


class NothingToVerify(Failure):
    """The pool verifies no address that the user has."""


class AliasHeldByAnother(AliasTaken):
    """Another user signs in with the address that would be confirmed. Facts: attribute."""


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new user, where the code went, and the auth session that confirms and signs in."""

    user: User
    delivery: Delivery | None
    auth_session: Secret | None = None


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """A user who is confirmed, and where the code had gone."""

    user: User
    delivery: Delivery


def sign_up(
    call: Call,
    client_id: ClientId,
    login_name: str,
    password: Secret | None,
    given: Mapping[str, str],
    *,
    secret_hash: str | None,
    at_pages: bool = False,
    accepted_terms: tuple[str, str] | None = None,
    validation: Mapping[str, str] | None = None,
    client_metadata: Mapping[str, str] | None = None,
) -> SignedUp:
    """Make an unconfirmed user and send the code that confirms it.

    Raises UsernameTaken for a name in use, whatever the app client hides: a name can only be
    refused by saying so. Only pools that begin sign-ins with codes have users without a password.
    `accepted_terms` are the links that the user agreed to.
    """
    situation = situations.read(call, client_id, at_pages=at_pages)
    pool, app_client = situation.pool, situation.app_client
    situations.verify_client(situation, login_name, secret_hash)
    account_events.verify_address_allowed(call, pool, app_client)
    if pool.admin_create_user_only:
        raise SignUpClosed
    sub = Sub(random_uuid())
    filled = {name: value for name, value in given.items() if value}
    username, complete = usernames.name_new_user(pool, login_name, filled, sub)
    if "preferred_username" in pool.alias_attributes and "preferred_username" in filled:
        raise AliasAtSignUp(attribute="preferred_username")
    attributes.verify_new(pool, complete, writer=app_client)
    is_compromised = False
    if password is None:
        first_factors.verify_passwordless(pool, complete)
    else:
        passwords.verify_fit(pool.password_policy, password)
        is_compromised = account_events.looks_compromised(
            call, pool, client_id, password, PasswordUse.SIGN_UP
        )
    occasion = Occasion(
        pool=pool,
        source="PreSignUp_SignUp",
        username=username,
        client_id=client_id,
        client_metadata=client_metadata,
    )
    welcome = _welcomed(call, occasion, login_name, complete, validation)
    is_confirmed = bool(welcome.auto_confirm_user)
    delivery = None if is_confirmed else messages.sign_up_delivery(pool, complete)
    if delivery is not None:
        require_sender(call, pool, delivery.medium)
    vouched_for = account_triggers.verified_by(welcome)
    user = users.new_user(
        call,
        pool.pool_id,
        sub,
        username,
        status=UserStatus.CONFIRMED if is_confirmed else UserStatus.UNCONFIRMED,
        attributes={**complete, **vouched_for},
        password=passwords.keep(call, pool, sub, username, password) if password else None,
    )
    text = Wording(pool)
    following = None
    if delivery is not None:
        link = find_link(call, pool, delivery.medium, client_id, username)
        text = worded(
            call,
            pool,
            user,
            custom_messages.SIGN_UP,
            media=(delivery.medium,),
            client_id=client_id,
            client_metadata=client_metadata,
        )
        text = replace(text, link=link)
        following = sign_up_sessions.after_sign_up(call, app_client, user, at_pages=at_pages)
    with call.db.writing() as transaction:
        if vouched_for and not pool.username_attributes:
            # AWS Pre sign-up Lambda trigger: "the alias will be moved to the new user".
            users.release_aliases(transaction, pool, user, call.now_millis)
        users.insert(transaction, pool, user)
        if delivery is not None:
            key = CodeKey(pool.pool_id, sub, Purpose.SIGN_UP)
            confirmation_codes.issue(transaction, call, text, key, delivery)
        sign_up_sessions.store(transaction, following)
        if accepted_terms is not None:
            terms_acceptances.record(transaction, call, user, client_id, accepted_terms)
        event = account_events.record(
            transaction,
            call,
            EventType.SIGN_UP,
            pool=pool,
            app_client=app_client,
            user=user,
            is_compromised=is_compromised,
        )
    log_delivery.tell(call, pool, user, event)
    if is_confirmed:
        account_triggers.tell_confirmed(
            call, replace(occasion, source=account_triggers.CONFIRMED), user
        )
    return SignedUp(user, delivery, following.sealed.text if following else None)


def _welcomed(
    call: Call,
    occasion: Occasion,
    login_name: str,
    attributes: Mapping[str, str],
    validation: Mapping[str, str] | None,
) -> Welcome:
    """Ask the pool's function about a user whose name is still free."""
    if Trigger.PRE_SIGN_UP in occasion.pool.triggers:
        with call.db.reading() as transaction:
            users.verify_free(transaction, occasion.pool, login_name)
    return account_triggers.ask_before_sign_up(call, occasion, attributes, validation)


def confirm(
    call: Call,
    client_id: ClientId,
    login_name: str,
    code: Secret,
    *,
    secret_hash: str | None,
    at_pages: bool = False,
    takes_alias: bool,
    auth_session: Secret | None = None,
    client_metadata: Mapping[str, str] | None = None,
) -> Secret | None:
    """Confirm the user, and the address that the code was sent to.

    There is an auth session to sign in with, unless the one of the sign-up was presented and has
    expired. Raises CodeMismatch, CodeExpired, CodeWornOut, NotUnconfirmed, AuthSessionInvalid,
    AuthSessionUsed or AliasHeldByAnother; the last three leave the code usable.
    """
    situation = situations.read(call, client_id, login_name=login_name, at_pages=at_pages)
    situations.verify_client(situation, login_name, secret_hash)
    account_events.verify_address_allowed(call, situation.pool, situation.app_client)
    _verify_known(situation)
    presented = sign_up_sessions.open_for_confirmation(
        call, situation.app_client, situation.user, auth_session, at_pages=at_pages
    )
    return _confirm(
        call,
        situation,
        code,
        takes_alias=takes_alias,
        presented=presented,
        # OBSERVED aws-amplify 6.22: it presents none here and signs in with what it gets.
        leads_on=presented is not None or (auth_session is None and not at_pages),
        client_metadata=client_metadata,
    )


def confirm_by_link(
    call: Call, pool_id: PoolId, client_id: ClientId, user_name: str, code: Secret
) -> None:
    """Confirm the user as the link in an e-mail says; it needs no app, so no client secret.

    Raises what `confirm` raises, and AppClientNotFound for another pool's.
    """
    situation = situations.read(call, client_id, pool_id=pool_id, login_name=user_name)
    _confirm(
        call,
        situation,
        code,
        takes_alias=False,
        presented=None,
        leads_on=False,
        client_metadata=None,
    )


def _confirm(
    call: Call,
    situation: Situation,
    code: Secret,
    *,
    takes_alias: bool,
    presented: PresentedAuthSession | None,
    leads_on: bool,
    client_metadata: Mapping[str, str] | None,
) -> Secret | None:
    pool_id = situation.pool.pool_id
    following: Following | None = None
    with call.db.writing() as transaction:
        attempt_limits.count(
            transaction, pool_id, situation.stand_in, Attempt.CONFIRM_SIGN_UP, call.now_millis
        )
        if situation.user is None:
            confirmed: _Confirmed | Refused = Refused(CodeExpired())
        else:
            confirmed = _confirm_with(
                transaction, call, situation.pool, situation.user.sub, code, takes_alias=takes_alias
            )
        if presented is not None and isinstance(confirmed, _Confirmed):
            auth_sessions.consume(transaction, presented, call.now_millis)
        if leads_on and isinstance(confirmed, _Confirmed):
            following = sign_up_sessions.after_confirmation(
                call, situation.app_client, confirmed.user, confirmed.delivery, presented
            )
            sign_up_sessions.store(transaction, following)
    if isinstance(confirmed, Refused):
        raise confirmed.failure
    occasion = Occasion(
        pool=situation.pool,
        source=account_triggers.CONFIRMED,
        username=confirmed.user.username,
        client_id=situation.app_client.client_id,
        client_metadata=client_metadata,
    )
    account_triggers.tell_confirmed(call, occasion, confirmed.user)
    return following.sealed.text if following else None


def _confirm_with(
    transaction: Transaction,
    call: Call,
    pool: UserPool,
    sub: Sub,
    code: Secret,
    *,
    takes_alias: bool,
) -> _Confirmed | Refused:
    former = users.get_to_change(transaction, pool.pool_id, sub)
    if former.status is not UserStatus.UNCONFIRMED:
        raise NotUnconfirmed(status=former.status)
    key = CodeKey(pool.pool_id, sub, Purpose.SIGN_UP)
    taken = confirmation_codes.consume(transaction, call, key, code)
    if isinstance(taken, Refused):
        return taken
    confirmed = _confirmed(former, taken, call.now_millis)
    if takes_alias and not pool.username_attributes:
        users.release_aliases(transaction, pool, confirmed, call.now_millis)
    try:
        users.update(transaction, pool, confirmed, former)
    except AliasTaken as conflict:
        raise AliasHeldByAnother(**conflict.facts) from conflict
    return _Confirmed(confirmed, taken)


def resend(
    call: Call,
    client_id: ClientId,
    login_name: str,
    *,
    secret_hash: str | None,
    at_pages: bool = False,
    client_metadata: Mapping[str, str] | None = None,
) -> Delivery:
    """Send a new code and return where it went; for a hidden missing user only say so."""
    situation = situations.read(call, client_id, login_name=login_name, at_pages=at_pages)
    situations.verify_client(situation, login_name, secret_hash)
    _verify_known(situation)
    pool, user = situation.pool, situation.user
    account_events.verify_address_allowed(call, pool, situation.app_client)
    delivery = _resend_delivery(pool, user, situation)
    require_sender(call, pool, delivery.medium)
    username = user.username if user else login_name
    # Looked for on behalf of nobody too: a pool without a domain must not tell who has an account.
    link = find_link(call, pool, delivery.medium, client_id, username)
    text = Wording(pool, link=link)
    if user is not None:
        text = worded(
            call,
            pool,
            user,
            custom_messages.RESEND_CODE,
            media=(delivery.medium,),
            client_id=client_id,
            client_metadata=client_metadata,
        )
        text = replace(text, link=link)
    with call.db.writing() as transaction:
        attempt_limits.count(
            transaction,
            pool.pool_id,
            situation.stand_in,
            Attempt.RESEND_SIGN_UP,
            call.now_millis,
        )
        key = CodeKey(pool.pool_id, situation.stand_in, Purpose.SIGN_UP)
        if user is not None:
            confirmation_codes.issue(transaction, call, text, key, delivery)
        else:
            confirmation_codes.simulate(transaction, call, text, key, delivery)
        event = account_events.record(
            transaction,
            call,
            EventType.RESEND_CODE,
            pool=pool,
            app_client=situation.app_client,
            user=user,
        )
    log_delivery.tell(call, pool, user, event)
    return delivery


def _verify_known(situation: Situation) -> None:
    if situation.user is None and not situation.hides_user_existence:
        raise NameNotFoundForClient


def _resend_delivery(pool: UserPool, user: User | None, situation: Situation) -> Delivery:
    if user is None:
        delivery = messages.simulated_delivery(
            pool.auto_verified_attributes, situation.login_name, situation.stand_in
        )
    elif user.status is not UserStatus.UNCONFIRMED:
        raise AlreadyConfirmed
    else:
        delivery = messages.sign_up_delivery(pool, user.attributes)
    if delivery is None:
        raise NothingToVerify
    return delivery


def _confirmed(former: User, delivery: Delivery, now_millis: int) -> User:
    """Return the user confirmed; the address counts as verified only if it is still the user's."""
    attribute = delivery.attribute
    verified = (
        {f"{attribute}_verified": "true"}
        if former.attributes.get(attribute) == delivery.address
        else {}
    )
    return replace(
        former,
        status=UserStatus.CONFIRMED,
        attributes={**former.attributes, **verified},
        modified_at=now_millis,
    )
