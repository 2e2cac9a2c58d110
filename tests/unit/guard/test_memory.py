import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from poolgate.guard.bounded import BoundedCache, FailureLimiter
from poolgate.guard.challenges import combined
from poolgate.guard.outbound import OutboundAnswer, OutboundRequest, is_loopback
from poolgate.guard.presented import Presented, Scheme


def test_a_cache_keeps_its_bound_and_its_times():
    cache = BoundedCache(3)
    for number in range(5):
        cache.put(number, f"v{number}", expires_at=10 + number)
    assert len(cache) == 3
    assert cache.find(1, 0) is None
    assert cache.find(2, 11.9) == "v2"
    assert cache.find(2, 12) is None
    cache.put(4, "again", expires_at=100)
    assert cache.find(4, 50) == "again"
    cache.discard(4)
    cache.discard(4)
    assert cache.find(4, 50) is None


def test_of_many_threads_one_puts_first():
    cache = BoundedCache(100)
    with ThreadPoolExecutor(8) as threads:
        firsts = list(
            threads.map(lambda _: cache.put_first("k", "v", now=0, expires_at=10), range(64))
        )
    assert firsts.count(True) == 1
    assert not cache.put_first("k", "v", now=9, expires_at=20)
    assert cache.put_first("k", "v", now=10, expires_at=20)


def test_oldest_is_alive_tells_whether_room_costs_something():
    cache = BoundedCache(2)
    assert not cache.oldest_is_alive(0)
    cache.put("a", 1, expires_at=5)
    assert cache.oldest_is_alive(4)
    assert not cache.oldest_is_alive(5)


def test_failures_count_in_their_window():
    limiter = FailureLimiter(max_failures=2, window_seconds=60, max_keys=10)
    limiter.note_failure("a", 100)
    assert limiter.seconds_to_wait("a", 100) is None
    limiter.note_failure("a", 110)
    assert limiter.seconds_to_wait("a", 120) == 41
    assert limiter.seconds_to_wait("b", 120) is None
    assert limiter.seconds_to_wait("a", 160) is None
    limiter.note_failure("a", 200)
    limiter.note_failure("a", 200)
    limiter.forget("a")
    assert limiter.seconds_to_wait("a", 200) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - as text
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_only(host, expected):
    assert is_loopback(host) is expected


def test_nothing_that_may_hold_a_secret_is_shown():
    outbound = OutboundRequest("POST", "https://x", (("Authorization", "hunter2"),), b"hunter2")
    for shown in (
        repr(outbound),
        repr(OutboundAnswer(200, b"hunter2")),
        repr(Presented(Scheme.BEARER, "hunter2", "hunter2")),
    ):
        assert "hunter2" not in shown


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_object_reads_as_an_empty_one(body):
    assert OutboundAnswer(200, body).json_object() == {}


def test_several_challenges_fit_into_one_header():
    assert combined(['Bearer realm="a"', 'Basic realm="a"']) == 'Bearer realm="a", Basic realm="a"'


def test_importing_the_guard_loads_no_client_and_no_expression_runtime():
    script = (
        "import sys, poolgate.guard\n"
        "heavy = {'httpx2', 'cel_expr_python', 'starlette', 'sqlalchemy', 'botocore', 'google'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"
