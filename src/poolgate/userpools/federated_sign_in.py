"""Signing in with an identity provider's word instead of a password.

    assertion ──> inbound function ──> attributes ──> known? ── yes ──> functions of a sign-in
                                                        └── no ──> functions of a sign-up
                                                  ──> the profile stored, a browser session

The word counts as every proof that there is: the pool asks for no second factor of its own. The
functions are asked outside of transactions; what they were asked about is looked at again inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.store.call import Call
from poolgate.userpools import (
    account_events,
    account_triggers,
    attributes,
    browser_sessions,
    federated_users,
    log_delivery,
    pools,
    sign_in_triggers,
    users,
)
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_events import EventType
from poolgate.userpools.browser_sessions import BrowserSignIn
from poolgate.userpools.federated_assertions import Assertion, mapped_attributes
from poolgate.userpools.federated_users import Person
from poolgate.userpools.lockout import FailureCount
from poolgate.userpools.pools import UserPool
from poolgate.userpools.situations import Situation
from poolgate.userpools.triggers import Occasion, Trigger, ask
from poolgate.userpools.users import User, UserDisabled, UsernameTaken

_PRE_SIGN_UP = "PreSignUp_ExternalProvider"
_INBOUND = "InboundFederation_ExternalProvider"


class ProviderNotOffered(Failure):
    """The app client does not take sign-ins by this identity provider. Facts: name."""


class LinkedUserUnconfirmed(Failure):
    """The user whom the identity is linked to never confirmed the account."""


class _Inbound(msgspec.Struct, rename="camel"):
    """What a function makes of a provider's claims; nothing is as it came."""

    user_attributes_to_map: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """Where somebody signs in."""

    pool: UserPool
    app_client: AppClient

    def situation(self, user: User) -> Situation:
        """Return the situation of a sign-in of the user."""
        return Situation(
            app_client=self.app_client,
            pool=self.pool,
            client_secrets=(),
            login_name=user.username,
            user=user,
            stand_in=user.sub,
            failures=FailureCount(),
        )

    def occasion(self, source: str, username: str) -> Occasion:
        """Return what a function is asked about."""
        return Occasion(
            pool=self.pool, source=source, username=username, client_id=self.app_client.client_id
        )


def sign_in(call: Call, app_client: AppClient, assertion: Assertion) -> BrowserSignIn:
    """Sign the browser in as whom the assertion names; of two first sign-ins one makes the user.

    Raises ProviderNotOffered, UserDisabled, LinkedUserUnconfirmed, RequestBlocked, what attributes
    are refused for, what functions answer, and the failures of `federated_users`.
    """
    provider = assertion.provider
    if provider.name not in (app_client.identity_providers or ()):
        raise ProviderNotOffered(name=provider.name)
    with call.db.reading() as transaction:
        asker = _Asker(pool=pools.get(transaction, app_client.pool_id), app_client=app_client)
    account_events.verify_address_allowed(call, asker.pool, app_client)
    claims = _inbound_claims(call, asker, assertion)
    mapped = mapped_attributes(provider, app_client, claims)
    attributes.verify_new(asker.pool, mapped, writer=None)
    person = Person(assertion, mapped)
    user = _find(call, asker, person)
    if user is None:
        made = _sign_up(call, asker, person)
        if isinstance(made, BrowserSignIn):
            return made
        user = made
    return _sign_in(call, asker, person, user)


def _inbound_claims(call: Call, asker: _Asker, assertion: Assertion) -> Mapping[str, object]:
    """Return the claims as the pool's function has them; whom they are about stays as it is."""
    if Trigger.INBOUND_FEDERATION not in asker.pool.triggers:
        return assertion.claims
    request = {
        "providerName": assertion.provider.name,
        "providerType": assertion.provider.type,
        "attributes": assertion.received,
    }
    inbound = ask(
        call,
        Trigger.INBOUND_FEDERATION,
        # OBSERVED in functions of others: the subject alone, without the provider's name.
        asker.occasion(_INBOUND, assertion.subject),
        request,
        _Inbound,
        response={"userAttributesToMap": {}},
    )
    # AWS Inbound federation Lambda trigger: nothing keeps all that came, else the rest is dropped.
    return inbound.user_attributes_to_map or assertion.claims


