"""The user pool's hosted login, as the credentials page meets it: OAuth 2 with PKCE.

Whoever starts a sign-in gets a cookie with its `state` and its PKCE verifier, so that a code counts
in the browser that asked for it, and nowhere else.
# SPEC RFC 7636, RFC 9700 s2.1.1
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx2

# AWS: beside other scopes it takes `profile` for an ID token to hold `custom:roles`, which the
# identity pool's rules read.
SCOPES = ("openid", "email", "profile")
_SECONDS = 10.0
_OK = 200
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_CARRIED = re.compile(r"(?P<state>[A-Za-z0-9_-]{43})\.(?P<verifier>[A-Za-z0-9_-]{43})")


class CodeRefused(Exception):
    """The authorization code does not count: used, too old, or of another browser."""


class LoginUnavailable(Exception):
    """The hosted login cannot be asked now."""


@dataclass(frozen=True, slots=True, repr=False)
class StartedSignIn:
    """What a browser carries from the start of a sign-in to its end."""

    state: str
    verifier: str

    def carried(self) -> str:
        """Return the text that the browser's cookie holds."""
        return f"{self.state}.{self.verifier}"

    def is_answered_by(self, state: str) -> bool:
        """Tell whether an answer's `state` is this sign-in's."""
        return hmac.compare_digest(self.state.encode(), state.encode())

    @classmethod
    def parse(cls, carried: str) -> "StartedSignIn | None":
        """Return what a cookie holds, None where it holds nothing of ours."""
        found = _CARRIED.fullmatch(carried)
        return cls(found["state"], found["verifier"]) if found else None


@dataclass(frozen=True, slots=True)
class HostedLogin:
    """One app client at the hosted login of a domain; `url` is the domain's, without a path."""

    url: str
    client_id: str
    redirect_uri: str
    random_text: Callable[[], str]

    def start(self) -> StartedSignIn:
        """Begin a sign-in: `random_text` gives 43 characters that nobody can guess."""
        return StartedSignIn(self.random_text(), self.random_text())

    def sign_in_url(self, started: StartedSignIn) -> str:
        """Return where the browser goes to sign in."""
        digest = hashlib.sha256(started.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": started.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.url}/oauth2/authorize?{urlencode(parameters)}"

    def id_token(self, authorization_code: str, started: StartedSignIn) -> str:
        """Return the ID token that a code stands for; raise CodeRefused or LoginUnavailable."""
        try:
            answer = httpx2.post(
                f"{self.url}/oauth2/token",
                data={
                    "grant_type": "authorization_code",
                    "client_id": self.client_id,
                    "redirect_uri": self.redirect_uri,
                    "code": authorization_code,
                    "code_verifier": started.verifier,
                },
                timeout=_SECONDS,
            )
            if _CLIENT_ERROR <= answer.status_code < _SERVER_ERROR:
                raise CodeRefused
            if answer.status_code != _OK:
                raise LoginUnavailable
            return str(answer.json()["id_token"])
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise LoginUnavailable from error


def ends_at(id_token: str) -> int:
    """Return the `exp` of an ID token that its issuer has just given, in epoch seconds."""
    try:
        claims = id_token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return int(told["exp"])
    except (ValueError, LookupError, TypeError) as error:
        raise LoginUnavailable from error
