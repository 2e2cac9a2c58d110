import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.authenticator import Authenticator, enrol, enrolled, set_mfa
from kits.cognito import PASSWORD, App, refused

from poolgate.testing import LocalPoolgate

TOTP = "SOFTWARE_TOKEN_MFA"
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
REFUSED_CODE = (
    "EnableSoftwareTokenMFAException",
    "Code mismatch and fail enable Software Token MFA",
)
NOT_SET_UP = ("InvalidParameterException", "User has not set up software token mfa")


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    app = App.of(poolgate)
    set_mfa(app, "OPTIONAL", TOTP)
    return app


@pytest.fixture
def strict(poolgate: LocalPoolgate) -> App:
    """A pool in which everybody has to set up an app."""
    app = App.of(poolgate)
    set_mfa(app, "ON", TOTP)
    return app


def associate(app: App, session: str) -> tuple[Authenticator, str]:
    begun = app.cognito.associate_software_token(Session=session)
    return Authenticator(app, begun["SecretCode"]), begun["Session"]


def verify(app: App, session: str, code: str) -> Any:
    return app.cognito.verify_software_token(Session=session, UserCode=code)


# ---- signed in ------------------------------------------------------------------------------


@pytest.mark.documented("user-pool-settings-mfa-totp", "associate, verify, sign in with a code")
def test_app_is_set_up_by_access_token_and_asked_for(app: App) -> None:
    app.user()
    access_token = app.access_token()
    begun = app.cognito.associate_software_token(AccessToken=access_token)
    assert "Session" not in begun
    assert len(begun["SecretCode"]) == 52
    authenticator = Authenticator(app, begun["SecretCode"])
    done = app.cognito.verify_software_token(
        AccessToken=access_token, UserCode=authenticator.code(), FriendlyDeviceName="phone"
    )
    assert done["Status"] == "SUCCESS"
    owed = app.sign_in()
    assert (owed["ChallengeName"], owed["ChallengeParameters"]) == (
        TOTP,
        {"USER_ID_FOR_SRP": "alice", "FRIENDLY_DEVICE_NAME": "phone"},
    )
    answer = app.respond(
        TOTP, owed["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=authenticator.next_code()
    )
    assert answer["AuthenticationResult"]["RefreshToken"]
    assert answer["ChallengeParameters"] == {}


@pytest.mark.documented("API_VerifySoftwareToken", "EnableSoftwareTokenMFAException")
def test_wrong_code_sets_nothing_up(app: App) -> None:
    app.user()
    access_token = app.access_token()
    with refused(*NOT_SET_UP):
        app.cognito.verify_software_token(AccessToken=access_token, UserCode="123456")
    begun = app.cognito.associate_software_token(AccessToken=access_token)
    authenticator = Authenticator(app, begun["SecretCode"])
    for _ in range(7):
        with refused(*REFUSED_CODE):
            app.cognito.verify_software_token(
                AccessToken=access_token, UserCode=authenticator.wrong_code()
            )
    assert "AuthenticationResult" in app.sign_in()
    app.cognito.verify_software_token(AccessToken=access_token, UserCode=authenticator.code())
    assert app.sign_in()["ChallengeName"] == TOTP


@pytest.mark.documented("API_AssociateSoftwareToken", "the former one counts until verification")
def test_former_app_counts_until_the_new_one_is_verified(app: App) -> None:
    former = enrolled(app)
    session = app.sign_in()["Session"]
    answer = app.respond(
        TOTP, session, USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=former.next_code()
    )
    access_token = answer["AuthenticationResult"]["AccessToken"]
    begun = app.cognito.associate_software_token(AccessToken=access_token)
    again = app.respond(
        TOTP, app.sign_in()["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=former.next_code()
    )
    assert "AuthenticationResult" in again
    newer = Authenticator(app, begun["SecretCode"])
    app.cognito.verify_software_token(AccessToken=access_token, UserCode=newer.code())
    session = app.sign_in()["Session"]
    with refused("CodeMismatchException", "Invalid code received for user"):
        app.respond(TOTP, session, USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=former.next_code())
    answer = app.respond(TOTP, session, USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=newer.next_code())
    assert "AuthenticationResult" in answer


@pytest.mark.assumed("a secret that was replaced or verified no longer verifies")
def test_only_the_newest_secret_verifies_and_only_once(app: App) -> None:
    app.user()
    access_token = app.access_token()
    secrets = [
        app.cognito.associate_software_token(AccessToken=access_token)["SecretCode"]
        for _ in range(2)
    ]
    first, second = (Authenticator(app, secret) for secret in secrets)
    with refused(*REFUSED_CODE):
        app.cognito.verify_software_token(AccessToken=access_token, UserCode=first.code())
    app.cognito.verify_software_token(AccessToken=access_token, UserCode=second.code())
    with refused(*NOT_SET_UP):
        app.cognito.verify_software_token(AccessToken=access_token, UserCode=second.next_code())


@pytest.mark.documented("API_AssociateSoftwareToken", "SoftwareTokenMFANotFoundException")
def test_pool_without_apps_sets_none_up(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    app.user()
    access_token = app.access_token()
    words = (
        "SoftwareTokenMFANotFoundException",
        "Software Token MFA has not been enabled by the userPool",
    )
    with refused(*words):
        app.cognito.associate_software_token(AccessToken=access_token)
    with refused(*words):
        app.cognito.verify_software_token(AccessToken=access_token, UserCode="123456")


@pytest.mark.model("AssociateSoftwareTokenRequest: AccessToken or Session")
def test_exactly_one_proof_is_needed(app: App) -> None:
    app.user()
    both = {"AccessToken": app.access_token(), "Session": "s" * 30}
    for proofs in ({}, both):
        with refused("InvalidParameterException"):
            app.cognito.associate_software_token(**proofs)
        with refused("InvalidParameterException"):
            app.cognito.verify_software_token(UserCode="123456", **proofs)


@pytest.mark.documented("API_AssociateSoftwareToken", "NotAuthorizedException")
def test_revoked_access_token_sets_nothing_up(app: App) -> None:
    app.user()
    access_token = app.access_token()
    app.cognito.global_sign_out(AccessToken=access_token)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        app.cognito.associate_software_token(AccessToken=access_token)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        app.cognito.verify_software_token(AccessToken=access_token, UserCode="123456")


# ---- during a sign-in -----------------------------------------------------------------------


@pytest.mark.documented("user-pool-settings-mfa", "MFA_SETUP where MFA is required")
def test_new_user_sets_the_password_then_the_app_then_is_in(strict: App) -> None:
    strict.user(status="FORCE_CHANGE_PASSWORD")
    begun = strict.sign_in()
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    owed = strict.respond(
        "NEW_PASSWORD_REQUIRED", begun["Session"], USERNAME="alice", NEW_PASSWORD="New-password-9"
    )
    assert owed["ChallengeName"] == "MFA_SETUP"
    assert json.loads(owed["ChallengeParameters"]["MFAS_CAN_SETUP"]) == [TOTP]
    assert owed["ChallengeParameters"]["USER_ID_FOR_SRP"] == "alice"
    authenticator, session = associate(strict, owed["Session"])
    done = verify(strict, session, authenticator.code())
    assert done["Status"] == "SUCCESS"
    answer = strict.respond("MFA_SETUP", done["Session"], USERNAME="alice")
    assert answer["AuthenticationResult"]["AccessToken"]
    assert answer["ChallengeParameters"] == {}
    assert strict.described()["UserMFASettingList"] == [TOTP]


@pytest.mark.documented("API_VerifySoftwareToken", "the token is registered at once")
def test_app_counts_from_its_verification_on(strict: App) -> None:
    strict.user()
    authenticator, session = associate(strict, strict.sign_in()["Session"])
    verify(strict, session, authenticator.code())
    assert strict.sign_in()["ChallengeName"] == TOTP


@pytest.mark.documented("API_RespondToAuthChallenge", "MFA_SETUP needs the verified session")
def test_setup_cannot_be_skipped(strict: App) -> None:
    strict.user()
    session = strict.sign_in()["Session"]
    with refused(*NOT_SET_UP):
        strict.respond("MFA_SETUP", session, USERNAME="alice")
    with refused(*NOT_SET_UP):
        verify(strict, session, "123456")
    authenticator, session = associate(strict, session)
    with refused(*REFUSED_CODE):
        verify(strict, session, authenticator.wrong_code())
    with refused(*NOT_SET_UP):
        strict.respond("MFA_SETUP", session, USERNAME="alice")
    for challenge, member in ((TOTP, "SOFTWARE_TOKEN_MFA_CODE"), ("SMS_MFA", "SMS_MFA_CODE")):
        with refused(*INVALID_SESSION):
            strict.respond(challenge, session, USERNAME="alice", **{member: authenticator.code()})
    done = verify(strict, session, authenticator.code())
    assert "AuthenticationResult" in strict.respond("MFA_SETUP", done["Session"], USERNAME="alice")


@pytest.mark.documented("auth-flows", "each auth session leads on once")
def test_every_session_of_a_setup_leads_on_once(strict: App) -> None:
    used = (
        "NotAuthorizedException",
        "Invalid session for the user, session can only be used once.",
    )
    strict.user()
    first = strict.sign_in()["Session"]
    authenticator, second = associate(strict, first)
    with refused(*used):
        strict.cognito.associate_software_token(Session=first)
    third = verify(strict, second, authenticator.code())["Session"]
    with refused(*used):
        verify(strict, second, authenticator.next_code())
    strict.respond("MFA_SETUP", third, USERNAME="alice")
    with refused(*used):
        strict.respond("MFA_SETUP", third, USERNAME="alice")


@pytest.mark.documented("API_RespondToAuthChallenge", "the session is the user's and the client's")
def test_session_of_a_setup_is_nobody_elses(strict: App) -> None:
    strict.user()
    strict.user("bob")
    other = strict.another_client()
    authenticator, session = associate(strict, strict.sign_in()["Session"])
    done = verify(strict, session, authenticator.code())["Session"]
    with refused(*INVALID_SESSION):
        strict.respond("MFA_SETUP", done, USERNAME="bob")
    with refused(*INVALID_SESSION):
        other.respond("MFA_SETUP", done, USERNAME="alice")
    with refused(*INVALID_SESSION):
        strict.cognito.admin_respond_to_auth_challenge(
            UserPoolId=strict.pool_id,
            ClientId=strict.client_id,
            ChallengeName="MFA_SETUP",
            ChallengeResponses={"USERNAME": "alice"},
            Session=done,
        )
    assert "AuthenticationResult" in strict.respond("MFA_SETUP", done, USERNAME="alice")


@pytest.mark.documented("API_UserPoolClientType", "AuthSessionValidity")
def test_setup_expires(strict: App) -> None:
    expired = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
    strict.user()
    authenticator, session = associate(strict, strict.sign_in()["Session"])
    strict.poolgate.clock.advance(180)
    with refused(*expired):
        verify(strict, session, authenticator.code())
    with refused(*expired):
        strict.cognito.associate_software_token(Session=session)


@pytest.mark.model("NotAuthorizedException")
@pytest.mark.parametrize("garbage", ["x" * 40, "é" * 40, "=" * 40])
def test_garbage_is_no_session(strict: App, garbage: str) -> None:
    with refused(*INVALID_SESSION):
        strict.cognito.associate_software_token(Session=garbage)


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_who_knows_the_password_only_cannot_replace_an_app(strict: App) -> None:
    strict.user()
    owners, thiefs = strict.sign_in()["Session"], strict.sign_in()["Session"]
    thief, thiefs = associate(strict, thiefs)
    owner, owners = associate(strict, owners)
    done = verify(strict, owners, owner.code())["Session"]
    with refused(*INVALID_SESSION):
        verify(strict, thiefs, thief.code())
    with refused(*INVALID_SESSION):
        strict.cognito.associate_software_token(Session=thiefs)
    assert "AuthenticationResult" in strict.respond("MFA_SETUP", done, USERNAME="alice")
    answer = strict.respond(
        TOTP,
        strict.sign_in()["Session"],
        USERNAME="alice",
        SOFTWARE_TOKEN_MFA_CODE=owner.next_code(),
    )
    assert "AuthenticationResult" in answer


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_disabling_or_a_new_password_ends_a_setup(strict: App) -> None:
    strict.user()
    authenticator, session = associate(strict, strict.sign_in()["Session"])
    strict.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        verify(strict, session, authenticator.code())
    strict.cognito.admin_enable_user(UserPoolId=strict.pool_id, Username="alice")
    strict.poolgate.clock.advance(1)
    strict.set_password("alice", "Another-password-1")
    with refused(*INVALID_SESSION):
        verify(strict, session, authenticator.code())


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_of_parallel_setups_one_wins(strict: App) -> None:
    strict.user()
    waiting = [associate(strict, strict.sign_in()["Session"]) for _ in range(6)]

    def attempt(begun: tuple[Authenticator, str]) -> str | None:
        authenticator, session = begun
        try:
            return str(verify(strict, session, authenticator.code())["Session"])
        except ClientError:
            return None

    with ThreadPoolExecutor(6) as pool:
        won = [session for session in pool.map(attempt, waiting) if session]
    assert len(won) == 1
    assert "AuthenticationResult" in strict.respond("MFA_SETUP", won[0], USERNAME="alice")


@pytest.mark.assumed("an app that is turned off may be set up anew")
def test_administrator_lets_somebody_set_up_a_new_app(strict: App) -> None:
    strict.user()
    authenticator, session = associate(strict, strict.sign_in()["Session"])
    verify(strict, session, authenticator.code())
    strict.cognito.admin_set_user_mfa_preference(
        UserPoolId=strict.pool_id,
        Username="alice",
        SoftwareTokenMfaSettings={"Enabled": False, "PreferredMfa": False},
    )
    assert "UserMFASettingList" not in strict.described()
    owed = strict.sign_in()
    assert owed["ChallengeName"] == "MFA_SETUP"
    newer, session = associate(strict, owed["Session"])
    verify(strict, session, newer.code())
    answer = strict.respond(
        TOTP,
        strict.sign_in()["Session"],
        USERNAME="alice",
        SOFTWARE_TOKEN_MFA_CODE=newer.next_code(),
    )
    assert "AuthenticationResult" in answer


@pytest.mark.documented("user-pool-settings-mfa", "e-mail as a factor to be set up")
def test_email_is_set_up_by_a_code_to_the_new_address(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    set_mfa(app, "ON", "EMAIL_OTP")
    app.user()
    owed = app.sign_in()
    assert json.loads(owed["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["EMAIL_OTP"]
    with refused("InvalidParameterException", "Invalid email address format."):
        app.respond("MFA_SETUP", owed["Session"], USERNAME="alice", EMAIL="nowhere")
    sent = app.respond("MFA_SETUP", owed["Session"], USERNAME="alice", EMAIL="new@example.com")
    assert sent["ChallengeName"] == "EMAIL_OTP"
    assert sent["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "n***@e***"
    assert "email" not in app.attributes()
    answer = app.respond(
        "EMAIL_OTP",
        sent["Session"],
        USERNAME="alice",
        EMAIL_OTP_CODE=app.last_code("new@example.com"),
    )
    assert "AuthenticationResult" in answer
    assert app.attributes()["email"] == "new@example.com"
    assert app.attributes()["email_verified"] == "true"
    assert app.sign_in()["ChallengeName"] == "EMAIL_OTP"


@pytest.mark.assumed("text for a second factor that is not offered")
def test_email_is_not_set_up_where_it_is_not_offered(strict: App) -> None:
    strict.user()
    with refused("InvalidParameterException"):
        strict.respond(
            "MFA_SETUP", strict.sign_in()["Session"], USERNAME="alice", EMAIL="new@example.com"
        )
    assert strict.poolgate.outbox("new@example.com") == []


@pytest.mark.model("nothing secret leaves by the log")
def test_secrets_and_codes_are_not_logged(app: App) -> None:
    authenticator = enrolled(app)
    code = authenticator.next_code()
    app.respond(TOTP, app.sign_in()["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=code)
    log = app.poolgate.log.getvalue()
    assert authenticator.secret_code not in log
    assert PASSWORD not in log
    assert f'"{code}"' not in log


@pytest.mark.model("a software token belongs to its user")
def test_apps_of_two_users_are_apart(app: App) -> None:
    app.user()
    app.user("bob")
    alices = enrol(app, app.access_token())
    enrol(app, app.access_token("bob"))
    session = app.sign_in("bob")["Session"]
    with refused("CodeMismatchException", "Invalid code received for user"):
        app.respond(TOTP, session, USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=alices.next_code())
