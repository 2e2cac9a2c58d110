"""E-mails that tell users of risky sign-ins, and the tokens by which they answer.

A token names one event of one user and serves for feedback on it alone, as long as the event is
kept. It is sealed, so it can be neither read nor made up.
"""

import base64
import binascii
import html
from collections.abc import Callable, Mapping
from datetime import UTC
from urllib.parse import urlencode

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.delivery.queue import Medium, Message, enqueue
from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import attempt_limits
from poolgate.userpools.attempt_limits import Attempt, AttemptLimitExceeded
from poolgate.userpools.auth_events import KEPT_MILLIS, AuthEvent, FeedbackValue
from poolgate.userpools.custom_senders import custom_senders
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk_configuration import (
    NoticeSettings,
    NoticeTemplate,
    TakeoverAction,
    TakeoverReaction,
)
from poolgate.userpools.users import User

# Behind the pool id, below the server's public URL.
FEEDBACK_PAGE = "/event-feedback"
_PURPOSE = "feedback token"
_SENDER_KIND = "AccountTakeOverNotification"
_UNKNOWN = "unknown"
_TEXT = (
    "{occurrence}\n"
    "Time: {login-time}\nDevice: {device-name}\nAddress: {ip-address}\n"
    "If this was not you, change your password and tell us: {one-click-link-invalid}\n"
    "If this was you, you can tell us so: {one-click-link-valid}\n"
)
_BLOCKED = NoticeTemplate(
    "A sign-in was blocked",
    text_body=_TEXT.replace("{occurrence}", "An unusual sign-in to your account was blocked."),
)
_MFA = NoticeTemplate(
    "New sign-in",
    text_body=_TEXT.replace(
        "{occurrence}", "An unusual sign-in to your account was asked for a second factor."
    ),
)
_NO_ACTION = NoticeTemplate(
    "New sign-in",
    text_body=_TEXT.replace("{occurrence}", "There was an unusual sign-in to your account."),
)


class FeedbackTokenInvalid(Failure):
    """The token was not made for feedback on this event of this user, or is too old."""


class _FeedbackToken(msgspec.Struct, frozen=True, array_like=True):
    pool_id: PoolId
    sub: Sub
    event_id: str
    expires_at: int


def notice(
    call: Call,
    pool: UserPool,
    user: User,
    event: AuthEvent,
    action: TakeoverAction,
    *,
    settings: NoticeSettings | None,
) -> Message | None:
    """Return the e-mail that the action wants, or None where there is none to send."""
    address = user.attributes.get("email")
    sender = custom_senders(
        pool, user, _SENDER_KIND, client_id=event.client_id, client_metadata=None
    ).get(Medium.EMAIL)
    can_send = sender is not None or Medium.EMAIL in call.media
    if settings is None or not action.notifies or not address or not can_send:
        return None
    template, default = _template(settings, action.reaction)
    body = template.html_body or template.text_body or default.text_body or ""
    is_html = template.html_body is not None
    filled = _fill(body, _values(call, user, event), html.escape if is_html else str)
    return Message(
        pool_id=event.pool_id,
        medium=Medium.EMAIL,
        recipient=address,
        subject=template.subject,
        body=filled,
        purpose="risk",
        body_is_html=is_html,
        from_address=settings.from_address,
        reply_to=settings.reply_to,
        handover=sender.handover("email", address) if sender else None,
    )


def send(transaction: Transaction, call: Call, user: User, message: Message | None) -> None:
    """Queue the notice; whoever signs in over and over does not flood the user's mailbox."""
    if message is None:
        return
    try:
        attempt_limits.count(
            transaction, user.pool_id, user.sub, Attempt.SEND_RISK_NOTICE, call.now_millis
        )
    except AttemptLimitExceeded:
        return
    enqueue(transaction, call, message)


def make_feedback_token(call: Call, event: AuthEvent) -> Secret:
    """Return the token by which the event's user gives feedback."""
    content = _FeedbackToken(
        event.pool_id, event.sub, event.event_id, event.created_at + KEPT_MILLIS
    )
    sealed = call.vault.seal(msgspec.msgpack.encode(content), purpose=_PURPOSE, bound_to=_PURPOSE)
    return Secret(base64.urlsafe_b64encode(sealed).decode())


def verify_feedback_token(call: Call, presented: Secret, pool_id: PoolId, event_id: str) -> Sub:
    """Return whose event it is; raise FeedbackTokenInvalid."""
    try:
        sealed = base64.urlsafe_b64decode(presented.reveal().encode("ascii"))
        opened = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=_PURPOSE)
        content = msgspec.msgpack.decode(opened, type=_FeedbackToken)
    except (ValueError, binascii.Error, UnsealingFailed, msgspec.MsgspecError) as error:
        raise FeedbackTokenInvalid from error
    is_meant = (content.pool_id, content.event_id) == (pool_id, event_id)
    if not is_meant or call.now_millis >= content.expires_at:
        raise FeedbackTokenInvalid
    return content.sub


def _template(
    settings: NoticeSettings, reaction: TakeoverReaction
) -> tuple[NoticeTemplate, NoticeTemplate]:
    """Return the text for what was done, and the default one."""
    if reaction is TakeoverReaction.BLOCK:
        return settings.blocked or _BLOCKED, _BLOCKED
    if reaction is TakeoverReaction.NO_ACTION:
        return settings.no_action or _NO_ACTION, _NO_ACTION
    return settings.mfa or _MFA, _MFA


def _values(call: Call, user: User, event: AuthEvent) -> Mapping[str, str]:
    # AWS Developer Guide, "Message templates": the placeholders of threat protection.
    token = make_feedback_token(call, event)
    at = from_epoch_millis(event.created_at).astimezone(UTC)
    return {
        "username": user.username,
        "ip-address": event.surroundings.address,
        "login-time": at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "device-name": event.surroundings.device_name,
        # No list of places is shipped.
        "city": _UNKNOWN,
        "country": _UNKNOWN,
        "event-id": event.event_id,
        "feedback-token": token.reveal(),
        "one-click-link-valid": _link(call, user, event, token, FeedbackValue.VALID),
        "one-click-link-invalid": _link(call, user, event, token, FeedbackValue.INVALID),
    }


def _link(call: Call, user: User, event: AuthEvent, token: Secret, feedback: FeedbackValue) -> str:
    query = urlencode(
        {
            "user_name": user.username,
            "event_id": event.event_id,
            "feedback_token": token.reveal(),
            "feedback": feedback.value,
        }
    )
    return f"{call.public_url}/{event.pool_id}{FEEDBACK_PAGE}?{query}"


def _fill(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Fill the placeholders in one pass: what a value contains is never taken for one."""
    parts = template.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        filled.append(escape(values[name]) + rest if brace and name in values else "{" + part)
    return "".join(filled)
