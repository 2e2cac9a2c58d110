"""Identity providers: details by type, mappings, identifiers, and app clients that use them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from kits.people import new_call
from kits.refusals import refusal, refusal_code

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import provider_changes, tables
from poolgate.userpools.provider_changes import GivenSettings, IdentityProviderExists
from poolgate.userpools.provider_details import ProviderType

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
CLIENT = {"client_id": "our-client", "client_secret": "our-secret", "authorize_scopes": "email"}
OIDC = {
    **CLIENT,
    "authorize_scopes": "openid email",
    "attributes_request_method": "GET",
    "oidc_issuer": "https://idp.example.com",
    "authorize_url": "https://idp.example.com/authorize",
    "token_url": "https://idp.example.com/token",
    "attributes_url": "https://idp.example.com/userinfo",
    "jwks_uri": "https://idp.example.com/jwks",
}
APPLE = {
    "client_id": "com.example.app",
    "team_id": "TEAM",
    "key_id": "KEY",
    "private_key": "apple-private-key",
    "authorize_scopes": "email name",
}
# AWS CreateIdentityProvider, "Describe response" of each type: what it adds.
GOOGLE_ADDS = {
    "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
    "attributes_url_add_attributes": "true",
    "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
    "oidc_issuer": "https://accounts.google.com",
    "token_request_method": "POST",
    "token_url": "https://www.googleapis.com/oauth2/v4/token",
}
AMAZON_ADDS = {
    "attributes_url": "https://api.amazon.com/user/profile",
    "attributes_url_add_attributes": "false",
    "authorize_url": "https://www.amazon.com/ap/oa",
    "token_request_method": "POST",
    "token_url": "https://api.amazon.com/auth/o2/token",
}
FACEBOOK_ADDS = {
    "attributes_url": "https://graph.facebook.com/v19.0/me?fields=",
    "attributes_url_add_attributes": "true",
    "authorize_url": "https://www.facebook.com/v19.0/dialog/oauth",
    "token_request_method": "GET",
    "token_url": "https://graph.facebook.com/v19.0/oauth/access_token",
}
APPLE_ADDS = {
    "attributes_url_add_attributes": "false",
    "authorize_url": "https://appleid.apple.com/auth/authorize",
    "oidc_issuer": "https://appleid.apple.com",
    "token_request_method": "POST",
    "token_url": "https://appleid.apple.com/auth/token",
}
APPLE_SHOWN = {name: value for name, value in APPLE.items() if name != "private_key"}
# Type, name, what is given, what is shown, the claim that names the user.
KINDS = [
    ("Google", "Google", CLIENT, {**CLIENT, **GOOGLE_ADDS}, "sub"),
    ("LoginWithAmazon", "LoginWithAmazon", CLIENT, {**CLIENT, **AMAZON_ADDS}, "user_id"),
    (
        "Facebook",
        "Facebook",
        {**CLIENT, "api_version": "v19.0"},
        {**CLIENT, "api_version": "v19.0", **FACEBOOK_ADDS},
        "id",
    ),
    ("SignInWithApple", "SignInWithApple", APPLE, {**APPLE_SHOWN, **APPLE_ADDS}, "sub"),
    ("OIDC", "Partner", OIDC, {**OIDC, "attributes_url_add_attributes": "false"}, "sub"),
]


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


def make(
    cognito: Any, pool_id: str, kind: str, details: dict[str, str], name: str = "", **more: Any
) -> Any:
    return cognito.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName=name or kind,
        ProviderType=kind,
        ProviderDetails=details,
        **more,
    )["IdentityProvider"]


def described(cognito: Any, pool_id: str, name: str) -> Any:
    asked = {"UserPoolId": pool_id, "ProviderName": name}
    return cognito.describe_identity_provider(**asked)["IdentityProvider"]


def why_not(cognito: Any, pool_id: str, kind: str, details: dict[str, str], **more: Any) -> str:
    """Expect InvalidParameterException and return its message."""
    asked = {
        "UserPoolId": pool_id,
        "ProviderName": "Partner" if kind in {"OIDC", "SAML"} else kind,
        "ProviderType": kind,
        "ProviderDetails": details,
        **more,
    }
    code, message = refusal(cognito.create_identity_provider, **asked)
    assert code == INVALID
    return message


# -- what is shown ---------------------------------------------------------------------------------


@pytest.mark.documented("API_CreateIdentityProvider", "Describe response, for each type")
@pytest.mark.parametrize(("kind", "name", "given", "shown", "claim"), KINDS)
def test_details_are_echoed_and_filled_in(
    cognito: Any,
    pool_id: str,
    kind: str,
    name: str,
    given: dict[str, str],
    shown: dict[str, str],
    claim: str,
) -> None:
    made = make(cognito, pool_id, kind, given, name)
    assert made["ProviderDetails"] == shown
    assert list(made["ProviderDetails"]) == sorted(shown)
    assert (made["ProviderName"], made["ProviderType"]) == (name, kind)
    assert made["AttributeMapping"] == {"username": claim}
    assert made["IdpIdentifiers"] == []
    assert made["CreationDate"] == made["LastModifiedDate"]
    assert described(cognito, pool_id, name) == made


@pytest.mark.documented("API_UpdateIdentityProvider", "modifies the configuration")
@pytest.mark.parametrize(("kind", "name", "given", "shown", "claim"), KINDS)
def test_an_update_with_what_was_described_changes_nothing(
    poolgate: LocalPoolgate,
    cognito: Any,
    pool_id: str,
    kind: str,
    name: str,
    given: dict[str, str],
    shown: dict[str, str],
    claim: str,
) -> None:
    more = {"AttributeMapping": {"email": "email"}, "IdpIdentifiers": ["b.example", "a.example"]}
    made = make(cognito, pool_id, kind, given, name, **more)
    assert made["AttributeMapping"] == {"email": "email", "username": claim}
    poolgate.clock.advance(60)
    same = {member: made[member] for member in ("ProviderDetails", *more)}
    asked = {"UserPoolId": pool_id, "ProviderName": name}
    changed = cognito.update_identity_provider(**asked, **same)["IdentityProvider"]
    assert changed["LastModifiedDate"] == made["LastModifiedDate"] + timedelta(seconds=60)
    assert {**changed, "LastModifiedDate": 0} == {**made, "LastModifiedDate": 0}
    assert shown.items() <= described(cognito, pool_id, name)["ProviderDetails"].items()


@pytest.mark.documented("terraform-provider-aws: changed members alone are sent", "UpdateIdentity")
def test_members_that_are_left_out_stay(cognito: Any, pool_id: str) -> None:
    more = {"AttributeMapping": {"email": "email"}, "IdpIdentifiers": ["a.example"]}
    make(cognito, pool_id, "Google", CLIENT, **more)
    asked = {"UserPoolId": pool_id, "ProviderName": "Google"}
    changed = cognito.update_identity_provider(**asked, IdpIdentifiers=[])["IdentityProvider"]
    assert changed["IdpIdentifiers"] == []
    assert changed["AttributeMapping"] == {"email": "email", "username": "sub"}
    assert changed["ProviderDetails"] == {**CLIENT, **GOOGLE_ADDS}
    other = {**CLIENT, "client_secret": "another"}
    changed = cognito.update_identity_provider(**asked, ProviderDetails=other)["IdentityProvider"]
    assert changed["ProviderDetails"]["client_secret"] == "another"
    assert changed["AttributeMapping"] == {"email": "email", "username": "sub"}


@pytest.mark.assumed("what AWS derives may be given; what was given is kept")
def test_addresses_that_were_given_are_kept(cognito: Any, pool_id: str) -> None:
    own = {"attributes_url": "https://openidconnect.googleapis.com/v1/userinfo"}
    made = make(cognito, pool_id, "Google", {**CLIENT, **own})
    assert made["ProviderDetails"] == {**CLIENT, **GOOGLE_ADDS, **own}


@pytest.mark.assumed("a private key that is left out stays")
def test_apples_key_is_never_shown_and_stays(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str
) -> None:
    make(cognito, pool_id, "SignInWithApple", APPLE)
    asked = {"UserPoolId": pool_id, "ProviderName": "SignInWithApple"}
    other = {**APPLE_SHOWN, "team_id": "OTHER"}
    changed = cognito.update_identity_provider(**asked, ProviderDetails=other)["IdentityProvider"]
    assert changed["ProviderDetails"]["team_id"] == "OTHER"
    call = new_call(poolgate)
    with call.db.reading() as transaction:
        row = provider_changes.row_of(transaction, PoolId(pool_id), "SignInWithApple")
    kept = provider_changes.identity_providers.secret_in(call, row)
    assert kept is not None
    assert kept.reveal() == APPLE["private_key"]


@pytest.mark.documented("userpools.md 15", "secrets come back in clear")
def test_secrets_are_sealed_where_they_are_kept(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str
) -> None:
    make(cognito, pool_id, "Google", CLIENT)
    with new_call(poolgate).db.reading() as transaction:
        (row,) = transaction.rows(sa.select(tables.identity_providers))
    assert b"our-secret" not in b"".join(v for v in row if isinstance(v, bytes))
    assert "our-secret" not in poolgate.log.getvalue()


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.assumed("texts for provider details that cannot be")
@pytest.mark.parametrize(("kind", "name", "given", "shown", "claim"), KINDS)
def test_what_a_type_needs_is_required(
    cognito: Any,
    pool_id: str,
    kind: str,
    name: str,
    given: dict[str, str],
    shown: dict[str, str],
    claim: str,
) -> None:
    del name, shown, claim
    left_out = {k: v for k, v in given.items() if k != "client_id"}
    told = why_not(cognito, pool_id, kind, left_out)
    assert told == f"client_id is a required key of ProviderDetails for {kind} providers."
    assert "client_id" in why_not(cognito, pool_id, kind, {**given, "client_id": " "})
    assert "no key IDPSignOut" in why_not(cognito, pool_id, kind, {**given, "IDPSignOut": "true"})


@pytest.mark.assumed("texts for provider details that cannot be")
@pytest.mark.parametrize(
    "changes",
    [
        {"attributes_request_method": "PUT"},
        {"oidc_issuer": "http://idp.example.com"},
        {"oidc_issuer": "idp.example.com"},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_url": "https://user:pass@idp.example.com/"},
        {"attributes_url_add_attributes": "yes"},
    ],
)
def test_values_that_cannot_be_are_refused(
    cognito: Any, pool_id: str, changes: dict[str, str]
) -> None:
    (key,) = changes
    assert key in why_not(cognito, pool_id, "OIDC", {**OIDC, **changes})


@pytest.mark.documented("terraform-provider-aws issue 4822", "as AWS answered")
@pytest.mark.parametrize(
    ("name", "kind"),
    [("example", "Google"), ("Google", "SAML"), ("Facebook", "OIDC"), ("COGNITO", "OIDC")],
)
def test_social_providers_have_the_name_of_their_type(
    cognito: Any, pool_id: str, name: str, kind: str
) -> None:
    told = why_not(cognito, pool_id, kind, OIDC, ProviderName=name)
    assert told == f"Provider {name} cannot be of type {kind}."


@pytest.mark.assumed("texts for identity providers that exist or do not")
def test_a_name_is_given_once(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, "Google", CLIENT)
    asked = {"UserPoolId": pool_id, "ProviderName": "Google", "ProviderType": "Google"}
    told = refusal(cognito.create_identity_provider, **asked, ProviderDetails=CLIENT)
    assert told == ("DuplicateProviderException", "Identity provider Google already exists.")


@pytest.mark.assumed("texts for identity providers that exist or do not")
def test_unknown_providers_are_not_found(cognito: Any, pool_id: str) -> None:
    asked = {"UserPoolId": pool_id, "ProviderName": "Nobody"}
    missing = (NOT_FOUND, "Identity provider Nobody does not exist.")
    for operation in (
        cognito.describe_identity_provider,
        cognito.update_identity_provider,
        cognito.delete_identity_provider,
    ):
        assert refusal(operation, **asked) == missing


@pytest.mark.model("declared errors: ResourceNotFoundException")
def test_unknown_pools_are_not_found(cognito: Any) -> None:
    pool = {"UserPoolId": "us-east-1_Missing00"}
    named = {**pool, "ProviderName": "Google"}
    for operation, members in (
        (
            cognito.create_identity_provider,
            {**named, "ProviderType": "Google", "ProviderDetails": CLIENT},
        ),
        (cognito.describe_identity_provider, named),
        (cognito.update_identity_provider, named),
        (cognito.delete_identity_provider, named),
        (cognito.list_identity_providers, pool),
        (cognito.get_identity_provider_by_identifier, {**pool, "IdpIdentifier": "a"}),
        (cognito.get_signing_certificate, pool),
    ):
        assert refusal_code(operation, **members) == NOT_FOUND


@pytest.mark.model("ProviderNameTypeV2, IdpIdentifierType")
@pytest.mark.parametrize(
    "members",
    [
        {"ProviderName": "no space"},
        {"ProviderName": "under_score"},
        {"ProviderName": "x" * 33},
        {"ProviderType": "Other"},
        {"IdpIdentifiers": ["a/b"]},
        {"IdpIdentifiers": [str(n) for n in range(51)]},
    ],
)
def test_bad_input_is_refused_by_the_model(
    cognito: Any, pool_id: str, members: dict[str, Any]
) -> None:
    assert why_not(cognito, pool_id, "OIDC", OIDC, **members)


@pytest.mark.assumed("texts for attribute mappings that cannot be")
def test_mappings_name_attributes_of_the_pool(cognito: Any, pool_id: str) -> None:
    told = why_not(cognito, pool_id, "OIDC", OIDC, AttributeMapping={"custom:x": "x"})
    assert told == "Attribute custom:x of AttributeMapping is not in the schema."
    attribute = {"Name": "x", "AttributeDataType": "String", "Mutable": True}
    cognito.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[attribute])
    mapping = {"custom:x": "x", "email_verified": "verified", "username": "email"}
    made = make(cognito, pool_id, "OIDC", OIDC, "Partner", AttributeMapping=mapping)
    assert made["AttributeMapping"] == mapping
    update = {"UserPoolId": pool_id, "ProviderName": "Partner", "AttributeMapping": {"sub": "id"}}
    assert refusal_code(cognito.update_identity_provider, **update) == INVALID


@pytest.mark.documented("AcrMapping", "Only OIDC IdPs support ACR mapping.")
def test_levels_are_mapped_for_oidc_only(cognito: Any, pool_id: str) -> None:
    levels = {"Level2": "urn:two", "Level1": "urn:one"}
    made = make(cognito, pool_id, "OIDC", OIDC, "Partner", AcrMapping=levels)
    assert made["AcrMapping"] == levels
    assert why_not(cognito, pool_id, "Google", CLIENT, AcrMapping=levels)


# -- identifiers -----------------------------------------------------------------------------------


@pytest.mark.documented("API_GetIdentityProviderByIdentifier", "Given the identifier of an IdP")
def test_a_provider_is_found_by_its_identifiers(cognito: Any, pool_id: str) -> None:
    made = make(cognito, pool_id, "OIDC", OIDC, "Partner", IdpIdentifiers=["one", "two"])
    asked = {"UserPoolId": pool_id, "IdpIdentifier": "two"}
    found = cognito.get_identity_provider_by_identifier(**asked)["IdentityProvider"]
    assert found == made
    named = {"UserPoolId": pool_id, "ProviderName": "Partner"}
    cognito.update_identity_provider(**named, IdpIdentifiers=["three"])
    assert refusal_code(cognito.get_identity_provider_by_identifier, **asked) == NOT_FOUND


@pytest.mark.assumed("texts for identity providers that exist or do not")
def test_an_identifier_belongs_to_one_provider(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, "OIDC", OIDC, "Partner", IdpIdentifiers=["one"])
    told = why_not(cognito, pool_id, "OIDC", OIDC, ProviderName="Other", IdpIdentifiers=["one"])
    assert told == "IdpIdentifier one is already in use."
    listed = cognito.list_identity_providers(UserPoolId=pool_id)["Providers"]
    assert [provider["ProviderName"] for provider in listed] == ["Partner"]
    cognito.delete_identity_provider(UserPoolId=pool_id, ProviderName="Partner")
    make(cognito, pool_id, "OIDC", OIDC, "Other", IdpIdentifiers=["one"])


# -- app clients, groups, listing ------------------------------------------------------------------


@pytest.mark.documented("userpools.md 5", "The provider x does not exist for User Pool")
def test_app_clients_support_providers_that_exist(cognito: Any, pool_id: str) -> None:
    asked = {"UserPoolId": pool_id, "ClientName": "app"}
    wanted = {"SupportedIdentityProviders": ["COGNITO", "Google"]}
    told = refusal(cognito.create_user_pool_client, **asked, **wanted)
    assert told == (INVALID, f"The provider Google does not exist for User Pool {pool_id}.")
    make(cognito, pool_id, "Google", CLIENT)
    made = cognito.create_user_pool_client(**asked, **wanted)["UserPoolClient"]
    assert made["SupportedIdentityProviders"] == ["COGNITO", "Google"]


@pytest.mark.assumed("userpools.md 13: deleting a provider takes it from app clients")
def test_a_deleted_provider_is_taken_from_app_clients(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, "Google", CLIENT)
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", SupportedIdentityProviders=["COGNITO", "Google"]
    )["UserPoolClient"]
    cognito.delete_identity_provider(UserPoolId=pool_id, ProviderName="Google")
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    shown = cognito.describe_user_pool_client(**named)["UserPoolClient"]
    assert shown["SupportedIdentityProviders"] == ["COGNITO"]


@pytest.mark.documented("userpools.md 9", "makes a group {poolId}_{ProviderName}")
def test_a_provider_has_a_group(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, "Google", CLIENT)
    (group,) = cognito.list_groups(UserPoolId=pool_id)["Groups"]
    assert group["GroupName"] == f"{pool_id}_Google"
    assert group["Description"] == "Autogenerated group for users who sign in using Google"
    cognito.delete_identity_provider(UserPoolId=pool_id, ProviderName="Google")
    make(cognito, pool_id, "Google", CLIENT)


@pytest.mark.model("ListIdentityProvidersRequest")
def test_listing_pages_through_all(cognito: Any, pool_id: str) -> None:
    for name in ("Ccc", "Aaa", "Bbb"):
        make(cognito, pool_id, "OIDC", OIDC, name)
    first = cognito.list_identity_providers(UserPoolId=pool_id, MaxResults=2)
    rest = cognito.list_identity_providers(UserPoolId=pool_id, NextToken=first["NextToken"])
    listed = first["Providers"] + rest["Providers"]
    assert [provider["ProviderName"] for provider in listed] == ["Aaa", "Bbb", "Ccc"]
    members = {"ProviderName", "ProviderType", "CreationDate", "LastModifiedDate"}
    assert all(set(provider) == members for provider in listed)
    assert "NextToken" not in rest


@pytest.mark.documented("userpools.md 13", "duplicate DuplicateProviderException")
def test_of_parallel_creators_one_wins(poolgate: LocalPoolgate, pool_id: str) -> None:
    call = new_call(poolgate)

    def create(_number: int) -> type[Failure] | None:
        given = GivenSettings(details=CLIENT)
        try:
            provider_changes.create(call, PoolId(pool_id), "Google", ProviderType.GOOGLE, given)
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(create, range(4)))
    assert outcomes.count(None) == 1
    assert outcomes.count(IdentityProviderExists) == 3
