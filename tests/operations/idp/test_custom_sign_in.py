"""CUSTOM_AUTH: functions of the pool choose the challenges and judge the answers."""

from collections.abc import Callable
from typing import Any

import pytest
from kits.authenticator import EMAIL, PHONE, set_mfa
from kits.cognito import EVERY_FLOW, PASSWORD, TEMPORARY, WRONG, App, refused
from kits.devices import ALWAYS, Device, confirmed_device
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
DEFINE, CREATE, VERIFY = (f"{trigger}_Authentication" for trigger in TRIGGERS)
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
USED_SESSION = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)
UNREADABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
Plan = Callable[[list[dict[str, Any]]], dict[str, Any]]


class Functions:
    """The pool's three functions: `plan` maps the rounds so far to what comes next."""

    def __init__(self, poolgate: LocalPoolgate) -> None:
        self.poolgate = poolgate
        self.recorder = Recorder(poolgate)
        self.recorder.instead = self.answer
        self.plan: Plan = after("CUSTOM_CHALLENGE")
        self.created: dict[str, Any] = {
            "publicChallengeParameters": {"question": "7 * 6"},
            "privateChallengeParameters": {"answer": "42"},
            "challengeMetadata": "SUM",
        }

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        request, source = event["request"], event["triggerSource"]
        if source == DEFINE:
            return {**event, "response": self.plan(request["session"])}
        if source == CREATE:
            return {**event, "response": self.created}
        if source == VERIFY:
            is_right = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
            return {**event, "response": {"answerCorrect": is_right}}
        return event

    @property
    def sessions(self) -> list[list[tuple[str, bool, str | None]]]:
        """What DefineAuthChallenge was told each time."""
        return [
            [
                (each["challengeName"], each["challengeResult"], each["challengeMetadata"])
                for each in event["request"]["session"]
            ]
            for event in self.recorder.events
            if event["triggerSource"] == DEFINE
        ]


def after(*challenges: str, tries: int = 1) -> Plan:
    """Return a plan: these challenges one after the other, each answered right, then tokens."""

    def plan(rounds: list[dict[str, Any]]) -> dict[str, Any]:
        right = [each for each in rounds if each["challengeResult"]]
        done = [each["challengeName"] for each in right if each["challengeName"] != "SRP_A"]
        if len(rounds) - len(right) >= tries:
            return {"issueTokens": False, "failAuthentication": True}
        missing = challenges[len(done) :]
        if not missing:
            return {"issueTokens": True, "failAuthentication": False}
        return {"challengeName": missing[0], "issueTokens": False, "failAuthentication": False}

    return plan


@pytest.fixture
def functions(poolgate: LocalPoolgate) -> Functions:
    return Functions(poolgate)


def an_app(poolgate: LocalPoolgate, *, hides: bool = False, **pool: Any) -> App:
    named = {"LambdaConfig": dict.fromkeys(TRIGGERS, FUNCTION)}
    return App.of(
        poolgate,
        pool=named | pool,
        hides=hides,
        ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", *EVERY_FLOW],
    )


@pytest.fixture
def app(functions: Functions) -> App:
    return an_app(functions.poolgate)


def begin(app: App, name: str = "alice", **more: str) -> Any:
    return app.cognito.initiate_auth(
        AuthFlow="CUSTOM_AUTH", ClientId=app.client_id, AuthParameters={"USERNAME": name, **more}
    )


def begin_with_srp(app: App, password: str = PASSWORD, name: str = "alice") -> tuple[Any, Any]:
    srp = app.srp(name, password)
    srp_a = srp.get_auth_params()["SRP_A"]
    return srp, begin(app, name, CHALLENGE_NAME="SRP_A", SRP_A=srp_a)


def answer_srp(app: App, srp: Any, begun: Any, session: str | None = None) -> Any:
    proof = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": srp.username})
    return app.respond("PASSWORD_VERIFIER", session or begun["Session"], **proof)


def give(app: App, begun: Any, answer: str, name: str = "alice") -> Any:
    return app.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME=name, ANSWER=answer)


def is_signed_in(answer: Any) -> bool:
    return "RefreshToken" in answer["AuthenticationResult"]


# ---- custom challenges -----------------------------------------------------------------------


