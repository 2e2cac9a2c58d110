"""The end of a sign-in: nothing is owed any more, so tokens are made, or a browser is signed in."""

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.userpools import (
    account_triggers,
    authentication_levels,
    browser_sessions,
    device_proofs,
    devices,
    lockout,
    log_delivery,
    sign_in_triggers,
    tokens,
)
from poolgate.userpools.auth_events import EventResponse
from poolgate.userpools.auth_sessions import Door
from poolgate.userpools.browser_sessions import BrowserSignIn
from poolgate.userpools.challenges import Challenge, Factor
from poolgate.userpools.devices import Device
from poolgate.userpools.pools import UserPool
from poolgate.userpools.sign_in_progress import Progress, record_risk, settle
from poolgate.userpools.token_claims import TokenSource
from poolgate.userpools.tokens import SignIn, TokenSet
from poolgate.userpools.triggers import Occasion
from poolgate.userpools.users import UserStatus


def complete(call: Call, progress: Progress, device: Device | None) -> TokenSet | BrowserSignIn:
    """Ask the functions that come last, and give what the sign-in was for.

    What it gives, what is remembered of it and what it uses up are one transaction.
    """
    situation, user = progress.situation, progress.user
    on_new_device = situation.pool.device_tracking is not None and device is None
    sign_in_triggers.ask_after_sign_in(call, situation, user, on_new_device=on_new_device)
    if progress.door is Door.PAGES:
        return _sign_browser_in(call, progress)
    plan = tokens.plan(
        call,
        SignIn(
            user=user,
            pool=situation.pool,
            app_client=situation.app_client,
            auth_time=epoch_seconds(call.now),
            groups=situation.groups,
            # AWS: the event of the history has the id that the tokens name.
            event_id=progress.risk.event_id if progress.risk else random_uuid(),
            source=_source(progress),
            client_metadata=situation.client_metadata,
            device_key=_device_key(situation.pool, device),
            on_new_device=on_new_device,
            level=(
                authentication_levels.reached_by(progress.proven).said(situation.pool)
                if situation.target_level
                else None
            ),
        ),
    )
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        if device is not None:
            device_proofs.record_sign_in(transaction, call, progress, device)
        event = record_risk(transaction, call, progress, EventResponse.PASS)
        if situation.failures.failures:
            lockout.forgive(transaction, situation.pool.pool_id, user.sub)
        tokens.store(transaction, plan)
    log_delivery.tell(call, situation.pool, user, event)
    _tell_confirmed(call, progress)
    return plan.token_set


def _sign_browser_in(call: Call, progress: Progress) -> BrowserSignIn:
    """End a sign-in at the login pages: what it gives is for the browser, not for an app."""
    situation, user = progress.situation, progress.user
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        event = record_risk(transaction, call, progress, EventResponse.PASS)
        if situation.failures.failures:
            lockout.forgive(transaction, situation.pool.pool_id, user.sub)
        reached = authentication_levels.reached_by(progress.proven)
        signed_in = browser_sessions.begin(
            transaction,
            call,
            situation.pool,
            user,
            client_id=situation.app_client.client_id,
            reached=reached,
        )
    log_delivery.tell(call, situation.pool, user, event)
    _tell_confirmed(call, progress)
    return signed_in


def _tell_confirmed(call: Call, progress: Progress) -> None:
    """Tell the pool's function of a user whom the sign-in itself confirmed, by a code."""
    situation, user = progress.situation, progress.user
    was = situation.user.status if situation.user else user.status
    if was is not UserStatus.UNCONFIRMED or user.status is not UserStatus.CONFIRMED:
        return
    occasion = Occasion(
        pool=situation.pool,
        source=account_triggers.CONFIRMED,
        username=user.username,
        client_id=situation.app_client.client_id,
        client_metadata=situation.client_metadata,
    )
    account_triggers.tell_confirmed(call, occasion, user)


def _device_key(pool: UserPool, device: Device | None) -> str | None:
    if pool.device_tracking is None:
        return None
    return devices.new_device_key(pool.pool_id) if device is None else device.device_key


def _source(progress: Progress) -> TokenSource:
    if Factor.DEVICE in progress.proven:
        return TokenSource.DEVICE
    answered = progress.answered
    if answered and answered.auth_session.challenge == Challenge.NEW_PASSWORD_REQUIRED:
        return TokenSource.NEW_PASSWORD
    return TokenSource.AUTHENTICATION
