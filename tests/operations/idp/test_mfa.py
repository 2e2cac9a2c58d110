import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.authenticator import EMAIL, PHONE, Authenticator, enrol, enrolled, set_mfa
from kits.cognito import App, refused

from poolgate.testing import LocalPoolgate

TOTP = "SOFTWARE_TOKEN_MFA"
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
USED_SESSION = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)
EXPIRED_SESSION = (
    "NotAuthorizedException",
    "Invalid session for the user, session is expired.",
)
WRONG_TOTP = ("CodeMismatchException", "Invalid code received for user")
WRONG_CODE = ("CodeMismatchException", "Invalid code or auth state for the user.")
USED_CODE = ("ExpiredCodeException", "Your software token has already been used once.")
LOCKED = ("NotAuthorizedException", "Password attempts exceeded")
RECOVER_BY_EMAIL = {
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
}
MESSAGES = [("SMS_MFA", PHONE, "phone_number"), ("EMAIL_OTP", EMAIL, "email")]


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    app = App.of(poolgate)
    set_mfa(app, "OPTIONAL", TOTP)
    return app


@pytest.fixture
def strict(poolgate: LocalPoolgate) -> App:
    """A pool that demands a second factor and has every kind."""
    app = App.of(poolgate)
    set_mfa(app, "ON", "SMS_MFA", TOTP, "EMAIL_OTP")
    return app


def answer_totp(app: App, session: str, code: str) -> Any:
    return app.respond(TOTP, session, USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=code)


def answer_code(app: App, challenge: str, session: str, code: str) -> Any:
    return app.respond(challenge, session, USERNAME="alice", **{f"{challenge}_CODE": code})


def other(code: str) -> str:
    return "000000" if code != "000000" else "000001"


def prefer(app: App, factor: str, username: str = "alice") -> None:
    member = {
        "SMS_MFA": "SMSMfaSettings",
        TOTP: "SoftwareTokenMfaSettings",
        "EMAIL_OTP": "EmailMfaSettings",
    }[factor]
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id,
        Username=username,
        **{member: {"Enabled": True, "PreferredMfa": True}},
    )


# ---- codes of an app ------------------------------------------------------------------------


@pytest.mark.documented("API_RespondToAuthChallenge", "SOFTWARE_TOKEN_MFA")
def test_code_of_the_app_is_asked_for_at_both_doors(app: App) -> None:
    authenticator = enrolled(app)
    answer = answer_totp(app, app.sign_in()["Session"], authenticator.next_code())
    assert "AuthenticationResult" in answer
    begun = app.admin_sign_in()
    assert begun["ChallengeName"] == TOTP
    answer = app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName=TOTP,
        Session=begun["Session"],
        ChallengeResponses={
            "USERNAME": "alice",
            "SOFTWARE_TOKEN_MFA_CODE": authenticator.next_code(),
        },
    )
    assert "AuthenticationResult" in answer


@pytest.mark.documented("API_RespondToAuthChallenge", "SOFTWARE_TOKEN_MFA after SRP")
def test_code_of_the_app_is_asked_for_after_srp(app: App) -> None:
    authenticator = enrolled(app)
    srp = app.srp()
    owed = app.answer_srp(srp, app.begin_srp(srp))
    assert owed["ChallengeName"] == TOTP
    answer = answer_totp(app, owed["Session"], authenticator.next_code())
    assert "AuthenticationResult" in answer


@pytest.mark.documented("user-pool-settings-mfa-totp", "a code is accepted once")
def test_code_signs_in_once(app: App) -> None:
    authenticator = enrolled(app)
    first, second = app.sign_in()["Session"], app.sign_in()["Session"]
    code = authenticator.next_code()
    assert "AuthenticationResult" in answer_totp(app, first, code)
    with refused(*USED_CODE):
        answer_totp(app, second, code)
    with refused(*USED_SESSION):
        answer_totp(app, first, authenticator.next_code())
    assert "AuthenticationResult" in answer_totp(app, second, authenticator.next_code())


@pytest.mark.documented("user-pool-settings-mfa-totp", "a code is accepted once")
def test_code_that_set_the_app_up_does_not_sign_in(app: App) -> None:
    app.user()
    access_token = app.access_token()
    begun = app.cognito.associate_software_token(AccessToken=access_token)
    authenticator = Authenticator(app, begun["SecretCode"])
    code = authenticator.code()
    app.cognito.verify_software_token(AccessToken=access_token, UserCode=code)
    with refused(*USED_CODE):
        answer_totp(app, app.sign_in()["Session"], code)


