"""Who may speak for others: forwarded headers count only from configured proxies."""

import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from poolgate.foundation.addresses import is_address
from poolgate.web.messages import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_SCHEMES = frozenset({"http", "https"})


class Peers:
    """The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; none at first."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        self._trusted = tuple(trusted)

    def trusted_view(self, http: HttpRequest) -> HttpRequest:
        """Return the request as the outermost trusted proxy received it.

        A request from anybody else is taken as it is, whatever its headers say (security.md Z11).
        """
        if not self._trusted or not self._is_trusted(http.remote_address):
            return http
        forwarded_for = http.header("x-forwarded-for")
        scheme = (http.header("x-forwarded-proto") or "").strip().lower()
        return replace(
            http,
            remote_address=self._outermost(forwarded_for) or http.remote_address,
            scheme=scheme if scheme in _SCHEMES else http.scheme,
        )

    def _outermost(self, forwarded_for: str | None) -> str | None:
        """Return the last address that no trusted proxy stands for."""
        # Read from the right: what a stranger wrote stands at the left.
        for address in reversed((forwarded_for or "").split(",")):
            shown = address.strip()
            if not is_address(shown):
                return None
            if not self._is_trusted(shown):
                return shown
        return None

    def _is_trusted(self, shown: str) -> bool:
        if not is_address(shown):
            return False
        address = ipaddress.ip_address(shown)
        return any(address in network for network in self._trusted)
