"""The one script of the pages: it lets a browser make or use a passkey, and does nothing else.

Everything else works without. The file's name carries its digest, so that it can be kept for good.
"""

import hashlib
from importlib import resources

from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.web.messages import HttpRequest, HttpResponse

_OK, _NOT_ALLOWED = 200, 405
_SCRIPT = (resources.files("poolgate.login") / "templates" / "passkeys.js").read_bytes()
PASSKEYS = f"/scripts/passkeys-{hashlib.sha256(_SCRIPT).hexdigest()[:16]}.js"


def answer_script(_call: Call, http: HttpRequest, _place: Place) -> HttpResponse:
    """Return the script."""
    if http.method != "GET":
        return HttpResponse(_NOT_ALLOWED, {"allow": "GET"})
    headers = {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
    }
    return HttpResponse(_OK, headers, _SCRIPT)
