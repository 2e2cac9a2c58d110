"""Refreshing, revoking, introspecting and userInfo: RFC 6749 s6, 7009, 7662, OIDC Core s5.3."""

import pytest
from kits.cognito import PASSWORD
from kits.devices import confirmed_device
from kits.oauth import OAuthApp, claims_of

ROTATING = {
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
}
NOT_ALIVE = "Access token is expired, disabled, or deleted, or the user has globally signed out."


@pytest.fixture
def browser(poolgate):
    return OAuthApp.of(poolgate).signed_in(email="alice@example.com", email_verified="true")


def refreshed(browser, refresh_token, **form):
    headers = browser.basic if browser.app.client_secret else None
    return browser.token(
        headers=headers, grant_type="refresh_token", refresh_token=refresh_token, **form
    )


def test_a_refresh_gives_new_tokens_of_the_same_sign_in(browser, poolgate):
    first = browser.redeem(browser.code(nonce="n")).json
    poolgate.clock.advance(60)
    answer = refreshed(browser, first["refresh_token"])
    assert set(answer.json) == {"access_token", "id_token", "expires_in", "token_type"}
    before, after = claims_of(first["id_token"]), claims_of(answer.json["id_token"])
    assert after["auth_time"] == before["auth_time"]
    assert after["origin_jti"] == before["origin_jti"]
    assert "nonce" not in after
    access = claims_of(answer.json["access_token"])
    assert (access["scope"], access["version"]) == ("openid email", 2)


def test_a_refresh_without_openid_gives_no_id_token(browser):
    first = browser.redeem(browser.code(scope="aws.cognito.signin.user.admin")).json
    assert "id_token" not in refreshed(browser, first["refresh_token"]).json


def test_a_refresh_may_ask_for_fewer_scopes_but_not_for_more(browser):
    first = browser.redeem(browser.code(scope="openid email")).json["refresh_token"]
    fewer = refreshed(browser, first, scope="openid").json["access_token"]
    assert claims_of(fewer)["scope"] == "openid"
    more = refreshed(browser, first, scope="openid profile")
    assert more.refused() == (400, "invalid_scope", None)


