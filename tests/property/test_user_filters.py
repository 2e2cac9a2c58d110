"""ListUsers' filter language and its search against a plain reading of every user."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kits.people import People, new_call

from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import Transaction
from poolgate.testing import LocalPoolgate
from poolgate.userpools import search_rows, user_search
from poolgate.userpools.user_search import (
    SEARCHABLE,
    AttributeNotSearchable,
    Filter,
    FilterUnreadable,
    parse_filter,
)

SPACE = st.text(" \t", max_size=2)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
# Few characters, so that values share beginnings; some fold to more than one, some to each other.
VALUES = st.text('aAbBßẞ\u017fsK\u212a\U0010ffff\ud7ff\ue000%_\\" ', max_size=4)


def written(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


@given(
    attribute=st.sampled_from(sorted(SEARCHABLE)),
    value=TEXT,
    operator=st.sampled_from(["=", "^="]),
    spaces=st.tuples(SPACE, SPACE, SPACE, SPACE),
)
def test_every_value_can_be_written_and_is_read_back(
    attribute: str, value: str, operator: str, spaces: tuple[str, str, str, str]
) -> None:
    first, second, third, last = spaces
    text = f'{first}{attribute}{second}{operator}{third}"{written(value)}"{last}'
    assert parse_filter(text) == Filter(attribute, value, is_prefix=operator == "^=")


@given(st.text(max_size=60) | st.text('ae=^"\\ :m', max_size=12))
def test_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        parsed = parse_filter(text)
    except (FilterUnreadable, AttributeNotSearchable):
        return
    assert parsed is None or parsed.attribute in SEARCHABLE


@pytest.fixture(scope="module")
def people() -> Any:
    with LocalPoolgate() as poolgate:
        yield People.of(poolgate)


def listed(
    transaction: Transaction, people: People, wanted: Filter | None, limit: int
) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        page = user_search.list_users(transaction, people.pool, wanted, after=after, limit=limit)
        found += [user.sub for user in page.rows]
        if page.next_position is None:
            return found
        after = page.next_position


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(VALUES, min_size=1, max_size=6),
    sought=VALUES,
    operator=st.sampled_from(["=", "^="]),
    limit=st.integers(1, 3),
)
# The last character of all has no successor that could bound a range.
@example(names=["\U0010ffff" * 3], sought="\U0010ffff", operator="^=", limit=1)
def test_the_index_finds_what_a_plain_reading_finds(
    people: People, names: list[str], sought: str, operator: str, limit: int
) -> None:
    is_prefix = operator == "^="
    call = new_call(people.poolgate)
    subs = {people.user(f"user{number}").sub: name for number, name in enumerate(names)}
    pool_id = PoolId(people.pool.pool_id)
    try:
        with call.db.writing() as transaction:
            for sub, name in subs.items():
                wanted = search_rows.searchable({"name": name}, "CONFIRMED", enabled=True)
                search_rows.replace(transaction, pool_id, Sub(sub), wanted=wanted, former={})
        folded = sought.casefold()
        expected = {
            sub
            for sub, name in subs.items()
            if name.casefold() == folded or (is_prefix and name.casefold().startswith(folded))
        }
        with call.db.reading() as transaction:
            found = listed(transaction, people, Filter("name", sought, is_prefix), limit)
            everyone = listed(transaction, people, None, limit)
        assert sorted(found) == sorted(expected)
        assert sorted(everyone) == sorted(subs)
    finally:
        with call.db.reading() as transaction:
            everybody = user_search.list_users(
                transaction, people.pool, None, after="", limit=60
            ).rows
        for user in everybody:
            people.delete(user)
