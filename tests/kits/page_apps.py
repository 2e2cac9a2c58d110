"""A pool with a domain on a real server, for tests that open its pages in a real browser."""

import html
import itertools
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from kits.authenticator import totp_code
from kits.landing import Landing
from kits.oauth import CHALLENGE, VERIFIER
from kits.serving import PASSWORD, Served

_numbers = itertools.count(1)
_LINK = re.compile(r"href=[\"'](http[^\"']+)")
_CODE = re.compile(r"\b\d{6}\b")
OPTIONAL_TOTP = {
    "MfaConfiguration": "OPTIONAL",
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
}


@cache
def _client(served: Served, service: str) -> Any:
    return served.client(service)


@dataclass(frozen=True)
class PageApp:
    """One app client of a pool of its own; `landing` is the app."""

    served: Served
    landing: Landing
    domain: str
    pool_id: str
    client_id: str

    @classmethod
    def of(
        cls,
        served: Served,
        landing: Landing,
        *,
        pool: dict[str, Any] | None = None,
        mfa: dict[str, Any] | None = None,
        managed: bool = False,
        **settings: Any,
    ) -> "PageApp":
        """Make it; `managed` for the pages of managed login, which know more ways to sign in."""
        cognito = _client(served, "cognito-idp")
        domain = f"pages-{next(_numbers)}"
        pool_id = cognito.create_user_pool(
            PoolName=domain, AutoVerifiedAttributes=["email"], **(pool or {})
        )["UserPool"]["Id"]
        if mfa:
            cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **mfa)
        version = {"ManagedLoginVersion": 2} if managed else {}
        cognito.create_user_pool_domain(Domain=domain, UserPoolId=pool_id, **version)
        made = cls(served, landing, domain, pool_id, "")
        return made.another(**settings)

    def another(self, **settings: Any) -> "PageApp":
        """Return another app client of the same pool."""
        wanted = {
            "ClientName": "The app",
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
            "CallbackURLs": [self.landing.callback],
            "LogoutURLs": [self.landing.bye],
            "SupportedIdentityProviders": ["COGNITO"],
            "ExplicitAuthFlows": [
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_USER_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
            ],
            **settings,
        }
        client = self.cognito.create_user_pool_client(UserPoolId=self.pool_id, **wanted)
        client_id = client["UserPoolClient"]["ClientId"]
        return PageApp(self.served, self.landing, self.domain, self.pool_id, client_id)

    @property
    def cognito(self) -> Any:
        return _client(self.served, "cognito-idp")

    # -- addresses -----------------------------------------------------------------------------

    def page(self, path: str) -> str:
        return f"{self.served.url}/domains/{self.domain}{path}"

    def link(self, path: str = "/oauth2/authorize", **changes: str) -> str:
        """Return a link that an app sends browsers to."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.landing.callback,
            "scope": "openid email aws.cognito.signin.user.admin",
            "state": "some state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        given = {name: value for name, value in parameters.items() if value}
        return f"{self.page(path)}?{urlencode(given)}"

    # -- people --------------------------------------------------------------------------------

    def user(self, username: str = "alice", *, permanent: bool = True, **attributes: str) -> str:
        """Make a user with PASSWORD, by default with a verified address."""
        given = {"email": f"{username}@example.com", "email_verified": "true", **attributes}
        self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=username,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in given.items()],
        )
        if permanent:
            self.cognito.admin_set_user_password(
                UserPoolId=self.pool_id, Username=username, Password=PASSWORD, Permanent=True
            )
        return username

    def access_token(self, username: str = "alice") -> str:
        begun = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        return begun["AuthenticationResult"]["AccessToken"]

    def enrol_totp(self, username: str = "alice") -> str:
        """Give the user an authenticator app that is asked for; return its secret."""
        access_token = self.access_token(username)
        begun = self.cognito.associate_software_token(AccessToken=access_token)
        secret_code = begun["SecretCode"]
        self.cognito.verify_software_token(
            AccessToken=access_token, UserCode=self.totp(secret_code)
        )
        self.cognito.set_user_mfa_preference(
            AccessToken=access_token,
            SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
        )
        # The code that proved it is used up.
        self.advance(30)
        return secret_code

    # -- what the server of a test tells -------------------------------------------------------

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self._operator("clock")["now"])

    def advance(self, seconds: int) -> None:
        """Move the server's clock on."""
        self._operator("clock", {"advance_seconds": seconds})

    def totp(self, secret_code: str) -> str:
        return totp_code(secret_code, int(self.now.timestamp()))

    def messages(self, recipient: str) -> list[str]:
        """Return what was sent to an address, the last message at the end."""
        found = self._operator(
            f"outbox?{urlencode({'pool': self.pool_id, 'recipient': recipient})}"
        )
        return [message["body"] for message in found["messages"]]

    def sent_code(self, recipient: str = "alice@example.com") -> str:
        """Return the code in the last message to an address."""
        (code,) = _CODE.findall(self.messages(recipient)[-1])
        return code

    def link_in(self, recipient: str) -> str:
        """Return the link in the last message to an address."""
        (link,) = _LINK.findall(self.messages(recipient)[-1])
        return html.unescape(link)

    def redeem(self, authorization_code: str) -> dict[str, Any]:
        """Return the tokens that a code of the callback is worth."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": authorization_code,
            "redirect_uri": self.landing.callback,
            "code_verifier": VERIFIER,
        }
        return self.post("/oauth2/token", form)

    def post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        """Return what an endpoint answers to a program."""
        request = Request(self.page(path), data=urlencode(form).encode())
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _operator(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.served.url}/_poolgate/{path}", data=data), timeout=30) as told:
            return json.load(told)
