"""Codes that people copy from a message: made at random, kept only as a keyed digest."""

import hmac

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import DIGITS, random_text
from poolgate.foundation.secret import Secret

CODE_DIGITS = 6


class WrongCode(Failure):
    """The submitted code is not the one that was sent."""


def new_code(digits: int = CODE_DIGITS) -> Secret:
    """Return a random code of decimal digits."""
    return Secret(random_text(DIGITS, digits))


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
