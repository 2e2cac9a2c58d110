"""Requests that another site makes a browser send are told from those of our own forms.

The form repeats a random value of a cookie that no other site can read or set; where the browser
says which site a request comes from, that counts, too.
"""

import hmac
from collections.abc import Mapping

from poolgate.foundation.randomness import random_token
from poolgate.oauth.places import Place
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest

FIELD = "_csrf"
_OWN_SITES = frozenset({"same-origin", "none"})


def csrf_cookie(place: Place) -> Cookie:
    """Return the cookie as it is called at this place."""
    return Cookie(f"XSRF-TOKEN-{place.named.domain}", is_secure=place.is_secure)


def csrf_token(place: Place, http: HttpRequest) -> str:
    """Return the browser's token, or a fresh one for a browser that has none."""
    return csrf_cookie(place).find(http) or random_token()


def is_own_form(place: Place, http: HttpRequest, form: Mapping[str, str]) -> bool:
    """Tell whether a posted form is one of ours, shown to this very browser."""
    if http.header("sec-fetch-site") not in {None, *_OWN_SITES}:
        return False
    kept = csrf_cookie(place).find(http)
    return kept is not None and hmac.compare_digest(kept.encode(), form.get(FIELD, "").encode())
