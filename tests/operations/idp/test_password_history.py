from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, TEMPORARY, App, attribute_list, refused
from kits.refusals import refusal

from poolgate.testing import LocalPoolgate

USED = ("PasswordHistoryPolicyViolationException", "Password has been used before.")
EMAIL = "alice@example.com"
TEXT = "text for a password that was used before"
REFUSES = "errors: PasswordHistoryPolicyViolationException"


def remembering(size: int) -> dict[str, Any]:
    return {"Policies": {"PasswordPolicy": {"PasswordHistorySize": size}}}


def app_of(poolgate: LocalPoolgate, size: int, **pool: Any) -> App:
    return App.of(poolgate, pool={**remembering(size), **pool})


def make_alice(app: App, **attributes: str) -> None:
    app.cognito.admin_create_user(
        UserPoolId=app.pool_id,
        Username="alice",
        TemporaryPassword=TEMPORARY,
        MessageAction="SUPPRESS",
        UserAttributes=attribute_list(attributes),
    )
    app.set_password("alice")


def change(app: App, previous: str, proposed: str) -> None:
    app.cognito.change_password(
        AccessToken=app.access_token(password=previous),
        PreviousPassword=previous,
        ProposedPassword=proposed,
    )


def number(count: int) -> str:
    return f"Right-password-{count}"


@pytest.mark.assumed(TEXT)
def test_changing_to_the_current_password_is_refused(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 1)
    make_alice(app)
    with refused(*USED):
        change(app, PASSWORD, PASSWORD)


