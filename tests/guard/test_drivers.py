"""Both drivers run the same heart; what many ask at once is asked outside once."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from kits.guard_world import (
    ALICE_SUB,
    World,
    access_token,
    basic_header,
    basic_passwords,
    bearer_tokens,
    request,
    signed_requests,
)

from poolgate.guard import DependencyUnavailable, Refusal, Unauthenticated

MANY = 16


def bearer_request(world):
    return request(("Authorization", f"Bearer {access_token(world.clock)}"))


def basic_request(_world, password="secret"):
    return request(("Authorization", basic_header("alice", password)), scheme="https")


def make_world():
    world = World(bearer_tokens(), basic_passwords(), signed_requests())
    world.network.passwords = {"alice": "secret"}
    return world


def at_once_in_threads(world, sent):
    """Send the request from many threads; the network answers when all wait for it."""
    gate = world.network.hold()

    def ask():
        try:
            return world.guard.authenticate(sent)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(MANY) as threads:
        asking = [threads.submit(ask) for _ in range(MANY)]
        try:
            wait_for_waiters(world.guard._blocking, MANY - 1)  # noqa: SLF001 - to be sure that all wait
        finally:
            gate.set()
        return [asked.result(20) for asked in asking]


def wait_for_waiters(driver, expected):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        under_way = list(driver._under_way.values())  # noqa: SLF001 - see above
        if sum(len(flight._condition._waiters) for flight in under_way) == expected:  # noqa: SLF001 - a Future does not tell
            return
        os.sched_yield()
    raise AssertionError("the threads did not come to wait")


def at_once_on_a_loop(world, sent):
    gate = world.network.hold()

    async def ask():
        try:
            return await world.guard.authenticate_async(sent)
        except Refusal as refusal:
            return refusal

    async def all_at_once():
        asking = [asyncio.ensure_future(ask()) for _ in range(MANY)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*asking)

    return asyncio.run(all_at_once())


at_once = pytest.mark.parametrize("send", [at_once_in_threads, at_once_on_a_loop])


@at_once
def test_many_tokens_at_once_fetch_the_key_set_once(send):
    world = make_world()
    callers = send(world, bearer_request(world))
    assert [caller.id for caller in callers] == [ALICE_SUB] * MANY
    assert world.network.asked["jwks"] == 1


@at_once
def test_many_requests_of_one_key_ask_for_it_once(send):
    world = make_world()
    callers = send(world, world.signed(world.access_key()))
    assert {caller.kind for caller in callers} == {"signed"}
    assert world.network.asked["signing_key"] == 1


@at_once
def test_a_failure_reaches_everybody_who_waits_as_their_own(send):
    world = make_world()
    world.network.is_down = True
    refusals = send(world, world.signed(world.access_key()))
    assert {type(refusal) for refusal in refusals} == {DependencyUnavailable}
    assert len({id(refusal) for refusal in refusals}) == MANY


@at_once
def test_many_equal_passwords_are_tried_once(send):
    world = make_world()
    callers = send(world, basic_request(world))
    assert {caller.kind for caller in callers} == {"basic"}
    assert world.network.asked["InitiateAuth"] == 1


def test_a_wrong_password_does_not_ride_on_a_right_one():
    world = make_world()
    gate = world.network.hold()

    async def both():
        right = asyncio.ensure_future(world.guard.authenticate_async(basic_request(world)))
        wrong = asyncio.ensure_future(world.guard.authenticate_async(basic_request(world, "wrong")))
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(right, wrong, return_exceptions=True)

    caller, refusal = asyncio.run(both())
    assert caller.username == "alice"
    assert isinstance(refusal, Unauthenticated)


def test_a_cancelled_request_does_not_take_the_answer_from_the_others():
    world = make_world()
    gate = world.network.hold()
    sent = bearer_request(world)

    async def first_gives_up():
        first = asyncio.ensure_future(world.guard.authenticate_async(sent))
        second = asyncio.ensure_future(world.guard.authenticate_async(sent))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    cancelled, caller = asyncio.run(first_gives_up())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert caller.id == ALICE_SUB
    assert world.network.asked["jwks"] == 1


def test_one_guard_serves_threads_and_several_loops_over_one_memory():
    world = make_world()
    sent = bearer_request(world)
    assert world.guard.authenticate(sent).id == ALICE_SUB
    for _ in range(2):
        assert asyncio.run(world.guard.authenticate_async(sent)).id == ALICE_SUB
    assert world.network.asked["jwks"] == 1


def test_refusals_are_the_same_on_both_drivers():
    world = make_world()
    for sent in (
        request(("Authorization", "Bearer x")),
        basic_request(world, "wrong"),
        world.signed(world.access_key(), service="s3"),
    ):
        with pytest.raises(Refusal) as blocking:
            world.guard.authenticate(sent)
        with pytest.raises(Refusal) as on_loop:
            asyncio.run(world.guard.authenticate_async(sent))
        assert str(blocking.value) == str(on_loop.value)
        assert blocking.value.www_authenticate == on_loop.value.www_authenticate


def test_an_error_in_a_fetch_function_reaches_everybody_and_does_not_stick():
    world = make_world()
    world.network.answers["jwks"] = "not an answer"
    sent = bearer_request(world)
    with pytest.raises(AttributeError):
        world.guard.authenticate(sent)
    world.network.answers.clear()
    world.clock.advance(10)
    assert world.guard.authenticate(sent).id == ALICE_SUB
