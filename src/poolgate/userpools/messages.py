"""The messages of a pool: which address they go to, and their text.

A pool's own template wins over the default text. `{####}` stands for the code or the temporary
password, `{username}` for the name that the user signs in with. E-mails are HTML.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from poolgate.delivery.queue import Medium, Message
from poolgate.foundation.secret import Secret
from poolgate.userpools.challenges import addresses_of_factors
from poolgate.userpools.confirmation_links import ConfirmationLink
from poolgate.userpools.custom_senders import CustomSender
from poolgate.userpools.mfa_settings import EmailMfa
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

CODE_PLACEHOLDER = "{####}"
USERNAME_PLACEHOLDER = "{username}"
# `{####}` is none: a link has a text.
LINK_PLACEHOLDER = re.compile(r"\{##(?!##\})(.+?)##\}", re.DOTALL)
_LINK_TEXT = "Please click the link below to verify your email address. {##Verify Email##}"
_LINK_SUBJECT = "Your verification link"
_VERIFICATION_TEXT = "Your verification code is {####}"
_VERIFICATION_SUBJECT = "Your verification code"
_INVITATION_TEXT = "Your username is {username} and temporary password is {####}."
_AUTHENTICATION_TEXT = "Your authentication code is {####}."
_AUTHENTICATION_SUBJECT = "Your authentication code"
_INVITATION_SUBJECT = "Your temporary password"
MEDIUM_OF: Mapping[str, Medium] = {"email": Medium.EMAIL, "phone_number": Medium.SMS}
ATTRIBUTE_OF: Mapping[Medium, str] = {medium: name for name, medium in MEDIUM_OF.items()}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message goes: an attribute and the address it holds."""

    attribute: str
    address: str

    @property
    def medium(self) -> Medium:
        """How the message travels."""
        return MEDIUM_OF[self.attribute]

    @property
    def masked_address(self) -> str:
        """The address as others may see it: `t***@t***` or `+*******9934`."""
        if self.medium is Medium.EMAIL:
            local_part, _, domain = self.address.partition("@")
            return f"{local_part[:1]}***@{domain[:1]}***"
        return f"+{'*' * max(len(self.address) - 5, 0)}{self.address[-4:]}"


@dataclass(frozen=True, slots=True)
class Wording:
    """A pool with the texts for one occasion, and the functions that send if it has any."""

    pool: UserPool
    senders: Mapping[Medium, CustomSender] = field(default_factory=dict)
    link: ConfirmationLink | None = None


def verification(wording: Wording, delivery: Delivery, code: Secret, *, purpose: str) -> Message:
    """Return the message that carries a confirmation code, or a link with it."""
    pool = wording.pool
    if wording.link is not None:
        return _message(
            wording,
            delivery,
            code,
            subject=pool.link_email_subject or _LINK_SUBJECT,
            template=_with_link(pool.link_email_message or _LINK_TEXT, wording.link, code),
            purpose=purpose,
        )
    if delivery.medium is Medium.EMAIL:
        template = pool.verification_email_message
    else:
        template = pool.verification_sms_message
    return _message(
        wording,
        delivery,
        code,
        subject=pool.verification_email_subject or _VERIFICATION_SUBJECT,
        template=template or _VERIFICATION_TEXT,
        purpose=purpose,
    )


def invitation(
    wording: Wording, delivery: Delivery, login_name: str, temporary_password: Secret
) -> Message:
    """Return the message that carries a new user's temporary password."""
    pool = wording.pool
    if delivery.medium is Medium.EMAIL:
        template = pool.invitation_email_message
    else:
        template = pool.invitation_sms_message
    return _message(
        wording,
        delivery,
        temporary_password,
        subject=pool.invitation_email_subject or _INVITATION_SUBJECT,
        template=template or _INVITATION_TEXT,
        purpose="invitation",
        login_name=login_name,
    )


def authentication(wording: Wording, delivery: Delivery, code: Secret) -> Message:
    """Return the message that carries a second factor."""
    pool = wording.pool
    if delivery.medium is Medium.EMAIL:
        own = pool.email_mfa or EmailMfa()
        template, subject = own.message, own.subject
    else:
        template, subject = pool.mfa_sms_message, None
    return _message(
        wording,
        delivery,
        code,
        subject=subject or _AUTHENTICATION_SUBJECT,
        template=template or _AUTHENTICATION_TEXT,
        purpose="mfa",
    )


