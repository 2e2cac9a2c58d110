"""What a version holds: text or bytes, sealed as long as nobody asks for it."""

from dataclasses import dataclass, field

from poolgate.credentials.sealing import Vault
from poolgate.foundation.failure import Failure

# AWS reference_limits: "Secret value: 65,536 bytes".
LONGEST_CONTENT_BYTES = 65_536
_PURPOSE = "secret value"


class ContentMissing(Failure):
    """Neither text nor bytes are given."""


class ContentAmbiguous(Failure):
    """Text and bytes are given, which no version holds both."""


class ContentTooLong(Failure):
    """The value is longer than a version can hold. Facts: limit."""


@dataclass(frozen=True, slots=True)
class Content:
    """One value. Never shown by its representation."""

    octets: bytes = field(repr=False)
    is_binary: bool


def read_content(text: str | None, octets: bytes | None) -> Content | None:
    """Return the value that a request gives, None where it gives none."""
    if text is not None and octets is not None:
        raise ContentAmbiguous
    if text is not None:
        given = Content(text.encode(), is_binary=False)
    elif octets is not None:
        given = Content(octets, is_binary=True)
    else:
        return None
    if len(given.octets) > LONGEST_CONTENT_BYTES:
        raise ContentTooLong(limit=str(LONGEST_CONTENT_BYTES))
    return given


def seal(vault: Vault, content: Content, arn: str, version_id: str) -> bytes:
    """Return the value sealed; it opens nowhere but in its version."""
    return vault.seal(
        content.octets, purpose=_PURPOSE, bound_to=_row(arn, version_id, content.is_binary)
    )


def unseal(vault: Vault, sealed: bytes, arn: str, version_id: str, *, is_binary: bool) -> Content:
    """Return the value of a version."""
    octets = vault.unseal(sealed, purpose=_PURPOSE, bound_to=_row(arn, version_id, is_binary))
    return Content(octets, is_binary)


def _row(arn: str, version_id: str, is_binary: bool) -> str:  # noqa: FBT001 - named by its callers
    return f"{arn} {version_id} {'binary' if is_binary else 'text'}"
