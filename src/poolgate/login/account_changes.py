"""What somebody changes about their own account: each a form of `/account`, answered with 303.

What changes how they sign in takes a sign-in of the last minutes; the password takes the old one.
Ending sessions takes nothing more: whoever sees a stranger among them should not be held up.
"""

from collections.abc import Callable, Mapping

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.login.account_visits import ACCOUNT, AccountVisit, guarded
from poolgate.login.fields import password_rule
from poolgate.login.pictures import authenticator_picture
from poolgate.login.wording import not_repeated
from poolgate.oauth.browser_cookies import session_cookie
from poolgate.userpools import (
    browser_sessions,
    devices,
    mfa_preferences,
    passkeys,
    password_changes,
    software_tokens,
    user_sessions,
    users,
)
from poolgate.userpools.devices import DeviceNotFound
from poolgate.userpools.mfa_preferences import Wish, Wishes
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.passkeys import PasskeyNotFound
from poolgate.userpools.user_sessions import SessionNotFound
from poolgate.web.messages import HttpResponse

PASSWORD, AUTHENTICATOR = f"{ACCOUNT}/password", f"{ACCOUNT}/authenticator"
FACTORS, PASSKEYS = f"{ACCOUNT}/factors", f"{ACCOUNT}/passkeys"
SESSIONS, DEVICES = f"{ACCOUNT}/sessions", f"{ACCOUNT}/devices"
SIGN_OUT, SIGNED_OUT = f"{ACCOUNT}/sign-out", f"{ACCOUNT}/signed-out"
# What a button asks for.
_DO, _ID = "do", "id"
_OLD_PASSWORD: Mapping[type[Failure], str] = {WrongPassword: "OLD_PASSWORD_WRONG"}


# ---- how somebody signs in ------------------------------------------------------------------


def password(visit: AccountVisit) -> HttpResponse:
    """Show the form for another password, or take it."""
    if visit.user.password is None:
        return visit.go(ACCOUNT)
    if visit.is_posted:
        return guarded(visit, PASSWORD, lambda: _take_password(visit), worded=_OLD_PASSWORD)
    return visit.show(
        "account_password.html",
        title=visit.texts.CHANGE_PASSWORD,
        username=visit.shown_name,
        password_rule=password_rule(visit.texts, visit.pool.password_policy),
    )


def _take_password(visit: AccountVisit) -> HttpResponse:
    call, new_password = visit.call, visit.form.get("new_password", "")
    if new_password != visit.form.get("repeated", ""):
        return visit.again(PASSWORD, not_repeated(visit.texts))
    password_changes.change(
        call, visit.signed_in, Secret(visit.form.get("old_password", "")), Secret(new_password)
    )
    with call.db.writing() as transaction:
        changed = users.get_to_change(transaction, visit.user.pool_id, visit.user.sub)
        cookie = browser_sessions.go_on_after_new_password(
            transaction, visit.browser_session, changed
        )
    if "others" in visit.form:
        user_sessions.revoke_others(call, changed, visit.browser_session.session_id)
    left_seconds = (visit.browser_session.expires_at - call.now_millis) // 1000
    return visit.go(
        ACCOUNT,
        notice=visit.texts.PASSWORD_IS_CHANGED,
        cookies=(
            session_cookie(visit.place).render(cookie.reveal(), max_age_seconds=left_seconds),
        ),
    )


def authenticator(visit: AccountVisit) -> HttpResponse:
    """Begin with an authenticator app, show its secret, or take its first code."""
    to_sign_in = visit.proving_anew(ACCOUNT)
    if to_sign_in is not None:
        return to_sign_in
    if visit.is_posted and "code" not in visit.form:
        return guarded(visit, ACCOUNT, lambda: _begin_authenticator(visit))
    if not visit.state.totp_secret:
        return visit.go(ACCOUNT)
    if visit.is_posted:
        return _take_authenticator(visit)
    return visit.show(
        "account_authenticator.html",
        title=visit.texts.AUTHENTICATOR_TITLE,
        secret=visit.state.totp_secret,
        picture=authenticator_picture(
            visit.state.totp_secret, issuer=visit.pool.name, account=visit.shown_name
        ),
    )


def _begin_authenticator(visit: AccountVisit) -> HttpResponse:
    totp_secret = software_tokens.begin(visit.call, visit.signed_in)
    return visit.remembering(AUTHENTICATOR, totp_secret.reveal())