@pytest.mark.documented("user-pool-settings-mfa-totp", "one step of 30 seconds to either side")
def test_code_of_a_neighbouring_step_counts(app: App) -> None:
    authenticator = enrolled(app)
    app.poolgate.clock.advance(90)
    for ahead in (-60, 60):
        with refused(*WRONG_TOTP):
            answer_totp(app, app.sign_in()["Session"], authenticator.code(ahead))
    for ahead in (-30, 30):
        assert "AuthenticationResult" in answer_totp(
            app, app.sign_in()["Session"], authenticator.code(ahead)
        )
        app.poolgate.clock.advance(30)


@pytest.mark.documented("API_RespondToAuthChallenge", "CodeMismatchException")
def test_wrong_code_leaves_the_session_usable(app: App) -> None:
    authenticator = enrolled(app)
    session = app.sign_in()["Session"]
    for _ in range(4):
        with refused(*WRONG_TOTP):
            answer_totp(app, session, authenticator.wrong_code())
    assert "AuthenticationResult" in answer_totp(app, session, authenticator.next_code())


@pytest.mark.documented("authentication-lockout", "wrong codes start the lock-out as passwords do")
def test_five_wrong_codes_lock_and_the_right_one_waits(app: App) -> None:
    authenticator = enrolled(app)
    session = app.sign_in()["Session"]
    app.poolgate.clock.advance(30)
    for _ in range(5):
        with refused(*WRONG_TOTP):
            answer_totp(app, session, authenticator.wrong_code())
    with refused(*LOCKED):
        answer_totp(app, session, authenticator.code())
    with refused(*LOCKED):
        app.sign_in()
    app.poolgate.clock.advance(1)
    with refused(*WRONG_TOTP):
        answer_totp(app, session, authenticator.wrong_code())
    app.poolgate.clock.advance(1)
    with refused(*LOCKED):
        answer_totp(app, session, authenticator.code())
    app.poolgate.clock.advance(1)
    assert "AuthenticationResult" in answer_totp(app, session, authenticator.code())


@pytest.mark.documented("authentication-lockout", "only a whole sign-in forgets the failures")
def test_right_password_does_not_forgive_wrong_codes(app: App) -> None:
    authenticator = enrolled(app)
    for _ in range(5):
        session = app.sign_in()["Session"]
        with refused(*WRONG_TOTP):
            answer_totp(app, session, authenticator.wrong_code())
    with refused(*LOCKED):
        app.sign_in()


@pytest.mark.documented("authentication-lockout", "guesses side by side")
def test_of_parallel_guesses_five_are_answered(app: App) -> None:
    authenticator = enrolled(app)
    session, wrong = app.sign_in()["Session"], authenticator.wrong_code()

    def guess(_: int) -> str:
        try:
            answer_totp(app, session, wrong)
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return "signed in"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(20)))
    assert answers.count(WRONG_TOTP[1]) == 5
    assert answers.count(LOCKED[1]) == 15


@pytest.mark.documented("user-pool-settings-mfa-totp", "a code is accepted once")
@pytest.mark.parametrize("of_one_session", [True, False])
def test_of_parallel_takers_of_a_code_one_signs_in(app: App, *, of_one_session: bool) -> None:
    authenticator = enrolled(app)
    sessions = [app.sign_in()["Session"] for _ in range(1 if of_one_session else 10)]
    code = authenticator.next_code()

    def take(at: int) -> bool:
        try:
            return "AuthenticationResult" in answer_totp(app, sessions[at % len(sessions)], code)
        except ClientError:
            return False

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(take, range(10))).count(True) == 1


@pytest.mark.documented("API_UserPoolClientType", "AuthSessionValidity")
@pytest.mark.parametrize(("minutes", "lifetime"), [(None, 180), (5, 300)])
def test_session_expires(poolgate: LocalPoolgate, minutes: int | None, lifetime: int) -> None:
    app = App.of(poolgate, **({"AuthSessionValidity": minutes} if minutes else {}))
    set_mfa(app, "OPTIONAL", TOTP)
    authenticator = enrolled(app)
    session = app.sign_in()["Session"]
    poolgate.clock.advance(lifetime)
    with refused(*EXPIRED_SESSION):
        answer_totp(app, session, authenticator.code())


