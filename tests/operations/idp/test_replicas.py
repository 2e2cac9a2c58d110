"""Replicas: further regions of a pool, with tags of their own, and domains that fail over."""

from typing import Any

import pytest
import sqlalchemy as sa
from kits.images import PNG
from kits.people import new_call
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate
from poolgate.userpools import tables

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
EUROPE = "eu-west-1"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0fd6ac4a-9e3e-4b2f-8c1f-aaaaaaaaaaaa"


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def europe(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", region=EUROPE, validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


def make(cognito: Any, pool_id: str, region: str = EUROPE, **members: Any) -> Any:
    asked = {"UserPoolId": pool_id, "RegionName": region, **members}
    return cognito.create_user_pool_replica(**asked)["UserPoolReplica"]


def listed(client: Any) -> list[str]:
    return [pool["Id"] for pool in client.list_user_pools(MaxResults=60)["UserPools"]]


def set_status(client: Any, pool_id: str, status: str) -> Any:
    asked = {"UserPoolId": pool_id, "RegionName": EUROPE, "Status": status}
    return client.update_user_pool_replica(**asked)["UserPoolReplica"]


@pytest.mark.documented("UserPoolReplicaType", "RegionName, Status, Role, UserPoolArn")
def test_a_replica_is_made_inactive(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    made = make(cognito, pool_id)
    arn = f"arn:aws:cognito-idp:{{}}:{poolgate.account_id}:userpool/{pool_id}"
    assert made == {
        "RegionName": EUROPE,
        "Status": "INACTIVE",
        "Role": "SECONDARY",
        "UserPoolArn": arn.format(EUROPE),
    }
    make(cognito, pool_id, "ap-south-1")
    replicas = cognito.list_user_pool_replicas(UserPoolId=pool_id)
    assert "NextToken" not in replicas
    primary, *others = replicas["UserPoolReplicas"]
    assert primary == {
        "RegionName": "us-east-1",
        "Status": "ACTIVE",
        "Role": "PRIMARY",
        "UserPoolArn": arn.format("us-east-1"),
    }
    assert [replica["RegionName"] for replica in others] == ["ap-south-1", EUROPE]


@pytest.mark.assumed("a replica makes the pool one of its region's")
def test_a_replica_is_listed_in_its_region(cognito: Any, europe: Any, pool_id: str) -> None:
    own = europe.create_user_pool(PoolName="own")["UserPool"]["Id"]
    assert listed(europe) == [own]
    make(cognito, pool_id)
    assert listed(europe) == sorted([own, pool_id])
    assert listed(cognito) == [pool_id]
    first = europe.list_user_pools(MaxResults=1)
    rest = europe.list_user_pools(MaxResults=1, NextToken=first["NextToken"])
    assert [first["UserPools"][0]["Id"], rest["UserPools"][0]["Id"]] == listed(europe)
    cognito.delete_user_pool_replica(UserPoolId=pool_id, RegionName=EUROPE)
    assert listed(europe) == [own]


@pytest.mark.documented("API_UpdateUserPoolReplica", "both primary and secondary regions")
def test_a_replica_is_made_active_and_inactive(cognito: Any, europe: Any, pool_id: str) -> None:
    make(cognito, pool_id)
    assert set_status(europe, pool_id, "ACTIVE")["Status"] == "ACTIVE"
    told = refusal(cognito.delete_user_pool_replica, UserPoolId=pool_id, RegionName=EUROPE)
    assert told == (INVALID, "Only replicas in the INACTIVE status can be deleted.")
    assert set_status(cognito, pool_id, "INACTIVE")["Status"] == "INACTIVE"
    gone = cognito.delete_user_pool_replica(UserPoolId=pool_id, RegionName=EUROPE)
    assert gone["UserPoolReplica"]["Status"] == "DELETING"
    listed_now = cognito.list_user_pool_replicas(UserPoolId=pool_id)["UserPoolReplicas"]
    assert [replica["Role"] for replica in listed_now] == ["PRIMARY"]


@pytest.mark.documented("API_DeleteUserPoolReplica", "must be called from the primary Region")
def test_replicas_are_made_and_deleted_from_the_primary_region(
    cognito: Any, europe: Any, pool_id: str
) -> None:
    told = (INVALID, "This operation must be called from the primary Region.")
    asked = {"UserPoolId": pool_id, "RegionName": EUROPE}
    assert refusal(europe.create_user_pool_replica, **asked) == told
    make(cognito, pool_id)
    assert refusal(europe.delete_user_pool_replica, **asked) == told


@pytest.mark.assumed("texts for replicas that cannot be")
def test_replicas_that_cannot_be_are_refused(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id)
    for region in (EUROPE, "us-east-1", "nowhere", "x" * 33, "EU-WEST-1"):
        asked = {"UserPoolId": pool_id, "RegionName": region}
        assert refusal_code(cognito.create_user_pool_replica, **asked) == INVALID
    lite = cognito.create_user_pool(PoolName="lite", UserPoolTier="LITE")["UserPool"]["Id"]
    asked = {"UserPoolId": lite, "RegionName": EUROPE}
    told = refusal_code(cognito.create_user_pool_replica, **asked)
    assert told == "FeatureUnavailableInTierException"
    asked = {"UserPoolId": pool_id, "RegionName": "eu-west-2"}
    missing = (NOT_FOUND, "Replica in eu-west-2 does not exist.")
    assert refusal(cognito.update_user_pool_replica, **asked, Status="ACTIVE") == missing
    assert refusal(cognito.delete_user_pool_replica, **asked) == missing
    unknown = {"UserPoolId": "us-east-1_Missing00"}
    assert refusal_code(cognito.list_user_pool_replicas, **unknown) == NOT_FOUND
    assert refusal_code(cognito.list_user_pool_replicas, **unknown, NextToken="x") == INVALID
    told = refusal_code(cognito.create_user_pool_replica, **unknown, RegionName=EUROPE)
    assert told == NOT_FOUND


@pytest.mark.documented("UserPoolTags", "maintain tags independently on replica user pools")
def test_a_replica_has_tags_of_its_own(cognito: Any, pool_id: str) -> None:
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]
    arn = make(cognito, pool_id, UserPoolTags={"a": "1"})["UserPoolArn"]
    cognito.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    cognito.tag_resource(ResourceArn=pool, Tags={"c": "3"})
    assert cognito.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1", "b": "2"}
    cognito.untag_resource(ResourceArn=arn, TagKeys=["a", "c"])
    assert cognito.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}
    assert cognito.list_tags_for_resource(ResourceArn=pool)["Tags"] == {"c": "3"}
    elsewhere = arn.replace(EUROPE, "eu-west-2")
    assert refusal_code(cognito.list_tags_for_resource, ResourceArn=elsewhere) == NOT_FOUND
    many = {str(number): "" for number in range(51)}
    assert refusal_code(cognito.tag_resource, ResourceArn=arn, Tags=many) == INVALID


