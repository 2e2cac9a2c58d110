"""The examples of docs/guard.md, run in their order against a real Poolgate."""

import io
import re
from pathlib import Path

import pytest
from kits.guard_world import basic_header
from kits.serving import PASSWORD, make_pool, make_user
from starlette.testclient import TestClient

from poolgate import guard as public
from poolgate.guard import OutboundAnswer, RefusalCode

GUIDE = Path(__file__).parents[2] / "docs" / "guard.md"


@pytest.fixture
def example(poolgate):
    """What the guide's examples define, the guard's own calls led to a real Poolgate."""
    idp = poolgate.client("cognito-idp")
    pool = make_pool(idp, "people")
    make_user(idp, pool, "alice")

    def fetch(asked):
        path = "/" + asked.url.partition("://")[2].partition("/")[2]
        answer = poolgate.send(asked.method, path, headers=dict(asked.headers), body=asked.body)
        return OutboundAnswer(answer.status, answer.body)

    async def fetch_async(asked):
        return fetch(asked)

    def led_guard(*methods, **settings):
        return public.Guard(
            *methods,
            **settings,
            clock=poolgate.clock,
            fetch=fetch,
            fetch_async=fetch_async,
            plain_http_hosts=["poolgate.test"],
        )

    names = {
        "POOLGATE_URL": poolgate.url,
        "POOL_ISSUER": f"{poolgate.url}/{pool.pool_id}",
        "CLIENT_ID": pool.client_id,
        "GUARD_ACCESS_KEY_ID": poolgate.root_credentials.access_key_id,
        "GUARD_SECRET_ACCESS_KEY": poolgate.root_credentials.secret_access_key,
        "led_guard": led_guard,
    }
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        code = re.sub(r"(?<!\w)Guard\(", "led_guard(", block)
        exec(compile(code, str(GUIDE), "exec"), names)  # noqa: S102 - the guide's own code
    tokens = idp.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
    )
    names["bearer"] = f"Bearer {tokens['AuthenticationResult']['AccessToken']}"
    return names


def test_the_fastapi_example_answers_as_it_says(example):
    client = TestClient(example["api"], base_url="https://api.example.com")
    signed_in = {"Authorization": example["bearer"]}
    assert client.get("/me", headers=signed_in).json()["admin"] is False
    by_password = {"Authorization": basic_header("alice", PASSWORD)}
    assert client.get("/me", headers=by_password).status_code == 200
    refused = client.get("/me")
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "credentials_missing"
    forbidden = client.post("/things", headers=signed_in, json={})
    assert forbidden.status_code == 403
    assert forbidden.json()["error"]["code"] == "permission_denied"
    assert client.get("/health").status_code == 404


def test_the_wsgi_example_answers_as_it_says(example):
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
    }
    told = []
    guarded = example["guarded"]
    assert guarded(
        environ | {"HTTP_AUTHORIZATION": example["bearer"]}, lambda *line: told.append(line[0])
    ) == [b"alice"]
    guarded(environ, lambda *line: told.append(line[0]))
    assert told == ["200 OK", "401 Unauthorized"]


def test_the_plain_examples_do_what_they_say(example):
    assert example["answer"][:2] == (401, "token_invalid")
    caller = public.Caller(kind="bearer", id="1", username="ada", claims={"custom:team": "red"})
    assert example["paint"](caller, "walls") == "ada paints walls"
    with pytest.raises(public.Forbidden):
        example["paint"](public.Caller(kind="bearer", id="1"), "walls")
    reader = public.Caller(kind="bearer", id="1", claims={"cognito:groups": ("Readers",)})
    assert example["may_read"](reader, {"owner": "1"})
    assert not example["may_read"](reader, {"owner": "2"})
    assert not example["may_read"](caller, {"owner": "1"})


def test_every_code_and_public_name_is_in_the_guide():
    guide = GUIDE.read_text()
    missing = [code.value for code in RefusalCode if f"`{code.value}`" not in guide]
    internal = {"OutboundAnswer", "OutboundFailed", "OutboundRequest", "render_json"}
    missing += [name for name in public.__all__ if name not in guide and name not in internal]
    assert missing == []