@pytest.mark.documented("user-pool-lambda-challenge", "define, create, verify")
def test_right_answer_signs_in(app: App, functions: Functions) -> None:
    sub = app.user("alice", email=EMAIL)
    begun = begin(app)
    assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert begun["ChallengeParameters"] == {"question": "7 * 6", "USERNAME": "alice"}
    assert is_signed_in(give(app, begun, "42"))
    assert functions.recorder.sources == [DEFINE, CREATE, VERIFY, DEFINE]
    assert functions.sessions == [[], [("CUSTOM_CHALLENGE", True, "SUM")]]
    define, create, verify, _ = functions.recorder.events
    attributes = {"sub": sub, "cognito:user_status": "CONFIRMED", "email": EMAIL}
    assert define == {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": app.pool_id,
        "userName": "alice",
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": app.client_id,
        },
        "triggerSource": DEFINE,
        "request": {"userAttributes": attributes, "session": []},
        "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    }
    assert create["request"] == {
        "userAttributes": attributes,
        "challengeName": "CUSTOM_CHALLENGE",
        "session": [],
    }
    assert create["response"] == {
        "publicChallengeParameters": None,
        "privateChallengeParameters": None,
        "challengeMetadata": None,
    }
    assert verify["request"] == {
        "userAttributes": attributes,
        "privateChallengeParameters": {"answer": "42"},
        "challengeAnswer": "42",
    }
    assert verify["response"] == {"answerCorrect": None}


@pytest.mark.documented(
    "API_RespondToAuthChallenge", "ClientMetadata of the answer, not of Initiate"
)
def test_functions_get_what_came_with_the_answer(app: App, functions: Functions) -> None:
    app.user()
    begun = app.cognito.initiate_auth(
        AuthFlow="CUSTOM_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice"},
        ClientMetadata={"at": "begin"},
    )
    app.cognito.respond_to_auth_challenge(
        ClientId=app.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "alice", "ANSWER": "42"},
        ClientMetadata={"at": "answer"},
    )
    told = [event["request"].get("clientMetadata") for event in functions.recorder.events]
    assert told == [None, None, {"at": "answer"}, {"at": "answer"}]


@pytest.mark.recorded("a failed custom sign-in: Incorrect username or password.")
def test_functions_end_a_sign_in(app: App, functions: Functions) -> None:
    app.user()
    begun = begin(app)
    with refused(*WRONG):
        give(app, begun, "41")
    with refused(*USED_SESSION):
        give(app, begun, "42")
    for decision in ({}, {"failAuthentication": True, "issueTokens": True}):
        functions.plan = lambda _rounds, decision=decision: decision  # type: ignore[misc]
        with refused(*WRONG):
            begin(app)


@pytest.mark.recorded("a wrong CUSTOM_CHALLENGE: the next answer must use the new session")
def test_wrong_answer_uses_the_session_up(app: App, functions: Functions) -> None:
    app.user()
    functions.plan = after("CUSTOM_CHALLENGE", tries=3)
    begun = begin(app)
    again = give(app, begun, "41")
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    with refused(*USED_SESSION):
        give(app, begun, "42")
    once_more = give(app, again, "40")
    assert is_signed_in(give(app, once_more, "42"))
    assert functions.sessions[-1] == [
        ("CUSTOM_CHALLENGE", False, "SUM"),
        ("CUSTOM_CHALLENGE", False, "SUM"),
        ("CUSTOM_CHALLENGE", True, "SUM"),
    ]
    with refused(*USED_SESSION):
        give(app, once_more, "42")


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "issueTokens")
def test_function_may_ask_for_nothing_or_for_several_things(app: App, functions: Functions) -> None:
    app.user()
    functions.plan = after()
    assert is_signed_in(begin(app))
    functions.plan = after("CUSTOM_CHALLENGE", "CUSTOM_CHALLENGE")
    second = give(app, begin(app), "42")
    assert second["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert is_signed_in(give(app, second, "42"))


@pytest.mark.documented("amazon-cognito-user-pools-authentication-flow", "lockout: not custom")
def test_wrong_answers_do_not_lock_out(app: App) -> None:
    app.user()
    for _ in range(8):
        with refused(*WRONG):
            give(app, begin(app), "41")
    assert is_signed_in(app.sign_in())


@pytest.mark.documented("API_RespondToAuthChallenge", "a session belongs to its user and client")
def test_session_is_good_for_its_own_user_client_and_door(app: App) -> None:
    app.user("alice")
    app.user("bob")
    begun = begin(app)
    with refused(*INVALID_SESSION):
        give(app, begun, "42", "bob")
    with refused(*INVALID_SESSION):
        give(app.another_client(ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"]), begun, "42")
    with refused(*INVALID_SESSION):
        app.cognito.admin_respond_to_auth_challenge(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=begun["Session"],
            ChallengeResponses={"USERNAME": "alice", "ANSWER": "42"},
        )
    with refused("InvalidParameterException", "Missing required parameter Session"):
        app.respond("CUSTOM_CHALLENGE", USERNAME="alice", ANSWER="42")
    with refused("InvalidParameterException", "Missing required parameter ANSWER"):
        app.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME="alice")
    assert is_signed_in(give(app, begun, "42"))


@pytest.mark.documented("API_AdminInitiateAuth", "CUSTOM_AUTH")
def test_backend_signs_in(app: App) -> None:
    app.user()
    at_pool = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    begun = app.cognito.admin_initiate_auth(
        **at_pool, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "alice"}
    )
    signed_in = app.cognito.admin_respond_to_auth_challenge(
        **at_pool,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "alice", "ANSWER": "42"},
    )
    assert is_signed_in(signed_in)


