from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, App, attribute_list, refused

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
PHONE = "+15555550123"
VERIFIES = {"AutoVerifiedAttributes": ["email"]}
MISMATCH = (
    "CodeMismatchException",
    "Invalid verification code provided, please try again.",
)
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
TRY_LATER = "Attempt limit exceeded, please try after some time."


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate, pool=VERIFIES)


def sign_up(app: App, username: str = "alice", **members: Any) -> Any:
    return app.cognito.sign_up(
        ClientId=app.client_id,
        Username=username,
        **{"Password": PASSWORD, "UserAttributes": attribute_list({"email": EMAIL}), **members},
    )


def confirm(app: App, code: str, username: str = "alice", **members: Any) -> Any:
    return app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username=username, ConfirmationCode=code, **members
    )


def resend(app: App, username: str = "alice", **members: Any) -> Any:
    return app.cognito.resend_confirmation_code(
        ClientId=app.client_id, Username=username, **members
    )


@pytest.mark.recorded("recordings/cognito/sign-up.happy.json, 2026-05-16")
def test_sign_up_answers_as_recorded(app: App) -> None:
    answer = sign_up(
        app,
        "fixture@example.com",
        UserAttributes=attribute_list(
            {
                "email": "fixture@example.com",
                "phone_number": "+5215555555555",
                "given_name": "Fixture",
                "family_name": "User",
            }
        ),
    )
    answer.pop("ResponseMetadata")
    assert answer == {
        "UserConfirmed": False,
        "UserSub": app.attributes("fixture@example.com")["sub"],
        "CodeDeliveryDetails": {
            "Destination": "f***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        },
    }
    (message,) = app.poolgate.outbox("fixture@example.com")
    assert message.subject == "Your verification code"
    assert message.body == f"Your verification code is {message.code}"
    assert message.code is not None
    assert len(message.code) == 6


@pytest.mark.documented("API_ConfirmSignUp", "confirms the account of a new user")
def test_code_confirms_the_user_and_the_address(app: App) -> None:
    sign_up(app)
    assert app.status() == "UNCONFIRMED"
    with refused("UserNotConfirmedException", "User is not confirmed."):
        app.sign_in()
    confirm(app, app.last_code(EMAIL))
    assert app.status() == "CONFIRMED"
    assert app.attributes()["email_verified"] == "true"
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.recorded("recordings/cognito/confirm-sign-up.error.code-mismatch.json, 2026-05-16")
def test_wrong_code_is_refused_as_recorded(app: App) -> None:
    sign_up(app)
    right = app.last_code(EMAIL)
    with refused(*MISMATCH):
        confirm(app, "000000" if right != "000000" else "000001")
    assert app.status() == "UNCONFIRMED"
    confirm(app, right)


@pytest.mark.documented("limits", "ExpiredCodeException after 24 hours")
def test_code_lives_a_day_and_is_used_once(app: App) -> None:
    sign_up(app)
    app.poolgate.clock.advance(24 * 3600)
    with refused(*EXPIRED):
        confirm(app, app.last_code(EMAIL))
    resend(app)
    code = app.last_code(EMAIL)
    confirm(app, code)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        confirm(app, code)


@pytest.mark.assumed("which earlier codes stay valid after a resend: only the newest")
def test_resent_code_replaces_the_former_one(app: App) -> None:
    sign_up(app)
    first = app.last_code(EMAIL)
    resend(app)
    assert app.last_code(EMAIL) == first
    assert len(app.poolgate.outbox(EMAIL)) == 2
    app.poolgate.clock.advance(60)
    resend(app)
    second = app.last_code(EMAIL)
    assert second != first
    with refused(*MISMATCH):
        confirm(app, first)
    confirm(app, second)


@pytest.mark.documented("API_ConfirmSignUp", "of two takers one confirms")
def test_of_many_takers_of_a_code_one_confirms(app: App) -> None:
    sign_up(app)
    code = app.last_code(EMAIL)

    def take(_number: int) -> str:
        try:
            confirm(app, code)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "confirmed"

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(take, range(8)))
    assert outcomes.count("confirmed") == 1
    assert set(outcomes) == {"confirmed", "NotAuthorizedException"}


@pytest.mark.documented("limits", "ConfirmSignUp 15 an hour, ResendConfirmationCode 5 an hour")
def test_guessing_and_resending_are_limited(app: App) -> None:
    sign_up(app)
    right = app.last_code(EMAIL)
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(15):
        with refused(*MISMATCH):
            confirm(app, wrong)
    with refused("LimitExceededException", TRY_LATER):
        confirm(app, right)
    for _ in range(5):
        resend(app)
    with refused("LimitExceededException", TRY_LATER):
        resend(app)
    app.poolgate.clock.advance(3600)
    for _ in range(5):
        with refused(*MISMATCH):
            confirm(app, wrong)
    with refused("TooManyFailedAttemptsException"):
        confirm(app, right)
    resend(app)
    confirm(app, app.last_code(EMAIL))


