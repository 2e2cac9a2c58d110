"""NextToken and MaxResults."""

from typing import TypedDict

from poolgate.foundation.paging import decode_page_token, encode_page_token
from poolgate.operations.registry import Shape
from poolgate.store.call import Call

_PURPOSE = "secrets page"


class NextPage(TypedDict, total=False):
    """The member that every listing ends with while there is more."""

    NextToken: str


class Paging:
    """Where one listing stands; `listing` binds its tokens to what is listed."""

    def __init__(self, call: Call, request: Shape, listing: str, *, default: int) -> None:
        self._mac_key = call.vault.derived_key(_PURPOSE)
        self._listing = listing
        given: str | None = request.get("NextToken")
        self.after = None if given is None else decode_page_token(self._mac_key, listing, given)
        self.limit: int = request.get("MaxResults", default)

    def next_page(self, next_position: str | None) -> NextPage:
        """Return the member that leads to the page after this position."""
        if next_position is None:
            return {}
        return {"NextToken": encode_page_token(self._mac_key, self._listing, next_position)}
