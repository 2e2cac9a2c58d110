from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, WRONG, App, attribute_list, refused

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
PHONE = "+15555550123"
NEW = "Recovered-password-1"
VERIFIED = {"email": EMAIL, "email_verified": "true"}
MISMATCH = (
    "CodeMismatchException",
    "Invalid verification code provided, please try again.",
)
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
NO_ADDRESS = (
    "InvalidParameterException",
    "Cannot reset password for the user as there is no registered/verified email or phone_number",
)


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def forgot(app: App, username: str = "alice") -> Any:
    return app.cognito.forgot_password(ClientId=app.client_id, Username=username)


def recover(app: App, code: str, username: str = "alice", password: str = NEW) -> Any:
    return app.cognito.confirm_forgot_password(
        ClientId=app.client_id, Username=username, ConfirmationCode=code, Password=password
    )


def wrong_code(app: App) -> str:
    right = app.last_code(EMAIL)
    return "000000" if right != "000000" else "000001"


@pytest.mark.documented("API_ForgotPassword", "sends a message to the end user with a code")
def test_code_sets_a_new_password_and_ends_every_session(app: App) -> None:
    app.user(**VERIFIED)
    issued = app.sign_in()["AuthenticationResult"]
    assert forgot(app)["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert "AuthenticationResult" in app.sign_in()
    recover(app, app.last_code(EMAIL))
    with refused(*WRONG):
        app.sign_in()
    assert "AuthenticationResult" in app.sign_in(password=NEW)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        app.cognito.get_user(AccessToken=issued["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        app.cognito.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=app.client_id,
            AuthParameters={"REFRESH_TOKEN": issued["RefreshToken"]},
        )


@pytest.mark.documented("API_ConfirmForgotPassword", "CodeMismatchException, ExpiredCodeException")
def test_code_is_right_fresh_and_used_once(app: App) -> None:
    app.user(**VERIFIED)
    with refused(*EXPIRED):
        recover(app, "123456")
    forgot(app)
    with refused(*MISMATCH):
        recover(app, wrong_code(app))
    recover(app, app.last_code(EMAIL))
    with refused(*EXPIRED):
        recover(app, app.last_code(EMAIL))
    app.poolgate.clock.advance(60)
    forgot(app)
    app.poolgate.clock.advance(3600)
    with refused(*EXPIRED):
        recover(app, app.last_code(EMAIL))


@pytest.mark.documented("API_ConfirmForgotPassword", "the policy comes before the code")
def test_unfit_password_leaves_the_code_usable(app: App) -> None:
    app.user(**VERIFIED)
    forgot(app)
    for code in ("000000", app.last_code(EMAIL)):
        with refused(
            "InvalidPasswordException",
            "Password did not conform with policy: Password not long enough",
        ):
            recover(app, code, password="Short1!")
    recover(app, app.last_code(EMAIL))


@pytest.mark.documented("limits", "ForgotPassword and ConfirmForgotPassword together")
def test_asking_and_trying_are_limited_together(app: App) -> None:
    app.user(**VERIFIED)
    for _ in range(5):
        forgot(app)
    for _ in range(15):
        with refused(*MISMATCH):
            recover(app, wrong_code(app))
    limit = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
    with refused(*limit):
        recover(app, app.last_code(EMAIL))
    with refused(*limit):
        forgot(app)


@pytest.mark.documented("API_ConfirmForgotPassword", "of two takers one sets the password")
def test_of_many_takers_of_a_code_one_sets_the_password(app: App) -> None:
    app.user(**VERIFIED)
    forgot(app)
    code = app.last_code(EMAIL)

    def take(number: int) -> str:
        try:
            recover(app, code, password=f"Password-of-taker-{number}")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "recovered"

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(take, range(4)))
    assert sorted(outcomes) == ["ExpiredCodeException"] * 3 + ["recovered"]
    winner = outcomes.index("recovered")
    assert "AuthenticationResult" in app.sign_in(password=f"Password-of-taker-{winner}")


@pytest.mark.documented("API_AccountRecoverySettingType", "priority")
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, "phone_number"),
        ([("verified_email", 1), ("verified_phone_number", 2)], "email"),
        ([("verified_phone_number", 1), ("verified_email", 2)], "phone_number"),
        ([("verified_email", 1)], "email"),
    ],
)
def test_code_goes_where_the_pool_recovers(
    poolgate: LocalPoolgate, setting: list[tuple[str, int]] | None, expected: str
) -> None:
    recovery = {
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [{"Name": name, "Priority": at} for name, at in setting or ()]
        }
    }
    app = App.of(poolgate, pool=recovery if setting else {})
    app.user(**VERIFIED, phone_number=PHONE, phone_number_verified="true")
    assert forgot(app)["CodeDeliveryDetails"]["AttributeName"] == expected
    assert poolgate.outbox()[-1].recipient == {"email": EMAIL, "phone_number": PHONE}[expected]


@pytest.mark.documented("API_AccountRecoverySettingType", "admin_only")
def test_pool_may_leave_recovery_to_administrators(poolgate: LocalPoolgate) -> None:
    mechanism = [{"Name": "admin_only", "Priority": 1}]
    app = App.of(poolgate, pool={"AccountRecoverySetting": {"RecoveryMechanisms": mechanism}})
    app.user(**VERIFIED)
    for name in ("alice", "nobody"):
        with refused("NotAuthorizedException", "Contact administrator to reset password."):
            forgot(app, name)


