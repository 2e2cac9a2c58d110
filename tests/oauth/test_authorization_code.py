"""Authorization codes at the token endpoint: RFC 6749 s4.1, RFC 7636, security.md O3 to O5."""

import threading

import pytest
from kits.oauth import CALLBACK, VERIFIER, OAuthApp, claims_of

from poolgate.userpools.token_claims import access_token_hash

ADDRESS = "alice@example.com"


@pytest.fixture
def browser(poolgate):
    return OAuthApp.of(poolgate).signed_in(
        email=ADDRESS, email_verified="true", name="Alice", given_name="Alice"
    )


def user_info(browser, access_token):
    answer = browser.poolgate.send(
        "GET",
        "/domains/people/oauth2/userInfo",
        headers={"authorization": f"Bearer {access_token}"},
    )
    return answer.status


def test_a_code_is_redeemed_for_three_tokens(browser, poolgate):
    poolgate.clock.advance(120)
    answer = browser.redeem(browser.code(nonce="n-0S6"))
    assert answer.status == 200
    assert "no-store" in answer.headers["cache-control"]
    members = answer.json
    assert set(members) == {
        "access_token",
        "id_token",
        "refresh_token",
        "expires_in",
        "token_type",
    }
    identity, access = claims_of(members["id_token"]), claims_of(members["access_token"])
    assert identity["nonce"] == "n-0S6"
    assert identity["at_hash"] == access_token_hash(members["access_token"])
    assert identity["aud"] == access["client_id"] == browser.client_id
    assert access["version"] == 2
    assert access["scope"] == "openid email"
    assert identity["origin_jti"] == access["origin_jti"]
    # The user signed in two minutes before the code was redeemed.
    assert identity["auth_time"] == access["auth_time"] == identity["iat"] - 120


def test_scopes_limit_what_the_id_token_says(browser):
    wanted = {
        "openid email": {"email", "email_verified"},
        "openid": {"email", "email_verified", "name", "given_name"},
        "openid profile": {"name", "given_name"},
    }
    for scope, attributes in wanted.items():
        identity = claims_of(browser.redeem(browser.code(scope=scope)).json["id_token"])
        said = {"email", "email_verified", "name", "given_name"} & set(identity)
        assert said == attributes, scope


def test_without_openid_there_is_no_id_token(browser):
    answer = browser.redeem(browser.code(scope="aws.cognito.signin.user.admin")).json
    assert "id_token" not in answer
    got = browser.app.cognito.get_user(AccessToken=answer["access_token"])
    assert got["Username"] == "alice"


def test_without_a_scope_all_of_the_client_are_granted(browser):
    access = claims_of(browser.redeem(browser.code(scope="")).json["access_token"])
    assert access["scope"] == "openid email profile aws.cognito.signin.user.admin"


def test_a_confidential_client_redeems_with_its_secret_only(poolgate):
    browser = OAuthApp.of(poolgate, secret=True).signed_in()
    without = browser.token(
        grant_type="authorization_code",
        code=browser.code(),
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
        client_id=browser.client_id,
    )
    assert without.refused() == (400, "invalid_client", None)
    assert browser.redeem(browser.code()).status == 200


def test_a_code_works_once_and_a_second_use_revokes_what_came_of_it(browser):
    code = browser.code()
    first = browser.redeem(code).json
    assert user_info(browser, first["access_token"]) == 200
    assert browser.redeem(code).refused() == (400, "invalid_grant", None)
    assert user_info(browser, first["access_token"]) == 401
    refreshed = browser.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert refreshed.refused() == (400, "invalid_grant", None)


def test_of_fifty_takers_one_gets_tokens_and_they_are_revoked(browser):
    code, answers = browser.code(), []
    started = threading.Barrier(50)

    def take():
        started.wait()
        answers.append(browser.redeem(code))

    takers = [threading.Thread(target=take) for _ in range(50)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    good = [answer for answer in answers if answer.status == 200]
    assert len(good) == 1
    assert {answer.json["error"] for answer in answers if answer.status != 200} == {"invalid_grant"}
    assert user_info(browser, good[0].json["access_token"]) == 401


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)])
def test_a_code_lives_five_minutes(browser, poolgate, seconds, status):
    code = browser.code()
    poolgate.clock.advance(seconds)
    assert browser.redeem(code).status == status


def test_a_code_of_another_client_is_refused_and_stays_good(browser):
    code = browser.code()
    other = browser.another()
    assert other.redeem(code).refused() == (400, "invalid_grant", None)
    assert browser.redeem(code).status == 200


