"""Users without a password: how they come to be, and how they sign in."""

from typing import Any

import pytest
from kits.authenticator import EMAIL, PHONE
from kits.cognito import PASSWORD, WRONG, App, attribute_list, refused
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

BOTH = ["PASSWORD", "EMAIL_OTP"]
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
USED_SESSION = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)


def an_app(poolgate: LocalPoolgate, factors: list[str] = BOTH, **pool: Any) -> App:
    policies = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": factors}}}
    return App.of(
        poolgate,
        pool={**policies, "AutoVerifiedAttributes": ["email"], **pool},
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return an_app(poolgate)


def sign_up(app: App, name: str = "alice", **attributes: str) -> Any:
    return app.cognito.sign_up(
        ClientId=app.client_id,
        Username=name,
        UserAttributes=attribute_list(attributes or {"email": EMAIL}),
    )


def confirm(app: App, session: str | None, name: str = "alice") -> Any:
    return app.cognito.confirm_sign_up(
        ClientId=app.client_id,
        Username=name,
        ConfirmationCode=app.last_code(EMAIL),
        **({"Session": session} if session else {}),
    )


def begin(app: App, name: str = "alice", session: str | None = None, **parameters: str) -> Any:
    return app.cognito.initiate_auth(
        AuthFlow="USER_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": name, **parameters},
        **({"Session": session} if session else {}),
    )


def sign_in_by_email(app: App, name: str = "alice") -> Any:
    begun = begin(app, name, PREFERRED_CHALLENGE="EMAIL_OTP")
    code = app.last_code(EMAIL)
    return app.respond("EMAIL_OTP", begun["Session"], USERNAME=name, EMAIL_OTP_CODE=code)


def is_signed_in(answer: Any) -> bool:
    return "RefreshToken" in answer["AuthenticationResult"]


# ---- signing up ------------------------------------------------------------------------------


@pytest.mark.documented("API_SignUp", "Users can sign up without a password")
def test_user_signs_up_without_a_password(app: App) -> None:
    assert sign_up(app)["UserConfirmed"] is False
    confirm(app, None)
    assert begin(app)["AvailableChallenges"] == ["EMAIL_OTP"]
    assert is_signed_in(sign_in_by_email(app))
    begun = begin(app, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods", "UNCONFIRMED to CONFIRMED"
)
def test_first_sign_in_confirms_and_is_told_to_the_function(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, LambdaConfig={"PostConfirmation": FUNCTION})
    recorder = Recorder(poolgate)
    sign_up(app)
    assert is_signed_in(sign_in_by_email(app))
    assert app.status() == "CONFIRMED"
    assert is_signed_in(sign_in_by_email(app))
    assert recorder.sources == ["PostConfirmation_ConfirmSignUp"]


@pytest.mark.documented("API_SignUp", "only when passwordless sign-in is available")
def test_password_is_needed_where_codes_do_not_sign_in(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, ["PASSWORD"])
    with refused("InvalidParameterException", "Missing required parameter Password"):
        sign_up(app)


@pytest.mark.assumed("text for a user without a password and without an address")
def test_code_needs_somewhere_to_go(app: App) -> None:
    for name, attributes in (("alice", {"phone_number": PHONE}), ("bob", {"nickname": "Bob"})):
        with refused("InvalidParameterException"):
            sign_up(app, name, **attributes)
        with refused("InvalidParameterException"):
            app.cognito.admin_create_user(
                UserPoolId=app.pool_id, Username=name, UserAttributes=attribute_list(attributes)
            )


@pytest.mark.documented("API_ChangePassword", "users without a password omit PreviousPassword")
def test_password_can_be_set_later(app: App) -> None:
    sign_up(app)
    tokens = sign_in_by_email(app)["AuthenticationResult"]
    app.cognito.change_password(AccessToken=tokens["AccessToken"], ProposedPassword=PASSWORD)
    assert begin(app)["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]
    assert is_signed_in(begin(app, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD))


@pytest.mark.documented("API_InitiateAuth", "USER_PASSWORD_AUTH needs the right password")
def test_no_password_is_nobodys_password(app: App) -> None:
    sign_up(app)
    confirm(app, None)
    by_password = app.another_client(
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]
    )
    with refused(*WRONG):
        by_password.sign_in()
    srp = by_password.srp()
    with refused(*WRONG):
        by_password.answer_srp(srp, by_password.begin_srp(srp))


