"""Second factors of users on their way out of a pool and into one.

What is turned on travels with every export. The secret of an authenticator app is as good as the
app itself, so it travels only when asked for; without it the app stays behind.
"""

from poolgate.credentials.totp import decode_totp_secret, step_at
from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import software_tokens
from poolgate.userpools.challenges import ATTRIBUTE_OF
from poolgate.userpools.mfa_settings import NO_MFA, MfaFactor, UserMfa
from poolgate.userpools.user_records import MfaRecord, SoftwareTokenRecord
from poolgate.userpools.users import User

_APP = MfaFactor.SOFTWARE_TOKEN_MFA


class MfaRecordContradictory(Failure):
    """A record's second factors do not go together, or lack what they need. Facts: reason."""


def record_of(
    transaction: Transaction, call: Call, user: User, *, with_secrets: bool
) -> MfaRecord | None:
    """Return the user's second factors, or None where there are none to tell of."""
    mfa = user.mfa
    app = None
    if with_secrets and mfa.has_software_token:
        kept = software_tokens.find_kept(transaction, call, user)
        if kept is not None:
            secret, last_used_step = kept
            app = SoftwareTokenRecord(
                secret=secret.reveal(),
                name=mfa.software_token_name,
                last_used_step=last_used_step,
            )
    told = [factor for factor in MfaFactor if factor in mfa.enabled and (app or factor is not _APP)]
    preferred = mfa.preferred if mfa.preferred in told else None
    if not told and app is None:
        return None
    return MfaRecord(enabled=tuple(told), preferred=preferred, software_token=app)


def settings_of(record: MfaRecord | None, user: User) -> UserMfa:
    """Return what the record says of the user; raise MfaRecordContradictory."""
    if record is None:
        return NO_MFA
    for factor in record.enabled:
        if factor is _APP and record.software_token is None:
            raise MfaRecordContradictory(reason="an app is turned on, and there is none")
        if factor in ATTRIBUTE_OF and not user.attributes.get(ATTRIBUTE_OF[factor]):
            raise MfaRecordContradictory(reason=f"{factor} is turned on without an address")
    if record.preferred is not None and record.preferred not in record.enabled:
        raise MfaRecordContradictory(reason="the preferred factor is not turned on")
    app = record.software_token
    return UserMfa(
        has_software_token=app is not None,
        software_token_name=None if app is None else app.name,
        enabled=frozenset(record.enabled),
        preferred=record.preferred,
    )


def app_secret_of(record: MfaRecord | None) -> bytes | None:
    """Return the secret of the record's app, if it has one; raise TotpSecretMalformed."""
    if record is None or record.software_token is None:
        return None
    return decode_totp_secret(Secret(record.software_token.secret))


def keep_app(
    transaction: Transaction, call: Call, user: User, record: MfaRecord, totp_secret: bytes
) -> None:
    """Store the app of a record; no code that was used before counts again."""
    used = record.software_token.last_used_step if record.software_token else -1
    # A step of the future would keep the user out until then.
    step = min(used, step_at(epoch_seconds(call.now)))
    software_tokens.keep(transaction, call, user, totp_secret, step=step)
