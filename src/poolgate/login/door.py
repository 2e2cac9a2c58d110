"""Every page of a pool's domain, and what a request for one leaves behind."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from poolgate.login import texts
from poolgate.login.confirmation import answer_confirmation
from poolgate.login.pages import render_page
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools.confirmation_links import CONFIRM_PATH
from poolgate.web.handled import Handled, place_of
from poolgate.web.messages import HttpRequest, HttpResponse

SERVICE = "login"
_INTERNAL_ERROR = 500
Answer = Callable[[Call, HttpRequest, Place], HttpResponse]
PAGES: Mapping[str, tuple[str, Answer]] = MappingProxyType(
    {CONFIRM_PATH.lower(): ("confirmUser", answer_confirmation)}
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
        response = render_page(_INTERNAL_ERROR, texts.BROKEN_TITLE, texts.BROKEN)
    return Handled(
        response=response,
        request_id=call.request_id,
        service=SERVICE,
        operation=name,
        defect=defect,
    )
