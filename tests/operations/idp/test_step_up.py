"""Levels of authentication: TARGET_ACR_VALUES, MAX_AGE, ACCESS_TOKEN; the claims acr and amr."""

from typing import Any

import pytest
from kits.authenticator import EMAIL, PHONE, Authenticator, set_mfa
from kits.cognito import PASSWORD, WRONG, App, refused
from kits.people import claims_of

from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

LOA = [f"urn:cognito:loa:{level}" for level in range(5)]
OUT_OF_REACH = (
    "NotAuthorizedException",
    "The user has no factors that satisfy a requested level.",
)


def an_app(poolgate: LocalPoolgate, *, hides: bool = False, **pool: Any) -> App:
    factors = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}
    return App.of(
        poolgate,
        pool={"Policies": {"SignInPolicy": factors}, **pool},
        hides=hides,
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    app = an_app(poolgate)
    set_mfa(app, "OPTIONAL", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
    app.user("alice", email=EMAIL, phone_number=PHONE)
    return app


def begin(app: App, preferred: str | None = "PASSWORD", name: str = "alice", **more: str) -> Any:
    wish = {"PREFERRED_CHALLENGE": preferred} if preferred else {}
    return app.cognito.initiate_auth(
        AuthFlow="USER_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD, **wish, **more},
    )


def answer_sms(app: App, owed: Any) -> Any:
    assert owed["ChallengeName"] == "SMS_MFA"
    code = app.last_code(PHONE)
    return app.respond("SMS_MFA", owed["Session"], USERNAME="alice", SMS_MFA_CODE=code)


def enrolled(app: App) -> Authenticator:
    """Let alice register an app without turning it on."""
    access_token = begin(app)["AuthenticationResult"]["AccessToken"]
    made = app.cognito.associate_software_token(AccessToken=access_token)
    authenticator = Authenticator(app, made["SecretCode"])
    app.cognito.verify_software_token(AccessToken=access_token, UserCode=authenticator.code())
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id, Username="alice", SoftwareTokenMfaSettings={"Enabled": False}
    )
    return authenticator


def said(answer: Any) -> tuple[Any, Any]:
    """Return acr and amr, which both tokens say alike."""
    tokens = answer["AuthenticationResult"]
    both = [claims_of(Secret(tokens[name])) for name in ("AccessToken", "IdToken")]
    assert both[0].get("acr") == both[1].get("acr")
    assert both[0].get("amr") == both[1].get("amr")
    return both[0].get("acr"), both[0].get("amr")


# ---- reaching a level ------------------------------------------------------------------------


@pytest.mark.documented("cognito-user-pools-step-up-authentication", "levels and factors")
def test_each_level_takes_its_factors(app: App) -> None:
    assert said(begin(app, TARGET_ACR_VALUES=LOA[1])) == (LOA[1], ["pwd"])
    by_code = begin(app, "EMAIL_OTP", TARGET_ACR_VALUES=LOA[2])
    code = app.last_code(EMAIL)
    answer = app.respond("EMAIL_OTP", by_code["Session"], USERNAME="alice", EMAIL_OTP_CODE=code)
    assert said(answer) == (LOA[2], ["email_otp"])
    answer = answer_sms(app, begin(app, TARGET_ACR_VALUES=LOA[3]))
    assert said(answer) == (LOA[3], ["pwd", "sms", "mfa"])
    authenticator = enrolled(app)
    owed = begin(app, TARGET_ACR_VALUES=LOA[4])
    assert owed["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = app.respond(
        "SOFTWARE_TOKEN_MFA",
        owed["Session"],
        USERNAME="alice",
        SOFTWARE_TOKEN_MFA_CODE=authenticator.next_code(),
    )
    assert said(answer) == (LOA[4], ["pwd", "otp", "mfa"])


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "neither parameter")
def test_sign_in_that_asks_for_no_level_says_none(app: App) -> None:
    assert said(begin(app)) == (None, None)


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "SRP is of the password family")
def test_srp_goes_on_to_the_level(app: App) -> None:
    srp = app.srp()
    srp_a = srp.get_auth_params()["SRP_A"]
    begun = begin(app, "PASSWORD_SRP", SRP_A=srp_a, TARGET_ACR_VALUES=LOA[3])
    assert said(answer_sms(app, app.answer_srp(srp, begun))) == (LOA[3], ["pwd", "sms", "mfa"])


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "the choice leads to the level")
def test_only_what_can_reach_the_level_is_offered(app: App) -> None:
    begun = begin(app, None, TARGET_ACR_VALUES=LOA[3])
    assert begun["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    owed = app.respond(
        "SELECT_CHALLENGE",
        begun["Session"],
        USERNAME="alice",
        ANSWER="PASSWORD",
        PASSWORD=PASSWORD,
    )
    assert said(answer_sms(app, owed))[0] == LOA[3]
    begun = begin(app, "EMAIL_OTP", TARGET_ACR_VALUES=LOA[3])
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "all-or-nothing")
def test_code_does_not_stand_in_for_more(app: App) -> None:
    begun = begin(app, None, TARGET_ACR_VALUES=LOA[3])
    by_code = app.respond(
        "SELECT_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER="EMAIL_OTP"
    )
    code = app.last_code(EMAIL)
    with refused(*OUT_OF_REACH):
        app.respond("EMAIL_OTP", by_code["Session"], USERNAME="alice", EMAIL_OTP_CODE=code)


