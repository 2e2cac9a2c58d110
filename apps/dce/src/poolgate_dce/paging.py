"""Pages of a listing: how many records, and where the next page begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from poolgate_dce.failures import InvalidRequest

Record = TypeVar("Record")
DEFAULT_LIMIT = 25
LARGEST_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    """Some records and the query parameters of the page after them, None at the end."""

    records: tuple[Record, ...]
    next_page: Mapping[str, str] | None = None


def parse_limit(query: Mapping[str, str]) -> int:
    """Return the asked page size, at most LARGEST_LIMIT."""
    given = query.get("limit", str(DEFAULT_LIMIT))
    if not given.isdecimal() or not given.isascii() or int(given[:6]) < 1:
        raise InvalidRequest("limit must be a whole number from 1 on")
    return min(int(given[:6]), LARGEST_LIMIT)
