"""Passwords by HTTP Basic: where they are accepted, what is asked of the pool and how often."""

import base64
import hashlib
import hmac
import json

import pytest
from kits.guard_world import (
    CLIENT,
    ISSUER,
    POOL,
    SERVER,
    World,
    aws_error,
    basic_header,
    basic_passwords,
    bearer_tokens,
    id_token,
    request,
    rsa_key,
)

from poolgate.guard import (
    DependencyUnavailable,
    GuardMisconfigured,
    OutboundAnswer,
    Throttled,
    Unauthenticated,
)


@pytest.fixture
def world():
    made = World(basic_passwords())
    made.network.passwords = {"alice": "p:a:ss wörd", "user123": "z(^SomeSecretHere7342_a"}
    return made


def refused(world, username, password, **changes):
    with pytest.raises(Unauthenticated) as caught:
        world.basic(username, password, **changes)
    return caught.value


def test_a_right_password_gives_the_id_tokens_claims(world):
    caller = world.basic("alice", "p:a:ss wörd")
    assert (caller.kind, caller.id, caller.username) == ("basic", "sub-of-alice", "alice")
    assert caller.issuer == ISSUER
    assert caller.claims["token_use"] == "id"
    sent = json.loads(world.network.last["InitiateAuth"].body)
    assert sent == {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {"USERNAME": "alice", "PASSWORD": "p:a:ss wörd"},
    }
    assert world.network.last["InitiateAuth"].url == SERVER + "/"


def test_the_sample_pair_of_the_documents_is_read(world):
    header = "dXNlcjEyMzp6KF5Tb21lU2VjcmV0SGVyZTczNDJfYQ=="
    caller = world.ask(("Authorization", f"bAsIc {header}"), scheme="https")
    assert caller.username == "user123"


def test_a_wrong_password_is_refused_in_the_documents_words(world):
    refusal = refused(world, "alice", "wrong")
    assert refusal.code == "password_rejected"
    assert refusal.message == "Authentication failed (reason: Incorrect username or password.)"
    assert refusal.www_authenticate == ('Basic realm="api", charset="UTF-8"',)


def test_an_unknown_user_looks_like_a_wrong_password(world):
    world.network.answers["InitiateAuth"] = aws_error("UserNotFoundException", "User not found")
    told = refused(world, "nobody", "x")
    del world.network.answers["InitiateAuth"]
    wrong = refused(world, "alice", "x")
    assert (told.code, told.message, told.www_authenticate) == (
        wrong.code,
        wrong.message,
        wrong.www_authenticate,
    )


def test_a_challenge_is_refused_by_its_name(world):
    world.network.challenged["alice"] = "NEW_PASSWORD_REQUIRED"
    refusal = refused(world, "alice", "p:a:ss wörd")
    assert refusal.code == "challenge_owed"
    assert refusal.message == (
        "Authentication failed (reason: challenge was NEW_PASSWORD_REQUIRED)"
    )


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "=",
        "!!!",
        "YWxpY2U=",  # no colon
        base64.b64encode(b":password").decode(),
        base64.b64encode(b"alice:").decode(),
        base64.b64encode(b"al\x00ice:p").decode(),
        base64.b64encode(b"alice:p\r\nq").decode(),
        base64.b64encode(b"alice:\xff\xfe").decode(),
        base64.b64encode(b"alice:p").decode() + ", Basic x",
        base64.b64encode(b"alice:p").decode().rstrip("=") + "\n",
    ],
)
def test_what_is_malformed_is_refused_without_asking_anybody(world, credential):
    with pytest.raises(Unauthenticated) as caught:
        world.ask(("Authorization", f"Basic {credential}"), scheme="https")
    assert caught.value.code == "credentials_malformed"
    assert not world.network.asked


