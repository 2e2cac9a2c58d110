"""The guard in front of real frameworks: Starlette, FastAPI, plain ASGI, Flask-like WSGI."""

import asyncio
import io
import json
from wsgiref.validate import validator

import pytest
from fastapi import Depends, FastAPI
from kits.guard_world import (
    ACCOUNT,
    ALICE_SUB,
    HOST,
    World,
    access_token,
    basic_passwords,
    bearer_tokens,
    signed_requests,
)
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from poolgate.guard import (
    Caller,
    Forbidden,
    GuardMiddleware,
    GuardWsgiMiddleware,
    Permission,
    RefusalCode,
    RenderedRefusal,
)

USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/deployer"
BASE = f"https://{HOST}"


@pytest.fixture
def world():
    return World(bearer_tokens(), basic_passwords(), signed_requests())


async def tell(request):
    caller = request.scope["poolgate.caller"]
    body = await request.body()
    return JSONResponse(
        {"id": caller.id, "kind": caller.kind, "body": body.decode(), "path": request.url.path}
    )


async def forbid(_request):
    raise Forbidden(RefusalCode.PERMISSION_DENIED, "not this one")


async def fail_late(_request):
    async def body():
        yield b"half"
        raise Forbidden(RefusalCode.PERMISSION_DENIED, "too late")

    return StreamingResponse(body())


async def echo(websocket):
    await websocket.accept()
    await websocket.send_json({"id": websocket.scope["poolgate.caller"].id})
    await websocket.close()


def starlette_client(world, **settings):
    app = Starlette(
        routes=[
            Route("/forbidden", forbid),
            Route("/late", fail_late),
            WebSocketRoute("/socket", echo),
            Route("/{path:path}", tell, methods=["GET", "POST"]),
        ]
    )
    app.add_middleware(GuardMiddleware, guard=world.guard, **settings)
    return TestClient(app, base_url=BASE)


def bearer(world, **claims):
    return {"Authorization": f"Bearer {access_token(world.clock, **claims)}"}


def send_signed(client, sent):
    url = BASE + sent.path + (f"?{sent.query}" if sent.query else "")
    return client.request(sent.method, url, headers=list(sent.headers), content=sent.body or None)


def test_starlette_gets_the_caller(world):
    client = starlette_client(world)
    assert client.get("/leases", headers=bearer(world)).json()["id"] == ALICE_SUB


def test_nobody_gets_through_by_default(world):
    answer = starlette_client(world).get("/leases")
    assert answer.status_code == 401
    assert answer.json() == {"code": "credentials_missing", "message": "Not authenticated"}
    assert answer.headers.get_list("www-authenticate") == [
        'Bearer realm="api"',
        'Basic realm="api", charset="UTF-8"',
        'AWS4-HMAC-SHA256 realm="api", region="us-east-1", service="execute-api"',
    ]
    assert answer.headers["cache-control"] == "no-store"


def test_the_api_may_decide_about_anonymous_callers(world):
    client = starlette_client(world, permission=Permission.anonymous())
    assert client.get("/leases").json()["kind"] == "anonymous"
    assert client.get("/leases", headers={"Authorization": "Bearer x"}).status_code == 401


def test_the_permission_may_follow_from_the_request(world):
    def by_path(request):
        is_open = request.plain_path().startswith("/health/")
        return Permission.anonymous() if is_open else Permission.with_group("x")

    client = starlette_client(world, permission=by_path)
    assert client.get("/health/live").status_code == 200
    for path in ("/health/%2e%2e/leases", "/health/%2Fleases", "/health/a%23b"):
        assert client.get(path, headers=bearer(world)).status_code == 403
    assert client.get("/leases").status_code == 401
    assert client.get("/leases", headers=bearer(world)).status_code == 403
    groups = {"cognito:groups": ["x"]}
    assert client.get("/leases", headers=bearer(world, **groups)).status_code == 200


def test_the_api_writes_its_own_bodies(world):
    def render(refusal):
        body = json.dumps({"error": {"code": refusal.code, "message": refusal.message}})
        status = 403 if refusal.code == "credentials_missing" else refusal.status
        return RenderedRefusal(status, body.encode(), headers=(("x-own", "1"),))

    client = starlette_client(world, render=render)
    answer = client.get("/leases")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "credentials_missing"
    assert answer.headers["x-own"] == "1"
    assert client.get("/forbidden", headers=bearer(world)).json()["error"] == {
        "code": "permission_denied",
        "message": "not this one",
    }