def _with_link(template: str, link: ConfirmationLink, code: Secret) -> str:
    """Return the template with links in the place of its `{##text##}`."""
    target = html.escape(link.with_code(code))
    return LINK_PLACEHOLDER.sub(lambda found: f'<a href="{target}">{found[1]}</a>', template)


def _message(
    wording: Wording,
    delivery: Delivery,
    code: Secret,
    *,
    subject: str,
    template: str,
    purpose: str,
    login_name: str | None = None,
) -> Message:
    """Return a message with its template filled in."""
    mail = wording.pool.email_configuration
    is_email = delivery.medium is Medium.EMAIL
    # AWS, "Customizing email verification messages": "You can use HTML tags in this message".
    escaped = html.escape if is_email else str
    body = template
    if login_name is not None:
        body = body.replace(USERNAME_PLACEHOLDER, escaped(login_name))
    sender = wording.senders.get(delivery.medium)
    return Message(
        pool_id=wording.pool.pool_id,
        medium=delivery.medium,
        recipient=delivery.address,
        subject=subject,
        # The code goes in last: what it contains is never taken for a placeholder.
        body=body.replace(CODE_PLACEHOLDER, escaped(code.reveal())),
        purpose=purpose,
        code=code.reveal(),
        body_is_html=is_email,
        from_address=mail.sender_address if is_email else None,
        reply_to=mail.reply_to if is_email else None,
        handover=sender.handover(delivery.attribute, delivery.address) if sender else None,
    )


def recovery_attributes(pool: UserPool) -> Sequence[str]:
    """Return the attributes that the pool recovers accounts by, first choice first."""
    if pool.recovery_mechanisms is None:
        # AWS AccountRecoverySettingType: without a setting, the phone first.
        return ("phone_number", "email")
    return [
        mechanism.removeprefix("verified_")
        for mechanism in pool.recovery_mechanisms
        if mechanism.startswith("verified_")
    ]


def recovery_deliveries(pool: UserPool, user: User) -> Sequence[Delivery]:
    """Return where a reset code may go, first choice first; only verified addresses.

    Never one that is a second factor: who reads it would then hold both.
    """
    barred = addresses_of_factors(user, pool)
    return [
        Delivery(attribute, user.attributes[attribute])
        for attribute in recovery_attributes(pool)
        if attribute not in barred
        and user.attributes.get(f"{attribute}_verified") == "true"
        and user.attributes.get(attribute)
    ]


def simulated_delivery(
    attributes: Sequence[str], login_name: str, stand_in: str
) -> Delivery | None:
    """Return where a code for a user who does not exist would have gone; nothing is sent.

    What was typed is shown if it is such an address, otherwise one made up from the stand-in, the
    same each time.
    """
    if not attributes:
        return None
    if "email" in attributes and "@" in login_name:
        return Delivery("email", login_name)
    if "phone_number" in attributes and login_name.startswith("+"):
        return Delivery("phone_number", login_name)
    return made_up_delivery(attributes[0], stand_in)


def made_up_delivery(attribute: str, stand_in: str) -> Delivery:
    """Return an address that the stand-in would have, the same each time."""
    if attribute == "email":
        letters = [chr(ord("a") + int(stand_in[at], 16)) for at in (0, 1)]
        return Delivery("email", f"{letters[0]}@{letters[1]}")
    digits = "".join(str(int(character, 16) % 10) for character in stand_in[:4])
    return Delivery("phone_number", f"+0000000{digits}")


def sign_up_delivery(pool: UserPool, attributes: Mapping[str, str]) -> Delivery | None:
    """Return where a new user's confirmation code goes, or None where nothing is verified.

    AWS API_SignUp: with both addresses one code is sent, to the phone.
    """
    for attribute in ("phone_number", "email"):
        if attribute in pool.auto_verified_attributes and attributes.get(attribute):
            return Delivery(attribute, attributes[attribute])
    return None
