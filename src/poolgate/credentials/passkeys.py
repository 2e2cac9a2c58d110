"""Passkeys: checking what a browser brings back from `navigator.credentials`.

    create ──> client data, attestation object ──> verify_registration ──> a credential to keep
    get    ──> client data, authenticator data, signature ──> verify_assertion ──> the new counter

SPEC WebAuthn 3 sections 7.1 and 7.2. What is random, secret or stored comes in as arguments.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from poolgate.credentials.attestation import verify_attestation
from poolgate.credentials.authenticator_data import (
    AttestedCredential,
    AuthenticatorData,
    decode_authenticator_data,
)
from poolgate.credentials.cbor import CborValue, decode_cbor
from poolgate.credentials.cose_keys import SignatureRefused, parse_cose_key
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_bytes

CHALLENGE_BYTES = 32
# An origin as browsers write it: no path, no user, the host in lower case.
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+)(?::[0-9]{1,5})?")


class PasskeyMalformed(Failure):
    """What was brought back is not of the format, or contradicts itself."""


class ChallengeMismatch(Failure):
    """The challenge that was signed is not the one that was given."""


class OriginNotAllowed(Failure):
    """The page that asked for the passkey is none of the relying party's."""


class RelyingPartyMismatch(Failure):
    """The passkey belongs to another relying party."""


class UserNotVerified(Failure):
    """The authenticator did not ask who the user is, or whether there is one."""


class CounterWentBack(Failure):
    """The passkey was used before with a higher count: there is a copy of it."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom passkeys are for: pages of that domain and of those below it."""

    relying_party_id: str
    demands_user_verification: bool


@dataclass(frozen=True, slots=True)
class PresentedRegistration:
    """A new credential as it was brought back."""

    credential_id: bytes
    client_data: bytes
    attestation_object: bytes


@dataclass(frozen=True, slots=True)
class PresentedAssertion:
    """A proof of holding a credential as it was brought back."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """What is worth keeping of a verified registration; `public_key` is an encoded COSE key."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_backup_eligible: bool
    aaguid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCredential:
    """What an assertion is compared with."""

    public_key: bytes
    sign_count: int
    is_backup_eligible: bool


@dataclass(frozen=True, slots=True)
class ProvenAssertion:
    """What a verified assertion shows; the counter is to be kept."""

    sign_count: int
    is_user_verified: bool


class _ClientData(msgspec.Struct):
    """What a browser says that it was asked for, and by which page."""

    type: str
    challenge: str
    origin: str
    crossOrigin: bool = False  # noqa: N815 - as browsers write it
    topOrigin: str | None = None  # noqa: N815 - as browsers write it


_READ_CLIENT_DATA = msgspec.json.Decoder(_ClientData)


def new_challenge() -> bytes:
    """Return a fresh challenge."""
    return random_bytes(CHALLENGE_BYTES)


def verify_registration(
    presented: PresentedRegistration, challenge: bytes, relying_party: RelyingParty
) -> NewCredential:
    """Return the new credential, if it was made for this challenge and relying party.

    Raises PasskeyMalformed, ChallengeMismatch, OriginNotAllowed, RelyingPartyMismatch,
    UserNotVerified, AlgorithmNotSupported or AttestationNotSupported.
    """
    _verify_client_data(presented.client_data, "webauthn.create", challenge, relying_party)
    try:
        authenticator_data, attested = _verify_attestation_object(presented, relying_party)
    except (ValueError, SignatureRefused) as error:
        raise PasskeyMalformed(private_detail=str(error)) from error
    return NewCredential(
        credential_id=attested.credential_id,
        public_key=attested.public_key,
        sign_count=authenticator_data.sign_count,
        is_backup_eligible=authenticator_data.is_backup_eligible,
        aaguid=attested.aaguid,
    )


