"""`poolgate call`, as people use curl and gh: against guards of a real server, and an echo."""

import contextlib
import http.server
import json
import re
import threading
import wsgiref.simple_server
from dataclasses import dataclass, field

import pytest
from kits.identity_chain import trust_in
from kits.keychain import make_role
from kits.oauth import claims_of
from kits.serving import PASSWORD
from kits.terminal import Terminal, signs_in, visits

from poolgate.foundation.clock import SystemClock
from poolgate.foundation.secret import Secret
from poolgate.guard import BearerTokens, Guard, GuardWsgiMiddleware
from poolgate.sigv4.proofs import parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key


@dataclass
class Echo:
    """An API that answers what it was sent."""

    url: str = ""
    seen: list[dict] = field(default_factory=list)

    @property
    def last(self) -> dict:
        return self.seen[-1]

    def parts(self) -> RequestParts:
        path, _, query = self.last["target"].partition("?")
        return RequestParts(
            self.last["method"],
            path,
            query,
            tuple(self.last["headers"]),
            self.last["body"].encode("latin-1"),
        )

    def header(self, name: str) -> str | None:
        found = [value for each, value in self.last["headers"] if each.lower() == name]
        assert len(found) <= 1
        return found[0] if found else None


@contextlib.contextmanager
def echoing():
    echo = Echo()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            echo.seen.append(
                {
                    "method": self.command,
                    "target": self.path,
                    "headers": list(self.headers.items()),
                    "body": body.decode("latin-1"),
                }
            )
            status = (
                int(self.path.rpartition("/status/")[2] or 200) if "/status/" in self.path else 200
            )
            told = json.dumps(echo.last).encode()
            self.send_response_only(status)
            self.send_header("X-Answer", "echo")
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    echo.url = f"http://127.0.0.1:{server.server_port}"
    yield echo
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def api():
    with echoing() as echo:
        yield echo


@pytest.fixture
def terminal(tmp_path, pool):
    return Terminal(tmp_path).signed_in(pool)


