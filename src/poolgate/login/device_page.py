"""`/device`: where somebody approves a device that has no browser of its own (RFC 8628 s3.3).

code ──> signed in? ── no ──> /login ──> /device
             └── yes ──> is this your device? ──> approved | denied
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.login.forgery import csrf_cookie, csrf_token, is_own_form
from poolgate.login.language_choice import kept_choice, language_links, texts_for
from poolgate.login.looks import PLAIN
from poolgate.login.pages import OK, render_page, render_template
from poolgate.login.texts import Texts
from poolgate.login.visits import SEE_OTHER, form_of
from poolgate.oauth.browser_cookies import find_browser_session
from poolgate.oauth.carried_requests import location_of_sign_in
from poolgate.oauth.devices import VERIFICATION_PATH
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import app_clients, device_authorizations
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.attempt_limits import AttemptLimitExceeded
from poolgate.userpools.browser_sessions import BrowserSession, is_taken_by
from poolgate.userpools.device_authorizations import UserCodeInvalid
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import (
    ParameterRepeated,
    ParametersMalformed,
    parse_parameters,
    render_parameters,
)

_NOT_ALLOWED = 405
_MOST_CHARACTERS = 40
APPROVE, DENY = "approve", "deny"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request for the page."""

    call: Call
    http: HttpRequest
    place: Place
    texts: Texts


def answer_device_page(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
    """Ask for the code, then for the person's word, and tell the device."""
    if http.method not in {"GET", "POST"}:
        return HttpResponse(_NOT_ALLOWED, {"allow": "GET, POST"})
    asked = _Asked(call, http, place, texts_for(http, place))
    form = form_of(http) if http.method == "POST" else {}
    if not is_own_form(place, http, form):
        return _show_form(asked, _user_code_of_link(http), fault="")
    user_code = form.get("user_code", "")[:_MOST_CHARACTERS]
    try:
        return _take(asked, user_code, form.get("decision", ""))
    except UserCodeInvalid:
        return _show_form(asked, user_code, fault=asked.texts.USER_CODE_WRONG)
    except AttemptLimitExceeded:
        return _show_form(asked, user_code, fault=asked.texts.LOCKED)


def _take(asked: _Asked, user_code: str, decision: str) -> HttpResponse:
    call, place, texts = asked.call, asked.place, asked.texts
    waiting = device_authorizations.get_waiting(call, place.pool_id, user_code)
    with call.db.reading() as transaction:
        app_client = app_clients.get(transaction, waiting.client_id)
    browser_session = find_browser_session(call, place, asked.http)
    if browser_session is None or not is_taken_by(app_client, browser_session):
        query = render_parameters((("user_code", user_code),))
        return HttpResponse(
            SEE_OTHER,
            {
                "location": location_of_sign_in(
                    call, place, waiting.client_id, return_to=f"{VERIFICATION_PATH}?{query}"
                )
            },
        )
    if decision == APPROVE:
        device_authorizations.approve(call, place.pool_id, user_code, browser_session)
        return render_page(OK, texts, texts.DEVICE_APPROVED_TITLE, texts.DEVICE_APPROVED)
    if decision == DENY:
        device_authorizations.deny(call, place.pool_id, user_code)
        return render_page(OK, texts, texts.DEVICE_DENIED_TITLE, texts.DEVICE_DENIED)
    return _show_consent(asked, waiting.user_code, app_client, browser_session)


def _show_form(asked: _Asked, user_code: str, *, fault: str) -> HttpResponse:
    return _show(
        asked,
        "device.html",
        {"title": asked.texts.DEVICE_TITLE, "user_code": user_code, "fault": fault},
    )


def _show_consent(
    asked: _Asked, user_code: str, app_client: AppClient, browser_session: BrowserSession
) -> HttpResponse:
    return _show(
        asked,
        "consent.html",
        {
            "title": asked.texts.CONSENT_TITLE,
            "app": app_client.name,
            "username": browser_session.user.username,
            # SPEC RFC 8628 s3.3.1: for the person to compare it with what the device shows.
            "user_code": user_code,
            "fault": "",
        },
    )


def _show(asked: _Asked, template: str, values: Mapping[str, object]) -> HttpResponse:
    http, place = asked.http, asked.place
    token = csrf_token(place, http)
    return render_template(
        template,
        texts=asked.texts,
        languages=language_links(http, place, asked.texts),
        looks=PLAIN,
        # Somebody may be sent to sign in first, with another server perhaps.
        redirect_uri=place.base_url,
        cookies=(csrf_cookie(place).render(token), *kept_choice(http, place)),
        values={
            **values,
            "fault_fields": ("user_code",),
            "notice": "",
            "csrf": token,
            "action": place.base_path + VERIFICATION_PATH,
        },
    )


def _user_code_of_link(http: HttpRequest) -> str:
    """Return the code of a link or picture that the device showed; the person sends it off."""
    try:
        return parse_parameters(http.query.encode()).get("user_code", "")[:_MOST_CHARACTERS]
    except (ParametersMalformed, ParameterRepeated):
        return ""
