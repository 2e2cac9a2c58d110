"""The cookie of a browser session. Its name tells the domain: several may share one host."""

from poolgate.foundation.secret import Secret
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import browser_sessions
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest


def session_cookie(place: Place) -> Cookie:
    """Return the cookie as it is called at this place."""
    return Cookie(f"cognito-{place.named.domain}", is_secure=place.is_secure)


def presented_session(place: Place, http: HttpRequest) -> Secret | None:
    """Return what the browser presents as its session, whether or not it is one."""
    presented = session_cookie(place).find(http)
    return None if presented is None else Secret(presented)


def find_browser_session(call: Call, place: Place, http: HttpRequest) -> BrowserSession | None:
    """Return the living session of the browser at this pool."""
    presented = presented_session(place, http)
    if presented is None:
        return None
    with call.db.reading() as transaction:
        return browser_sessions.find(transaction, place.pool_id, presented, call.now_millis)
