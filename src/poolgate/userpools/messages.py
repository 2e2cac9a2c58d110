"""The messages of a pool: which address they go to, and their text.

A pool's own template wins over the default text. `{####}` stands for the code or the temporary
password, `{username}` for the name that the user signs in with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.delivery.queue import Medium, Message
from poolgate.foundation.secret import Secret
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

CODE_PLACEHOLDER = "{####}"
USERNAME_PLACEHOLDER = "{username}"
_VERIFICATION_TEXT = "Your verification code is {####}"
_VERIFICATION_SUBJECT = "Your verification code"
_INVITATION_TEXT = "Your username is {username} and temporary password is {####}."
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


def verification(pool: UserPool, delivery: Delivery, code: Secret, *, purpose: str) -> Message:
    """Return the message that carries a confirmation code."""
    if delivery.medium is Medium.EMAIL:
        template = pool.verification_email_message or _VERIFICATION_TEXT
    else:
        template = pool.verification_sms_message or _VERIFICATION_TEXT
    return Message(
        pool_id=pool.pool_id,
        medium=delivery.medium,
        recipient=delivery.address,
        subject=pool.verification_email_subject or _VERIFICATION_SUBJECT,
        body=template.replace(CODE_PLACEHOLDER, code.reveal()),
        purpose=purpose,
        code=code.reveal(),
    )


def invitation(
    pool: UserPool, delivery: Delivery, login_name: str, temporary_password: Secret
) -> Message:
    """Return the message that carries a new user's temporary password."""
    if delivery.medium is Medium.EMAIL:
        template = pool.invitation_email_message or _INVITATION_TEXT
    else:
        template = pool.invitation_sms_message or _INVITATION_TEXT
    # The password goes in last: what it contains is never taken for a placeholder.
    body = template.replace(USERNAME_PLACEHOLDER, login_name)
    return Message(
        pool_id=pool.pool_id,
        medium=delivery.medium,
        recipient=delivery.address,
        subject=pool.invitation_email_subject or _INVITATION_SUBJECT,
        body=body.replace(CODE_PLACEHOLDER, temporary_password.reveal()),
        purpose="invitation",
        code=temporary_password.reveal(),
    )


def recovery_deliveries(pool: UserPool, user: User) -> Sequence[Delivery]:
    """Return where a reset code may go, first choice first; only verified addresses."""
    if pool.recovery_mechanisms is None:
        # AWS AccountRecoverySettingType: without a setting, the phone first.
        wanted: Sequence[str] = ("phone_number", "email")
    else:
        wanted = [
            mechanism.removeprefix("verified_")
            for mechanism in pool.recovery_mechanisms
            if mechanism.startswith("verified_")
        ]
    return [
        Delivery(attribute, user.attributes[attribute])
        for attribute in wanted
        if user.attributes.get(f"{attribute}_verified") == "true" and user.attributes.get(attribute)
    ]
