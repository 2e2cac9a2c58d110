"""The search of users gives the same on both engines, page by page."""

from collections.abc import Iterator

import pytest
from kits.people import People, new_call

from poolgate.testing import LocalPoolgate
from poolgate.userpools import search_rows, user_search
from poolgate.userpools.user_search import Filter

NAMES = [
    "",
    "a",
    "A b",
    "ab",
    "aß",
    "ASS",
    "a\ud7ff",
    "a\ue000",
    "a\U0010ffff",
    "a%",
    "a_",
    "Ä",
    "-",
]
FILTERS = [
    None,
    *(Filter("name", value, is_prefix=prefix) for value in NAMES for prefix in (False, True)),
    Filter("status", "Enabled", is_prefix=False),
    Filter("username", "user", is_prefix=True),
    Filter("username", "user3", is_prefix=False),
    Filter("sub", "", is_prefix=True),
    Filter("sub", "4", is_prefix=True),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql_url")
    with LocalPoolgate(database_url=url) as poolgate:
        yield People.of(poolgate)


def matches(wanted: Filter | None, values: dict[str, str]) -> bool:
    if wanted is None:
        return True
    if wanted.attribute not in values:
        return False
    value, sought = values[wanted.attribute], wanted.value
    if wanted.attribute == "name":
        value, sought = value.casefold(), sought.casefold()
    return value.startswith(sought) if wanted.is_prefix else value == sought


def test_search_is_a_plain_reading_of_every_user(people: People) -> None:
    call = new_call(people.poolgate)
    values = {}
    for number, name in enumerate(NAMES):
        user = people.user(f"user{number}")
        values[user.sub] = {
            "name": name,
            "status": "Enabled",
            "username": user.username,
            "sub": user.sub,
        }
        with call.db.writing() as transaction:
            search_rows.replace(
                transaction,
                people.pool.pool_id,
                user.sub,
                wanted=search_rows.searchable({"name": name}, "CONFIRMED", enabled=True),
                former={},
            )
    for wanted in FILTERS:
        found, after = [], ""
        with call.db.reading() as transaction:
            while True:
                page = user_search.list_users(
                    transaction, people.pool, wanted, after=after, limit=2
                )
                found += [user.sub for user in page.rows]
                if page.next_position is None:
                    break
                after = page.next_position
        expected = [sub for sub, known in values.items() if matches(wanted, known)]
        assert sorted(found) == sorted(expected), wanted
