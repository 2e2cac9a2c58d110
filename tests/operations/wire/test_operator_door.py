"""`/_poolgate/`, `--dev`, issuer documents and the guard door, in process."""

import json
from typing import Any

import msgspec
import pytest
from kits.lost_tables import lost_table

from poolgate.foundation.secret import Secret
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key, sign
from poolgate.testing import LocalPoolgate

ANY_SCOPE = "any/20260101/eu-west-3/cognito-idp/aws4_request"
NOBODY = {
    "authorization": f"AWS4-HMAC-SHA256 Credential={ANY_SCOPE}, SignedHeaders=host, Signature=0"
}


def get(poolgate: LocalPoolgate, path: str, **options: Any) -> Any:
    return poolgate.send("GET", path, **options)


def test_health_and_readiness(poolgate: LocalPoolgate) -> None:
    assert get(poolgate, "/_poolgate/health").body == b"ok\n"
    assert get(poolgate, "/_poolgate/ready").status == 200


def test_not_ready_without_a_database(poolgate: LocalPoolgate) -> None:
    with lost_table(poolgate, "installation"):
        assert get(poolgate, "/_poolgate/ready").status == 503
        assert get(poolgate, "/_poolgate/health").status == 200
    assert get(poolgate, "/_poolgate/ready").status == 200


def test_metrics_are_for_this_machine(poolgate: LocalPoolgate) -> None:
    poolgate.client("sts").get_caller_identity()
    local = get(poolgate, "/_poolgate/metrics")
    assert b'operation="GetCallerIdentity",outcome="200",service="sts"' in local.body
    assert get(poolgate, "/_poolgate/metrics", remote_address="192.0.2.1").status == 404


def test_metrics_do_not_grow_with_what_strangers_send(poolgate: LocalPoolgate) -> None:
    for number in range(20):
        get(poolgate, f"/{number}")
        get(poolgate, f"/_poolgate/{number}")
        poolgate.post_json("cognito-idp", f"Operation{number}", {})
        poolgate.send(f"METHOD{number}", "/")
    lines = get(poolgate, "/_poolgate/metrics").body.decode().splitlines()
    assert len([line for line in lines if line.startswith("poolgate_requests_total")]) < 10


@pytest.mark.parametrize("path", ["/_poolgate/outbox", "/_poolgate/clock"])
def test_dev_pages_exist_in_dev_only(poolgate: LocalPoolgate, path: str) -> None:
    assert get(poolgate, path).status == 404
    with LocalPoolgate(dev=True) as dev:
        assert get(dev, path).status == 200


def test_dev_takes_any_key_as_root_in_the_signed_region() -> None:
    with LocalPoolgate(dev=True) as dev:
        headers = {"x-amz-target": "AWSCognitoIdentityProviderService.CreateUserPool", **NOBODY}
        answer = dev.send("POST", "/", headers=headers, body=b'{"PoolName":"p"}')
        assert answer.status == 200
        assert msgspec.json.decode(answer.body)["UserPool"]["Id"].startswith("eu-west-3_")


def test_dev_still_wants_a_signature() -> None:
    with LocalPoolgate(dev=True) as dev:
        answer = dev.post_json("cognito-idp", "ListUserPools", {"MaxResults": 1})
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException:"


@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "evil.example:9440"},
        {"host": "127.0.0.1.evil.example"},
        {"host": ""},
        {"host": "[::1", "origin": "http://localhost"},
    ],
)
def test_pages_of_other_sites_do_not_reach_a_dev_server(foreign: dict[str, str]) -> None:
    with LocalPoolgate(dev=True) as dev:
        headers = {"x-amz-target": "AWSCognitoIdentityProviderService.ListUserPools", **NOBODY}
        answer = dev.send("POST", "/", headers=headers | foreign, body=b'{"MaxResults":1}')
        assert answer.headers["x-amzn-errortype"] == "AccessDeniedException:"
        assert get(dev, "/_poolgate/outbox", headers=foreign).status == 403
        assert get(dev, "/_poolgate/clock", headers=foreign).status == 403


