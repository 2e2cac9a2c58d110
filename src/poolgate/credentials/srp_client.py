"""The client's side of an SRP-6a exchange, as user pools speak it, of Poolgate or of AWS.

    SRP_A ──> the pool ── SALT, SRP_B, SECRET_BLOCK ──> claim ── signature, TIMESTAMP ──> the pool

A device proves its own secret alike, with its group key and device key for pool name and user id.
Python's own arithmetic is not constant-time; the numbers never leave the machine they are made on.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from poolgate.credentials.srp_numbers import (
    ELEMENT_BYTES,
    EXPONENT_BYTES,
    GENERATOR,
    KEY_BYTES,
    KEY_LABEL,
    MONTHS,
    PLAIN_MODULUS,
    PLAIN_MULTIPLIER,
    WEEKDAYS,
    pad,
)
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_bytes
from poolgate.foundation.secret import Secret

_HEX = re.compile(r"[0-9A-Fa-f]+")
_HEX_DIGITS_MOST = 2 * ELEMENT_BYTES + 2
_DEVICE_SECRET_BYTES = 40
_SALT_BYTES = 16


class SrpServerValueRefused(Failure):
    """What a server sent is no challenge, or would make the key known to anybody."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the secret belongs to: pool name and user id, or group key and device key."""

    group: str
    name: str

    def exponent(self, secret: Secret, salt: int) -> int:
        """Return x of the secret."""
        # SPEC RFC 2945 s3, with Cognito's identity: x = H(pad(s) ‖ H(group ‖ name ‖ ":" ‖ P)).
        told = f"{self.group}{self.name}:{secret.reveal()}".encode()
        return _hashed(pad(salt) + hashlib.sha256(told).digest())


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the pool sends: two hexadecimal numbers and its opaque block in base64."""

    salt: str
    srp_b: str
    secret_block: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What proves the knowledge of the secret."""

    signature: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class DeviceVerifier:
    """A device's new secret with what the pool is told of it, in base64."""

    secret: Secret
    salt: str
    verifier: str


@dataclass(frozen=True, slots=True)
class ClientExchange:
    """One exchange, begun by its random number; it is good for one challenge."""

    private_a: int = field(
        default_factory=lambda: int.from_bytes(random_bytes(EXPONENT_BYTES), "big"), repr=False
    )

    @property
    def public_a(self) -> int:
        """The number A = g^a."""
        return pow(GENERATOR, self.private_a, PLAIN_MODULUS)

    @property
    def srp_a(self) -> str:
        """A as the pool takes it."""
        return f"{self.public_a:x}"

    def claim(
        self, identity: Identity, secret: Secret, challenge: Challenge, now: datetime
    ) -> Claim:
        """Return the proof for a challenge; raise SrpServerValueRefused."""
        salt, public_b = _parse_number(challenge.salt), _parse_number(challenge.srp_b)
        try:
            block = binascii.a2b_base64(challenge.secret_block)
        except (ValueError, binascii.Error) as error:
            raise SrpServerValueRefused from error
        # SPEC RFC 5054 s2.5.3: B mod N = 0 would make the key known without the password.
        if public_b % PLAIN_MODULUS == 0 or public_b > PLAIN_MODULUS:
            raise SrpServerValueRefused
        timestamp = render_timestamp(now)
        message = f"{identity.group}{identity.name}".encode() + block + timestamp.encode()
        key = self._key(public_b, identity.exponent(secret, salt))
        signature = hmac.digest(key, message, "sha256")
        return Claim(base64.b64encode(signature).decode(), timestamp)

    def _key(self, public_b: int, exponent: int) -> bytes:
        scrambler = _hashed(pad(self.public_a) + pad(public_b))
        if scrambler == 0:
            raise SrpServerValueRefused
        base = public_b - PLAIN_MULTIPLIER * pow(GENERATOR, exponent, PLAIN_MODULUS)
        agreed = pow(base, self.private_a + scrambler * exponent, PLAIN_MODULUS)
        extracted = hmac.digest(pad(scrambler), pad(agreed), "sha256")
        return hmac.digest(extracted, KEY_LABEL, "sha256")[:KEY_BYTES]


def new_device_verifier(device: Identity) -> DeviceVerifier:
    """Return a new secret of a device, and its verifier."""
    secret = Secret(base64.b64encode(random_bytes(_DEVICE_SECRET_BYTES)).decode())
    salt = int.from_bytes(random_bytes(_SALT_BYTES), "big")
    verifier = pow(GENERATOR, device.exponent(secret, salt), PLAIN_MODULUS)
    return DeviceVerifier(
        secret, base64.b64encode(pad(salt)).decode(), base64.b64encode(pad(verifier)).decode()
    )


def render_timestamp(now: datetime) -> str:
    """Return a moment as `EEE MMM d HH:mm:ss UTC yyyy`, in English."""
    at = now.astimezone(UTC)
    return (
        f"{WEEKDAYS[at.weekday()]} {MONTHS[at.month - 1]} {at.day}"
        f" {at.hour:02}:{at.minute:02}:{at.second:02} UTC {at.year}"
    )


def _hashed(message: bytes) -> int:
    return int.from_bytes(hashlib.sha256(message).digest(), "big")


def _parse_number(digits: str) -> int:
    if len(digits) > _HEX_DIGITS_MOST or not _HEX.fullmatch(digits):
        raise SrpServerValueRefused
    return int(digits, 16)
