"""Waiting for the approval of a device: at the server's pace, to its end."""

from dataclasses import dataclass, field, replace

import pytest
from kits.serving import PASSWORD
from kits.signed_in_pools import SignedInPool
from kits.terminal import browser_at

from poolgate.client import device_sign_in
from poolgate.client.browser_sign_in import SignInDenied
from poolgate.client.device_sign_in import BegunDevice, DeviceCodeExpired
from poolgate.client.issuers import IssuerUnusable, endpoints_of
from poolgate.client.token_sets import unverified_claims


@dataclass
class Waiting:
    """A device that waits in no time; at one of its waits something is done elsewhere."""

    pool: SignedInPool
    clock: object
    waits: list[float] = field(default_factory=list)
    does: dict = field(default_factory=dict)

    @property
    def endpoints(self):
        return endpoints_of(self.pool.profile())

    def begin(self) -> BegunDevice:
        return device_sign_in.begin(self.pool.profile(), self.endpoints, self.clock)

    def finish(self, begun: BegunDevice):
        def wait(seconds):
            self.waits.append(seconds)
            self.does.get(len(self.waits), lambda: None)()

        return device_sign_in.finish(begun, self.pool.profile(), self.endpoints, self.clock, wait)

    def decide(self, begun: BegunDevice, decision: str) -> None:
        browser = browser_at(self.pool).open(begun.complete_uri.removeprefix(self.pool.served.url))
        browser.send()
        browser.send(username="alice", password=PASSWORD)
        browser.send()
        action, form = browser.page.forms[0]
        browser.post(action, {**form, "decision": decision})


@pytest.fixture
def waiting(pool, clock):
    return Waiting(pool, clock)


def test_who_asks_too_soon_asks_less_often_from_then_on(waiting):
    begun = waiting.begin()
    # The server's clock stands still between the first three; at the fourth enough has passed.
    waiting.does[3] = lambda: waiting.decide(begun, "approve")
    waiting.does[4] = lambda: waiting.pool.advance(20)
    kept = waiting.finish(begun)
    assert waiting.waits == [5, 5, 10, 15]
    assert unverified_claims(kept.tokens.access_token)["username"] == "alice"


def test_whoever_denies_the_device_ends_it(waiting):
    begun = waiting.begin()
    waiting.decide(begun, "deny")
    with pytest.raises(SignInDenied, match="at the other device"):
        waiting.finish(begun)


def test_a_code_that_nobody_uses_expires(waiting):
    begun = waiting.begin()
    waiting.does[2] = lambda: waiting.clock.advance(600)
    with pytest.raises(DeviceCodeExpired):
        waiting.finish(begun)
    assert len(waiting.waits) == 2


def test_a_server_that_is_away_is_asked_less_often(waiting):
    begun = waiting.begin()
    away = replace(waiting.endpoints, token="http://127.0.0.1:9/token")
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 6:
            waiting.clock.advance(600)

    with pytest.raises(DeviceCodeExpired):
        device_sign_in.finish(begun, waiting.pool.profile(), away, waiting.clock, wait)
    assert waits == [5, 10, 20, 40, 60, 60]


def test_an_issuer_without_the_flow_is_told(waiting):
    without = replace(waiting.endpoints, device_authorization=None)
    with pytest.raises(IssuerUnusable, match="--paste"):
        device_sign_in.begin(waiting.pool.profile(), without, waiting.clock)
