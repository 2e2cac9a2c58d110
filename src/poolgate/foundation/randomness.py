"""The only place that draws random values; all from the operating system's generator."""

import secrets

DIGITS = "0123456789"
LOWER_AND_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"
LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + LOWER_AND_DIGITS
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def random_bytes(length: int) -> bytes:
    """Return `length` random bytes."""
    return secrets.token_bytes(length)


def random_text(alphabet: str, length: int) -> str:
    """Return `length` characters, each drawn evenly from `alphabet`."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def random_uuid() -> str:
    """Return a random (version 4) UUID as text."""
    return uuid_of(secrets.token_bytes(16))


def uuid_of(drawn: bytes) -> str:
    """Return 16 bytes as the text of a version 4 UUID."""
    # SPEC RFC 9562 s5.4: the version and the variant take the place of six bits. Python's own class
    # takes four times as long, and a sign-in makes five of them.
    digits = drawn.hex()
    variant = "89ab"[drawn[8] >> 4 & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def random_token(length_bytes: int = 32) -> str:
    """Return URL-safe text with `length_bytes` of randomness."""
    return secrets.token_urlsafe(length_bytes)


def shuffled(text: str) -> str:
    """Return the characters of `text` in random order."""
    characters = list(text)
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
