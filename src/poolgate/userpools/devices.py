"""The devices of users: confirmed, remembered or not, forgotten.

    key issued with tokens ──confirm──> tracked ──remember──> remembered
                                           │  <──do not───────┘   │
                                           └──────── forget ──────┘──> gone, with its sign-ins

A key that was issued is not stored: that it was is shown by the access token that carries it. A
device proves itself by a secret of its own, of which only a sealed SRP verifier is kept. A device
that is not remembered is known and proves nothing.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.credentials import srp
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub, region_of_pool
from poolgate.foundation.paging import Page
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import refresh_tokens, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.pools import UserPool
from poolgate.userpools.tables import devices
from poolgate.userpools.users import User, rows_of

_PURPOSE = "device verifier"


class DeviceTrackingOff(Failure):
    """The pool does not track devices."""


class DeviceNotFound(Failure):
    """The user has no such device."""


class DeviceKeyRefused(Failure):
    """The device key was not issued to the sign-in that names it."""


class DeviceExists(Failure):
    """The device was confirmed already."""


class DeviceSecretMissing(Failure):
    """A device cannot be confirmed without the verifier and the salt of its secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A confirmed device; times are milliseconds."""

    pool_id: PoolId
    sub: Sub
    device_key: str
    name: str | None
    remembered: bool
    salt: bytes
    sealed_verifier: bytes
    sealed_step: bytes | None
    last_address: str
    created_at: int
    modified_at: int
    last_signed_in_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceToConfirm:
    """What a device says of itself to be confirmed."""

    device_key: str
    name: str | None
    salt: bytes
    verifier: bytes


_KEY = sa.and_(
    devices.c.pool_id == sa.bindparam("of_pool_id"),
    devices.c.sub == sa.bindparam("of_sub"),
    devices.c.device_key == sa.bindparam("of_device_key"),
)
_FIND = sa.select(devices).where(_KEY)
_LIST = (
    sa.select(devices)
    .where(
        devices.c.pool_id == sa.bindparam("of_pool_id"),
        devices.c.sub == sa.bindparam("of_sub"),
        devices.c.device_key > sa.bindparam("after"),
    )
    .order_by(devices.c.device_key)
    .limit(sa.bindparam("limit"))
)
_INSERT = InsertIfAbsent(devices)
_SET_REMEMBERED = (
    sa.update(devices)
    .where(_KEY)
    .values(remembered=sa.bindparam("is_remembered"), modified_at=sa.bindparam("now"))
)
_FORGET = sa.delete(devices).where(_KEY)


def verify_tracked(pool: UserPool) -> None:
    """Raise DeviceTrackingOff unless the pool tracks devices."""
    if pool.device_tracking is None:
        raise DeviceTrackingOff


def new_device_key(pool_id: PoolId) -> str:
    """Return a key for a device that nobody knows yet."""
    return f"{region_of_pool(pool_id)}_{random_uuid()}"


def confirm(call: Call, signed_in: SignedIn, device: DeviceToConfirm) -> Device:
    """Make the device the user's; remembered at once where the pool does not ask the user.

    Of several takers of one key one confirms it; the others get DeviceExists. Raises
    DeviceTrackingOff, DeviceKeyRefused or SrpVerifierRefused.
    """
    tracking = signed_in.pool.device_tracking
    if tracking is None:
        raise DeviceTrackingOff
    if signed_in.access_token_claims.get("device_key") != device.device_key:
        raise DeviceKeyRefused
    verifier = srp.verify_device_verifier(device.salt, device.verifier)
    user, device_key = signed_in.user, device.device_key
    confirmed = Device(
        pool_id=user.pool_id,
        sub=user.sub,
        device_key=device_key,
        name=device.name,
        remembered=not tracking.asks_user,
        salt=device.salt,
        sealed_verifier=call.vault.seal(
            verifier, purpose=_PURPOSE, bound_to=row_name(user, device_key)
        ),
        sealed_step=None,
        last_address=call.source_address,
        created_at=call.now_millis,
        modified_at=call.now_millis,
        last_signed_in_at=call.now_millis,
    )
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        users.get_to_change(transaction, user.pool_id, user.sub)
        # An access token that names no family outlives a device that was forgotten.
        if not refresh_tokens.has_living_of_device(transaction, user, device_key, call.now_millis):
            raise DeviceKeyRefused
        if not transaction.insert_if_absent(_INSERT, _row(confirmed)):
            raise DeviceExists
    return confirmed


def find(transaction: Transaction, user: User, device_key: str) -> Device | None:
    """Return the user's device, or None."""
    row = transaction.one(_FIND, key_of(user, device_key))
    return None if row is None else Device(**row._asdict())


def get(transaction: Transaction, user: User, device_key: str) -> Device:
    """Return the user's device; raise DeviceNotFound."""
    device = find(transaction, user, device_key)
    if device is None:
        raise DeviceNotFound
    return device


def list_devices(transaction: Transaction, user: User, *, after: str, limit: int) -> Page[Device]:
    """Return the user's devices by key, from behind `after`."""
    rows = transaction.rows(
        _LIST,
        {"of_pool_id": user.pool_id, "of_sub": user.sub, "after": after, "limit": limit + 1},
    )
    page = tuple(Device(**row._asdict()) for row in rows[:limit])
    return Page(page, page[-1].device_key if len(rows) > limit else None)


def set_remembered(call: Call, user: User, device_key: str, *, is_remembered: bool) -> None:
    """Remember the device or no longer do; raise DeviceNotFound."""
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        changes = {"is_remembered": is_remembered, "now": call.now_millis}
        if not transaction.run(_SET_REMEMBERED, {**key_of(user, device_key), **changes}):
            raise DeviceNotFound


def forget(call: Call, user: User, device_key: str) -> None:
    """Remove the device and end the sign-ins on it; raise DeviceNotFound."""
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        if not transaction.run(_FORGET, key_of(user, device_key)):
            raise DeviceNotFound
        refresh_tokens.revoke_all_of_device(transaction, user, device_key, call.now_millis)


def unseal_verifier(call: Call, user: User, device: Device) -> bytes:
    """Return the SRP verifier of the device's secret."""
    bound_to = row_name(user, device.device_key)
    return call.vault.unseal(device.sealed_verifier, purpose=_PURPOSE, bound_to=bound_to)


def key_of(user: User, device_key: str) -> dict[str, object]:
    """Return the parameters that name the row of a device."""
    return {"of_pool_id": user.pool_id, "of_sub": user.sub, "of_device_key": device_key}


def _row(device: Device) -> dict[str, object]:
    return {column.name: getattr(device, column.name) for column in devices.c}


def row_name(user: User, device_key: str) -> str:
    """Return what the sealed columns of a device are bound to."""
    return f"{user.pool_id}/{user.sub}/{device_key}"
