"""What a person is asked during a sign-in: the port to whatever asks, and the words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from poolgate.client.oauth_calls import shown
from poolgate.foundation.secret import Secret

USERNAME: Final = "Username: "
PASSWORD: Final = "Password: "  # noqa: S105 - a question
NEW_PASSWORD: Final = "A new password is required. Please provide a new password: "  # noqa: S105 - a question
CHOSEN_PASSWORD: Final = "New password: "  # noqa: S105 - a question
AGAIN: Final = "The same again: "
CONFIRMATION_CODE: Final = "Confirmation code: "
SMS_CODE: Final = "Please provide the code sent to you via SMS: "
EMAIL_CODE: Final = "Please provide the code sent to you via e-mail: "
APP_CODE: Final = "Please provide the code of your authenticator app: "
EMAIL_ADDRESS: Final = "E-mail address for codes: "
SECOND_FACTOR: Final = "How do you want to prove that it is you?"
FIRST_PROOF: Final = "How do you want to sign in?"
SETUP: Final = "A second factor is required. Which one do you want to set up?"
RESET_REQUIRED: Final = "Your password has to be reset; a code was sent to you."
CODE_WRONG: Final = "That code is not right."
PASSWORDS_DIFFER: Final = "The two are not the same."
FACTOR_NAMES: Final = {
    "PASSWORD_SRP": "your password",
    "PASSWORD": "your password",
    "SMS_OTP": "a code by SMS",
    "SMS_MFA": "a code by SMS",
    "EMAIL_OTP": "a code by e-mail",
    "SOFTWARE_TOKEN_MFA": "an authenticator app",
}


def attribute(name: str) -> str:
    """Return the question for an attribute that the pool requires."""
    return f"{shown(name)}: "


def code_sent(destination: str) -> str:
    """Return the sentence that tells where a code went; the pool has masked it."""
    return f"A code was sent to {shown(destination)}."


def app_key(totp_secret: str) -> str:
    """Return the sentence that gives an authenticator app its key."""
    return f"Add this key to your authenticator app: {shown(totp_secret)}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: what is sent, and what a person reads."""

    answer: str
    words: str


class Prompts(Protocol):
    """Asks a person; every method may raise ClientFailure where nobody can be asked."""

    def ask(self, question: str) -> str:
        """Return a line that was typed, without its end."""
        ...

    def ask_hidden(self, question: str) -> Secret:
        """Return a line that nobody saw."""
        ...

    def choose(self, question: str, choices: Sequence[Choice]) -> str:
        """Return the answer of one of the choices."""
        ...

    def tell(self, sentence: str) -> None:
        """Show a sentence."""
        ...
