"""Values that a browser keeps for the pages and can neither read nor change."""

import base64
import binascii
from typing import TypeVar

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest

Kept = TypeVar("Kept", bound=msgspec.Struct)


def sealed(call: Call, pool_id: PoolId, kept: msgspec.Struct, *, purpose: str) -> str:
    """Return the value of the cookie that keeps it."""
    text = call.vault.seal(msgspec.msgpack.encode(kept), purpose=purpose, bound_to=pool_id)
    return base64.urlsafe_b64encode(text).decode()


def find_kept(
    call: Call,
    pool_id: PoolId,
    http: HttpRequest,
    cookie: Cookie,
    kind: type[Kept],
    *,
    purpose: str,
) -> Kept | None:
    """Return what the browser keeps, None for nothing and for what is not from here."""
    presented = cookie.find(http)
    if presented is None:
        return None
    try:
        text = base64.urlsafe_b64decode(presented.encode("ascii"))
        opened = call.vault.unseal(text, purpose=purpose, bound_to=pool_id)
    except (ValueError, binascii.Error, UnsealingFailed):
        return None
    return msgspec.msgpack.decode(opened, type=kind)
