"""USER_AUTH: the first factor is the user's choice."""

from typing import Any

import pytest
from kits.authenticator import EMAIL, PHONE, set_mfa
from kits.cognito import PASSWORD, WRONG, App, refused

from poolgate.testing import LocalPoolgate

CHOICES = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
MISMATCH = ("CodeMismatchException", "Invalid code or auth state for the user.")
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
USED_SESSION = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)


def an_app(
    poolgate: LocalPoolgate,
    factors: list[str] = CHOICES,
    *,
    hides: bool = False,
    **pool: Any,
) -> App:
    return App.of(
        poolgate,
        pool={"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": factors}}, **pool},
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        hides=hides,
    )


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return an_app(poolgate)


def begin(app: App, name: str = "alice", preferred: str | None = None, **more: str) -> Any:
    wish = {"PREFERRED_CHALLENGE": preferred} if preferred else {}
    return app.cognito.initiate_auth(
        AuthFlow="USER_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": name, **wish, **more},
    )


def choose(app: App, begun: Any, answer: str, name: str = "alice", **more: str) -> Any:
    return app.respond("SELECT_CHALLENGE", begun["Session"], USERNAME=name, ANSWER=answer, **more)


def send_code(app: App, begun: Any, code: str, name: str = "alice") -> Any:
    challenge = begun["ChallengeName"]
    return app.respond(challenge, begun["Session"], USERNAME=name, **{f"{challenge}_CODE": code})


def is_signed_in(answer: Any) -> bool:
    return "RefreshToken" in answer["AuthenticationResult"]


def offered(app: App, name: str = "alice") -> list[str]:
    begun = begin(app, name)
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"
    assert begun["ChallengeParameters"] == {}
    return list(begun["AvailableChallenges"])


# ---- the choice ----------------------------------------------------------------------------


@pytest.mark.documented("authentication-flows-selection-sdk", "USERNAME only: SELECT_CHALLENGE")
def test_user_chooses_among_what_is_set_up(app: App) -> None:
    app.user("alice", email=EMAIL, phone_number=PHONE)
    app.user("bob", email="bob@example.com")
    app.user("carol")
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    assert offered(app, "bob") == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]
    assert offered(app, "carol") == ["PASSWORD_SRP", "PASSWORD"]


@pytest.mark.documented("authentication-flows-selection-sdk", "PASSWORD includes both variants")
def test_pool_without_other_factors_offers_the_password(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, ["PASSWORD"])
    app.user("alice", email=EMAIL)
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    assert is_signed_in(begin(app, "alice", "PASSWORD", PASSWORD=PASSWORD))


@pytest.mark.recorded("USER_AUTH of a user with a temporary password offers passwords only")
def test_temporary_password_comes_before_other_factors(app: App) -> None:
    app.user("alice", status="FORCE_CHANGE_PASSWORD", email=EMAIL)
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    begun = begin(app, "alice", "PASSWORD", PASSWORD=PASSWORD)
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods",
    "users who have activated MFA can't sign in with a passwordless first factor",
)
def test_active_second_factor_leaves_the_password_only(app: App) -> None:
    app.user("alice", email=EMAIL, phone_number=PHONE)
    set_mfa(app, "OPTIONAL", "SMS_MFA")
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    begun = begin(app, "alice", "EMAIL_OTP")
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"
    begun = begin(app, "alice", "PASSWORD", PASSWORD=PASSWORD)
    assert begun["ChallengeName"] == "SMS_MFA"


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods",
    "users who have activated MFA can't sign in with a passwordless first factor",
)
def test_code_sent_before_a_second_factor_was_activated_no_longer_counts(app: App) -> None:
    app.user("alice", email=EMAIL, phone_number=PHONE)
    set_mfa(app, "OPTIONAL", "SMS_MFA")
    begun = begin(app, "alice", "EMAIL_OTP")
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )
    with refused(*INVALID_SESSION):
        send_code(app, begun, app.last_code(EMAIL))


