"""Virtual MFA devices of IAM users: authenticator apps that prove a user for STS.

The secret is sealed, bound to its row. A code counts once: its time step is remembered.
# AWS API_CreateVirtualMFADevice, API_EnableMFADevice
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import sqlalchemy as sa

from poolgate.credentials.totp import (
    WrongTotpCode,
    encode_totp_secret,
    new_totp_secret,
    verify_totp_code,
)
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId
from poolgate.foundation.paging import Page
from poolgate.foundation.secret import Secret
from poolgate.iam import users
from poolgate.iam.tables import iam_mfa_devices, iam_users
from poolgate.iam.tags import decode_tags, encode_tags, merged_tags, remaining_tags
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

NAME_CHARACTERS = 226  # AWS reference_iam-quotas: with the path it is what a QR code can hold
DEVICES_PER_USER = 8  # AWS reference_iam-quotas
# After so many wrong codes in a row, further ones are looked at once a minute only.
_FREE_FAILURES = 5
_WAIT_MILLIS = 60_000
_PURPOSE = "virtual MFA device"


class MfaDeviceExists(Failure):
    """The name is taken. Facts: serial_number."""


class MfaDeviceNameTooLong(Failure):
    """The name is longer than it may be. Facts: limit."""


class MfaDeviceNotFound(Failure):
    """No virtual MFA device has this serial number. Facts: serial_number."""


class MfaDeviceInUse(Failure):
    """A device that is enabled for somebody is neither deleted nor enabled for another."""


class MfaDeviceNotEnabled(Failure):
    """The user has no such device. Facts: serial_number, name."""


class TooManyMfaDevices(Failure):
    """The user has as many devices as it may. Facts: limit."""


class WrongMfaCodes(Failure):
    """The two codes are not two codes of the device in a row."""


class MfaProofWrong(Failure):
    """The code is not one of the caller's device, or was used already."""


@dataclass(frozen=True, slots=True)
class MfaProof:
    """What a caller shows of its device."""

    serial_number: str
    code: str


@dataclass(frozen=True, slots=True)
class NewMfaDevice:
    """A device that was just made, with its secret as apps take it."""

    serial_number: str
    name: str
    seed: Secret


@dataclass(frozen=True, slots=True)
class MfaDevice:
    """A virtual device; `user_name` and `enabled_at` are None until it is enabled."""

    serial_number: str
    user_id: str | None
    user_name: str | None
    user_path: str | None
    user_created_at: int | None
    tags: Mapping[str, str]
    enabled_at: int | None


_INSERT = InsertIfAbsent(iam_mfa_devices)
_JOINED = sa.select(
    iam_mfa_devices,
    iam_users.c.name.label("user_name"),
    iam_users.c.path.label("user_path"),
    iam_users.c.created_at.label("user_created_at"),
).outerjoin_from(iam_mfa_devices, iam_users, iam_mfa_devices.c.user_id == iam_users.c.user_id)
_FIND = _JOINED.where(iam_mfa_devices.c.serial_number == sa.bindparam("of_device"))
_OF_USER = _JOINED.where(iam_mfa_devices.c.user_id == sa.bindparam("of_user")).order_by(
    iam_mfa_devices.c.enabled_at, iam_mfa_devices.c.serial_number
)
_PAGE = _JOINED.where(iam_mfa_devices.c.serial_number > sa.bindparam("after")).order_by(
    iam_mfa_devices.c.serial_number
)
_ENABLE = (
    sa.update(iam_mfa_devices)
    .where(
        iam_mfa_devices.c.serial_number == sa.bindparam("of_device"),
        iam_mfa_devices.c.user_id.is_(None),
    )
    .values(
        user_id=sa.bindparam("new_user"),
        last_step=sa.bindparam("new_step"),
        enabled_at=sa.bindparam("now"),
    )
)
_DISABLE = (
    sa.update(iam_mfa_devices)
    .where(
        iam_mfa_devices.c.serial_number == sa.bindparam("of_device"),
        iam_mfa_devices.c.user_id == sa.bindparam("of_user"),
    )
    .values(user_id=None, enabled_at=None)
)
# One statement takes a step, so that two requests cannot use the same code.
_USE_STEP = (
    sa.update(iam_mfa_devices)
    .where(
        iam_mfa_devices.c.serial_number == sa.bindparam("of_device"),
        iam_mfa_devices.c.last_step < sa.bindparam("new_step"),
    )
    .values(last_step=sa.bindparam("new_step"))
)
_COUNT_FAILURES = (
    sa.update(iam_mfa_devices)
    .where(iam_mfa_devices.c.serial_number == sa.bindparam("of_device"))
    .values(failures=sa.bindparam("failed"), failed_at=sa.bindparam("now"))
)
_SET_TAGS = (
    sa.update(iam_mfa_devices)
    .where(iam_mfa_devices.c.serial_number == sa.bindparam("of_device"))
    .values(tags=sa.bindparam("new_tags"))
)
_DELETE = sa.delete(iam_mfa_devices).where(
    iam_mfa_devices.c.serial_number == sa.bindparam("of_device")
)


