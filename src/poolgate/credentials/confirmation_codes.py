"""Codes that people copy from a message: made with a key, kept only as a keyed digest."""

import hmac

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret

CODE_DIGITS = 6


class WrongCode(Failure):
    """The submitted code is not the one that was sent."""


def derive_code(
    *, mac_key: bytes, bound_to: str, issued_at: int, digits: int = CODE_DIGITS
) -> Secret:
    """Return the code of a row that was issued at that moment.

    It is as good as random to whoever lacks the key, and can be sent once more without being kept.
    """
    message = f"value {len(bound_to)}:{bound_to}{issued_at}".encode()
    number = int.from_bytes(hmac.digest(mac_key, message, "sha256"), "big")
    return Secret(str(number % 10**digits).zfill(digits))


def digest_code(code: Secret, *, mac_key: bytes, bound_to: str) -> bytes:
    """Return what is stored of a code.

    A code has few digits, so a plain hash could be searched; the key lives outside the database.
    `bound_to` names the row (pool, user, purpose), so that a digest means nothing in another one.
    """
    message = f"{len(bound_to)}:{bound_to}{code.reveal()}".encode()
    return hmac.digest(mac_key, message, "sha256")


def verify_code(submitted: Secret, digest: bytes, *, mac_key: bytes, bound_to: str) -> None:
    """Raise WrongCode unless `digest` was made of `submitted` for the same row."""
    if not hmac.compare_digest(digest, digest_code(submitted, mac_key=mac_key, bound_to=bound_to)):
        raise WrongCode