@pytest.mark.parametrize(
    "own",
    [
        {"host": "127.0.0.1:9440", "origin": "http://localhost:3000"},
        {"host": "[::1]:9440"},
        {"host": "pool.auth.localhost", "origin": "http://app.localhost"},
    ],
)
def test_this_machines_pages_reach_it(own: dict[str, str]) -> None:
    with LocalPoolgate(dev=True) as dev:
        assert get(dev, "/_poolgate/clock", headers=own).status == 200


def test_production_does_not_take_any_key(poolgate: LocalPoolgate) -> None:
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.ListUserPools", **NOBODY}
    assert poolgate.send("POST", "/", headers=headers, body=b'{"MaxResults":1}').status == 400


def test_dev_clock_moves_forward_only() -> None:
    with LocalPoolgate(dev=True) as dev:
        before = dev.clock.now()
        answer = dev.send("POST", "/_poolgate/clock", body=b'{"advance_seconds": 3600}')
        assert answer.status == 200
        assert (dev.clock.now() - before).total_seconds() >= 3600
        for body in (b"", b"{", b'{"advance_seconds": -1}', b'{"advance_seconds": 1e300}', b"{}"):
            assert dev.send("POST", "/_poolgate/clock", body=body).status == 400


def test_dev_outbox_shows_messages() -> None:
    with LocalPoolgate(dev=True) as dev:
        cognito = dev.client("cognito-idp")
        pool_id = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
        for name in ("anna", "berta"):
            cognito.admin_create_user(
                UserPoolId=pool_id,
                Username=name,
                UserAttributes=[{"Name": "email", "Value": f"{name}@example.com"}],
                DesiredDeliveryMediums=["EMAIL"],
            )
        asked = f"/_poolgate/outbox?pool={pool_id}&recipient=anna%40example.com"
        (message,) = msgspec.json.decode(get(dev, asked).body)["messages"]
        assert message["recipient"] == "anna@example.com"
        assert get(dev, "/_poolgate/outbox?pool=other").body == b'{"messages":[]}'


def test_issuer_documents(poolgate: LocalPoolgate) -> None:
    pool_id = poolgate.client("cognito-idp").create_user_pool(PoolName="p")["UserPool"]["Id"]
    keys = get(poolgate, f"/{pool_id}/.well-known/jwks.json")
    assert len(msgspec.json.decode(keys.body)["keys"]) == 2
    assert keys.headers["access-control-allow-origin"] == "*"
    found = msgspec.json.decode(get(poolgate, f"/{pool_id}/.well-known/openid-configuration").body)
    assert found["issuer"] == f"{poolgate.url}/{pool_id}"
    head = poolgate.send("HEAD", f"/{pool_id}/.well-known/jwks.json")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/us-east-1_abcdefghi/.well-known/jwks.json",
        "/x",
        "//",
        "/%00",
        "/../../etc/passwd",
        "/.well-known/jwks.json",
        "/" + "a" * 10_000,
    ],
)
def test_other_paths_are_not_found(poolgate: LocalPoolgate, path: str) -> None:
    assert get(poolgate, path).status == 404


class AGuard:
    """A guard's IAM user and its questions."""

    def __init__(self, poolgate: LocalPoolgate, *actions: str) -> None:
        iam = poolgate.client("iam")
        iam.create_user(UserName="guard")
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": statement})
            iam.put_user_policy(UserName="guard", PolicyName="p", PolicyDocument=document)
        made = iam.create_access_key(UserName="guard")["AccessKey"]
        self._poolgate = poolgate
        root = poolgate.root_credentials
        self._credentials = type(root)(made["AccessKeyId"], made["SecretAccessKey"])

    def ask(self, name: str, question: object, *, signed: bool = True) -> tuple[int, Any]:
        body = question if isinstance(question, bytes) else msgspec.json.encode(question)
        path = f"/_poolgate/guard/{name}"
        headers = {"content-type": "application/json"}
        if signed:
            headers |= self._poolgate.signature(
                "poolgate", self._credentials, headers=headers, body=body, target=path
            )
        answer = self._poolgate.send("POST", path, headers=headers, body=body)
        return answer.status, msgspec.json.decode(answer.body)


