"""Threat protection: what pools see of risky sign-ins, and what they do about them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.authenticator import enrol, set_mfa
from kits.cognito import EVERY_FLOW, PASSWORD, App, refused
from kits.devices import ALWAYS, confirmed_device
from kits.watched import (
    ALICE,
    ELSEWHERE,
    HOME,
    PHONE_AGENT,
    SES_ARN,
    Watched,
    actions,
    context,
    encoded_data,
)

from poolgate.testing import LocalPoolgate

COMMON = "Password-123!"
BLOCKED = ("NotAuthorizedException", "Unable to login because of security reasons.")
NOT_ALLOWED = ("NotAuthorizedException", "Request not allowed due to security reasons.")
UNUSABLE = (
    "InvalidPasswordException",
    "Provided password cannot be used for security reasons.",
)
TOTP = "SOFTWARE_TOKEN_MFA"
NEW_PLACE = {"address": ELSEWHERE, "agent": PHONE_AGENT}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> Watched:
    """A pool that acts on risks, with a user who signed in at home."""
    app = Watched.watching(poolgate)
    app.person(email_verified="true")
    app.enter()
    return app


def risk(app: Watched, username: str = "alice") -> Any:
    return app.last_event(username)["EventRisk"]


def is_signed_in(answer: Any) -> bool:
    return "AuthenticationResult" in answer


# ---- the pool's setting -----------------------------------------------------------------------


@pytest.mark.documented("API_UserPoolAddOnsType", "your user pool must be on the Plus tier")
@pytest.mark.parametrize("tier", ["LITE", "ESSENTIALS"])
def test_only_plus_pools_watch_for_risks(poolgate: LocalPoolgate, tier: str) -> None:
    cognito = poolgate.client("cognito-idp")
    add_ons = {"AdvancedSecurityMode": "AUDIT"}
    with refused("FeatureUnavailableInTierException"):
        cognito.create_user_pool(PoolName="p", UserPoolTier=tier, UserPoolAddOns=add_ons)
    app = App.of(poolgate, pool={"UserPoolTier": tier})
    with refused("FeatureUnavailableInTierException"):
        cognito.update_user_pool(UserPoolId=app.pool_id, UserPoolAddOns=add_ons)
    with refused("FeatureUnavailableInTierException"):
        cognito.update_user_pool(
            UserPoolId=app.pool_id,
            UserPoolAddOns={
                "AdvancedSecurityMode": "OFF",
                "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "AUDIT"},
            },
        )


@pytest.mark.documented("API_UpdateUserPool", "parameters that are left out are set to default")
def test_the_mode_is_shown_as_it_was_set(poolgate: LocalPoolgate) -> None:
    app = Watched.watching(poolgate)
    add_ons = {
        "AdvancedSecurityMode": "AUDIT",
        "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "ENFORCED"},
    }
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["UserPoolAddOns"] == {"AdvancedSecurityMode": "ENFORCED"}
    app.cognito.update_user_pool(UserPoolId=app.pool_id, UserPoolAddOns=add_ons)
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert described["UserPoolAddOns"] == add_ons
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    assert (
        "UserPoolAddOns" not in app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    )


# ---- account takeover -------------------------------------------------------------------------


@pytest.mark.documented("API_EventRiskType", "If NoRisk, your user pool took no action.")
def test_usual_places_are_no_risk(app: Watched) -> None:
    app.enter()
    assert risk(app) == {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False}
    app.enter(address=ELSEWHERE)
    assert risk(app)["RiskDecision"] == "NoRisk"


@pytest.mark.assumed("how risk is judged is our own")
def test_a_new_device_is_a_low_risk_and_at_a_new_address_a_medium_one(app: Watched) -> None:
    app.react(MEDIUM="BLOCK")
    assert is_signed_in(app.enter(agent=PHONE_AGENT))
    assert risk(app)["RiskLevel"] == "Low"
    with refused(*BLOCKED):
        app.enter(address=ELSEWHERE, agent="curl/8.4")
    assert risk(app) == {
        "RiskDecision": "Block",
        "RiskLevel": "Medium",
        "CompromisedCredentialsDetected": False,
    }
    # What was refused is not known from now on.
    with refused(*BLOCKED):
        app.enter(address=ELSEWHERE, agent="curl/8.4")
    assert is_signed_in(app.enter())


@pytest.mark.documented(
    "API_UserPoolAddOnsType", "To log user security information but take no action"
)
def test_audit_notes_and_lets_in(poolgate: LocalPoolgate) -> None:
    app = Watched.watching(poolgate, "AUDIT")
    app.person()
    app.enter()
    app.react(LOW="BLOCK", MEDIUM="BLOCK", HIGH="BLOCK")
    assert is_signed_in(app.enter(**NEW_PLACE))
    assert risk(app)["RiskDecision"] == "AccountTakeover"
    app.set_password("alice", COMMON)
    assert is_signed_in(app.enter(password=COMMON))
    assert risk(app)["CompromisedCredentialsDetected"] is True
    assert app.status() == "CONFIRMED"
    assert app.join("berta", COMMON)["UserConfirmed"] is False
    assert risk(app, "berta")["CompromisedCredentialsDetected"] is True


@pytest.mark.assumed("the actions of a pool without a risk configuration")
def test_without_a_configuration_a_medium_risk_asks_for_a_factor_if_there_is_one(
    app: Watched,
) -> None:
    set_mfa(app, "OPTIONAL", TOTP)
    assert is_signed_in(app.enter(**NEW_PLACE))


@pytest.mark.documented("API_AccountTakeoverActionType", "Present an MFA challenge if possible.")
@pytest.mark.parametrize("action", ["MFA_IF_CONFIGURED", "MFA_REQUIRED"])
def test_a_risk_asks_for_a_second_factor(app: Watched, action: str) -> None:
    set_mfa(app, "OPTIONAL", "EMAIL_OTP")
    app.react(MEDIUM=action)
    asked = app.enter(**NEW_PLACE)
    assert asked["ChallengeName"] == "EMAIL_OTP"
    event = app.last_event()
    assert (event["EventResponse"], event["EventRisk"]["RiskDecision"]) == (
        "InProgress",
        "AccountTakeover",
    )
    answers = {"USERNAME": "alice", "EMAIL_OTP_CODE": app.last_code(ALICE)}

    def answer(**changed: str) -> Any:
        return app.cognito.admin_respond_to_auth_challenge(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            ChallengeName="EMAIL_OTP",
            Session=asked["Session"],
            ChallengeResponses={**answers, **changed},
        )

    with refused("CodeMismatchException"):
        answer(EMAIL_OTP_CODE="000000")
    assert app.last_event()["ChallengeResponses"] == [
        {"ChallengeName": "Password", "ChallengeResponse": "Success"},
        {"ChallengeName": "Mfa", "ChallengeResponse": "Failure"},
    ]
    assert is_signed_in(answer())
    passed = app.last_event()
    assert (passed["EventId"], passed["EventResponse"]) == (event["EventId"], "Pass")
    assert passed["ChallengeResponses"][1] == {
        "ChallengeName": "Mfa",
        "ChallengeResponse": "Success",
    }


@pytest.mark.documented(
    "API_AccountTakeoverActionType", "Block the request if a user hasn't set up MFA"
)
def test_a_required_factor_that_nobody_has_keeps_out(app: Watched) -> None:
    set_mfa(app, "OPTIONAL", TOTP)
    app.react(MEDIUM="MFA_REQUIRED")
    with refused(*BLOCKED):
        app.enter(**NEW_PLACE)
    assert app.last_event()["EventResponse"] == "Fail"


@pytest.mark.documented(
    "API_AccountTakeoverActionType", "If MFA setup isn't possible, allow the request."
)
def test_a_factor_that_is_asked_for_if_configured_lets_others_in(app: Watched) -> None:
    set_mfa(app, "OPTIONAL", TOTP)
    app.react(MEDIUM="MFA_IF_CONFIGURED")
    assert is_signed_in(app.enter(**NEW_PLACE))


@pytest.mark.assumed("a risky sign-in never sets up a factor")
def test_a_risky_sign_in_sets_up_no_factor(app: Watched) -> None:
    set_mfa(app, "ON", TOTP)
    app.react(LOW="MFA_REQUIRED", MEDIUM="MFA_REQUIRED")
    with refused(*BLOCKED):
        app.enter(**NEW_PLACE)
    assert app.enter()["ChallengeName"] == "MFA_SETUP"


@pytest.mark.documented("API_AccountTakeoverActionType", "or a registered TOTP factor")
def test_an_app_that_is_turned_off_is_asked_for_all_the_same(app: Watched) -> None:
    set_mfa(app, "OPTIONAL", TOTP)
    authenticator = enrol(app, app.access_token())
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id,
        Username="alice",
        SoftwareTokenMfaSettings={"Enabled": False, "PreferredMfa": False},
    )
    app.react(MEDIUM="MFA_REQUIRED")
    assert is_signed_in(app.enter())
    asked = app.enter(**NEW_PLACE)
    assert asked["ChallengeName"] == TOTP
    answered = app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName=TOTP,
        Session=asked["Session"],
        ChallengeResponses={
            "USERNAME": "alice",
            "SOFTWARE_TOKEN_MFA_CODE": authenticator.next_code(),
        },
    )
    assert is_signed_in(answered)


@pytest.mark.assumed("how risk is judged is our own")
def test_right_passwords_after_many_wrong_ones_are_a_risk(app: Watched) -> None:
    app.react(HIGH="BLOCK", MEDIUM="BLOCK", LOW="BLOCK")
    app.fail(times=4)
    with refused(*BLOCKED):
        app.enter()
    assert risk(app)["RiskLevel"] == "Low"


@pytest.mark.assumed("how risk is judged is our own")
def test_an_address_that_tries_many_accounts_is_a_risk(poolgate: LocalPoolgate) -> None:
    app = Watched.watching(poolgate, PreventUserExistenceErrors="ENABLED")
    app.person()
    app.enter()
    app.react(MEDIUM="BLOCK", HIGH="BLOCK")
    for number in range(20):
        app.fail(f"guessed{number}", address=ELSEWHERE)
    with refused(*BLOCKED):
        app.enter(address=ELSEWHERE)
    assert risk(app)["RiskLevel"] == "High"
    assert is_signed_in(app.enter())
    app.poolgate.clock.advance(3601)
    assert is_signed_in(app.enter(address=ELSEWHERE))


@pytest.mark.documented("API_SetRiskConfiguration", "maps the configuration to the app client only")
def test_an_app_client_has_its_own_actions(app: Watched) -> None:
    app.react(MEDIUM="BLOCK")
    app.cognito.set_risk_configuration(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AccountTakeoverRiskConfiguration={"Actions": actions(MEDIUM="NO_ACTION")},
    )
    assert is_signed_in(app.enter(**NEW_PLACE))


@pytest.mark.documented("AddingUserDeviceData", "server-side operations pass ContextData")
def test_unsigned_context_counts_only_from_clients_that_propagate_it(
    poolgate: LocalPoolgate,
) -> None:
    app = Watched.watching(poolgate)
    app.person()
    told = {"IpAddress": ELSEWHERE, "EncodedData": encoded_data(DeviceName="Pixel 8")}

    def sign_in(**more: str) -> None:
        app.cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=app.client_id,
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD, **more},
            UserContextData=told,
        )

    sign_in()
    seen = app.last_event()["EventContextData"]
    assert (seen["IpAddress"], seen["DeviceName"]) == ("127.0.0.1", "Pixel 8")
    made = app.cognito.create_user_pool_client(
        UserPoolId=app.pool_id,
        ClientName="server",
        GenerateSecret=True,
        EnablePropagateAdditionalUserContextData=True,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]
    app.client_id, app.client_secret = made["ClientId"], made["ClientSecret"]
    sign_in(SECRET_HASH=app.secret_hash("alice"))
    assert app.last_event()["EventContextData"]["IpAddress"] == ELSEWHERE


@pytest.mark.assumed("how risk is judged is our own")
def test_context_that_cannot_be_read_tells_nothing(app: Watched) -> None:
    for encoded in ("%%%", "bm90IGpzb24=", "e30=", "A" * 20_000):
        assert is_signed_in(app.enter(EncodedData=encoded))
        assert app.last_event()["EventContextData"]["DeviceName"] == "macOS, Safari"


# ---- address exceptions -----------------------------------------------------------------------


@pytest.mark.documented(
    "API_RiskExceptionConfigurationType", "always blocks authentication requests"
)
def test_a_blocked_network_gets_nothing(app: Watched) -> None:
    app.configure(RiskExceptionConfiguration={"BlockedIPRangeList": ["198.51.100.0/24"]})
    with refused(*NOT_ALLOWED):
        app.enter(address=ELSEWHERE)
    with refused(*NOT_ALLOWED):
        app.enter("nobody", address=f"::ffff:{ELSEWHERE}")
    assert is_signed_in(app.enter())
    app.configure(RiskExceptionConfiguration={"BlockedIPRangeList": ["127.0.0.0/8"]})
    asker = {"ClientId": app.client_id, "Username": "alice"}
    with refused(*NOT_ALLOWED):
        app.cognito.forgot_password(**asker)
    with refused(*NOT_ALLOWED):
        app.join("berta")
    with refused(*NOT_ALLOWED):
        app.cognito.resend_confirmation_code(**asker)
    with refused(*NOT_ALLOWED):
        app.cognito.confirm_sign_up(**asker, ConfirmationCode="123456")
    with refused(*NOT_ALLOWED):
        app.cognito.confirm_forgot_password(
            **asker, ConfirmationCode="123456", Password="Newer-words-1"
        )
    with refused(*NOT_ALLOWED):
        app.sign_in()


@pytest.mark.documented("API_RiskExceptionConfigurationType", "Risk detection isn't performed")
def test_a_skipped_network_is_not_judged(app: Watched) -> None:
    app.configure(
        RiskExceptionConfiguration={"SkippedIPRangeList": ["198.51.100.0/24"]},
        AccountTakeoverRiskConfiguration={"Actions": actions(LOW="BLOCK", MEDIUM="BLOCK")},
    )
    assert is_signed_in(app.enter(**NEW_PLACE))
    assert risk(app)["RiskDecision"] == "NoRisk"


# ---- compromised passwords --------------------------------------------------------------------


@pytest.mark.documented(
    "Working with compromised-credentials detection",
    "it sets the user's UserStatus to RESET_REQUIRED",
)
def test_a_compromised_password_must_be_reset(app: Watched) -> None:
    app.set_password("alice", COMMON)
    with refused(*BLOCKED):
        app.enter(password=COMMON)
    assert app.status() == "RESET_REQUIRED"
    assert risk(app) == {"RiskDecision": "Block", "CompromisedCredentialsDetected": True}
    with refused("PasswordResetRequiredException"):
        app.enter(password=COMMON)
    asker = {"ClientId": app.client_id, "Username": "alice"}
    app.cognito.forgot_password(**asker)
    code = app.last_code(ALICE)
    with refused(*UNUSABLE):
        app.cognito.confirm_forgot_password(
            **asker, ConfirmationCode=code, Password="Welcome-2024!"
        )
    app.cognito.confirm_forgot_password(**asker, ConfirmationCode=code, Password=PASSWORD)
    assert is_signed_in(app.enter())


@pytest.mark.documented(
    "Working with compromised-credentials detection",
    "doesn't check for compromised credentials for sign-in operations with SRP",
)
def test_srp_sign_ins_show_no_password(app: Watched) -> None:
    app.set_password("alice", COMMON)
    srp = app.srp(password=COMMON)
    assert is_signed_in(app.answer_srp(srp, app.begin_srp(srp)))
    assert risk(app)["CompromisedCredentialsDetected"] is False


@pytest.mark.assumed("text for a password that others know")
def test_a_compromised_password_is_not_taken(app: Watched) -> None:
    with refused(*UNUSABLE):
        app.join("berta", COMMON)
    access_token = app.enter()["AuthenticationResult"]["AccessToken"]
    with refused(*UNUSABLE):
        app.cognito.change_password(
            AccessToken=access_token, PreviousPassword=PASSWORD, ProposedPassword=COMMON
        )
    app.user("carla", status="FORCE_CHANGE_PASSWORD")
    asked = app.enter("carla")
    with refused(*UNUSABLE):
        app.cognito.admin_respond_to_auth_challenge(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "carla", "NEW_PASSWORD": COMMON},
        )


@pytest.mark.documented("API_CompromisedCredentialsRiskConfigurationType", "Defaults to all events")
def test_compromised_passwords_are_looked_for_where_the_filter_says(app: Watched) -> None:
    app.configure(
        CompromisedCredentialsRiskConfiguration={
            "EventFilter": ["SIGN_UP"],
            "Actions": {"EventAction": "BLOCK"},
        }
    )
    app.set_password("alice", COMMON)
    assert is_signed_in(app.enter(password=COMMON))
    assert risk(app)["CompromisedCredentialsDetected"] is False
    with refused(*UNUSABLE):
        app.join("berta", COMMON)
    app.configure(CompromisedCredentialsRiskConfiguration={"Actions": {"EventAction": "NO_ACTION"}})
    assert is_signed_in(app.enter(password=COMMON))
    assert risk(app)["CompromisedCredentialsDetected"] is True


# ---- notices ----------------------------------------------------------------------------------


def notices(**templates: Any) -> dict[str, Any]:
    return {"SourceArn": SES_ARN, **templates}


def telling(action: str, **settings: Any) -> dict[str, Any]:
    return {
        "AccountTakeoverRiskConfiguration": {
            "Actions": {"MediumAction": {"EventAction": action, "Notify": True}},
            "NotifyConfiguration": notices(**settings),
        }
    }


@pytest.mark.documented("Message templates", "the placeholders of threat protection")
def test_the_user_is_told_of_a_block_in_the_pools_words(app: Watched) -> None:
    body = "<b>{username}</b> {ip-address} {device-name} {event-id} {feedback-token} {city} {else}"
    app.configure(**telling("BLOCK", BlockEmail={"Subject": "Blocked!", "HtmlBody": body}))
    with refused(*BLOCKED):
        app.enter(**NEW_PLACE, EncodedData=encoded_data(DeviceName="<i>{username}</i>"))
    (told,) = app.poolgate.outbox(ALICE)
    event_id = app.last_event()["EventId"]
    assert told.subject == "Blocked!"
    assert told.body.startswith(
        f"<b>alice</b> {ELSEWHERE} &lt;i&gt;{{username}}&lt;/i&gt; {event_id} "
    )
    assert told.body.endswith(" unknown {else}")


@pytest.mark.assumed("default texts of notices")
def test_without_a_template_there_is_a_default_text(app: Watched) -> None:
    app.configure(**telling("NO_ACTION"))
    assert is_signed_in(app.enter(**NEW_PLACE))
    (told,) = app.poolgate.outbox(ALICE)
    assert told.subject == "New sign-in"
    assert ELSEWHERE in told.body
    assert "Android, Chrome" in told.body


@pytest.mark.assumed("a user gets at most ten notices in an hour")
def test_notices_of_an_hour_are_limited(app: Watched) -> None:
    app.configure(**telling("BLOCK"))
    for _ in range(12):
        with refused(*BLOCKED):
            app.enter(**NEW_PLACE)
    assert len(app.poolgate.outbox(ALICE)) == 10


# ---- races and hidden users -------------------------------------------------------------------


@pytest.mark.assumed("how risk is judged is our own")
def test_parallel_sign_ins_each_leave_one_event(app: Watched) -> None:
    def enter(_number: int) -> bool:
        try:
            return is_signed_in(app.enter())
        except ClientError:
            return False

    with ThreadPoolExecutor(8) as pool:
        entered = sum(pool.map(enter, range(16)))
    assert entered == 16
    assert [event["EventResponse"] for event in app.events()] == ["Pass"] * 17


@pytest.mark.documented("PreventUserExistenceErrors", "the same answer for users who do not exist")
def test_watching_tells_nobody_who_exists(poolgate: LocalPoolgate) -> None:
    app = Watched.watching(poolgate, PreventUserExistenceErrors="ENABLED")
    app.person()
    app.react(LOW="BLOCK", MEDIUM="BLOCK", HIGH="BLOCK")
    for name in ("alice", "nobody"):
        app.fail(name, times=4)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        app.enter("nobody")
    app.configure(RiskExceptionConfiguration={"BlockedIPRangeList": [f"{HOME}/32"]})
    for name in ("alice", "nobody"):
        with refused(*NOT_ALLOWED):
            app.enter(name)
    with refused("UserNotFoundException"):
        app.events("nobody")


# ---- other ways to sign in --------------------------------------------------------------------


def set_up_functions(app: Watched) -> None:
    """Let the pool's functions ask one question; its answer is 42."""
    define = "arn:aws:lambda:us-east-1:123456789012:function:custom"

    def answer(event: dict[str, Any]) -> dict[str, Any]:
        request, source = event["request"], event["triggerSource"]
        response: dict[str, Any] = {}
        if source.startswith("Define"):
            done = bool(request["session"])
            response = {"issueTokens": done, "failAuthentication": False}
            response |= {} if done else {"challengeName": "CUSTOM_CHALLENGE"}
        elif source.startswith("Create"):
            response = {"publicChallengeParameters": {}, "privateChallengeParameters": {}}
        elif source.startswith("Verify"):
            response = {"answerCorrect": True}
        return {**event, "response": response}

    app.poolgate.trigger(define, answer)
    app.cognito.update_user_pool(
        UserPoolId=app.pool_id,
        LambdaConfig=dict.fromkeys(
            ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"), define
        ),
        AutoVerifiedAttributes=["email"],
        UserPoolAddOns={
            "AdvancedSecurityMode": "OFF",
            "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "ENFORCED"},
        },
        MfaConfiguration="OPTIONAL",
    )


