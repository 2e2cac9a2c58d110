"""A user as one line of JSON: what `poolgate users` writes and reads.

Nothing in a line is taken and ignored: an unknown member makes the line bad.
"""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.users import UserStatus

MAX_LINE_BYTES = 1024 * 1024


# The last moment that a datetime can tell.
_Millis: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]


class LineMalformed(Failure):
    """A line is no record of a user. Facts: reason."""


class LinkRecord(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who the user is at an identity provider of the pool.

    With `is_profile` the user was made by signing in there.
    """

    provider_name: str
    attribute: str
    value: str
    linked_at: _Millis | None = None
    is_profile: bool = False
    issuer: str | None = None


class SoftwareTokenRecord(
    msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A verified authenticator app; the secret as it is typed into one."""

    secret: str
    name: str | None = None
    last_used_step: Annotated[int, msgspec.Meta(ge=-1, lt=2**62)] = -1


class MfaRecord(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which second factors are turned on, which comes first, and the app if there is one."""

    enabled: tuple[MfaFactor, ...] = ()
    preferred: MfaFactor | None = None
    software_token: SoftwareTokenRecord | None = None


class UserRecord(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One user. Times are milliseconds since 1970; `password` is a hash or verifier as text."""

    username: str
    sub: str | None = None
    status: UserStatus | None = None
    enabled: bool = True
    attributes: Mapping[str, str] = {}
    groups: tuple[str, ...] = ()
    linked_identities: tuple[LinkRecord, ...] = ()
    mfa: MfaRecord | None = None
    created_at: _Millis | None = None
    modified_at: _Millis | None = None
    password: str | None = None
    password_set_at: _Millis | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(UserRecord)


def render_line(record: UserRecord) -> bytes:
    """Return the record as one line, with its line feed."""
    return _ENCODER.encode(record) + b"\n"


def parse_line(line: bytes) -> UserRecord:
    """Return the record in a line; raise LineMalformed, which quotes nothing of it."""
    if len(line) > MAX_LINE_BYTES:
        raise LineMalformed(reason="the line is too long")
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise LineMalformed(reason=_reason(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise LineMalformed(reason="the line is not JSON") from None


def _reason(error: msgspec.ValidationError) -> str:
    """Return what is wrong, without the value that msgspec may quote."""
    text = str(error)
    _, found, path = text.rpartition(" - at ")
    where = f" at {path.strip('`')}" if found else ""
    if "unknown field" in text or "missing required field" in text:
        return f"{text.partition(' - at ')[0]}{where}"
    return f"a member has the wrong type or value{where}"
