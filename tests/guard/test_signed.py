"""A2 to A8 of the security lines at the guard, the derived-key scheme and the IAM check."""

import json
from dataclasses import replace

import pytest
from kits.guard_world import (
    ACCOUNT,
    HOST,
    SERVER,
    World,
    request,
    role_session,
    signed_requests,
    user_principal,
)

from poolgate.foundation.secret import Secret
from poolgate.guard import (
    DependencyUnavailable,
    Forbidden,
    GuardMisconfigured,
    OutboundAnswer,
    OutboundRequest,
    Roles,
    Throttled,
    Unauthenticated,
)
from poolgate.guard.refusals import RequestTooLarge
from poolgate.sigv4.proofs import parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key

USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/deployer"
INVOKE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:leasesapi/api"


@pytest.fixture
def world():
    return World(signed_requests())


def refused(world, sent):
    with pytest.raises(Unauthenticated) as caught:
        world.guard.authenticate(sent)
    return caught.value


def test_a_signed_request_tells_its_principal(world):
    caller = world.guard.authenticate(world.signed(world.access_key()))
    assert (caller.kind, caller.id, caller.username) == ("signed", USER_ARN, "deployer")
    assert caller.principal.arn == USER_ARN
    assert dict(caller.claims) == {}
    assert caller.roles == {"user"}


def test_a_presigned_request_is_accepted_until_it_ends(world):
    sent = world.presigned(world.access_key(), expires_seconds=600, query="a=b&a=")
    assert world.guard.authenticate(sent).id == USER_ARN
    world.clock.advance(600)
    assert world.guard.authenticate(sent).id == USER_ARN
    world.clock.advance(1)
    assert refused(world, sent).facts["fault"] == "SignatureMismatch"


def test_a_presigned_request_of_days_ago_is_refused_without_asking(world):
    sent = world.presigned(world.access_key(), expires_seconds=604_800)
    world.clock.advance(86_400)
    assert world.guard.authenticate(sent).id == USER_ARN
    world.clock.advance(86_400)
    assert "Signature expired" in refused(world, sent).message
    assert world.network.asked["signing_key"] == 1


def test_the_server_is_asked_once_for_a_key_and_by_a_signed_request(world):
    key = world.access_key()
    for path in ("/a", "/b", "/c"):
        world.guard.authenticate(world.signed(key, path=path))
    assert world.network.asked["signing_key"] == 1
    asked = world.network.last["signing_key"]
    assert asked.url == f"{SERVER}/_poolgate/guard/signing-key"
    assert json.loads(asked.body) == {
        "access_key_id": key.access_key_id,
        "date": "20260304",
        "region": "us-east-1",
        "service": "execute-api",
        "session_token": None,
    }
    parts = RequestParts("POST", "/_poolgate/guard/signing-key", "", asked.headers, asked.body)
    proof = parse_proof(parts, now=world.clock.now(), skew_seconds=1, service="poolgate")
    own = derive_signing_key(Secret("guard secret"), "20260304", "us-east-1", "poolgate")
    verify_signature(parts, proof, own)
    assert proof.access_key_id == "AKIAGUARD00000000001"


def test_a_revoked_key_stops_within_the_bound(world):
    key = world.access_key()
    world.guard.authenticate(world.signed(key))
    key.active = False
    world.clock.advance(59)
    world.guard.authenticate(world.signed(key))
    world.clock.advance(1)
    refusal = refused(world, world.signed(key))
    assert refusal.code == "access_key_unknown"
    assert refusal.message == "The security token included in the request is invalid."


def test_a_revoked_key_does_not_live_on_while_the_server_is_down(world):
    key = world.access_key()
    world.guard.authenticate(world.signed(key))
    world.network.is_down = True
    world.clock.advance(59)
    world.guard.authenticate(world.signed(key))
    world.clock.advance(1)
    with pytest.raises(DependencyUnavailable):
        world.guard.authenticate(world.signed(key))


