"""Carries out rotations, in any number of servers at once.

A rotation that is due is leased by one worker (one atomic statement). The secret's function is
asked four times, outside of transactions; when it has moved AWSCURRENT to the new version the
rotation is done. What fails is tried again from its first step, some times, and then given up until
the next window. A server that is killed leaves the rotation to whoever finds the lease over.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from poolgate.foundation.ids import Arn
from poolgate.foundation.randomness import random_uuid
from poolgate.secrets import labels as staging
from poolgate.secrets import rotations, stored_secrets, versions
from poolgate.secrets.rotations import Rotation
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.tables import secret_rotations
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.triggers.targets import FunctionFailed, NotInvoked

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
MAX_ATTEMPTS = 5
# Longer than four steps may take.
LEASE_MILLIS = 5 * 60 * 1000
FIRST_PAUSE_MILLIS = 60 * 1000
_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Rotated:
    """One attempt at a rotation, for the server's log; `reason` is empty where it went well."""

    arn: Arn
    version_id: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Held:
    owner: StoredSecret
    rotation: Rotation
    version_id: str


_DUE = secret_rotations.c.due_at <= sa.bindparam("now")
_ANY_DUE = sa.select(secret_rotations.c.arn).where(_DUE).limit(1)
_LEASE = (
    sa.update(secret_rotations)
    .where(
        secret_rotations.c.arn
        == sa.select(secret_rotations.c.arn)
        .where(_DUE)
        .order_by(secret_rotations.c.due_at)
        .limit(1)
        .scalar_subquery()
    )
    .values(due_at=sa.bindparam("until"), attempts=secret_rotations.c.attempts + 1)
    .returning(secret_rotations)
)


class RotationWorker:
    """Rotates secrets that are due; `start` does so in its own thread.

    `new_call` gives a working set of the present moment, in the region of an ARN.
    """

    def __init__(
        self,
        new_call: Callable[[str | None], Call],
        *,
        report: Callable[[Rotated], None],
        report_interruption: Callable[[str], None],
    ) -> None:
        self._new_call = new_call
        self._report = report
        self._report_interruption = report_interruption

    def start(self) -> None:
        """Work from now on, in a thread that does not keep the process alive."""
        threading.Thread(target=self._work, name="rotations", daemon=True).start()

    def run_due(self) -> None:
        """Carry out every rotation that is due and that nobody else works on."""
        while self._anything_due():
            held = self._take()
            if held is not None:
                self._run(held)

    def _work(self) -> None:
        pause = threading.Event()
        while not pause.wait(_PAUSE_SECONDS):
            try:
                self.run_due()
            except Exception as error:  # noqa: BLE001 - whatever happened, the rotation is due again
                self._report_interruption(type(error).__name__)

    def _anything_due(self) -> bool:
        call = self._new_call(None)
        with call.db.reading() as transaction:
            return transaction.one(_ANY_DUE, {"now": call.now_millis}) is not None

    def _take(self) -> _Held | None:
        """Lease one rotation and begin it, if it is one on schedule; None if nothing is to do."""
        call = self._new_call(None)
        leased = {"now": call.now_millis, "until": call.now_millis + LEASE_MILLIS}
        with call.db.writing() as transaction:
            row = transaction.one(_LEASE, leased)
            if row is None:
                return None
            rotation, arn = rotations.of_row(row), Arn(row.arn)
            call = self._new_call(arn)
            owner = stored_secrets.find(transaction, call, arn)
            if owner is None or owner.purge_at is not None:
                # What is marked for deletion is left alone until it is restored, or gone.
                rotations.put(transaction, arn, rotations.scheduled(rotation, call.now))
                return None
            version_id = rotation.pending_version or _pending(transaction, owner)
            versions.begin_pending(transaction, call, owner, version_id)
            rotation = msgspec.structs.replace(rotation, pending_version=version_id)
            rotations.put(transaction, arn, rotation)
        return _Held(owner, rotation, version_id)

    def _run(self, held: _Held) -> None:
        arn, reason = held.owner.arn, ""
        try:
            for step in STEPS:
                self._ask(held, step)
            reason = self._finish(held)
        except FunctionFailed:
            # What a function says may hold what it was to keep.
            reason = "the function failed"
        except NotInvoked as failure:
            reason = failure.facts["reason"]
        if reason:
            self._put_off(held)
        self._report(Rotated(arn, held.version_id, held.rotation.attempts, reason))

    def _ask(self, held: _Held, step: str) -> None:
        call = self._new_call(held.owner.arn)
        event = {
            "Step": step,
            "SecretId": held.owner.arn,
            "ClientRequestToken": held.version_id,
        }
        call.functions.invoke(held.rotation.function_arn, msgspec.json.encode(event))

    def _finish(self, held: _Held) -> str:
        """Note the rotation; return what is wrong where the function left it undone."""
        call = self._new_call(held.owner.arn)
        with call.db.writing() as transaction:
            labels = versions.labels_of(transaction, held.owner)
            if labels.get(staging.CURRENT) != held.version_id:
                return "the new version was not made current"
            rotation = self._still_held(transaction, held)
            if rotation is not None:
                done = msgspec.structs.replace(rotation, rotated_at=call.now_millis)
                rotations.put(transaction, held.owner.arn, rotations.scheduled(done, call.now))
        return ""

    def _put_off(self, held: _Held) -> None:
        """Try again later, or in the next window when there were attempts enough."""
        call = self._new_call(held.owner.arn)
        with call.db.writing() as transaction:
            rotation = self._still_held(transaction, held)
            if rotation is None:
                return
            if rotation.attempts >= MAX_ATTEMPTS:
                later = rotations.scheduled(rotation, call.now)
            else:
                pause = FIRST_PAUSE_MILLIS * 2 ** (rotation.attempts - 1)
                later = msgspec.structs.replace(rotation, due_at=call.now_millis + pause)
            rotations.put(transaction, held.owner.arn, later)

    def _still_held(self, transaction: Transaction, held: _Held) -> Rotation | None:
        """Return the rotation as it is now; None where it was cancelled or set up anew."""
        now = rotations.find(transaction, held.owner)
        if now is None or (now.pending_version, now.attempts) != (
            held.version_id,
            held.rotation.attempts,
        ):
            return None
        return now


def _pending(transaction: Transaction, owner: StoredSecret) -> str:
    """Return the version to go on with: what an earlier rotation left, or a new one."""
    labels = versions.labels_of(transaction, owner)
    left = labels.get(staging.PENDING)
    return random_uuid() if left is None or left == labels.get(staging.CURRENT) else left