@pytest.mark.documented("limits", "ConfirmSignUp 15 an hour, side by side")
def test_parallel_guesses_are_limited_as_well(app: App) -> None:
    sign_up(app)
    right = app.last_code(EMAIL)
    wrong = "000000" if right != "000000" else "000001"

    def guess(_number: int) -> str:
        try:
            confirm(app, wrong)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "confirmed"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(guess, range(40)))
    assert outcomes.count("CodeMismatchException") == 15
    assert outcomes.count("LimitExceededException") == 25


@pytest.mark.recorded("recordings/cognito/sign-up.error.username-exists.json, 2026-05-16")
def test_name_in_use_is_refused_as_recorded(poolgate: LocalPoolgate) -> None:
    for hides in (False, True):
        app = App.of(poolgate, pool=VERIFIES, hides=hides)
        sub = sign_up(app)["UserSub"]
        for name in ("alice", sub):
            with refused("UsernameExistsException", "User already exists"):
                sign_up(app, name)


@pytest.mark.documented("API_SignUp", "UsernameExistsException")
@pytest.mark.parametrize(("attribute", "name"), [("email", EMAIL), ("phone_number", PHONE)])
def test_address_in_use_is_refused(poolgate: LocalPoolgate, attribute: str, name: str) -> None:
    app = App.of(poolgate, pool={"UsernameAttributes": ["email", "phone_number"]})
    sign_up(app, name, UserAttributes=[])
    with refused(
        "UsernameExistsException", f"An account with the given {attribute} already exists."
    ):
        sign_up(app, name, UserAttributes=[])


@pytest.mark.documented("API_SignUp", "AllowAdminCreateUserOnly")
def test_closed_pool_takes_no_sign_ups(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}})
    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        sign_up(app)


@pytest.mark.documented("API_SignUp", "SecretHash")
def test_sign_up_operations_prove_the_client(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool=VERIFIES, secret=True)
    wrong = (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {app.client_id}",
    )
    calls = (
        lambda **more: sign_up(app, **more),
        lambda **more: resend(app, **more),
        lambda **more: confirm(app, "123456", **more),
        lambda **more: app.cognito.forgot_password(
            ClientId=app.client_id, Username="alice", **more
        ),
        lambda **more: app.cognito.confirm_forgot_password(
            ClientId=app.client_id,
            Username="alice",
            ConfirmationCode="123456",
            Password=PASSWORD,
            **more,
        ),
    )
    for call in calls:
        with refused(*wrong):
            call()
        with refused(*wrong):
            call(SecretHash=app.secret_hash("bob"))
    proof = app.secret_hash("alice")
    sign_up(app, SecretHash=proof)
    confirm(app, app.last_code(EMAIL), SecretHash=proof)


@pytest.mark.documented("signing-up-users-in-your-app", "which address a code goes to")
@pytest.mark.parametrize(
    ("verified", "attributes", "expected"),
    [
        ([], {"email": EMAIL}, None),
        (["email"], {}, None),
        (["email"], {"phone_number": PHONE}, None),
        (["email"], {"email": EMAIL, "phone_number": PHONE}, ("a***@e***", "EMAIL", "email")),
        (["phone_number"], {"phone_number": PHONE}, ("+*******0123", "SMS", "phone_number")),
        (
            ["email", "phone_number"],
            {"email": EMAIL, "phone_number": PHONE},
            ("+*******0123", "SMS", "phone_number"),
        ),
    ],
)
def test_one_code_goes_to_what_the_pool_verifies(
    poolgate: LocalPoolgate,
    verified: list[str],
    attributes: dict[str, str],
    expected: tuple[str, str, str] | None,
) -> None:
    app = App.of(poolgate, pool={"AutoVerifiedAttributes": verified})
    details = sign_up(app, UserAttributes=attribute_list(attributes)).get("CodeDeliveryDetails")
    assert (details and tuple(details.values())) == expected
    assert len(poolgate.outbox()) == (0 if expected is None else 1)
    if expected is None:
        with refused(
            "NotAuthorizedException", "Cannot resend codes. Auto verification not turned on."
        ):
            resend(app)


@pytest.mark.documented("API_VerificationMessageTemplateType", "{####}")
def test_pool_writes_its_own_message(poolgate: LocalPoolgate) -> None:
    app = App.of(
        poolgate,
        pool={
            **VERIFIES,
            "EmailVerificationMessage": "Welcome! {####} it is.",
            "EmailVerificationSubject": "Hello",
        },
    )
    sign_up(app)
    (message,) = poolgate.outbox(EMAIL)
    assert message.subject == "Hello"
    assert message.body == f"Welcome! {message.code} it is."


