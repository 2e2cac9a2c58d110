"""Sessions of the login pages among a user's sessions: listed, linked, ended."""

from typing import Any

import pytest
from kits.oauth import OAuthApp
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

REVOKED = ("NotAuthorizedException", "Access Token has been revoked")


@pytest.fixture
def oauth(poolgate: LocalPoolgate) -> OAuthApp:
    """An app client with a user whose browser is signed in, in a pool that tracks sessions."""
    oauth = OAuthApp.of(poolgate)
    oauth.app.cognito.set_user_pool_session_configuration(
        UserPoolId=oauth.app.pool_id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 20},
    )
    return oauth.signed_in()


def listed(oauth: OAuthApp) -> list[Any]:
    answer = oauth.app.cognito.admin_list_user_sessions(
        UserPoolId=oauth.app.pool_id, Username="alice"
    )
    return list(answer["Sessions"])


def of_kind(oauth: OAuthApp, kind: str) -> Any:
    (found,) = [each for each in listed(oauth) if each["SessionType"] == kind]
    return found


def end(oauth: OAuthApp, session_id: str, linked: str) -> None:
    oauth.app.cognito.admin_revoke_user_session(
        UserPoolId=oauth.app.pool_id,
        Username="alice",
        SessionId=session_id,
        RevokeAssociatedSessions=linked,
    )


def is_browser_signed_in(oauth: OAuthApp) -> bool:
    return "code" in oauth.authorize().query


def tokens_by_browser(oauth: OAuthApp) -> Any:
    """Return the tokens of the app that the browser's session leads to."""
    oauth.poolgate.clock.advance(1)
    return oauth.redeem(oauth.code(scope="openid aws.cognito.signin.user.admin")).json


@pytest.mark.documented("API_ListUserSessions", "one token session or SSO session")
def test_browser_sessions_are_listed_and_token_sessions_name_theirs(oauth: OAuthApp) -> None:
    tokens = tokens_by_browser(oauth)
    sso, token = of_kind(oauth, "SSO"), of_kind(oauth, "TOKEN")
    assert sso["SessionId"].startswith("sso")
    assert len(sso["SessionId"]) == 28
    assert sso["ClientId"] == oauth.client_id
    assert token["OriginSessionId"] == sso["SessionId"]
    assert "OriginSessionId" not in sso
    own = oauth.app.cognito.list_user_sessions(AccessToken=tokens["access_token"])["Sessions"]
    assert {each["SessionType"]: each["IsCurrentSession"] for each in own} == {
        "TOKEN": True,
        "SSO": False,
    }


@pytest.mark.documented("SessionDescriptionType", "the most recent authentication, token grant")
def test_a_token_grant_is_activity_of_the_browser_session(oauth: OAuthApp) -> None:
    before = of_kind(oauth, "SSO")
    oauth.poolgate.clock.advance(60)
    tokens_by_browser(oauth)
    after = of_kind(oauth, "SSO")
    assert after["CreateDate"] == before["CreateDate"]
    assert after["LastActiveDate"] > before["LastActiveDate"]


@pytest.mark.documented("RevokeAssociatedSessionsType", "NONE revokes only the targeted session")
def test_a_browser_session_ends_alone(oauth: OAuthApp) -> None:
    tokens = tokens_by_browser(oauth)
    end(oauth, of_kind(oauth, "SSO")["SessionId"], "NONE")
    assert not is_browser_signed_in(oauth)
    assert oauth.app.cognito.get_user(AccessToken=tokens["access_token"])
    (rest,) = listed(oauth)
    assert rest["SessionType"] == "TOKEN"


@pytest.mark.documented("RevokeAssociatedSessionsType", "the token sessions that came through it")
def test_a_browser_session_ends_with_what_came_through_it(oauth: OAuthApp) -> None:
    by_api = oauth.app.sign_in()["AuthenticationResult"]["AccessToken"]
    tokens = tokens_by_browser(oauth)
    end(oauth, of_kind(oauth, "SSO")["SessionId"], "LINKED")
    assert not is_browser_signed_in(oauth)
    assert refusal(oauth.app.cognito.get_user, AccessToken=tokens["access_token"]) == REVOKED
    assert oauth.app.cognito.get_user(AccessToken=by_api)


@pytest.mark.documented("RevokeAssociatedSessionsType", "the parent SSO session it came through")
@pytest.mark.parametrize("linked", ["NONE", "LINKED"])
def test_a_token_session_may_end_its_browser_session(oauth: OAuthApp, linked: str) -> None:
    first, second = tokens_by_browser(oauth), tokens_by_browser(oauth)
    own = oauth.app.cognito.list_user_sessions(AccessToken=first["access_token"])["Sessions"]
    (session_id,) = [each["SessionId"] for each in own if each["IsCurrentSession"]]
    end(oauth, session_id, linked)
    assert refusal(oauth.app.cognito.get_user, AccessToken=first["access_token"]) == REVOKED
    assert oauth.app.cognito.get_user(AccessToken=second["access_token"])
    assert is_browser_signed_in(oauth) == (linked == "NONE")


@pytest.mark.documented("API_RevokeToken", "LINKED also revokes the parent SSO session")
def test_revoking_a_token_may_end_its_browser_session(oauth: OAuthApp) -> None:
    tokens = tokens_by_browser(oauth)
    named = {"Token": tokens["refresh_token"], "ClientId": oauth.client_id}
    oauth.app.cognito.revoke_token(**named)
    assert is_browser_signed_in(oauth)
    oauth.app.cognito.revoke_token(**named, RevokeAssociatedSessions="LINKED")
    assert not is_browser_signed_in(oauth)


@pytest.mark.model("SessionIdType")
def test_another_users_browser_session_is_not_found(oauth: OAuthApp) -> None:
    session_id = of_kind(oauth, "SSO")["SessionId"]
    oauth.app.user("bob")
    told = refusal_code(
        oauth.app.cognito.admin_revoke_user_session,
        UserPoolId=oauth.app.pool_id,
        Username="bob",
        SessionId=session_id,
    )
    assert told == "ResourceNotFoundException"
    assert is_browser_signed_in(oauth)


@pytest.mark.documented("API_ListUserSessions", "the user's active sessions")
def test_browser_sessions_that_are_over_are_not_listed(oauth: OAuthApp) -> None:
    oauth.poolgate.clock.advance(1)
    oauth.app.cognito.admin_set_user_password(
        UserPoolId=oauth.app.pool_id, Username="alice", Password="Other-password-1", Permanent=True
    )
    assert listed(oauth) == []
