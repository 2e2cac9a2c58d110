"""What is remembered of sign-ins is bounded, counted once and forgotten, on both engines."""

from collections.abc import Iterator

import msgspec
import pytest
from kits.people import People
from kits.takers import TAKERS, TOOK, at_once

from poolgate.foundation.ids import Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.testing import LocalPoolgate
from poolgate.userpools import auth_events, known_places
from poolgate.userpools.auth_events import (
    AuthEvent,
    EventResponse,
    EventType,
    Feedback,
    FeedbackValue,
    Surroundings,
)
from poolgate.userpools.users import User

ADDRESS = "192.0.2.1"
NOW = 1_800_000_000_000
HOUR = known_places.HOUR_MILLIS


@pytest.fixture(params=["sqlite", "postgresql"])
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql_url")
    with LocalPoolgate(database_url=url) as poolgate:
        yield People.of(poolgate)


def place(number: int) -> Surroundings:
    return Surroundings(
        address=f"198.51.{number // 256}.{number % 256}",
        device_name="d",
        device_key=f"device{number}",
    )


def event(user: User, at: int, response: EventResponse) -> AuthEvent:
    return AuthEvent(
        event_id=random_uuid(),
        pool_id=user.pool_id,
        sub=user.sub,
        created_at=at,
        event_type=EventType.SIGN_IN,
        response=response,
        surroundings=place(0),
    )


def test_the_places_seen_last_are_kept(people: People) -> None:
    user, db = people.user(), people.call.db
    kept = known_places.KEPT_OF_A_KIND
    for number in range(kept + 10):
        with db.writing() as transaction:
            known_places.remember(transaction, user.pool_id, user.sub, place(number), NOW + number)
    with db.reading() as transaction:
        known = [
            known_places.familiarity(transaction, user.pool_id, user.sub, place(number), NOW + kept)
            for number in range(kept + 10)
        ]
    assert [each.is_known_device for each in known] == [False] * 10 + [True] * kept
    assert [each.is_known_address for each in known] == [False] * 10 + [True] * kept
    assert known[0].has_history


def test_a_reported_place_is_not_pushed_out(people: People) -> None:
    user, db = people.user(), people.call.db
    identified = msgspec.structs.replace(place(0), is_identified=True)
    with db.writing() as transaction:
        known_places.report(transaction, user.pool_id, user.sub, identified, NOW)
    for number in range(1, known_places.KEPT_OF_A_KIND + 10):
        with db.writing() as transaction:
            known_places.remember(transaction, user.pool_id, user.sub, place(number), NOW + number)
    with db.reading() as transaction:
        known = known_places.familiarity(transaction, user.pool_id, user.sub, place(0), NOW)
    assert known.is_reported
    assert not known.is_known_device


def test_refusals_of_many_takers_are_all_counted(people: People) -> None:
    db, pool_id = people.call.db, people.pool.pool_id

    def refuse(_number: int) -> None:
        with db.writing() as transaction:
            known_places.count_refusal(transaction, pool_id, Sub("one"), ADDRESS, NOW)

    assert at_once(refuse) == {TOOK: TAKERS}
    with db.reading() as transaction:
        own = known_places.refusals(transaction, pool_id, Sub("one"), ADDRESS, NOW)
        others = known_places.refusals(transaction, pool_id, Sub("two"), ADDRESS, NOW)
        later = known_places.refusals(transaction, pool_id, Sub("two"), ADDRESS, NOW + HOUR)
    assert (own.failures, own.others) == (TAKERS, 0)
    assert (others.failures, others.others) == (TAKERS, 1)
    assert (later.failures, later.others) == (0, 0)


def test_an_address_fills_no_table(people: People) -> None:
    db, pool_id = people.call.db, people.pool.pool_id
    most = known_places.MAX_REFUSED_AT_AN_ADDRESS
    with db.writing() as transaction:
        for number in range(most + 20):
            known_places.count_refusal(transaction, pool_id, Sub(str(number)), ADDRESS, NOW)
        assert known_places.refusals(transaction, pool_id, Sub(""), ADDRESS, NOW).others == most
        assert known_places.purge_failures(transaction, NOW + HOUR) == most


def test_refused_events_push_no_others_out_and_nobody_leaves_any(people: People) -> None:
    user, call = people.user(), people.call
    now = call.now_millis
    with call.db.writing() as transaction:
        auth_events.record(transaction, event(user, now, EventResponse.PASS))
        for _ in range(auth_events.KEPT_OF_A_KIND + 3):
            auth_events.record(transaction, event(user, now, EventResponse.FAIL))
        auth_events.rehearse(transaction, event(user, now, EventResponse.FAIL))
    with call.db.reading() as transaction:
        page = auth_events.list_events(
            transaction, call, user.pool_id, user.sub, after="", limit=1000
        )
    responses = [each.response for each in page.rows]
    assert responses == [EventResponse.FAIL] * auth_events.KEPT_OF_A_KIND + [EventResponse.PASS]


def test_only_an_event_in_progress_goes_on(people: People) -> None:
    user, call = people.user(), people.call
    begun = event(user, call.now_millis, EventResponse.IN_PROGRESS)
    with call.db.writing() as transaction:
        auth_events.record(transaction, begun)
        for response in (EventResponse.PASS, EventResponse.FAIL):
            auth_events.progress(
                transaction,
                begun.event_id,
                user.pool_id,
                user.sub,
                response=response,
                challenges=(),
            )
        kept = auth_events.get(transaction, user.pool_id, user.sub, begun.event_id)
    assert kept.response is EventResponse.PASS


def test_of_many_words_on_an_event_one_stays(people: People) -> None:
    user, call = people.user(), people.call
    seen = event(user, call.now_millis, EventResponse.PASS)
    with call.db.writing() as transaction:
        auth_events.record(transaction, seen)

    def say(number: int) -> None:
        value = FeedbackValue.VALID if number % 2 else FeedbackValue.INVALID
        with call.db.writing() as transaction:
            auth_events.give_feedback(transaction, seen, Feedback(value, "User", NOW + number))

    assert at_once(say) == {TOOK: TAKERS}
    with call.db.reading() as transaction:
        kept = auth_events.get(transaction, user.pool_id, user.sub, seen.event_id)
    assert kept.feedback is not None
    is_valid = kept.feedback.value is FeedbackValue.VALID
    assert is_valid == bool((kept.feedback.given_at - NOW) % 2)
