"""What the pages remember between two requests of one browser, sealed in a cookie.

Where a sign-in stands, what was typed (never a password) and what to tell next. The form repeats
the state's id, so that a second tab cannot have its answer taken for the first one's question.
"""

import msgspec

from poolgate.foundation.randomness import random_token
from poolgate.login.sealed_cookies import find_kept, sealed
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest

_PURPOSE = "login page state"
_LIFETIME_SECONDS = 900
_ID_BYTES = 9
# Browsers keep 4096 bytes of name and value.
_MOST_CHARACTERS = 3600


class PageState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where this browser stands; `fault` and `notice` are said once, on the next page.

    `fault_fields` are the fields that the fault may be about.
    """

    client_id: str
    state_id: str = ""
    expires_at: int = 0
    username: str = ""
    challenge: str = ""
    auth_session: str = ""
    choices: tuple[str, ...] = ()
    # The provider that an address was found to belong to.
    leaving_for: str = ""
    required: tuple[str, ...] = ()
    destination: str = ""
    totp_secret: str = ""
    fault: str = ""
    fault_fields: tuple[str, ...] = ()
    notice: str = ""
    typed: dict[str, str] = msgspec.field(default_factory=dict)


def page_cookie(place: Place) -> Cookie:
    """Return the cookie as it is called at this place."""
    return Cookie(f"page-data-{place.named.domain}", is_secure=place.is_secure)


def render_state(call: Call, place: Place, state: PageState) -> str:
    """Return the Set-Cookie that makes the browser keep the state."""
    text = _sealed(call, place, state)
    if len(text) > _MOST_CHARACTERS:
        # What was typed is a courtesy; without it somebody types again.
        text = _sealed(call, place, msgspec.structs.replace(state, typed={}))
    return page_cookie(place).render(text, max_age_seconds=_LIFETIME_SECONDS)


def find_state(call: Call, place: Place, http: HttpRequest, client_id: str) -> PageState | None:
    """Return the state that the browser kept for this app client, unless it is too old."""
    state = find_kept(call, place.pool_id, http, page_cookie(place), PageState, purpose=_PURPOSE)
    if state is None:
        return None
    if state.client_id != client_id or call.now_millis >= state.expires_at:
        return None
    return state


def new_state_id() -> str:
    """Return an id for the state that a form is about."""
    return random_token(_ID_BYTES)


def _sealed(call: Call, place: Place, state: PageState) -> str:
    dated = msgspec.structs.replace(state, expires_at=call.now_millis + _LIFETIME_SECONDS * 1000)
    return sealed(call, place.pool_id, dated, purpose=_PURPOSE)
