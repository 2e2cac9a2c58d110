"""A SAML sign-in that begins before a restart ends after it; keys that open assertions are kept."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from kits.keychain import make_role, trusting
from kits.saml_idp import Said, SamlIdp, idp_key, pem_of
from kits.saml_journey import deflated_request
from kits.serving import free_port, serving

from poolgate.credentials.certificates import self_signed_certificate

CALLBACK = "https://app.example/callback"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
IDP = SamlIdp()


def begin(server) -> tuple[dict[str, str], str, bytes, str]:
    """Return what the provider gets, the browser's cookie, whom to encrypt for, and the pool."""
    cognito = server.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    of_pool = {"UserPoolId": pool_id}
    cognito.create_user_pool_domain(**of_pool, Domain="people")
    made = cognito.create_identity_provider(
        **of_pool,
        ProviderName="Partner",
        ProviderType="SAML",
        ProviderDetails={"MetadataFile": IDP.metadata(), "EncryptedResponses": "true"},
    )["IdentityProvider"]["ProviderDetails"]
    app_client = cognito.create_user_pool_client(
        **of_pool,
        ClientName="app",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO", "Partner"],
    )["UserPoolClient"]
    asked = {
        "response_type": "code",
        "client_id": app_client["ClientId"],
        "identity_provider": "Partner",
    }
    left = requests.get(
        f"{server.url}/domains/people/oauth2/authorize?{urlencode(asked)}",
        allow_redirects=False,
        timeout=30,
    )
    sent = dict(parse_qsl(urlsplit(left.headers["location"]).query))
    cookie = left.headers["set-cookie"].partition(";")[0]
    return sent, cookie, base64.b64decode(made["ActiveEncryptionCertificate"]), pool_id


def test_a_sign_in_and_the_keys_survive_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "data", port=port) as first:
        sent, cookie, certificate, pool_id = begin(first)
        iam = first.client("iam")
        provider = iam.create_saml_provider(
            Name="Example",
            SAMLMetadataDocument=IDP.metadata(),
            AddPrivateKey=pem_of(idp_key(1)),
            AssertionEncryptionMode="Required",
        )["SAMLProviderArn"]
        role = make_role(iam, "reader", trusting({"Federated": provider}, "sts:AssumeRoleWithSAML"))
    now = datetime.now(UTC)
    said = Said(
        now=now,
        recipient=f"http://127.0.0.1:{port}/domains/people/saml2/idpresponse",
        audience=f"urn:amazon:cognito:sp:{pool_id}",
        in_response_to=deflated_request(sent["SAMLRequest"]).get("ID"),
    )
    for_iam = Said(
        now=now,
        recipient="https://signin.aws.amazon.com/saml",
        audience="urn:amazon:webservices",
        attributes={
            f"{ATTRIBUTES}Role": [f"{role},{provider}"],
            f"{ATTRIBUTES}RoleSessionName": ["ada"],
        },
    )
    with serving(tmp_path / "data", port=port) as second:
        arrived = requests.post(
            f"{second.url}/domains/people/saml2/idpresponse",
            data={
                "SAMLResponse": base64.b64encode(IDP.response(said, encrypt_for=certificate)),
                "RelayState": sent["RelayState"],
            },
            headers={"Cookie": cookie},
            allow_redirects=False,
            timeout=30,
        )
        assert arrived.headers["location"].startswith(f"{CALLBACK}?code=")
        opened_by = self_signed_certificate(idp_key(1), "iam", now)
        keys = second.client("sts").assume_role_with_saml(
            RoleArn=role,
            PrincipalArn=provider,
            SAMLAssertion=base64.b64encode(IDP.response(for_iam, encrypt_for=opened_by)).decode(),
        )
        assert keys["AssumedRoleUser"]["Arn"].endswith("/reader/ada")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("*.db*"))
    private = idp_key(1).private_numbers().d.to_bytes(256)
    assert private not in stored