@pytest.mark.documented("API_SignUp", "InvalidParameterException")
@pytest.mark.parametrize(
    ("attributes", "code", "message"),
    [
        (
            {"custom:x": "1"},
            "InvalidParameterException",
            (
                "Attributes did not conform to the schema: "
                "custom:x: Attribute does not exist in the schema."
            ),
        ),
        (
            {"email_verified": "true"},
            "NotAuthorizedException",
            "A client attempted to write unauthorized attribute",
        ),
        ({"email": "no address"}, "InvalidParameterException", "Invalid email address format."),
        ({"phone_number": "0123"}, "InvalidParameterException", "Invalid phone number format."),
    ],
)
def test_attributes_must_fit(app: App, attributes: dict[str, str], code: str, message: str) -> None:
    with refused(code, message):
        sign_up(app, UserAttributes=attribute_list(attributes))
    with refused("UserNotFoundException"):
        app.described()


@pytest.mark.documented(
    "user-pool-settings-attributes", "preferred_username only after confirmation"
)
def test_alias_is_chosen_after_confirmation(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["preferred_username"]})
    with refused("InvalidParameterException"):
        sign_up(app, UserAttributes=attribute_list({"preferred_username": "wonder"}))


@pytest.mark.documented("API_ConfirmSignUp", "AliasExistsException, ForceAliasCreation")
def test_confirming_takes_an_alias_only_by_force(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={**VERIFIES, "AliasAttributes": ["email"]})
    app.user("holder", email=EMAIL, email_verified="true")
    sign_up(app)
    code = app.last_code(EMAIL)
    with refused("AliasExistsException", "An account with the email already exists."):
        confirm(app, code)
    assert app.status() == "UNCONFIRMED"
    confirm(app, code, ForceAliasCreation=True)
    assert app.described(EMAIL)["Username"] == "alice"
    assert app.attributes("holder")["email_verified"] == "false"


@pytest.mark.documented("API_ResendConfirmationCode", "InvalidParameterException")
def test_confirmed_user_gets_no_code(app: App) -> None:
    sign_up(app)
    confirm(app, app.last_code(EMAIL))
    with refused("InvalidParameterException", "User is already confirmed."):
        resend(app)


@pytest.mark.recorded("recordings/cognito/resend-confirmation.happy.json, 2026-05-16")
def test_resend_answers_as_recorded(app: App) -> None:
    sign_up(app, UserAttributes=attribute_list({"email": "fixture@example.com"}))
    assert resend(app)["CodeDeliveryDetails"] == {
        "Destination": "f***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }


@pytest.mark.documented("API_ConfirmSignUp", "a code sent to a former address verifies nothing")
def test_code_verifies_only_the_address_it_went_to(app: App) -> None:
    sign_up(app)
    code = app.last_code(EMAIL)
    app.cognito.admin_update_user_attributes(
        UserPoolId=app.pool_id,
        Username="alice",
        UserAttributes=attribute_list({"email": "other@example.com"}),
    )
    with refused(*EXPIRED):
        confirm(app, code)


@pytest.mark.model("SignUpRequest, ConfirmSignUpRequest, ResendConfirmationCodeRequest")
def test_malformed_requests_are_refused_by_the_model(app: App) -> None:
    client = {"ClientId": app.client_id}
    for members in (
        {"Username": "alice", "Password": PASSWORD},
        {**client, "Password": PASSWORD},
        {**client, "Username": "alice"},
        {**client, "Username": "alice", "Password": "x" * 257},
        {**client, "Username": "a" * 129, "Password": PASSWORD},
        {**client, "Username": "white space", "Password": PASSWORD},
        {**client, "Username": "alice", "Password": " " + PASSWORD},
        {**client, "Username": "alice", "Password": PASSWORD, "UserAttributes": [{}]},
    ):
        with refused("InvalidParameterException"):
            app.cognito.sign_up(**members)
    for members in (client, {**client, "Username": "alice"}, {"Username": "alice"}):
        with refused("InvalidParameterException"):
            app.cognito.confirm_sign_up(**members)
    for members in (client, {"Username": "alice"}):
        with refused("InvalidParameterException"):
            app.cognito.resend_confirmation_code(**members)


@pytest.mark.documented("API_SignUp", "ResourceNotFoundException")
def test_unknown_clients_are_not_found(app: App) -> None:
    app.client_id = "x" * 26
    message = f"User pool client {app.client_id} does not exist."
    for call in (
        lambda: sign_up(app),
        lambda: confirm(app, "123456"),
        lambda: resend(app),
        lambda: app.cognito.forgot_password(ClientId=app.client_id, Username="alice"),
        lambda: app.cognito.confirm_forgot_password(
            ClientId=app.client_id,
            Username="alice",
            ConfirmationCode="123456",
            Password=PASSWORD,
        ),
    ):
        with refused("ResourceNotFoundException", message):
            call()
