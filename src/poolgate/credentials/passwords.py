"""How a password is kept and checked: an SRP verifier or an Argon2id hash, never both.

An SRP verifier is made of the password exactly as typed: Cognito's clients hash the raw UTF-8
text, so normalising it here would lock out whoever types a composed character. Argon2id hashes are
made by this server alone and use the NFC form.

Checks for nobody in particular cost the same as real ones and always fail.
"""

import hashlib
import hmac
import unicodedata

from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError

from poolgate.credentials.srp_group import element_bytes, generator_to
from poolgate.credentials.srp_numbers import ELEMENT_BYTES, pad
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_bytes
from poolgate.foundation.secret import Secret

SALT_BYTES = 16

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(
    time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=SALT_BYTES, type=Type.ID
)
_NOBODYS_SALT = bytes(range(1, SALT_BYTES + 1))
_NOBODYS_VERIFIER = bytes(ELEMENT_BYTES)
# The hash of a random password that was thrown away, with the parameters above.
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$"
    "syOfCSyJHaDdYojKogQX7A$eLrsVOjZ+QTSNAlxEOJLPIn3ixhjOfTuJgZ4TvXsM08"
)


class WrongPassword(Failure):
    """The password, or a proof of knowing it, is not right; nothing tells which part."""


def new_salt() -> bytes:
    """Return a random salt whose first byte is not zero.

    INVARIANT: some clients read the salt as a number and some as hex digits; they agree only when
    no leading zero byte can be lost.
    """
    salt = random_bytes(SALT_BYTES)
    while salt[0] == 0:
        salt = random_bytes(SALT_BYTES)
    return salt


def make_srp_verifier(pool_name: str, user_id: str, password: Secret, salt: bytes) -> bytes:
    """Return the verifier v = g^x of a password, 384 bytes long.

    `pool_name` is the part of the pool id after `_`; `user_id` is what the SRP challenge will give
    as USER_ID_FOR_SRP.
    """
    # SPEC RFC 2945 s3, with Cognito's identity: x = H(pad(s) ‖ H(poolName ‖ userId ‖ ":" ‖ P)).
    identity = f"{pool_name}{user_id}:{password.reveal()}".encode()
    padded_salt = pad_salt(salt)
    exponent = hashlib.sha256(padded_salt + hashlib.sha256(identity).digest()).digest()
    return element_bytes(generator_to(exponent))


def pad_salt(salt: bytes) -> bytes:
    """Return the salt as clients hash it, a positive number in two's complement."""
    return pad(int.from_bytes(salt, "big"))


def verify_srp_password(
    verifier: bytes, *, pool_name: str, user_id: str, password: Secret, salt: bytes
) -> None:
    """Raise WrongPassword unless `verifier` was made from `password`."""
    if not hmac.compare_digest(verifier, make_srp_verifier(pool_name, user_id, password, salt)):
        raise WrongPassword


def refuse_as_srp(*, pool_name: str, user_id: str, password: Secret) -> None:
    """Raise WrongPassword at the cost of checking an SRP verifier; for users that do not exist."""
    verify_srp_password(
        _NOBODYS_VERIFIER,
        pool_name=pool_name,
        user_id=user_id,
        password=password,
        salt=_NOBODYS_SALT,
    )


def hash_argon2id(password: Secret) -> str:
    """Return a new Argon2id hash that carries its parameters and salt."""
    return _HASHER.hash(_normalised(password))


def is_weaker_argon2id(encoded_hash: str) -> bool:
    """Tell whether a hash costs less to try passwords against than a new one would."""
    return any(
        kept < wanted
        for kept, wanted in zip(
            _costs(extract_parameters(encoded_hash)),
            _costs(extract_parameters(NOBODYS_HASH)),
            strict=True,
        )
    )


def _costs(parameters: Parameters) -> tuple[int, ...]:
    return (
        parameters.version,
        parameters.memory_cost,
        parameters.time_cost,
        parameters.salt_len,
        parameters.hash_len,
    )


def verify_argon2id(encoded_hash: str, password: Secret) -> None:
    """Raise WrongPassword unless `encoded_hash` was made from `password`."""
    try:
        _HASHER.verify(encoded_hash, _normalised(password))
    except VerifyMismatchError as mismatch:
        raise WrongPassword from mismatch
    except VerificationError as error:
        raise WrongPassword(private_detail="stored hash is not readable") from error


def refuse_as_argon2id(password: Secret) -> None:
    """Raise WrongPassword at the cost of checking a hash; for users that do not exist."""
    verify_argon2id(NOBODYS_HASH, password)
    raise WrongPassword


def _normalised(password: Secret) -> str:
    return unicodedata.normalize("NFC", password.reveal())
