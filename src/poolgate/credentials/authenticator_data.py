"""Authenticator data: what an authenticator says of itself, and what it signs.

    rpIdHash(32) | flags(1) | signCount(4) | [aaguid(16) idLength(2) id key] | [extensions]

SPEC WebAuthn 3 section 6.1.
"""

from dataclasses import dataclass

from poolgate.credentials.cbor import decode_cbor_at

MAX_CREDENTIAL_ID_BYTES = 1023
_HEAD_BYTES = 37
_AAGUID_BYTES = 16
_USER_PRESENT, _USER_VERIFIED = 0x01, 0x04
_BACKUP_ELIGIBLE, _BACKED_UP = 0x08, 0x10
_ATTESTED, _EXTENSIONS = 0x40, 0x80


@dataclass(frozen=True, slots=True)
class AttestedCredential:
    """A new credential; `public_key` is the encoded COSE key as it was sent."""

    aaguid: bytes
    credential_id: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorData:
    """Authenticator data, read; extensions are passed over."""

    relying_party_hash: bytes
    is_user_present: bool
    is_user_verified: bool
    is_backup_eligible: bool
    sign_count: int
    attested: AttestedCredential | None


def decode_authenticator_data(encoded: bytes) -> AuthenticatorData:
    """Return what the bytes say; raise ValueError for any that do not fit the format exactly."""
    if len(encoded) < _HEAD_BYTES:
        raise ValueError("authenticator data too short")
    flags = encoded[32]
    if flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE:
        # SPEC WebAuthn 3 s6.1.3: this combination is not allowed.
        raise ValueError("backed up, but not eligible for it")
    attested, position = None, _HEAD_BYTES
    if flags & _ATTESTED:
        attested, position = _attested(encoded)
    if flags & _EXTENSIONS:
        extensions, position = decode_cbor_at(encoded, position)
        if not isinstance(extensions, dict):
            raise ValueError("extensions that are no map")
    if position != len(encoded):
        raise ValueError("bytes after the authenticator data")
    return AuthenticatorData(
        relying_party_hash=encoded[:32],
        is_user_present=bool(flags & _USER_PRESENT),
        is_user_verified=bool(flags & _USER_VERIFIED),
        is_backup_eligible=bool(flags & _BACKUP_ELIGIBLE),
        sign_count=int.from_bytes(encoded[33:_HEAD_BYTES], "big"),
        attested=attested,
    )


def _attested(encoded: bytes) -> tuple[AttestedCredential, int]:
    id_from = _HEAD_BYTES + _AAGUID_BYTES + 2
    id_length = int.from_bytes(encoded[id_from - 2 : id_from], "big")
    key_from = id_from + id_length
    if not 1 <= id_length <= MAX_CREDENTIAL_ID_BYTES or key_from >= len(encoded):
        raise ValueError("credential id too short or too long")
    _, key_to = decode_cbor_at(encoded, key_from)
    attested = AttestedCredential(
        aaguid=encoded[_HEAD_BYTES : _HEAD_BYTES + _AAGUID_BYTES],
        credential_id=encoded[id_from:key_from],
        public_key=encoded[key_from:key_to],
    )
    return attested, key_to