def test_no_password_is_taken_over_an_open_network(world):
    refusal = refused(world, "alice", "p:a:ss wörd", scheme="http")
    assert refusal.code == "tls_required"
    # A browser must not be asked to send one either.
    assert not any("Basic" in challenge for challenge in refusal.www_authenticate)
    assert not world.network.asked
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert world.basic("alice", "p:a:ss wörd", scheme="http", remote_address=address)
    for address in ("", None, "localhost.evil.example", "::ffff:203.0.113.1", "10.0.0.1"):
        refused(world, "alice", "p:a:ss wörd", scheme="http", remote_address=address)


def test_a_proxys_word_counts_only_against_a_password(world):
    header = ("Authorization", basic_header("alice", "p:a:ss wörd"))
    for forwarded in ("http", "https, http", "HTTP"):
        with pytest.raises(Unauthenticated, match="tls_required"):
            world.ask(header, ("X-Forwarded-Proto", forwarded), remote_address="127.0.0.1")
    with pytest.raises(Unauthenticated, match="tls_required"):
        world.ask(header, ("X-Forwarded-Proto", "https"), remote_address="203.0.113.9")
    with pytest.raises(Unauthenticated, match="tls_required"):
        world.ask(header, ("X-Forwarded-For", "127.0.0.1"), remote_address="203.0.113.9")


def test_plain_http_when_the_settings_say_so():
    world = World(basic_passwords(allow_plain_http=True))
    world.network.passwords = {"alice": "secret"}
    assert world.basic("alice", "secret", scheme="http").username == "alice"


def test_a_right_password_is_remembered_for_its_time_only(world):
    for _ in range(5):
        world.basic("alice", "p:a:ss wörd")
    assert world.network.asked["InitiateAuth"] == 1
    refused(world, "alice", "p:a:ss wörx")
    assert world.network.asked["InitiateAuth"] == 2
    world.network.passwords["alice"] = "changed"
    world.clock.advance(59)
    world.basic("alice", "p:a:ss wörd")
    world.clock.advance(1)
    refused(world, "alice", "p:a:ss wörd")


def test_remembering_can_be_turned_off():
    world = World(basic_passwords(cache_seconds=0))
    world.network.passwords = {"alice": "secret"}
    world.basic("alice", "secret")
    world.basic("alice", "secret")
    assert world.network.asked["InitiateAuth"] == 2


def test_guesses_are_held_back_before_they_reach_the_pool(world):
    for number in range(10):
        refused(world, "alice", f"guess{number}")
    with pytest.raises(Throttled) as caught:
        world.basic("alice", "guess")
    assert caught.value.status == 429
    assert 1 <= caught.value.retry_after_seconds <= 61
    assert world.network.asked["InitiateAuth"] == 10
    # Another machine, and another user, are not held back by it.
    assert world.basic("alice", "p:a:ss wörd", remote_address="198.51.100.7")
    assert world.basic("user123", "z(^SomeSecretHere7342_a")
    world.clock.advance(61)
    refused(world, "alice", "guess")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (aws_error("TooManyRequestsException", "Rate exceeded"), Throttled),
        (OutboundAnswer(429, b"", retry_after="7"), Throttled),
        (OutboundAnswer(500, b""), DependencyUnavailable),
        (OutboundAnswer(302, b""), DependencyUnavailable),
        (aws_error("ResourceNotFoundException", "no client"), DependencyUnavailable),
        (aws_error("InternalErrorException", "x", status=500), DependencyUnavailable),
        (OutboundAnswer(200, b"{}"), DependencyUnavailable),
        (OutboundAnswer(200, b'{"AuthenticationResult": {"IdToken": 7}}'), DependencyUnavailable),
        (OutboundAnswer(200, b'{"AuthenticationResult": {"IdToken": "x"}}'), DependencyUnavailable),
        (aws_error("InvalidParameterException", "flow not enabled"), Unauthenticated),
    ],
)
def test_trouble_of_the_pool_is_not_the_users_fault_and_lets_nobody_in(world, answer, expected):
    world.network.answers["InitiateAuth"] = answer
    with pytest.raises(expected):
        world.basic("alice", "p:a:ss wörd")


