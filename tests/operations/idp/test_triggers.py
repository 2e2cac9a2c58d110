"""Triggers around an account and a sign-in: what functions are told, what they decide."""

import json
from typing import Any

import pytest
from kits.cognito import PASSWORD, WRONG, App, attribute_list, refused
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
PHONE = "+15555550123"
ACCOUNT = ("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication")
USER_LAMBDA = "UserLambdaValidationException"
UNREADABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
PAGE = "cognito-user-pools-working-with-lambda-triggers"


@pytest.fixture
def function(poolgate: LocalPoolgate) -> Recorder:
    return Recorder(poolgate)


def app_of(poolgate: LocalPoolgate, *triggers: str, hides: bool = False, **pool: Any) -> App:
    config = dict.fromkeys(triggers, FUNCTION)
    return App.of(
        poolgate,
        pool={"AutoVerifiedAttributes": ["email"], "LambdaConfig": config, **pool},
        hides=hides,
    )


def sign_up(app: App, username: str = "alice", **members: Any) -> Any:
    return app.cognito.sign_up(
        ClientId=app.client_id,
        Username=username,
        **{"Password": PASSWORD, "UserAttributes": attribute_list({"email": EMAIL}), **members},
    )


def confirm(app: App, **members: Any) -> Any:
    return app.cognito.confirm_sign_up(
        ClientId=app.client_id,
        Username="alice",
        ConfirmationCode=app.last_code(EMAIL),
        **members,
    )


@pytest.mark.model("LambdaConfigType")
def test_functions_are_kept_and_shown(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, *ACCOUNT)
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["LambdaConfig"] == dict.fromkeys(ACCOUNT, FUNCTION)
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["LambdaConfig"] == {}


@pytest.mark.model("InboundFederationLambdaType")
def test_the_function_for_other_providers_claims_has_a_version(poolgate: LocalPoolgate) -> None:
    config = {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}}
    app = App.of(poolgate, pool={"LambdaConfig": config})
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["LambdaConfig"] == config


@pytest.mark.assumed("texts for functions that pools cannot ask")
def test_what_is_no_function_is_refused(poolgate: LocalPoolgate) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:topic"
    cognito = poolgate.client("cognito-idp")
    with refused("InvalidParameterException", f"Invalid Lambda function ARN {topic}."):
        cognito.create_user_pool(PoolName="p", LambdaConfig={"PreSignUp": topic})


@pytest.mark.documented("user-pool-lambda-pre-sign-up", "Pre sign-up request parameters")
def test_pre_sign_up_gets_the_event_of_aws(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PreSignUp")
    sign_up(app, ValidationData=attribute_list({"captcha": "7"}), ClientMetadata={"from": "web"})
    assert function.event("PreSignUp_SignUp") == {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": app.pool_id,
        "userName": "alice",
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": app.client_id,
        },
        "triggerSource": "PreSignUp_SignUp",
        "request": {
            "userAttributes": {"email": EMAIL},
            "validationData": {"captcha": "7"},
            "clientMetadata": {"from": "web"},
        },
        "response": {
            "autoConfirmUser": False,
            "autoVerifyEmail": False,
            "autoVerifyPhone": False,
        },
    }
    assert app.status() == "UNCONFIRMED"
    assert poolgate.outbox(EMAIL)


@pytest.mark.documented("user-pool-lambda-pre-sign-up", "autoConfirmUser, autoVerifyEmail")
def test_function_confirms_and_verifies(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PreSignUp", "PostConfirmation")
    function.response["PreSignUp_SignUp"] = {"autoConfirmUser": True, "autoVerifyEmail": True}
    answer = sign_up(app)
    assert answer["UserConfirmed"] is True
    assert "CodeDeliveryDetails" not in answer
    assert app.status() == "CONFIRMED"
    assert app.attributes()["email_verified"] == "true"
    assert not poolgate.outbox(EMAIL)
    assert function.sources == ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]
    app.access_token()


@pytest.mark.documented("user-pool-lambda-pre-sign-up", "the alias will be moved to the new user")
def test_verified_alias_moves_to_the_new_user(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PreSignUp", AliasAttributes=["email"])
    app.user("bob", email=EMAIL, email_verified="true")
    function.response["PreSignUp_SignUp"] = {"autoConfirmUser": True, "autoVerifyEmail": True}
    answer = sign_up(app)
    assert app.attributes(EMAIL)["sub"] == answer["UserSub"]
    assert app.attributes("bob")["email_verified"] == "false"


@pytest.mark.documented("user-pool-lambda-pre-sign-up", "otherwise an error will occur")
@pytest.mark.parametrize("flag", ["autoVerifyPhone", "autoVerifyEmail"])
def test_address_that_is_not_there_cannot_be_verified(
    poolgate: LocalPoolgate, function: Recorder, flag: str
) -> None:
    app = app_of(poolgate, "PreSignUp")
    function.response["PreSignUp_SignUp"] = {flag: True}
    with refused(*UNREADABLE):
        sign_up(app, UserAttributes=[])
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]


