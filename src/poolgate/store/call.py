"""The working set of one request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from poolgate.credentials.sealing import Vault
from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.ids import AccountId, PoolId, Region, region_of_pool
from poolgate.foundation.secret import Secret
from poolgate.policy.principal import Principal
from poolgate.store.database import Database
from poolgate.store.key_stock import KeyStock


class Functions(Protocol):
    """Runs the functions that pools name as their triggers."""

    def invoke(self, function_arn: str, event: bytes) -> bytes:
        """Return the function's answer. Takes seconds: never inside a transaction."""
        ...

    def knows(self, function_arn: str) -> bool:
        """Tell whether something answers for the function."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """A question to another server: a GET, or a POST where it has a form.

    `authorization` is what proves who asks, as the header has it.
    """

    url: str
    form: Mapping[str, str] | None = None
    method: str = "GET"
    authorization: Secret | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What another server answered."""

    status: int
    body: bytes


class Documents(Protocol):
    """Asks other servers, for what they publish about themselves and for what they know."""

    def fetch(self, url: str) -> bytes:
        """Return the document. Takes seconds: never inside a transaction."""
        ...

    def ask(self, enquiry: Enquiry) -> Reply:
        """Return the answer, whatever its status. Takes seconds: never inside a transaction."""
        ...


class BreachedPasswords(Protocol):
    """Knows passwords that others know, too."""

    def contains(self, password: Secret) -> bool:
        """Tell whether the password is among them. May read a file: not inside a transaction."""
        ...


class ActivityLog(Protocol):
    """Takes the lines that pools are set to log."""

    def write(self, line: Mapping[str, object]) -> None:
        """Write one line; it is lost when that fails, and nothing else is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldContext:
    """What a request says of the user's device; `is_signed` where an administrator says it."""

    address: str = ""
    encoded_data: str = ""
    user_agent: str = ""
    is_signed: bool = False


NOTHING_TOLD = ToldContext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a domain function may need from outside, gathered once per request.

    `now` is read once: everything one request decides, it decides for one moment. `issuer_base` is
    what stands before `/{pool_id}` in tokens, or None for AWS's own form; `public_url` is where
    callers reach this server, without a slash at the end. `media` are the ways a message can leave
    this server.
    """

    db: Database
    vault: Vault
    now: datetime
    account_id: AccountId
    region: Region
    request_id: str
    source_address: str
    issuer_base: str | None
    public_url: str
    key_stock: KeyStock
    functions: Functions
    documents: Documents
    breached_passwords: BreachedPasswords
    activity_log: ActivityLog
    media: frozenset[str] = frozenset()
    # OAuth as RFC 9700 wants it, in place of all that Cognito lets app clients do.
    strict_oauth: bool = False
    principal: Principal | None = None
    # What policies may ask of the request that arrived.
    secure_transport: bool = False
    user_agent: str | None = None
    told_context: ToldContext = NOTHING_TOLD

    @property
    def now_millis(self) -> int:
        """The time of this call as the store keeps times."""
        return epoch_millis(self.now)

    def issuer(self, pool_id: PoolId) -> str:
        """Return the issuer of a pool's tokens, without a slash at the end."""
        if self.issuer_base is None:
            return f"https://cognito-idp.{region_of_pool(pool_id)}.amazonaws.com/{pool_id}"
        return f"{self.issuer_base}/{pool_id}"
