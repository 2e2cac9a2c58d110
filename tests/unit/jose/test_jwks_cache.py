import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.jose.jwks_cache import JwksCache, KeySetNotFetched, KeySetUnavailable, KeyUnknown
from poolgate.jose.key_sets import render_jwk, render_key_set


class Issuer:
    """Serves a key set that tests change, and counts how often it was asked."""

    def __init__(self, public_key: rsa.RSAPublicKey) -> None:
        self.public_key = public_key
        self.key_ids = ["k1"]
        self.is_down = False
        self.fetches = 0
        self.now = 0.0

    def fetch(self) -> bytes:
        self.fetches += 1
        if self.is_down:
            raise KeySetNotFetched
        return render_key_set([render_jwk(key_id, self.public_key) for key_id in self.key_ids])

    def cache(self) -> JwksCache:
        return JwksCache(
            self.fetch,
            maximum_age_seconds=100,
            stale_seconds=50,
            penalty_seconds=10,
            clock=lambda: self.now,
        )


@pytest.fixture
def issuer(private_key: rsa.RSAPrivateKey) -> Issuer:
    return Issuer(private_key.public_key())


def test_set_is_fetched_once_while_fresh(issuer: Issuer) -> None:
    cache = issuer.cache()
    assert cache.find_fresh_key("k1") is None
    for issuer.now in (0, 50, 99.9):
        assert cache.get_key("k1").key_id == "k1"
        assert cache.find_fresh_key("k1") is cache.get_key("k1")
    assert issuer.fetches == 1


def test_set_is_fetched_again_at_its_maximum_age(issuer: Issuer) -> None:
    cache = issuer.cache()
    cache.get_key("k1")
    issuer.now = 100
    assert cache.find_fresh_key("k1") is None
    cache.get_key("k1")
    assert issuer.fetches == 2


def test_key_that_left_the_set_is_refused_after_the_maximum_age(issuer: Issuer) -> None:
    cache = issuer.cache()
    cache.get_key("k1")
    issuer.key_ids = ["k2"]
    issuer.now = 100
    with pytest.raises(KeyUnknown):
        cache.get_key("k1")


def test_new_key_is_found_by_one_fetch(issuer: Issuer) -> None:
    cache = issuer.cache()
    cache.get_key("k1")
    issuer.key_ids.append("k2")
    issuer.now = 10
    assert cache.get_key("k2").key_id == "k2"
    assert issuer.fetches == 2


def test_invented_key_ids_cause_no_storm(issuer: Issuer) -> None:
    cache = issuer.cache()
    for number in range(1000):
        issuer.now = number / 100
        with pytest.raises(KeyUnknown):
            cache.get_key(f"invented-{number}")
    assert issuer.fetches == 1
    issuer.now = 10
    with pytest.raises(KeyUnknown):
        cache.get_key("invented")
    assert issuer.fetches == 2


def test_stale_set_answers_while_the_issuer_is_down_but_not_for_ever(issuer: Issuer) -> None:
    cache = issuer.cache()
    cache.get_key("k1")
    issuer.is_down = True
    for issuer.now in (100, 105, 120, 149.9):
        assert cache.get_key("k1").key_id == "k1"
    assert issuer.fetches == 4
    issuer.now = 150
    with pytest.raises(KeySetUnavailable):
        cache.get_key("k1")


def test_issuer_that_is_down_is_not_asked_on_every_call(issuer: Issuer) -> None:
    issuer.is_down = True
    cache = issuer.cache()
    for _ in range(50):
        with pytest.raises(KeySetUnavailable):
            cache.get_key("k1")
    assert issuer.fetches == 1
    issuer.is_down = False
    issuer.now = 10
    assert cache.get_key("k1").key_id == "k1"


def test_garbled_document_does_not_replace_a_good_one(issuer: Issuer) -> None:
    answers = [issuer.fetch(), b"<html>", b'{"keys":[]}']
    cache = JwksCache(
        lambda: answers.pop(0),
        maximum_age_seconds=100,
        stale_seconds=50,
        penalty_seconds=10,
        clock=lambda: issuer.now,
    )
    cache.get_key("k1")
    issuer.now = 100
    assert cache.get_key("k1").key_id == "k1"
    issuer.now = 110
    with pytest.raises(KeyUnknown):
        cache.get_key("k1")


def test_many_threads_share_one_fetch(issuer: Issuer) -> None:
    arrived = threading.Barrier(8)

    def slow_fetch() -> bytes:
        document = issuer.fetch()
        # The others reach the cache while this fetch is under way.
        threading.Event().wait(0.05)
        return document

    cache = JwksCache(slow_fetch, clock=lambda: 0.0)

    def get(_: int) -> str:
        arrived.wait()
        return cache.get_key("k1").key_id

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(get, range(8))) == {"k1"}
    assert issuer.fetches == 1


def test_stale_answers_do_not_wait_for_a_fetch_under_way(issuer: Issuer) -> None:
    fetching, may_finish = threading.Event(), threading.Event()

    def fetch() -> bytes:
        if issuer.now >= 100:
            fetching.set()
            may_finish.wait(10)
        return issuer.fetch()

    cache = JwksCache(
        fetch,
        maximum_age_seconds=100,
        stale_seconds=50,
        penalty_seconds=10,
        clock=lambda: issuer.now,
    )
    cache.get_key("k1")
    issuer.now = 100
    with ThreadPoolExecutor(1) as threads:
        refreshing = threads.submit(cache.get_key, "k1")
        assert fetching.wait(10)
        assert cache.get_key("k1").key_id == "k1"
        may_finish.set()
        assert refreshing.result().key_id == "k1"
