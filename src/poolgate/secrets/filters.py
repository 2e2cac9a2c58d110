"""Which secrets a list of filters means."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from poolgate.secrets.stored_secrets import StoredSecret

_NEGATION = "!"
_WORDS = re.compile(r"[^\s/_+=.@!:-]+")
# Names in camel case are words, too: MySecret is My and Secret.
_PARTS_OF_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Filter:
    """A key of `_MATCHES` and the values of which one must match."""

    kind: str
    values: Sequence[str]


def matches(stored: StoredSecret, filters: Iterable[Filter]) -> bool:
    """Tell whether a secret passes all filters."""
    return all(any(_passes(stored, each.kind, value) for value in each.values) for each in filters)


def _passes(stored: StoredSecret, kind: str, value: str) -> bool:
    wanted = value.removeprefix(_NEGATION)
    return _MATCHES[kind](stored, wanted) is (wanted == value)


def _by_name(stored: StoredSecret, wanted: str) -> bool:
    return stored.name.startswith(wanted)


def _by_description(stored: StoredSecret, wanted: str) -> bool:
    return _has_words(_words(stored.description or ""), wanted)


def _by_tag_key(stored: StoredSecret, wanted: str) -> bool:
    return any(tag_key.startswith(wanted) for tag_key in stored.tags or {})


def _by_tag_value(stored: StoredSecret, wanted: str) -> bool:
    return any(value.startswith(wanted) for value in (stored.tags or {}).values())


def _by_anything(stored: StoredSecret, wanted: str) -> bool:
    tags = stored.tags or {}
    texts = [stored.name, stored.description or "", *tags.keys(), *tags.values()]
    return _has_words({word for text in texts for word in _words(text)}, wanted)


def _by_nothing(_stored: StoredSecret, _wanted: str) -> bool:
    """Match no secret: here none has replicas, and no service owns one."""
    return False


_MATCHES: dict[str, Callable[[StoredSecret, str], bool]] = {
    "name": _by_name,
    "description": _by_description,
    "tag-key": _by_tag_key,
    "tag-value": _by_tag_value,
    "primary-region": _by_nothing,
    "owning-service": _by_nothing,
    "all": _by_anything,
}


def _words(text: str) -> set[str]:
    whole = _WORDS.findall(text)
    parts = [part for word in whole for part in _PARTS_OF_WORDS.findall(word)]
    return {word.casefold() for word in (text, *whole, *parts)}


def _has_words(words: Iterable[str], wanted: str) -> bool:
    """Tell whether every word that is wanted is the beginning of one that is there."""
    there = tuple(words)
    return all(any(word.startswith(each) for word in there) for each in wanted.casefold().split())
