"""The custom message trigger: a function words a message before it is written."""

from collections.abc import Mapping

import msgspec

from poolgate.foundation.ids import ClientId
from poolgate.store.call import Call
from poolgate.userpools.messages import CODE_PLACEHOLDER, USERNAME_PLACEHOLDER
from poolgate.userpools.mfa_settings import EmailMfa
from poolgate.userpools.pools import UserPool
from poolgate.userpools.triggers import (
    Occasion,
    Trigger,
    TriggerAnswerUnreadable,
    ask,
    attributes_of,
)
from poolgate.userpools.users import User

SIGN_UP = "CustomMessage_SignUp"
ADMIN_CREATE_USER = "CustomMessage_AdminCreateUser"
RESEND_CODE = "CustomMessage_ResendCode"
FORGOT_PASSWORD = "CustomMessage_ForgotPassword"  # noqa: S105 - an occasion
UPDATE_ATTRIBUTE = "CustomMessage_UpdateUserAttribute"
VERIFY_ATTRIBUTE = "CustomMessage_VerifyUserAttribute"
AUTHENTICATION = "CustomMessage_Authentication"
_LINK_PLACEHOLDER = "{##Click Here##}"


class _Text(msgspec.Struct, rename="camel"):
    sms_message: str | None = None
    email_message: str | None = None
    email_subject: str | None = None


def worded(
    call: Call,
    pool: UserPool,
    user: User,
    source: str,
    *,
    client_id: ClientId | None,
    client_metadata: Mapping[str, str] | None,
) -> UserPool:
    """Return the pool with the message texts that its function wants for this occasion.

    Without a function, or where it says nothing, the pool's own texts stay. Raises
    TriggerAnswerUnreadable for a text without the placeholders it must have.
    """
    if Trigger.CUSTOM_MESSAGE not in pool.triggers:
        return pool
    invites = source == ADMIN_CREATE_USER
    occasion = Occasion(
        pool=pool,
        source=source,
        username=user.username,
        client_id=client_id,
        client_metadata=client_metadata,
    )
    request = {
        "userAttributes": attributes_of(user),
        "codeParameter": CODE_PLACEHOLDER,
        "linkParameter": _LINK_PLACEHOLDER,
        "usernameParameter": USERNAME_PLACEHOLDER if invites else None,
    }
    empty = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    text = ask(call, Trigger.CUSTOM_MESSAGE, occasion, request, _Text, response=empty)
    needed = (CODE_PLACEHOLDER, USERNAME_PLACEHOLDER) if invites else (CODE_PLACEHOLDER,)
    for template in (text.sms_message, text.email_message):
        if template and not all(placeholder in template for placeholder in needed):
            raise TriggerAnswerUnreadable
    return _with_text(pool, source, text)


def _with_text(pool: UserPool, source: str, text: _Text) -> UserPool:
    if source == ADMIN_CREATE_USER:
        return msgspec.structs.replace(
            pool,
            invitation_sms_message=text.sms_message or pool.invitation_sms_message,
            invitation_email_message=text.email_message or pool.invitation_email_message,
            invitation_email_subject=text.email_subject or pool.invitation_email_subject,
        )
    if source == AUTHENTICATION:
        own = pool.email_mfa or EmailMfa()
        return msgspec.structs.replace(
            pool,
            mfa_sms_message=text.sms_message or pool.mfa_sms_message,
            email_mfa=EmailMfa(
                message=text.email_message or own.message,
                subject=text.email_subject or own.subject,
            ),
        )
    return msgspec.structs.replace(
        pool,
        verification_sms_message=text.sms_message or pool.verification_sms_message,
        verification_email_message=text.email_message or pool.verification_email_message,
        verification_email_subject=text.email_subject or pool.verification_email_subject,
    )