@pytest.mark.documented("user-pool-lambda-pre-sign-up", "PreSignUp failed with error ...")
def test_function_refuses_a_sign_up_in_its_words(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PreSignUp")
    function.error = "Registration is invalid"
    with refused(USER_LAMBDA, "PreSignUp failed with error Registration is invalid."):
        sign_up(app)
    # What a function says is never taken for a template, and a final period is added to its own.
    function.error = "{trigger} is closed."
    with refused(USER_LAMBDA, "PreSignUp failed with error {trigger} is closed.."):
        sign_up(app)
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]
    assert not poolgate.outbox()


@pytest.mark.assumed("a function that is not there")
def test_function_that_is_not_there_stops_the_sign_up(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, "PreSignUp")
    text = "PreSignUp invocation failed due to error ResourceNotFoundException."
    with refused("UnexpectedLambdaException", text):
        sign_up(app)
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]


@pytest.mark.assumed("text for an answer that cannot be read")
@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [],
        {},
        {"response": None},
        {"response": []},
        {"response": {"autoConfirmUser": "true"}},
        {"response": {"autoConfirmUser": 1}},
    ],
)
def test_answer_that_cannot_be_read_stops_the_sign_up(
    poolgate: LocalPoolgate, function: Recorder, answer: object
) -> None:
    app = app_of(poolgate, "PreSignUp")
    function.instead = lambda _event: answer
    with refused(*UNREADABLE):
        sign_up(app)
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]