@pytest.mark.parametrize(
    ("verifier", "error"),
    [
        ("w" * 43, "invalid_grant"),
        ("", "invalid_grant"),
        ("v" * 42, "invalid_request"),
        ("v" * 129, "invalid_request"),
        ("v" * 42 + "!", "invalid_request"),
    ],
)
def test_a_wrong_verifier_is_refused(browser, verifier, error):
    code = browser.code()
    assert browser.redeem(code, code_verifier=verifier).refused() == (400, error, None)
    assert browser.redeem(code).status == 200


def test_a_verifier_without_a_challenge_is_refused(browser):
    """Somebody took the challenge out of the request (RFC 9700 section 4.8.2)."""
    code = browser.code(code_challenge="", code_challenge_method="")
    assert browser.redeem(code).refused() == (400, "invalid_grant", None)
    assert browser.redeem(code, code_verifier="").status == 200


@pytest.mark.parametrize("redirect_uri", ["https://app.example/other", ""])
def test_the_redirect_uri_must_be_the_same_again(browser, redirect_uri):
    answer = browser.redeem(browser.code(), redirect_uri=redirect_uri)
    assert answer.refused() == (400, "unauthorized_client", "invalid_redirect")


def test_a_redirect_uri_that_was_not_sent_is_not_needed(browser):
    code = browser.code(redirect_uri="")
    assert browser.redeem(code, redirect_uri="").status == 200


def test_what_is_no_code_is_refused(browser):
    assert browser.redeem("made-up").refused() == (400, "invalid_grant", None)
    missing = browser.token(grant_type="authorization_code", redirect_uri=CALLBACK)
    assert missing.refused() == (400, "invalid_request", None)


def test_a_client_whose_flow_was_taken_away_redeems_nothing(browser):
    code = browser.code()
    browser.app.cognito.update_user_pool_client(
        UserPoolId=browser.app.pool_id, ClientId=browser.client_id
    )
    assert browser.redeem(code).refused() == (400, "unauthorized_client", None)


def test_a_scope_whose_attributes_the_client_cannot_read_is_refused(browser):
    limited = browser.another(ReadAttributes=["email", "name"])
    limited.cookies = browser.cookies
    answer = limited.redeem(limited.code(scope="openid email"))
    assert answer.refused() == (400, "invalid_grant", None)
    assert limited.redeem(limited.code(scope="openid")).status == 200


def ends_with_disabling(browser):
    browser.app.disable()


def ends_with_a_new_password(browser):
    browser.poolgate.clock.advance(1)
    browser.app.set_password("alice", "Another-password-1")


def ends_with_log_out(browser):
    browser.get(
        "/logout", {"client_id": browser.client_id, "logout_uri": "https://app.example/bye"}
    )


def ends_with_a_global_sign_out(browser):
    browser.app.cognito.admin_user_global_sign_out(UserPoolId=browser.app.pool_id, Username="alice")


@pytest.mark.parametrize(
    "end",
    [ends_with_disabling, ends_with_a_new_password, ends_with_log_out, ends_with_a_global_sign_out],
)
def test_a_code_under_way_ends_with_what_it_came_from(browser, end):
    code = browser.code()
    end(browser)
    assert browser.redeem(code).refused() == (400, "invalid_grant", None)


def test_a_deleted_user_takes_codes_along(browser):
    code = browser.code()
    browser.app.cognito.admin_delete_user(UserPoolId=browser.app.pool_id, Username="alice")
    assert browser.redeem(code).refused() == (400, "invalid_grant", None)


def test_a_resource_is_the_audience_of_access_tokens_also_after_a_refresh(browser):
    members = browser.redeem(browser.code(resource="https://api.example/things")).json
    assert claims_of(members["access_token"])["aud"] == "https://api.example/things"
    refreshed = browser.token(grant_type="refresh_token", refresh_token=members["refresh_token"])
    assert claims_of(refreshed.json["access_token"])["aud"] == "https://api.example/things"


def test_tokens_are_asked_for_as_hosted_sign_in(browser, poolgate):
    arn, events = "arn:aws:lambda:us-east-1:123456789012:function:tokens", []

    def function(event):
        events.append(event)
        return event

    poolgate.trigger(arn, function)
    browser.app.cognito.update_user_pool(
        UserPoolId=browser.app.pool_id, LambdaConfig={"PreTokenGeneration": arn}
    )
    members = browser.redeem(browser.code()).json
    browser.token(grant_type="refresh_token", refresh_token=members["refresh_token"])
    assert [event["triggerSource"] for event in events] == [
        "TokenGeneration_HostedAuth",
        "TokenGeneration_RefreshTokens",
    ]
