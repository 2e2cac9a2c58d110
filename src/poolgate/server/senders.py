"""What messages leave this server by, as the settings say."""

from typing import TYPE_CHECKING

from poolgate.delivery.functions import FunctionSender
from poolgate.delivery.keyrings import Keyring, OwnKeyring
from poolgate.delivery.media import Sender
from poolgate.delivery.queue import Carrier, Medium
from poolgate.foundation.clock import Clock, SystemClock
from poolgate.foundation.secret import Secret
from poolgate.server.settings import Settings
from poolgate.wire.installation import Installation

if TYPE_CHECKING:
    from poolgate.delivery.signed_posts import EndpointSettings


def media_of(settings: Settings) -> frozenset[Medium]:
    """Return the media that the settings give a way to send by."""
    by_setting = {
        Medium.EMAIL: settings.smtp_host,
        Medium.SMS: settings.sms_webhook_url or settings.sns_endpoint_url,
    }
    return frozenset(medium for medium, setting in by_setting.items() if setting)


def senders_of(settings: Settings, clock: Clock) -> dict[Carrier, Sender]:
    """Return what sends e-mails and texts itself."""
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
    sns = _endpoint(
        settings.sns_endpoint_url, settings.sns_access_key_id, settings.sns_secret_access_key
    )
    if sns is not None:
        from poolgate.delivery.sns import SnsPublisher  # noqa: PLC0415

        # Who takes a signed request checks it by its own clock, even if this server's was moved.
        return SnsPublisher(sns, settings.sns_region or settings.region, SystemClock())
    if settings.sms_webhook_url is None:
        return None
    from poolgate.delivery.sms_webhook import SmsWebhook, SmsWebhookSettings  # noqa: PLC0415

    return SmsWebhook(
        SmsWebhookSettings(
            url=settings.sms_webhook_url, signing_secret=settings.sms_webhook_secret
        ),
        clock,
    )


def function_sender(settings: Settings, installation: Installation) -> FunctionSender:
    """Return what has functions send; codes reach them under keys of KMS where there is one."""
    keyring: Keyring = OwnKeyring(installation.vault)
    kms = _endpoint(
        settings.kms_endpoint_url, settings.kms_access_key_id, settings.kms_secret_access_key
    )
    if kms is not None:
        from poolgate.delivery.kms import KmsKeyring  # noqa: PLC0415

        keyring = KmsKeyring(kms, SystemClock())
    return FunctionSender(installation.functions, keyring)


def _endpoint(
    url: str | None, access_key_id: str | None, secret_access_key: Secret | None
) -> "EndpointSettings | None":
    if not url or access_key_id is None or secret_access_key is None:
        return None
    from poolgate.delivery.signed_posts import EndpointSettings  # noqa: PLC0415

    return EndpointSettings(
        url=url, access_key_id=access_key_id, secret_access_key=secret_access_key
    )