@contextlib.contextmanager
def guarded(pool):
    """Run an API behind a guard that knows the pool's issuer and nothing else."""

    def hello(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"hello {environ['poolgate.caller'].username}".encode()]

    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    guard = Guard(BearerTokens(issuer=pool.issuer, client_ids=[pool.client_id]))
    server = wsgiref.simple_server.make_server(
        "127.0.0.1", 0, GuardWsgiMiddleware(hello, guard), handler_class=Quiet
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hello"
    server.shutdown()
    server.server_close()
    guard.close()


def test_after_signing_in_a_guarded_api_is_called(tmp_path, pool):
    fresh = Terminal(tmp_path)
    with guarded(pool) as url:
        assert fresh.run("call", "GET", url).exit_code == 1
        with fresh.begins(*fresh.login_flags(pool), "--no-browser") as login:
            assert visits(signs_in(pool, login.address)).status == 200
            assert login.finished().exit_code == 0
        called = fresh.run("call", "GET", url)
        refused = fresh.run("call", "GET", url, "-H", "Authorization: Bearer nonsense")
    assert (called.exit_code, called.output, called.told) == (0, "hello alice", "")
    assert (refused.exit_code, refused.told) == (1, "poolgate: HTTP 401\n")


def test_signed_calls_take_the_keys_of_the_sign_ins_identity_pool(terminal, pool, api):
    identity, iam = pool.served.client("cognito-identity"), pool.served.client("iam")
    provider = f"cognito-idp.us-east-1.amazonaws.com/{pool.pool_id}"
    pool_id = identity.create_identity_pool(
        IdentityPoolName="people",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": pool.client_id}],
    )["IdentityPoolId"]
    role_arn = make_role(iam, "caller", trust_in(pool_id))
    identity.set_identity_pool_roles(IdentityPoolId=pool_id, Roles={"authenticated": role_arn})
    login = terminal.run(
        "login", "--password", "--identity-pool-id", pool_id, typed=f"{PASSWORD}\n"
    )
    assert login.exit_code == 0, login.told
    assert terminal.run("call", "GET", api.url, "--sign").exit_code == 0
    (proof,) = re.findall(r"Credential=(\S+),", api.header("authorization"))
    assert re.fullmatch(r"ASIA\w{16}/\d{8}/us-east-1/execute-api/aws4_request", proof)
    keys = terminal.run("credentials").json
    assert proof.startswith(keys["AccessKeyId"])
    assert api.header("x-amz-security-token") == keys["SessionToken"]


def test_the_access_token_goes_along_or_the_id_token(terminal, api):
    assert terminal.run("call", "get", f"{api.url}/things?a=b%20c").exit_code == 0
    assert (api.last["method"], api.last["target"]) == ("GET", "/things?a=b%20c")
    kind, _, token = api.header("authorization").partition(" ")
    assert (kind, claims_of(token)["token_use"]) == ("Bearer", "access")
    terminal.run("call", "GET", api.url, "--id")
    assert claims_of(api.header("authorization").partition(" ")[2])["token_use"] == "id"


def test_bodies_and_headers_are_given_as_to_curl(terminal, api, tmp_path):
    terminal.run("call", "POST", api.url, "-d", "a=b")
    assert (api.last["body"], api.header("content-type")) == (
        "a=b",
        "application/x-www-form-urlencoded",
    )
    terminal.run("call", "POST", api.url, "--json", '{"a": 1}')
    assert (api.last["body"], api.header("content-type")) == ('{"a": 1}', "application/json")
    assert api.header("accept") == "application/json"
    (tmp_path / "body").write_bytes(b"\x00\xff")
    terminal.run("call", "PUT", api.url, "-d", f"@{tmp_path / 'body'}", "-H", "content-type: x/y")
    assert (api.last["body"], api.header("content-type")) == ("\x00\xff", "x/y")
    terminal.run("call", "PATCH", api.url, "-d", "@-", typed="typed")
    assert api.last["body"] == "typed"
    terminal.run("call", "DELETE", api.url, "-H", "Authorization: Basic abc")
    assert api.header("authorization") == "Basic abc"
    absent = terminal.run("call", "PUT", api.url, "-d", "@/nowhere")
    assert absent.told == "poolgate: /nowhere cannot be read: No such file or directory\n"
    assert "is no header" in terminal.run("call", "GET", api.url, "-H", "nonsense").told


def test_a_refusal_is_printed_and_told(terminal, api):
    finished = terminal.run("call", "GET", f"{api.url}/status/403")
    assert (finished.exit_code, finished.told) == (1, "poolgate: HTTP 403\n")
    assert finished.json["target"] == "/status/403"


def test_a_redirect_is_not_followed(terminal, api):
    finished = terminal.run("call", "GET", f"{api.url}/status/302", "-i")
    assert finished.exit_code == 0
    assert finished.output.startswith("HTTP 302 Found\nx-answer: echo\n")
    assert api.last["target"] == "/status/302"


def test_signed_calls_take_the_keys_of_aws(terminal, api, pool):
    unsigned = terminal.run("call", "GET", api.url, "--sign")
    assert (unsigned.exit_code, "no AWS keys" in unsigned.told) == (1, True)
    terminal.more |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    url = f"{api.url}/a%20b/c?x=1&y=%2F"
    finished = terminal.run(
        "call", "POST", url, "--json", "{}", "--sign", "--region", "eu-west-1", "-H", "X-Amz-Y: z"
    )
    assert finished.exit_code == 0, finished.told
    proof = parse_proof(
        api.parts(), now=SystemClock().now(), skew_seconds=60, service="execute-api"
    )
    key = derive_signing_key(Secret("secret"), proof.date, "eu-west-1", "execute-api")
    verify_signature(api.parts(), proof, key)
    assert {"host", "x-amz-y", "content-type"} <= set(proof.signed_headers)
    assert "secret" not in finished.output + finished.told
    root = pool.served.environment()
    terminal.more |= {name: root[name] for name in root if name.startswith("AWS_")}
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    answered = terminal.run(
        "call", "POST", pool.served.url, "-d", body, "--sign", "--service", "sts"
    )
    assert (answered.exit_code, ":root</Arn>" in answered.output) == (0, True), answered.output


@pytest.mark.parametrize(
    "url", ["http://api.example/", "ftp://x", "nonsense", "http://u:p@127.0.0.1/", "http://["]
)
def test_the_token_goes_to_no_unsafe_address(terminal, url):
    finished = terminal.run("call", "GET", url)
    assert finished.exit_code == 1
    assert finished.told.startswith("poolgate: ")
    assert "Traceback" not in finished.told


def test_an_api_that_is_down_is_told(terminal):
    finished = terminal.run("call", "GET", "http://127.0.0.1:9/")
    assert (finished.exit_code, finished.told) == (
        1,
        "poolgate: 127.0.0.1 does not answer (ConnectError)\n",
    )
