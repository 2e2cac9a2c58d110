"""Keys of identity pools with the JavaScript clients."""

from typing import Any

import boto3
import pytest
from kits.served_chain import ServedChain, make_served_chain
from kits.serving import PASSWORD, Served, make_user


@pytest.fixture
def chain(served: Served) -> ServedChain:
    chain = make_served_chain(served, "javascript")
    make_user(served.client("cognito-idp"), chain.pool, "ada")
    return chain


def role_of(chain: ServedChain, keys: dict[str, Any]) -> str:
    client = boto3.client(
        "sts",
        endpoint_url=chain.served.url,
        region_name=chain.region,
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
    )
    return client.get_caller_identity()["Arn"].split("/")[1]


@pytest.mark.model("GetId, GetCredentialsForIdentity as aws-amplify and AWS's SDK call them")
def test_amplify_and_the_sdk_get_keys_of_the_right_roles(chain, javascript):
    told = javascript(
        "identity_pool.mjs",
        chain.served.url,
        chain.pool.pool_id,
        chain.pool.client_id,
        chain.identity_pool_id,
        chain.provider,
        "ada",
        PASSWORD,
    )
    assert told.get("error") is None, told
    guest, member, refreshed = told["guest"], told["member"], told["refreshed"]
    assert role_of(chain, guest["credentials"]) == "javascript-guest"
    assert role_of(chain, member["credentials"]) == "javascript-member"
    assert role_of(chain, refreshed["credentials"]) == "javascript-member"
    assert member["identityId"] == refreshed["identityId"]
    assert member["credentials"]["accessKeyId"] != refreshed["credentials"]["accessKeyId"]

    assert told["by_provider"]["identityId"] == member["identityId"]
    assert role_of(chain, told["by_provider"]) == "javascript-member"
    assert role_of(chain, told["guest_by_provider"]) == "javascript-guest"
    assert told["refused"] == "NotAuthorizedException"