def verify_assertion(
    presented: PresentedAssertion,
    challenge: bytes,
    relying_party: RelyingParty,
    credential: KeptCredential,
) -> ProvenAssertion:
    """Return what the assertion shows, if it is the credential's for this challenge.

    Raises PasskeyMalformed, ChallengeMismatch, OriginNotAllowed, RelyingPartyMismatch,
    UserNotVerified, SignatureRefused or CounterWentBack.
    """
    _verify_client_data(presented.client_data, "webauthn.get", challenge, relying_party)
    try:
        authenticator_data = decode_authenticator_data(presented.authenticator_data)
        _verify_authenticator(authenticator_data, relying_party)
        signed = presented.authenticator_data + hashlib.sha256(presented.client_data).digest()
        parse_cose_key(credential.public_key).verify(presented.signature, signed)
    except ValueError as error:
        raise PasskeyMalformed(private_detail=str(error)) from error
    # SPEC WebAuthn 3 s7.2: a credential is eligible for backup for ever, or never.
    if authenticator_data.is_backup_eligible != credential.is_backup_eligible:
        raise PasskeyMalformed(private_detail="backup eligibility changed")
    _verify_counter(authenticator_data.sign_count, credential.sign_count)
    return ProvenAssertion(authenticator_data.sign_count, authenticator_data.is_user_verified)


def is_origin_of(origin: str, relying_party_id: str) -> bool:
    """Tell whether a page of that origin may use passkeys of the relying party.

    https only, but for pages of the machine itself.
    """
    matched = _ORIGIN.fullmatch(origin)
    if matched is None:
        return False
    scheme, host = matched.groups()
    is_below = host == relying_party_id or host.endswith(f".{relying_party_id}")
    is_local = host == "localhost" or host.endswith(".localhost")
    return is_below and (scheme == "https" or is_local)


def _verify_client_data(
    encoded: bytes, ceremony: str, challenge: bytes, relying_party: RelyingParty
) -> None:
    try:
        client_data = _READ_CLIENT_DATA.decode(encoded)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PasskeyMalformed(private_detail="client data that cannot be read") from error
    if client_data.type != ceremony:
        raise PasskeyMalformed(private_detail="client data of another ceremony")
    expected = base64.urlsafe_b64encode(challenge).rstrip(b"=")
    if not hmac.compare_digest(client_data.challenge.encode(), expected):
        raise ChallengeMismatch
    if not is_origin_of(client_data.origin, relying_party.relying_party_id):
        raise OriginNotAllowed
    # A page inside a frame of somebody else's: its user may not know whom they deal with.
    if client_data.crossOrigin or client_data.topOrigin is not None:
        raise OriginNotAllowed(private_detail="asked for inside a page of another origin")


def _verify_attestation_object(
    presented: PresentedRegistration, relying_party: RelyingParty
) -> tuple[AuthenticatorData, AttestedCredential]:
    statement_format, statement, encoded = _parts(decode_cbor(presented.attestation_object))
    authenticator_data = decode_authenticator_data(encoded)
    attested = authenticator_data.attested
    if attested is None or attested.credential_id != presented.credential_id:
        raise ValueError("no credential, or another one")
    _verify_authenticator(authenticator_data, relying_party)
    # Before the statement, so that a key of no use is told as such.
    parse_cose_key(attested.public_key)
    signed = encoded + hashlib.sha256(presented.client_data).digest()
    verify_attestation(statement_format, statement, attested, signed)
    return authenticator_data, attested


def _parts(attestation: CborValue) -> tuple[str, Mapping[int | str, CborValue], bytes]:
    match attestation:
        case {"fmt": str(name), "attStmt": dict(statement), "authData": bytes(encoded)}:
            return name, statement, encoded
        case _:
            raise ValueError("an attestation object without its parts")


def _verify_authenticator(
    authenticator_data: AuthenticatorData, relying_party: RelyingParty
) -> None:
    expected = hashlib.sha256(relying_party.relying_party_id.encode()).digest()
    if not hmac.compare_digest(authenticator_data.relying_party_hash, expected):
        raise RelyingPartyMismatch
    if not authenticator_data.is_user_present:
        raise UserNotVerified(private_detail="no user was present")
    if relying_party.demands_user_verification and not authenticator_data.is_user_verified:
        raise UserNotVerified


def _verify_counter(sign_count: int, kept_count: int) -> None:
    # SPEC WebAuthn 3 s7.2: authenticators that do not count say zero each time.
    if (sign_count or kept_count) and sign_count <= kept_count:
        raise CounterWentBack(private_detail=f"signed {sign_count} after {kept_count}")
