"""The tables of userpools.md 6.2 and 6.3: each operation in each state of a user."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import EVERY_FLOW, PASSWORD, App, attribute_list

from poolgate.foundation.ids import PoolId, Sub
from poolgate.testing import LocalPoolgate
from poolgate.userpools import pools, users
from poolgate.userpools.users import UserStatus

STATES = (
    "UNCONFIRMED",
    "CONFIRMED",
    "FORCE_CHANGE_PASSWORD",
    "RESET_REQUIRED",
    "EXTERNAL_PROVIDER",
)
EMAIL = "alice@example.com"
VERIFIED = {"email": EMAIL, "email_verified": "true"}
NEW_PASSWORD = "Another-password-1"
NOT_AUTHORIZED = "NotAuthorizedException"
WRONG = f"{NOT_AUTHORIZED}: Incorrect username or password."
DISABLED = f"{NOT_AUTHORIZED}: User is disabled."
DISABLED_AT_RECOVERY = f"{NOT_AUTHORIZED}: User is disabled"
NOT_CONFIRMED = "UserNotConfirmedException: User is not confirmed."
RESET_FIRST = "PasswordResetRequiredException: Password reset required for the user"
CANNOT_RESET = f"{NOT_AUTHORIZED}: User password cannot be reset in the current state."
CONFIRMED_ALREADY = "InvalidParameterException: User is already confirmed."
NO_ADDRESS = (
    "InvalidParameterException: Cannot reset password for the user as there is no "
    "registered/verified email or phone_number"
)
NO_CODE = "ExpiredCodeException: Invalid code provided, please request a code again."
EXISTS = "UsernameExistsException: User account already exists"
NOT_INVITED = (
    "UnsupportedUserStateException: Resend not possible. alice status is not FORCE_CHANGE_PASSWORD"
)
TOO_OLD = f"{NOT_AUTHORIZED}: Temporary password has expired and must be reset by an administrator."
SIGNED_OUT = f"{NOT_AUTHORIZED}: Access Token has been revoked"


def cannot_confirm(status: str) -> str:
    return f"{NOT_AUTHORIZED}: User cannot be confirmed. Current status is {status}"


CANNOT_CONFIRM = tuple(cannot_confirm(status) for status in STATES[1:])


def of_user(operation: str, **members: Any) -> Callable[[App], Any]:
    def run(app: App) -> Any:
        return getattr(app.cognito, operation)(UserPoolId=app.pool_id, Username="alice", **members)

    return run


def of_client(operation: str, **members: Any) -> Callable[[App], Any]:
    def run(app: App) -> Any:
        return getattr(app.cognito, operation)(ClientId=app.client_id, Username="alice", **members)

    return run


def newest_code(app: App) -> str:
    sent = app.poolgate.outbox(EMAIL)
    return (sent[-1].code if sent else None) or "123456"


def confirm_with_code(app: App) -> Any:
    return of_client("confirm_sign_up", ConfirmationCode=newest_code(app))(app)


def sign_in_by_srp(app: App) -> Any:
    srp = app.srp()
    return app.answer_srp(srp, app.begin_srp(srp))


def sign_in_by_choice(app: App) -> Any:
    return app.cognito.initiate_auth(
        ClientId=app.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={
            "USERNAME": "alice",
            "PREFERRED_CHALLENGE": "PASSWORD",
            "PASSWORD": PASSWORD,
        },
    )


def sign_in_late(app: App) -> Any:
    app.poolgate.clock.advance(8 * 24 * 3600)
    return app.sign_in()


def choose_new_password(app: App) -> Any:
    begun = app.sign_in()
    return app.respond(
        "NEW_PASSWORD_REQUIRED", begun["Session"], USERNAME="alice", NEW_PASSWORD=NEW_PASSWORD
    )


def recover(app: App) -> Any:
    of_client("forgot_password")(app)
    return reset_with_code(app)


def reset_with_code(app: App) -> Any:
    return of_client(
        "confirm_forgot_password", ConfirmationCode=newest_code(app), Password=NEW_PASSWORD
    )(app)


def recover_by_verified_address(app: App) -> Any:
    of_user("admin_update_user_attributes", UserAttributes=attribute_list(VERIFIED))(app)
    return recover(app)


Outcomes = tuple[str, str, str, str, str]
Row = tuple[Callable[[App], Any], Outcomes]
SIGN_IN: Outcomes = (NOT_CONFIRMED, "CONFIRMED", "FORCE_CHANGE_PASSWORD", RESET_FIRST, WRONG)
# For each state in the order of STATES: the error, or the state that follows success.
TABLE: dict[str, Row] = {
    "sign-in, right password": (lambda app: app.sign_in(), SIGN_IN),
    "sign-in by an administrator": (lambda app: app.admin_sign_in(), SIGN_IN),
    "sign-in by SRP": (sign_in_by_srp, SIGN_IN),
    "sign-in by choice, right password": (sign_in_by_choice, SIGN_IN),
    "sign-in, wrong password": (
        lambda app: app.sign_in(password="Wrong-password-1"),
        (WRONG,) * 5,
    ),
    "sign-in after a week": (
        sign_in_late,
        (NOT_CONFIRMED, "CONFIRMED", TOO_OLD, RESET_FIRST, WRONG),
    ),
    "ConfirmSignUp": (confirm_with_code, ("CONFIRMED", *CANNOT_CONFIRM)),
    "AdminConfirmSignUp": (of_user("admin_confirm_sign_up"), ("CONFIRMED", *CANNOT_CONFIRM)),
    "ResendConfirmationCode": (
        of_client("resend_confirmation_code"),
        (
            "UNCONFIRMED",
            CONFIRMED_ALREADY,
            CONFIRMED_ALREADY,
            CONFIRMED_ALREADY,
            CONFIRMED_ALREADY,
        ),
    ),
    "ForgotPassword": (
        of_client("forgot_password"),
        (NO_ADDRESS, "CONFIRMED", CANNOT_RESET, "RESET_REQUIRED", CANNOT_RESET),
    ),
    "ForgotPassword and ConfirmForgotPassword": (
        recover_by_verified_address,
        ("CONFIRMED", "CONFIRMED", CANNOT_RESET, "CONFIRMED", CANNOT_RESET),
    ),
    "ConfirmForgotPassword": (
        reset_with_code,
        (NO_CODE, NO_CODE, NO_CODE, "CONFIRMED", NO_CODE),
    ),
    "AdminResetUserPassword": (
        of_user("admin_reset_user_password"),
        (CANNOT_RESET, "RESET_REQUIRED", CANNOT_RESET, "RESET_REQUIRED", CANNOT_RESET),
    ),
    "AdminSetUserPassword, permanent": (
        of_user("admin_set_user_password", Password=PASSWORD, Permanent=True),
        ("CONFIRMED",) * 5,
    ),
    "AdminSetUserPassword, temporary": (
        of_user("admin_set_user_password", Password=PASSWORD, Permanent=False),
        ("FORCE_CHANGE_PASSWORD",) * 5,
    ),
    "AdminCreateUser again": (of_user("admin_create_user"), (EXISTS,) * 5),
    "AdminCreateUser, RESEND": (
        of_user("admin_create_user", MessageAction="RESEND"),
        (NOT_INVITED, NOT_INVITED, "FORCE_CHANGE_PASSWORD", NOT_INVITED, NOT_INVITED),
    ),
    "AdminUpdateUserAttributes": (
        of_user("admin_update_user_attributes", UserAttributes=attribute_list({"name": "A"})),
        STATES,
    ),
    "AdminDisableUser": (of_user("admin_disable_user"), STATES),
    "AdminEnableUser": (of_user("admin_enable_user"), STATES),
    "AdminUserGlobalSignOut": (of_user("admin_user_global_sign_out"), STATES),
    "AdminGetUser": (of_user("admin_get_user"), STATES),
    "AdminDeleteUser": (of_user("admin_delete_user"), ("gone",) * 5),
}
CASES = [
    pytest.param(run, state, expected, id=f"{name} of {state}")
    for name, (run, outcomes) in TABLE.items()
    for state, expected in zip(STATES, outcomes, strict=True)
]
# What a disabled user's operations lead to, in the order of STATES.
DISABLED_TABLE: dict[str, Row] = {
    "sign-in, right password": (lambda app: app.sign_in(), (DISABLED,) * 5),
    "sign-in by an administrator": (lambda app: app.admin_sign_in(), (DISABLED,) * 5),
    "sign-in by SRP": (sign_in_by_srp, (DISABLED,) * 5),
    "sign-in by choice, right password": (sign_in_by_choice, (DISABLED,) * 5),
    "sign-in, wrong password": (
        lambda app: app.sign_in(password="Wrong-password-1"),
        (DISABLED,) * 5,
    ),
    "ForgotPassword": (of_client("forgot_password"), (DISABLED_AT_RECOVERY,) * 5),
    "AdminResetUserPassword": (
        of_user("admin_reset_user_password"),
        (DISABLED_AT_RECOVERY,) * 5,
    ),
    "AdminDisableUser": (of_user("admin_disable_user"), STATES),
    "AdminEnableUser": (of_user("admin_enable_user"), STATES),
    "AdminSetUserPassword, permanent": (
        of_user("admin_set_user_password", Password=PASSWORD, Permanent=True),
        ("CONFIRMED",) * 5,
    ),
    "AdminUserGlobalSignOut": (of_user("admin_user_global_sign_out"), STATES),
    "AdminDeleteUser": (of_user("admin_delete_user"), ("gone",) * 5),
}
DISABLED_CASES = [
    pytest.param(run, state, expected, id=f"{name} of disabled {state}")
    for name, (run, outcomes) in DISABLED_TABLE.items()
    for state, expected in zip(STATES, outcomes, strict=True)
]


def in_state(poolgate: LocalPoolgate, state: str, *, hides: bool = False) -> App:
    app = App.of(
        poolgate,
        hides=hides,
        pool={"AutoVerifiedAttributes": ["email"]},
        ExplicitAuthFlows=[*EVERY_FLOW, "ALLOW_USER_AUTH"],
    )
    if state == "EXTERNAL_PROVIDER":
        make_external(app, Sub(app.user(**VERIFIED)))
    else:
        app.user(status=state, **({"email": EMAIL} if state == "UNCONFIRMED" else VERIFIED))
    assert app.status() == state
    return app


def make_external(app: App, sub: Sub) -> None:
    """Make the user one who came from elsewhere, as a federated sign-in leaves it."""
    with app.poolgate.application.installation.db.writing() as transaction:
        pool = pools.get(transaction, PoolId(app.pool_id))
        former = users.get_to_change(transaction, pool.pool_id, sub)
        external = replace(former, status=UserStatus.EXTERNAL_PROVIDER, password=None)
        users.update(transaction, pool, external, former)


@pytest.mark.documented("signing-up-users-in-your-app", "user account states; userpools.md 6.2")
@pytest.mark.parametrize(("run", "state", "expected"), CASES)
def test_state_and_operation_decide(
    poolgate: LocalPoolgate, run: Callable[[App], Any], state: str, expected: str
) -> None:
    app = in_state(poolgate, state)
    assert outcome(app, run) == expected
    if ":" in expected:
        assert app.status() == state


@pytest.mark.documented("managing-users", "disabled users; userpools.md 6.3")
@pytest.mark.parametrize(("run", "state", "expected"), DISABLED_CASES)
def test_disabled_users_do_nothing_by_themselves(
    poolgate: LocalPoolgate, run: Callable[[App], Any], state: str, expected: str
) -> None:
    app = in_state(poolgate, state)
    app.disable()
    assert outcome(app, run) == expected


@pytest.mark.assumed("who proves the password of a disabled user is told, as AWS does elsewhere")
@pytest.mark.parametrize("state", STATES)
def test_only_the_password_tells_a_hidden_user_of_being_disabled(
    poolgate: LocalPoolgate, state: str
) -> None:
    app = in_state(poolgate, state, hides=True)
    app.disable()
    right = WRONG if state == "EXTERNAL_PROVIDER" else DISABLED
    for sign_in in (App.sign_in, App.admin_sign_in, sign_in_by_srp):
        assert outcome(app, sign_in) == right
    assert outcome(app, lambda app: app.sign_in(password="Wrong-password-1")) == WRONG


@pytest.mark.documented("signing-up-users-in-your-app", "NEW_PASSWORD_REQUIRED confirms")
def test_new_password_confirms_an_invited_user(poolgate: LocalPoolgate) -> None:
    app = in_state(poolgate, "FORCE_CHANGE_PASSWORD")
    assert outcome(app, choose_new_password) == "CONFIRMED"
    assert "AuthenticationResult" in app.sign_in(password=NEW_PASSWORD)


# What is left of a sign-in after something happened to its user: for an access token and for a
# challenge under way.
AFTERWARDS: dict[str, tuple[Callable[[App], Any], bool]] = {
    "AdminDisableUser": (of_user("admin_disable_user"), False),
    "AdminUserGlobalSignOut": (of_user("admin_user_global_sign_out"), False),
    "AdminDeleteUser": (of_user("admin_delete_user"), False),
    "AdminSetUserPassword": (
        of_user("admin_set_user_password", Password=NEW_PASSWORD, Permanent=True),
        True,
    ),
    "ForgotPassword and ConfirmForgotPassword": (recover, False),
}


@pytest.mark.documented("token-revocation", "what ends a user's sessions")
@pytest.mark.parametrize(
    ("happen", "goes_on"), AFTERWARDS.values(), ids=[f"after {name}" for name in AFTERWARDS]
)
def test_what_happens_to_a_user_ends_its_refresh_tokens(
    poolgate: LocalPoolgate, happen: Callable[[App], Any], *, goes_on: bool
) -> None:
    app = in_state(poolgate, "CONFIRMED")
    refresh_token = app.sign_in()["AuthenticationResult"]["RefreshToken"]
    poolgate.clock.advance(1)
    happen(app)

    def refresh(app: App) -> Any:
        return app.cognito.initiate_auth(
            ClientId=app.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": refresh_token},
        )

    assert (outcome(app, refresh) in {*STATES, "gone"}) is goes_on


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
