"""`/device`: where somebody approves a device that has no browser of its own (RFC 8628 s3.3).

code ──> signed in? ── no ──> /login ──> /device
             └── yes ──> is this your device? ──> approved | denied
"""

from collections.abc import Mapping

from poolgate.login import texts
from poolgate.login.forgery import csrf_cookie, csrf_token, is_own_form
from poolgate.login.looks import PLAIN
from poolgate.login.pages import OK, render_page, render_template
from poolgate.login.visits import LOGIN, SEE_OTHER, form_of
from poolgate.oauth.browser_cookies import find_browser_session
from poolgate.oauth.carried_requests import PARAMETER, carry
from poolgate.oauth.devices import VERIFICATION_PATH
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import app_clients, device_authorizations
from poolgate.userpools.attempt_limits import AttemptLimitExceeded
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.device_authorizations import UserCodeInvalid, WaitingDevice
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


def answer_device_page(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
    """Ask for the code, then for the person's word, and tell the device."""
    if http.method not in {"GET", "POST"}:
        return HttpResponse(_NOT_ALLOWED, {"allow": "GET, POST"})
    form = form_of(http) if http.method == "POST" else {}
    if not is_own_form(place, http, form):
        return _show_form(http, place, _user_code_of_link(http), fault="")
    user_code = form.get("user_code", "")[:_MOST_CHARACTERS]
    try:
        return _take(call, http, place, user_code, form.get("decision", ""))
    except UserCodeInvalid:
        return _show_form(http, place, user_code, fault=texts.USER_CODE_WRONG)
    except AttemptLimitExceeded:
        return _show_form(http, place, user_code, fault=texts.LOCKED)


def _take(
    call: Call, http: HttpRequest, place: Place, user_code: str, decision: str
) -> HttpResponse:
    waiting = device_authorizations.get_waiting(call, place.pool_id, user_code)
    browser_session = find_browser_session(call, place, http)
    if browser_session is None:
        carried = carry(call, place.pool_id, {"client_id": waiting.client_id}, user_code=user_code)
        query = render_parameters(((PARAMETER, carried),))
        return HttpResponse(SEE_OTHER, {"location": f"{place.base_path}{LOGIN}?{query}"})
    if decision == APPROVE:
        device_authorizations.approve(call, place.pool_id, user_code, browser_session)
        return render_page(OK, texts.DEVICE_APPROVED_TITLE, texts.DEVICE_APPROVED)
    if decision == DENY:
        device_authorizations.deny(call, place.pool_id, user_code)
        return render_page(OK, texts.DEVICE_DENIED_TITLE, texts.DEVICE_DENIED)
    return _show_consent(
        call, http, place, user_code, waiting=waiting, browser_session=browser_session
    )


def _show_form(http: HttpRequest, place: Place, user_code: str, *, fault: str) -> HttpResponse:
    return _show(
        http,
        place,
        "device.html",
        {"title": texts.DEVICE_TITLE, "user_code": user_code, "fault": fault, "notice": ""},
    )


def _show_consent(
    call: Call,
    http: HttpRequest,
    place: Place,
    user_code: str,
    *,
    waiting: WaitingDevice,
    browser_session: BrowserSession,
) -> HttpResponse:
    with call.db.reading() as transaction:
        app_client = app_clients.get(transaction, waiting.client_id)
    return _show(
        http,
        place,
        "consent.html",
        {
            "title": texts.CONSENT_TITLE,
            "app": app_client.name,
            "username": browser_session.user.username,
            "user_code": user_code,
            "fault": "",
            "notice": "",
        },
    )


def _show(
    http: HttpRequest, place: Place, template: str, values: Mapping[str, object]
) -> HttpResponse:
    token = csrf_token(place, http)
    return render_template(
        template,
        looks=PLAIN,
        redirect_uri="",
        cookies=(csrf_cookie(place).render(token),),
        values={**values, "csrf": token, "action": place.base_path + VERIFICATION_PATH},
    )


def _user_code_of_link(http: HttpRequest) -> str:
    """Return the code of a link or picture that the device showed; the person sends it off."""
    try:
        return parse_parameters(http.query.encode()).get("user_code", "")[:_MOST_CHARACTERS]
    except (ParametersMalformed, ParameterRepeated):
        return ""
