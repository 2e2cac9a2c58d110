"""What an app client that hides who has an account gives away: nothing."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, WRONG, App, refused

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
VERIFIED = {"email": EMAIL, "email_verified": "true"}
COMBINATION = ("UserNotFoundException", "Username/client id combination not found.")
UNKNOWN = ("UserNotFoundException", "User does not exist.")
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
MISMATCH = (
    "CodeMismatchException",
    "Invalid verification code provided, please try again.",
)


def app_of(poolgate: LocalPoolgate, *, hides: bool) -> App:
    return App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]}, hides=hides)


def forgot(app: App, name: str) -> Any:
    return app.cognito.forgot_password(ClientId=app.client_id, Username=name)


def recover(app: App, name: str, code: str = "123456") -> Any:
    return app.cognito.confirm_forgot_password(
        ClientId=app.client_id, Username=name, ConfirmationCode=code, Password=PASSWORD
    )


def confirm(app: App, name: str) -> Any:
    return app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username=name, ConfirmationCode="123456"
    )


def resend(app: App, name: str) -> Any:
    return app.cognito.resend_confirmation_code(ClientId=app.client_id, Username=name)


@pytest.mark.documented("cognito-user-pool-managing-errors", "LEGACY")
def test_legacy_clients_tell_that_a_user_is_missing(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=False)
    for sign_in in (app.sign_in, app.admin_sign_in):
        with refused(*UNKNOWN):
            sign_in("nobody")
    with refused(*UNKNOWN):
        app.begin_srp(app.srp("nobody"))
    for operation in (forgot, recover, confirm, resend):
        with refused(*COMBINATION):
            operation(app, "nobody")


@pytest.mark.recorded("recordings/cognito/forgot-password.unknown-user.json, 2026-05-16")
def test_forgotten_password_of_nobody_is_refused_as_recorded(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=False)
    with refused(*COMBINATION):
        forgot(app, "fixture@example.com")


@pytest.mark.documented("cognito-user-pool-managing-errors", "ENABLED")
def test_hiding_clients_answer_for_nobody_as_for_somebody(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=True)
    for sign_in in (app.sign_in, app.admin_sign_in):
        with refused(*WRONG):
            sign_in("nobody")
    with refused(*EXPIRED):
        confirm(app, "nobody")
    with refused(*EXPIRED):
        recover(app, "nobody")
    assert forgot(app, "nobody@example.com")["CodeDeliveryDetails"] == {
        "Destination": "n***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    with refused(*MISMATCH):
        recover(app, "nobody@example.com")
    assert resend(app, "nobody")["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert poolgate.outbox() == []
    app.poolgate.clock.advance(3600)
    with refused(*EXPIRED):
        recover(app, "nobody@example.com")


@pytest.mark.documented("cognito-user-pool-managing-errors", "the same for the same name")
def test_made_up_destination_is_always_the_same(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=True)
    first, second = (forgot(app, "nobody")["CodeDeliveryDetails"] for _ in range(2))
    assert first == second
    assert first["Destination"].count("***") == 2


@pytest.mark.documented(
    "cognito-user-pool-managing-errors", "unknown, disabled, no verified address"
)
def test_who_cannot_recover_looks_like_who_can(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=True)
    app.user("able", **VERIFIED)
    app.user("bare")
    app.user("gone", **{**VERIFIED, "email": "gone@example.com"})
    app.disable("gone")
    app.user("fresh", status="FORCE_CHANGE_PASSWORD", **VERIFIED)
    for name in ("able", "bare", "gone", "fresh", "nobody"):
        details = forgot(app, name)["CodeDeliveryDetails"]
        assert details["DeliveryMedium"] == "EMAIL"
        with refused(*MISMATCH):
            recover(app, name, "not-the-code")
    assert [message.recipient for message in poolgate.outbox()] == [EMAIL]


@pytest.mark.documented("cognito-user-pool-managing-errors", "limits do not tell either")
def test_limits_hold_for_nobody_as_for_somebody(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=True)
    app.user("able", **VERIFIED)
    outcomes: dict[str, list[str]] = {"able": [], "nobody": []}
    for name, seen in outcomes.items():
        for _ in range(25):
            try:
                forgot(app, name)
                seen.append("sent")
            except ClientError as error:
                seen.append(error.response["Error"]["Code"])
    assert outcomes["able"] == outcomes["nobody"]
    assert outcomes["able"].count("sent") == 20


@pytest.mark.documented("security P8", "unknown user, wrong password, disabled user look the same")
def test_refused_sign_ins_differ_in_nothing(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=True)
    app.user("able")
    app.user("gone")
    app.disable("gone")
    app.user("fresh", status="UNCONFIRMED", email=EMAIL)
    answers = set()
    for name in ("able", "gone", "fresh", "nobody"):
        answer = poolgate.post_json(
            "cognito-idp",
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": app.client_id,
                "AuthParameters": {"USERNAME": name, "PASSWORD": "Wrong-password-1"},
            },
        )
        varying = {"x-amzn-requestid", "date"}
        headers = tuple(
            sorted(
                (key.lower(), value)
                for key, value in dict(answer.headers).items()
                if key.lower() not in varying
            )
        )
        answers.add((answer.status, answer.body, headers))
    assert len(answers) == 1
    (only,) = answers
    assert json.loads(only[1])["message"] == WRONG[1]


@pytest.mark.assumed("who proves the password of a disabled user is told, as AWS does elsewhere")
def test_disabled_user_is_told_after_the_right_password(poolgate: LocalPoolgate) -> None:
    app = app_of(poolgate, hides=True)
    app.user()
    app.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        app.sign_in()
