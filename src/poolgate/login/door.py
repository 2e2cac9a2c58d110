"""Every page of a pool's domain, and what a request for one leaves behind."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from poolgate.login import (
    account_changes,
    account_overview,
    account_pages,
    passkey_pages,
    scripts,
    sign_in_pages,
    visits,
)
from poolgate.login.account_visits import ACCOUNT, answer_signed_out, of_an_account
from poolgate.login.confirmation import answer_confirmation
from poolgate.login.device_page import answer_device_page
from poolgate.login.error_page import answer_error_page
from poolgate.login.language_choice import texts_for
from poolgate.login.pages import render_page
from poolgate.login.visits import SEE_OTHER, Visit, read_visit
from poolgate.oauth.authorization_requests import RequestRefused, RequestUnanswerable
from poolgate.oauth.authorization_responses import location_of_error
from poolgate.oauth.authorize import ERROR_PATH, UNANSWERABLE, error_location
from poolgate.oauth.devices import VERIFICATION_PATH
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools.confirmation_links import CONFIRM_PATH
from poolgate.web.handled import Handled, place_of
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import ParameterRepeated, ParametersMalformed

SERVICE = "login"
_NOT_ALLOWED, _INTERNAL_ERROR = 405, 500
_METHODS = "GET, POST"
UNREADABLE = "invalid_request"
Answer = Callable[[Call, HttpRequest, Place], HttpResponse]


def _of_a_visit(page: Callable[[Visit], HttpResponse]) -> Answer:
    """Return what answers for a page that serves an authorization request."""

    def answer(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
        if http.method not in {"GET", "POST"}:
            return HttpResponse(_NOT_ALLOWED, {"allow": _METHODS})
        try:
            return page(read_visit(call, http, place))
        except (ParametersMalformed, ParameterRepeated):
            location, error_code = error_location(place, {"error": UNREADABLE}), UNREADABLE
        except RequestUnanswerable as failure:
            location, error_code = error_location(place, failure.facts), UNANSWERABLE
        except RequestRefused as failure:
            location = location_of_error(call, place.pool_id, failure.answer_to, failure.error)
            error_code = failure.error.code
        return HttpResponse(SEE_OTHER, {"location": location}, error_code=error_code)

    return answer


_PAGES: Mapping[str, Answer] = {
    visits.LOGIN: _of_a_visit(sign_in_pages.login),
    visits.CHALLENGE: _of_a_visit(sign_in_pages.challenge),
    visits.SIGN_UP: _of_a_visit(account_pages.sign_up),
    visits.CONFIRM: _of_a_visit(account_pages.confirm),
    visits.RESEND: _of_a_visit(account_pages.resend),
    visits.FORGOT: _of_a_visit(account_pages.forgot_password),
    visits.RESET: _of_a_visit(account_pages.reset_password),
    visits.ADD_PASSKEY: _of_a_visit(passkey_pages.add_passkey),
    ACCOUNT: of_an_account(account_overview.overview),
    account_changes.PASSWORD: of_an_account(account_changes.password),
    account_changes.AUTHENTICATOR: of_an_account(account_changes.authenticator),
    account_changes.FACTORS: of_an_account(account_changes.factors),
    account_changes.PASSKEYS: of_an_account(account_changes.own_passkeys),
    account_changes.SESSIONS: of_an_account(account_changes.own_sessions),
    account_changes.DEVICES: of_an_account(account_changes.own_devices),
    account_changes.SIGN_OUT: of_an_account(account_changes.sign_out),
    account_changes.SIGNED_OUT: answer_signed_out,
    scripts.PASSKEYS: scripts.answer_script,
    VERIFICATION_PATH: answer_device_page,
    ERROR_PATH: answer_error_page,
    CONFIRM_PATH: answer_confirmation,
}
PAGES: Mapping[str, tuple[str, Answer]] = MappingProxyType(
    {path.lower(): (path.removeprefix("/"), answer) for path, answer in _PAGES.items()}
)


def find_page(path: str) -> Callable[[Call, HttpRequest, Place], Handled] | None:
    """Return what answers at a path below a domain; case and a last slash do not count."""
    # AWS "Customizing email verification messages" shows the path with a slash at its end.
    found = PAGES.get(path.removesuffix("/").lower())
    return None if found is None else partial(_handle, *found)


def _handle(name: str, answer: Answer, call: Call, http: HttpRequest, place: Place) -> Handled:
    """Answer one request; whatever happens inside, a person gets a page."""
    defect = ""
    try:
        response = answer(call, http, place)
    except Exception as failure:  # noqa: BLE001 - the last line of defence
        defect = place_of(failure)
        texts = texts_for(http, place)
        response = render_page(_INTERNAL_ERROR, texts, texts.BROKEN_TITLE, texts.BROKEN)
    return Handled(
        response=response,
        request_id=call.request_id,
        service=SERVICE,
        operation=name,
        error_code=response.error_code,
        defect=defect,
    )