def test_a_key_is_not_used_beyond_the_servers_own_bound(world):
    key = world.access_key()
    answer = json.loads(world.network.answer_signing_key(_question(key)).body)
    answer["valid_until"] = world.clock.now().timestamp() + 5
    world.network.answers["signing_key"] = OutboundAnswer(200, json.dumps(answer).encode())
    world.guard.authenticate(world.signed(key))
    world.clock.advance(5)
    world.guard.authenticate(world.signed(key))
    assert world.network.asked["signing_key"] == 2


def _question(key):
    asked = {
        "access_key_id": key.access_key_id,
        "date": "20260304",
        "region": "us-east-1",
        "service": "execute-api",
        "session_token": None,
    }
    return OutboundRequest("POST", SERVER, body=json.dumps(asked).encode())


def test_unknown_keys_are_remembered_and_do_not_storm_the_server(world):
    stranger = world.access_key()
    world.network.access_keys.clear()
    for _ in range(5):
        assert refused(world, world.signed(stranger)).code == "access_key_unknown"
    assert world.network.asked["signing_key"] == 1
    world.clock.advance(5)
    world.network.access_keys[stranger.access_key_id] = stranger
    assert world.guard.authenticate(world.signed(stranger)).id == USER_ARN


def test_one_machine_cannot_ask_for_endless_unknown_keys(world):
    good = world.access_key("AKIAGOOD000000000001")
    world.guard.authenticate(world.signed(good))
    for number in range(20):
        stranger = world.access_key(f"AKIAUNKNOWN{number:09}")
        del world.network.access_keys[stranger.access_key_id]
        refused(world, world.signed(stranger))
    another = world.access_key("AKIAUNKNOWN9999999999")
    with pytest.raises(Throttled):
        world.guard.authenticate(world.signed(another))
    assert world.network.asked["signing_key"] == 21
    # Who is known goes on, and so does another machine.
    world.clock.advance(59)
    assert world.guard.authenticate(world.signed(good)).id == USER_ARN
    assert world.guard.authenticate(world.signed(another, remote_address="198.51.100.7"))


@pytest.mark.parametrize(
    "answer",
    [
        OutboundAnswer(500, b""),
        OutboundAnswer(302, b""),
        OutboundAnswer(403, b'{"code": "AccessDenied", "message": "no"}'),
        OutboundAnswer(404, b"not found"),
        OutboundAnswer(200, b"{}"),
        OutboundAnswer(200, b"["),
        OutboundAnswer(200, b'{"access_key_id": "AKIAOTHER00000000001"}'),
        OutboundAnswer(
            200,
            b'{"access_key_id": "AKIAEXAMPLE000000001", "signing_key": "AA==", "valid_until": 9e9,'
            b' "policies": "none", "principal": {}}',
        ),
    ],
)
def test_a_server_that_does_not_answer_properly_lets_nobody_in(world, answer):
    world.network.answers["signing_key"] = answer
    with pytest.raises(DependencyUnavailable) as caught:
        world.guard.authenticate(world.signed(world.access_key()))
    assert caught.value.status == 503


def test_every_changed_part_is_noticed(world):
    key = world.access_key()
    good = world.signed(
        key, method="POST", path="/leases", query="a=b", body=b'{"x": 1}', extra=(("X-Amz-A", "1"),)
    )
    world.guard.authenticate(good)
    headers = dict(good.headers)
    changed = [
        replace(good, method="PUT"),
        replace(good, path="/leases/"),
        replace(good, path="/Leases"),
        replace(good, query="a=c"),
        replace(good, query=""),
        replace(good, body=b'{"x": 2}'),
        replace(good, body=b""),
        replace(good, headers=tuple((headers | {"Host": "other.example"}).items())),
        replace(good, headers=tuple((headers | {"X-Amz-A": "2"}).items())),
        replace(good, headers=tuple((headers | {"X-Amz-B": "unsigned"}).items())),
        replace(good, headers=(*good.headers, ("X-Amz-A", "1"))),
        replace(good, headers=tuple((n, v) for n, v in good.headers if n != "X-Amz-A")),
    ]
    for sent in changed:
        refusal = refused(world, sent)
        assert refusal.code == "signature_invalid"
        assert refusal.status == 401