def test_a_refusal_after_the_answer_began_is_not_hidden(world):
    with pytest.raises(Forbidden):
        starlette_client(world).get("/late", headers=bearer(world))


def test_a_client_cannot_bring_its_own_caller(world):
    client = starlette_client(world, permission=Permission.anonymous())
    headers = {"poolgate.caller": "root", "Poolgate-Caller": "root", "poolgate_caller": "root"}
    assert client.get("/leases", headers=headers).json()["kind"] == "anonymous"


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/leases", "", b""),
        ("GET", "/a%20b/%C3%BC", "x=1&x=2&y=", b""),
        ("GET", "/a%2Fb", "q=%2F+%20", b""),
        ("POST", "/leases", "", b'{"principalId": "alice"}'),
        ("POST", "/leases", "", b"x" * 100_000),
    ],
)
def test_signed_requests_pass_through_asgi_whole(world, method, path, query, body):
    key = world.access_key()
    client = starlette_client(world)
    sent = world.signed(key, method=method, path=path, query=query, body=body)
    answer = send_signed(client, sent)
    assert answer.status_code == 200
    assert answer.json()["id"] == USER_ARN
    assert answer.json()["body"] == body.decode()


def test_a_changed_body_does_not_pass(world):
    sent = world.signed(world.access_key(), method="POST", body=b"one")
    client = starlette_client(world)
    answer = client.post("/leases", headers=list(sent.headers), content=b"two")
    assert answer.status_code == 401
    assert answer.json()["code"] == "signature_invalid"


def test_a_presigned_url_passes_through_asgi(world):
    sent = world.presigned(world.access_key(), path="/leases/1", query="a=1")
    assert send_signed(starlette_client(world), sent).status_code == 200


def test_a_body_above_the_limit_is_not_read_to_its_end(world):
    client = starlette_client(world, max_body_bytes=1000)
    sent = world.signed(world.access_key(), method="POST", body=b"x" * 1001)
    assert send_signed(client, sent).status_code == 413

    def chunks():
        yield b"x" * 600
        yield b"x" * 600

    answer = client.post("/leases", headers=list(sent.headers), content=chunks())
    assert answer.status_code == 413
    # The limit is the signature's: other proofs do not need the body.
    answer = client.post("/leases", headers=bearer(world), content=b"x" * 5000)
    assert len(answer.json()["body"]) == 5000


