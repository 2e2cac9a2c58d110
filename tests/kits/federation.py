"""Somebody whom an identity provider vouches for, whatever kind of provider it is."""

import json
from dataclasses import dataclass, field
from typing import Any

from kits.oauth import BASE, DOMAIN, OAuthApp, claims_of
from kits.people import new_call

from poolgate.foundation.ids import ClientId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import app_clients, federated_sign_in, identity_providers
from poolgate.userpools.browser_sessions import BrowserSignIn
from poolgate.userpools.federated_assertions import Assertion

PROVIDER = "Partner"
DETAILS = {
    "client_id": "poolgate",
    "client_secret": "provider-secret",
    "authorize_scopes": "openid email",
    "attributes_request_method": "GET",
    "oidc_issuer": "https://idp.example.com",
    "authorize_url": "https://idp.example.com/authorize",
    "token_url": "https://idp.example.com/token",
    "attributes_url": "https://idp.example.com/userinfo",
    "jwks_uri": "https://idp.example.com/jwks",
}
MAPPING = {"email": "email", "given_name": "given_name"}


@dataclass
class FederatedApp:
    """An app client whose users come from a provider, and from the pool itself."""

    browser: OAuthApp
    provider: str = PROVIDER
    claims: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        poolgate: LocalPoolgate,
        *,
        pool: dict[str, Any] | None = None,
        mapping: dict[str, str] | None = None,
        details: dict[str, str] | None = None,
        name: str = PROVIDER,
        kind: str = "OIDC",
        identifiers: tuple[str, ...] = (),
        providers: tuple[str, ...] = ("COGNITO",),
        **client: Any,
    ) -> "FederatedApp":
        first = OAuthApp.of(poolgate, pool=pool)
        first.app.cognito.create_identity_provider(
            UserPoolId=first.app.pool_id,
            ProviderName=name,
            ProviderType=kind,
            ProviderDetails=DETAILS if details is None else details,
            AttributeMapping=MAPPING if mapping is None else mapping,
            IdpIdentifiers=list(identifiers),
        )
        browser = first.another(SupportedIdentityProviders=[*providers, name], **client)
        return cls(browser, name)

    @property
    def pool_id(self) -> str:
        return self.browser.app.pool_id

    @property
    def cognito(self) -> Any:
        return self.browser.app.cognito

    @property
    def poolgate(self) -> LocalPoolgate:
        return self.browser.poolgate

    def user(self, username: str) -> dict[str, Any]:
        """Return the user as AdminGetUser shows it, its attributes by name."""
        found = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=username)
        found["Attributes"] = {each["Name"]: each["Value"] for each in found.pop("UserAttributes")}
        return found

    def attributes(self, username: str) -> dict[str, str]:
        return self.user(username)["Attributes"]

    def identities(self, username: str) -> list[dict[str, Any]]:
        return json.loads(self.attributes(username)["identities"])

    def users(self) -> list[str]:
        listed = self.cognito.list_users(UserPoolId=self.pool_id)["Users"]
        return sorted(user["Username"] for user in listed)

    def link(
        self, username: str, value: str, *, attribute: str = "Cognito_Subject", name: str = ""
    ) -> None:
        self.cognito.admin_link_provider_for_user(
            UserPoolId=self.pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": username},
            SourceUser={
                "ProviderName": name or self.provider,
                "ProviderAttributeName": attribute,
                "ProviderAttributeValue": value,
            },
        )

    # -- a word of the provider, already verified ------------------------------------------------

    def arrive(self, subject: str = "anna", **claims: object) -> BrowserSignIn:
        """Sign a browser in as whom the provider names."""
        call = new_call(self.poolgate)
        with call.db.reading() as transaction:
            provider = identity_providers.get(transaction, self.pool_id, self.provider)
            app_client = app_clients.get(
                transaction, ClientId(self.browser.client_id), self.pool_id
            )
        assertion = Assertion(
            provider=provider,
            subject=subject,
            claims={"sub": subject, **claims},
            received={"userInfo": {"sub": subject, **claims}},
        )
        return federated_sign_in.sign_in(call, app_client, assertion)

    def tokens_of(self, signed_in: BrowserSignIn) -> dict[str, Any]:
        """Return the tokens that the app gets of the browser's session."""
        self.browser.cookies[f"cognito-{DOMAIN}"] = signed_in.cookie.reveal()
        return self.browser.redeem(self.browser.code()).json

    def id_claims(self, subject: str = "anna", **claims: object) -> dict[str, Any]:
        return claims_of(self.tokens_of(self.arrive(subject, **claims))["id_token"])


def at(path: str) -> str:
    """Return a path below the domain."""
    return f"{BASE}{path}"
