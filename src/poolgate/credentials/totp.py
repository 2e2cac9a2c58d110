"""Time-based one-time passwords as authenticator apps make them: SHA-1, 6 digits, 30 seconds.

SPEC RFC 6238 on RFC 4226. The steps beside the current one count as well, for clocks that differ
and for people who type slowly; which steps were used already is for the caller to remember.
"""

import base64
import binascii
import hmac
from urllib.parse import quote

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_bytes
from poolgate.foundation.secret import Secret

STEP_SECONDS = 30
DIGITS = 6
WINDOW_STEPS = 1
SECRET_BYTES = 32
# Apps of other systems have shorter secrets than SPEC RFC 4226 s4 asks for, 80 bits among them.
SHORTEST_BYTES, LONGEST_BYTES = 10, 64


class WrongTotpCode(Failure):
    """The code belongs to no step near the current time."""


class TotpSecretMalformed(Failure):
    """A text is no secret of an authenticator app."""


def new_totp_secret() -> bytes:
    """Return a fresh secret."""
    return random_bytes(SECRET_BYTES)


def encode_totp_secret(totp_secret: bytes) -> Secret:
    """Return the secret as it is typed into an authenticator app: base32 without padding."""
    return Secret(base64.b32encode(totp_secret).decode().rstrip("="))


def decode_totp_secret(secret: Secret) -> bytes:
    """Return the secret that was typed; raise TotpSecretMalformed."""
    text = secret.reveal().upper().rstrip("=")
    try:
        totp_secret = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise TotpSecretMalformed from error
    if not SHORTEST_BYTES <= len(totp_secret) <= LONGEST_BYTES:
        raise TotpSecretMalformed
    return totp_secret


def step_at(now_seconds: int) -> int:
    """Return the number of the time step."""
    return now_seconds // STEP_SECONDS


def code_of_step(totp_secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of one time step."""
    # SPEC RFC 4226 s5.3: the low half of the last byte says where the number begins.
    mac = hmac.digest(totp_secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def verify_totp_code(totp_secret: bytes, submitted: Secret, *, now_seconds: int) -> int:
    """Return the step whose code was submitted; raise WrongTotpCode.

    All steps of the window are compared, so the time it takes does not tell which one fitted.
    """
    current = step_at(now_seconds)
    matching = [
        step
        for step in range(max(current - WINDOW_STEPS, 0), current + WINDOW_STEPS + 1)
        if submitted.matches(code_of_step(totp_secret, step))
    ]
    if not matching:
        raise WrongTotpCode
    return matching[-1]


def render_key_uri(secret: Secret, *, issuer: str, account: str) -> str:
    """Return the URI that authenticator apps read from a picture, for an encoded secret."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={secret.reveal()}&issuer={quote(issuer, safe='')}"