def serial_number_of(account_id: AccountId, path: str, name: str) -> str:
    """Return the serial number of a virtual device: its ARN."""
    return f"arn:aws:iam::{account_id}:mfa{path}{name}"


def qr_code(account_id: AccountId, made: NewMfaDevice) -> bytes:
    """Return the PNG that authenticator apps read the secret from."""
    # Imported here: nothing else at a start needs it.
    import segno  # noqa: PLC0415

    label = quote(f"Amazon Web Services:{made.name}@{account_id}")
    image = io.BytesIO()
    segno.make(
        f"otpauth://totp/{label}?secret={made.seed.reveal()}&issuer={quote('Amazon Web Services')}",
        error="m",
    ).save(image, kind="png", scale=4)
    return image.getvalue()


def create(call: Call, *, name: str, path: str, tags: Sequence[tuple[str, str]]) -> NewMfaDevice:
    """Store a new device; its secret is told only now."""
    if len(name) > NAME_CHARACTERS:
        raise MfaDeviceNameTooLong(limit=str(NAME_CHARACTERS))
    serial_number = serial_number_of(call.account_id, path, name)
    totp_secret = new_totp_secret()
    stored = {
        "serial_number": serial_number,
        "sealed_secret": call.vault.seal(totp_secret, purpose=_PURPOSE, bound_to=serial_number),
        "user_id": None,
        "last_step": 0,
        "failures": 0,
        "failed_at": 0,
        "tags": encode_tags(merged_tags({}, tags)),
        "enabled_at": None,
    }
    with call.db.writing() as transaction:
        if not transaction.insert_if_absent(_INSERT, stored):
            raise MfaDeviceExists(serial_number=serial_number)
    return NewMfaDevice(serial_number, name, encode_totp_secret(totp_secret))


def enable(call: Call, user_name: str, serial_number: str, codes: tuple[str, str]) -> None:
    """Give the device to a user who shows two of its codes in a row; raise WrongMfaCodes."""
    with call.db.writing() as transaction:
        user = users.get(transaction, user_name)
        row = _row(transaction, serial_number)
        if row.user_id is not None:
            raise MfaDeviceInUse
        if len(of_user(transaction, user.user_id)) >= DEVICES_PER_USER:
            raise TooManyMfaDevices(limit=str(DEVICES_PER_USER))
        step = _step_of_both(call, row, codes)
        enabled = {"of_device": serial_number, "new_user": user.user_id, "new_step": step}
        transaction.run(_ENABLE, {**enabled, "now": call.now_millis})


def resync(call: Call, user_name: str, serial_number: str, codes: tuple[str, str]) -> None:
    """Take two codes in a row as the device's; raise WrongMfaCodes."""
    with call.db.writing() as transaction:
        row = _of_named_user(transaction, user_name, serial_number)
        step = _step_of_both(call, row, codes)
        transaction.run(_USE_STEP, {"of_device": serial_number, "new_step": step})


def disable(call: Call, user_name: str, serial_number: str) -> None:
    """Take the device from its user; raise MfaDeviceNotEnabled."""
    with call.db.writing() as transaction:
        row = _of_named_user(transaction, user_name, serial_number)
        transaction.run(_DISABLE, {"of_device": serial_number, "of_user": row.user_id})


def delete(call: Call, serial_number: str) -> None:
    """Remove a device that nobody has."""
    with call.db.writing() as transaction:
        if _row(transaction, serial_number).user_id is not None:
            raise MfaDeviceInUse
        transaction.run(_DELETE, {"of_device": serial_number})


def get(transaction: Transaction, serial_number: str) -> MfaDevice:
    """Return the device; raise MfaDeviceNotFound."""
    return _device(_row(transaction, serial_number))


