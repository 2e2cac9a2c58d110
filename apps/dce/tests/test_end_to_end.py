"""The app in front of a real Poolgate: who gets in, as what, and what everybody else is told.

The numbers are the checklist's.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.auth
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MISSING = {"message": "Missing Authentication Token"}
METHODS = (
    ("GET", "/accounts"),
    ("POST", "/accounts"),
    ("GET", "/accounts/123456789012"),
    ("PUT", "/accounts/123456789012"),
    ("DELETE", "/accounts/123456789012"),
    ("GET", "/leases"),
    ("POST", "/leases"),
    ("DELETE", "/leases"),
    ("GET", "/leases/x"),
    ("DELETE", "/leases/x"),
    ("POST", "/leases/x/auth"),
    ("GET", "/usage"),
)


@pytest.fixture(scope="session")
def operator(installation) -> Credentials:
    """An IAM user who may invoke everything."""
    arn = f"arn:aws:execute-api:us-east-1:{installation.account_id}:dce/*"
    return installation.server.iam_user(
        "operator", {"Action": "execute-api:Invoke", "Resource": arn}
    )


@pytest.fixture(scope="session")
def limited(installation) -> Credentials:
    """An IAM user with the plain users' policy."""
    prefix = f"arn:aws:execute-api:us-east-1:{installation.account_id}:dce/api"
    paths = ("GET/usage", "GET/leases", "GET/leases/*", "POST/leases", "POST/leases/*")
    return installation.server.iam_user(
        "limited",
        {"Action": "execute-api:Invoke", "Resource": [f"{prefix}/{path}" for path in paths]},
    )


@pytest.fixture(scope="session")
def stranger(installation) -> Credentials:
    """An IAM user without any policy."""
    return installation.server.iam_user("stranger", None)


@pytest.fixture(scope="session")
def jane(pool) -> str:
    pool.user("jane")
    return pool.id_token("jane")


@pytest.fixture(scope="session")
def june(pool) -> str:
    pool.user("june")
    return pool.id_token("june")


def add_ready_account(api, operator: Credentials, account_id: str) -> None:
    body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
    assert api.signed(operator, "POST", "/accounts", body).status == 201
    subprocess.run(
        [sys.executable, "-m", "poolgate_dce", "reset", "--database", api.database, account_id],
        check=True,
    )
    assert api.signed(operator, "GET", f"/accounts/{account_id}").body["accountStatus"] == "Ready"


def denial(name: str, api, method: str, path: str) -> dict[str, str]:
    prefix, account_id, rest = api.arn.rpartition(":")[0], api.arn.split(":")[4], "dce/api"
    masked = prefix.replace(account_id, f"********{account_id[-4:]}")
    return {
        "Message": f"User: {name} is not authorized to perform: execute-api:Invoke on resource:"
        f" {masked}:{rest}/{method}{path}"
    }


def api_by_name(api):
    """Return the same API under its other name."""
    return type(api)(api.url.replace("127.0.0.1", "localhost"), api.database, api.arn)


# Getting in by signature


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_d1_unsigned_request_is_refused(api, method: str, path: str):
    reply = api.send(method, path, body=b"{}")
    assert (reply.status, reply.body) == (403, MISSING)
    assert reply.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/leases/"),
        ("PATCH", "/leases"),
        ("HEAD", "/leases"),
        ("GET", ""),
    ],
)
def test_unknown_path_or_method_looks_unsigned(api, operator, method: str, path: str):
    reply = api.signed(operator, method, path)
    assert reply.status == 403
    assert reply.body == (None if method == "HEAD" else MISSING)


def test_d2_d4_iam_caller_is_admin(api, operator):
    reply = api.signed(operator, "GET", "/accounts")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert api.signed(operator, "GET", "/leases").status == 200


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_d3_iam_caller_without_permission_is_refused(api, stranger, installation, method, path):
    reply = api.signed(stranger, method, path, {})
    name = f"arn:aws:iam::{installation.account_id}:user/stranger"
    assert (reply.status, reply.body) == (403, denial(name, api, method, path))
    assert reply.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_iam_caller_with_the_user_policy_has_its_methods_unfiltered(api, limited):
    assert api.signed(limited, "GET", "/leases?principalId=jane").status == 200
    assert api.signed(limited, "GET", "/leases/none").status == 404
    assert api.signed(limited, "GET", "/accounts").status == 403
    assert api.signed(limited, "DELETE", "/leases/none").status == 403