def test_every_x_amz_header_of_a_presigned_request_must_be_signed(world):
    sent = world.presigned(world.access_key())
    tampered = replace(sent, headers=(*sent.headers, ("x-amz-target", "Other")))
    assert refused(world, tampered).facts["fault"] == "SignatureMismatch"


def test_clock_skew_is_bounded_on_both_sides(world):
    key = world.access_key()
    sent = world.signed(key)
    world.clock.advance(300)
    world.guard.authenticate(sent)
    world.clock.advance(1)
    assert "Signature expired" in refused(world, sent).message
    ahead = World()
    ahead.clock.advance(301 + 301)
    assert "Signature not yet current" in refused(world, ahead.signed(key)).message


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 x",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA512 Credential=a, SignedHeaders=host, Signature=x",
        "AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=x",
    ],
)
def test_malformed_signatures_are_refused_in_awss_words(world, authorization):
    refusal = refused(world, request(("Host", HOST), ("Authorization", authorization)))
    assert refusal.facts["fault"] == "IncompleteSignature"
    assert refusal.www_authenticate == (
        'AWS4-HMAC-SHA256 realm="api", region="us-east-1", service="execute-api"',
    )
    assert not world.network.asked


def test_other_scopes_are_refused_without_asking(world):
    key = world.access_key()
    for sent in (
        world.signed(key, service="s3"),
        world.signed(key, service="cognito-idp"),
        _scope_changed(world.signed(key), "us-east-1", "eu-west-1"),
        _scope_changed(world.signed(key), "20260304", "20260305"),
    ):
        assert refused(world, sent).facts["fault"] == "SignatureMismatch"
    assert not world.network.asked


def _scope_changed(sent, old, new):
    headers = [
        (name, value.replace(f"/{old}/", f"/{new}/", 1) if name == "Authorization" else value)
        for name, value in sent.headers
    ]
    return replace(sent, headers=tuple(headers))


def test_a_session_token_is_not_ignored(world):
    sent = world.signed(world.access_key(), extra=(("X-Amz-Note", "x"),))
    with_token = replace(sent, headers=(*sent.headers, ("X-Amz-Security-Token", "anything")))
    assert refused(world, with_token).code == "access_key_unknown"


def test_strange_access_key_ids_are_not_looked_up(world):
    sent = world.signed(world.access_key("AKIA..%00"))
    assert refused(world, sent).code == "access_key_unknown"
    assert not world.network.asked


def test_unsigned_payloads_need_permission(world):
    key = world.access_key()
    unsigned = ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
    sent = world.signed(key, method="POST", body=b"x", extra=(unsigned,))
    assert refused(world, sent).code == "signature_invalid"
    world.guarded_by(signed_requests(allow_unsigned_payload=True))
    assert world.guard.authenticate(replace(sent, body=None)).id == USER_ARN
    assert not world.guard.needs_body(sent)
    signed_payload = world.signed(key, method="POST", body=b"x")
    assert world.guard.needs_body(signed_payload)
    assert refused(world, replace(signed_payload, body=b"y")).code == "signature_invalid"
    with pytest.raises(RequestTooLarge):
        world.guard.authenticate(replace(signed_payload, body=None))


def test_streaming_signatures_are_refused(world):
    for digest in (
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "0" * 64,
    ):
        sent = world.signed(
            world.access_key(), method="POST", body=b"x", extra=(("X-Amz-Content-Sha256", digest),)
        )
        assert refused(world, sent).code == "signature_invalid"