@pytest.mark.documented("user-pool-settings-user-states", "who may sign in")
def test_user_must_be_one_who_may_sign_in(app: App, functions: Functions) -> None:
    app.user("alice", status="UNCONFIRMED")
    with refused("UserNotConfirmedException"):
        begin(app)
    app.user("bob", status="RESET_REQUIRED", email=EMAIL, email_verified="true")
    with refused("PasswordResetRequiredException"):
        begin(app, "bob")
    assert not functions.recorder.events
    app.user("carol")
    begun = begin(app, "carol")
    app.disable("carol")
    with refused("NotAuthorizedException", "User is disabled."):
        give(app, begun, "42", "carol")


@pytest.mark.assumed("a custom sign-in without a password asks for no new one")
def test_temporary_password_does_not_matter_where_none_is_asked_for(app: App) -> None:
    app.user("alice", status="FORCE_CHANGE_PASSWORD")
    app.poolgate.clock.advance(30 * 24 * 3600)
    assert is_signed_in(give(app, begin(app), "42"))
    assert app.status() == "FORCE_CHANGE_PASSWORD"


@pytest.mark.assumed("text for a custom sign-in without functions")
@pytest.mark.parametrize("missing", TRIGGERS)
def test_each_function_is_needed(functions: Functions, missing: str) -> None:
    config = {trigger: FUNCTION for trigger in TRIGGERS if trigger != missing}
    app = an_app(functions.poolgate, LambdaConfig=config)
    app.user()
    expected = (
        "InvalidParameterException",
        "Custom auth lambda trigger is not configured for the user pool.",
    )
    with refused(*expected):
        give(app, begin(app), "42")


@pytest.mark.documented("cognito-user-pools-working-with-lambda-triggers", "errors of a function")
@pytest.mark.parametrize(("source", "trigger"), [(DEFINE, TRIGGERS[0]), (CREATE, TRIGGERS[1])])
def test_error_of_a_function_ends_the_sign_in(
    app: App, functions: Functions, source: str, trigger: str
) -> None:
    app.user()

    def fail(event: dict[str, Any]) -> dict[str, Any]:
        if event["triggerSource"] == source:
            raise ValueError("Not today")
        return functions.answer(event)

    functions.recorder.instead = fail
    with refused("UserLambdaValidationException", f"{trigger} failed with error Not today."):
        begin(app)


@pytest.mark.assumed("a function that fails to judge an answer ends the sign-in")
def test_answer_that_could_not_be_judged_is_used_up(app: App, functions: Functions) -> None:
    app.user()
    begun = begin(app)
    functions.recorder.instead, functions.recorder.error = None, "Not today"
    with refused(
        "UserLambdaValidationException",
        "VerifyAuthChallengeResponse failed with error Not today.",
    ):
        give(app, begun, "41")
    functions.recorder.instead, functions.recorder.error = functions.answer, None
    with refused(*USED_SESSION):
        give(app, begun, "42")


@pytest.mark.assumed("text for an answer that cannot be read")
@pytest.mark.parametrize(
    "decision",
    [
        {"challengeName": "SOMETHING_ELSE"},
        {"challengeName": "PASSWORD_VERIFIER"},
        {"challengeName": "SMS_MFA"},
        {"challengeName": "ADMIN_NO_SRP_AUTH"},
        {"challengeName": 7},
        {"issueTokens": "yes"},
    ],
)
def test_what_cannot_be_asked_is_refused(
    app: App, functions: Functions, decision: dict[str, Any]
) -> None:
    app.user("alice", phone_number=PHONE)
    functions.plan = lambda _rounds: decision
    with refused(*UNREADABLE):
        begin(app)


