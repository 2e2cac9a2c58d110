"""The history of users' sign-ins, and feedback on it."""

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from kits.cognito import PASSWORD, App, refused
from kits.watched import ALICE, ELSEWHERE, HOME, PHONE_AGENT, SES_ARN, Watched, encoded_data

from poolgate.testing import LocalPoolgate
from poolgate.userpools import auth_events
from poolgate.userpools.housekeeping import purge_expired

OFF = (
    "UserPoolAddOnNotEnabledException",
    "Threat protection is not enabled for this user pool.",
)
BAD_TOKEN = ("NotAuthorizedException", "Invalid feedback token.")
DAY = 24 * 60 * 60


@pytest.fixture
def app(poolgate: LocalPoolgate) -> Watched:
    app = Watched.watching(poolgate, "AUDIT")
    app.person(email_verified="true")
    return app


def claims_of(token: str) -> Any:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def types(app: Watched, username: str = "alice") -> list[tuple[str, str]]:
    return [(event["EventType"], event["EventResponse"]) for event in app.events(username)]


@pytest.mark.documented("API_AuthEventType", "its members")
def test_a_sign_in_is_described_in_full(app: Watched) -> None:
    answer = app.enter(EncodedData=encoded_data(DeviceId="d1", ClientTimezone="+01:00"))
    (event,) = app.events()
    created_at, event_id = event.pop("CreationDate"), event.pop("EventId")
    # Times are told to the millisecond.
    assert abs(created_at - app.poolgate.clock.now()) <= timedelta(milliseconds=1)
    assert event == {
        "EventType": "SignIn",
        "EventResponse": "Pass",
        "EventRisk": {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False},
        "ChallengeResponses": [{"ChallengeName": "Password", "ChallengeResponse": "Success"}],
        "EventContextData": {
            "IpAddress": HOME,
            "DeviceName": "macOS, Safari",
            "Timezone": "+01:00",
        },
    }
    assert claims_of(answer["AuthenticationResult"]["AccessToken"])["event_id"] == event_id


@pytest.mark.model("AdminListUserAuthEvents", "EventType, EventResponse")
def test_what_users_do_is_listed_newest_first(app: Watched) -> None:
    app.fail()
    access_token = app.enter()["AuthenticationResult"]["AccessToken"]
    with refused("NotAuthorizedException"):
        app.cognito.change_password(
            AccessToken=access_token, PreviousPassword="wrong", ProposedPassword="Newer-words-1"
        )
    app.cognito.change_password(
        AccessToken=access_token, PreviousPassword=PASSWORD, ProposedPassword="Newer-words-1"
    )
    asker = {"ClientId": app.client_id, "Username": "alice"}
    app.cognito.forgot_password(**asker)
    with refused("CodeMismatchException"):
        app.cognito.confirm_forgot_password(
            **asker, ConfirmationCode="000000", Password="Newest-words-1"
        )
    app.cognito.confirm_forgot_password(
        **asker, ConfirmationCode=app.last_code(ALICE), Password="Newest-words-1"
    )
    assert types(app) == [
        ("PasswordChange", "Pass"),
        ("PasswordChange", "Fail"),
        ("ForgotPassword", "Pass"),
        ("PasswordChange", "Pass"),
        ("PasswordChange", "Fail"),
        ("SignIn", "Pass"),
        ("SignIn", "Fail"),
    ]
    app.join("berta")
    app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="berta")
    assert types(app, "berta") == [("ResendCode", "Pass"), ("SignUp", "Pass")]


@pytest.mark.documented("API_AdminListUserAuthEvents", "Returns 60 events if ... 0")
def test_the_list_has_pages(app: Watched) -> None:
    for _ in range(5):
        app.enter()
    asked = {"UserPoolId": app.pool_id, "Username": "alice"}
    whole = [event["EventId"] for event in app.events(MaxResults=0)]
    first = app.cognito.admin_list_user_auth_events(**asked, MaxResults=2)
    app.enter()
    second = app.cognito.admin_list_user_auth_events(
        **asked, MaxResults=3, NextToken=first["NextToken"]
    )
    paged = [event["EventId"] for event in (*first["AuthEvents"], *second["AuthEvents"])]
    assert paged == whole
    assert "NextToken" not in second
    app.person("berta")
    for bad in (first["NextToken"][:-2] + "xx", "nonsense"):
        with refused("InvalidParameterException"):
            app.cognito.admin_list_user_auth_events(**asked, NextToken=bad)
    with refused("InvalidParameterException"):
        app.cognito.admin_list_user_auth_events(
            UserPoolId=app.pool_id, Username="berta", NextToken=first["NextToken"]
        )