def test_d30_altered_request_is_refused(api, operator):
    target, body = "/leases?limit=5", b'{"principalId":"jane"}'
    signature = api.signature(operator, "GET", target, body)
    assert api.send("GET", target, signature, body).status == 200
    wrong_secret = Credentials(operator.access_key, "wrong" + operator.secret_key[5:])
    for method, altered, headers, sent in (
        ("GET", "/leases?limit=6", signature, body),
        ("GET", "/usage?limit=5", signature, body),
        ("DELETE", "/leases", signature, body),
        ("GET", target, signature, body + b" "),
        ("GET", target, {**signature, "Host": api_by_name(api).host}, body),
        ("GET", target, api.signature(wrong_secret, "GET", target, body), body),
    ):
        reply = api.send(method, altered, headers, sent)
        assert reply.status == 403
        assert reply.headers["x-amzn-errortype"] == "InvalidSignatureException"
        assert reply.body["message"].startswith(
            "The request signature we calculated does not match the signature you provided."
        )


def test_d32_unknown_key_is_refused(api):
    reply = api.signed(Credentials("AKIAUNKNOWNKEY000000", "x" * 40), "GET", "/leases")
    assert reply.status == 403
    assert reply.body == {"message": "The security token included in the request is invalid."}
    assert reply.headers["x-amzn-errortype"] == "UnrecognizedClientException"


def test_d33_stale_date_is_refused(api, operator, monkeypatch):
    old = datetime.now(UTC) - timedelta(minutes=6)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_a, **_k: old)
    reply = api.signed(operator, "GET", "/leases")
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"] == "InvalidSignatureException"
    assert reply.body["message"].startswith("Signature expired: ")


@pytest.mark.parametrize("scope", [{"service": "sts"}, {"region": "eu-west-1"}])
def test_d34_key_of_another_scope_is_refused(api, operator, scope):
    signature = api.signature(operator, "GET", "/leases", **scope)
    reply = api.send("GET", "/leases", signature)
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_request_signed_for_another_host_is_refused(operator, api):
    """Another API with the same keys must not be able to pass its callers' requests on."""
    elsewhere = type(api)("http://other.example/api", api.database, api.arn)
    assert api.send("GET", "/leases", elsewhere.signature(operator, "GET", "/leases")).status == 403
    signature = elsewhere.signature(operator, "GET", "/leases")
    reply = api.send("GET", "/leases", {**signature, "Host": "other.example"})
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    by_name = api_by_name(api)
    signature = by_name.signature(operator, "GET", "/leases")
    assert api.send("GET", "/leases", {**signature, "Host": by_name.host}).status == 200


def test_malformed_and_doubled_credentials_are_refused(api, jane):
    for authorization in ("AWS4-HMAC-SHA256 nonsense", "Digest x", "Basic amFuZTpq"):
        reply = api.send("GET", "/leases", {"Authorization": authorization})
        assert reply.status == 403
        assert reply.headers["x-amzn-errortype"] == "IncompleteSignatureException"
        assert reply.body["message"]
    query = "/leases?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"
    assert api.bearer(jane, "GET", query).status == 403


def test_presigned_request_gets_in(api, operator):
    request = AWSRequest("GET", f"{api.url}/leases?limit=3")
    SigV4QueryAuth(operator, "execute-api", "us-east-1").add_auth(request)
    target = request.url.removeprefix(api.url)
    assert api.send("GET", target).status == 200
    assert api.send("GET", target.replace("limit=3", "limit=4")).status == 403


def test_deleted_key_stops_within_the_bound(installation, tmp_path):
    """With `--trust server` every signature is asked about, so the bound is nothing."""
    iam = installation.server.client("iam")
    resource = f"arn:aws:execute-api:us-east-1:{installation.account_id}:dce/api/GET/leases"
    leaver = installation.server.iam_user(
        "leaver", {"Action": "execute-api:Invoke", "Resource": resource}
    )
    with installation.api(tmp_path, "--trust", "server") as api:
        assert api.signed(leaver, "GET", "/leases").status == 200
        iam.delete_access_key(UserName="leaver", AccessKeyId=leaver.access_key)
        reply = api.signed(leaver, "GET", "/leases")
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (403, "UnrecognizedClientException")


# Getting in by token


def test_bearer_where_it_is_not_configured_is_incomplete(installation, tmp_path, jane):
    with installation.api(tmp_path) as api:
        reply = api.bearer(jane, "GET", "/leases")
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (
        403,
        "IncompleteSignatureException",
    )


def test_bad_token_is_refused(api, jane):
    for token in (jane[:-3] + "AAA", "nonsense", ""):
        reply = api.bearer(token, "GET", "/leases")
        assert reply.status in {401, 403}
        assert "error" not in reply.body
    reply = api.bearer(jane[:-3] + "AAA", "GET", "/leases")
    assert (reply.status, reply.body) == (401, {"message": "Unauthorized"})
    assert 'Bearer realm="api", error="invalid_token"' in reply.headers["www-authenticate"]