def test_rotation_gives_a_new_refresh_token_and_reuse_ends_the_family(poolgate):
    browser = OAuthApp.of(poolgate, **ROTATING).signed_in()
    first = browser.redeem(browser.code()).json
    second = refreshed(browser, first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    reused = refreshed(browser, first["refresh_token"])
    assert reused.refused() == (400, "invalid_grant", None)
    ended = refreshed(browser, second["refresh_token"])
    assert ended.refused() == (400, "invalid_grant", None)


def test_a_sign_in_by_the_api_is_refreshed_here_too(browser):
    api = browser.app.sign_in()["AuthenticationResult"]
    answer = refreshed(browser, api["RefreshToken"])
    claims = claims_of(answer.json["access_token"])
    assert claims["scope"] == "aws.cognito.signin.user.admin"
    assert "version" not in claims
    assert "id_token" in answer.json


def test_a_sign_in_by_the_api_is_refreshed_only_where_the_client_refreshes(browser):
    other = browser.another(ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    api = other.app.sign_in(password=PASSWORD)["AuthenticationResult"]
    assert refreshed(other, api["RefreshToken"]).refused() == (400, "unauthorized_client", None)


def test_where_devices_are_tracked_only_sign_ins_of_the_pages_are_refreshed_here(browser):
    """AWS Developer Guide, token endpoint: sign-ins of the API are tied to their devices."""
    app = browser.app
    app.cognito.update_user_pool(
        UserPoolId=app.pool_id, DeviceConfiguration={"ChallengeRequiredOnNewDevice": True}
    )
    by_api = app.sign_in()
    device = confirmed_device(app, by_api)
    refresh_token = by_api["AuthenticationResult"]["RefreshToken"]
    refused = refreshed(browser, refresh_token, device_key=device.device_key)
    assert refused.refused() == (400, "invalid_grant", None)
    by_pages = browser.redeem(browser.code(nonce="n")).json
    access = claims_of(refreshed(browser, by_pages["refresh_token"]).json["access_token"])
    assert "device_key" not in access


@pytest.mark.parametrize("token", ["", "made-up"])
def test_what_is_no_refresh_token_is_refused(browser, token):
    error = "invalid_grant" if token else "invalid_request"
    assert refreshed(browser, token).refused() == (400, error, None)


def test_a_refresh_token_of_another_client_is_refused(browser):
    first = browser.redeem(browser.code()).json
    other = browser.another()
    assert refreshed(other, first["refresh_token"]).refused() == (400, "invalid_grant", None)


def test_a_disabled_user_refreshes_nothing(browser):
    first = browser.redeem(browser.code()).json
    browser.app.disable()
    assert refreshed(browser, first["refresh_token"]).refused() == (400, "invalid_grant", None)


# -- revocation ---------------------------------------------------------------------------------


def revoked(browser, token, headers=None, **form):
    proof = {} if headers else {"client_id": browser.client_id}
    return browser.post("/oauth2/revoke", {**proof, "token": token, **form}, headers=headers)


def test_revoking_ends_the_sign_in(browser):
    members = browser.redeem(browser.code()).json
    answer = revoked(browser, members["refresh_token"])
    assert (answer.status, answer.response.body) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    refusal = refreshed(browser, members["refresh_token"]).refused()
    assert refusal == (400, "invalid_grant", None)
    assert user_info(browser, members["access_token"]).status == 401
    assert revoked(browser, members["refresh_token"]).status == 200
    assert revoked(browser, "unknown").status == 200


def test_only_refresh_tokens_are_revoked(browser):
    members = browser.redeem(browser.code()).json
    for name in ("access_token", "id_token"):
        refusal = revoked(browser, members[name]).refused()
        assert refusal == (400, "unsupported_token_type", None)


def test_a_wrong_client_is_refused_with_401(poolgate):
    browser = OAuthApp.of(poolgate, secret=True)
    assert revoked(browser, "any").refused() == (401, "invalid_client", None)
    unknown = browser.post("/oauth2/revoke", {"token": "any", "client_id": "nobody"})
    assert unknown.refused() == (401, "invalid_client", None)


def test_revoking_needs_a_token_and_a_client_that_revokes(browser):
    missing = browser.post("/oauth2/revoke", {"client_id": browser.client_id})
    assert missing.refused() == (400, "invalid_request", None)
    other = browser.another(EnableTokenRevocation=False)
    assert revoked(other, "any").refused() == (400, "invalid_request", None)


# -- introspection ------------------------------------------------------------------------------


def introspected(asker, token):
    return asker.post("/oauth2/introspect", {"token": token}, headers=asker.basic)


def test_an_api_learns_whether_a_token_is_alive_and_what_it_says(browser):
    api = browser.another(secret=True)
    members = browser.redeem(browser.code()).json
    told = introspected(api, members["access_token"]).json
    assert told == {
        **claims_of(members["access_token"]),
        "active": True,
        "token_type": "Bearer",
    }
    revoked(browser, members["refresh_token"])
    assert introspected(api, members["access_token"]).json == {"active": False}


def test_a_refresh_token_is_described_to_its_own_client_only(poolgate):
    browser = OAuthApp.of(poolgate, secret=True).signed_in()
    members = browser.redeem(browser.code()).json
    told = introspected(browser, members["refresh_token"]).json
    assert told["active"] is True
    assert (told["token_type"], told["scope"]) == ("refresh_token", "openid email")
    other = browser.another(secret=True)
    assert introspected(other, members["refresh_token"]).json == {"active": False}


@pytest.mark.parametrize("token", ["made-up", "a.b.c"])
def test_of_what_is_no_token_nothing_is_told(poolgate, token):
    browser = OAuthApp.of(poolgate, secret=True)
    assert introspected(browser, token).json == {"active": False}


def test_public_clients_do_not_introspect(browser):
    answer = browser.post("/oauth2/introspect", {"token": "any", "client_id": browser.client_id})
    assert answer.refused() == (401, "invalid_client", None)
    assert "access-control-allow-origin" not in answer.headers


# -- userInfo -----------------------------------------------------------------------------------


def user_info(browser, access_token, path="/oauth2/userInfo"):
    headers = {"authorization": f"Bearer {access_token}"} if access_token else {}
    return browser.post(path, "", headers=headers)


def test_user_info_tells_by_scope_and_flags_are_text(browser):
    sub = browser.app.attributes()["sub"]
    members = browser.redeem(browser.code(scope="openid email")).json
    answer = user_info(browser, members["access_token"])
    assert answer.json == {
        "sub": sub,
        "username": "alice",
        "email": "alice@example.com",
        "email_verified": "true",
    }
    assert "no-store" in answer.headers["cache-control"]
    assert user_info(browser, members["access_token"], "/oauth2/userinfo").status == 200


def test_user_info_refuses_other_tokens(browser, poolgate):
    members = browser.redeem(browser.code()).json
    assert user_info(browser, members["id_token"]).refused() == (401, "invalid_token", NOT_ALIVE)
    admin = browser.redeem(browser.code(scope="aws.cognito.signin.user.admin")).json
    refusal = user_info(browser, admin["access_token"])
    text = "Access token does not contain openid scope"
    assert refusal.refused() == (401, "invalid_token", text)
    poolgate.clock.advance(3601)
    late = user_info(browser, members["access_token"])
    assert late.refused() == (401, "invalid_token", NOT_ALIVE)
    assert late.headers["www-authenticate"] == (
        f'Bearer error="invalid_token", error_description="{NOT_ALIVE}"'
    )


def test_user_info_wants_a_token_in_the_header(browser):
    text = "Bad OAuth2 request at UserInfo Endpoint"
    assert user_info(browser, "").refused() == (400, "invalid_request", text)


def test_user_info_of_another_pool_is_refused(browser, poolgate):
    members = browser.redeem(browser.code()).json
    cognito = poolgate.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="strangers")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="strangers", UserPoolId=pool_id)
    answer = poolgate.send(
        "GET",
        "/domains/strangers/oauth2/userInfo",
        headers={"authorization": f"Bearer {members['access_token']}"},
    )
    assert answer.status == 401