def _take_authenticator(visit: AccountVisit) -> HttpResponse:
    def take() -> HttpResponse:
        code = Secret("".join(visit.form["code"].split()))
        name = visit.form.get("name", "").strip() or None
        software_tokens.finish(visit.call, visit.signed_in, code, name=name)
        return visit.go(ACCOUNT, notice=visit.texts.AUTHENTICATOR_ADDED)

    return guarded(visit, AUTHENTICATOR, take)


def factors(visit: AccountVisit) -> HttpResponse:
    """Turn a second factor on or off, take an app away, or say which factor comes first."""
    return _risky(visit, lambda: _change_factors(visit))


def _change_factors(visit: AccountVisit) -> HttpResponse:
    try:
        factor = MfaFactor(visit.form.get("factor", ""))
    except ValueError:
        return visit.go(ACCOUNT)
    call, signed_in = visit.call, visit.signed_in
    preferred = visit.user.mfa.preferred
    match visit.form.get(_DO):
        case "prefer":
            wish = Wish(enabled=True, preferred=True)
        case "on":
            wish = Wish(enabled=True, preferred=factor is preferred)
        case "off" if factor is MfaFactor.SOFTWARE_TOKEN_MFA:
            mfa_preferences.remove_own_app(call, signed_in)
            return visit.go(ACCOUNT, notice=visit.texts.SAVED)
        case "off":
            wish = Wish(enabled=False, preferred=False)
        case _:
            return visit.go(ACCOUNT)
    mfa_preferences.set_own(call, signed_in, Wishes({factor: wish}))
    return visit.go(ACCOUNT, notice=visit.texts.SAVED)


def own_passkeys(visit: AccountVisit) -> HttpResponse:
    """Remove a passkey."""

    def remove() -> HttpResponse:
        passkeys.delete(visit.call, visit.user, visit.form.get(_ID, ""))
        return visit.go(ACCOUNT, notice=visit.texts.PASSKEY_REMOVED)

    return _risky(visit, remove, gone=PasskeyNotFound)


def _risky(
    visit: AccountVisit,
    change: Callable[[], HttpResponse],
    *,
    gone: type[Failure] | None = None,
) -> HttpResponse:
    to_sign_in = visit.proving_anew(ACCOUNT) if visit.is_posted else None
    return to_sign_in or _change(visit, change, gone=gone)


def _change(
    visit: AccountVisit,
    change: Callable[[], HttpResponse],
    *,
    gone: type[Failure] | None = None,
) -> HttpResponse:
    """Do what a form of the overview asks for; what is `gone` already is told so."""
    if not visit.is_posted:
        # Said there: that a form came too late, or from elsewhere.
        return visit.going_on(ACCOUNT)
    return guarded(visit, ACCOUNT, change, worded=None if gone is None else {gone: "GONE"})


# ---- where somebody is signed in ------------------------------------------------------------


def own_sessions(visit: AccountVisit) -> HttpResponse:
    """End one session, or all but this browser's."""

    def end() -> HttpResponse:
        own = visit.browser_session.session_id
        if visit.form.get(_DO) == "others":
            user_sessions.revoke_others(visit.call, visit.user, own)
            return visit.go(ACCOUNT, notice=visit.texts.OTHERS_ENDED)
        user_sessions.revoke(
            visit.call, visit.user, visit.form.get(_ID, ""), with_linked=False, own_id=own
        )
        return visit.go(ACCOUNT, notice=visit.texts.SESSION_ENDED)

    return _change(visit, end, gone=SessionNotFound)


def own_devices(visit: AccountVisit) -> HttpResponse:
    """Forget a device, and end what it was signed in to."""

    def forget() -> HttpResponse:
        devices.forget(visit.call, visit.user, visit.form.get(_ID, ""))
        return visit.go(ACCOUNT, notice=visit.texts.DEVICE_FORGOTTEN)

    return _change(visit, forget, gone=DeviceNotFound)


def sign_out(visit: AccountVisit) -> HttpResponse:
    """Sign this browser out, or the user everywhere."""
    if not visit.is_posted:
        return visit.going_on(ACCOUNT)
    if visit.form.get(_DO) == "everywhere":
        user_sessions.revoke_all(visit.call, visit.user)
    else:
        user_sessions.end_browser(visit.call, visit.user, visit.browser_session.session_id)
    return visit.leave(SIGNED_OUT, session_cookie(visit.place).render_removal())
