"""Domains of user pools: names, kinds, uniqueness, and how they are shown."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.people import new_call
from kits.refusals import refusal, refusal_code

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import domains
from poolgate.userpools.domains import DomainTaken, UserPoolDomain

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0fd6ac4a-9e3e-4b2f-8c1f-aaaaaaaaaaaa"
CUSTOM = {"CertificateArn": CERTIFICATE}
MISSING = (INVALID, "No such domain or user pool exists.")


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    return new_pool(cognito)


def new_pool(cognito: Any, **members: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool", **members)["UserPool"]["Id"]
    return made


def described(cognito: Any, domain: str) -> Any:
    return cognito.describe_user_pool_domain(Domain=domain)["DomainDescription"]


def of_pool(cognito: Any, pool_id: str) -> dict[str, str]:
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return {kind: pool[kind] for kind in ("Domain", "CustomDomain") if kind in pool}


@pytest.mark.documented("API_DescribeUserPoolDomain", "returns information about the domain")
def test_a_prefix_domain_is_shown(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    assert of_pool(cognito, pool_id) == {}
    made = cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    assert made["ManagedLoginVersion"] == 1
    assert "CloudFrontDomain" not in made
    shown = described(cognito, "my-app")
    assert shown.pop("Version")
    assert shown == {
        "UserPoolId": pool_id,
        "AWSAccountId": poolgate.account_id,
        "Domain": "my-app",
        "CloudFrontDistribution": "poolgate.test",
        "Status": "ACTIVE",
        "ManagedLoginVersion": 1,
    }
    assert of_pool(cognito, pool_id) == {"Domain": "my-app"}


@pytest.mark.documented("CreateUserPoolDomainResponse", "returns this value if you set a custom")
def test_a_custom_domain_tells_where_its_dns_record_points(cognito: Any, pool_id: str) -> None:
    domain = "login.example.com"
    config = {**CUSTOM, "SecurityPolicy": "TLS_V1_2_2021"}
    made = cognito.create_user_pool_domain(
        UserPoolId=pool_id, Domain=domain, CustomDomainConfig=config, ManagedLoginVersion=2
    )
    assert (made["CloudFrontDomain"], made["ManagedLoginVersion"]) == ("poolgate.test", 2)
    shown = described(cognito, domain)
    assert (shown["CustomDomainConfig"], shown["ManagedLoginVersion"]) == (config, 2)
    assert of_pool(cognito, pool_id) == {"CustomDomain": domain}


@pytest.mark.documented("userpools.md 15", "Describe of an unknown domain answers {}")
def test_an_unknown_domain_is_an_empty_description(poolgate: LocalPoolgate, cognito: Any) -> None:
    assert described(cognito, "nobody") == {}
    pool_id = new_pool(cognito)
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="mine")
    elsewhere = poolgate.client("cognito-idp", region="eu-west-1")
    assert described(elsewhere, "mine") == {}


@pytest.mark.documented("UserPoolType", "Domain, CustomDomain")
def test_a_pool_has_one_domain_of_each_kind(cognito: Any, pool_id: str) -> None:
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    custom = {"Domain": "login.example.com", "CustomDomainConfig": CUSTOM}
    cognito.create_user_pool_domain(UserPoolId=pool_id, **custom)
    assert of_pool(cognito, pool_id) == {"Domain": "my-app", "CustomDomain": "login.example.com"}
    cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    assert of_pool(cognito, pool_id) == {"CustomDomain": "login.example.com"}


@pytest.mark.assumed("texts for domains that cannot be")
def test_a_second_domain_of_a_kind_is_refused(cognito: Any, pool_id: str) -> None:
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    told = refusal(cognito.create_user_pool_domain, UserPoolId=pool_id, Domain="other")
    assert told == (INVALID, "User pool already has a domain configured.")


@pytest.mark.documented("aws-cdk-examples issue 402", "as AWS answered")
def test_a_domain_belongs_to_one_pool(cognito: Any, pool_id: str) -> None:
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    taken = (INVALID, "Domain already associated with another user pool.")
    other = new_pool(cognito)
    assert refusal(cognito.create_user_pool_domain, UserPoolId=other, Domain="my-app") == taken
    assert of_pool(cognito, other) == {}
    cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    cognito.create_user_pool_domain(UserPoolId=other, Domain="my-app")


@pytest.mark.assumed("a prefix is unique on the server, not only in its region")
def test_a_prefix_is_taken_in_every_region(poolgate: LocalPoolgate, pool_id: str) -> None:
    poolgate.client("cognito-idp").create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    elsewhere = poolgate.client("cognito-idp", region="eu-west-1")
    other = new_pool(elsewhere)
    told = refusal(elsewhere.create_user_pool_domain, UserPoolId=other, Domain="my-app")
    assert told == (INVALID, "Domain already associated with another user pool.")


@pytest.mark.documented("amplify-cli issue 3854", "as AWS answered")
@pytest.mark.parametrize("word", ["aws", "amazon", "cognito"])
def test_reserved_words_are_refused(cognito: Any, pool_id: str, word: str) -> None:
    told = refusal(cognito.create_user_pool_domain, UserPoolId=pool_id, Domain=f"my{word}x")
    assert told == (INVALID, f"Domain cannot contain reserved word: {word}")


@pytest.mark.documented("terraform-aws-cognito-user-pool issue 69", "as AWS answered")
@pytest.mark.parametrize("name", ["My-app", "my_app", "-app", "app-", "login.example.com", "a b"])
def test_a_prefix_has_few_characters(cognito: Any, pool_id: str, name: str) -> None:
    code, message = refusal(cognito.create_user_pool_domain, UserPoolId=pool_id, Domain=name)
    assert code == INVALID
    assert message.startswith("The domain name contains an invalid character.")
    assert message.endswith(r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$")


@pytest.mark.model("DomainType: 1 to 63 characters")
@pytest.mark.parametrize("name", ["", "a" * 64])
def test_a_domain_is_not_longer_than_a_label(cognito: Any, pool_id: str, name: str) -> None:
    asked = {"UserPoolId": pool_id, "Domain": name}
    assert refusal_code(cognito.create_user_pool_domain, **asked) == INVALID


@pytest.mark.documented("recorded in failed deployments", "not a valid subdomain")
@pytest.mark.parametrize("name", ["my-app", "example.com", "login..com", "login.Example.com"])
def test_a_custom_domain_is_below_somebodys_own(cognito: Any, pool_id: str, name: str) -> None:
    code, message = refusal(
        cognito.create_user_pool_domain,
        UserPoolId=pool_id,
        Domain=name,
        CustomDomainConfig=CUSTOM,
    )
    assert code == INVALID
    assert message.startswith("Custom domain is not a valid subdomain")


@pytest.mark.assumed("texts for domains that cannot be")
def test_settings_that_cannot_be_are_refused(cognito: Any, pool_id: str) -> None:
    elsewhere = CERTIFICATE.replace("us-east-1", "eu-west-1")
    custom = {"UserPoolId": pool_id, "Domain": "login.example.com"}
    for members in (
        {**custom, "CustomDomainConfig": {"CertificateArn": elsewhere}},
        {**custom, "CustomDomainConfig": CUSTOM, "ManagedLoginVersion": 3},
        {"UserPoolId": pool_id, "Domain": "my-app", "ManagedLoginVersion": 0},
    ):
        assert refusal_code(cognito.create_user_pool_domain, **members) == INVALID
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    asked = {"UserPoolId": pool_id, "Domain": "my-app"}
    for change in ({"CustomDomainConfig": CUSTOM}, {"ManagedLoginVersion": 3}):
        assert refusal_code(cognito.update_user_pool_domain, **asked, **change) == INVALID
    assert described(cognito, "my-app")["ManagedLoginVersion"] == 1


@pytest.mark.documented("ManagedLoginVersion", "any feature plan other than Lite")
def test_managed_login_needs_its_tier(cognito: Any) -> None:
    lite = new_pool(cognito, UserPoolTier="LITE")
    above = "FeatureUnavailableInTierException"
    asked = {"UserPoolId": lite, "Domain": "my-app"}
    told = refusal_code(cognito.create_user_pool_domain, **asked, ManagedLoginVersion=2)
    assert told == above
    cognito.create_user_pool_domain(**asked)
    told = refusal_code(cognito.update_user_pool_domain, **asked, ManagedLoginVersion=2)
    assert told == above


@pytest.mark.documented("API_UpdateUserPoolDomain", "updates the branding version")
def test_version_and_certificate_change_alone(cognito: Any, pool_id: str) -> None:
    asked = {"UserPoolId": pool_id, "Domain": "login.example.com"}
    cognito.create_user_pool_domain(**asked, CustomDomainConfig=CUSTOM)
    changed = cognito.update_user_pool_domain(**asked, ManagedLoginVersion=2)
    assert (changed["ManagedLoginVersion"], changed["CloudFrontDomain"]) == (2, "poolgate.test")
    renewed = {"CertificateArn": CERTIFICATE + "b"}
    cognito.update_user_pool_domain(**asked, CustomDomainConfig=renewed)
    shown = described(cognito, "login.example.com")
    assert (shown["ManagedLoginVersion"], shown["CustomDomainConfig"]) == (2, renewed)
    same = {"ManagedLoginVersion": 2, "CustomDomainConfig": shown["CustomDomainConfig"]}
    cognito.update_user_pool_domain(**asked, **same)
    assert described(cognito, "login.example.com") == shown


@pytest.mark.documented("clients of AWS match on the text", "No such domain or user pool exists.")
def test_a_domain_is_changed_by_its_own_pool(cognito: Any, pool_id: str) -> None:
    other = new_pool(cognito)
    cognito.create_user_pool_domain(UserPoolId=other, Domain="theirs")
    for name in ("theirs", "nobodys"):
        asked = {"UserPoolId": pool_id, "Domain": name}
        assert refusal(cognito.delete_user_pool_domain, **asked) == MISSING
        assert refusal(cognito.update_user_pool_domain, **asked) == MISSING
    assert of_pool(cognito, other) == {"Domain": "theirs"}


@pytest.mark.model("declared errors: ResourceNotFoundException")
def test_unknown_pools_are_not_found(cognito: Any) -> None:
    asked = {"UserPoolId": "us-east-1_Missing00", "Domain": "my-app"}
    for operation in (
        cognito.create_user_pool_domain,
        cognito.update_user_pool_domain,
        cognito.delete_user_pool_domain,
    ):
        assert refusal_code(operation, **asked) == NOT_FOUND


@pytest.mark.documented("terraform-provider-aws issue 16479", "as AWS answered")
def test_a_pool_with_a_domain_is_not_deleted(cognito: Any, pool_id: str) -> None:
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    told = refusal(cognito.delete_user_pool, UserPoolId=pool_id)
    assert told == (
        INVALID,
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    )
    cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    cognito.delete_user_pool(UserPoolId=pool_id)


@pytest.mark.documented("userpools.md 2", "globally unique prefix")
def test_of_parallel_creators_one_wins(poolgate: LocalPoolgate, cognito: Any) -> None:
    pool_ids = [new_pool(cognito) for _ in range(4)]

    def create(pool_id: str) -> type[Failure] | None:
        try:
            domains.create(
                new_call(poolgate), UserPoolDomain(domain="my-app", pool_id=PoolId(pool_id))
            )
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(create, pool_ids))
    assert outcomes.count(None) == 1
    assert outcomes.count(DomainTaken) == 3