@pytest.mark.documented("PasswordPolicyType", "can't set a password that matches any of n previous")
@pytest.mark.parametrize(
    "storage", [{}, {"UserPoolTags": {"poolgate:password-storage": "argon2id"}}]
)
def test_history_is_as_long_as_the_pool_says(poolgate: LocalPoolgate, storage: Any) -> None:
    app = App.of(
        poolgate,
        pool={**remembering(3), **storage},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    make_alice(app)
    for count in (11, 12, 13):
        app.set_password("alice", number(count))
    for count in (11, 12, 13):
        with refused(*USED):
            app.set_password("alice", number(count))
    assert "AuthenticationResult" in app.sign_in(password=number(13))
    app.set_password("alice")
    with refused(*USED):
        app.set_password("alice", number(12))
    app.set_password("alice", number(11))


@pytest.mark.documented("API_ChangePassword", REFUSES)
def test_own_change_is_held_to_the_history(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 2)
    make_alice(app)
    app.set_password("alice", number(2))
    with refused(USED[0]):
        change(app, number(2), PASSWORD)
    change(app, number(2), number(3))
    with refused(USED[0]):
        change(app, number(3), number(2))


@pytest.mark.documented("API_AdminSetUserPassword", REFUSES)
@pytest.mark.parametrize("kind", [{"Permanent": True}, {"Permanent": False}, {}])
def test_administrators_are_held_to_the_history(
    poolgate: LocalPoolgate, kind: dict[str, bool]
) -> None:
    app = app_of(poolgate, 2)
    make_alice(app)
    with refused(USED[0]):
        app.cognito.admin_set_user_password(
            UserPoolId=app.pool_id, Username="alice", Password=PASSWORD, **kind
        )
    assert app.status() == "CONFIRMED"


@pytest.mark.assumed("a temporary password counts in the history")
def test_temporary_password_cannot_become_the_permanent_one(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 1)
    app.user(status="FORCE_CHANGE_PASSWORD")
    asked = app.sign_in()
    with refused(*USED):
        app.respond(
            "NEW_PASSWORD_REQUIRED", asked["Session"], USERNAME="alice", NEW_PASSWORD=PASSWORD
        )
    answered = app.respond(
        "NEW_PASSWORD_REQUIRED", asked["Session"], USERNAME="alice", NEW_PASSWORD=number(2)
    )
    assert "AuthenticationResult" in answered


@pytest.mark.documented("API_ConfirmForgotPassword", REFUSES)
def test_recovery_is_held_to_the_history_and_the_code_stays(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 2)
    make_alice(app, email=EMAIL, email_verified="true")
    app.set_password("alice", number(2))
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    code = app.last_code(EMAIL)
    for used in (PASSWORD, number(2)):
        with refused(USED[0]):
            recover(app, code, used)
    recover(app, code, number(3))
    assert "AuthenticationResult" in app.sign_in(password=number(3))
    with refused("ExpiredCodeException"):
        recover(app, code, number(4))


@pytest.mark.assumed("who has no right code is not told that a password was used before")
def test_recovery_without_the_code_does_not_tell_old_passwords(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 2)
    make_alice(app, email=EMAIL, email_verified="true")
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    wrong = "000000" if app.last_code(EMAIL) != "000000" else "000001"
    for password in (PASSWORD, number(2)):
        with refused("CodeMismatchException"):
            recover(app, wrong, password)


@pytest.mark.documented("API_ConfirmForgotPassword", "errors: LimitExceededException")
def test_used_passwords_count_as_tries_of_a_recovery(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 1)
    make_alice(app, email=EMAIL, email_verified="true")
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    code = app.last_code(EMAIL)
    for _ in range(40):
        try:
            recover(app, code, PASSWORD)
        except ClientError as error:
            if error.response["Error"]["Code"] == "LimitExceededException":
                return
    pytest.fail("tries were not counted")


@pytest.mark.documented("API_ConfirmForgotPassword", "errors: CodeMismatchException")
def test_hidden_names_recover_in_vain_with_a_history_too(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool=remembering(24), hides=True)
    app.cognito.forgot_password(ClientId=app.client_id, Username="nobody@example.com")
    with refused("CodeMismatchException"):
        recover(app, "000000", PASSWORD, "nobody@example.com")


@pytest.mark.assumed("a temporary password counts in the history")
def test_turning_the_history_off_forgets_it(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, 3)
    make_alice(app)
    app.set_password("alice", number(2))
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    app.set_password("alice", number(2))
    app.cognito.update_user_pool(UserPoolId=app.pool_id, **remembering(3))
    with refused(*USED):
        app.set_password("alice", number(2))
    app.set_password("alice")


@pytest.mark.documented("PasswordPolicyType", "isn't displayed ... when you set this value to 0")
def test_size_is_described_unless_it_is_zero(poolgate: LocalPoolgate) -> None:
    for size, shown in ((24, 24), (0, None)):
        app = app_of(poolgate, size)
        pool = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
        assert pool["Policies"]["PasswordPolicy"].get("PasswordHistorySize") == shown


@pytest.mark.documented("PasswordPolicyType", "must be in the Essentials tier or higher")
def test_lite_pools_have_no_history(poolgate: LocalPoolgate) -> None:
    cognito = poolgate.client("cognito-idp")
    expected = (
        "FeatureUnavailableInTierException",
        "Password history is not available in the LITE tier.",
    )
    assert (
        refusal(cognito.create_user_pool, PoolName="p", UserPoolTier="LITE", **remembering(1))
        == expected
    )
    pool_id = cognito.create_user_pool(PoolName="p", UserPoolTier="LITE")["UserPool"]["Id"]
    assert refusal(cognito.update_user_pool, UserPoolId=pool_id, **remembering(1)) == expected


@pytest.mark.model("PasswordHistorySizeType: min 0, max 24")
@pytest.mark.parametrize("size", [-1, 25])
def test_sizes_out_of_range_are_refused(poolgate: LocalPoolgate, size: int) -> None:
    cognito = poolgate.client("cognito-idp", validate=False)
    code, _ = refusal(cognito.create_user_pool, PoolName="p", **remembering(size))
    assert code == "InvalidParameterException"


def recover(app: App, code: str, password: str, username: str = "alice") -> None:
    app.cognito.confirm_forgot_password(
        ClientId=app.client_id, Username=username, ConfirmationCode=code, Password=password
    )
