"""What browsers bring back, as JSON: `PublicKeyCredential.toJSON()` of WebAuthn 3 section 5.1.

Every part is bounded and base64url without padding; members that are not needed are passed over.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec

from poolgate.credentials.authenticator_data import MAX_CREDENTIAL_ID_BYTES
from poolgate.credentials.passkeys import (
    PasskeyMalformed,
    PresentedAssertion,
    PresentedRegistration,
)
from poolgate.jose.base64url import decode_base64url

MAX_TRANSPORTS = 8
_TRANSPORT = re.compile(r"[a-z-]{1,16}")

_Short: TypeAlias = Annotated[str, msgspec.Meta(max_length=2048)]
_ClientData: TypeAlias = Annotated[str, msgspec.Meta(max_length=16 * 1024)]
_Long: TypeAlias = Annotated[str, msgspec.Meta(max_length=64 * 1024)]


class _AttestationResponse(msgspec.Struct):
    clientDataJSON: _ClientData  # noqa: N815 - as browsers write it
    attestationObject: _Long  # noqa: N815 - as browsers write it
    transports: list[str] = []


class _Registration(msgspec.Struct):
    id: _Short
    response: _AttestationResponse
    rawId: _Short | None = None  # noqa: N815 - as browsers write it
    type: Literal["public-key"] = "public-key"
    authenticatorAttachment: str | None = None  # noqa: N815 - as browsers write it


class _AssertionResponse(msgspec.Struct):
    clientDataJSON: _ClientData  # noqa: N815 - as browsers write it
    authenticatorData: _ClientData  # noqa: N815 - as browsers write it
    signature: _Short
    userHandle: _Short | None = None  # noqa: N815 - as browsers write it


class _Assertion(msgspec.Struct):
    id: _Short
    response: _AssertionResponse
    rawId: _Short | None = None  # noqa: N815 - as browsers write it
    type: Literal["public-key"] = "public-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskeyResponse:
    """A registration, and what the browser tells of the authenticator."""

    registration: PresentedRegistration
    transports: tuple[str, ...]
    attachment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyResponse:
    """A proof, by which passkey, and whose the authenticator says that it is."""

    credential_id: bytes
    assertion: PresentedAssertion
    user_handle: bytes | None


def parse_registration(document: object) -> NewPasskeyResponse:
    """Return the registration in a document; raise PasskeyMalformed."""
    try:
        presented = msgspec.convert(document, _Registration)
        response = presented.response
        registration = PresentedRegistration(
            credential_id=_credential_id(presented.id, presented.rawId),
            client_data=_decoded(response.clientDataJSON),
            attestation_object=_decoded(response.attestationObject),
        )
    except ValueError as error:
        raise PasskeyMalformed(private_detail=str(error)) from error
    known = [name for name in response.transports if _TRANSPORT.fullmatch(name)]
    attachment = presented.authenticatorAttachment
    return NewPasskeyResponse(
        registration=registration,
        transports=tuple(dict.fromkeys(known))[:MAX_TRANSPORTS],
        attachment=attachment if attachment in {"platform", "cross-platform"} else None,
    )


def parse_registration_text(text: str) -> NewPasskeyResponse:
    """Return the registration in a JSON text; raise PasskeyMalformed."""
    try:
        document = msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise PasskeyMalformed(private_detail=str(error)) from error
    return parse_registration(document)


def parse_assertion(text: str) -> PasskeyResponse:
    """Return the proof in a JSON text; raise PasskeyMalformed."""
    try:
        presented = msgspec.json.decode(text, type=_Assertion)
        response = presented.response
        return PasskeyResponse(
            credential_id=_credential_id(presented.id, presented.rawId),
            assertion=PresentedAssertion(
                client_data=_decoded(response.clientDataJSON),
                authenticator_data=_decoded(response.authenticatorData),
                signature=_decoded(response.signature),
            ),
            user_handle=None if response.userHandle is None else _decoded(response.userHandle),
        )
    except (ValueError, RecursionError) as error:
        raise PasskeyMalformed(private_detail=str(error)) from error


def _credential_id(text: str, repeated: str | None) -> bytes:
    # `id` is `rawId` as text; browsers send both.
    if repeated not in {None, text}:
        raise ValueError("id and rawId differ")
    credential_id = _decoded(text)
    if not 1 <= len(credential_id) <= MAX_CREDENTIAL_ID_BYTES:
        raise ValueError("a credential id too short or too long")
    return credential_id


def _decoded(text: str) -> bytes:
    return decode_base64url(text.encode())