@pytest.mark.assumed("text for an answer that cannot be read")
def test_challenge_that_is_too_long_is_refused(app: App, functions: Functions) -> None:
    app.user()
    functions.created["privateChallengeParameters"] = {"answer": "4" * 70_000}
    with refused(*UNREADABLE):
        begin(app)


@pytest.mark.model("SessionType", "at most 4096 characters")
def test_private_parameters_stay_with_the_server(app: App, functions: Functions) -> None:
    app.user()
    functions.created["privateChallengeParameters"] = {"answer": "4" * 30_000}
    begun = begin(app)
    assert len(begun["Session"]) < 1000
    assert is_signed_in(give(app, begun, "4" * 30_000))


# ---- with a password -------------------------------------------------------------------------


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "SRP_A, then PASSWORD_VERIFIER")
def test_password_and_custom_challenge(app: App, functions: Functions) -> None:
    app.user()
    functions.plan = after("PASSWORD_VERIFIER", "CUSTOM_CHALLENGE")
    srp, begun = begin_with_srp(app)
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    assert {"SALT", "SRP_B", "SECRET_BLOCK", "USER_ID_FOR_SRP"} <= set(begun["ChallengeParameters"])
    custom = answer_srp(app, srp, begun)
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert is_signed_in(give(app, custom, "42"))
    assert functions.sessions == [
        [("SRP_A", True, None)],
        [("SRP_A", True, None), ("PASSWORD_VERIFIER", True, None)],
        [
            ("SRP_A", True, None),
            ("PASSWORD_VERIFIER", True, None),
            ("CUSTOM_CHALLENGE", True, "SUM"),
        ],
    ]


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "SRP_A, then PASSWORD_VERIFIER")
def test_password_of_a_custom_sign_in_is_worth_nothing_elsewhere(
    app: App, functions: Functions
) -> None:
    app.user()
    functions.plan = after("PASSWORD_VERIFIER", "CUSTOM_CHALLENGE")
    srp, begun = begin_with_srp(app)
    proof = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    with refused("InvalidParameterException", "Missing required parameter Session"):
        app.respond("PASSWORD_VERIFIER", **proof)
    _, other = begin_with_srp(app)
    with refused(*INVALID_SESSION):
        app.respond("PASSWORD_VERIFIER", other["Session"], **proof)
    plain = app.begin_srp(srp)
    with refused(*INVALID_SESSION):
        give(app, {"Session": other["Session"]}, "42")
    assert is_signed_in(app.answer_srp(srp, plain))
    custom = app.respond("PASSWORD_VERIFIER", begun["Session"], **proof)
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    with refused(*USED_SESSION):
        app.respond("PASSWORD_VERIFIER", begun["Session"], **proof)


@pytest.mark.documented("amazon-cognito-user-pools-authentication-flow", "lockout")
def test_wrong_password_ends_the_sign_in_and_is_counted(app: App, functions: Functions) -> None:
    app.user()
    functions.plan = after("PASSWORD_VERIFIER", "CUSTOM_CHALLENGE")
    for _ in range(5):
        srp, begun = begin_with_srp(app, "Wrong-password-1")
        with refused(*WRONG):
            answer_srp(app, srp, begun)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        begin_with_srp(app)


@pytest.mark.documented("API_InitiateAuth", "CHALLENGE_NAME SRP_A needs SRP_A")
def test_srp_needs_its_first_value(app: App) -> None:
    app.user()
    with refused("InvalidParameterException", "Missing required parameter SRP_A"):
        begin(app, CHALLENGE_NAME="SRP_A")
    with refused("InvalidParameterException", "Missing required parameter USERNAME"):
        begin(app, "")