@pytest.mark.documented("API_SignUp", "UsernameExistsException")
def test_taken_name_is_refused_before_the_function_is_asked(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PreSignUp")
    sign_up(app)
    with refused("UsernameExistsException", "User already exists"):
        sign_up(app)
    assert len(function.events) == 1


@pytest.mark.documented("user-pool-lambda-pre-sign-up", "PreSignUp_AdminCreateUser")
def test_administrators_user_is_asked_about_but_not_confirmed(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PreSignUp", "PostConfirmation")
    function.response["PreSignUp_AdminCreateUser"] = {"autoConfirmUser": True}
    app.cognito.admin_create_user(
        UserPoolId=app.pool_id,
        Username="alice",
        MessageAction="SUPPRESS",
        ValidationData=attribute_list({"ticket": "9"}),
        ClientMetadata={"from": "desk"},
    )
    event = function.event("PreSignUp_AdminCreateUser")
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert event["request"]["validationData"] == {"ticket": "9"}
    assert event["request"]["clientMetadata"] == {"from": "desk"}
    assert app.status() == "FORCE_CHANGE_PASSWORD"
    assert function.sources == ["PreSignUp_AdminCreateUser"]
    function.error = "Not here"
    with refused(USER_LAMBDA, "PreSignUp failed with error Not here."):
        app.user("bob")


@pytest.mark.documented("user-pool-lambda-post-confirmation", "PostConfirmation_ConfirmSignUp")
def test_confirmed_user_is_told_of(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PostConfirmation")
    sub = sign_up(app)["UserSub"]
    confirm(app, ClientMetadata={"step": "2"})
    event = function.event("PostConfirmation_ConfirmSignUp")
    assert event["request"] == {
        "userAttributes": {
            "sub": sub,
            "cognito:user_status": "CONFIRMED",
            "email": EMAIL,
            "email_verified": "true",
        },
        "clientMetadata": {"step": "2"},
    }
    assert event["response"] == {}


@pytest.mark.documented("user-pool-lambda-post-confirmation", "after a new user is confirmed")
def test_user_stays_confirmed_when_the_function_fails(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PostConfirmation")
    sign_up(app)
    function.error = "Mailing list is down"
    with refused(USER_LAMBDA, "PostConfirmation failed with error Mailing list is down."):
        confirm(app)
    assert app.status() == "CONFIRMED"


@pytest.mark.documented("user-pool-lambda-post-confirmation", "AdminConfirmSignUp")
def test_administrator_confirms_with_the_function(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PostConfirmation")
    sign_up(app)
    app.cognito.admin_confirm_sign_up(
        UserPoolId=app.pool_id, Username="alice", ClientMetadata={"by": "desk"}
    )
    event = function.event("PostConfirmation_ConfirmSignUp")
    assert event["request"]["clientMetadata"] == {"by": "desk"}


@pytest.mark.documented("user-pool-lambda-post-confirmation", "ConfirmForgotPassword")
def test_new_password_is_told_of(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PostConfirmation")
    app.user("alice", email=EMAIL, email_verified="true")
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    app.cognito.confirm_forgot_password(
        ClientId=app.client_id,
        Username="alice",
        ConfirmationCode=app.last_code(EMAIL),
        Password="Another-password-2",
    )
    assert function.sources == ["PostConfirmation_ConfirmForgotPassword"]
    app.access_token(password="Another-password-2")


@pytest.mark.documented(PAGE, "ClientMetadata of InitiateAuth: pre authentication only")
def test_both_sides_of_a_sign_in_are_asked(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PreAuthentication", "PostAuthentication")
    sub = app.user(email=EMAIL)
    app.cognito.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        ClientMetadata={"ip": "known"},
    )
    known = {"sub": sub, "cognito:user_status": "CONFIRMED", "email": EMAIL}
    before = function.event("PreAuthentication_Authentication")
    assert before["request"]["validationData"] == {"ip": "known"}
    assert known.items() <= before["request"]["userAttributes"].items()
    after = function.event("PostAuthentication_Authentication")
    assert after["request"]["newDeviceUsed"] is False
    assert "clientMetadata" not in after["request"]
    assert function.sources == [before["triggerSource"], after["triggerSource"]]


@pytest.mark.documented("API_RespondToAuthChallenge", "ClientMetadata: post authentication")
def test_srp_sign_in_is_asked_about_at_both_steps(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PreAuthentication", "PostAuthentication")
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    assert function.sources == ["PreAuthentication_Authentication"]
    responses = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    answer = app.cognito.respond_to_auth_challenge(
        ChallengeName="PASSWORD_VERIFIER",
        ClientId=app.client_id,
        ChallengeResponses=responses,
        ClientMetadata={"app": "web"},
    )
    assert "AuthenticationResult" in answer
    after = function.event("PostAuthentication_Authentication")
    assert after["request"]["clientMetadata"] == {"app": "web"}


@pytest.mark.documented("user-pool-lambda-pre-authentication", "deny the sign-in")
def test_function_refuses_a_sign_in_before_the_password(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PreAuthentication")
    app.user()
    function.error = "Not on Sundays"
    for password in (PASSWORD, "Wrong-password-9"):
        with refused(USER_LAMBDA, "PreAuthentication failed with error Not on Sundays."):
            app.sign_in(password=password)
    with refused(USER_LAMBDA):
        app.begin_srp(app.srp())
    function.error = None
    app.access_token()


@pytest.mark.documented("user-pool-lambda-post-authentication", "deny the sign-in")
def test_function_refuses_a_proven_sign_in(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PostAuthentication")
    app.user()
    with refused(*WRONG):
        app.sign_in(password="Wrong-password-9")
    assert not function.events
    function.error = "Not from here"
    with refused(USER_LAMBDA, "PostAuthentication failed with error Not from here."):
        app.sign_in()


@pytest.mark.documented("user-pool-lambda-post-authentication", "after all challenges")
def test_function_is_asked_after_the_last_challenge(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PostAuthentication")
    app.user(status="FORCE_CHANGE_PASSWORD")
    challenge = app.sign_in()
    assert not function.events
    app.respond(
        "NEW_PASSWORD_REQUIRED",
        challenge["Session"],
        USERNAME="alice",
        NEW_PASSWORD="Another-password-2",
    )
    (event,) = function.events
    assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"


@pytest.mark.documented("user-pool-lambda-pre-authentication", "userNotFound")
def test_missing_user_is_asked_about_where_that_must_not_show(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "PreAuthentication", hides=True)
    app.user()
    with refused(*WRONG):
        app.sign_in("nobody")
    app.sign_in()
    missing, known = (event["request"]["userNotFound"] for event in function.events)
    assert (missing, known) == (True, False)
    open_app = app.another_client()
    with refused("UserNotFoundException", "User does not exist."):
        open_app.sign_in("nobody")
    assert len(function.events) == 2


@pytest.mark.documented("user-pool-lambda-pre-authentication", "not for refresh")
def test_refreshing_asks_neither(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PreAuthentication", "PostAuthentication")
    app.user()
    refresh_token = app.sign_in()["AuthenticationResult"]["RefreshToken"]
    function.events.clear()
    app.cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=app.client_id,
        AuthParameters={"REFRESH_TOKEN": refresh_token},
    )
    assert not function.events


@pytest.mark.documented(PAGE, "your Lambda function is invoked synchronously")
def test_function_may_call_the_server(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "PostConfirmation")
    app.cognito.create_group(UserPoolId=app.pool_id, GroupName="people")

    def join(event: dict[str, Any]) -> dict[str, Any]:
        app.cognito.admin_add_user_to_group(
            UserPoolId=event["userPoolId"], Username=event["userName"], GroupName="people"
        )
        return event

    function.instead = join
    sign_up(app)
    confirm(app)
    groups = app.cognito.admin_list_groups_for_user(UserPoolId=app.pool_id, Username="alice")
    assert [group["GroupName"] for group in groups["Groups"]] == ["people"]
    assert PASSWORD not in json.dumps(function.events)