@pytest.mark.assumed("text for a first factor that is not offered")
def test_what_is_not_offered_cannot_be_chosen(app: App) -> None:
    app.user("alice", email=EMAIL)
    begun = begin(app)
    for other in ("SMS_OTP", "WEB_AUTHN", "CUSTOM_CHALLENGE", ""):
        with refused("InvalidParameterException"):
            choose(app, begun, other)
    assert choose(app, begun, "EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"
    assert not app.poolgate.outbox(PHONE)


@pytest.mark.documented("API_InitiateAuth", "To activate this setting: ALLOW_USER_AUTH")
def test_client_must_allow_the_choice(app: App) -> None:
    app.user()
    closed = app.another_client(ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        begin(closed)


# ---- passwords -----------------------------------------------------------------------------


@pytest.mark.documented("authentication-flows-selection-sdk", "PREFERRED_CHALLENGE PASSWORD")
def test_password_at_once(app: App) -> None:
    app.user()
    assert is_signed_in(begin(app, "alice", "PASSWORD", PASSWORD=PASSWORD))
    with refused(*WRONG):
        begin(app, "alice", "PASSWORD", PASSWORD="Wrong-password-1")


@pytest.mark.documented("API_RespondToAuthChallenge", "SELECT_CHALLENGE with PASSWORD")
def test_password_with_the_choice(app: App) -> None:
    app.user()
    begun = begin(app)
    with refused(*WRONG):
        choose(app, begun, "PASSWORD", PASSWORD="Wrong-password-1")
    assert is_signed_in(choose(app, begun, "PASSWORD", PASSWORD=PASSWORD))
    with refused(*USED_SESSION):
        choose(app, begun, "PASSWORD", PASSWORD=PASSWORD)


@pytest.mark.documented("API_RespondToAuthChallenge", "PASSWORD: Respond with the user's password")
def test_password_after_the_choice_or_without_it(app: App) -> None:
    app.user()
    for begun in (choose(app, begin(app), "PASSWORD"), begin(app, "alice", "PASSWORD"), begin(app)):
        answer = app.respond("PASSWORD", begun["Session"], USERNAME="alice", PASSWORD=PASSWORD)
        assert is_signed_in(answer)


@pytest.mark.documented("authentication-flows-selection-sdk", "PASSWORD_SRP -> PASSWORD_VERIFIER")
def test_srp_at_once_with_the_choice_or_after_it(app: App) -> None:
    app.user()
    for how in ("at once", "with the choice", "after the choice", "without the choice"):
        srp = app.srp()
        srp_a = srp.get_auth_params()["SRP_A"]
        if how == "at once":
            begun = begin(app, "alice", "PASSWORD_SRP", SRP_A=srp_a)
        elif how == "with the choice":
            begun = choose(app, begin(app), "PASSWORD_SRP", SRP_A=srp_a)
        else:
            waiting = begin(app)
            if how == "after the choice":
                waiting = choose(app, waiting, "PASSWORD_SRP")
                assert waiting["ChallengeName"] == "PASSWORD_SRP"
            begun = app.respond("PASSWORD_SRP", waiting["Session"], USERNAME="alice", SRP_A=srp_a)
            with refused(*USED_SESSION):
                app.respond("PASSWORD_SRP", waiting["Session"], USERNAME="alice", SRP_A=srp_a)
        assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
        assert is_signed_in(app.answer_srp(srp, begun))


@pytest.mark.documented("amazon-cognito-user-pools-authentication-flow", "lockout")
def test_wrong_passwords_of_one_choice_lock_out(app: App) -> None:
    app.user()
    begun = begin(app)
    for _ in range(5):
        with refused(*WRONG):
            choose(app, begun, "PASSWORD", PASSWORD="Wrong-password-1")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        choose(app, begun, "PASSWORD", PASSWORD=PASSWORD)
    app.poolgate.clock.advance(1)
    assert is_signed_in(choose(app, begun, "PASSWORD", PASSWORD=PASSWORD))


# ---- codes ---------------------------------------------------------------------------------


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods", "EMAIL_OTP and SMS_OTP"
)
@pytest.mark.parametrize(
    ("factor", "address", "medium", "masked"),
    [
        ("EMAIL_OTP", EMAIL, "EMAIL", "a***@e***"),
        ("SMS_OTP", PHONE, "SMS", "+*******0100"),
    ],
)
def test_code_signs_in(app: App, factor: str, address: str, medium: str, masked: str) -> None:
    app.user("alice", email=EMAIL, phone_number=PHONE)
    for at_once in (True, False):
        begun = begin(app, "alice", factor) if at_once else choose(app, begin(app), factor)
        assert begun["ChallengeName"] == factor
        assert begun["AvailableChallenges"] == [factor]
        assert begun["ChallengeParameters"] == {
            "CODE_DELIVERY_DELIVERY_MEDIUM": medium,
            "CODE_DELIVERY_DESTINATION": masked,
        }
        code = app.last_code(address)
        assert is_signed_in(send_code(app, begun, code))
        with refused(*USED_SESSION):
            send_code(app, begun, code)


@pytest.mark.recorded("six wrong EMAIL_OTP codes, each CodeMismatchException, no lock")
def test_wrong_codes_leave_the_session_usable(app: App) -> None:
    app.user("alice", email=EMAIL)
    begun = begin(app, "alice", "EMAIL_OTP")
    code = app.last_code(EMAIL)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(6):
        with refused(*MISMATCH):
            send_code(app, begun, wrong)
    assert is_signed_in(send_code(app, begun, code))


@pytest.mark.assumed("codes of a first factor can be guessed at twenty times an hour")
def test_codes_cannot_be_guessed_without_end(app: App) -> None:
    app.user("alice", email=EMAIL)
    begun = begin(app, "alice", "EMAIL_OTP")
    code = app.last_code(EMAIL)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(20):
        with refused(*MISMATCH):
            send_code(app, begun, wrong)
    with refused("LimitExceededException"):
        send_code(app, begun, code)
    again = begin(app, "alice", "EMAIL_OTP")
    with refused("LimitExceededException"):
        send_code(app, again, app.last_code(EMAIL))
    assert is_signed_in(begin(app, "alice", "PASSWORD", PASSWORD=PASSWORD))
    app.poolgate.clock.advance(3600)
    later = begin(app, "alice", "EMAIL_OTP")
    assert is_signed_in(send_code(app, later, app.last_code(EMAIL)))


@pytest.mark.documented("API_RespondToAuthChallenge", "a code belongs to its session")
def test_code_is_good_for_its_own_session_only(app: App) -> None:
    app.user("alice", email=EMAIL)
    app.user("bob", email="bob@example.com")
    first = begin(app, "alice", "EMAIL_OTP")
    code = app.last_code(EMAIL)
    second = begin(app, "alice", "EMAIL_OTP")
    of_bob = begin(app, "bob", "EMAIL_OTP")
    if code != app.last_code(EMAIL):
        with refused(*MISMATCH):
            send_code(app, second, code)
    with refused(*INVALID_SESSION):
        send_code(app, of_bob, app.last_code("bob@example.com"), "alice")
    other_client = app.another_client(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    with refused(*INVALID_SESSION):
        send_code(other_client, first, code)
    app.poolgate.clock.advance(180)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        send_code(app, first, code)


@pytest.mark.documented("API_RespondToAuthChallenge", "EMAIL_OTP_CODE is needed")
def test_code_and_session_are_needed(app: App) -> None:
    app.user("alice", email=EMAIL)
    begun = begin(app, "alice", "EMAIL_OTP")
    with refused("InvalidParameterException", "Missing required parameter EMAIL_OTP_CODE"):
        app.respond("EMAIL_OTP", begun["Session"], USERNAME="alice")
    with refused("InvalidParameterException", "Missing required parameter Session"):
        app.respond("EMAIL_OTP", USERNAME="alice", EMAIL_OTP_CODE="123456")
    with refused(*INVALID_SESSION):
        app.respond("SMS_OTP", begun["Session"], USERNAME="alice", SMS_OTP_CODE="123456")


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods",
    "marks the attribute as verified; UNCONFIRMED to CONFIRMED",
)
def test_code_confirms_the_user_and_verifies_the_address(app: App) -> None:
    app.user("alice", status="UNCONFIRMED", email=EMAIL)
    begun = begin(app, "alice", "EMAIL_OTP")
    assert is_signed_in(send_code(app, begun, app.last_code(EMAIL)))
    assert app.status() == "CONFIRMED"
    assert app.attributes()["email_verified"] == "true"


@pytest.mark.assumed("a first factor verifies no address that somebody else signs in with")
def test_code_takes_no_name_from_its_owner(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, AliasAttributes=["email"])
    app.user("owner", email=EMAIL, email_verified="true")
    app.user("alice", status="UNCONFIRMED", email=EMAIL)
    begun = begin(app, "alice", "EMAIL_OTP")
    assert is_signed_in(send_code(app, begun, app.last_code(EMAIL)))
    assert "email_verified" not in app.attributes("alice")
    app.user("bob", status="UNCONFIRMED", email="bob@example.com")
    begun = begin(app, "bob", "EMAIL_OTP")
    assert is_signed_in(send_code(app, begun, app.last_code("bob@example.com"), "bob"))
    assert begin(app, "bob@example.com")["ChallengeName"] == "SELECT_CHALLENGE"


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_what_changed_meanwhile_counts(app: App) -> None:
    app.user("alice", email=EMAIL)
    begun = begin(app, "alice", "EMAIL_OTP")
    app.cognito.admin_update_user_attributes(
        UserPoolId=app.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": "new@example.com"}],
    )
    with refused(*MISMATCH):
        send_code(app, begun, app.last_code(EMAIL))
    begun = begin(app, "alice", "EMAIL_OTP")
    app.poolgate.clock.advance(1)
    app.set_password("alice")
    with refused(*INVALID_SESSION):
        send_code(app, begun, app.last_code("new@example.com"))
    begun = begin(app, "alice", "EMAIL_OTP")
    app.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        send_code(app, begun, app.last_code("new@example.com"))


@pytest.mark.documented("user-pool-settings-user-states", "RESET_REQUIRED")
def test_reset_password_keeps_out_whoever_has_one(app: App) -> None:
    app.user("alice", status="RESET_REQUIRED", email=EMAIL, email_verified="true")
    begun = begin(app, "alice", "EMAIL_OTP")
    with refused("PasswordResetRequiredException"):
        send_code(app, begun, app.last_code(EMAIL))


@pytest.mark.documented("API_AdminInitiateAuth", "USER_AUTH")
def test_backend_signs_in_by_choice(app: App) -> None:
    app.user("alice", email=EMAIL)
    at_pool = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    begun = app.cognito.admin_initiate_auth(
        **at_pool,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    assert begun["AvailableChallenges"] == ["EMAIL_OTP"]
    answer = {"USERNAME": "alice", "EMAIL_OTP_CODE": app.last_code(EMAIL)}
    with refused(*INVALID_SESSION):
        app.respond("EMAIL_OTP", begun["Session"], **answer)
    signed_in = app.cognito.admin_respond_to_auth_challenge(
        **at_pool,
        ChallengeName="EMAIL_OTP",
        Session=begun["Session"],
        ChallengeResponses=answer,
    )
    assert is_signed_in(signed_in)


# ---- nobody --------------------------------------------------------------------------------


@pytest.mark.documented("cognito-user-pool-managing-errors", "USER_AUTH, LEGACY")
def test_missing_user_shows_where_nothing_is_hidden(app: App) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        begin(app, "nobody")


@pytest.mark.documented("cognito-user-pool-managing-errors", "USER_AUTH, ENABLED")
def test_missing_user_is_asked_like_any_other(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, hides=True)
    app.user("alice", email=EMAIL, phone_number=PHONE)
    assert offered(app, "nobody") == offered(app, "alice")
    of_alice, of_nobody = begin(app), begin(app, "nobod")
    assert len(of_alice["Session"]) == len(of_nobody["Session"])
    sessions = {}
    for name in ("alice", "nobod"):
        begun = begin(app, name, "EMAIL_OTP")
        assert begun["ChallengeName"] == "EMAIL_OTP"
        assert set(begun["ChallengeParameters"]) == {
            "CODE_DELIVERY_DELIVERY_MEDIUM",
            "CODE_DELIVERY_DESTINATION",
        }
        sessions[name] = begun["Session"]
        for _ in range(6):
            with refused(*MISMATCH):
                send_code(app, begun, "x", name)
    assert len(sessions["alice"]) == len(sessions["nobod"])
    assert len(poolgate.outbox()) == 1


@pytest.mark.documented("cognito-user-pool-managing-errors", "a masked destination from the input")
def test_missing_user_is_shown_the_address_that_was_typed(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, hides=True, UsernameAttributes=["email"])
    begun = begin(app, "nobody@example.com", "EMAIL_OTP")
    assert begun["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "n***@e***"
    with refused(*INVALID_SESSION):
        send_code(app, begun, "123456", "somebody@example.com")


@pytest.mark.documented("cognito-user-pool-managing-errors", "USER_AUTH, ENABLED")
def test_missing_user_cannot_sign_in_whatever_is_chosen(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, hides=True)
    begun = begin(app, "nobody")
    for _ in range(5):
        with refused(*WRONG):
            choose(app, begun, "PASSWORD", "nobody", PASSWORD=PASSWORD)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        choose(app, begun, "PASSWORD", "nobody", PASSWORD=PASSWORD)
    app.poolgate.clock.advance(1)
    srp = app.srp("nobody")
    verifier = choose(app, begun, "PASSWORD_SRP", "nobody", SRP_A=srp.get_auth_params()["SRP_A"])
    assert verifier["ChallengeName"] == "PASSWORD_VERIFIER"
    with refused(*WRONG):
        app.answer_srp(srp, verifier)
