"""`/confirmUser`: where the link in a sign-up's e-mail leads. Opening it confirms, as on AWS.

A HEAD changes nothing: it is how links are checked without being opened.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.login.language_choice import texts_for
from poolgate.login.pages import HEADERS, render_page
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import confirmation_links, sign_up
from poolgate.userpools.app_clients import AppClientNotFound
from poolgate.userpools.attempt_limits import AttemptLimitExceeded
from poolgate.userpools.confirmation_codes import CodeExpired, CodeMismatch, CodeWornOut
from poolgate.userpools.triggers import (
    TriggerAnswerUnreadable,
    TriggerNotInvoked,
    TriggerRefused,
)
from poolgate.userpools.users import AliasTaken, UserNotFound
from poolgate.web.messages import HttpRequest, HttpResponse


class LinkMalformed(Failure):
    """The link does not say once which app, whose name and what code."""


_OK, _BAD_REQUEST, _TOO_MANY, _NOT_ALLOWED = 200, 400, 429, 405
_NEEDED = (confirmation_links.CLIENT_ID, confirmation_links.USER_NAME, confirmation_links.CODE)
_MOST_PARAMETERS = 10
_CONFIRMED = (_OK, "CONFIRMED_TITLE", "CONFIRMED")
_USELESS = (_BAD_REQUEST, "LINK_USELESS_TITLE", "LINK_USELESS")
_PAGES: Mapping[type[Failure], tuple[int, str, str]] = {
    LinkMalformed: _USELESS,
    AppClientNotFound: _USELESS,
    UserNotFound: _USELESS,
    CodeExpired: _USELESS,
    CodeMismatch: _USELESS,
    CodeWornOut: _USELESS,
    sign_up.NotUnconfirmed: _USELESS,
    AliasTaken: _USELESS,
    AttemptLimitExceeded: (_TOO_MANY, "TOO_MANY_TITLE", "TOO_MANY"),
    # The user is confirmed by then, whatever the pool's function says to it.
    TriggerRefused: _CONFIRMED,
    TriggerNotInvoked: _CONFIRMED,
    TriggerAnswerUnreadable: _CONFIRMED,
}


def answer_confirmation(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
    """Confirm the sign-up that the link tells of, and say so."""
    if http.method == "HEAD":
        return HttpResponse(_OK, dict(HEADERS))
    if http.method != "GET":
        return HttpResponse(_NOT_ALLOWED, {"allow": "GET, HEAD"})
    try:
        _confirm(call, http, place.pool_id)
    except tuple(_PAGES) as failure:
        status, title, text = _page_of(failure)
    else:
        status, title, text = _CONFIRMED
    texts = texts_for(http, place)
    return render_page(status, texts, getattr(texts, title), getattr(texts, text))


def _confirm(call: Call, http: HttpRequest, pool_id: PoolId) -> None:
    try:
        given = parse_qs(http.query, max_num_fields=_MOST_PARAMETERS)
        (client_id,), (user_name,), (code,) = (given[name] for name in _NEEDED)
    except (KeyError, ValueError) as error:
        raise LinkMalformed from error
    # PostgreSQL cannot look for it.
    if "\0" in client_id + user_name:
        raise LinkMalformed
    sign_up.confirm_by_link(call, pool_id, ClientId(client_id), user_name, Secret(code))


def _page_of(failure: Failure) -> tuple[int, str, str]:
    return next(page for kind, page in _PAGES.items() if isinstance(failure, kind))
