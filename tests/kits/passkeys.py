"""A software authenticator and its browser, written from WebAuthn and not from the server's code.

Every part that the server must look at can be bent: by an attribute of the passkey for all that
follows, or by a keyword for one answer.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

RP_ID = "app.example.com"
ORIGIN = f"https://{RP_ID}"
ICLOUD_KEYCHAIN = bytes.fromhex("fbfc3007154e4ecc8c0b6e020557d7bd")
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ES256, EDDSA, RS256 = -7, -8, -257


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value: Any) -> bytes:
    """Encode the little of CBOR that authenticators use."""

    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes([major << 5 | number])
        size = next(s for s in (1, 2, 4, 8) if number < 1 << 8 * s)
        code = {1: 24, 2: 25, 4: 26, 8: 27}[size]
        return bytes([major << 5 | code]) + number.to_bytes(size, "big")

    if value is False or value is True or value is None:
        return bytes([{False: 0xF4, True: 0xF5, None: 0xF6}[value]])
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    pairs = b"".join(cbor(key) + cbor(member) for key, member in value.items())
    return head(5, len(value)) + pairs


def new_private_key(algorithm: int) -> Any:
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == EDDSA:
        return Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def sign(private_key: Any, message: bytes) -> bytes:
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        return private_key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(private_key, Ed25519PrivateKey):
        return private_key.sign(message)
    return private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def cose_members(private_key: Any, algorithm: int) -> dict[int, Any]:
    """Return the public key as COSE has it."""
    public_key = private_key.public_key()
    if algorithm == ES256:
        numbers = public_key.public_numbers()
        x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        return {1: 2, 3: algorithm, -1: 1, -2: x, -3: y}
    if algorithm == EDDSA:
        return {1: 1, 3: algorithm, -1: 6, -2: public_key.public_bytes_raw()}
    numbers = public_key.public_numbers()
    modulus = numbers.n.to_bytes(256, "big")
    return {1: 3, 3: algorithm, -1: modulus, -2: numbers.e.to_bytes(3, "big")}


@dataclass
class Passkey:
    """One credential on one device, used by a browser at `origin`."""

    algorithm: int = ES256
    origin: str = ORIGIN
    rp_id: str | None = None
    flags: int = UP | UV
    sign_count: int = 0
    # By how much the counter grows with each use; 0 as synchronised passkeys do.
    counts: int = 1
    attestation: str = "none"
    aaguid: bytes = bytes(16)
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    client_data: dict[str, Any] = field(default_factory=dict)
    user_handle: bytes | None = None
    private_key: Any = None
    transports: tuple[str, ...] = ("internal", "hybrid")
    attachment: str | None = "platform"

    def __post_init__(self) -> None:
        if self.private_key is None:
            self.private_key = new_private_key(self.algorithm)

    def create(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Answer creation options as `PublicKeyCredential.toJSON()` does."""
        self.user_handle = unb64(options["user"]["id"])
        if self.rp_id is None:
            self.rp_id = options["rp"]["id"]
        client_data = self._client_data("webauthn.create", options["challenge"])
        object_members = self.attestation_members(client_data)
        object_members.update(changes.pop("attestation_members", {}))
        answer = {
            "id": b64(self.credential_id),
            "rawId": b64(self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(client_data),
                "attestationObject": b64(cbor(object_members)),
                "transports": list(self.transports),
            },
            "clientExtensionResults": {},
        }
        if self.attachment is not None:
            answer["authenticatorAttachment"] = self.attachment
        return _changed(answer, changes)

    def attestation_members(self, client_data: bytes) -> dict[str, Any]:
        authenticator_data = self.authenticator_data(attested=True)
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            signed = authenticator_data + hashlib.sha256(client_data).digest()
            statement = {"alg": self.algorithm, "sig": sign(self.private_key, signed)}
        return {"fmt": self.attestation, "attStmt": statement, "authData": authenticator_data}

    def get(self, options: dict[str, Any] | str, **changes: Any) -> dict[str, Any]:
        """Answer request options as `PublicKeyCredential.toJSON()` does."""
        if isinstance(options, str):
            options = json.loads(options)
        if self.rp_id is None:
            self.rp_id = options["rpId"]
        self.sign_count += self.counts
        client_data = self._client_data("webauthn.get", options["challenge"])
        authenticator_data = self.authenticator_data(attested=False)
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        answer = {
            "id": b64(self.credential_id),
            "rawId": b64(self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(authenticator_data),
                "signature": b64(sign(self.private_key, signed)),
            },
            "clientExtensionResults": {},
        }
        if self.user_handle is not None:
            answer["response"]["userHandle"] = b64(self.user_handle)
        return _changed(answer, changes)

    def authenticator_data(self, *, attested: bool) -> bytes:
        assert self.rp_id is not None
        head = hashlib.sha256(self.rp_id.encode()).digest()
        flags = self.flags | (AT if attested else 0)
        encoded = head + bytes([flags]) + self.sign_count.to_bytes(4, "big")
        if attested:
            encoded += self.aaguid + len(self.credential_id).to_bytes(2, "big")
            encoded += self.credential_id + cbor(cose_members(self.private_key, self.algorithm))
        return encoded

    def _client_data(self, ceremony: str, challenge: str) -> bytes:
        members = {
            "type": ceremony,
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps({**members, **self.client_data}).encode()


def _changed(answer: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the answer with members replaced, those of the response included."""
    for name, value in changes.items():
        place = answer["response"] if name in answer["response"] or name == "userHandle" else answer
        if value is None:
            place.pop(name, None)
        else:
            place[name] = value
    return answer
