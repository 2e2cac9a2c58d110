"""Sessions of users: tracked, listed, limited, ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import App
from kits.people import People
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate
from poolgate.userpools import session_activity, user_sessions
from poolgate.userpools.user_sessions import (
    SessionKind,
    SessionNotFound,
    parse_session_id,
    session_id_of,
)

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
NO_SESSION = (NOT_FOUND, "Session does not exist.")
NOT_TRACKED = (
    "OperationNotEnabledException",
    "Session tracking is not enabled for this user pool.",
)
REVOKED = ("NotAuthorizedException", "Access Token has been revoked")
SOME_SESSION = "tkn" + "0" * 25


def track(app: App, *, is_tracking: bool = True, most: int = 20) -> Any:
    return app.cognito.set_user_pool_session_configuration(
        UserPoolId=app.pool_id,
        UserSessionTracking="ENABLED" if is_tracking else "DISABLED",
        TokenSession={"MaxPerUser": most},
    )


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    """A pool that tracks sessions, with a user."""
    app = App.of(poolgate)
    track(app)
    app.user()
    return app


def sign_in(app: App) -> Any:
    """Sign in a second after the last time, so that sessions have an order."""
    app.poolgate.clock.advance(1)
    return app.sign_in()["AuthenticationResult"]


def listed(app: App, tokens: Any) -> list[Any]:
    answer = app.cognito.list_user_sessions(AccessToken=tokens["AccessToken"])
    return list(answer["Sessions"])


def listed_by_admin(app: App, username: str = "alice") -> list[Any]:
    answer = app.cognito.admin_list_user_sessions(UserPoolId=app.pool_id, Username=username)
    return list(answer["Sessions"])


def own_id(app: App, tokens: Any) -> str:
    (own,) = [each["SessionId"] for each in listed(app, tokens) if each["IsCurrentSession"]]
    return str(own)


@pytest.mark.documented("API_GetUserPoolSessionConfiguration", "the default values")
def test_a_pool_tracks_nothing_until_it_is_told_to(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    named = {"UserPoolId": app.pool_id}
    default = app.cognito.get_user_pool_session_configuration(**named)
    assert (default["UserSessionTracking"], default["TokenSession"]) == (
        "DISABLED",
        {"MaxPerUser": 20},
    )
    answer = track(app, most=3)
    assert (answer["UserSessionTracking"], answer["TokenSession"]) == ("ENABLED", {"MaxPerUser": 3})
    app.cognito.update_user_pool(**named)
    kept = app.cognito.get_user_pool_session_configuration(**named)
    assert (kept["UserSessionTracking"], kept["TokenSession"]) == ("ENABLED", {"MaxPerUser": 3})


@pytest.mark.model("MaxSessionsPerUserType, SSOSessionMaxValidityMinutesType, required members")
def test_settings_out_of_range_are_refused(app: App) -> None:
    named = {"UserPoolId": app.pool_id}
    of_pool = app.cognito.set_user_pool_session_configuration
    for members in (
        {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 0}},
        {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 101}},
        {"UserSessionTracking": "ON", "TokenSession": {"MaxPerUser": 1}},
        {"UserSessionTracking": "ENABLED"},
    ):
        assert refusal_code(of_pool, **named, **members) == INVALID
    of_client = app.cognito.set_user_pool_client_session_configuration
    for minutes in (-1, 129601):
        asked = {"ClientId": app.client_id, "SSOSession": {"MaxValidityMinutes": minutes}}
        assert refusal_code(of_client, **named, **asked) == INVALID


@pytest.mark.documented("API_SetUserPoolSessionConfiguration", "Essentials or Plus tier")
def test_the_settings_need_a_higher_tier(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UserPoolTier": "LITE"})
    code = "FeatureUnavailableInTierException"
    named = {"UserPoolId": app.pool_id}
    assert code == refusal_code(
        app.cognito.set_user_pool_session_configuration,
        **named,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 5},
    )
    assert code == refusal_code(
        app.cognito.set_user_pool_client_session_configuration,
        **named,
        ClientId=app.client_id,
        SSOSession={"MaxValidityMinutes": 5},
    )


@pytest.mark.documented("API_GetUserPoolClientSessionConfiguration", "validity of 60 minutes")
def test_a_client_keeps_its_setting_also_while_tracking_is_off(app: App) -> None:
    named = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    get = app.cognito.get_user_pool_client_session_configuration
    assert get(**named)["SSOSession"] == {"MaxValidityMinutes": 60}
    change = app.cognito.set_user_pool_client_session_configuration
    answer = change(**named, SSOSession={"MaxValidityMinutes": 0})
    assert answer["SSOSession"] == {"MaxValidityMinutes": 0}
    app.cognito.update_user_pool_client(**named)
    track(app, is_tracking=False)
    assert get(**named)["SSOSession"] == {"MaxValidityMinutes": 0}


@pytest.mark.documented("API_SetUserPoolClientSessionConfiguration", "tracking must be enabled")
def test_a_clients_setting_needs_tracking(app: App) -> None:
    track(app, is_tracking=False)
    named = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    change = app.cognito.set_user_pool_client_session_configuration
    assert refusal(change, **named, SSOSession={"MaxValidityMinutes": 5}) == NOT_TRACKED


@pytest.mark.model("declared errors: ResourceNotFoundException")
def test_unknown_pools_clients_and_users_are_not_found(app: App) -> None:
    cognito, nowhere = app.cognito, {"UserPoolId": "us-east-1_Missing00"}
    here, session = {"UserPoolId": app.pool_id}, {"SessionId": SOME_SESSION}
    of_client = cognito.get_user_pool_client_session_configuration
    for operation, members in (
        (cognito.get_user_pool_session_configuration, nowhere),
        (cognito.admin_list_user_sessions, {**nowhere, "Username": "alice"}),
        (cognito.admin_revoke_user_session, {**nowhere, "Username": "alice", **session}),
        (of_client, {**nowhere, "ClientId": app.client_id}),
        (of_client, {**here, "ClientId": "missing"}),
    ):
        assert refusal_code(operation, **members) == NOT_FOUND
    missing = {**here, "Username": "nobody"}
    assert refusal_code(cognito.admin_list_user_sessions, **missing) == "UserNotFoundException"
    assert (
        refusal_code(cognito.admin_revoke_user_session, **missing, **session)
        == "UserNotFoundException"
    )


@pytest.mark.documented("API_ListUserSessions", "all of the user's active sessions")
def test_a_user_sees_every_session_and_which_one_asks(app: App) -> None:
    first = sign_in(app)
    other_client = app.another_client()
    second = sign_in(other_client)
    app.user("bob")
    app.sign_in("bob")
    sessions = listed(app, first)
    assert [each["ClientId"] for each in sessions] == [other_client.client_id, app.client_id]
    assert [each["IsCurrentSession"] for each in sessions] == [False, True]
    assert [each["IsCurrentSession"] for each in listed(app, second)] == [True, False]
    assert {each["SessionType"] for each in sessions} == {"TOKEN"}
    assert all(each["SessionId"].startswith("tkn") for each in sessions)
    assert all(len(each["SessionId"]) == 28 for each in sessions)
    assert sessions[0]["LastIPAddress"] == "127.0.0.1"
    by_admin = listed_by_admin(app)
    assert [each["SessionId"] for each in by_admin] == [each["SessionId"] for each in sessions]
    assert not any(each["IsCurrentSession"] for each in by_admin)


@pytest.mark.documented("SessionDescriptionType", "the most recent token refresh or rotation")
@pytest.mark.parametrize("rotates", [False, True])
def test_a_refresh_is_activity(poolgate: LocalPoolgate, *, rotates: bool) -> None:
    rotation = {
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED"},
    }
    app = App.of(poolgate, **(rotation if rotates else {}))
    track(app)
    app.user()
    tokens = sign_in(app)
    (before,) = listed(app, tokens)
    poolgate.clock.advance(600)
    app.cognito.get_tokens_from_refresh_token(
        ClientId=app.client_id, RefreshToken=tokens["RefreshToken"]
    )
    (after,) = listed(app, tokens)
    assert after["SessionId"] == before["SessionId"]
    assert after["CreateDate"] == before["CreateDate"]
    active: datetime = after["LastActiveDate"]
    assert active - before["LastActiveDate"] >= timedelta(seconds=600)


@pytest.mark.documented("API_AdminListUserSessions", "revoked and expired sessions aren't included")
def test_ended_and_expired_sessions_are_not_listed(app: App) -> None:
    tokens = sign_in(app)
    app.cognito.revoke_token(ClientId=app.client_id, Token=tokens["RefreshToken"])
    assert listed_by_admin(app) == []
    sign_in(app)
    assert len(listed_by_admin(app)) == 1
    app.poolgate.clock.advance(30 * 86400)
    assert listed_by_admin(app) == []


@pytest.mark.documented("API_RevokeUserSession", "revokes all refresh and access tokens")
def test_a_user_ends_another_session(app: App) -> None:
    first, second = sign_in(app), sign_in(app)
    ended = own_id(app, first)
    app.cognito.revoke_user_session(AccessToken=second["AccessToken"], SessionId=ended)
    assert refusal(app.cognito.get_user, AccessToken=first["AccessToken"]) == REVOKED
    told = refusal(
        app.cognito.get_tokens_from_refresh_token,
        ClientId=app.client_id,
        RefreshToken=first["RefreshToken"],
    )
    assert told == ("NotAuthorizedException", "Refresh Token has been revoked")
    assert len(listed(app, second)) == 1
    again = {"AccessToken": second["AccessToken"], "SessionId": ended}
    assert refusal(app.cognito.revoke_user_session, **again) == NO_SESSION


@pytest.mark.assumed("texts for sessions that cannot be revoked")
def test_a_session_does_not_end_itself_nor_anothers(app: App) -> None:
    tokens = sign_in(app)
    app.user("bob")
    (of_bob,) = [
        each["SessionId"] for each in listed(app, app.sign_in("bob")["AuthenticationResult"])
    ]
    revoke = app.cognito.revoke_user_session
    asking = {"AccessToken": tokens["AccessToken"]}
    assert refusal(revoke, **asking, SessionId=own_id(app, tokens)) == (
        INVALID,
        "The current session cannot be revoked.",
    )
    for unknown in (of_bob, SOME_SESSION, "sso" + "0" * 25, "tkn" + "z" * 25):
        assert refusal(revoke, **asking, SessionId=unknown) == NO_SESSION
        by_admin = {"UserPoolId": app.pool_id, "Username": "alice", "SessionId": unknown}
        assert refusal(app.cognito.admin_revoke_user_session, **by_admin) == NO_SESSION
    assert app.cognito.get_user(**asking)["Username"] == "alice"
    assert len(listed_by_admin(app, "bob")) == 1


@pytest.mark.model("SessionIdType, RevokeAssociatedSessionsType")
def test_bad_session_ids_are_refused_by_the_model(app: App) -> None:
    tokens = sign_in(app)
    asking = {"AccessToken": tokens["AccessToken"]}
    for session_id in ("tkn", "TKN" + "0" * 25, "abc" + "0" * 25, "tkn" + "0" * 24 + "_"):
        told = refusal_code(app.cognito.revoke_user_session, **asking, SessionId=session_id)
        assert told == INVALID
    linked = {"SessionId": SOME_SESSION, "RevokeAssociatedSessions": "ALL"}
    assert refusal_code(app.cognito.revoke_user_session, **asking, **linked) == INVALID
    assert refusal_code(app.cognito.list_user_sessions, **asking, NextToken="x") == INVALID


@pytest.mark.documented("API_AdminRevokeUserSession", "you can optionally cascade")
@pytest.mark.parametrize("linked", ["NONE", "LINKED"])
def test_an_administrator_ends_any_session(app: App, linked: str) -> None:
    first, second = sign_in(app), sign_in(app)
    app.cognito.admin_revoke_user_session(
        UserPoolId=app.pool_id,
        Username="alice",
        SessionId=own_id(app, first),
        RevokeAssociatedSessions=linked,
    )
    assert refusal(app.cognito.get_user, AccessToken=first["AccessToken"]) == REVOKED
    assert app.cognito.get_user(AccessToken=second["AccessToken"])


@pytest.mark.assumed("what the session operations answer while tracking is off")
def test_without_tracking_there_are_no_session_operations(app: App) -> None:
    tokens = sign_in(app)
    track(app, is_tracking=False)
    asking = {"AccessToken": tokens["AccessToken"]}
    named = {"UserPoolId": app.pool_id, "Username": "alice"}
    cognito = app.cognito
    assert refusal(cognito.list_user_sessions, **asking) == NOT_TRACKED
    assert refusal(cognito.revoke_user_session, **asking, SessionId=SOME_SESSION) == NOT_TRACKED
    assert refusal(cognito.admin_list_user_sessions, **named) == NOT_TRACKED
    told = refusal(cognito.admin_revoke_user_session, **named, SessionId=SOME_SESSION)
    assert told == NOT_TRACKED


@pytest.mark.assumed("sign-ins from before tracking are listed, without address and device")
def test_sign_ins_from_before_tracking_are_listed_too(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    app.user()
    tokens = sign_in(app)
    track(app)
    (before,) = listed(app, tokens)
    assert (before["DeviceType"], "LastIPAddress" in before) == ("unknown", False)
    assert before["LastActiveDate"] == before["CreateDate"]


@pytest.mark.documented("UserPoolTokenSessionConfigType", "evicts the least recently used")
def test_a_sign_in_beyond_the_limit_ends_the_least_recently_used(app: App) -> None:
    track(app, most=2)
    first, second = sign_in(app), sign_in(app)
    app.poolgate.clock.advance(1)
    app.cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=app.client_id,
        AuthParameters={"REFRESH_TOKEN": first["RefreshToken"]},
    )
    third = sign_in(app)
    assert refusal(app.cognito.get_user, AccessToken=second["AccessToken"]) == REVOKED
    assert len(listed(app, first)) == 2
    assert len(listed(app, third)) == 2


@pytest.mark.documented("UserPoolTokenSessionConfigType", "back within the limit on their next")
def test_a_lower_limit_counts_at_the_next_sign_in(app: App) -> None:
    for _ in range(4):
        sign_in(app)
    track(app, most=2)
    assert len(listed_by_admin(app)) == 4
    newest = sign_in(app)
    assert len(listed(app, newest)) == 2


@pytest.mark.documented("UserPoolTokenSessionConfigType", "maximum number of active sessions")
def test_parallel_sign_ins_keep_the_limit(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    track(app, most=2)
    app.user()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: app.sign_in(), range(6)))
    assert len(listed_by_admin(app)) == 2


@pytest.mark.documented("API_AdminRevokeUserSession", "deletes the session record")
def test_of_parallel_takers_one_ends_the_session(app: App) -> None:
    sign_in(app)
    (session,) = listed_by_admin(app)
    named = {"UserPoolId": app.pool_id, "Username": "alice", "SessionId": session["SessionId"]}

    def end(_: int) -> str:
        try:
            app.cognito.admin_revoke_user_session(**named)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(end, range(4)))
    assert outcomes == ["", NOT_FOUND, NOT_FOUND, NOT_FOUND]


@pytest.mark.documented("API_AdminListUserSessions", "a single page of up to 125 sessions")
def test_more_sessions_than_a_page_holds_are_listed_in_pages(people: People) -> None:
    user = people.user()
    most = user_sessions.MAX_PAGE
    for _ in range(most + 2):
        people.sign_in(user)
    cognito = people.poolgate.client("cognito-idp")
    named = {"UserPoolId": people.pool.pool_id, "Username": "alice"}
    cognito.set_user_pool_session_configuration(
        UserPoolId=people.pool.pool_id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 100},
    )
    first = cognito.admin_list_user_sessions(**named)
    rest = cognito.admin_list_user_sessions(**named, NextToken=first["NextToken"])
    assert (len(first["Sessions"]), len(rest["Sessions"]), "NextToken" in rest) == (most, 2, False)
    ids = {each["SessionId"] for each in first["Sessions"] + rest["Sessions"]}
    assert len(ids) == most + 2


@pytest.mark.model("SessionIdType")
def test_a_session_id_names_one_family() -> None:
    for family_id in (
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ):
        for kind in SessionKind:
            session_id = session_id_of(kind, family_id)
            assert parse_session_id(session_id) == (kind, family_id)
            assert len(session_id) == 28
    with pytest.raises(SessionNotFound):
        parse_session_id("tkn" + "z" * 25)


@pytest.mark.assumed("how a device is worded")
@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"
            ),
            "Windows, Edge",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
            ),
            "iOS, Safari",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Linux, Firefox",
        ),
        ("Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux#6.1 md/arch#x86_64", "Linux, Boto3"),
        ("something else", "unknown"),
        ("", "unknown"),
    ],
)
def test_devices_are_told_by_system_and_application(user_agent: str, device: str) -> None:
    assert session_activity.describe_device(user_agent) == device
