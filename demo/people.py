"""People at the demo: a pool that everybody can sign up for, its pages, an app and the API.

Who signs in owes two factors: a password and an authenticator app, which is set up at the first
sign-in, or a passkey that asks who its user is.
"""

from contextlib import ExitStack
from pathlib import Path

import httpx2
from narration import Narrator, expect
from outbox import Outbox
from signing import REGION
from stage import Stage, start_api
from web_app import SCOPES, TIMEOUT_SECONDS, Place, WebApp

DOMAIN = "demo"
OK = 200


def make_pool(stage: Stage) -> str:
    """Make the pool and its domain; return the pool's id."""
    idp = stage.client("cognito-idp")
    pool_id = idp.create_user_pool(
        PoolName="Demo",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
    )["UserPool"]["Id"]
    idp.set_user_pool_mfa_config(
        UserPoolId=pool_id,
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration={
            "UserVerification": "required",
            "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
        },
    )
    idp.create_user_pool_domain(Domain=DOMAIN, UserPoolId=pool_id, ManagedLoginVersion=2)
    return str(pool_id)


def make_client(stage: Stage, pool_id: str, app_url: str) -> str:
    """Make the app's client; return its id."""
    made = stage.client("cognito-idp").create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="Demo",
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=SCOPES.split(),
        CallbackURLs=[f"{app_url}/callback"],
        LogoutURLs=[f"{app_url}/"],
        SupportedIdentityProviders=["COGNITO"],
    )
    return str(made["UserPoolClient"]["ClientId"])


def open_to_people(
    narrator: Narrator, stage: Stage, folder: Path, outbox: Outbox, running: ExitStack
) -> None:
    """Make everything that a person with a browser needs, and see that the page is there."""
    narrator.chapter("A page where people sign up and sign in")
    app = WebApp(outbox)
    running.callback(app.stop)
    stage.web_url = app.url

    def pool() -> str:
        pool_id = make_pool(stage)
        client_id = make_client(stage, pool_id, app.url)
        app.place = Place(
            pages_url=f"{stage.server_url}/domains/{DOMAIN}",
            issuer=f"{stage.server_url}/{pool_id}",
            server_url=stage.server_url,
            client_id=client_id,
            api_url="",
            region=REGION,
        )
        return pool_id

    def api() -> str:
        if app.place is None:
            raise RuntimeError("there is no pool")
        started = start_api(folder, app.place.issuer, app.place.client_id)
        running.callback(started.stop)
        app.place = Place(**{**vars(app.place), "api_url": started.url})
        return started.url

    def page() -> str:
        answer = httpx2.get(f"{app.url}/sign-in", follow_redirects=True, timeout=TIMEOUT_SECONDS)
        expect(answer.status_code, OK, "status")
        expect(answer.text.partition("<h1>")[2].partition("</h1>")[0], "Sign in", "title")
        return f"{answer.status_code} a page with a form"

    narrator.step("CreateUserPool Demo, with a domain, MFA and passkeys", pool)
    narrator.step("The API, for users of that pool", api)
    narrator.step(f"GET {app.url}/sign-in", page)
