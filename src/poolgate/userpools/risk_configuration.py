"""What a pool, or one of its app clients, does about risks: actions, notices, exceptions.

SetRiskConfiguration replaces the whole configuration; one that sets nothing is removed, so that an
app client inherits its pool's and a pool has the defaults.
"""

import ipaddress
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction
from poolgate.userpools import app_clients, pools
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk import RiskLevel
from poolgate.userpools.tables import risk_configurations

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ThreatProtectionOff(Failure):
    """The pool does not watch for risks."""


class InvalidRiskConfiguration(Failure):
    """A risk configuration that cannot be. Facts: fault."""


class TakeoverReaction(StrEnum):
    """What is done at a level of risk."""

    BLOCK = "BLOCK"
    MFA_IF_CONFIGURED = "MFA_IF_CONFIGURED"
    MFA_REQUIRED = "MFA_REQUIRED"
    NO_ACTION = "NO_ACTION"


class PasswordUse(StrEnum):
    """The occasions on which a password is looked up among the compromised ones."""

    SIGN_IN = "SIGN_IN"
    PASSWORD_CHANGE = "PASSWORD_CHANGE"  # noqa: S105 - an occasion
    SIGN_UP = "SIGN_UP"


class NoticeTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """The text of a notice; a body that is not given has the default text."""

    subject: str
    html_body: str | None = None
    text_body: str | None = None


class NoticeSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How users are told of risks; the ARN is kept to be shown."""

    source_arn: str
    from_address: str | None = None
    reply_to: str | None = None
    blocked: NoticeTemplate | None = None
    mfa: NoticeTemplate | None = None
    no_action: NoticeTemplate | None = None


class TakeoverAction(msgspec.Struct, frozen=True):
    """What is done at one level of risk, and whether the user is told."""

    reaction: TakeoverReaction
    notifies: bool


class AccountTakeover(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done at each level; a level that is left out leads to nothing."""

    notices: NoticeSettings | None = None
    low: TakeoverAction | None = None
    medium: TakeoverAction | None = None
    high: TakeoverAction | None = None


