"""`--dev` for this machine's own programs: pages of other sites are refused.

Loopback keeps other machines out, but a browser on this one runs pages from anywhere. Such a page
names its origin, or reaches us under a name of its own that resolves to 127.0.0.1 (DNS rebinding).
"""

from urllib.parse import urlsplit

from poolgate.foundation.addresses import is_loopback
from poolgate.web.messages import HttpRequest
from poolgate.wire.installation import Installation
from poolgate.wire.refusals import Reason, Refusal


def verify_own_machine(installation: Installation, http: HttpRequest) -> None:
    """Raise Refusal unless the request was made under this machine's name and from its pages."""
    origin = http.header("origin")
    named = [f"//{http.header('host') or ''}", *([origin] if origin is not None else [])]
    if not all(_is_own(installation, url) for url in named):
        raise Refusal(
            Reason.ACCESS_DENIED,
            "A --dev server answers this machine's own programs and pages only.",
        )


def _is_own(installation: Installation, url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    own = is_loopback(host) or host.endswith(".localhost")
    return own or host == installation.public_host
