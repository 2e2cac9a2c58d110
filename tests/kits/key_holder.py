"""Somebody who holds a key and proves it for requests: DPoP, RFC 9449."""

import base64
import hashlib
import itertools
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_numbers = itertools.count(1)


def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, length):
    return encoded(value.to_bytes(length, "big"))


def jwk_of(key):
    public = key.public_key()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        x, y = public.public_numbers().x, public.public_numbers().y
        return {"kty": "EC", "crv": "P-256", "x": number(x, 32), "y": number(y, 32)}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encoded(public.public_bytes_raw())}
    return {"kty": "RSA", "n": number(public.public_numbers().n, 256), "e": "AQAB"}


def signature_of(key, signed):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    return key.sign(signed, PKCS1v15(), SHA256())


_ALGORITHMS = {
    ec.EllipticCurvePrivateKey: "ES256",
    ed25519.Ed25519PrivateKey: "EdDSA",
    rsa.RSAPrivateKey: "RS256",
}


def algorithm_of(key):
    return next(name for kind, name in _ALGORITHMS.items() if isinstance(key, kind))


@dataclass
class KeyHolder:
    """`now` tells the time in seconds."""

    now: object
    key: object = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def thumbprint(self):
        members = json.dumps(jwk_of(self.key), sort_keys=True, separators=(",", ":"))
        return encoded(hashlib.sha256(members.encode()).digest())

    def proof(self, method, url, *, access_token=None, header=None, **changes):
        """Return a proof; a change to None leaves the claim out."""
        head = {
            "typ": "dpop+jwt",
            "alg": algorithm_of(self.key),
            "jwk": jwk_of(self.key),
            **(header or {}),
        }
        claims = {
            "jti": f"proof {next(_numbers)}",
            "htm": method,
            "htu": url,
            "iat": int(self.now()),
        }
        if access_token is not None:
            claims["ath"] = encoded(hashlib.sha256(access_token.encode()).digest())
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(claims).encode())}"
        return f"{signed}.{encoded(signature_of(self.key, signed.encode()))}"