@pytest.mark.assumed("a new password does not end a custom sign-in")
def test_temporary_password_is_changed_on_the_way(app: App, functions: Functions) -> None:
    app.user("alice", status="FORCE_CHANGE_PASSWORD")
    functions.plan = after("PASSWORD_VERIFIER", "CUSTOM_CHALLENGE")
    srp, begun = begin_with_srp(app)
    owed = answer_srp(app, srp, begun)
    assert owed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    custom = app.respond(
        "NEW_PASSWORD_REQUIRED", owed["Session"], USERNAME="alice", NEW_PASSWORD=TEMPORARY
    )
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert is_signed_in(give(app, custom, "42"))


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods",
    "If MFA is enabled for a user, after the password the user is challenged with MFA",
)
def test_second_factor_follows_the_password(app: App, functions: Functions) -> None:
    app.user("alice", phone_number=PHONE)
    set_mfa(app, "ON", "SMS_MFA")
    functions.plan = after("PASSWORD_VERIFIER", "SMS_MFA", "CUSTOM_CHALLENGE")
    srp, begun = begin_with_srp(app)
    owed = answer_srp(app, srp, begun)
    assert owed["ChallengeName"] == "SMS_MFA"
    code = app.last_code(PHONE)
    custom = app.respond("SMS_MFA", owed["Session"], USERNAME="alice", SMS_MFA_CODE=code)
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert functions.sessions[-1] == [
        ("SRP_A", True, None),
        ("PASSWORD_VERIFIER", True, None),
        ("SMS_MFA", True, None),
    ]
    assert is_signed_in(give(app, custom, "42"))


@pytest.mark.recorded("MFA is not part of a custom sign-in without a password, 2024-03-04")
def test_second_factor_is_not_asked_for_without_a_password(app: App) -> None:
    app.user("alice", phone_number=PHONE)
    set_mfa(app, "ON", "SMS_MFA")
    assert is_signed_in(give(app, begin(app), "42"))


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "challengeName SMS_MFA")
def test_function_may_ask_for_a_second_factor(app: App, functions: Functions) -> None:
    app.user("alice", phone_number=PHONE)
    set_mfa(app, "OPTIONAL", "SMS_MFA")
    functions.plan = after("PASSWORD_VERIFIER", "SMS_MFA")
    srp, begun = begin_with_srp(app)
    asked = answer_srp(app, srp, begun)
    assert asked["ChallengeName"] == "SMS_MFA"
    with refused("CodeMismatchException"):
        app.respond("SMS_MFA", asked["Session"], USERNAME="alice", SMS_MFA_CODE="x")
    code = app.last_code(PHONE)
    signed_in = app.respond("SMS_MFA", asked["Session"], USERNAME="alice", SMS_MFA_CODE=code)
    assert is_signed_in(signed_in)
    functions.plan = after("PASSWORD_VERIFIER", "EMAIL_OTP")
    srp, begun = begin_with_srp(app)
    with refused(*UNREADABLE):
        answer_srp(app, srp, begun)


@pytest.mark.documented("API_AdminRespondToAuthChallenge", "ADMIN_NO_SRP_AUTH: USERNAME, PASSWORD")
def test_backend_is_asked_for_the_password_itself(app: App, functions: Functions) -> None:
    app.user()
    functions.plan = after("ADMIN_NO_SRP_AUTH", "CUSTOM_CHALLENGE")
    at_pool = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    begun = app.cognito.admin_initiate_auth(
        **at_pool, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "alice"}
    )
    assert begun["ChallengeName"] == "ADMIN_NO_SRP_AUTH"

    def answer(challenge: str, session: str, **responses: str) -> Any:
        return app.cognito.admin_respond_to_auth_challenge(
            **at_pool,
            ChallengeName=challenge,
            Session=session,
            ChallengeResponses={"USERNAME": "alice", **responses},
        )

    with refused(*WRONG):
        answer("ADMIN_NO_SRP_AUTH", begun["Session"], PASSWORD="Wrong-password-1")
    with refused(*INVALID_SESSION):
        app.respond("ADMIN_NO_SRP_AUTH", begun["Session"], USERNAME="alice", PASSWORD=PASSWORD)
    custom = answer("ADMIN_NO_SRP_AUTH", begun["Session"], PASSWORD=PASSWORD)
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert is_signed_in(answer("CUSTOM_CHALLENGE", custom["Session"], ANSWER="42"))
    assert functions.sessions[1] == [("ADMIN_NO_SRP_AUTH", True, None)]


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "SRP after a custom challenge")
def test_password_may_come_after_a_custom_challenge(app: App, functions: Functions) -> None:
    app.user()
    functions.plan = after("CUSTOM_CHALLENGE", "PASSWORD_VERIFIER")
    srp, begun = begin_with_srp(app)
    verifier = give(app, begun, "42")
    assert verifier["ChallengeName"] == "PASSWORD_VERIFIER"
    assert is_signed_in(answer_srp(app, srp, verifier))


# ---- on a remembered device ------------------------------------------------------------------


