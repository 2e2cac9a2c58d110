"""Which secrets a listing shows, in which order and from where on."""

from collections.abc import Callable, Sequence
from typing import Any

from poolgate.operations.secretsmanager.paging import NextPage, Paging
from poolgate.operations.secretsmanager.requests import ParameterInvalid
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import stored_secrets
from poolgate.secrets.filters import Filter, matches
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.store.call import Call

_ORDERS: dict[str, Callable[[StoredSecret], Any]] = {
    "created-date": lambda stored: stored.created_at,
    "last-accessed-date": lambda stored: stored.accessed_on or 0,
    "last-changed-date": lambda stored: stored.changed_at,
    "name": lambda stored: stored.name,
}


def filters_of(given: Sequence[shapes.Filter]) -> list[Filter]:
    """Return the filters of a request; raise ParameterInvalid for one without key or values."""
    found = []
    for each in given:
        if "Key" not in each:
            raise ParameterInvalid("Invalid filter key")
        if not each.get("Values"):
            raise ParameterInvalid(f"Invalid filter values for key: {each['Key']}")
        found.append(Filter(each["Key"], each["Values"]))
    return found


def listed(
    call: Call,
    filters: Sequence[Filter],
    paging: Paging,
    *,
    marked_too: bool = False,
    order: str = "created-date",
    newest_first: bool = False,
) -> tuple[list[StoredSecret], NextPage]:
    """Return one page of the secrets that pass the filters, and what leads to the next."""
    with call.db.reading() as transaction:
        every = stored_secrets.all_of_region(transaction, call)
    found = [
        stored
        for stored in every
        if (marked_too or stored.purge_at is None) and matches(stored, filters)
    ]
    found.sort(key=lambda stored: stored.arn)
    found.sort(key=_ORDERS[order], reverse=newest_first)
    # A page begins after a secret; where that one is gone meanwhile, at the beginning again.
    arns: list[str] = [stored.arn for stored in found]
    start = arns.index(paging.after) + 1 if paging.after in arns else 0
    shown = found[start : start + paging.limit]
    more = start + paging.limit < len(found)
    return shown, paging.next_page(shown[-1].arn if more else None)
