"""T1 to T9 of the security lines, and what a stale or rotated key set does."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from kits.guard_world import (
    ALICE_SUB,
    CLIENT,
    ISSUER,
    POOL,
    SERVER,
    World,
    access_token,
    aws_error,
    bearer_tokens,
    claims_of,
    id_token,
    request,
    rsa_key,
)

from poolgate.guard import (
    DependencyUnavailable,
    GuardMisconfigured,
    OutboundAnswer,
    Permission,
    RevocationCheck,
    Roles,
    Throttled,
    Unauthenticated,
)
from poolgate.jose.tokens import signing_key


@pytest.fixture
def world():
    return World(bearer_tokens())


def refused(world, token, **changes):
    with pytest.raises(Unauthenticated) as caught:
        world.bearer(token, **changes)
    return caught.value


def segment(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_an_access_token_tells_its_caller(world):
    caller = world.bearer(
        access_token(world.clock, **{"cognito:groups": ["Readers"], "scope": "a b"})
    )
    assert (caller.kind, caller.id, caller.username) == ("bearer", ALICE_SUB, "alice")
    assert caller.issuer == ISSUER
    assert caller.groups == ("Readers",)
    assert caller.scopes == {"a", "b"}
    assert caller.roles == {"user"}
    assert not caller.is_admin
    assert caller.claims["client_id"] == CLIENT


def test_the_scheme_is_read_in_any_case(world):
    token = access_token(world.clock)
    assert world.ask(("authorization", f"bEARER {token}")).id == ALICE_SUB


def test_claims_cannot_be_changed_by_the_api(world):
    token = access_token(world.clock, **{"cognito:groups": ["Readers"]})
    caller = world.bearer(token)
    with pytest.raises(TypeError):
        caller.claims["cognito:groups"] = ["Admins"]
    caller.claims_for_json()["cognito:groups"].append("Admins")
    assert world.bearer(token).groups == ("Readers",)


def test_a_token_seen_before_is_not_verified_twice_but_still_ends(world):
    token = access_token(world.clock)
    first = world.bearer(token)
    assert world.bearer(token) is first
    world.clock.advance(3599)
    assert world.bearer(token).id == ALICE_SUB
    world.clock.advance(1)
    assert refused(world, token).code == "token_expired"


def test_leeway_is_only_what_was_configured():
    world = World(bearer_tokens(leeway_seconds=30))
    token = access_token(world.clock)
    world.clock.advance(3629)
    assert world.bearer(token).id == ALICE_SUB
    world.clock.advance(1)
    assert refused(world, token).code == "token_expired"
    early = access_token(world.clock, nbf=int(world.clock.now().timestamp()) + 30)
    assert world.bearer(early).id == ALICE_SUB
    too_early = access_token(world.clock, nbf=int(world.clock.now().timestamp()) + 31)
    assert refused(world, too_early).code == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": f"{SERVER}/us-east-1_Other00001"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"client_id": "otherclient"},
        {"client_id": None},
        {"client_id": [CLIENT]},
        {"token_use": "refresh"},
        {"token_use": None},
        {"token_use": ["access"]},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"nbf": "soon"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"cnf": {"jkt": "x"}},
    ],
)
def test_a_wrong_claim_is_refused(world, changes):
    refusal = refused(world, access_token(world.clock, **changes))
    assert refusal.code == "token_invalid"
    assert refusal.message == "The token is not valid."


def test_id_and_access_tokens_do_not_pass_for_each_other():
    tokens_of = {"access": access_token, "id": id_token}
    for use in ("access", "id", "any"):
        world = World(bearer_tokens(token_use=use))
        for kind, make in tokens_of.items():
            token = make(world.clock)
            if use in {kind, "any"}:
                assert world.bearer(token).username == "alice"
            else:
                assert refused(world, token).code == "token_invalid"


def test_an_id_token_for_another_audience_is_refused():
    world = World(bearer_tokens(token_use="any"))
    assert refused(world, id_token(world.clock, aud="otherclient")).code == "token_invalid"
    # A client id in the wrong claim proves nothing.
    crossed = id_token(world.clock, aud="otherclient", client_id=CLIENT)
    assert refused(world, crossed).code == "token_invalid"


def test_every_client_of_the_pool_only_when_said_so():
    world = World(bearer_tokens(client_ids=None))
    assert world.bearer(access_token(world.clock, client_id="otherclient")).id == ALICE_SUB


def test_no_algorithm_but_rs256(world):
    claims = segment(claims_of(world.clock))
    public = rsa_key(0).public_key().public_numbers()
    for header in (
        {"alg": "none", "kid": "k1"},
        {"alg": "None", "kid": "k1"},
        {"alg": "HS256", "kid": "k1"},
        {"alg": "RS512", "kid": "k1"},
        {"kid": "k1"},
    ):
        body = f"{segment(header)}.{claims}"
        secret = public.n.to_bytes(256, "big")
        for signature in (b"", hmac.digest(secret, body.encode(), hashlib.sha256)):
            assert refused(world, f"{body}.{segment(signature)}").status == 401


def test_keys_in_the_token_are_never_used_or_fetched(world):
    forged = World(bearer_tokens())
    forged.network.published = {"k1": rsa_key(1)}
    for extra in (
        {"jku": "http://evil.example/jwks.json"},
        {"x5u": "http://evil.example/cert.pem"},
        {"jwk": {"kty": "RSA", "n": "x", "e": "AQAB"}},
        {"kid": "../../etc/passwd"},
        {"kid": "k1' OR 1=1"},
        {"crit": ["exp"]},
    ):
        header = {"alg": "RS256", "kid": "k1"} | extra
        body = f"{segment(header)}.{segment(claims_of(world.clock))}"
        assert refused(world, f"{body}.{segment(b'x' * 256)}").status == 401
    assert set(world.network.asked) <= {"jwks"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b",
        "a.b.c.d",
        "a.b.c.d.e",
        "ey.ey.ey",
        "tok en.a.b",
        "a" * 20_000 + ".b.c",
    ],
)
def test_what_is_no_token_is_refused(world, token):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the status tells
        world.bearer(token)
    assert caught.value.status in {401, 431}


def test_duplicate_names_and_non_finite_numbers_are_refused(world):
    key = signing_key("k1", rsa_key(0))
    good = json.dumps(claims_of(world.clock))
    for claims in (
        good[:-1] + ', "sub": "admin"}',
        good[:-1] + ', "x": NaN}',
        good[:-1] + ', "x": 1e999}',
        "[]",
        "null",
        good[:-1] + ', "x": ' + "[" * 100_000,
    ):
        body = key.header_segment + b"." + segment(claims.encode()).encode()
        signature = rsa_key(0).sign(body, PKCS1v15(), SHA256())
        token = body.decode() + "." + segment(signature)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the status tells
            world.bearer(token)
        assert caught.value.status in {401, 431}


def test_every_changed_byte_is_noticed(world):
    token = access_token(world.clock)
    world.bearer(token)
    for position in range(0, len(token), 7):
        other = "A" if token[position] != "A" else "B"
        changed = token[:position] + other + token[position + 1 :]
        assert refused(world, changed).status == 401


def test_tokens_are_only_taken_from_the_header(world):
    token = access_token(world.clock)
    assert world.ask(query=f"access_token={token}").is_anonymous


def test_a_refused_token_is_told_as_rfc_6750_words_it(world):
    token = access_token(world.clock)
    world.clock.advance(3600)
    assert refused(world, token).www_authenticate == (
        'Bearer realm="api", error="invalid_token", error_description="The token has expired."',
    )


def test_no_credential_is_the_anonymous_caller_and_told_without_an_error(world):
    caller = world.ask()
    assert caller.is_anonymous
    assert caller.id is None
    assert not caller.roles
    with pytest.raises(Unauthenticated) as caught:
        world.guard.authorize(request(), caller, Permission.authenticated())
    assert caught.value.code == "credentials_missing"
    assert caught.value.www_authenticate == ('Bearer realm="api"',)


def test_a_missing_scope_is_told_as_insufficient_scope(world):
    caller = world.bearer(access_token(world.clock, scope="things/read"))
    world.guard.authorize(request(), caller, Permission.with_scope("things/read"))
    with pytest.raises(Exception, match="scope_missing") as caught:
        world.guard.authorize(request(), caller, Permission.with_scope("things/write"))
    assert caught.value.status == 403
    (challenge,) = caught.value.www_authenticate
    assert challenge == (
        'Bearer realm="api", error="insufficient_scope",'
        ' error_description="The access token does not have the required scope.",'
        ' scope="things/write"'
    )


def test_a_published_new_key_is_fetched_once_and_an_invented_one_not_again(world):
    world.bearer(access_token(world.clock))
    assert world.network.asked["jwks"] == 1
    world.network.published["k2"] = rsa_key(1)
    world.clock.advance(11)
    assert world.bearer(access_token(world.clock, key=1, kid="k2")).id == ALICE_SUB
    assert world.network.asked["jwks"] == 2
    for number in range(50):
        refused(world, access_token(world.clock, kid=f"invented{number}"))
    assert world.network.asked["jwks"] == 2
    world.clock.advance(10)
    refused(world, access_token(world.clock, kid="invented"))
    assert world.network.asked["jwks"] == 3


def test_a_withdrawn_key_stops_within_half_the_maximum_age_for_seen_tokens_too(world):
    token = access_token(world.clock)
    world.bearer(token)
    world.network.published = {"k2": rsa_key(1)}
    world.clock.advance(1799)
    assert world.bearer(token).id == ALICE_SUB
    world.clock.advance(1)
    assert refused(world, token).code == "token_invalid"


def test_a_key_replaced_under_the_same_id_ends_seen_tokens(world):
    token = access_token(world.clock)
    world.bearer(token)
    world.network.published = {"k1": rsa_key(1)}
    world.clock.advance(1800)
    assert refused(world, token).code == "token_invalid"


def test_a_pool_that_is_down_is_bridged_until_the_maximum_age():
    world = World(bearer_tokens())
    token = access_token(world.clock, exp=int(world.clock.now().timestamp()) + 90_000)
    world.bearer(token)
    world.network.is_down = True
    world.clock.advance(1800)
    assert world.bearer(token).id == ALICE_SUB
    assert world.network.asked["jwks"] == 2
    assert world.bearer(token).id == ALICE_SUB
    assert world.network.asked["jwks"] == 2
    world.clock.advance(1800)
    with pytest.raises(DependencyUnavailable) as caught:
        world.bearer(token)
    assert caught.value.status == 503
    assert not caught.value.www_authenticate
    world.network.is_down = False
    world.clock.advance(10)
    assert world.bearer(token).id == ALICE_SUB


@pytest.mark.parametrize(
    "answer",
    [
        OutboundAnswer(500, b""),
        OutboundAnswer(302, b""),
        OutboundAnswer(200, b"<html>"),
        OutboundAnswer(200, b"[" * 100_000),
        aws_error("X", "y"),
    ],
)
def test_a_broken_key_set_lets_nobody_in(world, answer):
    world.network.answers["jwks"] = answer
    with pytest.raises(DependencyUnavailable):
        world.bearer(access_token(world.clock))
    assert world.network.asked["jwks"] == 1
    with pytest.raises(DependencyUnavailable):
        world.bearer(access_token(world.clock))
    assert world.network.asked["jwks"] == 1


def test_several_pools_are_told_apart_by_issuer():
    other = f"{SERVER}/us-east-1_Other00001"
    world = World(bearer_tokens(), bearer_tokens(issuer=other, client_ids=["o"], token_use="id"))
    assert world.bearer(access_token(world.clock)).issuer == ISSUER
    assert world.bearer(id_token(world.clock, iss=other, aud="o")).issuer == other
    # The settings of one pool never serve the other.
    assert refused(world, id_token(world.clock)).code == "token_invalid"
    assert refused(world, access_token(world.clock, iss="https://evil")).code == "token_invalid"
    with pytest.raises(GuardMisconfigured):
        World(bearer_tokens(), bearer_tokens())


def test_issuer_and_key_set_are_separate_settings():
    aws = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
    world = World(
        bearer_tokens(issuer=aws, jwks_url=f"http://localhost:1/{POOL}/.well-known/jwks.json")
    )
    assert world.bearer(access_token(world.clock, iss=aws)).issuer == aws
    assert world.network.last["jwks"].url.startswith("http://localhost:1/")


def test_a_service_token_has_no_username():
    world = World(bearer_tokens())
    caller = world.bearer(
        access_token(world.clock, sub=CLIENT, username=None, scope="server/thing:write")
    )
    assert (caller.id, caller.username) == (CLIENT, None)


def test_a_revoked_token_is_refused_within_the_bound():
    world = World(bearer_tokens(revocation=RevocationCheck(SERVER, bound_seconds=60)))
    token = access_token(world.clock)
    assert world.bearer(token).id == ALICE_SUB
    world.network.revoked_tokens.add(token)
    world.clock.advance(59)
    assert world.bearer(token).id == ALICE_SUB
    assert world.network.asked["GetUser"] == 1
    world.clock.advance(1)
    assert refused(world, token).code == "token_revoked"
    world.network.is_down = True
    other = access_token(world.clock, jti="other")
    with pytest.raises(DependencyUnavailable):
        world.bearer(other)
    world.network.is_down = False
    world.network.answers["GetUser"] = aws_error("TooManyRequestsException", "slow")
    with pytest.raises(Throttled):
        world.bearer(other)


def test_a_users_token_that_cannot_be_checked_is_refused_and_a_services_is_not():
    world = World(bearer_tokens(revocation=RevocationCheck(SERVER)))
    assert refused(world, access_token(world.clock, scope="openid")).code == "token_revoked"
    service = access_token(world.clock, sub=CLIENT, username=None, scope="s/x")
    assert world.bearer(service).id == CLIENT
    assert not world.network.asked["GetUser"]


def test_roles_by_group_and_attribute():
    roles = Roles(admin_group_word="Admin", admin_attribute=("custom:roles", "Admin"))
    world = World(bearer_tokens(token_use="id"), roles=roles)

    def is_admin(**claims):
        return world.bearer(id_token(world.clock, **claims)).is_admin

    assert is_admin(**{"cognito:groups": ["DCEAdmins"]})
    assert is_admin(**{"custom:roles": "a, b,Admin"})
    assert not is_admin(**{"cognito:groups": ["admins"]})
    assert not is_admin(**{"custom:roles": "SuperAdmin"})
    assert not is_admin(**{"custom:roles": ","})
    assert not is_admin()


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"issuer": ISSUER + "/"},
        {"client_ids": []},
        {"client_ids": [""]},
        {"client_ids": CLIENT},
        {"token_use": "ID"},
        {"leeway_seconds": -1},
        {"leeway_seconds": 301},
        {"jwks_maximum_age_seconds": 1},
        {"issuer": "http://pool.example/us-east-1_x"},
        {"jwks_url": "ftp://127.0.0.1/x"},
        {"jwks_url": "http://user@127.0.0.1/x"},
        {"jwks_url": "http://127.0.0.1/x?y=z"},
        {"jwks_url": "http://127.0.0.1:nope/x"},
        {"token_use": "any", "revocation": RevocationCheck(SERVER)},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(GuardMisconfigured):
        World(bearer_tokens(**changes))


def test_plain_http_to_another_host_needs_its_name():
    issuer = "http://pool.example/us-east-1_x"
    world = World(bearer_tokens(issuer=issuer), plain_http_hosts=["pool.example"])
    assert world.bearer(access_token(world.clock, iss=issuer)).issuer == issuer
