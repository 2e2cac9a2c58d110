"""What a request asks of a listing of secrets."""

from collections.abc import Sequence

from poolgate.operations.secretsmanager.paging import NextPage, Paging
from poolgate.operations.secretsmanager.requests import ParameterInvalid
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import listings
from poolgate.secrets.listings import Filter, Listing
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.store.call import Call


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


def listed(call: Call, listing: Listing, paging: Paging) -> tuple[Sequence[StoredSecret], NextPage]:
    """Return one page of a listing, and what leads to the next."""
    with call.db.reading() as transaction:
        page = listings.page(transaction, call, listing, after=paging.after, limit=paging.limit)
    return page.rows, paging.next_page(page.next_position)
