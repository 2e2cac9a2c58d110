"""Page tokens of list operations: sealed positions, each good for one listing only."""

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.paging import decode_page_token, encode_page_token
from poolgate.store.call import Call

MAX_PAGE = 60
_PURPOSE = "page-token"


def page_limit(asked: int | None) -> int:
    """Return how many entries a page may have; AWS reads 0 as the most there can be."""
    return asked or MAX_PAGE


def position_of(call: Call, listing: str, page_token: str | None) -> str:
    """Return where the page starts, empty for the first; raise PageTokenInvalid."""
    if page_token is None:
        return ""
    signing_key = call.vault.derived_key(_PURPOSE)
    return decode_page_token(signing_key, listing, page_token, now=epoch_seconds(call.now))


def page_token_of(
    call: Call, listing: str, position: str, *, lifetime_seconds: int | None = None
) -> str:
    """Return the token that continues `listing` at `position`."""
    expires_at = None
    if lifetime_seconds is not None:
        expires_at = epoch_seconds(call.now) + lifetime_seconds
    signing_key = call.vault.derived_key(_PURPOSE)
    return encode_page_token(signing_key, listing, position, expires_at=expires_at)
