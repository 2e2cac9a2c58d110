"""The server's side of an SRP-6a exchange, as Cognito's clients speak it.

    begin ── SALT, SRP_B, SECRET_BLOCK ──> the client ── signature, TIMESTAMP, block ──> verify

Nothing is kept between the two calls: the exchange lives sealed in its SECRET_BLOCK, so any worker
can finish what another began. The verifier is read again for the second step, so a password that
changed in between ends the exchange. The caller makes a block single-use by its `digest`.

For names without a user `nobody` gives a stable salt and a stable made-up id; the exchange then
runs at the same cost and cannot be won.

Remembered devices prove their own secrets by the same exchange, in which their group key and device
key stand for pool name and user id. Their blocks are sealed for that purpose alone.
"""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import gmpy2
import msgspec

from poolgate.credentials.passwords import SALT_BYTES, WrongPassword
from poolgate.credentials.sealing import UnsealingFailed, Vault
from poolgate.credentials.srp_group import (
    MODULUS,
    MULTIPLIER,
    element_bytes,
    element_of,
    generator_to,
)
from poolgate.credentials.srp_numbers import (
    ELEMENT_BYTES,
    EXPONENT_BYTES,
    KEY_BYTES,
    KEY_LABEL,
    MONTHS,
    WEEKDAYS,
    pad,
    pool_name_of,
)
from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.randomness import random_bytes

# A client's clock may differ by this much; the block's own age is bounded apart from that.
_TIMESTAMP_TOLERANCE = timedelta(minutes=5)
_HEX_DIGITS_MOST = 2 * ELEMENT_BYTES + 2
# Clients make salts of 16 bytes, without leading zeros and with the sign's zero byte.
_SALT_LENGTHS = (8, 64)
_HEX = re.compile(r"[0-9A-Fa-f]+")
_TIMESTAMP = re.compile(
    rf"({'|'.join(WEEKDAYS)}) ({'|'.join(MONTHS)}) ([1-9]|[12][0-9]|3[01]) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) UTC ([0-9]{4})"
)


class SrpPublicValueRefused(Failure):
    """SRP_A is not a hexadecimal number of the group, or is a multiple of its modulus."""


class SrpVerifierRefused(Failure):
    """A verifier that anybody could answer to, or a salt or verifier of an impossible length."""


class Proves(StrEnum):
    """What an exchange proves the knowledge of; the purpose that its block is sealed for."""

    PASSWORD = "srp"  # noqa: S105 - a purpose
    DEVICE_SECRET = "device srp"  # noqa: S105 - a purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Whom an exchange is with: the password's verifier and salt, and the id that SRP hashes.

    `sub` is None for a made-up user.
    """

    user_id: str
    sub: Sub | None
    salt: bytes
    verifier: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """What the client is told: hexadecimal salt and B, and the opaque block in base64.

    `digest` is the block's identity, as of `OpenedBlock`.
    """

    salt: str
    srp_b: str
    secret_block: str
    digest: bytes


class Exchange(msgspec.Struct, frozen=True, array_like=True):
    """An opened secret block; `carried` is what the caller wants back with the answer.

    An exchange that `is_part` of a longer sign-in is worth nothing without it; `target_level` is
    what the sign-in asked for.
    """

    pool_id: PoolId
    client_id: ClientId
    user_id: str
    sub: Sub | None
    a: bytes
    b: bytes
    private_b: bytes
    begun_at: int
    carried: str = ""
    is_part: bool = False
    target_level: int = 0


@dataclass(frozen=True, slots=True)
class OpenedBlock:
    """An exchange with the block's own bytes, which the client signs; `digest` names it once."""

    exchange: Exchange
    sealed: bytes

    @property
    def digest(self) -> bytes:
        """The block's identity for the list of spent proofs."""
        return hashlib.sha256(self.sealed).digest()


def device_group_key(pool_id: PoolId) -> str:
    """Return what SRP hashes for a pool's devices in the place of the pool's name."""
    digest = hashlib.sha256(f"device group {pool_id}".encode()).digest()
    return "-" + base64.urlsafe_b64encode(digest)[:8].decode()


def verify_device_verifier(salt: bytes, verifier: bytes) -> bytes:
    """Return a verifier that a device made in fixed length; raise SrpVerifierRefused.

    A verifier of 0, 1 or -1 would make the key known without the secret.
    """
    number = element_of(verifier)
    is_of_group = len(verifier) <= ELEMENT_BYTES + 1 and 1 < number < MODULUS - 1
    if not is_of_group or not _SALT_LENGTHS[0] <= len(salt) <= _SALT_LENGTHS[1]:
        raise SrpVerifierRefused
    return element_bytes(number)


def nobody(vault: Vault, pool_id: PoolId, login_name: str) -> Verifier:
    """Return a made-up verifier, the same for the same name in the same pool."""
    # AWS "Managing user existence error responses": simulated answers repeat salt and user id.
    seed = hmac.digest(
        vault.derived_key("srp nobody"), f"{pool_id}\0{login_name}".encode(), "sha256"
    )
    stream = hashlib.shake_256(seed).digest(SALT_BYTES + 16 + ELEMENT_BYTES)
    salt = bytes([stream[0] or 1]) + stream[1:SALT_BYTES]
    user_id = str(uuid.UUID(bytes=stream[SALT_BYTES : SALT_BYTES + 16], version=4))
    verifier = element_of(stream[SALT_BYTES + 16 :]) % MODULUS
    return Verifier(user_id=user_id, sub=None, salt=salt, verifier=element_bytes(verifier))


