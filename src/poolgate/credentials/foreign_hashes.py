"""Password hashes that other systems made, and SRP verifiers of other pools: checked, never made.

They come in with imported users and stand for the password until it is typed for the first time.
What they may cost is bounded when they are read: a hash decides how long its check takes.
"""

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, verify_secret

from poolgate.credentials.passwords import WrongPassword, make_srp_verifier
from poolgate.credentials.srp_numbers import ELEMENT_BYTES
from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret

MAX_HASH_LENGTH = 2000
MAX_BCRYPT_COST = 14
MAX_PBKDF2_ROUNDS = 3_000_000
MAX_MEMORY_KIB = 256 * 1024
MAX_ARGON2_WORK = 16 * 64 * 1024
MAX_LANES = 16
MIN_DIGEST_BYTES = 16
_SRP_PREFIX = "$poolgate-srp$"
# SPEC bcrypt: the key is at most 72 bytes; what is longer was cut off when the hash was made.
_BCRYPT_BYTES = 72


class ForeignHashUnreadable(Failure):
    """The hash is of no kind that can be checked, or it costs too much. Facts: reason."""


@dataclass(frozen=True, slots=True)
class ForeignVerifier:
    """An SRP verifier with everything that it was made for."""

    pool_name: str
    user_id: str
    salt: bytes
    verifier: bytes


Verification = Callable[[Secret], bool]

# `x` marks hashes of an old library that differ for text beyond ASCII, which then does not match.
_BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}")
_ARGON2 = re.compile(
    r"\$argon2(id|i|d)\$(?:v=(?:16|19)\$)?m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
# As passlib writes it, as Django does, as Werkzeug does.
_PBKDF2_MODULAR = re.compile(
    r"\$pbkdf2(?:-(sha256|sha512))?\$(\d{1,9})\$([A-Za-z0-9./+]*)\$([A-Za-z0-9./+]+)"
)
_PBKDF2_DJANGO = re.compile(r"pbkdf2_(sha1|sha256)\$(\d{1,9})\$([^$]+)\$([A-Za-z0-9+/=]+)")
_PBKDF2_WERKZEUG = re.compile(r"pbkdf2:(sha1|sha256|sha512):(\d{1,9})\$([^$]+)\$((?:[0-9a-f]{2})+)")
_SCRYPT_MODULAR = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)"
)
_SCRYPT_DJANGO = re.compile(r"scrypt\$(\d{1,9})\$([^$]+)\$(\d{1,4})\$(\d{1,4})\$([A-Za-z0-9+/=]+)")
_SCRYPT_WERKZEUG = re.compile(r"scrypt:(\d{1,9}):(\d{1,4}):(\d{1,4})\$([^$]+)\$((?:[0-9a-f]{2})+)")
# AWS Developer Guide, "Importing users with password hashes": N, r, p, salt and digest.
_SCRYPT_HEXADECIMAL = re.compile(
    r"(\d{1,9})\$(\d{1,4})\$(\d{1,4})\$((?:[0-9a-fA-F]{2})+)\$((?:[0-9a-fA-F]{2})+)"
)
_ARGON2_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


def verify_readable(encoded_hash: str) -> None:
    """Raise ForeignHashUnreadable unless passwords can be checked with this hash."""
    _verification(encoded_hash)


def verify(encoded_hash: str, password: Secret) -> None:
    """Raise WrongPassword unless the hash was made from the password, as typed or in NFC form."""
    is_right = _verification(encoded_hash)
    # The other system may have hashed the text as typed, or composed as this server does.
    composed = Secret(unicodedata.normalize("NFC", password.reveal()))
    forms = [password] if composed.reveal() == password.reveal() else [password, composed]
    if not any(is_right(form) for form in forms):
        raise WrongPassword


def render_srp_verifier(verifier: ForeignVerifier) -> str:
    """Return an SRP verifier as one line of text."""
    parts = (
        verifier.pool_name.encode(),
        verifier.user_id.encode(),
        verifier.salt,
        verifier.verifier,
    )
    return _SRP_PREFIX + "$".join(base64.b64encode(part).decode() for part in parts)


def parse_srp_verifier(encoded_hash: str) -> ForeignVerifier | None:
    """Return the SRP verifier in the text, or None when it is a hash of another kind."""
    if not encoded_hash.startswith(_SRP_PREFIX):
        return None
    try:
        pool_name, user_id, salt, verifier = (
            base64.b64decode(part, validate=True)
            for part in encoded_hash.removeprefix(_SRP_PREFIX).split("$")
        )
        parsed = ForeignVerifier(pool_name.decode(), user_id.decode(), salt, verifier)
    except ValueError as error:
        raise ForeignHashUnreadable(reason="the SRP verifier is malformed") from error
    if not salt or len(verifier) != ELEMENT_BYTES:
        raise ForeignHashUnreadable(reason="the SRP verifier is malformed")
    return parsed


def _verification(encoded_hash: str) -> Verification:
    if len(encoded_hash) <= MAX_HASH_LENGTH:
        for read in _READERS:
            verification = read(encoded_hash)
            if verification is not None:
                return verification
    raise ForeignHashUnreadable(reason="the password hash is of no known kind")


