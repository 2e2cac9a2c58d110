"""Fifty takers at one moment, on both engines: one wins what counts once, and counts are exact."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from kits.authenticator import EMAIL, enrolled, set_mfa
from kits.cognito import PASSWORD, App, attribute_list
from kits.custom_challenges import ANSWER, choose_and_judge
from kits.devices import ALWAYS, Device, confirmed_device, tracking_app
from kits.functions import FUNCTION
from kits.refusals import refusal
from kits.takers import TAKERS, TOOK, at_once

from poolgate.testing import LocalPoolgate
from poolgate.userpools.tables import attempt_windows, confirmation_codes, users

WRONG_PASSWORD = "NotAuthorizedException: Incorrect username or password."
LOCKED = "NotAuthorizedException: Password attempts exceeded"
LIMIT = "LimitExceededException: Attempt limit exceeded, please try after some time."
MISMATCH = "CodeMismatchException: Invalid verification code provided, please try again."
EXPIRED = "ExpiredCodeException: Invalid code provided, please request a code again."
CONFIRMED_ALREADY = "NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED"
USED_SESSION = (
    "NotAuthorizedException: Invalid session for the user, session can only be used once."
)
REVOKED = ("NotAuthorizedException", "Access Token has been revoked")
USED_TOTP = "ExpiredCodeException: Your software token has already been used once."
WRONG_TOTP = "CodeMismatchException: Invalid code received for user"
LIMITS_PAGE = "limits", "attempts an hour"


@pytest.fixture(params=["sqlite", "postgresql"])
def poolgate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalPoolgate]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/poolgate.db"
    else:
        url = request.getfixturevalue("postgresql_url")
    with LocalPoolgate(database_url=url, frozen=True) as local:
        yield local


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})


def one_row(app: App, statement: sa.Select[Any]) -> Any:
    with app.poolgate.application.installation.db.reading() as transaction:
        (row,) = transaction.rows(statement, {})
    return row


def counted(app: App, kind: str) -> int:
    return int(
        one_row(app, sa.select(attempt_windows).where(attempt_windows.c.kind == kind)).attempts
    )


@pytest.mark.documented("authentication", "Lockout behavior for failed sign-in attempts")
def test_five_guesses_at_a_password_are_answered_by_all_doors_together(app: App) -> None:
    app.user()

    def guess(number: int) -> Any:
        if number % 2:
            return app.admin_sign_in(password=f"Wrong-password-{number}")
        return app.sign_in(password=f"Wrong-password-{number}")

    assert at_once(guess) == {WRONG_PASSWORD: 5, LOCKED: TAKERS - 5}
    assert one_row(app, sa.select(users)).failed_attempts == 5


@pytest.mark.documented("managing-errors", "unknown users look like wrong passwords")
def test_five_guesses_at_a_hidden_name_are_answered(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, hides=True)
    told = at_once(lambda number: app.sign_in("nobody", f"Wrong-password-{number}"))
    assert told == {WRONG_PASSWORD: 5, LOCKED: TAKERS - 5}
    assert counted(app, "unknown_sign_in") == 5


@pytest.mark.documented("API_ConfirmSignUp", "a code confirms once")
def test_one_taker_confirms_a_sign_up(app: App) -> None:
    app.user(status="UNCONFIRMED", email=EMAIL)
    code = app.last_code(EMAIL)

    def confirm(_: int) -> Any:
        return app.cognito.confirm_sign_up(
            ClientId=app.client_id, Username="alice", ConfirmationCode=code
        )

    assert at_once(confirm) == {TOOK: 1, CONFIRMED_ALREADY: TAKERS - 1}


@pytest.mark.documented(*LIMITS_PAGE)
def test_fifteen_guesses_at_a_confirmation_code_are_answered(app: App) -> None:
    app.user(status="UNCONFIRMED", email=EMAIL)
    right = app.last_code(EMAIL)

    def guess(number: int) -> Any:
        return app.cognito.confirm_sign_up(
            ClientId=app.client_id,
            Username="alice",
            ConfirmationCode=f"{(int(right) + 1 + number) % 1_000_000:06}",
        )

    assert at_once(guess) == {MISMATCH: 15, LIMIT: TAKERS - 15}
    assert counted(app, "confirm_sign_up") == 15
    assert one_row(app, sa.select(confirmation_codes)).attempts_left == 20 - 15


@pytest.mark.documented("API_ConfirmForgotPassword", "a code sets one password")
def test_one_taker_sets_a_new_password(app: App) -> None:
    app.user(email=EMAIL, email_verified="true")
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    code, winners = app.last_code(EMAIL), []

    def reset(number: int) -> Any:
        password = f"Number-{number}-password"
        app.cognito.confirm_forgot_password(
            ClientId=app.client_id, Username="alice", ConfirmationCode=code, Password=password
        )
        winners.append(password)

    # Twenty an hour, of which asking for the code was one.
    assert at_once(reset) == {TOOK: 1, EXPIRED: 18, LIMIT: TAKERS - 19}
    assert "AuthenticationResult" in app.sign_in(password=winners[0])
    assert counted(app, "password_reset") == 20


@pytest.mark.documented("API_VerifyUserAttribute", "a code verifies once")
def test_one_taker_verifies_an_address(app: App) -> None:
    app.user(email="old@example.com")
    access_token = app.access_token()
    app.cognito.update_user_attributes(
        AccessToken=access_token, UserAttributes=attribute_list({"email": EMAIL})
    )
    code = app.last_code(EMAIL)

    def verify(_: int) -> Any:
        return app.cognito.verify_user_attribute(
            AccessToken=access_token, AttributeName="email", Code=code
        )

    assert at_once(verify) == {TOOK: 1, EXPIRED: 14, LIMIT: TAKERS - 15}


@pytest.mark.documented(*LIMITS_PAGE)
def test_five_requests_for_a_code_are_answered(app: App) -> None:
    app.user(status="UNCONFIRMED", email=EMAIL)

    def resend(_: int) -> Any:
        return app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="alice")

    assert at_once(resend) == {TOOK: 5, LIMIT: TAKERS - 5}
    assert len(app.poolgate.outbox(EMAIL)) == 6


@pytest.mark.documented("user-pool-settings-mfa-totp", "a code is accepted once")
def test_one_taker_uses_a_code_of_an_authenticator_app(app: App) -> None:
    set_mfa(app, "OPTIONAL", "SOFTWARE_TOKEN_MFA")
    authenticator = enrolled(app)
    sessions = [app.sign_in()["Session"] for _ in range(TAKERS)]
    code = authenticator.next_code()

    def answer(number: int) -> Any:
        return app.respond(
            "SOFTWARE_TOKEN_MFA",
            sessions[number],
            USERNAME="alice",
            SOFTWARE_TOKEN_MFA_CODE=code,
        )

    told = at_once(answer)
    assert told.pop(TOOK) == 1
    assert set(told) <= {USED_TOTP, LOCKED}


@pytest.mark.documented("authentication-lockout", "wrong codes start the lock-out as passwords do")
def test_five_guesses_at_an_app_are_answered(app: App) -> None:
    set_mfa(app, "OPTIONAL", "SOFTWARE_TOKEN_MFA")
    authenticator = enrolled(app)
    sessions = [app.sign_in()["Session"] for _ in range(TAKERS)]
    wrong = authenticator.wrong_code()

    def guess(number: int) -> Any:
        return app.respond(
            "SOFTWARE_TOKEN_MFA",
            sessions[number],
            USERNAME="alice",
            SOFTWARE_TOKEN_MFA_CODE=wrong,
        )

    assert at_once(guess) == {WRONG_TOTP: 5, LOCKED: TAKERS - 5}
    assert one_row(app, sa.select(users)).failed_attempts == 5


@pytest.mark.documented("API_RespondToAuthChallenge", "a session is used once")
def test_one_taker_uses_a_code_that_was_sent(app: App) -> None:
    set_mfa(app, "OPTIONAL", "EMAIL_OTP")
    app.user(email=EMAIL, email_verified="true")
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id,
        Username="alice",
        EmailMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    session = app.sign_in()["Session"]
    code = app.last_code(EMAIL)

    def answer(_: int) -> Any:
        return app.respond("EMAIL_OTP", session, USERNAME="alice", EMAIL_OTP_CODE=code)

    assert at_once(answer) == {TOOK: 1, USED_SESSION: TAKERS - 1}


@pytest.mark.documented("API_RespondToAuthChallenge", "a session is used once")
def test_one_taker_chooses_the_new_password(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    session, winners = app.sign_in()["Session"], []

    def answer(number: int) -> Any:
        password = f"Number-{number}-password"
        app.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=password)
        winners.append(password)

    told = at_once(answer)
    assert told[TOOK] == 1
    assert told.total() == TAKERS
    assert len(told) <= 3
    assert "AuthenticationResult" in app.sign_in(password=winners[0])


@pytest.mark.documented("amazon-cognito-user-pools-authentication-flow", "SRP")
def test_one_taker_uses_an_srp_exchange(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    told = at_once(lambda _: app.respond("PASSWORD_VERIFIER", **answers))
    assert told[TOOK] == 1
    assert told.total() == TAKERS
    assert len(told) == 2


@pytest.mark.documented("API_SignUp", "a name is given once")
def test_one_taker_gets_a_name(app: App) -> None:
    def sign_up(number: int) -> Any:
        return app.cognito.sign_up(
            ClientId=app.client_id,
            Username="alice",
            Password=PASSWORD,
            UserAttributes=attribute_list({"email": f"user{number}@example.com"}),
        )

    assert at_once(sign_up) == {
        TOOK: 1,
        "UsernameExistsException: User already exists": TAKERS - 1,
    }
    # The losers' codes went nowhere.
    assert len(app.poolgate.outbox()) == 1


@pytest.fixture
def tracking(poolgate: LocalPoolgate) -> App:
    app = tracking_app(poolgate, ALWAYS)
    app.user()
    return app


@pytest.mark.model("ConfirmDevice: DeviceKeyExistsException")
def test_one_taker_confirms_a_device(tracking: App) -> None:
    signed_in = tracking.sign_in()
    device = Device.of(tracking, signed_in)
    access_token = signed_in["AuthenticationResult"]["AccessToken"]
    assert at_once(lambda _: device.confirm(access_token)) == {
        TOOK: 1,
        "DeviceKeyExistsException: Device key already exists.": TAKERS - 1,
    }


@pytest.mark.documented("API_RespondToAuthChallenge", "a session is used once")
def test_one_taker_proves_the_device(tracking: App) -> None:
    device = confirmed_device(tracking, tracking.sign_in())
    owed = tracking.sign_in(DEVICE_KEY=device.device_key)
    begun = device.begin_proof(owed["Session"])
    claim = device.claim(begun["ChallengeParameters"])
    told = at_once(lambda _: tracking.respond("DEVICE_PASSWORD_VERIFIER", **claim))
    assert told[TOOK] == 1
    assert told.total() == TAKERS
    assert set(told) <= {TOOK, USED_SESSION, WRONG_PASSWORD}


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "Forget a device")
def test_nobody_is_signed_in_on_a_device_that_is_forgotten_meanwhile(tracking: App) -> None:
    device = confirmed_device(tracking, tracking.sign_in())
    owed = [tracking.sign_in(DEVICE_KEY=device.device_key) for _ in range(8)]
    begun = [device.begin_proof(each["Session"])["ChallengeParameters"] for each in owed]
    claims, access_tokens = [device.claim(parameters) for parameters in begun], []

    def prove_or_forget(number: int) -> Any:
        if number == len(claims):
            return tracking.cognito.admin_forget_device(
                UserPoolId=tracking.pool_id, Username="alice", DeviceKey=device.device_key
            )
        signed_in = tracking.respond("DEVICE_PASSWORD_VERIFIER", **claims[number])
        return access_tokens.append(signed_in["AuthenticationResult"]["AccessToken"])

    told = at_once(prove_or_forget, len(claims) + 1)
    assert told[TOOK] == len(access_tokens) + 1
    for access_token in access_tokens:
        assert refusal(tracking.cognito.get_user, AccessToken=access_token) == REVOKED


@pytest.mark.documented("API_RespondToAuthChallenge", "a session is used once")
def test_one_taker_begins_with_a_code_that_was_sent(poolgate: LocalPoolgate) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    app = App.of(poolgate, pool={"Policies": factors}, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    app.user(email=EMAIL, email_verified="true")
    begun = app.cognito.initiate_auth(
        ClientId=app.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    code = app.last_code(EMAIL)

    def answer(_: int) -> Any:
        return app.respond("EMAIL_OTP", begun["Session"], USERNAME="alice", EMAIL_OTP_CODE=code)

    told = at_once(answer)
    assert told.pop(TOOK) == 1
    # Who finds the session used is told so, as long as tries are left.
    assert set(told) <= {USED_SESSION, LIMIT}


@pytest.mark.documented("API_RespondToAuthChallenge", "a session is used once")
def test_one_taker_answers_a_custom_challenge(poolgate: LocalPoolgate) -> None:
    names = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
    poolgate.trigger(FUNCTION, choose_and_judge)
    app = App.of(
        poolgate,
        pool={"LambdaConfig": dict.fromkeys(names, FUNCTION)},
        ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"],
    )
    app.user()
    begun = app.cognito.initiate_auth(
        ClientId=app.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "alice"}
    )

    def answer(_: int) -> Any:
        session = begun["Session"]
        return app.respond("CUSTOM_CHALLENGE", session, USERNAME="alice", ANSWER=ANSWER)

    assert at_once(answer) == {TOOK: 1, USED_SESSION: TAKERS - 1}


@pytest.mark.documented("API_ConfirmSignUp", "Session")
def test_one_taker_goes_on_from_a_sign_up(poolgate: LocalPoolgate) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    app = App.of(
        poolgate,
        pool={"Policies": factors, "AutoVerifiedAttributes": ["email"]},
        ExplicitAuthFlows=["ALLOW_USER_AUTH"],
    )
    app.user(status="UNCONFIRMED", email=EMAIL)
    confirmed = app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=app.last_code(EMAIL)
    )

    def go_on(_: int) -> Any:
        return app.cognito.initiate_auth(
            ClientId=app.client_id,
            AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": "alice"},
            Session=confirmed["Session"],
        )

    assert at_once(go_on) == {TOOK: 1, USED_SESSION: TAKERS - 1}


@pytest.mark.assumed("looking at a link without opening it confirms nothing")
def test_one_taker_confirms_by_a_link(poolgate: LocalPoolgate) -> None:
    link = {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}
    app = App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"], **link})
    app.cognito.create_user_pool_domain(UserPoolId=app.pool_id, Domain="people")
    app.user(status="UNCONFIRMED", email=EMAIL)
    target = (
        f"/domains/people/confirmUser?client_id={app.client_id}&user_name=alice"
        f"&confirmation_code={app.last_code(EMAIL)}"
    )
    opened: list[int] = []
    at_once(lambda _: opened.append(poolgate.send("GET", target).status))
    assert (opened.count(200), opened.count(400)) == (1, TAKERS - 1)
