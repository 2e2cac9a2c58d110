"""Custom senders: a function sends a pool's e-mails and SMS."""

import base64
from typing import Any

import pytest
from kits.cognito import PASSWORD, App, attribute_list, refused
from kits.decryption import decrypted
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

EMAIL, PHONE = "alice@example.com", "+15555550123"
EMAIL_PAGE = "user-pool-lambda-custom-email-sender"
SMS_PAGE = "user-pool-lambda-custom-sms-sender"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0b5f7b2e-5d2c-4b8e-9d0a-2b7f3c1d4e5f"
SENDER = {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}
BOTH = {"CustomEmailSender": SENDER, "CustomSMSSender": SENDER, "KMSKeyID": KEY}
METADATA = {"locale": "de"}


@pytest.fixture
def function(poolgate: LocalPoolgate) -> Recorder:
    return Recorder(poolgate)


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    pool = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": BOTH}
    return App.of(poolgate, pool=pool)


def sign_up(app: App, username: str = "alice", **members: Any) -> Any:
    return app.cognito.sign_up(
        ClientId=app.client_id,
        Username=username,
        Password=PASSWORD,
        UserAttributes=attribute_list({"email": EMAIL}),
        **members,
    )


def sent_event(app: App, function: Recorder, source: str) -> dict[str, Any]:
    assert app.poolgate.send_messages() == 1
    event: dict[str, Any] = function.events[-1]
    assert event["triggerSource"] == source
    # Messages of one millisecond have no order.
    app.poolgate.clock.advance(1)
    return event


def code_in(app: App, event: dict[str, Any]) -> str:
    message = base64.b64decode(event["request"]["code"])
    code, context = decrypted(message, app.poolgate.sender_key(KEY), KEY)
    assert context == {"userpool-id": app.pool_id}
    return code


@pytest.mark.documented(EMAIL_PAGE, "the event, and the code under the pool's key")
def test_sign_up_is_sent_by_the_function(app: App, function: Recorder) -> None:
    sub = sign_up(app, ClientMetadata=METADATA)["UserSub"]
    assert not function.events
    event = sent_event(app, function, "CustomEmailSender_SignUp")
    code = event["request"].pop("code")
    assert event == {
        "version": "1",
        "triggerSource": "CustomEmailSender_SignUp",
        "region": "us-east-1",
        "userPoolId": app.pool_id,
        "userName": "alice",
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": app.client_id,
        },
        "request": {
            "type": "customEmailSenderRequestV1",
            "clientMetadata": METADATA,
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "UNCONFIRMED",
                "email": EMAIL,
            },
        },
        "response": {},
    }
    event["request"]["code"] = code
    app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=code_in(app, event)
    )


@pytest.mark.documented(EMAIL_PAGE, "CustomEmailSender_ResendCode, _ForgotPassword")
def test_resent_and_recovery_codes_are_sent_by_the_function(app: App, function: Recorder) -> None:
    sign_up(app)
    sent_event(app, function, "CustomEmailSender_SignUp")
    app.poolgate.clock.advance(60)
    app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="alice")
    event = sent_event(app, function, "CustomEmailSender_ResendCode")
    assert event["request"]["clientMetadata"] is None
    app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=code_in(app, event)
    )
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    event = sent_event(app, function, "CustomEmailSender_ForgotPassword")
    app.cognito.confirm_forgot_password(
        ClientId=app.client_id,
        Username="alice",
        ConfirmationCode=code_in(app, event),
        Password=PASSWORD,
    )
    app.cognito.admin_reset_user_password(UserPoolId=app.pool_id, Username="alice")
    event = sent_event(app, function, "CustomEmailSender_ForgotPassword")
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"


@pytest.mark.documented(EMAIL_PAGE, "CustomEmailSender_UpdateUserAttribute, _VerifyUserAttribute")
@pytest.mark.parametrize("waits", [False, True])
def test_the_function_learns_the_new_address(
    poolgate: LocalPoolgate, function: Recorder, *, waits: bool
) -> None:
    pool: dict[str, Any] = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": BOTH}
    if waits:
        pool["UserAttributeUpdateSettings"] = {
            "AttributesRequireVerificationBeforeUpdate": ["email"]
        }
    app = App.of(poolgate, pool=pool)
    app.user(email="old@example.com", email_verified="true")
    access_token = app.access_token()
    app.cognito.update_user_attributes(
        AccessToken=access_token, UserAttributes=attribute_list({"email": EMAIL})
    )
    event = sent_event(app, function, "CustomEmailSender_UpdateUserAttribute")
    assert event["request"]["userAttributes"]["email"] == EMAIL
    app.poolgate.clock.advance(60)
    app.cognito.get_user_attribute_verification_code(
        AccessToken=access_token, AttributeName="email"
    )
    event = sent_event(app, function, "CustomEmailSender_VerifyUserAttribute")
    assert event["request"]["userAttributes"]["email"] == EMAIL
    app.cognito.verify_user_attribute(
        AccessToken=access_token, AttributeName="email", Code=code_in(app, event)
    )
    assert app.attributes()["email"] == EMAIL