@pytest.mark.documented("API_RespondToAuthChallenge", "the session is the user's and the client's")
def test_session_is_good_for_its_user_client_door_and_challenge_only(app: App) -> None:
    authenticator = enrolled(app)
    app.user("bob")
    elsewhere = app.another_client()
    session = app.sign_in()["Session"]
    code = authenticator.next_code()
    with refused(*INVALID_SESSION):
        app.respond(TOTP, session, USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=code)
    with refused(*INVALID_SESSION):
        answer_totp(elsewhere, session, code)
    with refused(*INVALID_SESSION):
        answer_code(app, "SMS_MFA", session, code)
    with refused(*INVALID_SESSION):
        app.respond("MFA_SETUP", session, USERNAME="alice")
    with refused(*INVALID_SESSION):
        app.respond("SELECT_MFA_TYPE", session, USERNAME="alice", ANSWER=TOTP)
    with refused(*INVALID_SESSION):
        app.respond(
            "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD="New-password-9"
        )
    with refused(*INVALID_SESSION):
        app.cognito.associate_software_token(Session=session)
    with refused(*INVALID_SESSION):
        app.cognito.admin_respond_to_auth_challenge(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            ChallengeName=TOTP,
            Session=session,
            ChallengeResponses={"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": code},
        )
    assert "AuthenticationResult" in answer_totp(app, session, code)


@pytest.mark.documented("API_RespondToAuthChallenge", "required responses")
def test_code_and_session_must_be_there(app: App) -> None:
    enrolled(app)
    session = app.sign_in()["Session"]
    for challenge, member in (
        (TOTP, "SOFTWARE_TOKEN_MFA_CODE"),
        ("SMS_MFA", "SMS_MFA_CODE"),
        ("EMAIL_OTP", "EMAIL_OTP_CODE"),
        ("SELECT_MFA_TYPE", "ANSWER"),
    ):
        with refused("InvalidParameterException", f"Missing required parameter {member}"):
            app.respond(challenge, session, USERNAME="alice")
        with refused("InvalidParameterException", "Missing required parameter Session"):
            app.respond(challenge, USERNAME="alice", **{member: "123456"})


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_changed_password_and_disabling_end_a_sign_in(app: App) -> None:
    authenticator = enrolled(app)
    session = app.sign_in()["Session"]
    app.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        answer_totp(app, session, authenticator.next_code())
    app.cognito.admin_enable_user(UserPoolId=app.pool_id, Username="alice")
    app.set_password("alice", "Another-password-1")
    with refused(*INVALID_SESSION):
        answer_totp(app, session, authenticator.next_code())


# ---- codes in messages ----------------------------------------------------------------------


@pytest.mark.documented("API_RespondToAuthChallenge", "SMS_MFA and EMAIL_OTP")
@pytest.mark.parametrize(("challenge", "address", "attribute"), MESSAGES)
def test_code_is_sent_and_verifies_its_address(
    strict: App, challenge: str, address: str, attribute: str
) -> None:
    strict.user(**{attribute: address})
    owed = strict.sign_in()
    assert owed["ChallengeName"] == challenge
    masked = "+*******0100" if challenge == "SMS_MFA" else "a***@e***"
    parameters = owed["ChallengeParameters"]
    assert parameters["CODE_DELIVERY_DESTINATION"] == masked
    assert parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] == challenge[:3].replace("EMA", "EMAIL")
    (message,) = strict.poolgate.outbox(address)
    assert message.body == f"Your authentication code is {message.code}."
    answer = answer_code(strict, challenge, owed["Session"], strict.last_code(address))
    assert "AuthenticationResult" in answer
    assert strict.attributes()[f"{attribute}_verified"] == "true"