def _srp(encoded_hash: str) -> Verification | None:
    stored = parse_srp_verifier(encoded_hash)
    if stored is None:
        return None
    return lambda password: hmac.compare_digest(
        stored.verifier,
        make_srp_verifier(stored.pool_name, stored.user_id, password, stored.salt),
    )


def _bcrypt(encoded_hash: str) -> Verification | None:
    found = _BCRYPT.fullmatch(encoded_hash)
    if found is None:
        return None
    _limit("bcrypt", int(found[1]), MAX_BCRYPT_COST)

    def is_right(password: Secret) -> bool:
        # Imported here: loading it takes longer than a start should, and few servers need it.
        import bcrypt  # noqa: PLC0415 - see above

        try:
            return bcrypt.checkpw(password.reveal().encode()[:_BCRYPT_BYTES], encoded_hash.encode())
        except ValueError:
            return False

    return is_right


def _argon2(encoded_hash: str) -> Verification | None:
    found = _ARGON2.fullmatch(encoded_hash)
    if found is None:
        return None
    memory, passes = int(found[2]), int(found[3])
    _limit("Argon2", memory, MAX_MEMORY_KIB)
    _limit("Argon2", memory * passes, MAX_ARGON2_WORK)
    _limit("Argon2", int(found[4]), MAX_LANES)
    _verify_long_enough(_padded_base64(found[6]))
    _padded_base64(found[5])

    def is_right(password: Secret) -> bool:
        try:
            return verify_secret(
                encoded_hash.encode(), password.reveal().encode(), _ARGON2_TYPES[found[1]]
            )
        except Argon2Error:
            return False

    return is_right


def _pbkdf2(encoded_hash: str) -> Verification | None:
    if found := _PBKDF2_MODULAR.fullmatch(encoded_hash):
        salt, digest = _adapted_base64(found[3]), _adapted_base64(found[4])
    elif found := _PBKDF2_DJANGO.fullmatch(encoded_hash):
        salt, digest = found[3].encode(), _padded_base64(found[4])
    elif found := _PBKDF2_WERKZEUG.fullmatch(encoded_hash):
        salt, digest = found[3].encode(), bytes.fromhex(found[4])
    else:
        return None
    algorithm, rounds = found[1] or "sha1", int(found[2])
    _limit("PBKDF2", rounds, MAX_PBKDF2_ROUNDS)
    return _compared(
        digest,
        lambda text: hashlib.pbkdf2_hmac(algorithm, text, salt, rounds, dklen=len(digest)),
    )


def _scrypt(encoded_hash: str) -> Verification | None:
    if found := _SCRYPT_MODULAR.fullmatch(encoded_hash):
        n, r, p = 2 ** int(found[1]), int(found[2]), int(found[3])
        salt, digest = _padded_base64(found[4]), _padded_base64(found[5])
    elif found := _SCRYPT_DJANGO.fullmatch(encoded_hash):
        n, r, p = int(found[1]), int(found[3]), int(found[4])
        salt, digest = found[2].encode(), _padded_base64(found[5])
    elif found := _SCRYPT_WERKZEUG.fullmatch(encoded_hash):
        n, r, p = int(found[1]), int(found[2]), int(found[3])
        salt, digest = found[4].encode(), bytes.fromhex(found[5])
    elif found := _SCRYPT_HEXADECIMAL.fullmatch(encoded_hash):
        n, r, p = int(found[1]), int(found[2]), int(found[3])
        salt, digest = bytes.fromhex(found[4]), bytes.fromhex(found[5])
    else:
        return None
    # SPEC RFC 7914 s2: N is a power of two above one, and memory is 128 * N * r bytes.
    if n < 2 or n & (n - 1):  # noqa: PLR2004 - the specification's own number
        raise ForeignHashUnreadable(reason="scrypt's N is not a power of two")
    memory = 128 * n * r
    _limit("scrypt", memory // 1024, MAX_MEMORY_KIB)
    _limit("scrypt", p, MAX_LANES)
    # OpenSSL counts its own working memory as well.
    allowed = memory + 128 * r * p + 1024 * 1024
    return _compared(
        digest,
        lambda text: hashlib.scrypt(
            text, salt=salt, n=n, r=r, p=p, maxmem=allowed, dklen=len(digest)
        ),
    )


_READERS: tuple[Callable[[str], Verification | None], ...] = (
    _srp,
    _bcrypt,
    _argon2,
    _pbkdf2,
    _scrypt,
)


def _limit(kind: str, cost: int, maximum: int) -> None:
    if not 0 < cost <= maximum:
        raise ForeignHashUnreadable(reason=f"the parameters of the {kind} hash are out of bounds")


def _compared(digest: bytes, derive: Callable[[bytes], bytes]) -> Verification:
    _verify_long_enough(digest)
    return lambda password: hmac.compare_digest(digest, derive(password.reveal().encode()))


def _verify_long_enough(digest: bytes) -> None:
    # A digest of a few bytes would let in many passwords.
    if len(digest) < MIN_DIGEST_BYTES:
        raise ForeignHashUnreadable(reason="the password hash is too short")


def _adapted_base64(text: str) -> bytes:
    """Decode passlib's base64, with a dot for the plus sign and without padding."""
    return _padded_base64(text.replace(".", "+"))


def _padded_base64(text: str) -> bytes:
    try:
        return base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True
        )
    except binascii.Error as error:
        raise ForeignHashUnreadable(reason="the password hash is malformed") from error
