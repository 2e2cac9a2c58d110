"""`/passkeys/add`: somebody who is signed in makes a passkey, and goes on to the app.

    signed in just now? ── no ──> /login ──> /passkeys/add ── made, or not now ──> the app

AWS "Managed login endpoints": for managed login only, with the parameters of /oauth2/authorize.
"""

import msgspec

from poolgate.login import scripts
from poolgate.login.faults import guarded
from poolgate.login.visits import ADD_PASSKEY, SEE_OTHER, Visit, forgetting
from poolgate.login.wording import Told
from poolgate.oauth.authorization_responses import location_after_sign_in
from poolgate.oauth.browser_cookies import find_browser_session
from poolgate.oauth.carried_requests import FOR_OWN_PAGE, location_of_sign_in
from poolgate.userpools import browser_sessions, passkey_registration, passkeys
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.passkey_responses import parse_registration_text
from poolgate.userpools.passkeys import PasskeysNotEnabled, RelyingPartyMissing, TooManyPasskeys
from poolgate.web.messages import HttpResponse

AUTHORIZE_PATH = "/oauth2/authorize"


def add_passkey(visit: Visit) -> HttpResponse:
    """Show what makes a passkey, or take the one that was made."""
    if not (visit.place.is_managed_login and passkeys.is_enabled(visit.pool)):
        return _impossible(visit, visit.texts.NO_PASSKEYS)
    browser_session = find_browser_session(visit.call, visit.place, visit.http)
    if browser_session is None or not browser_sessions.is_fresh(
        browser_session, visit.call.now_millis
    ):
        location = location_of_sign_in(
            visit.call,
            visit.place,
            visit.request.app_client.client_id,
            return_to=f"{ADD_PASSKEY}?{visit.http.query}",
        )
        return HttpResponse(SEE_OTHER, {"location": location})
    if visit.is_posted:
        return guarded(visit, ADD_PASSKEY, lambda visit: _take(visit, browser_session))
    return _show(visit, browser_session)


def _show(visit: Visit, browser_session: BrowserSession) -> HttpResponse:
    signed_in = _signed_in_of(visit, browser_session)
    try:
        options = passkey_registration.begin(visit.call, signed_in)
    except (PasskeysNotEnabled, RelyingPartyMissing):
        return _impossible(visit, visit.texts.NO_PASSKEYS)
    except TooManyPasskeys:
        return _impossible(visit, visit.texts.TOO_MANY_PASSKEYS)
    return visit.show(
        "passkey.html",
        script_path=visit.place.base_path + scripts.PASSKEYS,
        title=visit.texts.ADD_PASSKEY_TITLE,
        username=browser_session.user.username,
        not_now=(
            visit.request.answer_to.redirect_uri
            if visit.request.response_type == FOR_OWN_PAGE
            else visit.link(AUTHORIZE_PATH)
        ),
        passkey_options=msgspec.json.encode(options).decode(),
    )


def _impossible(visit: Visit, text: str) -> HttpResponse:
    return visit.show("message.html", title=visit.texts.ADD_PASSKEY_TITLE, text=text)


def _take(visit: Visit, browser_session: BrowserSession) -> HttpResponse:
    credential = visit.form.get("credential", "")
    if not credential:
        return visit.again(ADD_PASSKEY, Told(visit.texts.PASSKEYS_NEED_SCRIPT))
    signed_in = _signed_in_of(visit, browser_session)
    passkey_registration.finish(visit.call, signed_in, parse_registration_text(credential))
    location = location_after_sign_in(visit.call, visit.request, browser_session)
    return HttpResponse(SEE_OTHER, {"location": location}, cookies=(forgetting(visit.place),))


def _signed_in_of(visit: Visit, browser_session: BrowserSession) -> SignedIn:
    return browser_sessions.signed_in(browser_session, visit.pool, visit.request.app_client)