def begin(
    vault: Vault,
    *,
    pool_id: PoolId,
    client_id: ClientId,
    whom: Verifier,
    srp_a: str,
    now: datetime,
    proves: Proves = Proves.PASSWORD,
    carried: str = "",
    is_part: bool = False,
    target_level: int = 0,
) -> Begun:
    """Answer the client's A; raise SrpPublicValueRefused when A could force the key."""
    public_a = _parse_public_value(srp_a)
    private_b = random_bytes(EXPONENT_BYTES)
    public_b = (MULTIPLIER * element_of(whom.verifier) + generator_to(private_b)) % MODULUS
    exchange = Exchange(
        pool_id=pool_id,
        client_id=client_id,
        user_id=whom.user_id,
        sub=whom.sub,
        a=element_bytes(public_a),
        b=element_bytes(public_b),
        private_b=private_b,
        begun_at=epoch_millis(now),
        carried=carried,
        is_part=is_part,
        target_level=target_level,
    )
    sealed = vault.seal(
        msgspec.msgpack.encode(exchange), purpose=proves, bound_to=_place(pool_id, client_id)
    )
    return Begun(
        salt=whom.salt.hex(),
        srp_b=f"{int(public_b):x}",
        secret_block=base64.b64encode(sealed).decode(),
        digest=hashlib.sha256(sealed).digest(),
    )


def open_secret_block(
    vault: Vault,
    secret_block: str,
    *,
    pool_id: PoolId,
    client_id: ClientId,
    now: datetime,
    lifetime_seconds: int,
    proves: Proves = Proves.PASSWORD,
) -> OpenedBlock:
    """Return the exchange; raise WrongPassword when the block is altered, foreign or too old."""
    try:
        sealed = binascii.a2b_base64(secret_block.encode("ascii"), strict_mode=True)
        plaintext = vault.unseal(sealed, purpose=proves, bound_to=_place(pool_id, client_id))
    except (ValueError, UnsealingFailed) as error:
        raise WrongPassword from error
    exchange = msgspec.msgpack.decode(plaintext, type=Exchange)
    age_millis = epoch_millis(now) - exchange.begun_at
    if not 0 <= age_millis < lifetime_seconds * 1000:
        raise WrongPassword
    return OpenedBlock(exchange, sealed)


def verify_claim(
    block: OpenedBlock,
    whom: Verifier,
    *,
    signature: str,
    timestamp: str,
    now: datetime,
    proves: Proves = Proves.PASSWORD,
) -> None:
    """Raise WrongPassword unless the client proved that it knows the password or device secret.

    `whom` must be read again for this call. The proof is computed before anything is judged, so
    that every refusal costs the same.
    """
    exchange = block.exchange
    group = device_group_key if proves is Proves.DEVICE_SECRET else pool_name_of
    message = (
        f"{group(exchange.pool_id)}{exchange.user_id}".encode() + block.sealed + timestamp.encode()
    )
    expected = hmac.digest(proof_key(exchange, whom.verifier), message, "sha256")
    is_proven = hmac.compare_digest(base64.b64encode(expected), signature.encode())
    is_same_user = whom.sub is not None and whom.sub == exchange.sub
    if not (is_proven and is_same_user and _is_near(timestamp, now)):
        raise WrongPassword


def _place(pool_id: PoolId, client_id: ClientId) -> str:
    return f"{pool_id}/{client_id}"


def _parse_public_value(srp_a: str) -> "gmpy2.mpz":
    if len(srp_a) > _HEX_DIGITS_MOST or not _HEX.fullmatch(srp_a):
        raise SrpPublicValueRefused
    public_a = gmpy2.mpz(srp_a, 16)
    # SPEC RFC 5054 s2.5.4: A mod N = 0 would make the key known without the password.
    if public_a % MODULUS == 0 or public_a > MODULUS:
        raise SrpPublicValueRefused
    return public_a


def proof_key(exchange: Exchange, verifier: bytes) -> bytes:
    """Return the key that both sides agree on when the client knows the password."""
    public_a = element_of(exchange.a)
    padded_u = pad(
        int.from_bytes(hashlib.sha256(pad(public_a) + pad(element_of(exchange.b))).digest(), "big")
    )
    scrambler = element_of(padded_u)
    base = public_a * gmpy2.powmod(element_of(verifier), scrambler, MODULUS) % MODULUS
    agreed = gmpy2.powmod(base, element_of(exchange.private_b), MODULUS)
    extracted = hmac.digest(padded_u, pad(agreed), "sha256")
    return hmac.digest(extracted, KEY_LABEL, "sha256")[:KEY_BYTES]


def _is_near(timestamp: str, now: datetime) -> bool:
    moment = _parse_timestamp(timestamp)
    return moment is not None and abs(now - moment) <= _TIMESTAMP_TOLERANCE


def _parse_timestamp(timestamp: str) -> datetime | None:
    """Return the moment of `EEE MMM d HH:mm:ss UTC yyyy`, or None for any other text."""
    parts = _TIMESTAMP.fullmatch(timestamp)
    if parts is None:
        return None
    weekday, month, day, hour, minute, second, year = parts.groups()
    try:
        moment = datetime(
            int(year),
            MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return moment if WEEKDAYS[moment.weekday()] == weekday else None