def custom_sign_in(app: Watched, place: dict[str, str]) -> Any:
    asked = app.cognito.admin_initiate_auth(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": "alice"},
        ContextData=context(**place),
    )
    return app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "alice", "ANSWER": "42"},
        ContextData=context(**place),
    )


@pytest.mark.documented("AdvancedSecurityAdditionalFlowsType", "custom authentication")
def test_custom_sign_ins_have_their_own_mode(poolgate: LocalPoolgate) -> None:
    app = Watched.watching(poolgate, ExplicitAuthFlows=[*EVERY_FLOW, "ALLOW_CUSTOM_AUTH"])
    app.person(email_verified="true")
    app.enter()
    set_mfa(app, "OPTIONAL", "EMAIL_OTP")
    set_up_functions(app)
    app.react(MEDIUM="MFA_REQUIRED")
    # Passwords are not watched in this pool.
    assert is_signed_in(app.enter(**NEW_PLACE))
    assert is_signed_in(custom_sign_in(app, {"address": HOME}))
    asked = custom_sign_in(app, NEW_PLACE)
    assert asked["ChallengeName"] == "EMAIL_OTP"
    answered = app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName="EMAIL_OTP",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "alice", "EMAIL_OTP_CODE": app.last_code(ALICE)},
        ContextData=context(**NEW_PLACE),
    )
    assert is_signed_in(answered)
    assert [event["EventResponse"] for event in app.events()] == ["Pass", "Pass", "Pass"]
    app.react(HIGH="BLOCK", LOW="BLOCK", MEDIUM="BLOCK")
    with refused(*BLOCKED):
        custom_sign_in(app, {"address": "203.0.113.9", "agent": "curl/8.4"})


