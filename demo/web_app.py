"""The web app of the demo: people sign in at the pool's pages, and it calls the API for them.

    / ── sign in ──> the pool's pages ── code ──> /callback ──> / ── call ──> the API

An app of a few lines, as somebody would write one: authorization code with PKCE, tokens kept by the
app and never shown to the browser, the ID token verified before it is believed.
"""

import html
import json
import secrets
import threading
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import httpx2
from authlib.integrations.requests_client import OAuth2Session
from botocore import UNSIGNED
from botocore.config import Config
from joserfc import jwt
from joserfc.jwk import KeySet
from outbox import Outbox

SCOPES = "openid email aws.cognito.signin.user.admin"
COOKIE = "demo"
TIMEOUT_SECONDS = 10
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>{head}
<style>:root{{color-scheme:light dark}}pre{{white-space:pre-wrap;overflow-wrap:anywhere}}
body{{font:1.0625rem/1.5 system-ui,sans-serif;max-width:40rem;margin:8vh auto;padding:0 1rem}}
</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""


@dataclass
class Visitor:
    """One browser: what it waits for, and the tokens of whoever signed in."""

    waiting: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    tokens: dict[str, Any] | None = None
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where the pool's pages, its issuer and the API are, and who the app is there."""

    pages_url: str
    issuer: str
    server_url: str
    client_id: str
    api_url: str
    region: str


class WebApp:
    """The app, on a free port of this machine; `place` is set once its client is made."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.place: Place | None = None
        self.visitors: dict[str, Visitor] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.app = self  # type: ignore[attr-defined] # for its handlers
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        # By its name, as the pool's pages are.
        self.url = f"http://localhost:{self._server.server_port}"

    def stop(self) -> None:
        """End the app."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # ---- what the pages do -------------------------------------------------------------------

    def location_of_sign_in(self, visitor: Visitor, path: str) -> str:
        """Return where the browser goes to sign in, or to another page of the pool."""
        place = self._placed()
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        location, state = self._oauth().create_authorization_url(
            place.pages_url + path, code_verifier=verifier, nonce=nonce
        )
        visitor.waiting[state] = (verifier, nonce, path)
        return str(location)

    def take_callback(self, visitor: Visitor, location: str) -> None:
        """Keep the tokens that the code is worth; raise for an answer to nothing that was asked."""
        place = self._placed()
        asked = parse_qs(urlsplit(location).query)
        verifier, nonce, path = visitor.waiting.pop(asked["state"][0])
        # RFC 9207: an answer of another server is none.
        if asked["iss"] != [place.issuer]:
            raise ValueError("another server answered")
        visitor.tokens = self._oauth().fetch_token(
            f"{place.pages_url}/oauth2/token",
            authorization_response=self.url + location,
            state=asked["state"][0],
            code_verifier=verifier,
            timeout=TIMEOUT_SECONDS,
        )
        visitor.claims = self._verified(visitor.tokens["id_token"], nonce)
        if path == "/passkeys/add":
            self._let_passkeys_be_both_factors(visitor.tokens["access_token"])

    def call_api(self, visitor: Visitor, path: str) -> tuple[int, str]:
        """Call the API as whoever signed in."""
        if visitor.tokens is None:
            return 401, "nobody is signed in"
        answer = httpx2.get(
            self._placed().api_url + path,
            headers={"Authorization": f"Bearer {visitor.tokens['access_token']}"},
            timeout=TIMEOUT_SECONDS,
        )
        return answer.status_code, answer.text

    def location_of_sign_out(self) -> str:
        """Return where the browser is signed out of the pool's pages, too."""
        place = self._placed()
        query = urlencode({"client_id": place.client_id, "logout_uri": f"{self.url}/"})
        return f"{place.pages_url}/logout?{query}"

    def _oauth(self) -> OAuth2Session:
        return OAuth2Session(
            self._placed().client_id,
            scope=SCOPES,
            redirect_uri=f"{self.url}/callback",
            code_challenge_method="S256",
            token_endpoint_auth_method="none",  # noqa: S106 - a method's name
        )

    def _verified(self, id_token: str, nonce: str) -> dict[str, Any]:
        place = self._placed()
        published = httpx2.get(f"{place.issuer}/.well-known/jwks.json", timeout=TIMEOUT_SECONDS)
        keys = KeySet.import_key_set(published.json())
        claims = jwt.decode(id_token, keys, algorithms=["RS256"]).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": place.issuer},
            aud={"essential": True, "value": place.client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
        ).validate(claims)
        return claims

    def _let_passkeys_be_both_factors(self, access_token: str) -> None:
        place = self._placed()
        boto3.client(
            "cognito-idp",
            endpoint_url=place.server_url,
            region_name=place.region,
            config=Config(signature_version=UNSIGNED),
        ).set_user_mfa_preference(AccessToken=access_token, WebAuthnMfaSettings={"Enabled": True})

    def _placed(self) -> Place:
        if self.place is None:
            raise RuntimeError("the app has no client yet")
        return self.place