class CompromisedCredentials(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether compromised passwords are refused, and where they are looked for (None: always)."""

    blocks: bool
    uses: tuple[PasswordUse, ...] | None = None


class AddressExceptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """Networks that are always refused, or never judged; None where a list was not given."""

    blocked: tuple[str, ...] | None = None
    skipped: tuple[str, ...] | None = None


class RiskConfiguration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was set; parts that were not set have the defaults."""

    compromised: CompromisedCredentials | None = None
    takeover: AccountTakeover | None = None
    exceptions: AddressExceptions | None = None
    modified_at: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was set."""
        return self.compromised is None and self.takeover is None and self.exceptions is None


NOTHING_SET = RiskConfiguration()
NO_ACTION = TakeoverAction(TakeoverReaction.NO_ACTION, notifies=False)
DEFAULT_COMPROMISED = CompromisedCredentials(blocks=True)
DEFAULT_TAKEOVER = AccountTakeover(
    low=NO_ACTION,
    medium=TakeoverAction(TakeoverReaction.MFA_IF_CONFIGURED, notifies=False),
    high=TakeoverAction(TakeoverReaction.MFA_IF_CONFIGURED, notifies=False),
)
_AT_LEVEL: dict[RiskLevel, Callable[[AccountTakeover], TakeoverAction | None]] = {
    RiskLevel.LOW: lambda takeover: takeover.low,
    RiskLevel.MEDIUM: lambda takeover: takeover.medium,
    RiskLevel.HIGH: lambda takeover: takeover.high,
}

_PUT = Put(risk_configurations)
_OF_OWNER = sa.select(risk_configurations.c.owner_id, risk_configurations.c.settings).where(
    risk_configurations.c.owner_id.in_((sa.bindparam("first"), sa.bindparam("second")))
)
_DELETE = sa.delete(risk_configurations).where(
    risk_configurations.c.owner_id == sa.bindparam("owner_id")
)


def action_at(configuration: RiskConfiguration, level: RiskLevel | None) -> TakeoverAction:
    """Return what is to be done at a level of risk."""
    if level is None:
        return NO_ACTION
    return _AT_LEVEL[level](configuration.takeover or DEFAULT_TAKEOVER) or NO_ACTION


def blocks_compromised(configuration: RiskConfiguration) -> bool:
    """Tell whether compromised passwords are refused where they are looked for."""
    return (configuration.compromised or DEFAULT_COMPROMISED).blocks


def looks_for_compromised(configuration: RiskConfiguration, use: PasswordUse) -> bool:
    """Tell whether compromised passwords are looked for on this occasion."""
    uses = (configuration.compromised or DEFAULT_COMPROMISED).uses
    return uses is None or use in uses


def is_blocked(configuration: RiskConfiguration, address: str) -> bool:
    """Tell whether requests of the address are always refused."""
    exceptions = configuration.exceptions
    return exceptions is not None and _is_among(exceptions.blocked, address)


def is_skipped(configuration: RiskConfiguration, address: str) -> bool:
    """Tell whether requests of the address are not judged."""
    exceptions = configuration.exceptions
    return exceptions is not None and _is_among(exceptions.skipped, address)


def of_client(transaction: Transaction, pool_id: PoolId, client_id: ClientId) -> RiskConfiguration:
    """Return what holds for an app client: its own configuration, or its pool's."""
    rows = transaction.rows(_OF_OWNER, {"first": client_id, "second": pool_id})
    by_owner = {row.owner_id: row.settings for row in rows}
    settings = by_owner.get(client_id) or by_owner.get(pool_id)
    return NOTHING_SET if settings is None else _decode(settings)


def describe(call: Call, pool_id: PoolId, client_id: ClientId | None) -> RiskConfiguration:
    """Return what was set for the pool or the app client itself; raise ThreatProtectionOff."""
    with call.db.reading() as transaction:
        _verify_owner(transaction, pool_id, client_id)
        row = transaction.one(_OF_OWNER, {"first": client_id or pool_id, "second": ""})
    return NOTHING_SET if row is None else _decode(row.settings)


def replace(
    call: Call, pool_id: PoolId, client_id: ClientId | None, configuration: RiskConfiguration
) -> RiskConfiguration:
    """Set the whole configuration; an empty one is removed.

    Raises InvalidRiskConfiguration or ThreatProtectionOff.
    """
    verify(configuration)
    changed = msgspec.structs.replace(configuration, modified_at=call.now_millis)
    with call.db.writing() as transaction:
        _verify_owner(transaction, pool_id, client_id)
        if configuration.is_empty:
            transaction.run(_DELETE, {"owner_id": client_id or pool_id})
        else:
            transaction.put(
                _PUT,
                {
                    "owner_id": client_id or pool_id,
                    "pool_id": pool_id,
                    "client_id": client_id,
                    "settings": msgspec.json.encode(changed),
                },
            )
    return changed


def verify(configuration: RiskConfiguration) -> None:
    """Raise InvalidRiskConfiguration unless its parts go together."""
    exceptions = configuration.exceptions or AddressExceptions()
    for listed in (*(exceptions.blocked or ()), *(exceptions.skipped or ())):
        if _network(listed) is None or "/" not in listed:
            raise InvalidRiskConfiguration(fault=f"Invalid IP range: {listed[:64]}")
    takeover = configuration.takeover
    if takeover is not None and takeover.notices is None and _notifies(takeover):
        raise InvalidRiskConfiguration(
            fault="NotifyConfiguration is required when an action notifies the user."
        )


def verify_watching(pool: UserPool) -> None:
    """Raise ThreatProtectionOff unless the pool watches for risks."""
    if not pool.watches_risks:
        raise ThreatProtectionOff


def _verify_owner(transaction: Transaction, pool_id: PoolId, client_id: ClientId | None) -> None:
    verify_watching(pools.get(transaction, pool_id))
    if client_id is not None:
        app_clients.get(transaction, client_id, pool_id)


def _notifies(takeover: AccountTakeover) -> bool:
    actions = (takeover.low, takeover.medium, takeover.high)
    return any(action is not None and action.notifies for action in actions)


def _is_among(networks: Iterable[str] | None, address: str) -> bool:
    try:
        shown = ipaddress.ip_address(address)
    except ValueError:
        return False
    # An IPv4 caller of an IPv6 socket is still the IPv4 address that a list names.
    if isinstance(shown, ipaddress.IPv6Address) and shown.ipv4_mapped is not None:
        shown = shown.ipv4_mapped
    found = (_network(network) for network in networks or ())
    return any(network is not None and shown in network for network in found)


@lru_cache(maxsize=4096)
def _network(listed: str) -> Network | None:
    try:
        return ipaddress.ip_network(listed, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _decode(settings: bytes) -> RiskConfiguration:
    return msgspec.json.decode(settings, type=RiskConfiguration)
