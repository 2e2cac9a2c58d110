"""What a worker does beside answering: sends messages, imports users, rotates secrets, forgets."""

import threading
from collections.abc import Callable

from poolgate.delivery.queue import Carrier
from poolgate.delivery.sender import Attempt, MessageSender, Outcome
from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.iam import service_access, temporary_keys
from poolgate.secrets import stored_secrets
from poolgate.server.event_log import EventLog
from poolgate.server.metadata_refresh import metadata_refresher
from poolgate.server.rotations import rotation_worker
from poolgate.server.senders import function_sender, senders_of
from poolgate.server.settings import Settings
from poolgate.server.user_imports import import_worker
from poolgate.userpools import log_delivery, pools
from poolgate.userpools.housekeeping import purge_expired
from poolgate.wire.installation import Installation

_USES_EVERY_SECONDS = 5
_FIRST_PURGE_SECONDS, _PURGE_EVERY_SECONDS = 60, 3600


def start_background(settings: Settings, installation: Installation, log: EventLog) -> None:
    """Start this worker's threads; what they leave undone at its end is taken up by another."""
    # Functions may take their time, so they have a thread of their own.
    functions = {Carrier.FUNCTION: function_sender(settings, installation)}
    for senders in (senders_of(settings, installation.clock), functions):
        if senders:
            MessageSender(
                installation.db,
                installation.vault,
                installation.clock,
                senders,
                report=message_reporter(installation, log),
            ).start()
    import_worker(installation, log).start()
    rotation_worker(installation, log).start()
    metadata_refresher(installation, log).start()
    threading.Thread(
        target=_write_uses, args=(installation, log), name="key uses", daemon=True
    ).start()
    threading.Thread(
        target=_forget_expired, args=(installation, log), name="housekeeping", daemon=True
    ).start()


def message_reporter(installation: Installation, log: EventLog) -> Callable[[Attempt], None]:
    """Return what tells the log of each attempt, and of failed ones the pool's own log."""

    def report(attempt: Attempt) -> None:
        log.info(
            "message",
            message_id=attempt.message_id,
            pool_id=attempt.pool_id,
            medium=attempt.medium,
            attempts=attempt.attempts,
            outcome=attempt.outcome.value,
            reason=attempt.reason,
        )
        if attempt.outcome is not Outcome.DELIVERED:
            _tell_pool(installation, attempt)

    return report


def _tell_pool(installation: Installation, attempt: Attempt) -> None:
    """Log a failed attempt as the pool wants it logged, if the pool is still there."""
    try:
        with installation.db.reading() as transaction:
            pool = pools.get(transaction, PoolId(attempt.pool_id))
    except pools.UserPoolNotFound:
        return
    log_delivery.tell_of_message(
        installation.activity_log,
        pool,
        installation.clock.now(),
        details=f"{attempt.medium} message {attempt.outcome.value}: {attempt.reason}",
    )


def _write_uses(installation: Installation, log: EventLog) -> None:
    pause = threading.Event()
    while not pause.wait(_USES_EVERY_SECONDS):
        try:
            installation.uses.write(installation.db)
        except Exception as error:  # noqa: BLE001 - what is lost is when a key was used last
            log.warning("key uses not written", reason=type(error).__name__)


def _forget_expired(installation: Installation, log: EventLog) -> None:
    pause, waiting = threading.Event(), _FIRST_PURGE_SECONDS
    while not pause.wait(waiting):
        waiting = _PURGE_EVERY_SECONDS
        try:
            now_millis = epoch_millis(installation.clock.now())
            removed = purge_expired(installation.db, now_millis)
            with installation.db.writing(about="housekeeping") as transaction:
                removed += temporary_keys.purge(transaction, now_millis)
                removed += service_access.purge_jobs(transaction, now_millis)
                removed += stored_secrets.purge(transaction, now_millis)
            log.info("expired rows removed", rows=removed)
        except Exception as error:  # noqa: BLE001 - whatever kept the database away, the next round does it
            log.warning("housekeeping interrupted", reason=type(error).__name__)
