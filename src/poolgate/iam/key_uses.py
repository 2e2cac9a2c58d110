"""When access keys and services were used last, told to the hour.

A request only looks into a dict; what is new in it waits until a thread of the server writes it.
"""

import threading
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.ids import AccessKeyId
from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.iam.tables import access_keys, iam_service_uses
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.store.database import Database, Put, Transaction

_HOUR_MILLIS = 60 * 60 * 1000
# Beyond it everything known is forgotten, which costs each key one more write.
_MOST_KNOWN = 100_000

_SET_USED = (
    sa.update(access_keys)
    .where(access_keys.c.access_key_id == sa.bindparam("of_key"))
    .values(
        used_at=sa.bindparam("now"),
        used_service=sa.bindparam("new_service"),
        used_region=sa.bindparam("new_region"),
    )
)
_PUT_SERVICE_USE = Put(iam_service_uses)
_LAST_USE = sa.select(
    access_keys.c.user_id,
    access_keys.c.used_at,
    access_keys.c.used_service,
    access_keys.c.used_region,
).where(access_keys.c.access_key_id == sa.bindparam("of_key"))
_SERVICES = (
    sa.select(iam_service_uses)
    .where(iam_service_uses.c.owner_id == sa.bindparam("of_owner"))
    .order_by(iam_service_uses.c.service)
)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of an access key; `owner_id` is the user, the role, the account for the root."""

    access_key_id: AccessKeyId
    owner_id: str
    service: str
    region: str
    used_at: int


@dataclass(frozen=True, slots=True)
class LastUse:
    """When, for what and where an access key was used last; None where it was not."""

    user_id: str | None
    used_at: int | None
    service: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """When and where somebody used a service last."""

    service: str
    used_at: int
    region: str


class NotedUses:
    """What was used and is not written yet; shared by all threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[AccessKeyId, str], int] = {}
        self._waiting: dict[tuple[AccessKeyId, str], KeyUse] = {}
        self._lock = threading.Lock()

    def note(self, use: KeyUse) -> None:
        """Remember a use, the first of each hour, key and service."""
        about, hour = (use.access_key_id, use.service), use.used_at // _HOUR_MILLIS
        if self._known.get(about) == hour:
            return
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[about] = hour
            self._waiting[about] = use

    def write(self, db: Database) -> int:
        """Write what waits and return how many uses that were."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return 0
        with db.writing(about="key uses") as transaction:
            for use in waiting.values():
                _write(transaction, use)
        return len(waiting)


def use_of(
    principal: Principal, access_key_id: AccessKeyId, *, service: str, region: str, now_millis: int
) -> KeyUse:
    """Return what a signed request uses."""
    owner_id = principal.user_id
    if principal.type is PrincipalType.ASSUMED_ROLE:
        owner_id = owner_id.partition(":")[0]
    return KeyUse(access_key_id, owner_id, service, region, now_millis)


def last_use(transaction: Transaction, access_key_id: AccessKeyId) -> LastUse:
    """Return the last use of a long-term key; raise AccessKeyNotFound."""
    row = transaction.one(_LAST_USE, {"of_key": access_key_id})
    if row is None:
        raise AccessKeyNotFound(access_key_id=access_key_id)
    return LastUse(*row)


def services_of(transaction: Transaction, owner_id: str) -> tuple[ServiceUse, ...]:
    """Return the services that a user, a role or the account's root has used."""
    rows = transaction.rows(_SERVICES, {"of_owner": owner_id})
    return tuple(ServiceUse(row.service, row.used_at, row.region) for row in rows)


def _write(transaction: Transaction, use: KeyUse) -> None:
    used = {"now": use.used_at, "new_service": use.service, "new_region": use.region}
    transaction.run(_SET_USED, {"of_key": use.access_key_id, **used})
    transaction.put(
        _PUT_SERVICE_USE,
        {
            "owner_id": use.owner_id,
            "service": use.service,
            "used_at": use.used_at,
            "region": use.region,
        },
    )