def test_replays_are_refused_on_request():
    world = World(signed_requests(refuse_replays=True))
    key = world.access_key()
    sent = world.signed(key, method="POST", body=b"x")
    world.guard.authenticate(sent)
    assert refused(world, sent).code == "signature_replayed"
    world.clock.advance(200)
    assert refused(world, sent).code == "signature_replayed"
    reading = world.signed(key)
    world.guard.authenticate(reading)
    world.guard.authenticate(reading)


@pytest.mark.parametrize("path", ["/a/../leases", "/./leases", "//leases", "/leases/.", "/a/.."])
def test_segments_that_no_signature_covers_are_refused(world, path):
    key = world.access_key()
    with pytest.raises(Forbidden, match="request_ambiguous"):
        world.guard.authenticate(world.signed(key, path=path))
    for plain in ("/.well-known/x", "/a.b/..c", "/leases/", "/", "/%2e%2e/x"):
        assert world.guard.authenticate(world.signed(key, path=plain))


def test_a_request_for_another_host_is_refused_where_hosts_are_given(world):
    key = world.access_key()
    sent = world.signed(key)
    world.guarded_by(signed_requests(hosts=["API.example.com", "api.example.com:8443"]))
    assert world.guard.authenticate(sent).id == USER_ARN
    doubled = replace(sent, headers=(("Host", "evil.example"), *sent.headers))
    assert refused(world, doubled).code == "signature_invalid"
    world.guarded_by(signed_requests(hosts=["other.example"]))
    assert refused(world, sent).message == "The request was signed for another host."
    for hosts in ([], "api.example.com"):
        with pytest.raises(GuardMisconfigured):
            signed_requests(hosts=hosts)


def test_only_listed_principals_get_in():
    world = World(signed_requests(principals=[USER_ARN]))
    world.guard.authenticate(world.signed(world.access_key()))
    other = world.access_key("AKIAOTHER00000000001", user_principal("other"))
    with pytest.raises(Forbidden) as caught:
        world.guard.authenticate(world.signed(other))
    assert caught.value.code == "principal_not_allowed"
    assert caught.value.facts["principal_arn"].endswith("user/other")


@pytest.mark.parametrize(
    ("listed", "is_let_in"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/service", True),
        (f"arn:aws:iam::{ACCOUNT}:role/team/service", True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/service/run1", True),
        (f"arn:aws:iam::{ACCOUNT}:role/team/*", True),
        ("arn:aws:iam::*:role/service", True),
        ("*", True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/service/run2", False),
        (f"arn:aws:iam::{ACCOUNT}:role/servic", False),
        (f"arn:aws:iam::{ACCOUNT}:user/service", False),
        (f"arn:aws:iam::{ACCOUNT}:role/team", False),
        ("arn:aws:iam::999999999999:role/service", False),
        ("arn:*:role/service", None),
        ("service", None),
    ],
)
def test_role_sessions_count_as_their_role(listed, is_let_in):
    if is_let_in is None:
        with pytest.raises(GuardMisconfigured):
            World(signed_requests(principals=[listed]))
        return
    world = World(signed_requests(principals=[listed]))
    sent = world.signed(world.access_key(principal=role_session()))
    if is_let_in:
        assert world.guard.authenticate(sent).kind == "signed"
    else:
        with pytest.raises(Forbidden):
            world.guard.authenticate(sent)


def test_admins_by_principal():
    everyone = Roles(admin_principals=["*"])
    world = World(signed_requests(), roles=everyone)
    tied = role_session(session="CognitoIdentityCredentials")
    for principal, is_admin in (
        (user_principal(), True),
        (role_session(), True),
        (tied, False),
        (role_session() | {"type": "FederatedUser"}, False),
    ):
        key = world.access_key(f"AKIA{len(world.network.access_keys):016}", principal)
        assert world.guard.authenticate(world.signed(key)).is_admin is is_admin
    listed = World(
        signed_requests(),
        roles=Roles(admin_principals=[f"arn:aws:iam::{ACCOUNT}:role/team/service"]),
    )
    assert listed.guard.authenticate(listed.signed(listed.access_key(principal=tied))).is_admin
    other = listed.access_key("AKIAOTHER00000000001")
    assert not listed.guard.authenticate(listed.signed(other)).is_admin


def statement(effect, *resources, **more):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": effect,
                "Action": "execute-api:Invoke",
                "Resource": [f"{INVOKE}/{resource}" for resource in resources],
            }
            | more
        ],
    }


