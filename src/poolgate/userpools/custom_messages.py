"""The custom message trigger: a function words a message before it is written."""

from collections.abc import Collection, Mapping

import msgspec

from poolgate.delivery.queue import Medium
from poolgate.foundation.ids import ClientId
from poolgate.store.call import Call
from poolgate.userpools import attempt_limits
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.custom_senders import all_are_custom, custom_senders
from poolgate.userpools.messages import (
    CODE_PLACEHOLDER,
    LINK_PLACEHOLDER,
    USERNAME_PLACEHOLDER,
    Wording,
)
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

SIGN_UP = "SignUp"
ADMIN_CREATE_USER = "AdminCreateUser"
RESEND_CODE = "ResendCode"
FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105 - a kind of message
UPDATE_ATTRIBUTE = "UpdateUserAttribute"
VERIFY_ATTRIBUTE = "VerifyUserAttribute"
AUTHENTICATION = "Authentication"
_LINK_PLACEHOLDER = "{##Click Here##}"
# What users may ask for only so often.
_LIMITED_BY: Mapping[str, Attempt] = {
    RESEND_CODE: Attempt.RESEND_SIGN_UP,
    FORGOT_PASSWORD: Attempt.PASSWORD_RESET,
    VERIFY_ATTRIBUTE: Attempt.SEND_ATTRIBUTE_CODE,
    AUTHENTICATION: Attempt.SEND_MFA_CODE,
}


class _Text(msgspec.Struct, rename="camel"):
    sms_message: str | None = None
    email_message: str | None = None
    email_subject: str | None = None


def worded(
    call: Call,
    pool: UserPool,
    user: User,
    kind: str,
    *,
    media: Collection[Medium],
    client_id: ClientId | None,
    client_metadata: Mapping[str, str] | None,
) -> Wording:
    """Return the texts for a kind of message to the user, and the functions that send it.

    A custom message function is asked for texts unless functions send by all the `media`. Where it
    says nothing, the pool's own texts stay. Raises TriggerAnswerUnreadable for a text without the
    placeholders it must have, and AttemptLimitExceeded before a function is asked for a message
    that would not be sent.
    """
    senders = custom_senders(pool, user, kind, client_id=client_id, client_metadata=client_metadata)
    if Trigger.CUSTOM_MESSAGE not in pool.triggers or all_are_custom(pool, media):
        return Wording(pool, senders)
    # Administrators ask as often as they like.
    if kind in _LIMITED_BY and client_id is not None:
        with call.db.reading() as transaction:
            attempt_limits.verify_left(
                transaction, pool.pool_id, user.sub, _LIMITED_BY[kind], call.now_millis
            )
    invites = kind == ADMIN_CREATE_USER
    occasion = Occasion(
        pool=pool,
        source=f"CustomMessage_{kind}",
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
    _verify_placeholders(text, invites=invites, by_link=_goes_by_link(pool, kind))
    return Wording(_with_text(pool, kind, text), senders)


def _goes_by_link(pool: UserPool, kind: str) -> bool:
    return pool.confirms_by_link and kind in {SIGN_UP, RESEND_CODE}


def _verify_placeholders(text: _Text, *, invites: bool, by_link: bool) -> None:
    needed = (CODE_PLACEHOLDER, USERNAME_PLACEHOLDER) if invites else (CODE_PLACEHOLDER,)
    templates = [text.sms_message, text.email_message]
    if by_link and LINK_PLACEHOLDER.search(text.email_message or ""):
        # The function may as well write a link of its own around the code.
        templates.remove(text.email_message)
    for template in templates:
        if template and not all(placeholder in template for placeholder in needed):
            raise TriggerAnswerUnreadable


def _with_text(pool: UserPool, kind: str, text: _Text) -> UserPool:
    if kind == ADMIN_CREATE_USER:
        return msgspec.structs.replace(
            pool,
            invitation_sms_message=text.sms_message or pool.invitation_sms_message,
            invitation_email_message=text.email_message or pool.invitation_email_message,
            invitation_email_subject=text.email_subject or pool.invitation_email_subject,
        )
    if kind == AUTHENTICATION:
        own = pool.email_mfa or EmailMfa()
        return msgspec.structs.replace(
            pool,
            mfa_sms_message=text.sms_message or pool.mfa_sms_message,
            email_mfa=EmailMfa(
                message=text.email_message or own.message,
                subject=text.email_subject or own.subject,
            ),
        )
    if _goes_by_link(pool, kind):
        return msgspec.structs.replace(
            pool,
            verification_sms_message=text.sms_message or pool.verification_sms_message,
            link_email_message=text.email_message or pool.link_email_message,
            link_email_subject=text.email_subject or pool.link_email_subject,
        )
    return msgspec.structs.replace(
        pool,
        verification_sms_message=text.sms_message or pool.verification_sms_message,
        verification_email_message=text.email_message or pool.verification_email_message,
        verification_email_subject=text.email_subject or pool.verification_email_subject,
    )