def test_access_token_is_not_an_id_token(api, pool):
    pool.user("joan")
    assert api.bearer(pool.sign_in("joan")["AccessToken"], "GET", "/leases").status == 401


@pytest.mark.parametrize(("method", "path"), METHODS[:5])
def test_d14_user_reaches_no_accounts(api, jane, method, path):
    reply = api.bearer(jane, method, path, {})
    assert (reply.status, reply.body) == (403, denial("jane", api, method, path))


def test_d13_d15_d16_d17_users_see_own_leases(api, operator, jane, june):
    add_ready_account(api, operator, "100000000001")
    add_ready_account(api, operator, "100000000002")
    assert (api.bearer(jane, "GET", "/leases").status, api.bearer(jane, "GET", "/leases").body) == (
        200,
        [],
    )
    assert api.bearer(jane, "GET", "/usage").status == 200
    own = api.bearer(jane, "POST", "/leases", {"principalId": "jane"})
    other = api.bearer(june, "POST", "/leases", {"principalId": "june"})
    assert (own.status, other.status) == (201, 201)
    assert api.bearer(jane, "GET", "/leases?principalId=june").body == [own.body]
    everybody = api.signed(operator, "GET", "/leases?limit=1000").body
    assert own.body in everybody
    assert other.body in everybody
    path = f"/leases/{other.body['id']}"
    assert api.bearer(jane, "GET", path).status == 401
    assert api.bearer(jane, "DELETE", path).status == 401
    assert api.bearer(jane, "POST", f"{path}/auth").status == 404
    assert api.bearer(june, "POST", f"{path}/auth").status == 503
    for token, lease in ((jane, own.body), (june, other.body)):
        ended = api.bearer(token, "DELETE", f"/leases/{lease['id']}")
        assert (ended.status, ended.body["leaseStatusReason"]) == (200, "Destroyed")


@pytest.mark.parametrize(
    ("username", "roles", "groups", "is_admin"),
    [
        ("d5-admin", None, ("Admin",), True),
        ("d6-admins", None, ("Admins",), True),
        ("d7-contains", None, ("staff", "DCEAdmins"), True),
        ("lower-case", None, ("admins",), False),
        ("d8-role", "Admin", (), True),
        ("d9-list", "a, b , Admin ,c", (), True),
        ("d9-case", "admin,ADMIN", (), False),
        ("d10-comma", ",", (), False),
        ("d10-empty", "", (), False),
        ("d11-part", "SuperAdmin", (), False),
    ],
)
def test_who_is_an_admin(api, pool, username, roles, groups, *, is_admin):
    pool.user(username, roles=roles, groups=groups)
    token = pool.id_token(username)
    assert api.bearer(token, "GET", "/accounts").status == (200 if is_admin else 403)
    others = api.bearer(token, "DELETE", "/leases", {"accountId": "1", "principalId": "x"})
    assert others.status == (404 if is_admin else 401)


def test_d12_admin_name_moves_the_role(installation, pool, tmp_path):
    pool.user("ops", roles="Ops")
    pool.user("formerly", roles="Admin")
    settings = installation.bearer_settings()
    with installation.api(tmp_path, "--admin-name", "Ops", **settings) as api:
        assert api.bearer(pool.id_token("ops"), "GET", "/accounts").status == 200
        assert api.bearer(pool.id_token("formerly"), "GET", "/accounts").status == 403


def test_d36_group_counts_from_the_next_token(api, pool, server):
    pool.user("climber", groups=("Admins",))
    cognito = server.client("cognito-idp")
    assert api.bearer(pool.id_token("climber"), "GET", "/accounts").status == 200
    cognito.admin_remove_user_from_group(
        UserPoolId=pool.pool_id, Username="climber", GroupName="Admins"
    )
    assert api.bearer(pool.id_token("climber"), "GET", "/accounts").status == 403


# The door


@pytest.mark.parametrize(
    "path", ["/accounts", "/accounts/1", "/leases", "/leases/x/auth", "/usage"]
)
def test_d58_preflight_is_open(api, path: str):
    reply = api.send("OPTIONS", path, {"Origin": "https://app.example"})
    assert (reply.status, reply.body) == (200, {})
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-methods"] == "*"
    assert reply.headers["access-control-allow-headers"] == (
        "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"
    )