USER_POLICY = statement("Allow", "GET/usage", "GET/leases", "GET/leases/*", "POST/leases/*")


def invoking(*policies, **settings):
    world = World(signed_requests(invoke_arn=INVOKE, **settings))
    return world, world.access_key(policies=policies)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/leases"),
        ("HEAD", "/leases"),
        ("GET", "/leases/1/2"),
        ("GET", "/le%61ses"),
        ("POST", "/leases/1/auth"),
    ],
)
def test_what_the_policies_allow_may_be_invoked(method, path):
    world, key = invoking(USER_POLICY)
    assert world.guard.authenticate(world.signed(key, method=method, path=path)).id == USER_ARN


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/accounts"),
        ("DELETE", "/leases"),
        ("POST", "/leases"),
        ("GET", "/leasesX"),
        ("GET", "/"),
    ],
)
def test_what_they_do_not_allow_is_refused_in_awss_words(method, path):
    world, key = invoking(USER_POLICY)
    with pytest.raises(Forbidden) as caught:
        world.guard.authenticate(world.signed(key, method=method, path=path))
    assert caught.value.code == "invoke_denied"
    resource = f"{INVOKE}/{method}{path}"
    assert caught.value.message == (
        f"User: {USER_ARN} is not authorized to perform: execute-api:Invoke on resource:"
        f" {resource} because no identity-based policy allows the execute-api:Invoke action"
    )
    assert dict(caught.value.facts) == {"principal_arn": USER_ARN, "resource": resource}
    assert not caught.value.www_authenticate


@pytest.mark.parametrize(
    "path",
    [
        "/leases/../accounts",
        "/leases/./1",
        "/leases//1",
        "//leases",
        "/leases/%2e%2e/accounts",
        "/leases/..%2faccounts",
        "/leases/%2E./accounts",
        "/leases/a%2Fb",
        "/leases/a%5cb",
        "/leases/a\\b",
        "/leases/a%23b",
        "/leases/a%3fb",
        "/leases/a;admin=true",
        "/leases/a%3bb",
        "/leases/a%00",
        "/leases/a%0d%0a",
        "/leases/%",
        "/leases/%zz",
        "/leases/%252e%252e",
        "/leases/%ff",
        "leases",
        "",
    ],
)
def test_paths_that_can_be_read_in_two_ways_are_refused(path):
    world, key = invoking(statement("Allow", "*"))
    with pytest.raises(Forbidden) as caught:
        world.guard.authenticate(world.signed(key, path=path))
    assert caught.value.code == "request_ambiguous"


def test_unknown_methods_are_refused():
    world, key = invoking(statement("Allow", "*"))
    for method in ("TRACE", "get", "CONNECT", "PROPFIND", "*"):
        with pytest.raises(Forbidden, match="request_ambiguous"):
            world.guard.authenticate(world.signed(key, method=method))