@pytest.mark.documented("API_AdminListUserAuthEvents", "errors: UserPoolAddOnNotEnabledException")
def test_pools_that_do_not_watch_have_no_history(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    app.user()
    app.sign_in()
    asked = {"UserPoolId": app.pool_id, "Username": "alice"}
    with refused(OFF[0]):
        app.cognito.admin_list_user_auth_events(**asked)
    with refused(OFF[0]):
        app.cognito.admin_update_auth_event_feedback(**asked, EventId="e", FeedbackValue="Valid")
    app.cognito.update_user_pool(
        UserPoolId=app.pool_id,
        UserPoolTier="PLUS",
        UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
    )
    assert app.cognito.admin_list_user_auth_events(**asked)["AuthEvents"] == []


@pytest.mark.assumed("events are kept for 180 days, 250 of a kind for each user")
def test_history_is_bounded(app: Watched) -> None:
    app.enter()
    for _ in range(auth_events.KEPT_OF_A_KIND + 5):
        app.fail("alice")
        app.poolgate.clock.advance(16 * 60)
    kept: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = app.cognito.admin_list_user_auth_events(
            UserPoolId=app.pool_id, Username="alice", **token
        )
        kept += page["AuthEvents"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    responses = [event["EventResponse"] for event in kept]
    assert responses.count("Fail") == auth_events.KEPT_OF_A_KIND
    assert responses[-1] == "Pass"
    app.poolgate.clock.advance(181 * DAY)
    assert app.events() == []
    installation = app.poolgate.application.installation
    now_millis = int(app.poolgate.clock.now().timestamp() * 1000)
    assert purge_expired(installation.db, now_millis) >= len(kept)


@pytest.mark.assumed("a deleted user's history is gone")
def test_history_goes_with_the_user(app: Watched) -> None:
    app.enter()
    app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    app.person()
    assert app.events() == []


# ---- feedback ---------------------------------------------------------------------------------


@pytest.mark.documented("API_AdminUpdateAuthEventFeedback", "its members")
def test_an_administrators_word_is_shown_and_counts(app: Watched) -> None:
    app.enter()
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    event = app.last_event()
    assert event["EventRisk"]["RiskLevel"] == "Medium"
    said = {"UserPoolId": app.pool_id, "Username": "alice", "EventId": event["EventId"]}
    app.cognito.admin_update_auth_event_feedback(**said, FeedbackValue="Invalid")
    feedback = app.last_event()["EventFeedback"]
    assert (feedback["FeedbackValue"], feedback["Provider"]) == ("Invalid", "Admin")
    assert "FeedbackDate" in feedback
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    assert app.last_event()["EventRisk"]["RiskLevel"] == "High"
    app.cognito.admin_update_auth_event_feedback(**said, FeedbackValue="Valid")
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    assert app.last_event()["EventRisk"]["RiskDecision"] == "NoRisk"


@pytest.mark.assumed("what feedback does is our own")
def test_a_place_that_was_the_users_before_stays_the_users(app: Watched) -> None:
    own = {"EncodedData": encoded_data(DeviceId="laptop")}
    app.enter(**own)
    app.poolgate.clock.advance(60)
    app.enter(**own)
    said = {"UserPoolId": app.pool_id, "Username": "alice", "FeedbackValue": "Invalid"}
    app.cognito.admin_update_auth_event_feedback(**said, EventId=app.last_event()["EventId"])
    app.enter(**own)
    assert app.last_event()["EventRisk"]["RiskDecision"] == "NoRisk"
    theirs = {"address": ELSEWHERE, "EncodedData": encoded_data(DeviceId="stolen")}
    app.enter(**theirs)
    app.cognito.admin_update_auth_event_feedback(**said, EventId=app.last_event()["EventId"])
    app.enter(EncodedData=theirs["EncodedData"])
    assert app.last_event()["EventRisk"]["RiskLevel"] == "High"


@pytest.mark.assumed("what feedback does is our own")
def test_a_kind_of_device_is_never_reported(app: Watched) -> None:
    app.enter()
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    app.cognito.admin_update_auth_event_feedback(
        UserPoolId=app.pool_id,
        Username="alice",
        EventId=app.last_event()["EventId"],
        FeedbackValue="Invalid",
    )
    app.enter(agent=PHONE_AGENT)
    assert app.last_event()["EventRisk"]["RiskDecision"] == "NoRisk"


@pytest.mark.assumed("text for an event that does not exist")
def test_feedback_needs_an_event_of_the_user(app: Watched) -> None:
    app.enter()
    app.person("berta")
    event_id = app.last_event()["EventId"]
    for username, named in (("alice", "no-such-event"), ("berta", event_id)):
        with refused("ResourceNotFoundException", f"Event {named} does not exist."):
            app.cognito.admin_update_auth_event_feedback(
                UserPoolId=app.pool_id, Username=username, EventId=named, FeedbackValue="Valid"
            )
    with refused("UserNotFoundException"):
        app.cognito.admin_update_auth_event_feedback(
            UserPoolId=app.pool_id, Username="nobody", EventId=event_id, FeedbackValue="Valid"
        )


def told(app: Watched) -> tuple[str, str]:
    """Return the event id and feedback token of a notice."""
    app.enter()
    app.cognito.set_risk_configuration(
        UserPoolId=app.pool_id,
        AccountTakeoverRiskConfiguration={
            "Actions": {"MediumAction": {"EventAction": "NO_ACTION", "Notify": True}},
            "NotifyConfiguration": {
                "SourceArn": SES_ARN,
                "NoActionEmail": {"Subject": "s", "TextBody": "{event-id} {feedback-token}"},
            },
        },
    )
    app.cognito.update_user_pool(
        UserPoolId=app.pool_id,
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        AutoVerifiedAttributes=["email"],
    )
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    event_id, feedback_token = app.poolgate.outbox(ALICE)[-1].body.split(" ")
    return event_id, feedback_token


@pytest.mark.documented("API_UpdateAuthEventFeedback", "requires a FeedbackToken")
def test_a_users_word_comes_with_the_token_of_the_notice(app: Watched) -> None:
    event_id, feedback_token = told(app)
    said = {
        "UserPoolId": app.pool_id,
        "Username": "alice",
        "EventId": event_id,
        "FeedbackToken": feedback_token,
        "FeedbackValue": "Invalid",
    }
    answer = app.poolgate.post_json("cognito-idp", "UpdateAuthEventFeedback", said)
    assert answer.status == 200
    feedback = app.last_event()["EventFeedback"]
    assert (feedback["FeedbackValue"], feedback["Provider"]) == ("Invalid", "User")


@pytest.mark.assumed("text for a feedback token that does not count")
def test_a_feedback_token_serves_for_its_event_alone(app: Watched) -> None:
    event_id, feedback_token = told(app)
    app.person("berta")
    good = {
        "UserPoolId": app.pool_id,
        "Username": "alice",
        "EventId": event_id,
        "FeedbackToken": feedback_token,
        "FeedbackValue": "Valid",
    }
    other = Watched.watching(app.poolgate, "AUDIT")
    first_event = app.events()[-1]["EventId"]
    auth_session_like = re.sub("[A-Za-z]", "A", feedback_token)
    for changed in (
        {"Username": "berta"},
        {"Username": "nobody"},
        {"EventId": first_event},
        {"UserPoolId": other.pool_id},
        {"FeedbackToken": feedback_token[:-4] + "AAA="},
        {"FeedbackToken": auth_session_like},
        {"FeedbackToken": "x"},
    ):
        with refused(*BAD_TOKEN):
            app.cognito.update_auth_event_feedback(**{**good, **changed})
    app.poolgate.clock.advance(181 * DAY)
    with refused(*BAD_TOKEN):
        app.cognito.update_auth_event_feedback(**good)