@pytest.mark.documented(EMAIL_PAGE, "reserved characters of a temporary password are escaped")
def test_temporary_password_is_escaped_as_in_html(app: App, function: Recorder) -> None:
    app.cognito.admin_create_user(
        UserPoolId=app.pool_id,
        Username="alice",
        TemporaryPassword="Less<&>More-1",
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=attribute_list({"email": EMAIL}),
        ClientMetadata=METADATA,
    )
    event = sent_event(app, function, "CustomEmailSender_AdminCreateUser")
    assert code_in(app, event) == "Less&lt;&amp;&gt;More-1"
    assert event["request"]["clientMetadata"] == METADATA


@pytest.mark.documented(SMS_PAGE, "CustomSMSSender_Authentication, _AdminCreateUser")
def test_texts_are_sent_by_the_function(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = App.of(
        poolgate,
        pool={
            "MfaConfiguration": "ON",
            "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
            "LambdaConfig": BOTH,
        },
    )
    app.cognito.admin_create_user(
        UserPoolId=app.pool_id,
        Username="alice",
        DesiredDeliveryMediums=["SMS"],
        UserAttributes=attribute_list({"phone_number": PHONE}),
    )
    event = sent_event(app, function, "CustomSMSSender_AdminCreateUser")
    assert event["request"]["type"] == "customSMSSenderRequestV1"
    app.set_password("alice")
    challenge = app.sign_in()
    event = sent_event(app, function, "CustomSMSSender_Authentication")
    answer = {"USERNAME": "alice", "SMS_MFA_CODE": code_in(app, event)}
    assert app.respond("SMS_MFA", challenge["Session"], **answer)["AuthenticationResult"]


@pytest.mark.documented(EMAIL_PAGE, "CustomEmailSender_Authentication")
def test_second_factor_by_email_is_sent_by_the_function(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = App.of(poolgate, pool={"LambdaConfig": BOTH})
    app.cognito.set_user_pool_mfa_config(
        UserPoolId=app.pool_id, MfaConfiguration="ON", EmailMfaConfiguration={}
    )
    app.user(email=EMAIL, email_verified="true")
    challenge = app.sign_in()
    assert challenge["ChallengeName"] == "EMAIL_OTP"
    event = sent_event(app, function, "CustomEmailSender_Authentication")
    answer = {"USERNAME": "alice", "EMAIL_OTP_CODE": code_in(app, event)}
    assert app.respond("EMAIL_OTP", challenge["Session"], **answer)["AuthenticationResult"]


@pytest.mark.assumed("a message that a function sends is not worded by another one")
def test_custom_message_is_not_asked_where_a_function_sends(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    wording = "arn:aws:lambda:us-east-1:123456789012:function:wording"
    words = Recorder(poolgate, wording)
    senders = {"CustomEmailSender": SENDER, "KMSKeyID": KEY, "CustomMessage": wording}
    app = App.of(
        poolgate,
        pool={"AutoVerifiedAttributes": ["email", "phone_number"], "LambdaConfig": senders},
    )
    sign_up(app)
    sent_event(app, function, "CustomEmailSender_SignUp")
    assert not words.events
    app.cognito.sign_up(
        ClientId=app.client_id,
        Username="bob",
        Password=PASSWORD,
        UserAttributes=attribute_list({"phone_number": PHONE}),
    )
    assert words.sources == ["CustomMessage_SignUp"]


@pytest.mark.documented(EMAIL_PAGE, "no return information is expected")
def test_answers_are_ignored_and_errors_are_tried_again(app: App, function: Recorder) -> None:
    function.error = "provider is down"
    assert sign_up(app)["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert app.poolgate.send_messages() == 1
    assert app.poolgate.send_messages() == 0
    function.error = None
    function.instead = lambda _event: "thank you"
    app.poolgate.clock.advance(15)
    first = function.events[-1]
    event = sent_event(app, function, "CustomEmailSender_SignUp")
    assert app.poolgate.send_messages() == 0
    assert code_in(app, event) == code_in(app, first) == app.last_code(EMAIL)
    assert event["request"]["code"] != first["request"]["code"]


@pytest.mark.model("LambdaConfigType")
def test_senders_are_described_as_they_were_set(app: App) -> None:
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["LambdaConfig"] == BOTH
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["LambdaConfig"] == {}


@pytest.mark.assumed("texts for functions that pools cannot ask")
def test_senders_need_a_key(app: App) -> None:
    with refused("InvalidParameterException", "KMSKeyID is required for custom sender triggers."):
        app.cognito.create_user_pool(PoolName="p", LambdaConfig={"CustomEmailSender": SENDER})
    with refused("InvalidParameterException"):
        app.cognito.create_user_pool(
            PoolName="p",
            LambdaConfig={
                "CustomSMSSender": {"LambdaVersion": "V1_0", "LambdaArn": KEY},
                "KMSKeyID": KEY,
            },
        )


@pytest.mark.documented(EMAIL_PAGE, "codes are not sent in plain text")
def test_events_hold_no_plain_code(app: App, function: Recorder) -> None:
    sign_up(app)
    sent_event(app, function, "CustomEmailSender_SignUp")
    assert app.last_code(EMAIL) not in str(function.events)