def key_question(poolgate: LocalPoolgate, **changes: str) -> dict[str, str]:
    return {
        "access_key_id": poolgate.root_credentials.access_key_id,
        "date": poolgate.clock.now().strftime("%Y%m%d"),
        "region": "us-east-1",
        "service": "execute-api",
        **changes,
    }


def test_guard_gets_the_key_of_one_scope(poolgate: LocalPoolgate) -> None:
    guard = AGuard(poolgate, "poolgate:GetSigningKey")
    question = key_question(poolgate)
    status, told = guard.ask("signing-key", question)
    root = poolgate.root_credentials
    expected = derive_signing_key(
        Secret(root.secret_access_key), question["date"], "us-east-1", "execute-api"
    )
    assert status == 200
    assert msgspec.convert(told["signing_key"], bytes) == expected
    assert told["principal"]["arn"] == f"arn:aws:iam::{poolgate.account_id}:root"
    assert told["valid_until"] > poolgate.clock.now().timestamp()


def test_guard_door_refuses(poolgate: LocalPoolgate) -> None:
    guard = AGuard(poolgate, "poolgate:GetSigningKey")
    question = key_question(poolgate)
    unknown = {**question, "access_key_id": "AKIAAAAAAAAAAAAAAAAA"}
    assert guard.ask("signing-key", question, signed=False)[0] == 403
    assert guard.ask("signing-key", unknown)[1]["code"] == "AccessKeyNotFound"
    assert guard.ask("signing-key", unknown)[0] == 404
    for service in ("cognito-idp", "iam", "sts", "poolgate"):
        assert guard.ask("signing-key", {**question, "service": service})[0] == 400
    assert guard.ask("signing-key", {**question, "date": "20200101"})[0] == 400
    assert guard.ask("verification", {})[0] == 400
    assert guard.ask("signing-key", b"{")[0] == 400
    assert guard.ask("signing-key", b"[]")[0] == 400
    assert guard.ask("other", question)[0] == 404
    assert guard.ask("signing-key", b"x" * 2_200_000)[0] == 413


def test_guard_without_permission_learns_nothing(poolgate: LocalPoolgate) -> None:
    guard = AGuard(poolgate)
    for access_key_id in (poolgate.root_credentials.access_key_id, "AKIAAAAAAAAAAAAAAAAA"):
        status, told = guard.ask("signing-key", key_question(poolgate, access_key_id=access_key_id))
        assert (status, told["code"]) == (403, "AccessDenied")
        assert "not authorized to perform: poolgate:GetSigningKey" in told["message"]


def test_server_verifies_for_guards_without_keys(poolgate: LocalPoolgate) -> None:
    guard = AGuard(poolgate, "poolgate:VerifySignature")
    root = poolgate.root_credentials
    headers = (("host", "api.example"),)
    parts = RequestParts("GET", "/things", "a=1", headers, b"")
    added = sign(
        parts,
        access_key_id=root.access_key_id,
        secret_access_key=Secret(root.secret_access_key),
        session_token=None,
        region="us-east-1",
        service="execute-api",
        now=poolgate.clock.now(),
    )
    question = {
        "method": "GET",
        "path": "/things",
        "query": "a=1",
        "headers": [list(header) for header in (*headers, *added)],
        "body_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "service": "execute-api",
        "region": "us-east-1",
    }
    status, told = guard.ask("verification", question)
    assert (status, told["access_key_id"]) == (200, root.access_key_id)
    status, told = guard.ask("verification", {**question, "path": "/other"})
    assert (status, told["code"]) == (403, "SignatureMismatch")
