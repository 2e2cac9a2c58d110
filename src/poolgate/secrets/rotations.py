"""Rotation of a secret: who does it, when, and the one that is in progress.

A rotation makes a version with the label AWSPENDING; the secret's function fills it, puts it into
use elsewhere, tries it and moves AWSCURRENT to it. `rotation_worker` asks the function.
# AWS rotate-secrets_how
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Arn
from poolgate.secrets import labels as staging
from poolgate.secrets import rotation_schedules, stored_secrets, versions
from poolgate.secrets.rotation_schedules import RotationRules
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.tables import secret_rotations
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction


class NoRotationFunction(Failure):
    """The secret has no function that could rotate it."""


class RotationFunctionUnknown(Failure):
    """Nothing answers for the function. Facts: function_arn."""


class RotationInProgress(Failure):
    """An earlier rotation left a version that is not current yet."""


class Rotation(msgspec.Struct, frozen=True):
    """How a secret is rotated, and how far that is. Times are milliseconds since 1970."""

    function_arn: str
    rules: RotationRules
    enabled: bool
    rotated_at: int | None = None
    window_start: int | None = None
    window_end: int | None = None
    pending_version: str | None = None
    attempts: int = 0
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class RotationWishes:
    """What a request sets; None leaves what there is."""

    function_arn: str | None
    rules: RotationRules | None
    immediately: bool


_FIND = sa.select(secret_rotations).where(secret_rotations.c.arn == sa.bindparam("of_arn"))
_PUT = Put(secret_rotations)


def find(transaction: Transaction, owner: StoredSecret) -> Rotation | None:
    """Return how a secret is rotated; None for a replica and for what never was set up."""
    row = transaction.one(_FIND, {"of_arn": owner.arn})
    return None if row is None else of_row(row)


def put(transaction: Transaction, arn: Arn, rotation: Rotation) -> None:
    """Store how a secret is rotated and how far that is."""
    members = {name: getattr(rotation, name) for name in rotation.__struct_fields__}
    rules = msgspec.json.encode(rotation.rules).decode()
    transaction.put(_PUT, {**members, "arn": arn, "rules": rules})


def of_row(row: "sa.Row[tuple[object, ...]]") -> Rotation:
    """Return the rotation of a row of the table."""
    members = {name: value for name, value in row._asdict().items() if name != "arn"}
    rules = msgspec.json.decode(members.pop("rules"), type=RotationRules)
    return Rotation(rules=rules, **members)


def rotate(
    call: Call, secret_id: str, *, request_token: str, wishes: RotationWishes
) -> StoredSecret:
    """Set how a secret is rotated and begin a rotation, now or on schedule.

    The same request again changes nothing. Raise NoRotationFunction, RotationFunctionUnknown,
    RotationScheduleInvalid or RotationInProgress.
    """
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        known = find(transaction, owner)
        if wishes.immediately and known is not None and known.pending_version == request_token:
            return owner
        rotation = _set_up(call, known, wishes)
        if wishes.immediately:
            _verify_none_in_progress(transaction, owner)
            versions.begin_pending(transaction, call, owner, request_token)
            rotation = msgspec.structs.replace(
                rotation, pending_version=request_token, attempts=0, due_at=call.now_millis
            )
        put(transaction, owner.arn, rotation)
    return owner


def cancel(call: Call, secret_id: str) -> tuple[StoredSecret, str | None]:
    """Rotate no more, and return the version of the rotation that this ends, if any.

    Its label AWSPENDING stays: only the operator knows what the function has done with it.
    """
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        rotation = find(transaction, owner)
        if rotation is None:
            raise NoRotationFunction
        put(
            transaction,
            owner.arn,
            Rotation(
                function_arn=rotation.function_arn,
                rules=rotation.rules,
                enabled=False,
                rotated_at=rotation.rotated_at,
            ),
        )
    return owner, rotation.pending_version


def scheduled(rotation: Rotation, after: datetime) -> Rotation:
    """Return the rotation with none in progress and the next window behind `after`."""
    window = rotation_schedules.next_window(rotation.rules, after)
    start = None if window is None else epoch_millis(window.start)
    return msgspec.structs.replace(
        rotation,
        window_start=start,
        window_end=None if window is None else epoch_millis(window.end),
        pending_version=None,
        attempts=0,
        due_at=start,
    )


def _set_up(call: Call, known: Rotation | None, wishes: RotationWishes) -> Rotation:
    function_arn = wishes.function_arn or (known.function_arn if known else None)
    if function_arn is None:
        raise NoRotationFunction
    if not call.functions.knows(function_arn):
        raise RotationFunctionUnknown(function_arn=function_arn)
    rules = wishes.rules or (known.rules if known else RotationRules())
    rotation_schedules.verify_rules(rules, call.now)
    rotated_at = known.rotated_at if known else None
    rotation = Rotation(function_arn=function_arn, rules=rules, enabled=True, rotated_at=rotated_at)
    return scheduled(rotation, call.now)


def _verify_none_in_progress(transaction: Transaction, owner: StoredSecret) -> None:
    # AWS RotateSecret: AWSPENDING on another version than AWSCURRENT is a rotation in progress.
    labels = versions.labels_of(transaction, owner)
    pending = labels.get(staging.PENDING)
    if pending is not None and pending != labels.get(staging.CURRENT):
        raise RotationInProgress
