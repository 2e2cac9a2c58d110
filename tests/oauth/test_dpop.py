"""Tokens that are bound to a key (DPoP, RFC 9449), at every endpoint where they matter."""

from dataclasses import replace

import pytest
from kits.cognito import refused
from kits.key_holder import KeyHolder
from kits.oauth import BASE, CALLBACK, VERIFIER, OAuthApp, claims_of

from poolgate.testing.local import URL

WRONG = (400, "invalid_dpop_proof", None)
GONE = (400, "invalid_grant", None)


def now_of(poolgate):
    return lambda: poolgate.clock.now().timestamp()


@pytest.fixture
def oauth(poolgate):
    return OAuthApp.of(poolgate, EnableTokenRevocation=True).signed_in(email="alice@example.com")


@pytest.fixture
def holder(poolgate):
    return KeyHolder(now_of(poolgate))


def url(path):
    return f"{URL}{BASE}{path}"


def proven(holder, **changes):
    """Return the header of a token request with a proof."""
    return {"dpop": holder.proof("POST", url("/oauth2/token"), **changes)}


def redeemed(oauth, code, headers=None):
    return oauth.token(
        headers=headers,
        client_id=oauth.client_id,
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )


def user_info(oauth, access_token, *proofs, scheme="DPoP"):
    headers = {"authorization": f"{scheme} {access_token}"}
    if proofs:
        headers["dpop"] = proofs[0]
    return oauth.post("/oauth2/userInfo", "", headers=headers)


def test_a_proof_at_the_token_endpoint_binds_the_tokens_to_its_key(oauth, holder):
    answer = redeemed(oauth, oauth.code(), proven(holder))
    assert (answer.status, answer.json["token_type"]) == (200, "DPoP")
    assert claims_of(answer.json["access_token"])["cnf"] == {"jkt": holder.thumbprint}
    assert "cnf" not in claims_of(answer.json["id_token"])


def test_without_one_they_are_bearer_tokens_as_ever(oauth):
    answer = redeemed(oauth, oauth.code())
    assert answer.json["token_type"] == "Bearer"
    assert "cnf" not in claims_of(answer.json["access_token"])


def test_each_proof_counts_once_and_only_while_it_is_fresh(oauth, holder, poolgate):
    headers = proven(holder)
    assert redeemed(oauth, oauth.code(), headers).status == 200
    assert redeemed(oauth, oauth.code(), headers).refused() == WRONG
    old = proven(holder)
    poolgate.clock.advance(61)
    assert redeemed(oauth, oauth.code(), old).refused() == WRONG
    ahead = proven(holder, iat=int(now_of(poolgate)()) + 61)
    assert redeemed(oauth, oauth.code(), ahead).refused() == WRONG


def test_a_refused_proof_uses_nothing_up(oauth, holder):
    code = oauth.code()
    elsewhere = {"dpop": holder.proof("POST", url("/oauth2/revoke"))}
    assert redeemed(oauth, code, elsewhere).refused() == WRONG
    assert redeemed(oauth, code, proven(holder)).status == 200


@pytest.mark.parametrize("presented", ["", "x", "a.b.c", "x" * 9000])
def test_what_is_no_proof_is_refused(oauth, presented):
    assert redeemed(oauth, oauth.code(), {"dpop": presented}).refused() == WRONG


def test_public_clients_refresh_with_the_same_key_only(oauth, holder, poolgate):
    tokens = redeemed(oauth, oauth.code(), proven(holder)).json
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    other = KeyHolder(now_of(poolgate))
    client = {"client_id": oauth.client_id}
    assert oauth.token(headers=proven(other), **client, **refresh).refused() == GONE
    assert oauth.token(**refresh).refused() == GONE
    again = oauth.token(headers=proven(holder), **client, **refresh)
    assert claims_of(again.json["access_token"])["cnf"] == {"jkt": holder.thumbprint}


def test_the_api_does_not_refresh_what_is_bound_to_a_key(oauth, holder):
    tokens = redeemed(oauth, oauth.code(), proven(holder)).json
    with refused("NotAuthorizedException", "Invalid Refresh Token"):
        oauth.app.cognito.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=oauth.client_id,
            AuthParameters={"REFRESH_TOKEN": tokens["refresh_token"]},
        )


def test_a_client_with_a_secret_may_change_its_key(poolgate, holder):
    oauth = OAuthApp.of(poolgate).signed_in().another(secret=True)
    oauth.sign_in_browser()
    first = oauth.post(
        "/oauth2/token",
        {
            "grant_type": "authorization_code",
            "code": oauth.code(),
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        },
        headers={**oauth.basic, **proven(holder)},
    ).json
    other = KeyHolder(now_of(poolgate))
    again = oauth.token(
        headers={**oauth.basic, **proven(other)},
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
    )
    assert claims_of(again.json["access_token"])["cnf"] == {"jkt": other.thumbprint}


def test_services_hold_keys_too(poolgate, holder):
    machine = OAuthApp.machine(poolgate)
    answer = machine.token(
        headers={**machine.basic, **proven(holder)}, grant_type="client_credentials"
    )
    assert answer.json["token_type"] == "DPoP"
    token = answer.json["access_token"]
    assert claims_of(token)["cnf"] == {"jkt": holder.thumbprint}
    described = machine.post("/oauth2/introspect", {"token": token}, headers=machine.basic).json
    assert (described["token_type"], described["cnf"]) == ("DPoP", {"jkt": holder.thumbprint})


