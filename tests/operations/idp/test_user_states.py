"""The table of userpools.md 6.2: each operation in each state of a user."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, App

from poolgate.testing import LocalPoolgate

STATES = ("UNCONFIRMED", "CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED")
EMAIL = "alice@example.com"
VERIFIED = {"email": EMAIL, "email_verified": "true"}
WRONG = "NotAuthorizedException: Incorrect username or password."
CANNOT_RESET = "NotAuthorizedException: User password cannot be reset in the current state."
CONFIRMED_ALREADY = "InvalidParameterException: User is already confirmed."
NO_ADDRESS = (
    "InvalidParameterException: Cannot reset password for the user as there is no "
    "registered/verified email or phone_number"
)
EXISTS = "UsernameExistsException: User account already exists"


def cannot_confirm(status: str) -> str:
    return f"NotAuthorizedException: User cannot be confirmed. Current status is {status}"


NOT_INVITED = (
    "UnsupportedUserStateException: Resend not possible. alice status is not FORCE_CHANGE_PASSWORD"
)


def of_user(operation: str, **members: Any) -> Callable[[App], Any]:
    def run(app: App) -> Any:
        return getattr(app.cognito, operation)(UserPoolId=app.pool_id, Username="alice", **members)

    return run


def of_client(operation: str, **members: Any) -> Callable[[App], Any]:
    def run(app: App) -> Any:
        return getattr(app.cognito, operation)(ClientId=app.client_id, Username="alice", **members)

    return run


def confirm_with_code(app: App) -> Any:
    sent = app.poolgate.outbox(EMAIL)
    return app.cognito.confirm_sign_up(
        ClientId=app.client_id,
        Username="alice",
        ConfirmationCode=(sent[-1].code if sent else None) or "123456",
    )


Row = tuple[Callable[[App], Any], tuple[str, str, str, str]]
# For each state in the order of STATES: the error, or the state that follows success.
TABLE: dict[str, Row] = {
    "sign-in, right password": (
        lambda app: app.sign_in(),
        (
            "UserNotConfirmedException: User is not confirmed.",
            "CONFIRMED",
            "FORCE_CHANGE_PASSWORD",
            "PasswordResetRequiredException: Password reset required for the user",
        ),
    ),
    "sign-in, wrong password": (
        lambda app: app.sign_in(password="Wrong-password-1"),
        (WRONG, WRONG, WRONG, WRONG),
    ),
    "ConfirmSignUp": (
        confirm_with_code,
        (
            "CONFIRMED",
            cannot_confirm("CONFIRMED"),
            cannot_confirm("FORCE_CHANGE_PASSWORD"),
            cannot_confirm("RESET_REQUIRED"),
        ),
    ),
    "AdminConfirmSignUp": (
        of_user("admin_confirm_sign_up"),
        (
            "CONFIRMED",
            cannot_confirm("CONFIRMED"),
            cannot_confirm("FORCE_CHANGE_PASSWORD"),
            cannot_confirm("RESET_REQUIRED"),
        ),
    ),
    "ResendConfirmationCode": (
        of_client("resend_confirmation_code"),
        ("UNCONFIRMED", CONFIRMED_ALREADY, CONFIRMED_ALREADY, CONFIRMED_ALREADY),
    ),
    "ForgotPassword": (
        of_client("forgot_password"),
        (NO_ADDRESS, "CONFIRMED", CANNOT_RESET, "RESET_REQUIRED"),
    ),
    "AdminResetUserPassword": (
        of_user("admin_reset_user_password"),
        (CANNOT_RESET, "RESET_REQUIRED", CANNOT_RESET, "RESET_REQUIRED"),
    ),
    "AdminSetUserPassword, permanent": (
        of_user("admin_set_user_password", Password=PASSWORD, Permanent=True),
        ("CONFIRMED", "CONFIRMED", "CONFIRMED", "CONFIRMED"),
    ),
    "AdminSetUserPassword, temporary": (
        of_user("admin_set_user_password", Password=PASSWORD, Permanent=False),
        ("FORCE_CHANGE_PASSWORD",) * 4,
    ),
    "AdminCreateUser again": (
        of_user("admin_create_user"),
        (EXISTS, EXISTS, EXISTS, EXISTS),
    ),
    "AdminCreateUser, RESEND": (
        of_user("admin_create_user", MessageAction="RESEND"),
        (NOT_INVITED, NOT_INVITED, "FORCE_CHANGE_PASSWORD", NOT_INVITED),
    ),
    "AdminDisableUser": (of_user("admin_disable_user"), STATES),
    "AdminEnableUser": (of_user("admin_enable_user"), STATES),
    "AdminUserGlobalSignOut": (of_user("admin_user_global_sign_out"), STATES),
    "AdminDeleteUser": (of_user("admin_delete_user"), ("gone",) * 4),
}
CASES = [
    pytest.param(run, state, expected, id=f"{name} of {state}")
    for name, (run, outcomes) in TABLE.items()
    for state, expected in zip(STATES, outcomes, strict=True)
]


@pytest.mark.documented("signing-up-users-in-your-app", "user account states; userpools.md 6.2")
@pytest.mark.parametrize(("run", "state", "expected"), CASES)
def test_state_and_operation_decide(
    poolgate: LocalPoolgate, run: Callable[[App], Any], state: str, expected: str
) -> None:
    app = App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    app.user(status=state, **({"email": EMAIL} if state == "UNCONFIRMED" else VERIFIED))
    assert app.status() == state
    assert outcome(app, run) == expected
    if ":" in expected:
        assert app.status() == state


def outcome(app: App, run: Callable[[App], Any]) -> str:
    try:
        run(app)
    except ClientError as error:
        told = error.response["Error"]
        return f"{told['Code']}: {told['Message']}"
    try:
        return app.status()
    except ClientError:
        return "gone"
