"""The OAuth endpoints of a pool's domain, as programs and browsers meet them in process."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from kits.cognito import App

from poolgate.jose.base64url import decode_base64url
from poolgate.testing import LocalPoolgate
from poolgate.userpools import browser_sessions, pools, users
from poolgate.userpools.authentication_levels import Reached
from poolgate.web.messages import HttpResponse

DOMAIN = "people"
BASE = f"/domains/{DOMAIN}"
CALLBACK = "https://app.example/callback"
LOGOUT = "https://app.example/bye"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
SETTINGS = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
    "CallbackURLs": [CALLBACK],
    "LogoutURLs": [LOGOUT],
    "SupportedIdentityProviders": ["COGNITO"],
}
MACHINE = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["client_credentials"],
    "AllowedOAuthScopes": ["things/read", "things/write"],
}


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def claims_of(token: str) -> dict[str, Any]:
    return json.loads(decode_base64url(token.split(".")[1].encode()))


@dataclass(frozen=True)
class Answered:
    """One answer."""

    response: HttpResponse

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.response.headers)

    @property
    def json(self) -> Any:
        return json.loads(self.response.body)

    @property
    def location(self) -> str:
        return self.headers["location"]

    @property
    def query(self) -> dict[str, str]:
        """What stands in the query of where the browser is sent."""
        return dict(parse_qsl(urlsplit(self.location).query))

    @property
    def fragment(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.location).fragment))

    def refused(self) -> tuple[int, str, str | None]:
        return self.status, self.json["error"], self.json.get("error_description")


@dataclass
class OAuthApp:
    """One app client of a pool with a domain."""

    app: App
    cookies: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, poolgate: LocalPoolgate, **settings: Any) -> "OAuthApp":
        app = App.of(poolgate, **{**SETTINGS, **settings})
        app.cognito.create_user_pool_domain(Domain=DOMAIN, UserPoolId=app.pool_id)
        return cls(app)

    @classmethod
    def machine(cls, poolgate: LocalPoolgate, **settings: Any) -> "OAuthApp":
        """Return a client that has no users, with a resource server `things`."""
        made = cls.of(poolgate)
        made.app.cognito.create_resource_server(
            UserPoolId=made.app.pool_id,
            Identifier="things",
            Name="things",
            Scopes=[
                {"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "burn")
            ],
        )
        return made.another(secret=True, **{**MACHINE, **settings})

    def another(self, *, secret: bool = False, **settings: Any) -> "OAuthApp":
        """Return another client of the same pool and domain, in a browser of its own."""
        return OAuthApp(self.app.another_client(secret=secret, **{**SETTINGS, **settings}))

    @property
    def poolgate(self) -> LocalPoolgate:
        return self.app.poolgate

    @property
    def client_id(self) -> str:
        return self.app.client_id

    @property
    def basic(self) -> dict[str, str]:
        assert self.app.client_secret is not None
        return basic(self.client_id, self.app.client_secret)

    # -- programs ------------------------------------------------------------------------------

    def post(
        self,
        path: str,
        form: dict[str, str] | str,
        *,
        headers: dict[str, str] | None = None,
        base: str = BASE,
    ) -> Answered:
        body = form if isinstance(form, str) else urlencode(form)
        return Answered(
            self.poolgate.send(
                "POST",
                f"{base}{path}",
                headers={
                    "content-type": "application/x-www-form-urlencoded",
                    **(headers or {}),
                },
                body=body.encode(),
            )
        )

    def token(self, *, headers: dict[str, str] | None = None, **form: str) -> Answered:
        """Ask for tokens, as a public client unless the headers or the form prove more."""
        if headers is None and "client_id" not in form:
            form["client_id"] = self.client_id
        return self.post("/oauth2/token", form, headers=headers)

    def redeem(self, authorization_code: str, **form: str) -> Answered:
        wanted = {
            "grant_type": "authorization_code",
            "code": authorization_code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **form,
        }
        headers = self.basic if self.app.client_secret else None
        return self.token(headers=headers, **{k: v for k, v in wanted.items() if v})

    # -- browsers ------------------------------------------------------------------------------

    def get(self, path: str, query: dict[str, str] | str = "", *, base: str = BASE) -> Answered:
        text = query if isinstance(query, str) else urlencode(query)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answered = Answered(
            self.poolgate.send(
                "GET",
                f"{base}{path}?{text}",
                headers={"cookie": cookies} if cookies else {},
            )
        )
        self.keep(answered.response)
        return answered

    def keep(self, response: HttpResponse) -> None:
        """Keep the cookies as a browser does."""
        for cookie in response.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and "Max-Age=0" not in cookie:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)

    def request(self, **changes: str) -> dict[str, str]:
        """Return the parameters of an authorization request; an empty value leaves one out."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "some state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value}

    def authorize(self, **changes: str) -> Answered:
        return self.get("/oauth2/authorize", self.request(**changes))

    def code(self, **changes: str) -> str:
        """Return an authorization code for the browser's signed-in user."""
        return self.authorize(**changes).query["code"]

    def sign_in_browser(self, username: str = "alice", reached: Reached | None = None) -> None:
        """Sign the browser in as the login pages do in the end, by a password unless told."""
        installation = self.poolgate.application.installation
        call = installation.new_call(request_id="test", source_address="127.0.0.1")
        with call.db.reading() as transaction:
            pool = pools.get(transaction, self.app.pool_id)
            user = users.get(transaction, pool, username)
        with call.db.writing() as transaction:
            signed_in = browser_sessions.begin(
                transaction,
                call,
                pool,
                user,
                client_id=self.client_id,
                reached=reached or Reached(1, ("pwd",)),
            )
        self.cookies[f"cognito-{DOMAIN}"] = signed_in.cookie.reveal()

    def signed_in(self, username: str = "alice", **attributes: str) -> "OAuthApp":
        """Make a user, sign the browser in, and return itself."""
        self.app.user(username, **attributes)
        self.sign_in_browser(username)
        return self


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
