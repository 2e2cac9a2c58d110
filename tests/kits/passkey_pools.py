"""Pools whose users sign in with passkeys, and what a user does with one."""

import json
from typing import Any

from kits.cognito import App
from kits.passkeys import RP_ID, Passkey

from poolgate.testing import LocalPoolgate

FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def passkey_app(
    poolgate: LocalPoolgate,
    factors: tuple[str, ...] = ("PASSWORD", "WEB_AUTHN"),
    *,
    hides: bool = False,
    pool: dict[str, Any] | None = None,
    **settings: str,
) -> App:
    """Make a pool with passkeys of `RP_ID`, or with other settings."""
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}}
    app = App.of(
        poolgate,
        pool={"Policies": policy, **(pool or {})},
        hides=hides,
        ExplicitAuthFlows=FLOWS,
    )
    configure(app, **{"RelyingPartyId": RP_ID, **settings})
    return app


def configure(app: App, mode: str = "OFF", **settings: str) -> Any:
    """Set how the pool uses passkeys; apps are there for those who need a second factor."""
    return app.cognito.set_user_pool_mfa_config(
        UserPoolId=app.pool_id,
        MfaConfiguration=mode,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration=settings,
    )


def creation_options(app: App, access_token: str) -> Any:
    begun = app.cognito.start_web_authn_registration(AccessToken=access_token)
    return begun["CredentialCreationOptions"]


def complete(app: App, access_token: str, credential: Any) -> None:
    app.cognito.complete_web_authn_registration(AccessToken=access_token, Credential=credential)


def register(app: App, access_token: str, passkey: Passkey | None = None) -> Passkey:
    """Register a passkey from begin to end."""
    passkey = passkey or Passkey()
    complete(app, access_token, passkey.create(creation_options(app, access_token)))
    return passkey


def enrolled(app: App, username: str = "alice", passkey: Passkey | None = None) -> Passkey:
    """Make a user with a passkey."""
    app.user(username)
    return register(app, app.access_token(username), passkey)


def listed(app: App, access_token: str) -> list[str]:
    shown = app.cognito.list_web_authn_credentials(AccessToken=access_token)
    return [credential["CredentialId"] for credential in shown["Credentials"]]


# ---- sign-in --------------------------------------------------------------------------------


def begin(app: App, name: str = "alice", preferred: str | None = "WEB_AUTHN") -> Any:
    wish = {"PREFERRED_CHALLENGE": preferred} if preferred else {}
    return app.cognito.initiate_auth(
        AuthFlow="USER_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": name, **wish},
    )


def options_of(begun: Any) -> Any:
    return json.loads(begun["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])


def answer(app: App, begun: Any, credential: Any, name: str = "alice") -> Any:
    text = credential if isinstance(credential, str) else json.dumps(credential)
    return app.respond("WEB_AUTHN", begun["Session"], USERNAME=name, CREDENTIAL=text)


def sign_in(app: App, passkey: Passkey, name: str = "alice", **changes: Any) -> Any:
    begun = begin(app, name)
    return answer(app, begun, passkey.get(options_of(begun), **changes), name)
