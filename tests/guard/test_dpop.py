"""Tokens that are bound to a key, at the guard (DPoP, RFC 9449 section 7; security.md T7)."""

import pytest
from kits.guard_world import ALICE_SUB, World, access_token, bearer_tokens
from kits.key_holder import KeyHolder

from poolgate.guard import (
    Guard,
    GuardMisconfigured,
    KeyBoundTokens,
    RevocationCheck,
    SignedRequests,
    Unauthenticated,
)

API = "https://api.example.com"
PATH = "/things"


def a_world(**settings):
    return World(bearer_tokens(), key_bound=KeyBoundTokens(API, **settings))


@pytest.fixture
def world():
    return a_world()


@pytest.fixture
def holder(world):
    return KeyHolder(lambda: world.clock.now().timestamp())


def token_of(world, holder):
    return access_token(world.clock, cnf={"jkt": holder.thumbprint})


def ask(world, token, *proofs, scheme="DPoP", path=PATH, **changes):
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
    return world.ask(*headers, path=path, **changes)


def refused(code, world, *arguments, **changes):
    with pytest.raises(Unauthenticated) as caught:
        ask(world, *arguments, **changes)
    assert caught.value.code == code
    return caught.value


def test_a_token_with_its_key_tells_its_caller(world, holder):
    token = token_of(world, holder)
    for _ in range(2):
        proof = holder.proof("GET", API + PATH, access_token=token)
        assert ask(world, token, proof).id == ALICE_SUB


def test_the_proof_is_for_this_request_and_counts_once(world, holder):
    token = token_of(world, holder)
    proof = holder.proof("GET", API + PATH, access_token=token)
    for changes in ({"path": "/other"}, {"method": "DELETE"}):
        refused("key_proof_invalid", world, token, proof, **changes)
    assert ask(world, token, proof).id == ALICE_SUB
    refused("key_proof_invalid", world, token, proof)
    refused("key_proof_invalid", world, token)
    fresh = [holder.proof("GET", API + PATH, access_token=token) for _ in range(2)]
    refused("key_proof_invalid", world, token, *fresh)
    refused("key_proof_invalid", world, token, holder.proof("GET", API + PATH))
    old = holder.proof("GET", API + PATH, access_token=token)
    world.clock.advance(61)
    refused("key_proof_invalid", world, token, old)


def test_the_host_of_the_request_says_nothing(world, holder):
    token = token_of(world, holder)
    elsewhere = holder.proof("GET", f"https://evil.example{PATH}", access_token=token)
    headers = (
        ("Host", "evil.example"),
        ("Authorization", f"DPoP {token}"),
        ("DPoP", elsewhere),
    )
    with pytest.raises(Unauthenticated) as caught:
        world.ask(*headers, path=PATH)
    assert caught.value.code == "key_proof_invalid"


def test_a_stolen_token_is_worth_nothing_without_the_key(world, holder):
    token = token_of(world, holder)
    thief = KeyHolder(holder.now)
    refused("token_invalid", world, token, scheme="Bearer")
    refused("token_invalid", world, token, thief.proof("GET", API + PATH, access_token=token))
    # Also where the guard has seen it with its key before.
    ask(world, token, holder.proof("GET", API + PATH, access_token=token))
    refused("token_invalid", world, token, scheme="Bearer")


def test_a_bearer_token_stays_one(world, holder):
    token = access_token(world.clock)
    assert world.bearer(token).id == ALICE_SUB
    refused("token_invalid", world, token, holder.proof("GET", API + PATH, access_token=token))


def test_a_guard_may_take_bound_tokens_only(holder):
    world = a_world(required=True)
    refusal = refused("scheme_not_accepted", world, access_token(world.clock), scheme="Bearer")
    assert refusal.www_authenticate == ('DPoP realm="api", algs="ES256 EdDSA RS256"',)
    token = token_of(world, holder)
    proof = holder.proof("GET", API + PATH, access_token=token)
    assert ask(world, token, proof).id == ALICE_SUB


def test_the_challenge_tells_what_was_wrong(world, holder):
    refusal = refused("key_proof_invalid", world, token_of(world, holder), "x")
    assert refusal.www_authenticate[-1] == (
        'DPoP realm="api", algs="ES256 EdDSA RS256", error="invalid_dpop_proof"'
    )


def test_without_the_setting_the_scheme_is_not_accepted(holder):
    world = World(bearer_tokens())
    token = token_of(world, holder)
    proof = holder.proof("GET", API + PATH, access_token=token)
    refused("scheme_not_accepted", world, token, proof)


@pytest.mark.parametrize("base_url", ["", "api.example.com", f"{API}/", f"{API}?x=1", "ftp://x"])
def test_a_base_url_that_makes_no_sense_is_refused(base_url):
    with pytest.raises(GuardMisconfigured):
        KeyBoundTokens(base_url)


def test_settings_that_do_not_go_together_are_refused():
    key_bound = KeyBoundTokens(API)
    signed = SignedRequests(
        server_url="http://127.0.0.1:9440", access_key_id="a", secret_access_key="s"
    )
    with pytest.raises(GuardMisconfigured):
        Guard(signed, key_bound=key_bound)
    with pytest.raises(GuardMisconfigured):
        Guard(
            bearer_tokens(revocation=RevocationCheck("http://127.0.0.1:9440")), key_bound=key_bound
        )