def remembered(functions: Functions, **configuration: bool) -> tuple[App, Device]:
    """Return an app whose user alice has a remembered device."""
    app = an_app(functions.poolgate, DeviceConfiguration={**ALWAYS, **configuration})
    app.user("alice", phone_number=PHONE)
    return app, confirmed_device(app, app.sign_in())


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "device steps come last")
def test_device_proves_itself_after_the_functions(functions: Functions) -> None:
    app, device = remembered(functions)
    owed = give(app, begin(app, DEVICE_KEY=device.device_key), "42")
    assert owed["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert is_signed_in(device.prove(owed))


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "a device replaces MFA")
def test_device_that_replaces_mfa_keeps_no_function_out(functions: Functions) -> None:
    app, device = remembered(functions)
    set_mfa(app, "ON", "SMS_MFA")
    functions.plan = after("PASSWORD_VERIFIER", "CUSTOM_CHALLENGE")
    srp = app.srp()
    srp_a = srp.get_auth_params()["SRP_A"]
    begun = begin(app, CHALLENGE_NAME="SRP_A", SRP_A=srp_a, DEVICE_KEY=device.device_key)
    custom = answer_srp(app, srp, begun)
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    owed = give(app, custom, "42")
    assert is_signed_in(device.prove(owed))
    assert not app.poolgate.outbox(PHONE)


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "challengeName DEVICE_SRP_AUTH")
def test_function_may_ask_for_the_device(functions: Functions) -> None:
    app, device = remembered(functions)
    functions.plan = after("PASSWORD_VERIFIER", "DEVICE_SRP_AUTH")
    srp = app.srp()
    srp_a = srp.get_auth_params()["SRP_A"]
    begun = begin(app, CHALLENGE_NAME="SRP_A", SRP_A=srp_a, DEVICE_KEY=device.device_key)
    owed = answer_srp(app, srp, begun)
    assert is_signed_in(device.prove(owed))
    assert functions.sessions[-1][-1] == ("DEVICE_PASSWORD_VERIFIER", True, None)
    srp, begun = begin_with_srp(app)
    with refused(*UNREADABLE):
        answer_srp(app, srp, begun)


# ---- nobody ----------------------------------------------------------------------------------


@pytest.mark.documented("cognito-user-pool-managing-errors", "LEGACY: UserNotFoundException")
def test_missing_user_shows_where_nothing_is_hidden(app: App, functions: Functions) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        begin(app, "nobody")
    assert not functions.recorder.events


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "userNotFound")
def test_functions_are_asked_about_a_missing_user(
    poolgate: LocalPoolgate, functions: Functions
) -> None:
    app = an_app(poolgate, hides=True)
    app.user("alice")
    functions.plan = after("CUSTOM_CHALLENGE", tries=2)
    sessions = []
    for name in ("alice", "nobod"):
        begun = begin(app, name)
        assert begun["ChallengeParameters"] == {"question": "7 * 6", "USERNAME": name}
        sessions.append(begun["Session"])
        again = give(app, begun, "41", name)
        assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
        with refused(*USED_SESSION):
            give(app, begun, "41", name)
    assert len(sessions[0]) == len(sessions[1])
    told = [event["request"]["userNotFound"] for event in functions.recorder.events]
    assert told == [False] * 5 + [True] * 5
    last = functions.recorder.events[-1]
    assert (last["userName"], last["request"]["userAttributes"]) == ("nobod", {})


@pytest.mark.assumed("no function signs in a name that nobody has")
def test_functions_cannot_sign_in_nobody(poolgate: LocalPoolgate, functions: Functions) -> None:
    app = an_app(poolgate, hides=True)
    with refused(*WRONG):
        give(app, begin(app, "nobody"), "42", "nobody")
    functions.plan = after()
    with refused(*WRONG):
        begin(app, "nobody")


@pytest.mark.documented("cognito-user-pool-managing-errors", "USER_SRP_AUTH, ENABLED")
def test_password_of_nobody_is_wrong(poolgate: LocalPoolgate, functions: Functions) -> None:
    app = an_app(poolgate, hides=True, UsernameAttributes=["email"])
    functions.plan = after("PASSWORD_VERIFIER")
    srp, begun = begin_with_srp(app, name="nobody@example.com")
    assert begun["ChallengeParameters"]["USER_ID_FOR_SRP"] != "nobody@example.com"
    with refused(*WRONG):
        answer_srp(app, srp, begun)
