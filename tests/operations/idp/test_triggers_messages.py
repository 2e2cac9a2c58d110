"""Custom messages: a function words what a pool sends."""

from typing import Any

import pytest
from kits.cognito import PASSWORD, App, attribute_list, refused
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
PAGE = "user-pool-lambda-custom-message"
UNREADABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
METADATA = {"locale": "de"}


@pytest.fixture
def function(poolgate: LocalPoolgate) -> Recorder:
    return Recorder(poolgate)


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    pool = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": {"CustomMessage": FUNCTION}}
    return App.of(poolgate, pool=pool)


def word(function: Recorder, source: str) -> None:
    function.response[f"CustomMessage_{source}"] = {
        "emailMessage": f"{source}: {{####}} {{username}}",
        "emailSubject": f"Subject of {source}",
    }


def verify_worded(app: App, function: Recorder, source: str) -> dict[str, Any]:
    message = app.poolgate.outbox(EMAIL)[-1]
    assert message.subject == f"Subject of {source}"
    assert message.code is not None
    assert message.body.startswith(f"{source}: {message.code}")
    request: dict[str, Any] = function.events[-1]["request"]
    assert function.events[-1]["triggerSource"] == f"CustomMessage_{source}"
    assert request["codeParameter"] == "{####}"
    assert message.code not in str(function.events)
    # Messages of one millisecond have no order.
    app.poolgate.clock.advance(1)
    return request


def sign_up(app: App, **members: Any) -> Any:
    return app.cognito.sign_up(
        ClientId=app.client_id,
        Username="alice",
        Password=PASSWORD,
        UserAttributes=attribute_list({"email": EMAIL}),
        **members,
    )


@pytest.mark.documented(PAGE, "CustomMessage_SignUp, CustomMessage_ResendCode")
def test_sign_up_and_resend_are_worded(app: App, function: Recorder) -> None:
    word(function, "SignUp")
    word(function, "ResendCode")
    sub = sign_up(app, ClientMetadata=METADATA)["UserSub"]
    request = verify_worded(app, function, "SignUp")
    assert request == {
        "userAttributes": {"sub": sub, "cognito:user_status": "UNCONFIRMED", "email": EMAIL},
        "codeParameter": "{####}",
        "linkParameter": "{##Click Here##}",
        "usernameParameter": None,
        "clientMetadata": METADATA,
    }
    app.cognito.resend_confirmation_code(
        ClientId=app.client_id, Username="alice", ClientMetadata=METADATA
    )
    assert verify_worded(app, function, "ResendCode")["clientMetadata"] == METADATA
    app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=app.last_code(EMAIL)
    )


@pytest.mark.documented(PAGE, "CustomMessage_AdminCreateUser")
def test_invitation_is_worded(app: App, function: Recorder) -> None:
    word(function, "AdminCreateUser")
    members = {"UserPoolId": app.pool_id, "Username": "alice", "ClientMetadata": METADATA}
    app.cognito.admin_create_user(
        **members,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=attribute_list({"email": EMAIL}),
    )
    request = verify_worded(app, function, "AdminCreateUser")
    assert (request["usernameParameter"], request["clientMetadata"]) == ("{username}", METADATA)
    assert app.poolgate.outbox(EMAIL)[-1].body.endswith(" alice")
    app.cognito.admin_create_user(
        **members, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"]
    )
    verify_worded(app, function, "AdminCreateUser")
    assert len(function.events) == 2


