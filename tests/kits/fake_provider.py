"""An OIDC provider with faults at will, and social providers' endpoints, on a real HTTP server."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from kits.federation import FederatedApp, at
from kits.oauth import Answered

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.randomness import random_token
from poolgate.jose.base64url import encode_base64url
from poolgate.jose.key_sets import render_jwk, render_key_set
from poolgate.jose.tokens import sign_token, signing_key
from poolgate.store.key_stock import new_rsa_key
from poolgate.testing import LocalPoolgate

OUR_ID, OUR_SECRET = "poolgate", "provider-secret"
Change = Callable[[dict[str, Any]], object]


@cache
def _keys() -> dict[str, rsa.RSAPrivateKey]:
    return {name: new_rsa_key() for name in ("own", "another")}


def private_key(name: str = "own") -> rsa.RSAPrivateKey:
    """Return the provider's own key, or another one."""
    return _keys()[name]


@dataclass
class Grant:
    """A code that was given out."""

    parameters: dict[str, str]
    claims: dict[str, object]


@dataclass
class FakeProvider:
    """What the provider knows, how it lies, and what it was asked."""

    url: str
    poolgate: LocalPoolgate
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    # Faults: of the ID token's claims, of the document at a path, of a status at a path.
    change_id_claims: Change = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] | None = None
    documents: dict[str, object] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    discovery: dict[str, object] = field(default_factory=dict)
    user_info: dict[str, object] = field(default_factory=dict)

    def details(self, **changes: str) -> dict[str, str]:
        """Return ProviderDetails for this provider."""
        return {
            "client_id": OUR_ID,
            "client_secret": OUR_SECRET,
            "authorize_scopes": "openid email profile",
            "attributes_request_method": "GET",
            "oidc_issuer": self.url,
            **changes,
        }

    def social(self, **changes: str) -> dict[str, str]:
        """Return ProviderDetails of a social provider whose endpoints are here."""
        return {
            "client_id": OUR_ID,
            "client_secret": OUR_SECRET,
            "authorize_scopes": "email",
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            **changes,
        }

    # -- the person at the provider's own pages ------------------------------------------------

    def approve(self, location: str, subject: str = "anna", **claims: object) -> dict[str, str]:
        """Sign somebody in there and return what the browser brings back."""
        parameters = dict(parse_qsl(urlsplit(location).query))
        code = random_token()
        self.grants[code] = Grant(parameters, {"sub": subject, **claims})
        return {"code": code, "state": parameters["state"]}

    # -- what this server asks -----------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Any, body: str) -> tuple[int, bytes]:
        parts = urlsplit(target)
        parameters = dict(parse_qsl(body or parts.query))
        told = {name.lower(): value for name, value in headers.items()}
        self.asked.append((method, parts.path, parameters, told))
        status = self.statuses.get(parts.path, 200)
        if parts.path in self.documents:
            return status, _rendered(self.documents[parts.path])
        answers: dict[str, Callable[[dict[str, str], dict[str, str]], object]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": self._keys,
            "/token": self._tokens,
            "/userinfo": self._user_info,
        }
        if parts.path not in answers:
            return 404, b""
        return status, _rendered(answers[parts.path](parameters, told))

    def asked_at(self, path: str) -> list[dict[str, str]]:
        """Return the parameters of every request for the path."""
        return [parameters for _, asked, parameters, _ in self.asked if asked == path]

    def _discovery(self, _parameters: dict[str, str], _headers: dict[str, str]) -> object:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            **self.discovery,
        }

    def _keys(self, _parameters: dict[str, str], _headers: dict[str, str]) -> object:
        return render_key_set([render_jwk("own", private_key().public_key())])

    def _tokens(self, parameters: dict[str, str], _headers: dict[str, str]) -> object:
        grant = self.grants.pop(parameters["code"])
        asked = grant.parameters
        assert parameters["redirect_uri"] == asked["redirect_uri"]
        if "code_challenge" in asked:
            digest = hashlib.sha256(parameters["code_verifier"].encode()).digest()
            assert encode_base64url(digest).decode() == asked["code_challenge"]
        access_token = random_token()
        self.grants[access_token] = grant
        now = epoch_seconds(self.poolgate.clock.now())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": OUR_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": asked.get("nonce"),
            **grant.claims,
        }
        changed = self.change_id_claims(claims)
        signed = self.sign(claims) if self.sign else sign_with(claims)
        assert changed is not None
        return {"access_token": access_token, "id_token": signed, "token_type": "Bearer"}

    def _user_info(self, _parameters: dict[str, str], headers: dict[str, str]) -> object:
        access_token = headers["authorization"].removeprefix("Bearer ")
        return {"sub": self.grants[access_token].claims["sub"], **self.user_info}


def sign_with(claims: dict[str, Any], name: str = "own", key_id: str = "own") -> str:
    """Return the token, signed by the key of that name."""
    return sign_token(claims, signing_key(key_id, private_key(name)))


def unsigned(claims: dict[str, Any], header: dict[str, str], signature: bytes = b"") -> str:
    """Return a token with any header."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()


def _rendered(document: object) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

    def _answer(self, body: str) -> None:
        status, document = self.server.provider.answer(self.command, self.path, self.headers, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: FakeProvider


@contextmanager
def fake_provider(poolgate: LocalPoolgate) -> Iterator[FakeProvider]:
    """Give a running provider."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        server.provider = FakeProvider(url, poolgate)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.provider
        server.shutdown()
        thread.join()


@dataclass
class Journey:
    """A browser that goes to the provider and comes back."""

    app: FederatedApp
    provider: FakeProvider

    def leave(self, **changes: str) -> Answered:
        """Begin at the app and return where the browser is sent."""
        named = {"identity_provider": self.app.provider, **changes}
        return self.app.browser.authorize(**named)

    def come_back(self, answer: dict[str, str]) -> Answered:
        return self.app.browser.get("/oauth2/idpresponse", answer)

    def sign_in(self, subject: str = "anna", **claims: object) -> Answered:
        """Go there, sign in, and return how the browser is sent to the app."""
        location = self.leave().location
        return self.come_back(self.provider.approve(location, subject, **claims))

    def refused(self, subject: str = "anna", **claims: object) -> tuple[str, str | None]:
        """Expect the app to be told of an error, and return it."""
        told = self.sign_in(subject, **claims).query
        assert "code" not in told
        assert told["state"] == "some state"
        return told["error"], told.get("error_description")

    def post_back(self, answer: dict[str, str], **headers: str) -> Answered:
        """Come back by a form that the provider's site posts."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.app.browser.cookies.items())
        posted = self.app.browser.post(
            "/oauth2/idpresponse", answer, headers={"cookie": cookies, **headers}
        )
        self.app.browser.keep(posted.response)
        return posted


ERROR_PAGE = at("/error?")