@pytest.mark.assumed("a risky sign-in never sets up a factor")
def test_the_mailbox_that_a_sign_in_began_with_is_no_second_factor(
    poolgate: LocalPoolgate,
) -> None:
    app = Watched.watching(poolgate, ExplicitAuthFlows=[*EVERY_FLOW, "ALLOW_USER_AUTH"])
    app.person(email_verified="true")
    app.enter()
    app.cognito.update_user_pool(
        UserPoolId=app.pool_id,
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    app.react(MEDIUM="MFA_REQUIRED")
    begun = app.cognito.admin_initiate_auth(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
        ContextData=context(**NEW_PLACE),
    )

    def answer(code: str) -> Any:
        return app.cognito.admin_respond_to_auth_challenge(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            ChallengeName="EMAIL_OTP",
            Session=begun["Session"],
            ChallengeResponses={"USERNAME": "alice", "EMAIL_OTP_CODE": code},
            ContextData=context(**NEW_PLACE),
        )

    with refused("CodeMismatchException"):
        answer("000000")
    wrong = app.last_event()
    assert (wrong["EventResponse"], wrong["ChallengeResponses"]) == ("Fail", [])
    with refused(*BLOCKED):
        answer(app.last_code(ALICE))
    assert app.last_event()["EventRisk"]["RiskDecision"] == "Block"


@pytest.mark.assumed("a remembered device makes up for no factor that a risk demands")
def test_a_remembered_device_makes_up_for_no_demanded_factor(poolgate: LocalPoolgate) -> None:
    app = Watched.watching(poolgate)
    app.person()
    app.cognito.update_user_pool(
        UserPoolId=app.pool_id,
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        DeviceConfiguration=ALWAYS,
    )
    device = confirmed_device(app, app.enter())
    set_mfa(app, "OPTIONAL", TOTP)
    enrol(app, app.enter()["AuthenticationResult"]["AccessToken"])
    app.react(MEDIUM="MFA_IF_CONFIGURED")

    def enter(place: dict[str, str]) -> Any:
        return app.cognito.admin_initiate_auth(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={
                "USERNAME": "alice",
                "PASSWORD": PASSWORD,
                "DEVICE_KEY": device.device_key,
            },
            ContextData=context(**place),
        )["ChallengeName"]

    assert enter({"address": HOME}) == "DEVICE_SRP_AUTH"
    assert enter(NEW_PLACE) == TOTP