def test_an_unsigned_payload_may_be_of_any_size(world):
    world.guarded_by(signed_requests(allow_unsigned_payload=True))
    client = starlette_client(world, max_body_bytes=1000)
    unsigned = (("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),)
    sent = world.signed(world.access_key(), method="POST", extra=unsigned, body=b"x" * 5000)
    assert len(send_signed(client, sent).json()["body"]) == 5000


def test_websockets_are_guarded_before_they_open(world):
    client = starlette_client(world)
    with client.websocket_connect("/socket", headers=bearer(world)) as socket:
        assert socket.receive_json() == {"id": ALICE_SUB}
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/socket"):
        pass
    assert getattr(caught.value, "status_code", None) == 401 or caught.value.code == 1008


def asgi(world, scope, events=(), app=None, **settings):
    """Run the middleware by hand and return what it sent."""
    sent = []

    async def default_app(scope, _receive, send):
        body = (scope["poolgate.caller"].id or "-").encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    pending = list(events)

    async def receive():
        return pending.pop(0) if pending else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    middleware = GuardMiddleware(app or default_app, world.guard, **settings)
    asyncio.run(middleware(scope, receive, send))
    return sent


def http_scope(sent, **changes):
    return {
        "type": "http",
        "method": sent.method,
        "path": "/leases",
        "raw_path": b"/leases",
        "query_string": b"",
        "scheme": "https",
        "client": ("203.0.113.9", 5),
        "headers": [(n.lower().encode(), v.encode()) for n, v in sent.headers],
    } | changes


def test_a_signature_counts_for_the_path_that_the_application_sees(world):
    sent = world.signed(world.access_key(), path="/leases")
    assert asgi(world, http_scope(sent))[0]["status"] == 200
    assert asgi(world, http_scope(sent, raw_path=None))[0]["status"] == 200
    # A server or middleware between that shows the application another path.
    assert asgi(world, http_scope(sent, path="/accounts"))[0]["status"] == 401


def test_without_a_peer_address_a_request_is_not_local(world):
    scope = http_scope(world.signed(world.access_key()), client=None)
    assert asgi(world, scope)[1]["body"] == USER_ARN.encode()


def test_a_client_that_leaves_while_sending_gets_nothing_done(world):
    sent = world.signed(world.access_key(), method="POST", body=b"whole")
    events = [{"type": "http.request", "body": b"who", "more_body": True}]
    assert asgi(world, http_scope(sent), events)[0]["status"] == 401


def test_other_scopes_pass_and_shutdown_closes_the_guard(world):
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope["type"])

    assert asgi(world, {"type": "lifespan"}, app=app) == []
    assert seen == ["lifespan"]


def test_dependencies_and_throttling_are_told_with_when_to_come_back(world):
    world.network.is_down = True
    answer = starlette_client(world).get("/leases", headers=bearer(world))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert "www-authenticate" not in answer.headers


def fastapi_client(world, *, with_middleware=False):
    app = FastAPI()

    @app.get("/me")
    async def me(caller: Caller = Depends(world.guard.dependency(Permission.authenticated()))):  # noqa: B008, FAST002 - FastAPI's way
        return caller.claims_for_json() | {"id": caller.id}

    @app.post("/items")
    async def add(
        item: dict,
        caller: Caller = Depends(world.guard.dependency(Permission.with_scope("s/write"))),  # noqa: B008, FAST002 - FastAPI's way
    ):
        return {"id": caller.id} | item

    @app.post("/signed")
    async def signed(
        item: dict,
        caller: Caller = Depends(world.guard.dependency(Permission.authenticated())),  # noqa: B008, FAST002 - FastAPI's way
    ):
        return {"id": caller.id} | item

    if with_middleware:
        app.add_middleware(GuardMiddleware, guard=world.guard, permission=Permission.anonymous())
    return TestClient(app, base_url=BASE)


@pytest.mark.parametrize("with_middleware", [False, True])
def test_fastapi_gets_the_caller_as_a_dependency(world, with_middleware):
    client = fastapi_client(world, with_middleware=with_middleware)
    assert client.get("/me", headers=bearer(world)).json()["id"] == ALICE_SUB
    refused = client.get("/me")
    assert refused.status_code == 401
    told = {"code": "credentials_missing", "message": "Not authenticated"}
    assert refused.json() == (told if with_middleware else {"detail": "Not authenticated"})
    assert refused.headers["www-authenticate"].startswith('Bearer realm="api"')
    assert client.get("/me", headers={"Authorization": "Bearer x"}).status_code == 401
    lacking = client.post("/items", headers=bearer(world), json={})
    assert lacking.status_code == 403
    assert 'error="insufficient_scope"' in lacking.headers["www-authenticate"]
    allowed = client.post("/items", headers=bearer(world, scope="s/write"), json={"a": 1})
    assert allowed.json() == {"id": ALICE_SUB, "a": 1}


@pytest.mark.parametrize("with_middleware", [False, True])
def test_fastapi_verifies_signed_bodies(world, with_middleware):
    client = fastapi_client(world, with_middleware=with_middleware)
    typed = (("Content-Type", "application/json"),)
    sent = world.signed(
        world.access_key(), method="POST", path="/signed", body=b'{"a": 1}', extra=typed
    )
    assert send_signed(client, sent).json() == {"id": USER_ARN, "a": 1}
    changed = client.post("/signed", headers=list(sent.headers), content=b'{"a": 2}')
    assert changed.status_code == 401


def test_another_guards_caller_is_not_taken_over(world):
    stricter = World(bearer_tokens(client_ids=["only-this"]))
    app = FastAPI()

    @app.get("/me")
    async def me(caller: Caller = Depends(stricter.guard.dependency(Permission.authenticated()))):  # noqa: B008, FAST002 - FastAPI's way
        return {"id": caller.id}

    app.add_middleware(GuardMiddleware, guard=world.guard)
    client = TestClient(app, base_url=BASE)
    assert client.get("/me", headers=bearer(world)).status_code == 401


def wsgi_environ(sent, **changes):
    environ = {
        "REQUEST_METHOD": sent.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/leases",
        "QUERY_STRING": sent.query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(sent.body or b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(sent.body or b"")),
    }
    for name, value in sent.headers:
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ | changes


def call_wsgi(world, environ, app=None, **settings):
    def default_app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return [(environ["poolgate.caller"].id or "-").encode() + b" " + body]

    answered = {}

    def start_response(status, headers, _error=None):
        answered["status"] = int(status.split()[0])
        answered["headers"] = headers
        return lambda _data: None

    middleware = GuardWsgiMiddleware(app or default_app, world.guard, **settings)
    checked = validator(middleware) if app is None else middleware
    chunks = checked(environ, start_response)
    answered["body"] = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return answered


def test_wsgi_gets_the_caller(world):
    sent = world.signed(world.access_key(), method="POST", body=b"hello")
    answered = call_wsgi(world, wsgi_environ(sent))
    assert answered["status"] == 200
    assert answered["body"] == USER_ARN.encode() + b" hello"


def test_wsgi_refuses_with_the_challenges(world):
    plain = world.signed(world.access_key())
    environ = {
        name: value for name, value in wsgi_environ(plain).items() if name != "HTTP_AUTHORIZATION"
    }
    answered = call_wsgi(world, environ)
    assert answered["status"] == 401
    challenges = [value for name, value in answered["headers"] if name == "www-authenticate"]
    assert len(challenges) == 3
    public = call_wsgi(world, environ, permission=Permission.anonymous())
    assert public["body"].startswith(b"- ")


@pytest.mark.parametrize("variable", ["REQUEST_URI", "RAW_URI"])
def test_wsgi_takes_the_raw_path_where_the_server_gives_it(world, variable):
    sent = world.signed(world.access_key(), path="/a%2Fb%20c", query="x=1")
    decoded = {"PATH_INFO": "/a/b c"}
    with_raw = wsgi_environ(sent, **decoded, **{variable: "/a%2Fb%20c?x=1"})
    assert call_wsgi(world, with_raw)["status"] == 200
    absolute = wsgi_environ(sent, **decoded, **{variable: "https://h/a%2Fb%20c?x=1"})
    assert call_wsgi(world, absolute)["status"] == 200
    # Encoded again, the path is another one: refused rather than guessed.
    assert call_wsgi(world, wsgi_environ(sent, **decoded))["status"] == 401
    lying = wsgi_environ(sent, PATH_INFO="/accounts", **{variable: "/a%2Fb%20c?x=1"})
    assert call_wsgi(world, lying)["status"] == 401


def test_wsgi_encodes_usual_paths_as_clients_do(world):
    sent = world.signed(world.access_key(), path="/l%20x/%C3%BC")
    latin = "/l x/ü".encode().decode("latin-1")
    assert call_wsgi(world, wsgi_environ(sent, PATH_INFO=latin))["status"] == 200
    mounted = wsgi_environ(sent, SCRIPT_NAME="/l x", PATH_INFO=latin[4:])
    assert call_wsgi(world, mounted)["status"] == 200


def test_wsgi_bodies_are_bounded(world):
    sent = world.signed(world.access_key(), method="POST", body=b"x" * 1001)
    assert call_wsgi(world, wsgi_environ(sent), max_body_bytes=1000)["status"] == 413
    chunked = wsgi_environ(sent, **{"wsgi.input_terminated": True, "CONTENT_LENGTH": ""})
    assert call_wsgi(world, chunked, _app(), max_body_bytes=1000)["status"] == 413
    chunked = wsgi_environ(sent, **{"wsgi.input_terminated": True, "CONTENT_LENGTH": ""})
    assert call_wsgi(world, chunked, _app(), max_body_bytes=2000)["status"] == 200


def _app():
    def app(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    return app


def test_wsgi_renders_what_the_application_refuses(world):
    def app(_environ, _start_response):
        raise Forbidden(RefusalCode.PERMISSION_DENIED, "not this one")

    sent = world.signed(world.access_key())
    answered = call_wsgi(world, wsgi_environ(sent), app)
    assert (answered["status"], json.loads(answered["body"])["message"]) == (403, "not this one")


def test_joined_headers_of_wsgi_servers_do_not_hide_a_second_credential(world):
    token = access_token(world.clock)
    sent = world.signed(world.access_key())
    for joined in (f"Bearer {token},Bearer {token}", f"Bearer {token}, Basic eDp5"):
        environ = wsgi_environ(sent, HTTP_AUTHORIZATION=joined)
        assert call_wsgi(world, environ)["status"] == 401
    signed = dict(sent.headers)["Authorization"]
    for joined in (f"{signed},Bearer {token}", f"{signed}, {signed}"):
        assert call_wsgi(world, wsgi_environ(sent, HTTP_AUTHORIZATION=joined))["status"] == 401
