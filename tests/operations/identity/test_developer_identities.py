import pytest
from kits.identity_chain import COGNITO, credentials_of, make_chain

PROVIDER = "login.example"


@pytest.fixture
def chain(poolgate, iam):
    made = make_chain(poolgate, iam, DeveloperProviderName=PROVIDER)
    made.set_roles({"authenticated": made.role("member")})
    return made


def token_of(chain, user="u1", **members):
    return chain.identity.get_open_id_token_for_developer_identity(
        IdentityPoolId=chain.pool_id, Logins={PROVIDER: user}, **members
    )


@pytest.mark.documented("developer-authenticated-identities", "a token becomes keys")
def test_a_developers_user_gets_keys_by_the_developers_token(poolgate, chain, refused):
    first = token_of(chain)
    assert token_of(chain)["IdentityId"] == first["IdentityId"]
    asked = {"IdentityId": first["IdentityId"], "Logins": {COGNITO: first["Token"]}}
    answer = chain.identity.get_credentials_for_identity(**asked)
    assert answer["IdentityId"] == first["IdentityId"]
    poolgate.client("iam", credentials=credentials_of(answer)).list_users()
    other = token_of(chain, "u2")
    refusal = refused(
        chain.identity.get_credentials_for_identity,
        IdentityId=first["IdentityId"],
        Logins={COGNITO: other["Token"]},
    )
    assert refusal["code"] == "NotAuthorizedException"
    poolgate.clock.advance(900)
    refusal = refused(chain.identity.get_credentials_for_identity, **asked)
    assert refusal["message"].startswith("Invalid login token. Token expired: ")


@pytest.mark.documented("API_LookupDeveloperIdentity", "by user, by identity, both")
def test_users_and_identities_are_found_by_each_other(chain, refused):
    identity_id = token_of(chain)["IdentityId"]
    token_of(chain, "alias", IdentityId=identity_id)
    look_up = chain.identity.lookup_developer_identity
    pool = {"IdentityPoolId": chain.pool_id}
    found = look_up(**pool, DeveloperUserIdentifier="u1")
    assert found["IdentityId"] == identity_id
    assert found["DeveloperUserIdentifierList"] == ["alias", "u1"]
    assert look_up(**pool, IdentityId=identity_id)["DeveloperUserIdentifierList"] == ["alias", "u1"]
    other = token_of(chain, "u2")["IdentityId"]
    both = refused(look_up, **pool, IdentityId=other, DeveloperUserIdentifier="u1")
    assert both["code"] == "ResourceConflictException"
    assert refused(look_up, **pool)["code"] == "InvalidParameterException"
    assert refused(look_up, **pool, DeveloperUserIdentifier="x")["code"] == (
        "ResourceNotFoundException"
    )


@pytest.mark.documented("API_MergeDeveloperIdentities", "the source is disabled")
def test_identities_are_merged_and_unlinked(chain, refused):
    source, destination = token_of(chain, "u1"), token_of(chain, "u2")
    pool = {"IdentityPoolId": chain.pool_id, "DeveloperProviderName": PROVIDER}
    merged = chain.identity.merge_developer_identities(
        **pool, SourceUserIdentifier="u1", DestinationUserIdentifier="u2"
    )
    assert merged["IdentityId"] == destination["IdentityId"]
    assert token_of(chain, "u1")["IdentityId"] == destination["IdentityId"]
    answer = chain.identity.get_credentials_for_identity(
        IdentityId=source["IdentityId"], Logins={COGNITO: destination["Token"]}
    )
    assert answer["IdentityId"] == destination["IdentityId"]
    unlinked = {**pool, "IdentityId": destination["IdentityId"], "DeveloperUserIdentifier": "u1"}
    chain.identity.unlink_developer_identity(**unlinked)
    assert refused(chain.identity.unlink_developer_identity, **unlinked)["code"] == (
        "ResourceNotFoundException"
    )
    assert token_of(chain, "u1")["IdentityId"] != destination["IdentityId"]


@pytest.mark.documented(
    "API_GetOpenIdTokenForDeveloperIdentity", "DeveloperUserAlreadyRegisteredException"
)
def test_a_user_belongs_to_one_identity(chain, refused):
    token_of(chain, "u1")
    other = token_of(chain, "u2")["IdentityId"]
    get = chain.identity.get_open_id_token_for_developer_identity
    pool = {"IdentityPoolId": chain.pool_id}
    assert refused(get, **pool, IdentityId=other, Logins={PROVIDER: "u1"})["code"] == (
        "DeveloperUserAlreadyRegisteredException"
    )
    assert refused(get, **pool, Logins={"other.example": "u1"})["code"] == (
        "InvalidParameterException"
    )


@pytest.mark.documented("API_GetOpenIdTokenForDeveloperIdentity", "linked public logins")
def test_a_public_login_is_linked_with_the_developers(chain):
    id_token = chain.id_token()
    linked = chain.identity.get_open_id_token_for_developer_identity(
        IdentityPoolId=chain.pool_id, Logins={PROVIDER: "u1", **chain.logins(id_token)}
    )
    assert chain.identity_of(id_token) == linked["IdentityId"]
    chain.identity.unlink_identity(
        IdentityId=linked["IdentityId"],
        Logins=chain.logins(id_token),
        LoginsToRemove=[chain.provider],
    )
    assert chain.identity_of(id_token) != linked["IdentityId"]
