"""`/account`: what is known of somebody, how they sign in, and where they are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from poolgate.login.account_visits import AccountVisit
from poolgate.login.dates import Moment, moment, zone_of
from poolgate.login.visits import ADD_PASSKEY
from poolgate.store.database import Transaction
from poolgate.userpools import (
    app_clients,
    attributes,
    devices,
    passkeys,
    terms_acceptances,
    user_sessions,
)
from poolgate.userpools.app_clients import AppClientNotFound
from poolgate.userpools.challenges import ATTRIBUTE_OF
from poolgate.userpools.mfa_settings import MfaFactor, MfaMode
from poolgate.userpools.session_activity import UNKNOWN_DEVICE
from poolgate.userpools.user_sessions import SessionKind, UserSession
from poolgate.web.messages import HttpResponse

# More than a person reads; who has more ends them all at once.
_MOST_DEVICES = 60
_NOT_SHOWN = frozenset({"sub", "identities", "updated_at"})


@dataclass(frozen=True, slots=True)
class Detail:
    """One attribute; `is_verified` is None where there is nothing to verify."""

    label: str
    value: str
    is_verified: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFactor:
    """A second factor, and what the user may do with it."""

    factor: str
    name: str
    address: str
    is_on: bool
    is_preferred: bool
    may_turn_off: bool


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """A passkey."""

    shown_id: str
    name: str
    created: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSession:
    """A session; `is_own` is that of this browser, or of an app that it was signed in to."""

    session_id: str
    device: str
    app: str
    address: str
    created: Moment
    last_active: Moment
    is_browser: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """A device that the pool tracks."""

    device_key: str
    name: str
    is_remembered: bool
    last_signed_in: Moment


def overview(visit: AccountVisit) -> HttpResponse:
    """Show everything about the account."""
    zone = zone_of(visit.user.attributes.get("zoneinfo"))
    with visit.call.db.reading() as transaction:
        sessions = _sessions(transaction, visit, zone)
        tracked = _devices(transaction, visit, zone)
        own_passkeys = _passkeys(transaction, visit, zone)
        accepted = terms_acceptances.find(transaction, visit.user)
    factors = _factors(visit)
    return visit.show(
        "account.html",
        title=visit.texts.ACCOUNT_TITLE,
        details=_details(visit),
        terms=accepted,
        terms_since=(None if accepted is None else moment(visit.texts, accepted.accepted_at, zone)),
        name=visit.shown_name,
        has_password=visit.user.password is not None,
        factors=factors,
        choices=[factor for factor in factors if factor.is_on],
        # Whoever else vouches for a user asks for factors of their own.
        is_upstream=visit.browser_session.upstream is not None,
        passkeys=own_passkeys,
        add_passkey=(
            visit.link_of_sign_in_pages(ADD_PASSKEY)
            if visit.place.is_managed_login and passkeys.is_enabled(visit.pool)
            else None
        ),
        sessions=sessions,
        devices=tracked,
    )


def _details(visit: AccountVisit) -> list[Detail]:
    stored = visit.user.attributes
    details = []
    if not visit.has_made_up_name:
        details.append(Detail(visit.texts.label_of("username"), visit.user.username, None))
    for name, value in attributes.readable(visit.app_client, stored).items():
        if name in _NOT_SHOWN or name.endswith("_verified") or name.startswith("cognito:"):
            continue
        is_verified = None
        if name in ATTRIBUTE_OF.values():
            is_verified = stored.get(f"{name}_verified") == "true"
        details.append(Detail(visit.texts.label_of(name), value, is_verified))
    return details


def _factors(visit: AccountVisit) -> list[ShownFactor]:
    mfa, pool = visit.user.mfa, visit.pool
    shown = []
    for factor in MfaFactor:
        address = visit.user.attributes.get(ATTRIBUTE_OF.get(factor, ""), "")
        is_app = factor is MfaFactor.SOFTWARE_TOKEN_MFA
        if factor not in pool.mfa_factors or not (is_app or address):
            continue
        shown.append(
            ShownFactor(
                factor=factor,
                name=visit.texts.table("FACTORS")[factor],
                address=(mfa.software_token_name or "") if is_app else address,
                is_on=factor in mfa.enabled and (mfa.has_software_token or not is_app),
                is_preferred=mfa.preferred is factor,
                may_turn_off=pool.mfa_mode is not MfaMode.ON,
            )
        )
    return shown


def _passkeys(transaction: Transaction, visit: AccountVisit, zone: tzinfo) -> list[ShownPasskey]:
    if not passkeys.is_enabled(visit.pool):
        return []
    return [
        ShownPasskey(passkey.shown_id, passkey.name, moment(visit.texts, passkey.created_at, zone))
        for passkey in passkeys.of_user(transaction, visit.user.pool_id, visit.user.sub)
    ]


def _sessions(transaction: Transaction, visit: AccountVisit, zone: tzinfo) -> list[ShownSession]:
    page = user_sessions.list_sessions(
        transaction, visit.user, now_millis=visit.call.now_millis, after=""
    )
    names = _names_of_apps(transaction, visit, page.rows)
    own = visit.browser_session.session_id
    return [
        ShownSession(
            session_id=session.session_id,
            device=_device_name(visit, session.last_device),
            app=names[session.client_id],
            address=session.last_address or "",
            created=moment(visit.texts, session.created_at, zone),
            last_active=moment(visit.texts, session.last_active_at, zone),
            is_browser=session.kind is SessionKind.SSO,
            is_own=session.inner_id == own,
        )
        for session in page.rows
    ]


def _names_of_apps(
    transaction: Transaction, visit: AccountVisit, sessions: Sequence[UserSession]
) -> dict[str, str]:
    names: dict[str, str] = {}
    for client_id in {session.client_id for session in sessions}:
        try:
            found = app_clients.get(transaction, client_id, visit.place.pool_id)
        except AppClientNotFound:
            names[client_id] = ""
        else:
            names[client_id] = found.name
    return names


def _devices(transaction: Transaction, visit: AccountVisit, zone: tzinfo) -> list[ShownDevice]:
    if visit.pool.device_tracking is None:
        return []
    page = devices.list_devices(transaction, visit.user, after="", limit=_MOST_DEVICES)
    return [
        ShownDevice(
            device.device_key,
            device.name or visit.texts.UNKNOWN_DEVICE,
            device.remembered,
            moment(visit.texts, device.last_signed_in_at, zone),
        )
        for device in page.rows
    ]


def _device_name(visit: AccountVisit, device: str) -> str:
    return visit.texts.UNKNOWN_DEVICE if device == UNKNOWN_DEVICE else device
