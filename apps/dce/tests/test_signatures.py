"""Getting in by signature, in front of a real Poolgate; the numbers are the checklist's."""

from datetime import UTC, datetime, timedelta

import botocore.auth
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dce_api import METHODS, api_by_name, denial

MISSING = {"message": "Missing Authentication Token"}


@pytest.fixture(scope="module")
def limited(installation) -> Credentials:
    """An IAM user with the plain users' policy."""
    prefix = f"arn:aws:execute-api:us-east-1:{installation.account_id}:dce/api"
    paths = ("GET/usage", "GET/leases", "GET/leases/*", "POST/leases", "POST/leases/*")
    return installation.server.iam_user(
        "limited",
        {"Action": "execute-api:Invoke", "Resource": [f"{prefix}/{path}" for path in paths]},
    )


@pytest.fixture(scope="module")
def stranger(installation) -> Credentials:
    """An IAM user without any policy."""
    return installation.server.iam_user("stranger", None)


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
