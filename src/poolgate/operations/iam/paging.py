"""Marker and MaxItems."""

from typing import TypedDict

from poolgate.foundation.paging import decode_page_token, encode_page_token
from poolgate.operations.registry import Shape
from poolgate.store.call import Call

_DEFAULT_MAX_ITEMS = 100
_PURPOSE = "iam marker"


class Truncation(TypedDict, total=False):
    """The members that every IAM listing ends with."""

    IsTruncated: bool
    Marker: str


class Paging:
    """Where one listing stands; `listing` binds its markers to what is listed."""

    def __init__(self, call: Call, request: Shape, listing: str) -> None:
        self._mac_key = call.vault.derived_key(_PURPOSE)
        self._listing = listing
        marker: str | None = request.get("Marker")
        self.after = None if marker is None else decode_page_token(self._mac_key, listing, marker)
        self.limit: int = request.get("MaxItems", _DEFAULT_MAX_ITEMS)

    def truncation(self, next_position: str | None) -> Truncation:
        """Return the members that say whether more follows."""
        if next_position is None:
            return {"IsTruncated": False}
        marker = encode_page_token(self._mac_key, self._listing, next_position)
        return {"IsTruncated": True, "Marker": marker}