@pytest.mark.documented("RoutingType", "currently only supported for custom domains")
def test_a_custom_domain_fails_over_to_a_replica(cognito: Any, europe: Any, pool_id: str) -> None:
    failover = {"SecondaryRegion": EUROPE, "PrimaryRoute53HealthCheckId": "check"}
    routing = {"Failover": failover}
    domain = {"UserPoolId": pool_id, "Domain": "login.example.com"}
    custom = {"CustomDomainConfig": {"CertificateArn": CERTIFICATE}}
    told = refusal_code(cognito.create_user_pool_domain, **domain, **custom, Routing=routing)
    assert told == INVALID
    make(cognito, pool_id)
    prefix = {"UserPoolId": pool_id, "Domain": "my-app", "Routing": routing}
    assert refusal_code(cognito.create_user_pool_domain, **prefix) == INVALID
    made = cognito.create_user_pool_domain(**domain, **custom, Routing=routing)
    assert made["Routing"] == routing
    asked = {"Domain": domain["Domain"]}
    shown = cognito.describe_user_pool_domain(**asked)["DomainDescription"]
    assert shown["Routing"] == routing
    assert europe.describe_user_pool_domain(**asked)["DomainDescription"] == {}
    set_status(cognito, pool_id, "ACTIVE")
    assert europe.describe_user_pool_domain(**asked)["DomainDescription"] == shown
    replica = {"UserPoolId": pool_id, "RegionName": EUROPE}
    told = refusal_code(cognito.update_user_pool_replica, **replica, Status="INACTIVE")
    assert told == INVALID
    kept = cognito.update_user_pool_domain(**domain, ManagedLoginVersion=2)
    assert kept["Routing"] == routing
    assert "Routing" not in cognito.update_user_pool_domain(**domain, Routing={})
    set_status(cognito, pool_id, "INACTIVE")
    cognito.delete_user_pool_replica(**replica)


@pytest.mark.documented("API_DeleteUserPool", "deletes a user pool")
def test_everything_goes_with_its_pool(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    of_pool = {"UserPoolId": pool_id}
    made = cognito.create_user_pool_client(**of_pool, ClientName="app")["UserPoolClient"]
    of_client = {**of_pool, "ClientId": made["ClientId"]}
    cognito.create_identity_provider(
        **of_pool,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails={"client_id": "c", "client_secret": "s", "authorize_scopes": "email"},
        IdpIdentifiers=["google"],
    )
    cognito.admin_create_user(**of_pool, Username="alice", MessageAction="SUPPRESS")
    cognito.admin_link_provider_for_user(
        **of_pool,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "alice"},
        SourceUser={
            "ProviderName": "Google",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "1",
        },
    )
    cognito.get_signing_certificate(**of_pool)
    cognito.create_user_pool_domain(**of_pool, Domain="my-app")
    cognito.set_ui_customization(**of_client, ImageFile=PNG)
    image = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": PNG}
    cognito.create_managed_login_branding(**of_client, Assets=[image])
    links = {"cognito:default": "https://example.com/terms"}
    fixed = {"TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE"}
    cognito.create_terms(**of_client, **fixed, Links=links)
    make(cognito, pool_id)
    assert 0 not in rows_of_pools(poolgate).values()
    cognito.delete_user_pool_domain(**of_pool, Domain="my-app")
    cognito.delete_user_pool(**of_pool)
    assert set(rows_of_pools(poolgate).values()) == {0}


def rows_of_pools(poolgate: LocalPoolgate) -> dict[str, int]:
    """Return how many rows each table has that only pools fill."""
    counted = {}
    with new_call(poolgate).db.reading() as transaction:
        for table in (
            tables.user_pools,
            tables.user_pool_domains,
            tables.user_pool_replicas,
            tables.identity_providers,
            tables.idp_identifiers,
            tables.linked_identities,
            tables.saml_signing_keys,
            tables.ui_customizations,
            tables.managed_login_brandings,
            tables.branding_assets,
            tables.terms,
        ):
            (counted[table.name],) = transaction.one(sa.select(sa.func.count()).select_from(table))
    return counted


@pytest.mark.documented("API_DescribeUserPoolDomain", "Prefix domains are Region-specific")
def test_a_prefix_domain_is_described_where_it_was_made(
    cognito: Any, europe: Any, pool_id: str
) -> None:
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    make(cognito, pool_id)
    set_status(cognito, pool_id, "ACTIVE")
    assert europe.describe_user_pool_domain(Domain="my-app")["DomainDescription"] == {}
