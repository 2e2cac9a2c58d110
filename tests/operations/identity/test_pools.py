import pytest

PROVIDER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"
BASE = {"IdentityPoolName": "people", "AllowUnauthenticatedIdentities": False}


@pytest.fixture
def identity(poolgate):
    return poolgate.client("cognito-identity", validate=False)


def without_metadata(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


@pytest.mark.documented("API_CreateIdentityPool, API_UpdateIdentityPool", "the whole configuration")
def test_what_was_set_is_shown_and_what_is_left_out_goes_back(poolgate, identity):
    settings = {
        **BASE,
        "AllowClassicFlow": True,
        "SupportedLoginProviders": {"accounts.google.com": "app"},
        "DeveloperProviderName": "login.example",
        "OpenIdConnectProviderARNs": [
            f"arn:aws:iam::{poolgate.account_id}:oidc-provider/idp.example"
        ],
        "CognitoIdentityProviders": [
            {"ProviderName": PROVIDER, "ClientId": "app", "ServerSideTokenCheck": True}
        ],
        "IdentityPoolTags": {"a": "b"},
    }
    created = without_metadata(identity.create_identity_pool(**settings))
    pool_id = created["IdentityPoolId"]
    assert created == settings | {"IdentityPoolId": pool_id}
    described = without_metadata(identity.describe_identity_pool(IdentityPoolId=pool_id))
    assert described == created
    again = without_metadata(identity.update_identity_pool(**described))
    assert again == created
    plain = without_metadata(
        identity.update_identity_pool(
            IdentityPoolId=pool_id, DeveloperProviderName="login.example", **BASE
        )
    )
    assert plain == {
        **BASE,
        "IdentityPoolId": pool_id,
        "DeveloperProviderName": "login.example",
        "IdentityPoolTags": {},
    }


@pytest.mark.assumed("texts for identity pools and identities that are not there")
def test_what_is_not_there_is_told(identity, refused):
    pool_id = "us-east-1:00000000-0000-4000-8000-000000000000"
    for operation in (
        identity.describe_identity_pool,
        identity.delete_identity_pool,
        identity.get_identity_pool_roles,
        identity.get_id,
    ):
        assert refused(operation, IdentityPoolId=pool_id) == {
            "code": "ResourceNotFoundException",
            "message": f"IdentityPool '{pool_id}' not found.",
            "status": 400,
        }
    assert refused(identity.describe_identity, IdentityId=pool_id)["message"] == (
        f"Identity '{pool_id}' not found."
    )


@pytest.mark.documented("API_UpdateIdentityPool", "DeveloperProviderName cannot be changed")
def test_a_developer_provider_stays(identity, refused):
    pool_id = identity.create_identity_pool(**BASE, DeveloperProviderName="one")["IdentityPoolId"]
    for changed in ({}, {"DeveloperProviderName": "two"}):
        refusal = refused(identity.update_identity_pool, IdentityPoolId=pool_id, **BASE, **changed)
        assert refusal["code"] == "InvalidParameterException"


@pytest.mark.documented("API_SetIdentityPoolRoles", "Type, AmbiguousRoleResolution, 25 rules")
@pytest.mark.parametrize(
    ("roles", "mapping"),
    [
        ({"admin": "arn:aws:iam::123456789012:role/r"}, None),
        ({}, {"Type": "Token"}),
        ({}, {"Type": "Rules", "AmbiguousRoleResolution": "Deny"}),
        (
            {},
            {
                "Type": "Rules",
                "AmbiguousRoleResolution": "Deny",
                "RulesConfiguration": {
                    "Rules": [
                        {
                            "Claim": "a",
                            "MatchType": "Equals",
                            "Value": "b",
                            "RoleARN": "arn:aws:iam::123456789012:role/r",
                        }
                    ]
                    * 26
                },
            },
        ),
    ],
)
def test_roles_that_mean_nothing_are_refused_and_change_nothing(identity, refused, roles, mapping):
    pool_id = identity.create_identity_pool(**BASE)["IdentityPoolId"]
    mappings = {PROVIDER: mapping} if mapping else {}
    refusal = refused(
        identity.set_identity_pool_roles,
        IdentityPoolId=pool_id,
        Roles=roles,
        RoleMappings=mappings,
    )
    assert refusal["code"] == "InvalidParameterException"
    assert "Roles" not in identity.get_identity_pool_roles(IdentityPoolId=pool_id)


@pytest.mark.documented("API_ListIdentityPools", "MaxResults, NextToken")
def test_pools_are_listed_in_pages_and_deleted_with_their_identities(identity, refused):
    ids = {
        identity.create_identity_pool(
            IdentityPoolName=f"p{number}", AllowUnauthenticatedIdentities=True
        )["IdentityPoolId"]
        for number in range(3)
    }
    first = identity.list_identity_pools(MaxResults=2)
    second = identity.list_identity_pools(MaxResults=2, NextToken=first["NextToken"])
    listed = [
        pool["IdentityPoolId"] for pool in (*first["IdentityPools"], *second["IdentityPools"])
    ]
    assert (set(listed), len(listed), "NextToken" in second) == (ids, 3, False)
    bad = refused(identity.list_identity_pools, MaxResults=2, NextToken="x")
    assert bad["code"] == "InvalidParameterException"
    pool_id = listed[0]
    guest = identity.get_id(IdentityPoolId=pool_id)["IdentityId"]
    identity.delete_identity_pool(IdentityPoolId=pool_id)
    assert refused(identity.describe_identity, IdentityId=guest)["code"] == (
        "ResourceNotFoundException"
    )


@pytest.mark.documented("API_DeleteIdentities", "UnprocessedIdentityIds")
def test_identities_are_deleted_and_those_missing_are_told(identity):
    pool_id = identity.create_identity_pool(
        IdentityPoolName="p", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    guest = identity.get_id(IdentityPoolId=pool_id)["IdentityId"]
    missing = "us-east-1:00000000-0000-4000-8000-000000000000"
    answer = identity.delete_identities(IdentityIdsToDelete=[guest, missing])
    assert answer["UnprocessedIdentityIds"] == [
        {"IdentityId": missing, "ErrorCode": "AccessDenied"}
    ]
    listed = identity.list_identities(IdentityPoolId=pool_id, MaxResults=10)
    assert listed["Identities"] == []


@pytest.mark.documented("API_TagResource", "tags of an identity pool")
def test_pools_have_tags(poolgate, identity, refused):
    pool_id = identity.create_identity_pool(**BASE)["IdentityPoolId"]
    region = poolgate.region
    arn = f"arn:aws:cognito-identity:{region}:{poolgate.account_id}:identitypool/{pool_id}"
    identity.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    identity.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert identity.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}
    many = {str(number): "x" for number in range(51)}
    assert refused(identity.tag_resource, ResourceArn=arn, Tags=many)["code"] == (
        "InvalidParameterException"
    )
    foreign = arn.replace(poolgate.account_id, "000000000000")
    assert refused(identity.list_tags_for_resource, ResourceArn=foreign)["code"] == (
        "ResourceNotFoundException"
    )