def test_d52_link_header_can_be_followed(api, operator):
    for number in range(3):
        body = {
            "id": f"20000000000{number}",
            "adminRoleArn": f"arn:aws:iam::20000000000{number}:role/Admin",
        }
        assert api.signed(operator, "POST", "/accounts", body).status == 201
    found: list[Any] = []
    target: str | None = "/accounts?limit=2"
    while target is not None:
        reply = api.signed(operator, "GET", target)
        found += [account["id"] for account in reply.body]
        link = reply.headers.get("link")
        target = link and link[1:].partition(">")[0].removeprefix(api.url)
        assert link is None or link.endswith('>; rel="next"')
    assert found == sorted(found)
    assert {"200000000000", "200000000001", "200000000002"} <= set(found)


def test_long_body_is_refused_before_it_is_read(api, operator):
    with contextlib.suppress(ConnectionError):
        reply = api.send("POST", "/leases", body=b" " * (2 * 1024 * 1024))
        assert (reply.status, reply.body) == (413, {"message": "Request Too Long"})
    assert api.signed(operator, "GET", "/leases").status == 200


def test_hostile_bodies_are_client_errors(api, operator):
    for body in (b"\xff", b"[" * 50_000, b'{"principalId": "\\ud800"}', b"null"):
        signature = api.signature(operator, "POST", "/leases", body)
        reply = api.send("POST", "/leases", signature, body)
        assert (reply.status, reply.body["error"]["code"]) == (400, "ClientError")
    target = "/leases?" + "&".join(f"a{number}=" for number in range(101))
    assert api.signed(operator, "GET", target).status == 400


def test_base_path_can_be_chosen(installation, tmp_path, operator):
    with installation.api(tmp_path, "--base-path", "/v1/dce") as api:
        assert api.url.endswith("/v1/dce")
        assert api.signed(operator, "GET", "/leases").status == 200
        outside = api.url.removesuffix("/v1/dce")
        assert (
            type(api)(outside + "/api", api.database, api.arn).send("GET", "/leases").status == 403
        )


SIGNED = ("--poolgate-url", "http://127.0.0.1:1", "--access-key-id", "A")


def test_settings_without_a_guard_do_not_start(tmp_path: Path):
    database = str(tmp_path / "dce.sqlite3")
    for flags, text, secret_access_key in (
        ([], "an API needs a guard", ""),
        (SIGNED, "DCE_SECRET_ACCESS_KEY", ""),
        (["--bearer-issuer", "http://127.0.0.1:1/p"], "--bearer-client-id", ""),
        (["--host", "::", *SIGNED], "needs --public-url", "x"),
        (
            [
                "--bearer-issuer",
                "http://127.0.0.1:1/p",
                "--bearer-client-id",
                "c",
                "--admin-name",
                "a,b",
            ],
            "admin_attribute",
            "",
        ),
    ):
        finished = subprocess.run(
            [sys.executable, "-m", "poolgate_dce", "serve", "--database", database, *flags],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DCE_SECRET_ACCESS_KEY": secret_access_key},
        )
        assert finished.returncode == 1
        assert text in finished.stderr


def run_command(database: Path, *arguments: str, given: str = "") -> str:
    return subprocess.run(
        [sys.executable, "-m", "poolgate_dce", *arguments, "--database", str(database)],
        check=True,
        capture_output=True,
        text=True,
        input=given,
    ).stdout


def test_operator_keeps_usage_beside_the_server(api, jane, operator):
    today = int(time.time())
    record = {"startDate": today, "accountId": "1", "costAmount": 2.5}
    add = json.dumps({**record, "principalId": "jane"})
    assert run_command(api.database, "usage", "add", add) == "1 usage records kept\n"
    lines = "".join(
        json.dumps({**record, "principalId": name, "accountId": "2"}) + "\n"
        for name in ("jane", "joan")
    )
    assert run_command(api.database, "usage", "import", "-", given=lines) == (
        "2 usage records kept\n"
    )
    own = api.bearer(jane, "GET", "/usage").body
    assert [(u["accountId"], u["costAmount"]) for u in own] == [("1", 2.5), ("2", 2.5)]
    everybody = api.signed(operator, "GET", "/usage").body
    assert "joan" in {u["principalId"] for u in everybody}


def test_broken_line_of_an_import_keeps_nothing(tmp_path: Path):
    database = tmp_path / "dce.sqlite3"
    good = '{"startDate": 1, "principalId": "p", "accountId": "1", "costAmount": 1}'
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run_command(database, "usage", "import", "-", given=f"{good}\nnonsense\n")
    assert failed.value.stderr == "invalid request parameters\n"
    assert run_command(database, "review") == ""