def _find(call: Call, asker: _Asker, person: Person) -> User | None:
    with call.db.reading() as transaction:
        return federated_users.find(transaction, asker.pool, person)


# ---- the first time -------------------------------------------------------------------------


def _sign_up(call: Call, asker: _Asker, person: Person) -> BrowserSignIn | User:
    """Make the profile and sign in, or return the user whom it turns out to be."""
    pool, assertion = asker.pool, person.assertion
    given = federated_users.first_attributes(person)
    federated_users.verify_complete(pool, given)
    occasion = asker.occasion(_PRE_SIGN_UP, federated_users.username_of(pool, assertion))
    # OBSERVED in events of AWS: both aliases are there, and empty.
    told = {"cognito:email_alias": "", "cognito:phone_number_alias": "", **given}
    welcome = account_triggers.ask_before_sign_up(call, occasion, told, {})
    if Trigger.PRE_SIGN_UP in pool.triggers:
        # AWS AdminLinkProviderForUser is made for this function: it may have linked the person.
        linked = _find(call, asker, person)
        if linked is not None:
            return linked
    vouched_for = account_triggers.verified_by(welcome)
    user = federated_users.new_profile(call, pool, person, vouched_for)
    try:
        signed_in = _store_profile(call, asker, person, user)
    except UsernameTaken:
        other = _find(call, asker, person)
        if other is None:
            raise
        return other
    confirmed = asker.occasion(account_triggers.CONFIRMED, user.username)
    account_triggers.tell_confirmed(call, confirmed, user)
    return signed_in


def _store_profile(call: Call, asker: _Asker, person: Person, user: User) -> BrowserSignIn:
    assertion = person.assertion
    with call.db.writing() as transaction:
        # An administrator may have linked the person meanwhile.
        if federated_users.find(transaction, asker.pool, person) is not None:
            raise UsernameTaken
        federated_users.insert(transaction, call, asker.pool, assertion.provider.name, user)
        event = account_events.record(
            transaction,
            call,
            EventType.SIGN_UP,
            pool=asker.pool,
            app_client=asker.app_client,
            user=user,
        )
        signed_in = browser_sessions.begin(
            transaction,
            call,
            asker.pool,
            user,
            client_id=asker.app_client.client_id,
            reached=assertion.reached,
            upstream=assertion.upstream,
        )
    log_delivery.tell(call, asker.pool, user, event)
    return signed_in


# ---- every other time -----------------------------------------------------------------------


def _sign_in(call: Call, asker: _Asker, person: Person, user: User) -> BrowserSignIn:
    pool = asker.pool
    _verify_may_sign_in(user)
    sign_in_triggers.ask_before_sign_in(call, asker.situation(user), None)
    if Trigger.PRE_AUTHENTICATION in pool.triggers:
        # AWS "Mapping IdP attributes": the function may delete attributes, to be mapped anew.
        with call.db.reading() as transaction:
            user = users.get_by_sub(transaction, pool.pool_id, user.sub)
    expected = federated_users.refreshed(call, pool, user, person.mapped)
    sign_in_triggers.ask_after_sign_in(
        call, asker.situation(expected), expected, on_new_device=False
    )
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, pool.pool_id, user.sub)
        federated_users.verify_same(transaction, pool, person, former)
        _verify_may_sign_in(former)
        changed = federated_users.refreshed(call, pool, former, person.mapped)
        federated_users.store_refreshed(transaction, pool, changed, former)
        event = account_events.record(
            transaction,
            call,
            EventType.SIGN_IN,
            pool=pool,
            app_client=asker.app_client,
            user=changed,
        )
        signed_in = browser_sessions.begin(
            transaction,
            call,
            pool,
            changed,
            client_id=asker.app_client.client_id,
            reached=person.assertion.reached,
            upstream=person.assertion.upstream,
        )
    log_delivery.tell(call, pool, changed, event)
    return signed_in


def _verify_may_sign_in(user: User) -> None:
    if not user.enabled:
        raise UserDisabled
    if not browser_sessions.may_sign_in_upstream(user):
        raise LinkedUserUnconfirmed
