"""samlify, a SAML library that many identity providers are made of, as a pool's provider."""

import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from kits.saml_idp import idp_key, pem_of, self_signed_pem
from kits.serving import make_pool

CALLBACK = "https://app.example/callback"
GOODBYE = "https://app.example/bye"


class Browser:
    """Follows nothing by itself, and keeps cookies whatever they say of https."""

    def __init__(self, base):
        self.base, self.cookies = base, {}

    def send(self, method, path, **members):
        answer = requests.request(
            method,
            f"{self.base}{path}",
            allow_redirects=False,
            timeout=30,
            headers={"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())},
            **members,
        )
        for line in answer.raw.headers.getlist("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.headers["location"]


class Partners:
    """A pool and samlify, which know each other by their own documents."""

    def __init__(self, served, javascript, name, **details):
        self.javascript = javascript
        self.client = served.client("cognito-idp")
        self.pool_id = make_pool(self.client, name).pool_id
        self.client.create_user_pool_domain(Domain=name, UserPoolId=self.pool_id)
        self.base = f"{served.url}/domains/{name}"
        key = idp_key(7)
        self.keys = {"privateKey": pem_of(key), "certificate": self_signed_pem(key)}
        metadata = self.ask("metadata")["metadata"]
        self.client.create_identity_provider(
            UserPoolId=self.pool_id,
            ProviderName="Samlify",
            ProviderType="SAML",
            ProviderDetails={
                "MetadataFile": metadata,
                "RequestSigningAlgorithm": "rsa-sha256",
                "IDPSignout": "true",
                **details,
            },
            AttributeMapping={"email": "email"},
        )
        self.client_id = self.client.create_user_pool_client(
            UserPoolId=self.pool_id,
            ClientName="app",
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email"],
            CallbackURLs=[CALLBACK],
            LogoutURLs=[GOODBYE],
            SupportedIdentityProviders=["Samlify"],
        )["UserPoolClient"]["ClientId"]
        self.encrypts = details.get("EncryptedResponses") == "true"

    def ask(self, what, asked=None, pool=None):
        told = {"told": what, "keys": self.keys, "pool": pool, "asked": asked}
        return self.javascript("saml_idp.mjs", standard_input=json.dumps(told))

    @property
    def pool(self):
        named = {"UserPoolId": self.pool_id}
        provider = self.client.describe_identity_provider(**named, ProviderName="Samlify")
        details = provider["IdentityProvider"]["ProviderDetails"]
        certificate = details["ActiveEncryptionCertificate"]
        return {
            "entityId": f"urn:amazon:cognito:sp:{self.pool_id}",
            "consumerUrl": f"{self.base}/saml2/idpresponse",
            "signOutUrl": f"{self.base}/saml2/logout",
            "signingCertificate": self.client.get_signing_certificate(**named)["Certificate"],
            "encryptionCertificate": certificate if self.encrypts else None,
        }


@pytest.mark.parametrize("encrypted", ["false", "true"])
@pytest.mark.model("ProviderDetails of SAML")
def test_people_sign_in_and_out_with_samlify(served, javascript, encrypted):
    partners = Partners(served, javascript, f"samlify-{encrypted}", EncryptedResponses=encrypted)
    browser, pool = Browser(partners.base), partners.pool
    asked = {
        "response_type": "code",
        "client_id": partners.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid email",
        "state": "some state",
    }
    location = browser.send("GET", f"/oauth2/authorize?{urlencode(asked)}")
    if "/login" in location:
        location = browser.send("GET", f"/login?{urlencode(asked)}")
    assert location.startswith("https://samlify.example.com/sso?")

    answer = partners.ask("signIn", location, pool)
    assert answer.pop("issuer") == pool["entityId"]
    arrived = browser.send("POST", "/saml2/idpresponse", data=answer)
    assert arrived.startswith(f"{CALLBACK}?code="), arrived
    assert dict(parse_qsl(urlsplit(arrived).query))["state"] == "some state"
    user = partners.client.admin_get_user(UserPoolId=partners.pool_id, Username="Samlify_mary")
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert attributes["email"] == "mary@example.com"

    wanted = {"client_id": partners.client_id, "logout_uri": GOODBYE}
    location = browser.send("GET", f"/logout?{urlencode(wanted)}")
    assert location.startswith("https://samlify.example.com/slo?")
    answer = partners.ask("signOut", location, pool)
    assert answer.pop("nameId") == "mary"
    assert browser.send("POST", "/saml2/logout", data=answer) == GOODBYE