# ---- administrators --------------------------------------------------------------------------


@pytest.mark.recorded("AdminCreateUser without TemporaryPassword in a passwordless pool: CONFIRMED")
def test_administrator_makes_a_user_without_a_password(app: App) -> None:
    made = app.cognito.admin_create_user(
        UserPoolId=app.pool_id,
        Username="alice",
        UserAttributes=attribute_list({"email": EMAIL, "email_verified": "true"}),
        DesiredDeliveryMediums=["EMAIL"],
    )
    assert made["User"]["UserStatus"] == "CONFIRMED"
    assert not app.poolgate.outbox(EMAIL)
    assert begin(app)["AvailableChallenges"] == ["EMAIL_OTP"]
    assert is_signed_in(sign_in_by_email(app))


@pytest.mark.documented("API_AdminCreateUser", "TemporaryPassword")
def test_given_temporary_password_is_one_as_everywhere(app: App) -> None:
    app.user("alice", status="FORCE_CHANGE_PASSWORD", email=EMAIL)
    assert app.status() == "FORCE_CHANGE_PASSWORD"


# ---- signing in at once ----------------------------------------------------------------------


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods", "Automatic sign-in with OTPs"
)
def test_confirmed_user_signs_in_at_once(app: App) -> None:
    session = confirm(app, sign_up(app)["Session"])["Session"]
    assert is_signed_in(begin(app, "alice", session))
    with refused(*USED_SESSION):
        begin(app, "alice", session)


@pytest.mark.documented("API_InitiateAuth", "Session from a ConfirmSignUp API request")
def test_backend_signs_in_whoever_confirmed(app: App) -> None:
    session = confirm(app, sign_up(app)["Session"])["Session"]
    answer = app.cognito.admin_initiate_auth(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
        Session=session,
    )
    assert is_signed_in(answer)


@pytest.mark.documented("API_ConfirmSignUp", "Session is optional")
def test_no_other_session_confirms(app: App) -> None:
    signed_up = sign_up(app)
    sign_up(app, "bob", email="bob@example.com")
    with refused(*INVALID_SESSION):
        app.cognito.confirm_sign_up(
            ClientId=app.client_id,
            Username="bob",
            ConfirmationCode=app.last_code("bob@example.com"),
            Session=signed_up["Session"],
        )
    with refused(*INVALID_SESSION):
        confirm(app, "garbled-" * 20)
    with refused(*INVALID_SESSION):
        begin(app, "alice", signed_up["Session"])
    assert is_signed_in(begin(app, "alice", confirm(app, None)["Session"]))


@pytest.mark.documented("API_InitiateAuth", "within the session duration; for that user")
def test_session_is_good_for_its_user_client_and_time(app: App) -> None:
    session = confirm(app, sign_up(app)["Session"])["Session"]
    app.user("bob", email="bob@example.com")
    with refused(*INVALID_SESSION):
        begin(app, "bob", session)
    other_client = app.another_client(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    with refused(*INVALID_SESSION):
        begin(other_client, "alice", session)
    with refused(*INVALID_SESSION):
        app.respond("SELECT_CHALLENGE", session, USERNAME="alice", ANSWER="EMAIL_OTP")
    app.poolgate.clock.advance(180)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        begin(app, "alice", session)


@pytest.mark.assumed("an old session of a sign-up confirms without leading further")
def test_late_confirmation_confirms(app: App) -> None:
    session = sign_up(app)["Session"]
    app.poolgate.clock.advance(3600)
    assert "Session" not in confirm(app, session)
    assert app.status() == "CONFIRMED"


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods",
    "The user is eligible for the OTP authentication method",
)
def test_session_helps_only_who_may_begin_with_a_code(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, ["PASSWORD", "SMS_OTP"])
    signed_up = app.cognito.sign_up(
        ClientId=app.client_id,
        Username="alice",
        Password=PASSWORD,
        UserAttributes=attribute_list({"email": EMAIL}),
    )
    session = confirm(app, signed_up["Session"])["Session"]
    begun = begin(app, "alice", session)
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"


@pytest.mark.documented("API_SignUp", "Session for the USER_AUTH flow")
def test_client_without_the_flow_gets_no_session(app: App) -> None:
    other = app.another_client(ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    assert "Session" not in sign_up(other)