def test_a_pool_that_is_down_is_told_as_503(world):
    world.network.is_down = True
    with pytest.raises(DependencyUnavailable):
        world.basic("alice", "p:a:ss wörd")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": 1},
        {"aud": "otherclient"},
        {"token_use": "access", "client_id": CLIENT},
        {"iss": "https://evil.example/us-east-1_x"},
        {"iss": f"{SERVER}/../evil"},
        {"iss": SERVER},
        {"iss": None},
    ],
)
def test_the_pools_token_is_verified_too(world, changes):
    token = id_token(world.clock, **changes)
    world.network.answers["InitiateAuth"] = OutboundAnswer(
        200, json.dumps({"AuthenticationResult": {"IdToken": token}}).encode()
    )
    assert refused(world, "alice", "p:a:ss wörd").code == "token_invalid"
    assert world.network.asked["jwks"] <= 1


def test_aws_form_issuers_are_accepted_with_the_endpoints_keys(world):
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
    token = id_token(world.clock, iss=issuer)
    world.network.answers["InitiateAuth"] = OutboundAnswer(
        200, json.dumps({"AuthenticationResult": {"IdToken": token}}).encode()
    )
    assert world.basic("alice", "x").issuer == issuer
    assert world.network.last["jwks"].url == f"{SERVER}/{POOL}/.well-known/jwks.json"


def test_without_an_endpoint_aws_is_asked():
    world = World(basic_passwords(endpoint_url=None, region="eu-west-1"))
    issuer = f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"
    token = id_token(world.clock, iss=issuer)
    world.network.answers["InitiateAuth"] = OutboundAnswer(
        200, json.dumps({"AuthenticationResult": {"IdToken": token}}).encode()
    )
    assert world.basic("alice", "x").issuer == issuer
    assert world.network.last["InitiateAuth"].url == "https://cognito-idp.eu-west-1.amazonaws.com/"
    assert world.network.last["jwks"].url == f"{issuer}/.well-known/jwks.json"


def test_a_clients_secret_is_proved_by_its_hash():
    world = World(basic_passwords(client_secret="s3cret"))
    world.network.passwords = {"alice": "secret"}
    world.basic("alice", "secret")
    sent = json.loads(world.network.last["InitiateAuth"].body)["AuthParameters"]
    expected = hmac.digest(b"s3cret", f"alice{CLIENT}".encode(), hashlib.sha256)
    assert sent["SECRET_HASH"] == base64.b64encode(expected).decode()


def test_secrets_are_not_shown():
    world = World(basic_passwords(client_secret="s3cret"))
    world.network.passwords = {"alice": "hunter2hunter2"}
    world.basic("alice", "hunter2hunter2")
    shown = repr(world.network.last["InitiateAuth"]) + repr(basic_passwords(client_secret="s3cret"))
    assert "hunter2" not in shown
    assert "s3cret" not in shown


def test_basic_and_bearer_share_the_pools_keys():
    world = World(bearer_tokens(), basic_passwords())
    world.network.passwords = {"alice": "secret"}
    world.network.published = {"k1": rsa_key(0)}
    world.basic("alice", "secret")
    assert world.network.asked["jwks"] == 1
    # A Basic proof is not a Bearer one: each keeps to its own kind of token.
    with pytest.raises(Unauthenticated):
        world.bearer(id_token(world.clock))
    assert world.network.asked["jwks"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"cache_seconds": 61},
        {"cache_seconds": -1},
        {"endpoint_url": "http://pool.example"},
        {"jwks_url": "https://x/y"},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(GuardMisconfigured):
        World(basic_passwords(**changes))


def test_bearer_is_not_offered_by_a_guard_of_passwords_only(world):
    with pytest.raises(Unauthenticated) as caught:
        world.ask(("Authorization", "Bearer x"), scheme="https")
    assert caught.value.code == "scheme_not_accepted"
    assert request().body == b""
