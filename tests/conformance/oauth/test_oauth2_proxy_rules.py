"""What oauth2-proxy, put in front of an application, wants of an OIDC provider; restated.

Settings: `provider=oidc`, `oidc_issuer_url`, `code_challenge_method=S256`,
`oidc_groups_claim=cognito:groups`,
`backend_logout_url={end_session_endpoint}?id_token_hint={id_token}`.
"""

import json

import pytest
from kits.authenticator import EMAIL
from kits.oauth import BASE, CALLBACK, LOGOUT, OAuthApp, claims_of

from poolgate.testing import LocalPoolgate


@pytest.fixture
def poolgate():
    with LocalPoolgate(frozen=True) as local:
        yield local


@pytest.fixture
def client(poolgate):
    """A client with a secret; its user has a verified address and a group."""
    app = OAuthApp.of(poolgate, secret=True).signed_in(email=EMAIL, email_verified="true")
    app.app.cognito.create_group(UserPoolId=app.app.pool_id, GroupName="Readers")
    app.app.cognito.admin_add_user_to_group(
        UserPoolId=app.app.pool_id, Username="alice", GroupName="Readers"
    )
    return app


@pytest.fixture
def configuration(poolgate, client):
    path = f"/{client.app.pool_id}/.well-known/openid-configuration"
    return json.loads(poolgate.send("GET", path).body)


def redeemed(client, **changes):
    """Redeem as the proxy does: client and secret in the form, or by Basic."""
    answer = client.redeem(client.code(scope="openid email profile", **changes))
    assert answer.status == 200, answer.response.body
    return answer.json


def test_the_issuer_is_the_url_it_was_discovered_at(poolgate, client, configuration):
    assert configuration["issuer"] == f"{poolgate.url}/{client.app.pool_id}"
    assert claims_of(redeemed(client)["id_token"])["iss"] == configuration["issuer"]


def test_all_that_it_reads_of_the_configuration_is_there(configuration):
    needed = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    assert all(configuration[name] for name in needed)
    assert "S256" in configuration["code_challenge_methods_supported"]
    assert "RS256" in configuration["id_token_signing_alg_values_supported"]


def test_the_audience_is_the_client_alone(client):
    assert claims_of(redeemed(client)["id_token"])["aud"] == client.client_id


def test_the_nonce_that_it_sends_comes_back(client):
    # It sends the hash of a nonce in its cookie and refuses a token with another one.
    assert claims_of(redeemed(client, nonce="hashed")["id_token"])["nonce"] == "hashed"


def test_an_address_is_in_the_token_and_its_verification_is_a_truth_value(client):
    told = claims_of(redeemed(client)["id_token"])
    assert (told["email"], told["email_verified"]) == (EMAIL, True)


def test_an_unverified_address_is_said_to_be_so(poolgate):
    # It refuses users whose `email_verified` is there and false.
    client = OAuthApp.of(poolgate, secret=True).signed_in(email=EMAIL, email_verified="false")
    assert claims_of(redeemed(client)["id_token"])["email_verified"] is False


def test_groups_are_a_list_of_text(client):
    assert claims_of(redeemed(client)["id_token"])["cognito:groups"] == ["Readers"]


def test_user_info_fills_in_what_the_token_lacks(poolgate, client):
    access_token = redeemed(client)["access_token"]
    headers = {"authorization": f"Bearer {access_token}"}
    told = json.loads(poolgate.send("GET", f"{BASE}/oauth2/userInfo", headers=headers).body)
    assert told["email"] == EMAIL


def test_a_refresh_gives_a_new_id_token_of_the_same_user(client, poolgate):
    tokens = redeemed(client)
    poolgate.clock.advance(1800)
    refreshed = client.token(
        headers=client.basic, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    ).json
    former, now = claims_of(tokens["id_token"]), claims_of(refreshed["id_token"])
    assert (now["sub"], now["exp"] - former["exp"]) == (former["sub"], 1800)


def test_the_state_comes_back_as_it_was_sent(client):
    # `{nonce}:{where the user wanted to go}`, with whatever characters that has.
    state = "8xZ:/reports?year=2026&quarter=ä#top"
    assert client.authorize(state=state).query["state"] == state


def test_a_refusal_comes_back_with_its_reason(client):
    told = client.authorize(scope="openid nothing").query
    assert told["error"] == "invalid_scope"


def test_signing_out_at_the_proxy_signs_out_here_by_the_id_token(client):
    hint = redeemed(client)["id_token"]
    answer = client.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": LOGOUT})
    assert answer.location == LOGOUT
    assert client.authorize(prompt="none").query["error"] == "login_required"


def test_a_code_is_bound_to_the_callback_and_the_verifier(client):
    code = client.code()
    assert client.redeem(code, redirect_uri=f"{CALLBACK}/other").status == 400
    assert client.redeem(code, code_verifier="w" * 43).status == 400
    assert client.redeem(code).status == 200