def test_an_explicit_deny_and_conditions_are_heard():
    by_address = {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    world, key = invoking(statement("Allow", "*"), statement("Deny", "GET/leases", **by_address))
    with pytest.raises(Forbidden, match="explicit deny in an identity-based policy"):
        world.guard.authenticate(world.signed(key))
    assert world.guard.authenticate(world.signed(key, remote_address="198.51.100.1"))


def test_a_policy_that_cannot_be_read_denies():
    world, key = invoking(statement("Allow", "*"))
    key.policies.append('{"Statement": "?"}')
    with pytest.raises(Forbidden, match="invoke_denied"):
        world.guard.authenticate(world.signed(key))


def test_a_changed_policy_is_noticed_within_the_bound():
    world, key = invoking(statement("Allow", "*"))
    world.guard.authenticate(world.signed(key))
    key.policies.clear()
    world.clock.advance(60)
    with pytest.raises(Forbidden):
        world.guard.authenticate(world.signed(key))


def test_root_may_invoke_everything():
    root = user_principal() | {"type": "Account", "arn": f"arn:aws:iam::{ACCOUNT}:root"}
    world = World(signed_requests(invoke_arn=INVOKE))
    assert world.guard.authenticate(world.signed(world.access_key(principal=root)))


def test_the_stage_may_be_part_of_the_path():
    world, key = invoking(USER_POLICY, base_path="/api")
    assert world.guard.authenticate(world.signed(key, path="/api/leases"))
    for path in ("/leases", "/apix/leases", "/api", "/api/"):
        with pytest.raises(Forbidden):
            world.guard.authenticate(world.signed(key, path=path))


def test_with_trust_in_the_server_every_signature_is_asked_about():
    world = World(signed_requests(trust="server"))
    key = world.access_key()
    answer = {
        "access_key_id": key.access_key_id,
        "principal": key.principal,
        "policies": [],
        "boundary": None,
        "session_policies": None,
    }
    world.network.answers["verification"] = OutboundAnswer(200, json.dumps(answer).encode())
    sent = world.signed(key, method="POST", path="/a%20b", query="x=1", body=b"body")
    assert world.guard.authenticate(sent).id == USER_ARN
    assert world.guard.authenticate(sent).id == USER_ARN
    assert world.network.asked["verification"] == 2
    asked = json.loads(world.network.last["verification"].body)
    assert asked["path"] == "/a%20b"
    assert asked["query"] == "x=1"
    assert asked["headers"] == [list(header) for header in sent.headers]
    assert asked["body_sha256"] == (
        "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"
    )
    world.network.answers["verification"] = OutboundAnswer(
        403, b'{"code": "SignatureMismatch", "message": "differs"}'
    )
    refusal = refused(world, sent)
    assert (refusal.message, refusal.facts["fault"]) == ("differs", "SignatureMismatch")
    for unusable in (
        OutboundAnswer(403, b'{"code": "AccessDenied", "message": "no"}'),
        OutboundAnswer(200, b"{}"),
        OutboundAnswer(200, json.dumps(answer | {"access_key_id": "AKIAOTHER"}).encode()),
    ):
        world.network.answers["verification"] = unusable
        with pytest.raises(DependencyUnavailable):
            world.guard.authenticate(sent)


@pytest.mark.parametrize(
    "changes",
    [
        {"server_url": "http://poolgate.example"},
        {"server_url": "not a url"},
        {"service": "cognito-idp"},
        {"service": "poolgate"},
        {"service": ""},
        {"region": ""},
        {"trust": "nobody"},
        {"trust": "server", "allow_unsigned_payload": True},
        {"revalidate_seconds": 0},
        {"revalidate_seconds": 3601},
        {"skew_seconds": 901},
        {"access_key_id": ""},
        {"secret_access_key": ""},
        {"principals": USER_ARN},
        {"principals": ["deployer"]},
        {"invoke_arn": "arn:aws:execute-api:us-east-1:1:api"},
        {"invoke_arn": INVOKE + "/"},
        {"invoke_arn": INVOKE + "/*"},
        {"base_path": "/api"},
        {"invoke_arn": INVOKE, "base_path": "api"},
        {"invoke_arn": INVOKE, "base_path": "/api/"},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(GuardMisconfigured):
        World(signed_requests(**changes))


def test_the_guards_secret_is_not_shown():
    assert "guard secret" not in repr(signed_requests())