@pytest.mark.documented("API_InitiateAuth", "falls back through the list, ignores unknown values")
def test_first_level_that_can_be_reached_counts(app: App) -> None:
    owed = begin(app, TARGET_ACR_VALUES=f"urn:other {LOA[4]} {LOA[3]} {LOA[1]}")
    assert said(answer_sms(app, owed))[0] == LOA[3]


@pytest.mark.assumed("texts for levels of authentication")
def test_level_that_cannot_be_reached_or_is_none_is_refused(app: App) -> None:
    with refused(*OUT_OF_REACH):
        begin(app, TARGET_ACR_VALUES=LOA[4])
    for text in ("urn:other", "", " "):
        with refused(
            "InvalidParameterException", "TARGET_ACR_VALUES names no level of the user pool."
        ):
            begin(app, TARGET_ACR_VALUES=text)
    for text in ("-1", "soon", "1.5"):
        with refused("InvalidParameterException"):
            begin(app, TARGET_ACR_VALUES=LOA[1], MAX_AGE=text)


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "MFA is a floor")
def test_required_factor_is_asked_for_below_its_level(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, Policies={})
    set_mfa(app, "ON", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
    app.user("alice", email=EMAIL, phone_number=PHONE)
    owed = begin(app, TARGET_ACR_VALUES=LOA[1])
    assert said(answer_sms(app, owed)) == (LOA[3], ["pwd", "sms", "mfa"])


@pytest.mark.documented("cognito-user-pools-step-up-authentication", "refresh preserves acr, amr")
def test_refreshed_tokens_say_the_same(app: App) -> None:
    signed_in = answer_sms(app, begin(app, TARGET_ACR_VALUES=LOA[3]))
    refreshed = app.cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=app.client_id,
        AuthParameters={"REFRESH_TOKEN": signed_in["AuthenticationResult"]["RefreshToken"]},
    )
    assert said(refreshed) == (LOA[3], ["pwd", "sms", "mfa"])


# ---- from an earlier sign-in -----------------------------------------------------------------


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "steps up from the token's factors")
def test_earlier_sign_in_is_stepped_up(app: App) -> None:
    first = begin(app, TARGET_ACR_VALUES=LOA[1])["AuthenticationResult"]["AccessToken"]
    owed = begin(app, None, TARGET_ACR_VALUES=LOA[3], ACCESS_TOKEN=first)
    with refused("CodeMismatchException"):
        app.respond("SMS_MFA", owed["Session"], USERNAME="alice", SMS_MFA_CODE="x")
    stepped_up = answer_sms(app, owed)
    assert said(stepped_up) == (LOA[3], ["pwd", "sms", "mfa"])
    token = stepped_up["AuthenticationResult"]["AccessToken"]
    with refused(
        "InvalidParameterException", "The access token already meets the requested level."
    ):
        begin(app, None, TARGET_ACR_VALUES=LOA[3], ACCESS_TOKEN=token)


