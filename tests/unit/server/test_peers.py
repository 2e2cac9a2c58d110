import ipaddress

import pytest

from poolgate.foundation.addresses import is_loopback
from poolgate.server.peers import Peers
from poolgate.web.messages import HttpRequest


def arrived(peer: str, **headers: str) -> HttpRequest:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest("GET", "/", "", named, b"", peer)


PEERS = Peers([ipaddress.ip_network("10.0.0.0/8")])


def test_forwarded_headers_of_strangers_are_ignored() -> None:
    request = arrived("192.0.2.1", x_forwarded_for="127.0.0.1", x_forwarded_proto="https")
    assert PEERS.trusted_view(request) is request
    assert Peers().trusted_view(request) is request


def test_trusted_proxy_speaks_for_its_client() -> None:
    seen = PEERS.trusted_view(
        arrived("10.0.0.1", x_forwarded_for="192.0.2.7", x_forwarded_proto="https")
    )
    assert (seen.remote_address, seen.scheme) == ("192.0.2.7", "https")


def test_what_a_client_wrote_before_the_proxies_is_not_believed() -> None:
    seen = PEERS.trusted_view(arrived("10.0.0.1", x_forwarded_for="127.0.0.1, 192.0.2.7, 10.0.0.2"))
    assert seen.remote_address == "192.0.2.7"


@pytest.mark.parametrize("forwarded_for", ["", "nonsense", "192.0.2.7, nonsense", "10.0.0.2"])
def test_without_a_client_the_peer_counts(forwarded_for: str) -> None:
    seen = PEERS.trusted_view(arrived("10.0.0.1", x_forwarded_for=forwarded_for))
    assert seen.remote_address == "10.0.0.1"


def test_odd_schemes_are_not_taken_over() -> None:
    seen = PEERS.trusted_view(arrived("10.0.0.1", x_forwarded_proto="javascript"))
    assert seen.scheme == "http"


@pytest.mark.parametrize(
    ("shown", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("::", False), ("10.0.0.1", False), ("", False)],
)
def test_loopback(shown: str, *, loopback: bool) -> None:
    assert is_loopback(shown) is loopback