def test_user_info_wants_the_token_with_its_key(oauth, holder, poolgate):
    access_token = redeemed(oauth, oauth.code(), proven(holder)).json["access_token"]
    here = url("/oauth2/userInfo")

    def proof(by=holder, **changes):
        return by.proof("POST", here, **({"access_token": access_token} | changes))

    assert user_info(oauth, access_token, proof()).json["username"] == "alice"
    once = proof()
    assert user_info(oauth, access_token, once).status == 200
    for answer in (
        user_info(oauth, access_token, once),
        user_info(oauth, access_token, proof(access_token=None)),
        user_info(oauth, access_token, proof(access_token="another")),
        user_info(oauth, access_token),
    ):
        assert (answer.status, answer.json["error"]) == (401, "invalid_dpop_proof")
        assert answer.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')
    for answer in (
        # Downgraded to a bearer token, and with a thief's own key.
        user_info(oauth, access_token, scheme="Bearer"),
        user_info(oauth, access_token, proof(), scheme="Bearer"),
        user_info(oauth, access_token, proof(KeyHolder(now_of(poolgate)))),
    ):
        assert (answer.status, answer.json["error"]) == (401, "invalid_token")


def test_a_bearer_token_is_no_dpop_token(oauth, holder):
    access_token = redeemed(oauth, oauth.code()).json["access_token"]
    proof = holder.proof("POST", url("/oauth2/userInfo"), access_token=access_token)
    assert user_info(oauth, access_token, proof).json["error"] == "invalid_token"


def test_the_api_takes_no_bound_token(oauth, holder):
    access_token = redeemed(
        oauth, oauth.code(scope="openid aws.cognito.signin.user.admin"), proven(holder)
    ).json["access_token"]
    with refused("NotAuthorizedException", "Invalid Access Token"):
        oauth.app.cognito.get_user(AccessToken=access_token)


def test_a_code_that_was_asked_for_with_a_key_is_redeemed_with_it(oauth, holder, poolgate):
    code = oauth.code(dpop_jkt=holder.thumbprint)
    other = KeyHolder(now_of(poolgate))
    assert redeemed(oauth, code, proven(other)).refused() == GONE
    assert redeemed(oauth, code).refused() == GONE
    assert redeemed(oauth, code, proven(holder)).status == 200
    assert oauth.authorize(dpop_jkt="short").query["error"] == "invalid_request"


def test_a_pushed_request_is_bound_by_its_proof(oauth, holder, poolgate):
    here = url("/oauth2/par")

    def pushed(**changes):
        proof = {"dpop": holder.proof("POST", here)}
        return oauth.post("/oauth2/par", oauth.request(**changes), headers=proof)

    other = KeyHolder(now_of(poolgate))
    assert pushed(dpop_jkt=other.thumbprint).refused() == WRONG
    reference = pushed().json["request_uri"]
    query = {"client_id": oauth.client_id, "request_uri": reference}
    code = oauth.get("/oauth2/authorize", query).query["code"]
    assert redeemed(oauth, code, proven(other)).refused() == GONE
    assert redeemed(oauth, code, proven(holder)).status == 200


def test_functions_of_the_pool_cannot_take_the_key_away(oauth, holder, poolgate):
    def without_key(event):
        event["response"]["claimsAndScopeOverrideDetails"] = {
            "accessTokenGeneration": {
                "claimsToSuppress": ["cnf"],
                "claimsToAddOrOverride": {"cnf": {"jkt": "another"}},
            }
        }
        return event

    arn = "arn:aws:lambda:us-east-1:123456789012:function:tokens"
    poolgate.trigger(arn, without_key)
    oauth.app.cognito.update_user_pool(
        UserPoolId=oauth.app.pool_id,
        LambdaConfig={"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn}},
    )
    token = redeemed(oauth, oauth.code(), proven(holder)).json["access_token"]
    assert claims_of(token)["cnf"] == {"jkt": holder.thumbprint}


def test_nonces_that_are_named_must_be_this_servers_and_fresh(oauth, holder, poolgate):
    wanted = redeemed(oauth, oauth.code(), proven(holder, nonce="made up"))
    assert wanted.refused() == (400, "use_dpop_nonce", None)
    nonce = wanted.headers["dpop-nonce"]
    assert redeemed(oauth, oauth.code(), proven(holder, nonce=nonce)).status == 200
    poolgate.clock.advance(301)
    stale = redeemed(oauth, oauth.code(), proven(holder, nonce=nonce))
    assert stale.refused() == (400, "use_dpop_nonce", None)


def test_the_strict_profile_always_wants_a_nonce(oauth, holder, poolgate):
    application = poolgate.application
    application.installation = replace(application.installation, strict_oauth=True)
    code = oauth.code()
    wanted = redeemed(oauth, code, proven(holder))
    assert wanted.refused() == (400, "use_dpop_nonce", None)
    nonce = wanted.headers["dpop-nonce"]
    assert redeemed(oauth, code, proven(holder, nonce=nonce)).status == 200


def test_it_is_discoverable_and_open_to_pages(oauth, poolgate):
    document = poolgate.send("GET", f"/{oauth.app.pool_id}/.well-known/openid-configuration")
    assert b'"dpop_signing_alg_values_supported":["ES256","EdDSA","RS256"]' in document.body
    asked = poolgate.send("OPTIONS", f"{BASE}/oauth2/token")
    assert "dpop" in asked.headers["access-control-allow-headers"]
