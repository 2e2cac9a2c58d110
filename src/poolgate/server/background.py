"""What a worker does beside answering: sends messages, imports users, forgets what has expired."""

import threading
from collections.abc import Callable

from poolgate.delivery.functions import FunctionSender
from poolgate.delivery.media import Sender
from poolgate.delivery.queue import Carrier, Medium
from poolgate.delivery.sender import Attempt, MessageSender, Outcome
from poolgate.foundation.clock import Clock, SystemClock, epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.server.event_log import EventLog
from poolgate.server.settings import Settings
from poolgate.server.user_imports import import_worker
from poolgate.userpools import log_delivery, pools
from poolgate.userpools.housekeeping import purge_expired
from poolgate.wire.installation import Installation

_FIRST_PURGE_SECONDS, _PURGE_EVERY_SECONDS = 60, 3600


def media_of(settings: Settings) -> frozenset[Medium]:
    """Return the media that the settings give a way to send by."""
    by_setting = {
        Medium.EMAIL: settings.smtp_host,
        Medium.SMS: settings.sms_webhook_url or settings.sns_endpoint_url,
    }
    return frozenset(medium for medium, setting in by_setting.items() if setting)


def start_background(settings: Settings, installation: Installation, log: EventLog) -> None:
    """Start this worker's threads; what they leave undone at its end is taken up by another."""
    # Functions may take their time, so they have a thread of their own.
    functions = {Carrier.FUNCTION: FunctionSender(installation.functions, installation.vault)}
    for senders in (_senders(settings, installation.clock), functions):
        if senders:
            MessageSender(
                installation.db,
                installation.vault,
                installation.clock,
                senders,
                report=message_reporter(installation, log),
            ).start()
    import_worker(installation, log).start()
    threading.Thread(
        target=_forget_expired, args=(installation, log), name="housekeeping", daemon=True
    ).start()


def _senders(settings: Settings, clock: Clock) -> dict[Carrier, Sender]:
    found = {
        Carrier.EMAIL: _mail_sender(settings, clock),
        Carrier.SMS: _text_sender(settings, clock),
    }
    return {carrier: sender for carrier, sender in found.items() if sender is not None}


# Imported where they are used: most of it is the HTTP and TLS stacks, of no use without settings.
def _mail_sender(settings: Settings, clock: Clock) -> Sender | None:
    if settings.smtp_host is None:
        return None
    from poolgate.delivery.smtp import SmtpSecurity, SmtpSender, SmtpSettings  # noqa: PLC0415

    authorities = settings.smtp_certificate_authorities
    return SmtpSender(
        SmtpSettings(
            host=settings.smtp_host,
            port=settings.smtp_port,
            from_address=settings.smtp_from or "",
            security=SmtpSecurity(settings.smtp_security),
            username=settings.smtp_username,
            password=settings.smtp_password,
            certificate_authorities=str(authorities) if authorities else None,
        ),
        clock,
    )


def _text_sender(settings: Settings, clock: Clock) -> Sender | None:
    # Who takes a signed request checks it by its own clock, even if this server's was moved.
    machine = SystemClock()
    secret_access_key = settings.sns_secret_access_key
    if settings.sns_endpoint_url and settings.sns_access_key_id and secret_access_key:
        from poolgate.delivery.sns import SnsPublisher, SnsSettings  # noqa: PLC0415

        return SnsPublisher(
            SnsSettings(
                url=settings.sns_endpoint_url,
                region=settings.sns_region or settings.region,
                access_key_id=settings.sns_access_key_id,
                secret_access_key=secret_access_key,
            ),
            machine,
        )
    if settings.sms_webhook_url is None:
        return None
    from poolgate.delivery.sms_webhook import SmsWebhook, SmsWebhookSettings  # noqa: PLC0415

    return SmsWebhook(
        SmsWebhookSettings(
            url=settings.sms_webhook_url, signing_secret=settings.sms_webhook_secret
        ),
        clock,
    )


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


def _forget_expired(installation: Installation, log: EventLog) -> None:
    pause, waiting = threading.Event(), _FIRST_PURGE_SECONDS
    while not pause.wait(waiting):
        waiting = _PURGE_EVERY_SECONDS
        try:
            removed = purge_expired(installation.db, epoch_millis(installation.clock.now()))
            log.info("expired rows removed", rows=removed)
        except Exception as error:  # noqa: BLE001 - whatever kept the database away, the next round does it
            log.warning("housekeeping interrupted", reason=type(error).__name__)
