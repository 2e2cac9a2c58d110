"""A pool on a real server, and the sign-ins that a terminal keeps."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from kits.authenticator import totp_code
from kits.serving import PASSWORD, Served, make_user, serving

from poolgate.client.profiles import Profile, Profiles, Storage
from poolgate.client.token_sets import Door, KeptSignIn
from poolgate.client.token_sources import TokenSource
from poolgate.client.user_pool_calls import call, token_set
from poolgate.foundation.clock import MovableClock

DOMAIN = "people"
REDIRECT_URI = "http://127.0.0.1/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
]
SETTINGS = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "aws.cognito.signin.user.admin"],
    "CallbackURLs": [REDIRECT_URI, DEVICE_GRANT],
    "LogoutURLs": ["https://app.example/bye"],
    "SupportedIdentityProviders": ["COGNITO"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
    "ExplicitAuthFlows": FLOWS,
    "PreventUserExistenceErrors": "ENABLED",
}


@dataclass(frozen=True)
class SignedInPool:
    """One pool with a domain, one app client and the user alice."""

    served: Served
    cognito: Any
    pool_id: str
    client_id: str
    client_secret: str | None = None

    @property
    def issuer(self) -> str:
        return f"{self.served.url}/{self.pool_id}"

    def profile(self, **changes: Any) -> Profile:
        made = Profile(
            name="default", issuer=self.issuer, client_id=self.client_id, storage=Storage.FILE
        )
        return replace(made, **changes)

    def source(self, config: Path, clock: MovableClock, **changes: Any) -> TokenSource:
        return TokenSource(self.profile(**changes), Profiles(config), clock)

    def sign_in(self, clock: MovableClock, username: str = "alice") -> KeptSignIn:
        """Sign in by password at the API."""
        answered = call(
            self.served.url,
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": self.client_id,
                "AuthParameters": {"USERNAME": username, "PASSWORD": PASSWORD},
            },
        )
        return KeptSignIn(
            issuer=self.issuer,
            client_id=self.client_id,
            door=Door.API,
            tokens=token_set(answered["AuthenticationResult"], clock),
        )

    def another(self, *, secret: bool = False, **settings: Any) -> "SignedInPool":
        """Return another client of the same pool."""
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.pool_id,
            ClientName="another",
            GenerateSecret=secret,
            **{**SETTINGS, **settings},
        )["UserPoolClient"]
        return replace(self, client_id=made["ClientId"], client_secret=made.get("ClientSecret"))

    # -- what the server of a test tells -------------------------------------------------------

    def advance(self, seconds: int) -> None:
        """Move the server's clock."""
        self._operator("clock", {"advance_seconds": seconds})

    def totp(self, secret_code: str) -> str:
        """Return what an authenticator app shows by the server's clock."""
        now = datetime.fromisoformat(self._operator("clock")["now"])
        return totp_code(secret_code, int(now.timestamp()))

    def sent_code(self, recipient: str) -> str:
        """Return the code in the newest message to somebody."""
        query = urlencode({"pool": self.pool_id, "recipient": recipient})
        newest = self._operator(f"outbox?{query}")["messages"][-1]
        return re.findall(r"\b\d{6,8}\b", newest["body"])[-1]

    def _operator(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.served.url}/_poolgate/{path}", data=data), timeout=30) as told:
            return json.load(told)


def make_signed_in_pool(served: Served, domain: str = DOMAIN, **settings: Any) -> SignedInPool:
    """Make a pool on a server that is running."""
    cognito = served.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName=domain, **settings)["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain=domain, UserPoolId=pool_id)
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="terminal", **SETTINGS
    )["UserPoolClient"]["ClientId"]
    pool = SignedInPool(served, cognito, pool_id, client_id)
    make_user(cognito, pool, "alice")
    return pool


@contextmanager
def signed_in_pool(data: Path):
    """Run a server of its own with one such pool."""
    with serving(data, "--dev") as served:
        yield make_signed_in_pool(served)
