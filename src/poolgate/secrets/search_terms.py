"""What secrets are found by in listings: names, tags and the words of everything.

The terms are kept beside the secret, so that the database picks the secrets of a listing. A term is
found by its beginning.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import sqlalchemy as sa

from poolgate.secrets.tables import secret_terms
from poolgate.store.database import Transaction

# AWS FilterValueStringType: nobody can ask for more characters.
_LONGEST_TERM = 512
_WORDS = re.compile(r"[^\s/_+=.@!:-]+")
# Names in camel case are words, too: MySecret is My and Secret.
_PARTS_OF_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class TermKind(StrEnum):
    """The kinds of terms, by the filter keys of AWS."""

    NAME = "name"
    DESCRIPTION = "description"
    TAG_KEY = "tag-key"
    TAG_VALUE = "tag-value"
    ALL = "all"
    PRIMARY_REGION = "primary-region"


# Their values are lists of words, of which each must be there, in any case.
WORD_KINDS = frozenset({TermKind.DESCRIPTION, TermKind.ALL})

_DELETE = sa.delete(secret_terms).where(
    secret_terms.c.arn == sa.bindparam("of_arn"), secret_terms.c.kind != TermKind.PRIMARY_REGION
)
_DELETE_REGION = sa.delete(secret_terms).where(
    secret_terms.c.arn == sa.bindparam("of_arn"), secret_terms.c.kind == TermKind.PRIMARY_REGION
)
_INSERT = sa.insert(secret_terms)


def put(
    transaction: Transaction,
    arn: str,
    name: str,
    description: str | None,
    tags: Mapping[str, str] | None,
) -> None:
    """Replace the terms of a secret by those of what it is now."""
    transaction.run(_DELETE, {"of_arn": arn})
    found = {(kind, term[:_LONGEST_TERM]) for kind, term in _terms(name, description, tags or {})}
    transaction.run(
        _INSERT, [{"arn": arn, "kind": kind, "term": term} for kind, term in sorted(found)]
    )


def put_primary_region(transaction: Transaction, arn: str, region: str | None) -> None:
    """Let a secret with replicas be found by its region, or with None no longer."""
    transaction.run(_DELETE_REGION, {"of_arn": arn})
    if region is not None:
        transaction.run(_INSERT, {"arn": arn, "kind": TermKind.PRIMARY_REGION, "term": region})


def _terms(
    name: str, description: str | None, tags: Mapping[str, str]
) -> Iterator[tuple[TermKind, str]]:
    yield TermKind.NAME, name
    for tag_key, value in tags.items():
        yield TermKind.TAG_KEY, tag_key
        yield TermKind.TAG_VALUE, value
    for word in _words([description or ""]):
        yield TermKind.DESCRIPTION, word
    for word in _words([name, description or "", *tags.keys(), *tags.values()]):
        yield TermKind.ALL, word


def _words(texts: Iterable[str]) -> set[str]:
    words: set[str] = set()
    for text in texts:
        whole = _WORDS.findall(text)
        parts = [part for word in whole for part in _PARTS_OF_WORDS.findall(word)]
        words |= {word.casefold() for word in (*text.split(), *whole, *parts)}
    return words
