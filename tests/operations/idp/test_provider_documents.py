"""What identity providers publish: OIDC discovery and SAML metadata, fetched or given."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kits.provider_server import SLO, SSO, ProviderServer, provider_server, saml_metadata
from kits.refusals import refusal

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
CLIENT = {"client_id": "our-client", "client_secret": "our-secret", "authorize_scopes": "email"}


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


@pytest.fixture
def elsewhere() -> Iterator[ProviderServer]:
    with provider_server() as server:
        yield server


def asked_for(pool_id: str, kind: str, details: dict[str, str]) -> dict[str, Any]:
    return {
        "UserPoolId": pool_id,
        "ProviderName": "Partner",
        "ProviderType": kind,
        "ProviderDetails": details,
    }


def make(cognito: Any, pool_id: str, kind: str, details: dict[str, str]) -> Any:
    asked = asked_for(pool_id, kind, details)
    return cognito.create_identity_provider(**asked)["IdentityProvider"]


def described(cognito: Any, pool_id: str) -> Any:
    asked = {"UserPoolId": pool_id, "ProviderName": "Partner"}
    return cognito.describe_identity_provider(**asked)["IdentityProvider"]


def why_not(cognito: Any, pool_id: str, kind: str, details: dict[str, str]) -> str:
    """Expect InvalidParameterException and return its message."""
    asked = asked_for(pool_id, kind, details)
    code, message = refusal(cognito.create_identity_provider, **asked)
    assert code == INVALID
    return message


@pytest.mark.documented("API_CreateIdentityProvider", "when it can't discover endpoint URLs")
def test_an_issuer_is_asked_for_its_endpoints(
    cognito: Any, pool_id: str, elsewhere: ProviderServer
) -> None:
    details = {
        **CLIENT,
        "attributes_request_method": "GET",
        "oidc_issuer": elsewhere.url,
        "authorize_scopes": "openid",
    }
    told = "Unable to contact well-known endpoint"
    assert why_not(cognito, pool_id, "OIDC", details) == told
    document = {
        "issuer": elsewhere.url,
        "authorization_endpoint": f"{elsewhere.url}/authorize",
        "token_endpoint": f"{elsewhere.url}/token",
        "jwks_uri": f"{elsewhere.url}/jwks",
    }
    path = "/.well-known/openid-configuration"
    for broken in ({**document, "issuer": "https://other.example"}, {}, ["x"], "nonsense"):
        elsewhere.documents[path] = (200, json.dumps(broken).encode())
        assert why_not(cognito, pool_id, "OIDC", details) == told
    elsewhere.documents[path] = (302, f"{elsewhere.url}/other".encode())
    assert why_not(cognito, pool_id, "OIDC", details) == told
    elsewhere.documents[path] = (200, b"[" * 2_000_000)
    assert why_not(cognito, pool_id, "OIDC", details) == told
    assert set(elsewhere.asked) == {path}
    elsewhere.documents[path] = (200, json.dumps(document).encode())
    made = make(cognito, pool_id, "OIDC", details)
    added = {"attributes_url_add_attributes": "false"}
    assert made["ProviderDetails"] == {**details, **added}


# -- SAML ------------------------------------------------------------------------------------------


@pytest.mark.documented("API_CreateIdentityProvider", "SAML: Describe response")
def test_saml_metadata_is_read(cognito: Any, pool_id: str) -> None:
    given = {
        "MetadataFile": saml_metadata(),
        "IDPSignout": "true",
        "IDPInit": "false",
        "EncryptedResponses": "true",
        "RequestSigningAlgorithm": "rsa-sha256",
    }
    made = make(cognito, pool_id, "SAML", given)
    shown = made["ProviderDetails"]
    assert len(shown.pop("ActiveEncryptionCertificate")) > 500
    assert shown == {**given, "SSORedirectBindingURI": SSO, "SLORedirectBindingURI": SLO}
    assert made["AttributeMapping"] == {}
    asked = {"UserPoolId": pool_id, "ProviderName": "Partner"}
    before = described(cognito, pool_id)["ProviderDetails"]
    changed = cognito.update_identity_provider(**asked, ProviderDetails=before)
    assert changed["IdentityProvider"]["ProviderDetails"] == before
    quiet = {"MetadataFile": saml_metadata(logs_out=False)}
    changed = cognito.update_identity_provider(**asked, ProviderDetails=quiet)
    certificate = {"ActiveEncryptionCertificate": before["ActiveEncryptionCertificate"]}
    wanted = {**quiet, **certificate, "SSORedirectBindingURI": SSO}
    assert changed["IdentityProvider"]["ProviderDetails"] == wanted


@pytest.mark.documented("aws-data-lake-solution issue 31", "as AWS answered")
def test_saml_metadata_is_fetched(cognito: Any, pool_id: str, elsewhere: ProviderServer) -> None:
    url = f"{elsewhere.url}/metadata.xml"
    told = why_not(cognito, pool_id, "SAML", {"MetadataURL": url})
    assert told == f"Non-ok status code 404 returned from remote metadata source {url}"
    elsewhere.documents["/metadata.xml"] = (200, saml_metadata().encode())
    shown = make(cognito, pool_id, "SAML", {"MetadataURL": url})["ProviderDetails"]
    assert shown["SSORedirectBindingURI"] == SSO
    assert shown["MetadataURL"] == url
    assert "MetadataFile" not in shown


@pytest.mark.documented("ory/mocksaml 103, dummyidp 10, terraform 4815", "as AWS answered")
def test_saml_metadata_that_says_too_little_is_refused(cognito: Any, pool_id: str) -> None:
    told = why_not(cognito, pool_id, "SAML", {"IDPInit": "true"})
    assert told == "At least one of the MetadataURL or MetadataFile should be provided."
    told = why_not(cognito, pool_id, "SAML", {"MetadataFile": saml_metadata(binding="Artifact")})
    assert told == "No SingleSignOn Http redirect binding location found in metadata."
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for document in (
        "not xml",
        "<a/>",
        "<a>" * 100,
        saml_metadata().replace("EntityDescriptor", "Entity"),
        saml_metadata().replace('entityID="https://idp.example.com"', ""),
        saml_metadata(before=bomb),
        saml_metadata(before=outside),
        saml_metadata(before='<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'),
        saml_metadata(text="&a;", before=outside),
        saml_metadata(text="bm90IGEgY2VydGlmaWNhdGU="),
        saml_metadata(text=""),
    ):
        told = why_not(cognito, pool_id, "SAML", {"MetadataFile": document})
        assert told == "Unable to unmarshall metadata"


@pytest.mark.assumed("a metadata file is taken before a metadata URL")
def test_a_metadata_file_needs_no_fetch(
    cognito: Any, pool_id: str, elsewhere: ProviderServer
) -> None:
    both = {"MetadataFile": saml_metadata(), "MetadataURL": f"{elsewhere.url}/metadata.xml"}
    shown = make(cognito, pool_id, "SAML", both)["ProviderDetails"]
    assert both.items() <= shown.items()
    assert elsewhere.asked == []
