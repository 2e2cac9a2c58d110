"""E-mail by SMTP."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Message
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret

_PERMANENT_REPLIES = range(500, 600)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where and how mail leaves; `from_address` serves pools that name none of their own."""

    host: str
    port: int
    from_address: str
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    username: str | None = None
    password: Secret | None = None
    certificate_authorities: str | None = None
    timeout_seconds: float = 30

    def __post_init__(self) -> None:
        if (self.username is None) != (self.password is None):
            raise ValueError("a mail server wants both a username and a password, or neither")
        if (
            self.username is not None
            and self.security is SmtpSecurity.NONE
            and self.host not in _LOOPBACK
        ):
            raise ValueError("a mail server's password is not sent over the network without TLS")


class SmtpSender:
    """Sends e-mail; keeps its connection from one message to the next, until it may rest.

    Used by one thread at a time.
    """

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._connection: smtplib.SMTP | None = None

    def send(self, message_id: str, message: Message) -> None:
        """Hand one e-mail to the mail server; raise DeliveryFailed with the server's words."""
        mail = self._mail(message_id, message)
        try:
            self._connected().send_message(mail)
        except smtplib.SMTPRecipientsRefused as refusal:
            # The connection is as good as before; this address is not.
            replies = list(refusal.recipients.values())
            raise DeliveryFailed(
                "; ".join(_told(*reply) for reply in replies),
                permanent=all(reply[0] in _PERMANENT_REPLIES for reply in replies),
            ) from refusal
        except (smtplib.SMTPException, OSError) as error:
            self.rest()
            raise DeliveryFailed(_reason(error)) from error

    def rest(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.certificate_authorities)
        if settings.security is SmtpSecurity.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_seconds, context=context
            )
        else:
            connection = smtplib.SMTP(
                settings.host, settings.port, timeout=settings.timeout_seconds
            )
        try:
            if settings.security is SmtpSecurity.STARTTLS:
                # Raises when the server does not offer it: never falls back to the open.
                connection.starttls(context=context)
            if settings.username is not None and settings.password is not None:
                connection.login(settings.username, settings.password.reveal())
        except BaseException:
            connection.close()
            raise
        return connection

    def _mail(self, message_id: str, message: Message) -> EmailMessage:
        sender = message.from_address or self._settings.from_address
        mail = EmailMessage()
        try:
            # A line break in any of these would start a header of its own; it raises ValueError.
            mail["From"] = sender
            mail["To"] = message.recipient
            mail["Subject"] = message.subject
            if message.reply_to:
                mail["Reply-To"] = message.reply_to
        except ValueError as error:
            raise DeliveryFailed(
                "an address or the subject is malformed", permanent=True
            ) from error
        mail["Date"] = format_datetime(self._clock.now())
        # The same for every attempt, so that a receiver can tell a repetition.
        domain = sender.rpartition("@")[2].strip(" >")
        mail["Message-ID"] = f"<{message_id}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body, subtype="html" if message.body_is_html else "plain")
        return mail


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _told(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}"


def _told(reply_number: int, text: bytes | str) -> str:
    told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{reply_number} {told}"