class _Handler(BaseHTTPRequestHandler):
    """One request of a browser; nothing here changes anything but the browser's own sign-in."""

    def do_GET(self) -> None:
        app: WebApp = self.server.app  # type: ignore[attr-defined]
        cookie = SimpleCookie(self.headers.get("cookie", "")).get(COOKIE)
        path = urlsplit(self.path).path
        known = app.visitors.get(cookie.value) if cookie else None
        visitor, visitor_id = known or Visitor(), cookie.value if cookie and known else ""
        # Nobody is signed in under an id that the browser had before.
        if not visitor_id or path == "/callback":
            app.visitors.pop(visitor_id, None)
            visitor_id = secrets.token_urlsafe(24)
            app.visitors[visitor_id] = visitor
        self._cookie = f"{COOKIE}={visitor_id}; HttpOnly; SameSite=Lax; Path=/"
        try:
            self._answer(app, visitor, path)
        except Exception as error:  # noqa: BLE001 - a page, whatever went wrong
            self._show(400, "That did not work", f"<p>{html.escape(str(error))}</p>{_HOME}")

    def _answer(self, app: WebApp, visitor: Visitor, path: str) -> None:
        if path == "/":
            self._show(200, "Demo", _home(visitor))
        elif path == "/sign-in":
            self._go(app.location_of_sign_in(visitor, "/oauth2/authorize"))
        elif path == "/add-passkey":
            self._go(app.location_of_sign_in(visitor, "/passkeys/add"))
        elif path == "/callback":
            app.take_callback(visitor, self.path)
            self._go("/")
        elif path == "/leases":
            status, text = app.call_api(visitor, "/leases")
            told = f"<p>The API answers {status}:</p><pre>{html.escape(text)}</pre>{_HOME}"
            self._show(200, "GET /leases", told)
        elif path == "/sign-out":
            visitor.tokens = None
            self._go(app.location_of_sign_out())
        elif path == "/outbox":
            # E-mails are sent after the pages have answered: the page looks again.
            self._show(200, "Outbox", _outbox(app.outbox) + _HOME, head=_AGAIN)
        else:
            self._show(404, "There is no such page", _HOME)

    def _show(self, status: int, title: str, body: str, *, head: str = "") -> None:
        page = _PAGE.format(title=title, head=head, body=body).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(page)))
        self.send_header("cache-control", "no-store")
        self.send_header("set-cookie", self._cookie)
        self.end_headers()
        self.wfile.write(page)

    def _go(self, location: str) -> None:
        self.send_response(303)
        self.send_header("location", location)
        self.send_header("content-length", "0")
        self.send_header("set-cookie", self._cookie)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the tour tells what happens."""


_AGAIN = '<meta http-equiv="refresh" content="1">'
_HOME = '<p><a href="/">Back</a></p>'


def _home(visitor: Visitor) -> str:
    if visitor.tokens is None:
        return (
            '<p>Nobody is signed in.</p><p><a href="/sign-in">Sign in or sign up</a></p>'
            '<p><a href="/outbox">Outbox</a>: the e-mails that were sent</p>'
        )
    claims = json.dumps(visitor.claims, indent=1)
    return (
        f"<p>Signed in as {html.escape(visitor.claims['email'])}</p>"
        '<p><a href="/leases">Call the API</a></p>'
        '<p><a href="/add-passkey">Add a passkey</a></p>'
        '<p><a href="/sign-out">Sign out</a></p>'
        "<details><summary>What the ID token says</summary>"
        f"<pre>{html.escape(claims)}</pre></details>"
    )


def _outbox(outbox: Outbox) -> str:
    shown = []
    for mail in outbox.mails:
        text = mail.get_payload(decode=True)
        body = text.decode() if isinstance(text, bytes) else ""
        told = f"{mail['To']}: {mail['Subject']}"
        shown.append(f"<h2>{html.escape(told)}</h2><pre>{html.escape(body)}</pre>")
    return "".join(shown) or "<p>Nothing was sent yet.</p>"