@pytest.mark.documented(PAGE, "CustomMessage_ForgotPassword")
def test_recovery_is_worded(app: App, function: Recorder) -> None:
    word(function, "ForgotPassword")
    app.user(email=EMAIL, email_verified="true")
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice", ClientMetadata=METADATA)
    assert verify_worded(app, function, "ForgotPassword")["clientMetadata"] == METADATA
    app.cognito.admin_reset_user_password(UserPoolId=app.pool_id, Username="alice")
    verify_worded(app, function, "ForgotPassword")
    assert function.events[-1]["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"


@pytest.mark.documented(
    PAGE, "CustomMessage_UpdateUserAttribute, CustomMessage_VerifyUserAttribute"
)
def test_verification_of_an_address_is_worded(app: App, function: Recorder) -> None:
    word(function, "UpdateUserAttribute")
    word(function, "VerifyUserAttribute")
    app.user(email="old@example.com")
    access_token = app.access_token()
    app.cognito.update_user_attributes(
        AccessToken=access_token,
        UserAttributes=attribute_list({"email": EMAIL}),
        ClientMetadata=METADATA,
    )
    assert verify_worded(app, function, "UpdateUserAttribute")["clientMetadata"] == METADATA
    app.cognito.get_user_attribute_verification_code(
        AccessToken=access_token, AttributeName="email", ClientMetadata=METADATA
    )
    assert verify_worded(app, function, "VerifyUserAttribute")["clientMetadata"] == METADATA
    asked = len(function.events)
    app.cognito.update_user_attributes(
        AccessToken=access_token, UserAttributes=attribute_list({"name": "A"})
    )
    assert len(function.events) == asked


@pytest.mark.documented(PAGE, "CustomMessage_Authentication")
def test_second_factor_is_worded(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = App.of(
        poolgate,
        pool={
            "MfaConfiguration": "ON",
            "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
            "AutoVerifiedAttributes": ["phone_number"],
            "LambdaConfig": {"CustomMessage": FUNCTION},
        },
    )
    phone = "+15555550123"
    app.user(phone_number=phone, phone_number_verified="true")
    function.response["CustomMessage_Authentication"] = {"smsMessage": "Mine: {####}"}
    assert app.sign_in()["ChallengeName"] == "SMS_MFA"
    message = poolgate.outbox(phone)[-1]
    assert message.body == f"Mine: {message.code}"


@pytest.mark.documented(PAGE, "a response that says nothing keeps the pool's texts")
def test_silent_function_keeps_the_pools_texts(app: App, function: Recorder) -> None:
    sign_up(app)
    assert app.poolgate.outbox(EMAIL)[-1].body.startswith("Your verification code is ")
    assert function.sources == ["CustomMessage_SignUp"]


@pytest.mark.assumed("text for an answer that cannot be read")
@pytest.mark.parametrize("member", ["emailMessage", "smsMessage"])
def test_text_without_the_code_is_refused(app: App, function: Recorder, member: str) -> None:
    function.response["CustomMessage_SignUp"] = {member: "Hello"}
    with refused(*UNREADABLE):
        sign_up(app)
    assert not app.poolgate.outbox()
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]


@pytest.mark.documented(PAGE, "CustomMessage failed with error ...")
def test_failing_function_sends_nothing(app: App, function: Recorder) -> None:
    app.user(email=EMAIL, email_verified="true")
    function.error = "No template"
    with refused("UserLambdaValidationException", "CustomMessage failed with error No template."):
        app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    assert not app.poolgate.outbox()


@pytest.mark.documented("limits", "attempts an hour")
def test_function_is_not_asked_for_what_would_not_be_sent(app: App, function: Recorder) -> None:
    limit = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
    sign_up(app)
    for _ in range(5):
        app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="alice")
    asked = len(function.events)
    with refused(*limit):
        app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="alice")
    app.cognito.admin_confirm_sign_up(UserPoolId=app.pool_id, Username="alice")
    app.cognito.admin_update_user_attributes(
        UserPoolId=app.pool_id,
        Username="alice",
        UserAttributes=attribute_list({"email_verified": "true"}),
    )
    for _ in range(20):
        app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    asked += 20
    with refused(*limit):
        app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    assert len(function.events) == asked
    app.poolgate.clock.advance(3600)
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    assert len(function.events) == asked + 1