@pytest.mark.documented("cognito-user-pools-step-up-user-auth", "MAX_AGE not satisfied")
def test_earlier_sign_in_counts_for_max_age_only(app: App) -> None:
    first = begin(app, TARGET_ACR_VALUES=LOA[1])["AuthenticationResult"]["AccessToken"]
    app.poolgate.clock.advance(60)
    step_up = {"TARGET_ACR_VALUES": LOA[3], "ACCESS_TOKEN": first}
    assert begin(app, None, MAX_AGE="60", **step_up)["ChallengeName"] == "SMS_MFA"
    anew = begin(app, None, MAX_AGE="59", **step_up)
    assert anew["ChallengeName"] == "SELECT_CHALLENGE"
    with refused(*WRONG):
        app.respond(
            "SELECT_CHALLENGE",
            anew["Session"],
            USERNAME="alice",
            ANSWER="PASSWORD",
            PASSWORD="Wrong-password-1",
        )


@pytest.mark.assumed("what an earlier sign-in proved counts if a password is in it")
def test_tokens_that_prove_nothing_towards_it_are_not_counted(app: App) -> None:
    plain = begin(app)["AuthenticationResult"]["AccessToken"]
    owed = begin(app, None, TARGET_ACR_VALUES=LOA[3], ACCESS_TOKEN=plain)
    assert owed["ChallengeName"] == "SELECT_CHALLENGE"


@pytest.mark.documented("API_InitiateAuth", "ACCESS_TOKEN: that user's, with TARGET_ACR_VALUES")
def test_access_token_must_be_the_users_own_and_alive(app: App) -> None:
    app.user("bob", phone_number="+15555550101")
    signed_in = begin(app, TARGET_ACR_VALUES=LOA[1])["AuthenticationResult"]
    token = signed_in["AccessToken"]
    step_up = {"TARGET_ACR_VALUES": LOA[3], "ACCESS_TOKEN": token}
    with refused("InvalidParameterException", "Missing required parameter TARGET_ACR_VALUES"):
        begin(app, None, ACCESS_TOKEN=token)
    other = app.another_client(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    for case in (lambda: begin(app, None, "bob", **step_up), lambda: begin(other, None, **step_up)):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            case()
    for wrong in (signed_in["IdToken"], "x"):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            begin(app, None, TARGET_ACR_VALUES=LOA[3], ACCESS_TOKEN=wrong)
    app.cognito.admin_user_global_sign_out(UserPoolId=app.pool_id, Username="alice")
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        begin(app, None, **step_up)


@pytest.mark.documented("cognito-user-pool-managing-errors", "USER_AUTH, ENABLED")
def test_level_does_not_tell_who_has_an_account(poolgate: LocalPoolgate) -> None:
    app = an_app(poolgate, hides=True)
    app.user("alice", email=EMAIL, phone_number=PHONE)
    for name in ("alice", "nobody"):
        begun = begin(app, None, name, TARGET_ACR_VALUES=LOA[4])
        assert begun["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    with refused(*OUT_OF_REACH):
        begin(app, TARGET_ACR_VALUES=LOA[4])


# ---- names of levels -------------------------------------------------------------------------


@pytest.mark.documented("cognito-user-pools-step-up-acr-configuration", "AcrConfiguration")
def test_pool_names_its_levels(poolgate: LocalPoolgate) -> None:
    own = {"Level1": {"AcrValue": "urn:own:1"}, "Level3": {"AcrValue": "urn:own:3"}}
    app = an_app(poolgate, AcrConfiguration=own)
    app.user("alice")
    pool = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert pool["AcrConfiguration"] == {
        **own,
        "Level2": {"AcrValue": LOA[2]},
        "Level4": {"AcrValue": LOA[4]},
    }
    assert said(begin(app, TARGET_ACR_VALUES="urn:own:1")) == ("urn:own:1", ["pwd"])
    with refused("InvalidParameterException"):
        begin(app, TARGET_ACR_VALUES=LOA[1])


@pytest.mark.documented("cognito-user-pools-step-up-acr-configuration", "unique, default included")
def test_names_of_levels_are_unique(poolgate: LocalPoolgate) -> None:
    cognito = poolgate.client("cognito-idp", validate=False)
    for names in ({"Level1": "urn:a", "Level2": "urn:a"}, {"Level1": LOA[4]}):
        configuration = {level: {"AcrValue": name} for level, name in names.items()}
        with refused("InvalidParameterException"):
            cognito.create_user_pool(PoolName="pool", AcrConfiguration=configuration)
    with refused("FeatureUnavailableInTierException"):
        cognito.create_user_pool(
            PoolName="pool",
            UserPoolTier="LITE",
            AcrConfiguration={"Level1": {"AcrValue": "urn:a"}},
        )
