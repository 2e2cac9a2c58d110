"""User migration: who is missing may be known elsewhere."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.cognito import PASSWORD, WRONG, App, refused
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
SUB = "0ce8b3c5-7b39-4a27-9a0e-3a6f3b3e7f10"
SIGN_IN = "UserMigration_Authentication"
FORGOT = "UserMigration_ForgotPassword"
PAGE = "user-pool-lambda-migrate-user"
MISSING = ("UserNotFoundException", "User does not exist.")
KNOWN = {"email": EMAIL, "email_verified": "true"}


@pytest.fixture
def function(poolgate: LocalPoolgate) -> Recorder:
    return Recorder(poolgate)


def app_of(poolgate: LocalPoolgate, *, hides: bool = False, **pool: Any) -> App:
    return App.of(poolgate, pool={"LambdaConfig": {"UserMigration": FUNCTION}, **pool}, hides=hides)


def knows(function: Recorder, source: str = SIGN_IN, **more: Any) -> None:
    function.response[source] = {
        "userAttributes": KNOWN,
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
        **more,
    }


@pytest.mark.documented(PAGE, "UserMigration_Authentication")
def test_user_moves_in_with_the_password(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate)
    knows(function)
    answer = app.cognito.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": "short"},
        ClientMetadata={"realm": "old"},
    )
    assert "AuthenticationResult" in answer
    event = function.event(SIGN_IN)
    assert event["userName"] == "alice"
    assert event["request"] == {"password": "short", "validationData": {"realm": "old"}}
    assert app.status() == "CONFIRMED"
    assert KNOWN.items() <= app.attributes().items()
    assert not poolgate.outbox()
    app.sign_in(password="short")
    app.answer_srp(srp := app.srp(password="short"), app.begin_srp(srp))
    assert len(function.events) == 1
    assert "short" not in poolgate.log.getvalue()


@pytest.mark.documented(PAGE, "AdminInitiateAuth with ADMIN_USER_PASSWORD_AUTH")
def test_administrators_sign_in_migrates_too(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate)
    knows(function)
    assert "AuthenticationResult" in app.admin_sign_in()


@pytest.mark.documented(PAGE, "not supported for SRP")
def test_srp_does_not_migrate(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate)
    knows(function)
    with refused(*MISSING):
        app.begin_srp(app.srp())
    assert not function.events


@pytest.mark.documented(PAGE, "finalUserStatus: RESET_REQUIRED unless CONFIRMED")
@pytest.mark.parametrize("status", [None, "RESET_REQUIRED"])
def test_user_may_have_to_choose_a_new_password(
    poolgate: LocalPoolgate, function: Recorder, status: str | None
) -> None:
    app = app_of(poolgate)
    knows(function, finalUserStatus=status)
    with refused("PasswordResetRequiredException"):
        app.sign_in()
    assert app.status() == "RESET_REQUIRED"


@pytest.mark.assumed("what goes wrong in a migration looks like nobody")
@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"userAttributes": {}},
        {"userAttributes": "text"},
        {"userAttributes": KNOWN, "finalUserStatus": "UNKNOWN"},
        {"userAttributes": {**KNOWN, "username": "bob"}},
        {"userAttributes": {**KNOWN, "sub": "1"}},
        {"userAttributes": {"email": "no address"}},
        {"userAttributes": KNOWN, "enableSMSMFA": True},
        ValueError("Bad password"),
    ],
)
def test_nobody_found_looks_like_nobody(
    poolgate: LocalPoolgate, function: Recorder, answer: Any, *, hides: bool
) -> None:
    app = app_of(poolgate, hides=hides)
    if isinstance(answer, ValueError):
        function.error = str(answer)
    else:
        function.response[SIGN_IN] = answer
    with refused(*(WRONG if hides else MISSING)):
        app.sign_in()
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]


@pytest.mark.assumed("the old system is guessed at no more often than this one")
@pytest.mark.parametrize("hides", [False, True])
def test_guesses_at_the_old_system_lock_the_name(
    poolgate: LocalPoolgate, function: Recorder, *, hides: bool
) -> None:
    app = app_of(poolgate, hides=hides)
    function.error = "Bad password"
    answers = []
    for _ in range(8):
        with pytest.raises(app.cognito.exceptions.ClientError) as caught:
            app.sign_in(password="Guess-number-1")
        answers.append(caught.value.response["Error"]["Message"])
    assert answers[-1] == "Password attempts exceeded"
    assert len(function.events) < 8


@pytest.mark.assumed("a migrated user keeps the sub that the function gives")
def test_function_may_keep_the_sub(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate)
    knows(function, userAttributes={**KNOWN, "sub": SUB})
    app.sign_in()
    assert app.attributes()["sub"] == SUB


@pytest.mark.documented(PAGE, "sign-in with an e-mail address as username")
def test_address_that_is_the_username_moves_in(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, UsernameAttributes=["email"])
    knows(function)
    app.sign_in(EMAIL)
    app.sign_in(EMAIL)
    assert len(function.events) == 1


@pytest.mark.documented(PAGE, "forceAliasCreation")
@pytest.mark.parametrize("force", [False, True])
def test_alias_moves_only_when_the_function_says_so(
    poolgate: LocalPoolgate, function: Recorder, *, force: bool
) -> None:
    app = app_of(poolgate, AliasAttributes=["email"])
    app.user("bob", email=EMAIL, email_verified="true")
    knows(function, forceAliasCreation=force)
    if not force:
        with refused(*MISSING):
            app.sign_in()
        return
    app.sign_in()
    assert app.described(EMAIL)["Username"] == "alice"


@pytest.mark.documented(PAGE, "enableSMSMFA")
def test_function_may_turn_on_sms_codes(poolgate: LocalPoolgate, function: Recorder) -> None:
    phone = "+15555550123"
    app = app_of(
        poolgate,
        MfaConfiguration="OPTIONAL",
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    )
    attributes = {"phone_number": phone, "phone_number_verified": "true"}
    knows(function, userAttributes=attributes, enableSMSMFA=True)
    assert app.sign_in()["ChallengeName"] == "SMS_MFA"


@pytest.mark.documented(PAGE, "UserMigration_ForgotPassword")
@pytest.mark.parametrize("hides", [False, True])
def test_forgotten_password_migrates_without_one(
    poolgate: LocalPoolgate, function: Recorder, *, hides: bool
) -> None:
    app = app_of(poolgate, hides=hides)
    knows(function, FORGOT, finalUserStatus=None)
    app.cognito.forgot_password(
        ClientId=app.client_id, Username="alice", ClientMetadata={"realm": "old"}
    )
    event = function.event(FORGOT)
    assert event["request"] == {"validationData": None, "clientMetadata": {"realm": "old"}}
    app.cognito.confirm_forgot_password(
        ClientId=app.client_id,
        Username="alice",
        ConfirmationCode=app.last_code(EMAIL),
        Password=PASSWORD,
    )
    app.access_token()
    assert len(function.events) == 1


@pytest.mark.documented(PAGE, "a user is migrated once")
def test_two_first_sign_ins_make_one_user(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate)
    knows(function)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: app.sign_in(), range(4)))
    assert all("AuthenticationResult" in answer for answer in answers)
    assert len(app.cognito.list_users(UserPoolId=app.pool_id)["Users"]) == 1