@pytest.mark.documented("API_SetUserPoolMfaConfig", "message templates")
def test_pools_own_texts_are_sent(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    app.cognito.set_user_pool_mfa_config(
        UserPoolId=app.pool_id,
        MfaConfiguration="ON",
        EmailMfaConfiguration={"Message": "Use {####} now", "Subject": "Sign in"},
    )
    app.user(email=EMAIL)
    app.sign_in()
    (message,) = poolgate.outbox(EMAIL)
    assert (message.subject, message.body) == ("Sign in", f"Use {message.code} now")


@pytest.mark.documented("API_RespondToAuthChallenge", "CodeMismatchException")
@pytest.mark.parametrize(("challenge", "address", "attribute"), MESSAGES)
def test_code_counts_for_its_session_only_and_once(
    strict: App, challenge: str, address: str, attribute: str
) -> None:
    strict.user(**{attribute: address})
    first = strict.sign_in()["Session"]
    first_code = strict.last_code(address)
    second = strict.sign_in()["Session"]
    second_code = strict.last_code(address)
    if first_code != second_code:
        with refused(*WRONG_CODE):
            answer_code(strict, challenge, second, first_code)
    with refused(*WRONG_CODE):
        answer_code(strict, challenge, first, other(first_code))
    assert "AuthenticationResult" in answer_code(strict, challenge, first, first_code)
    with refused(*USED_SESSION):
        answer_code(strict, challenge, first, first_code)
    assert "AuthenticationResult" in answer_code(strict, challenge, second, second_code)


@pytest.mark.documented("authentication-lockout", "wrong codes start the lock-out as passwords do")
def test_five_wrong_sent_codes_lock(strict: App) -> None:
    strict.user(email=EMAIL)
    session = strict.sign_in()["Session"]
    code = strict.last_code(EMAIL)
    for _ in range(5):
        with refused(*WRONG_CODE):
            answer_code(strict, "EMAIL_OTP", session, other(code))
    with refused(*LOCKED):
        answer_code(strict, "EMAIL_OTP", session, code)
    strict.poolgate.clock.advance(1)
    assert "AuthenticationResult" in answer_code(strict, "EMAIL_OTP", session, code)


@pytest.mark.documented("API_RespondToAuthChallenge", "the session is used once")
def test_of_parallel_takers_of_a_sent_code_one_signs_in(strict: App) -> None:
    strict.user(phone_number=PHONE)
    session = strict.sign_in()["Session"]
    code = strict.last_code(PHONE)

    def take(_: int) -> bool:
        try:
            return "AuthenticationResult" in answer_code(strict, "SMS_MFA", session, code)
        except ClientError:
            return False

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(take, range(10))).count(True) == 1


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_code_to_a_former_address_is_worth_nothing(strict: App) -> None:
    strict.user(email=EMAIL)
    session = strict.sign_in()["Session"]
    code = strict.last_code(EMAIL)
    strict.cognito.admin_update_user_attributes(
        UserPoolId=strict.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": "new@example.com"}],
    )
    with refused(*INVALID_SESSION):
        answer_code(strict, "EMAIL_OTP", session, code)


@pytest.mark.documented("quotas", "messages with codes are limited for each user")
def test_messages_of_an_hour_are_limited(strict: App) -> None:
    strict.user(email=EMAIL)
    for _ in range(20):
        assert strict.sign_in()["ChallengeName"] == "EMAIL_OTP"
    with refused("LimitExceededException", "Attempt limit exceeded, please try after some time."):
        strict.sign_in()
    assert len(strict.poolgate.outbox(EMAIL)) == 20
    strict.poolgate.clock.advance(3600)
    assert strict.sign_in()["ChallengeName"] == "EMAIL_OTP"


@pytest.mark.assumed("a second factor verifies no address that is an alias")
def test_address_that_is_anothers_alias_keeps_nobody_out(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["email"]})
    set_mfa(app, "ON", "EMAIL_OTP")
    app.user("bob", email=EMAIL, email_verified="true")
    app.user("alice", email=EMAIL)
    owed = app.sign_in("alice")
    answer = answer_code(app, "EMAIL_OTP", owed["Session"], app.last_code(EMAIL))
    assert "AuthenticationResult" in answer
    assert app.attributes("alice").get("email_verified") != "true"


# ---- which factor ---------------------------------------------------------------------------


