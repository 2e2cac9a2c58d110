"""Remembered devices in sign-ins that the pool's functions lead, and in risky ones."""

from typing import Any

import pytest
from kits.authenticator import enrol, set_mfa
from kits.cognito import EVERY_FLOW, PASSWORD, WRONG, App
from kits.custom_challenges import ANSWER, choose_and_judge
from kits.devices import ALWAYS, Device, confirmed_device
from kits.functions import FUNCTION, Recorder
from kits.refusals import refusal

from poolgate.testing import LocalPoolgate

TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
DEFINE = "DefineAuthChallenge_Authentication"
TOTP = "SOFTWARE_TOKEN_MFA"


@pytest.fixture
def recorder(poolgate: LocalPoolgate) -> Recorder:
    """The pool's functions: a sum is asked, after the password if it begins with one."""
    recorder = Recorder(poolgate)
    recorder.instead = choose_and_judge
    return recorder


@pytest.fixture
def app(recorder: Recorder, poolgate: LocalPoolgate) -> App:
    assert recorder.events == []
    app = App.of(
        poolgate,
        pool={
            "DeviceConfiguration": ALWAYS,
            "LambdaConfig": dict.fromkeys(TRIGGERS, FUNCTION),
        },
        ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", *EVERY_FLOW],
    )
    app.user()
    return app


@pytest.fixture
def device(app: App) -> Device:
    return confirmed_device(app, app.sign_in())


def begin(app: App, device: Device, **more: str) -> Any:
    named = {"USERNAME": "alice", "DEVICE_KEY": device.device_key}
    return app.cognito.initiate_auth(
        AuthFlow="CUSTOM_AUTH", ClientId=app.client_id, AuthParameters={**named, **more}
    )


def answer(app: App, begun: Any, text: str = ANSWER) -> Any:
    return app.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER=text)


def rounds(recorder: Recorder) -> list[str]:
    """Return the challenges that the function was told of last."""
    last = [event for event in recorder.events if event["triggerSource"] == DEFINE][-1]
    return [each["challengeName"] for each in last["request"]["session"]]


@pytest.mark.documented(
    "amazon-cognito-user-pools-device-tracking", "issueTokens true, then a device"
)
@pytest.mark.parametrize("with_session", [True, False])
def test_a_custom_sign_in_ends_with_the_device(
    app: App, device: Device, recorder: Recorder, *, with_session: bool
) -> None:
    owed = answer(app, begin(app, device))
    asked = len(recorder.events)
    signed_in = device.prove(owed, with_session=with_session)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in signed_in
    # The functions said already that it is enough.
    assert len(recorder.events) == asked
    assert rounds(recorder) == ["CUSTOM_CHALLENGE"]


@pytest.mark.documented(
    "amazon-cognito-user-pools-device-tracking", "no device authentication only"
)
def test_a_device_does_not_stand_for_a_custom_challenge(app: App, device: Device) -> None:
    begun = begin(app, device)
    assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
    invalid = ("NotAuthorizedException", "Invalid session for the user.")
    for session in (begun["Session"], None):
        assert refusal(device.begin_proof, session=session) == invalid
    again = answer(app, begin(app, device), "43")
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert refusal(device.begin_proof, session=None) == invalid


@pytest.mark.documented("user-pool-lambda-define-auth-challenge", "challengeName DEVICE_SRP_AUTH")
def test_a_function_may_ask_for_the_device(app: App, device: Device, recorder: Recorder) -> None:
    def device_after_the_sum(event: dict[str, Any]) -> dict[str, Any]:
        names = [each["challengeName"] for each in event["request"].get("session", ())]
        if event["triggerSource"] == DEFINE and names == ["SRP_A", "PASSWORD_VERIFIER"]:
            return {**event, "response": {"challengeName": "DEVICE_SRP_AUTH"}}
        if event["triggerSource"] == DEFINE and "DEVICE_PASSWORD_VERIFIER" in names:
            return {**event, "response": {"issueTokens": True, "failAuthentication": False}}
        return choose_and_judge(event)

    recorder.instead = device_after_the_sum
    srp = app.srp()
    srp_a = srp.get_auth_params()["SRP_A"]
    begun = begin(app, device, CHALLENGE_NAME="SRP_A", SRP_A=srp_a)
    claim = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    owed = app.respond("PASSWORD_VERIFIER", begun["Session"], **claim)
    assert device.prove(owed)["AuthenticationResult"]["AccessToken"]
    assert rounds(recorder) == ["SRP_A", "PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"]


@pytest.mark.assumed("a wrong device proof is counted for the lock-out")
def test_a_wrong_proof_ends_no_custom_sign_in(app: App, device: Device) -> None:
    owed = answer(app, begin(app, device))
    with_wrong_secret = {"owed": owed, "secret": "c3RvbGVu"}
    assert refusal(device.prove, **with_wrong_secret) == WRONG
    assert device.prove(owed)["AuthenticationResult"]


@pytest.mark.assumed("what a risk demands, no remembered device makes up for")
def test_what_a_risk_demands_no_device_makes_up_for(poolgate: LocalPoolgate) -> None:
    app = App.of(
        poolgate,
        pool={
            "DeviceConfiguration": ALWAYS,
            "UserPoolTier": "PLUS",
            "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        },
    )
    app.user()
    device = confirmed_device(app, app.sign_in())
    set_mfa(app, "OPTIONAL", TOTP)
    enrol(app, app.access_token())
    assert device.prove(app.sign_in(DEVICE_KEY=device.device_key))["AuthenticationResult"]
    demand = {"Notify": False, "EventAction": "MFA_REQUIRED"}
    app.cognito.set_risk_configuration(
        UserPoolId=app.pool_id,
        AccountTakeoverRiskConfiguration={
            "Actions": {
                "LowAction": demand,
                "MediumAction": demand,
                "HighAction": demand,
            }
        },
        RiskExceptionConfiguration={},
    )
    for _ in range(4):
        assert refusal(app.sign_in, password="Wrong-password-1") == WRONG
    risky = app.sign_in(DEVICE_KEY=device.device_key, PASSWORD=PASSWORD)
    assert risky["ChallengeName"] == TOTP