@pytest.mark.documented("API_ForgotPassword", "needs a verified address")
@pytest.mark.parametrize("attributes", [{}, {"email": EMAIL}, {"phone_number": PHONE}])
def test_recovery_needs_a_verified_address(app: App, attributes: dict[str, str]) -> None:
    app.user(**attributes)
    with refused(*NO_ADDRESS):
        forgot(app)
    with refused(*NO_ADDRESS):
        app.cognito.admin_reset_user_password(UserPoolId=app.pool_id, Username="alice")


@pytest.mark.documented("API_AdminResetUserPassword", "PasswordResetRequiredException")
def test_reset_by_an_administrator_demands_a_new_password(app: App) -> None:
    app.user(**VERIFIED)
    app.cognito.admin_reset_user_password(UserPoolId=app.pool_id, Username="alice")
    assert app.status() == "RESET_REQUIRED"
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        app.sign_in()
    with refused(*WRONG):
        app.sign_in(password=NEW)
    recover(app, app.last_code(EMAIL))
    assert app.status() == "CONFIRMED"
    assert "AuthenticationResult" in app.sign_in(password=NEW)


@pytest.mark.documented("API_AdminResetUserPassword", "NotAuthorizedException")
def test_disabled_user_is_not_reset(app: App) -> None:
    app.user(**VERIFIED)
    app.disable()
    with refused("NotAuthorizedException", "User is disabled"):
        app.cognito.admin_reset_user_password(UserPoolId=app.pool_id, Username="alice")
    with refused("NotAuthorizedException", "User is disabled"):
        forgot(app)


@pytest.mark.documented("security P11", "a code to a former address resets nothing")
def test_changed_address_makes_the_code_worthless(app: App) -> None:
    app.user(**VERIFIED)
    forgot(app)
    app.cognito.admin_update_user_attributes(
        UserPoolId=app.pool_id,
        Username="alice",
        UserAttributes=attribute_list({"email": "new@example.com", "email_verified": "true"}),
    )
    with refused(*EXPIRED):
        recover(app, app.last_code(EMAIL))


@pytest.mark.model("ForgotPasswordRequest, ConfirmForgotPasswordRequest")
def test_malformed_requests_are_refused_by_the_model(app: App) -> None:
    client = {"ClientId": app.client_id}
    for members in (client, {"Username": "alice"}, {**client, "Username": "white space"}):
        with refused("InvalidParameterException"):
            app.cognito.forgot_password(**members)
    for members in (
        {**client, "Username": "alice", "Password": NEW},
        {**client, "Username": "alice", "ConfirmationCode": "123456"},
        {**client, "Password": NEW, "ConfirmationCode": "123456"},
        {**client, "Username": "alice", "Password": NEW, "ConfirmationCode": "12 34"},
    ):
        with refused("InvalidParameterException"):
            app.cognito.confirm_forgot_password(**members)


# ---- ChangePassword -------------------------------------------------------------------------


def change(app: App, access_token: str, previous: str = PASSWORD, new: str = NEW) -> Any:
    return app.cognito.change_password(
        AccessToken=access_token, PreviousPassword=previous, ProposedPassword=new
    )


@pytest.mark.documented("API_ChangePassword", "Changes the password ... tokens stay valid")
def test_user_changes_its_password_and_stays_signed_in(app: App) -> None:
    app.user()
    access_token = app.access_token()
    change(app, access_token)
    with refused(*WRONG):
        app.sign_in()
    assert "AuthenticationResult" in app.sign_in(password=NEW)
    assert app.cognito.get_user(AccessToken=access_token)["Username"] == "alice"


@pytest.mark.documented("API_ChangePassword", "NotAuthorizedException, InvalidPasswordException")
def test_change_needs_the_former_password_and_a_fit_new_one(app: App) -> None:
    app.user()
    access_token = app.access_token()
    with refused(*WRONG):
        change(app, access_token, previous="Wrong-password-1")
    with refused(
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    ):
        change(app, access_token, new="Short1!")
    with refused("InvalidParameterException", "Missing required parameter PreviousPassword"):
        app.cognito.change_password(AccessToken=access_token, ProposedPassword=NEW)
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("limits", "ChangePassword 5 an hour; counts for the lock-out")
def test_changes_are_limited_and_wrong_ones_lock(app: App) -> None:
    app.user()
    access_token = app.access_token()
    for _ in range(5):
        with refused(*WRONG):
            change(app, access_token, previous="Wrong-password-1")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        app.sign_in()
    app.poolgate.clock.advance(1)
    with refused("LimitExceededException", "Attempt limit exceeded, please try after some time."):
        change(app, access_token)
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("API_ChangePassword", "Invalid Access Token")
def test_change_needs_an_access_token(app: App) -> None:
    app.user()
    issued = app.sign_in()["AuthenticationResult"]
    for bad in ("x.y.z", "garbage", issued["IdToken"], issued["AccessToken"][:-6] + "AAAAAA"):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            change(app, bad)
    app.poolgate.clock.advance(3600)
    with refused("NotAuthorizedException", "Access Token has expired"):
        change(app, issued["AccessToken"])
