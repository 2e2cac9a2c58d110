"""Terms documents: links to an app client's terms of use and privacy policy, by language."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.paging import Page
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import app_clients, pools
from poolgate.userpools.tables import terms

FALLBACK = "cognito:default"
NAMES = ("terms-of-use", "privacy-policy")


class TermsNotFound(Failure):
    """The pool has no such terms, or the app client has none of that name."""


class TermsExist(Failure):
    """The app client already has terms of this name. Facts: name."""


class InvalidLinks(Failure):
    """Links that cannot be shown to people. Facts: fault."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One document of one app client; AWS knows one source and one enforcement so far."""

    terms_id: str
    pool_id: PoolId
    client_id: ClientId
    name: str
    source: str
    enforcement: str
    links: Mapping[str, str]
    created_at: int
    modified_at: int


_OF_POOL = terms.c.pool_id == sa.bindparam("pool_id")
_GET = sa.select(terms.c.settings).where(_OF_POOL, terms.c.terms_id == sa.bindparam("terms_id"))
_OF_CLIENT = sa.select(terms.c.settings).where(
    _OF_POOL, terms.c.client_id == sa.bindparam("client_id"), terms.c.name == sa.bindparam("name")
)
_LIST = (
    sa.select(terms.c.settings)
    .where(_OF_POOL, terms.c.terms_id > sa.bindparam("after"))
    .order_by(terms.c.terms_id)
    .limit(sa.bindparam("limit"))
)
_INSERT = InsertIfAbsent(terms)
_UPDATE = (
    sa.update(terms)
    .where(terms.c.terms_id == sa.bindparam("changed_terms_id"))
    .values(name=sa.bindparam("name"), settings=sa.bindparam("settings"))
)
_DELETE = sa.delete(terms).where(_OF_POOL, terms.c.terms_id == sa.bindparam("terms_id"))


def get(transaction: Transaction, pool_id: PoolId, terms_id: str) -> Terms:
    """Return the terms; raise UserPoolNotFound or TermsNotFound."""
    pools.get(transaction, pool_id)
    return _terms(transaction.one(_GET, {"pool_id": pool_id, "terms_id": terms_id}))


def get_of_client(
    transaction: Transaction, pool_id: PoolId, client_id: ClientId, name: str
) -> Terms:
    """Return the app client's terms of that name; raise what is missing."""
    pools.get(transaction, pool_id)
    app_clients.get(transaction, client_id, pool_id)
    asked = {"pool_id": pool_id, "client_id": client_id, "name": name}
    return _terms(transaction.one(_OF_CLIENT, asked))


def find_links(
    transaction: Transaction, pool_id: PoolId, client_id: ClientId, language: str
) -> tuple[str, str] | None:
    """Return where terms of use and privacy policy are, or None unless there are both."""
    links = []
    for name in NAMES:
        asked = {"pool_id": pool_id, "client_id": client_id, "name": name}
        row = transaction.one(_OF_CLIENT, asked)
        # AWS CreateTerms: "You must provide both types of terms documents".
        if row is None:
            return None
        found = _terms(row).links
        links.append(found.get(language, found[FALLBACK]))
    terms_of_use, privacy_policy = links
    return terms_of_use, privacy_policy


def list_terms(transaction: Transaction, pool_id: PoolId, *, after: str, limit: int) -> Page[Terms]:
    """Return the pool's terms by id, from behind `after`."""
    rows = transaction.rows(_LIST, {"pool_id": pool_id, "after": after, "limit": limit + 1})
    page = tuple(_terms(row) for row in rows[:limit])
    return Page(page, page[-1].terms_id if len(rows) > limit else None)


def create(
    call: Call,
    pool_id: PoolId,
    client_id: ClientId,
    *,
    name: str,
    source: str,
    enforcement: str,
    links: Mapping[str, str],
) -> Terms:
    """Give the app client terms; of two concurrent creators one gets TermsExist."""
    _verify_links(links)
    made = Terms(
        terms_id=random_uuid(),
        pool_id=pool_id,
        client_id=client_id,
        name=name,
        source=source,
        enforcement=enforcement,
        links=links,
        created_at=call.now_millis,
        modified_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        app_clients.get(transaction, client_id, pool_id)
        row = {
            "terms_id": made.terms_id,
            "pool_id": pool_id,
            "client_id": client_id,
            "name": name,
            "settings": msgspec.json.encode(made),
        }
        if not transaction.insert_if_absent(_INSERT, row):
            raise TermsExist(name=name)
    return made


def update(
    call: Call,
    pool_id: PoolId,
    terms_id: str,
    *,
    name: str | None,
    source: str | None,
    enforcement: str | None,
    links: Mapping[str, str] | None,
) -> Terms:
    """Change what is not None; links are replaced as a whole. Raises TermsExist."""
    if links is not None:
        _verify_links(links)
    with call.db.writing() as transaction:
        former = get(transaction, pool_id, terms_id)
        changed = msgspec.structs.replace(
            former,
            name=name or former.name,
            source=source or former.source,
            enforcement=enforcement or former.enforcement,
            links=former.links if links is None else links,
            modified_at=call.now_millis,
        )
        if changed.name != former.name:
            asked = {"pool_id": pool_id, "client_id": former.client_id, "name": changed.name}
            if transaction.one(_OF_CLIENT, asked) is not None:
                raise TermsExist(name=changed.name)
        transaction.run(
            _UPDATE,
            {
                "changed_terms_id": terms_id,
                "name": changed.name,
                "settings": msgspec.json.encode(changed),
            },
        )
    return changed


def delete(call: Call, pool_id: PoolId, terms_id: str) -> None:
    """Remove the terms; raise TermsNotFound."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not transaction.run(_DELETE, {"pool_id": pool_id, "terms_id": terms_id}):
            raise TermsNotFound


def _verify_links(links: Mapping[str, str]) -> None:
    if FALLBACK not in links:
        # AWS CreateTerms: "with fallback to default if no document exists for the language".
        raise InvalidLinks(fault=f"Links must have an entry for {FALLBACK}.")
    for language, url in links.items():
        try:
            parts = urlsplit(url)
            is_web = parts.scheme in {"https", "http"} and bool(parts.hostname)
        except ValueError:
            is_web = False
        if not is_web:
            raise InvalidLinks(fault=f"The link for {language} must be a web address.")


def _terms(row: Any) -> Terms:  # noqa: ANN401 - a row of terms, or None
    if row is None:
        raise TermsNotFound
    return msgspec.json.decode(row.settings, type=Terms)