@pytest.mark.documented("user-pool-settings-mfa", "SELECT_MFA_TYPE")
def test_user_chooses_among_several(strict: App) -> None:
    strict.user(email=EMAIL, phone_number=PHONE)
    owed = strict.sign_in()
    assert owed["ChallengeName"] == "SELECT_MFA_TYPE"
    assert json.loads(owed["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]
    assert owed["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "+*******0100"
    assert strict.poolgate.outbox() == []
    chosen = strict.respond(
        "SELECT_MFA_TYPE", owed["Session"], USERNAME="alice", ANSWER="EMAIL_OTP"
    )
    assert chosen["ChallengeName"] == "EMAIL_OTP"
    assert chosen["Session"] != owed["Session"]
    with refused(*USED_SESSION):
        strict.respond("SELECT_MFA_TYPE", owed["Session"], USERNAME="alice", ANSWER="SMS_MFA")
    answer = answer_code(strict, "EMAIL_OTP", chosen["Session"], strict.last_code(EMAIL))
    assert "AuthenticationResult" in answer


@pytest.mark.assumed("text for a second factor that is not offered")
@pytest.mark.parametrize("choice", [TOTP, "PASSWORD", "MFA_SETUP"])
def test_nothing_but_an_offered_factor_is_chosen(strict: App, choice: str) -> None:
    strict.user(email=EMAIL, phone_number=PHONE)
    session = strict.sign_in()["Session"]
    with refused(
        "InvalidParameterException", "The second factor is not one of those to choose from."
    ):
        strict.respond("SELECT_MFA_TYPE", session, USERNAME="alice", ANSWER=choice)
    chosen = strict.respond("SELECT_MFA_TYPE", session, USERNAME="alice", ANSWER="SMS_MFA")
    assert chosen["ChallengeName"] == "SMS_MFA"


@pytest.mark.documented("user-pool-settings-mfa", "the preferred factor is asked for")
@pytest.mark.parametrize("preferred", ["SMS_MFA", TOTP, "EMAIL_OTP"])
def test_preferred_factor_is_asked_for(app: App, preferred: str) -> None:
    set_mfa(app, "OPTIONAL", "SMS_MFA", TOTP, "EMAIL_OTP")
    app.user(email=EMAIL, phone_number=PHONE)
    enrol(app, app.access_token())
    for factor in ("SMS_MFA", TOTP, "EMAIL_OTP", preferred):
        prefer(app, factor)
    assert app.sign_in()["ChallengeName"] == preferred
    set_mfa(app, "ON", "SMS_MFA", TOTP, "EMAIL_OTP")
    assert app.sign_in()["ChallengeName"] == preferred
    set_mfa(app, "OFF", "SMS_MFA", TOTP, "EMAIL_OTP")
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.assumed("the first sign-in asks for the second factor as well")
def test_first_sign_in_after_confirmation_owes_the_factor_too(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    set_mfa(app, "ON", "EMAIL_OTP")
    app.user(status="UNCONFIRMED", email=EMAIL)
    app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=app.last_code(EMAIL)
    )
    assert app.sign_in()["ChallengeName"] == "EMAIL_OTP"


@pytest.mark.assumed("a demanded factor that nothing can give keeps the user out")
def test_address_that_recovers_is_no_second_factor(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool=RECOVER_BY_EMAIL)
    set_mfa(app, "ON", "EMAIL_OTP", TOTP)
    app.user(email=EMAIL)
    with refused(
        "NotAuthorizedException",
        "The user pool requires a second factor and the user has none that can be used.",
    ):
        app.sign_in()
    assert poolgate.outbox(EMAIL) == []


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_factor_that_is_no_longer_owed_does_not_sign_in(app: App) -> None:
    set_mfa(app, "OPTIONAL", "SMS_MFA", TOTP)
    app.user(phone_number=PHONE)
    prefer(app, "SMS_MFA")
    owed = app.sign_in()
    code = app.last_code(PHONE)
    signed_in = answer_code(app, "SMS_MFA", owed["Session"], code)["AuthenticationResult"]
    waiting = app.sign_in()["Session"]
    code = app.last_code(PHONE)
    enrol(app, signed_in["AccessToken"])
    prefer(app, TOTP)
    with refused(*INVALID_SESSION):
        answer_code(app, "SMS_MFA", waiting, code)


# ---- recovery -------------------------------------------------------------------------------


@pytest.mark.documented("API_CreateUserPool", "AccountRecoverySetting and MFA by the same address")
def test_address_of_the_second_factor_does_not_reset_the_password(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool=RECOVER_BY_EMAIL)
    set_mfa(app, "OPTIONAL", "EMAIL_OTP", TOTP)
    app.user(email=EMAIL, email_verified="true")
    prefer(app, "EMAIL_OTP")
    with refused(
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or "
        "phone_number",
    ):
        app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    assert poolgate.outbox(EMAIL) == []


@pytest.mark.documented("managing-users-passwords", "a reset does not bypass MFA")
def test_reset_does_not_bypass_the_second_factor(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool=RECOVER_BY_EMAIL)
    set_mfa(app, "ON", TOTP)
    app.user(email=EMAIL, email_verified="true")
    owed = app.sign_in()
    begun = app.cognito.associate_software_token(Session=owed["Session"])
    authenticator = Authenticator(app, begun["SecretCode"])
    app.cognito.verify_software_token(Session=begun["Session"], UserCode=authenticator.code())
    app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    app.cognito.confirm_forgot_password(
        ClientId=app.client_id,
        Username="alice",
        ConfirmationCode=app.last_code(EMAIL),
        Password="Recovered-password-1",
    )
    owed = app.sign_in("alice", "Recovered-password-1")
    assert owed["ChallengeName"] == TOTP
    assert "AuthenticationResult" in answer_totp(app, owed["Session"], authenticator.next_code())
