"""An authorization request on its way through the login pages, sealed.

Most requests travel as they came, as parameters of the pages' own URLs, and are read anew at each
step. Those that an app client pushed are not for the browser to see or change, so they travel in
one sealed parameter.
"""

import base64
import binascii
from collections.abc import Mapping

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.ids import PoolId
from poolgate.oauth.authorization_requests import RequestUnanswerable
from poolgate.store.call import Call

PARAMETER = "carried_request"
# As long as somebody may look at the login page before beginning anew.
_LIFETIME_MILLIS = 3600 * 1000
_PURPOSE = "authorization request"


class _Carried(msgspec.Struct, frozen=True, array_like=True):
    parameters: dict[str, str]
    expires_at: int


def carry(call: Call, pool_id: PoolId, parameters: Mapping[str, str]) -> str:
    """Return the parameters sealed as one value for the pages of this pool."""
    carried = _Carried(dict(parameters), call.now_millis + _LIFETIME_MILLIS)
    sealed = call.vault.seal(msgspec.msgpack.encode(carried), purpose=_PURPOSE, bound_to=pool_id)
    return base64.urlsafe_b64encode(sealed).decode()


def carried_parameters(call: Call, pool_id: PoolId, sent: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters of a page's URL, opened where they are sealed.

    Raises RequestUnanswerable for one that was altered, is too old, or is another pool's.
    """
    if PARAMETER not in sent:
        return sent
    try:
        sealed = base64.urlsafe_b64decode(sent[PARAMETER].encode("ascii"))
        opened = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=pool_id)
    except (ValueError, binascii.Error, UnsealingFailed) as failure:
        raise RequestUnanswerable(error="invalid_request") from failure
    carried = msgspec.msgpack.decode(opened, type=_Carried)
    if call.now_millis >= carried.expires_at:
        raise RequestUnanswerable(error="invalid_request")
    return carried.parameters