def of_user(transaction: Transaction, user_id: str) -> tuple[MfaDevice, ...]:
    """Return a user's devices, the oldest first."""
    return tuple(_device(row) for row in transaction.rows(_OF_USER, {"of_user": user_id}))


def list_page(
    transaction: Transaction, *, is_enabled: bool | None, after: str | None, limit: int
) -> Page[MfaDevice]:
    """Return virtual devices by serial number: all, those in use, or those that are not."""
    found = [_device(row) for row in transaction.rows(_PAGE, {"after": after or ""})]
    wanted = [
        device
        for device in found
        if is_enabled is None or (device.user_id is not None) is is_enabled
    ]
    shown = tuple(wanted[:limit])
    return Page(shown, shown[-1].serial_number if len(wanted) > limit else None)


def tag(call: Call, serial_number: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add or replace tags."""
    with call.db.writing() as transaction:
        device = get(transaction, serial_number)
        _put_tags(transaction, device, merged_tags(device.tags, tags))


def untag(call: Call, serial_number: str, tag_keys: Sequence[str]) -> None:
    """Remove tags."""
    with call.db.writing() as transaction:
        device = get(transaction, serial_number)
        _put_tags(transaction, device, remaining_tags(device.tags, tag_keys))


def verify(call: Call, caller: Principal, proof: MfaProof) -> None:
    """Take a code of the caller's own device; raise MfaProofWrong for anything else."""
    with call.db.writing() as transaction:
        row = transaction.one(_FIND, {"of_device": proof.serial_number})
        if row is None or caller.type is not PrincipalType.USER or row.user_id != caller.user_id:
            raise MfaProofWrong
        waiting = row.failures >= _FREE_FAILURES
        if waiting and call.now_millis < row.failed_at + _WAIT_MILLIS:
            raise MfaProofWrong
        is_right = _takes(transaction, call, row, proof.code)
        failed = 0 if is_right else row.failures + 1
        counted = {"of_device": proof.serial_number, "failed": failed, "now": call.now_millis}
        transaction.run(_COUNT_FAILURES, counted)
    if not is_right:
        raise MfaProofWrong


def _takes(
    transaction: Transaction, call: Call, row: "sa.Row[tuple[object, ...]]", code: str
) -> bool:
    """Tell whether it is a code of the device that was not used before, and use it."""
    try:
        step = _step_of(call, row, code)
    except WrongTotpCode:
        return False
    used = {"of_device": row.serial_number, "new_step": step}
    return transaction.run(_USE_STEP, used) == 1


def _step_of_both(call: Call, row: "sa.Row[tuple[object, ...]]", codes: tuple[str, str]) -> int:
    """Return the second code's step; raise WrongMfaCodes unless the first was the one before."""
    try:
        first, second = (_step_of(call, row, code) for code in codes)
    except WrongTotpCode as error:
        raise WrongMfaCodes from error
    if second != first + 1:
        raise WrongMfaCodes
    return second


def _of_named_user(
    transaction: Transaction, user_name: str, serial_number: str
) -> "sa.Row[tuple[object, ...]]":
    user = users.get(transaction, user_name)
    row = _row(transaction, serial_number)
    if row.user_id != user.user_id:
        raise MfaDeviceNotEnabled(serial_number=serial_number, name=user.name)
    return row


def _row(transaction: Transaction, serial_number: str) -> "sa.Row[tuple[object, ...]]":
    row: sa.Row[tuple[object, ...]] | None = transaction.one(_FIND, {"of_device": serial_number})
    if row is None:
        raise MfaDeviceNotFound(serial_number=serial_number)
    return row


def _step_of(call: Call, row: "sa.Row[tuple[object, ...]]", code: str) -> int:
    totp_secret = call.vault.unseal(row.sealed_secret, purpose=_PURPOSE, bound_to=row.serial_number)
    return verify_totp_code(totp_secret, Secret(code), now_seconds=call.now_millis // 1000)


def _put_tags(transaction: Transaction, device: MfaDevice, tags: Mapping[str, str]) -> None:
    changed = {"of_device": device.serial_number, "new_tags": encode_tags(tags)}
    transaction.run(_SET_TAGS, changed)


def _device(row: "sa.Row[tuple[object, ...]]") -> MfaDevice:
    return MfaDevice(
        serial_number=row.serial_number,
        user_id=row.user_id,
        user_name=row.user_name,
        user_path=row.user_path,
        user_created_at=row.user_created_at,
        tags=decode_tags(row.tags),
        enabled_at=row.enabled_at,
    )
