"""Links that confirm a sign-up: a pool may send them by e-mail instead of codes.

A link leads to the pool's own domain and carries the code. Addresses that change later are verified
by codes all the same, since the link confirms sign-ups only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from poolgate.delivery.queue import Medium
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import domains
from poolgate.userpools.pools import UserPool

CONFIRM_PATH = "/confirmUser"
CLIENT_ID, USER_NAME, CODE = "client_id", "user_name", "confirmation_code"


class LinkNeedsDomain(Failure):
    """A pool that confirms by links has no domain for them to lead to."""


@dataclass(frozen=True, slots=True)
class ConfirmationLink:
    """Where the sign-up of one user is confirmed."""

    base_url: str
    client_id: ClientId
    user_name: str

    def with_code(self, code: Secret) -> str:
        """Return the link; whoever opens it confirms the sign-up."""
        parameters: Mapping[str, str] = {
            CLIENT_ID: self.client_id,
            USER_NAME: self.user_name,
            CODE: code.reveal(),
        }
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        return f"{self.base_url}{CONFIRM_PATH}?{query}"


def find_link(
    call: Call, pool: UserPool, medium: Medium, client_id: ClientId, user_name: str
) -> ConfirmationLink | None:
    """Return the link that a sign-up is confirmed by, or None where a code is sent.

    Raises LinkNeedsDomain.
    """
    if not pool.confirms_by_link or medium is not Medium.EMAIL:
        return None
    with call.db.reading() as transaction:
        found = domains.of_pool(transaction, pool.pool_id)
    if not found:
        raise LinkNeedsDomain
    return ConfirmationLink(domains.url_of(call, found[-1]), client_id, user_name)
