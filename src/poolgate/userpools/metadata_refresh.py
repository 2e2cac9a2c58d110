"""Metadata of SAML providers, read again from where it is published.

A provider that is due is leased by one worker (one conditional update), so that any number of
servers ask once. What cannot be read or used leaves the provider as it was until its next turn.
# AWS cognito-user-pools-saml-idp: metadata URLs are read again every six hours.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import names_of
from poolgate.foundation.ids import PoolId
from poolgate.saml.failures import SamlRefused
from poolgate.saml.metadata import parse_metadata
from poolgate.store.call import Call
from poolgate.userpools.identity_providers import IdentityProvider, provider_of
from poolgate.userpools.provider_details import METADATA_URL, REFRESH_EVERY_MILLIS, with_metadata
from poolgate.userpools.provider_documents import (
    MetadataMissing,
    MetadataUnreachable,
    fetch_metadata,
)
from poolgate.userpools.tables import identity_providers as table

# One server asks so many providers in one round, and the others in the next.
_MOST_AT_ONCE = 100
_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """One reading of a provider's metadata, for the log; `reason` is empty where it went well."""

    pool_id: PoolId
    provider_name: str
    reason: str


_KEY = (table.c.pool_id == sa.bindparam("of_pool_id"), table.c.name == sa.bindparam("of_name"))
_NEXT = (
    sa.select(table)
    .where(table.c.refresh_at <= sa.bindparam("now"))
    .order_by(table.c.refresh_at)
    .limit(1)
)
_LEASE = (
    sa.update(table)
    .where(*_KEY, table.c.refresh_at == sa.bindparam("was_due_at"))
    .values(refresh_at=sa.bindparam("due_at"))
)
_GET = sa.select(table).where(*_KEY)
_PUT = (
    sa.update(table)
    .where(*_KEY)
    .values(settings=sa.bindparam("new_settings"), metadata=sa.bindparam("new_metadata"))
)


class MetadataRefresher:
    """Reads metadata that is due; `start` does so in its own thread."""

    def __init__(
        self,
        new_call: Callable[[], Call],
        *,
        report: Callable[[Refreshed], None],
        report_interruption: Callable[[str], None],
    ) -> None:
        self._new_call = new_call
        self._report = report
        self._report_interruption = report_interruption

    def start(self) -> None:
        """Work from now on, in a thread that does not keep the process alive."""
        threading.Thread(target=self._work, name="saml metadata", daemon=True).start()

    def run_due(self) -> None:
        """Read what is due and nobody else reads, a bounded number of documents."""
        for _ in range(_MOST_AT_ONCE):
            call = self._new_call()
            provider = _take(call)
            if provider is None:
                return
            self._report(Refreshed(provider.pool_id, provider.name, _refresh(call, provider)))

    def _work(self) -> None:
        pause = threading.Event()
        while not pause.wait(_PAUSE_SECONDS):
            try:
                self.run_due()
            except Exception as error:  # noqa: BLE001 - whatever happened, the next round goes on
                self._report_interruption(type(error).__name__)


def _take(call: Call) -> IdentityProvider | None:
    """Return a provider that is due, leased, or None; of two takers one gets it."""
    with call.db.reading() as transaction:
        if transaction.one(_NEXT, {"now": call.now_millis}) is None:
            return None
    with call.db.writing() as transaction:
        row = transaction.one(_NEXT, {"now": call.now_millis})
        if row is None:
            return None
        leased = {
            "of_pool_id": row.pool_id,
            "of_name": row.name,
            "was_due_at": row.refresh_at,
            "due_at": call.now_millis + REFRESH_EVERY_MILLIS,
        }
        return provider_of(row) if transaction.run(_LEASE, leased) else None


def _refresh(call: Call, provider: IdentityProvider) -> str:
    """Store what the provider publishes now; return why not, in names, or an empty text."""
    url = provider.details[METADATA_URL]
    try:
        document = fetch_metadata(call, url)
        described = parse_metadata(document)
        with_metadata(provider.details, described)
    except (MetadataMissing, MetadataUnreachable, SamlRefused) as failure:
        return names_of(failure)
    named = {"of_pool_id": provider.pool_id, "of_name": provider.name}
    with call.db.writing() as transaction:
        row = transaction.one(_GET, named)
        # Whoever changed the provider meanwhile has read its metadata themselves.
        if row is None or row.settings != msgspec.json.encode(provider):
            return ""
        changed = msgspec.structs.replace(
            provider, details=with_metadata(provider.details, described), saml=described
        )
        new = {"new_settings": msgspec.json.encode(changed), "new_metadata": document}
        transaction.run(_PUT, {**named, **new})
    return ""
