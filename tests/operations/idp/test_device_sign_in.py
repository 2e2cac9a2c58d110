"""Sign-ins on devices: the proof, what it stands for, what a refresh needs, what functions see."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.authenticator import Authenticator, enrol, set_mfa
from kits.cognito import PASSWORD, WRONG, App
from kits.devices import (
    ALWAYS,
    ASKING,
    BESIDE_MFA,
    Device,
    confirmed_device,
    tracking_app,
)
from kits.functions import FUNCTION, Recorder
from kits.people import claims_of
from kits.refusals import refusal

from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

NOT_AUTHORIZED = "NotAuthorizedException"
NOT_FOUND = ("ResourceNotFoundException", "Device does not exist.")
INVALID_REFRESH = (NOT_AUTHORIZED, "Invalid Refresh Token")
INVALID_SESSION = (NOT_AUTHORIZED, "Invalid session for the user.")
USED_SESSION = (NOT_AUTHORIZED, "Invalid session for the user, session can only be used once.")
EXPIRED_SESSION = (NOT_AUTHORIZED, "Invalid session for the user, session is expired.")
LOCKED = (NOT_AUTHORIZED, "Password attempts exceeded")
NOBODYS = "us-east-1_00000000-0000-4000-8000-000000000000"
TOTP = "SOFTWARE_TOKEN_MFA"


def tokens_of(answer: Any) -> Any:
    return answer["AuthenticationResult"]


def known_device(app: App, *, remembered: bool = True) -> Device:
    """Return a device of alice's that the pool knows."""
    device = confirmed_device(app, app.sign_in())
    if not remembered:
        set_status(app, device, "not_remembered")
    return device


def set_status(app: App, device: Device, status: str) -> None:
    app.cognito.admin_update_device_status(
        UserPoolId=app.pool_id,
        Username="alice",
        DeviceKey=device.device_key,
        DeviceRememberedStatus=status,
    )


def sign_in_on(app: App, device: Device, **more: str) -> Any:
    return app.sign_in(DEVICE_KEY=device.device_key, **more)


def with_app(app: App) -> Authenticator:
    """Let alice have an authenticator app, which the pool asks for from now on."""
    set_mfa(app, "OPTIONAL", TOTP)
    return enrol(app, tokens_of(app.sign_in())["AccessToken"])


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    app = tracking_app(poolgate, ALWAYS)
    app.user()
    return app


# ---- the proof --------------------------------------------------------------------------------


@pytest.mark.documented("auth_flows.md 5", "DEVICE_SRP_AUTH, DEVICE_PASSWORD_VERIFIER, then tokens")
@pytest.mark.parametrize("with_session", [True, False])
def test_a_remembered_device_proves_its_secret(app: App, *, with_session: bool) -> None:
    device = known_device(app)
    app.poolgate.clock.advance(60)
    owed = sign_in_on(app, device)
    assert owed["ChallengeParameters"] == {"USERNAME": "alice", "DEVICE_KEY": device.device_key}
    signed_in = tokens_of(device.prove(owed, with_session=with_session))
    assert "NewDeviceMetadata" not in signed_in
    assert claims_of(Secret(signed_in["AccessToken"]))["device_key"] == device.device_key
    shown = app.cognito.get_device(
        AccessToken=signed_in["AccessToken"], DeviceKey=device.device_key
    )["Device"]
    seconds = (shown["DeviceLastAuthenticatedDate"] - shown["DeviceCreateDate"]).total_seconds()
    assert seconds == 60


@pytest.mark.documented("auth_flows.md 3", "DEVICE_PASSWORD_VERIFIER: its parameters")
def test_the_device_challenge_has_its_parameters(app: App) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    begun = device.begin_proof(owed["Session"])
    parameters = begun["ChallengeParameters"]
    assert sorted(parameters) == ["DEVICE_KEY", "SALT", "SECRET_BLOCK", "SRP_B", "USERNAME"]
    assert (parameters["USERNAME"], parameters["DEVICE_KEY"]) == ("alice", device.device_key)


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "DEVICE_KEY in AuthParameters")
@pytest.mark.parametrize("named_at", ["begin", "answer", "both"])
def test_a_device_is_named_at_either_step_of_srp(app: App, named_at: str) -> None:
    device = known_device(app)
    srp = app.srp()
    named = {"DEVICE_KEY": device.device_key}
    begun = app.cognito.initiate_auth(
        AuthFlow="USER_SRP_AUTH",
        ClientId=app.client_id,
        AuthParameters={**srp.get_auth_params(), **(named if named_at != "answer" else {})},
    )
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    owed = app.respond("PASSWORD_VERIFIER", **{**answers, **(named if named_at != "begin" else {})})
    assert tokens_of(device.prove(owed))


@pytest.mark.documented("API_AdminInitiateAuth", "DEVICE_KEY; DEVICE_SRP_AUTH")
def test_a_device_proves_itself_at_the_admin_door(app: App) -> None:
    device = known_device(app)
    owed = app.admin_sign_in(DEVICE_KEY=device.device_key)
    named = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    answers = {"USERNAME": "alice", "DEVICE_KEY": device.device_key, "SRP_A": device.srp_a}
    begun = app.cognito.admin_respond_to_auth_challenge(
        **named,
        ChallengeName="DEVICE_SRP_AUTH",
        ChallengeResponses=answers,
        Session=owed["Session"],
    )
    claim = device.claim(begun["ChallengeParameters"])
    assert refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **claim) == INVALID_SESSION
    done = app.cognito.admin_respond_to_auth_challenge(
        **named, ChallengeName="DEVICE_PASSWORD_VERIFIER", ChallengeResponses=claim
    )
    assert tokens_of(done)["AccessToken"]


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "proceeds with non-device")
def test_a_device_that_is_not_remembered_proves_nothing(poolgate: LocalPoolgate) -> None:
    app = tracking_app(poolgate, ASKING)
    app.user()
    device = known_device(app)
    signed_in = tokens_of(sign_in_on(app, device))
    assert "NewDeviceMetadata" not in signed_in
    assert claims_of(Secret(signed_in["AccessToken"]))["device_key"] == device.device_key
    set_status(app, device, "remembered")
    assert tokens_of(device.prove(sign_in_on(app, device)))


@pytest.mark.documented("auth_flows.md 5", "Device does not exist.; clients start again")
def test_an_unknown_device_uses_nothing_up(app: App) -> None:
    assert refusal(app.sign_in, DEVICE_KEY=NOBODYS) == NOT_FOUND
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    with_device = {**answers, "DEVICE_KEY": NOBODYS}
    assert refusal(app.respond, challenge="PASSWORD_VERIFIER", **with_device) == NOT_FOUND
    assert "NewDeviceMetadata" in tokens_of(app.respond("PASSWORD_VERIFIER", **answers))


@pytest.mark.assumed("an unknown device of an earlier step counts as none")
@pytest.mark.parametrize("key", [NOBODYS, "us-east-1_" + "a" * 400])
def test_an_unknown_device_named_with_srp_a_is_no_obstacle(app: App, key: str) -> None:
    srp = app.srp()
    begun = app.cognito.initiate_auth(
        AuthFlow="USER_SRP_AUTH",
        ClientId=app.client_id,
        AuthParameters={**srp.get_auth_params(), "DEVICE_KEY": key},
    )
    assert "NewDeviceMetadata" in tokens_of(app.answer_srp(srp, begun))


@pytest.mark.documented("auth_flows.md 5", "Unknown DEVICE_KEY: Device does not exist.")
def test_nobody_learns_of_devices_without_the_password(app: App) -> None:
    device = known_device(app)
    for key in (device.device_key, NOBODYS):
        assert refusal(app.sign_in, password="Wrong-password-1", DEVICE_KEY=key) == WRONG
        assert refusal(app.sign_in, username="nobody", DEVICE_KEY=key)[0] != NOT_FOUND[0]


@pytest.mark.documented("userpools.md 11", "Device does not exist.")
def test_the_device_of_another_user_is_unknown(app: App) -> None:
    app.user("bob")
    of_bob = confirmed_device(app, app.sign_in("bob"))
    device = known_device(app)
    assert refusal(sign_in_on, app=app, device=of_bob) == NOT_FOUND
    owed = sign_in_on(app, device)
    assert refusal(of_bob.begin_proof, session=owed["Session"]) == NOT_FOUND
    begun = device.begin_proof(owed["Session"])
    claim = device.claim(begun["ChallengeParameters"])
    as_bobs = {**claim, "DEVICE_KEY": of_bob.device_key}
    assert refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **as_bobs) == NOT_FOUND
    as_bob = {**claim, "USERNAME": "bob"}
    assert refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **as_bob) == WRONG
    assert tokens_of(app.respond("DEVICE_PASSWORD_VERIFIER", **claim))


# ---- refused proofs ---------------------------------------------------------------------------


@pytest.mark.documented("auth_flows.md 4.2", "any mismatch: Incorrect username or password.")
def test_a_wrong_device_secret_is_refused_and_counted(app: App) -> None:
    device = known_device(app)
    thief = replace(device, secret="c3RvbGVu")
    owed = sign_in_on(app, device)
    for _ in range(4):
        assert refusal(thief.prove, owed=owed) == WRONG
    assert tokens_of(device.prove(owed))
    owed = sign_in_on(app, device)
    for _ in range(5):
        assert refusal(thief.prove, owed=owed) == WRONG
    assert refusal(device.prove, owed=owed) == LOCKED
    app.poolgate.clock.advance(2)
    assert tokens_of(device.prove(owed))


@pytest.mark.assumed("a wrong device proof is counted for the lock-out")
def test_of_many_parallel_wrong_proofs_five_are_answered(app: App) -> None:
    device = known_device(app)
    thief = replace(device, secret="c3RvbGVu")
    owed = sign_in_on(app, device)
    with ThreadPoolExecutor(8) as takers:
        answers = list(takers.map(lambda _: refusal(thief.prove, owed=owed), range(16)))
    assert answers.count(WRONG) == 5
    assert answers.count(LOCKED) == 11


@pytest.mark.documented("auth_flows.md 4.2", "Server rejects A mod N = 0")
@pytest.mark.parametrize("srp_a", ["0", "00", "zz", "-1", "F" * 768, "F" * 900])
def test_a_public_value_that_forces_the_key_is_refused(app: App, srp_a: str) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    assert refusal(device.begin_proof, session=owed["Session"], SRP_A=srp_a) == (
        "InvalidParameterException",
        "SRP_A is not a valid SRP public value.",
    )
    assert tokens_of(device.prove(owed))


@pytest.mark.documented("auth_flows.md 2", "session can only be used once; expired")
def test_a_device_proof_counts_once(app: App) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    begun = device.begin_proof(owed["Session"])
    claim = device.claim(begun["ChallengeParameters"])
    assert tokens_of(app.respond("DEVICE_PASSWORD_VERIFIER", **claim))
    again = refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **claim)
    assert again == USED_SESSION
    assert refusal(device.begin_proof, session=owed["Session"]) == USED_SESSION
    assert refusal(device.begin_proof, session=None) == INVALID_SESSION


@pytest.mark.documented("auth_flows.md 2", "session can only be used once")
def test_of_parallel_proofs_one_signs_in(app: App) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    claims = [
        device.claim(device.begin_proof(owed["Session"])["ChallengeParameters"]) for _ in range(6)
    ]

    def answer(claim: dict[str, str]) -> bool:
        try:
            app.respond("DEVICE_PASSWORD_VERIFIER", **claim)
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(6) as takers:
        assert sum(takers.map(answer, claims)) == 1


@pytest.mark.documented("auth_flows.md 2", "Lifetime AuthSessionValidity")
def test_an_expired_sign_in_takes_no_device_proof(app: App) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    app.poolgate.clock.advance(120)
    claim = device.claim(device.begin_proof(owed["Session"])["ChallengeParameters"])
    app.poolgate.clock.advance(60)
    assert refusal(device.begin_proof, session=owed["Session"]) == EXPIRED_SESSION
    assert refusal(device.begin_proof, session=None) == EXPIRED_SESSION
    late = refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **claim)
    assert late == EXPIRED_SESSION


@pytest.mark.documented(
    "amazon-cognito-user-pools-device-tracking", "no device authentication only"
)
def test_a_device_without_the_password_signs_nobody_in(app: App) -> None:
    device = known_device(app)
    assert refusal(device.begin_proof, session=None) == INVALID_SESSION
    assert refusal(device.begin_proof, session="s" * 60) == INVALID_SESSION
    assert refusal(app.sign_in, password="Wrong-password-1", DEVICE_KEY=device.device_key) == WRONG
    assert refusal(device.begin_proof, session=None) == INVALID_SESSION
    for name, key in (("nobody", device.device_key), ("alice", NOBODYS)):
        changes = {"session": None, "username": name, "DEVICE_KEY": key}
        assert refusal(device.begin_proof, **changes) == INVALID_SESSION


@pytest.mark.assumed("without its session a device step goes on at the same address only")
def test_a_device_elsewhere_needs_the_session(app: App) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    members: dict[str, Any] = {
        "ClientId": app.client_id,
        "ChallengeName": "DEVICE_SRP_AUTH",
        "ChallengeResponses": {
            "USERNAME": "alice",
            "DEVICE_KEY": device.device_key,
            "SRP_A": device.srp_a,
        },
    }

    def elsewhere(**more: str) -> Any:
        answer = app.poolgate.send(
            "POST",
            "/",
            headers={
                "content-type": "application/x-amz-json-1.1",
                "x-amz-target": "AWSCognitoIdentityProviderService.RespondToAuthChallenge",
            },
            body=json.dumps({**members, **more}).encode(),
            remote_address="192.0.2.7",
        )
        return json.loads(answer.body)

    assert elsewhere()["message"] == INVALID_SESSION[1]
    with_session = elsewhere(Session=owed["Session"])
    assert with_session["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"


@pytest.mark.documented("auth_flows.md 3", "sessions belong to one challenge")
def test_blocks_and_sessions_of_passwords_and_devices_do_not_mix(app: App) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    claim = device.claim(device.begin_proof(owed["Session"])["ChallengeParameters"])
    assert refusal(app.respond, challenge="PASSWORD_VERIFIER", **claim) == WRONG
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    named = {**answers, "DEVICE_KEY": device.device_key}
    assert refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **named) == WRONG
    assert (
        refusal(
            app.respond,
            challenge="NEW_PASSWORD_REQUIRED",
            session=owed["Session"],
            USERNAME="alice",
            NEW_PASSWORD=PASSWORD,
        )
        == INVALID_SESSION
    )


@pytest.mark.assumed("what changes while a device proves itself counts")
@pytest.mark.parametrize("change", ["forgotten", "not remembered", "tracking off", "password"])
def test_what_changes_while_a_device_proves_itself_counts(app: App, change: str) -> None:
    device = known_device(app)
    owed = sign_in_on(app, device)
    claim = device.claim(device.begin_proof(owed["Session"])["ChallengeParameters"])
    named = {"UserPoolId": app.pool_id, "Username": "alice", "DeviceKey": device.device_key}
    app.poolgate.clock.advance(1)
    if change == "forgotten":
        app.cognito.admin_forget_device(**named)
    elif change == "not remembered":
        set_status(app, device, "not_remembered")
    elif change == "tracking off":
        app.cognito.update_user_pool(UserPoolId=app.pool_id)
    else:
        app.set_password("alice", "Another-password-1")
    expected = NOT_FOUND if change == "forgotten" else INVALID_SESSION
    assert refusal(device.begin_proof, session=owed["Session"]) == expected
    assert refusal(app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **claim) == expected


# ---- the second factor ------------------------------------------------------------------------


@pytest.mark.documented("auth_flows.md 5", "skipped for a remembered device")
def test_a_remembered_device_stands_for_the_second_factor(app: App) -> None:
    device = known_device(app)
    with_app(app)
    assert app.sign_in()["ChallengeName"] == TOTP
    assert tokens_of(device.prove(sign_in_on(app, device)))
    set_mfa(app, "ON", TOTP)
    assert tokens_of(device.prove(sign_in_on(app, device)))


@pytest.mark.documented("API_DeviceConfigurationType", "not remembered: still a second factor")
def test_a_device_that_is_not_remembered_does_not_stand_for_it(app: App) -> None:
    device = known_device(app, remembered=False)
    authenticator = with_app(app)
    owed = sign_in_on(app, device)
    assert owed["ChallengeName"] == TOTP
    code = authenticator.next_code()
    signed_in = app.respond(TOTP, owed["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=code)
    # The device that was named at the first step is the one that signed in.
    claims = claims_of(Secret(tokens_of(signed_in)["AccessToken"]))
    assert claims["device_key"] == device.device_key


@pytest.mark.documented("auth_flows.md 5", "otherwise MFA is asked as usual")
def test_beside_mfa_a_device_proves_itself_after_the_second_factor(
    poolgate: LocalPoolgate,
) -> None:
    app = tracking_app(poolgate, BESIDE_MFA)
    app.user()
    device = known_device(app)
    authenticator = with_app(app)
    owed = sign_in_on(app, device)
    assert owed["ChallengeName"] == TOTP
    code = authenticator.next_code()
    owed = app.respond(TOTP, owed["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=code)
    assert tokens_of(device.prove(owed))


@pytest.mark.assumed("a device never stands for a factor that is to be set up")
def test_a_device_does_not_stand_for_a_factor_to_be_set_up(app: App) -> None:
    device = known_device(app)
    set_mfa(app, "ON", TOTP)
    assert sign_in_on(app, device)["ChallengeName"] == "MFA_SETUP"


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "DEVICE_KEY in the answers")
def test_a_device_named_with_the_code_proves_itself_then(app: App) -> None:
    device = known_device(app)
    authenticator = with_app(app)
    owed = app.sign_in()
    code = authenticator.next_code()
    owed = app.respond(
        TOTP,
        owed["Session"],
        USERNAME="alice",
        SOFTWARE_TOKEN_MFA_CODE=code,
        DEVICE_KEY=device.device_key,
    )
    assert tokens_of(device.prove(owed))


@pytest.mark.documented("auth_flows.md 6", "NEW_PASSWORD_REQUIRED comes first")
def test_a_temporary_password_is_replaced_before_the_device_proves_itself(app: App) -> None:
    device = known_device(app)
    app.cognito.admin_set_user_password(
        UserPoolId=app.pool_id, Username="alice", Password="Temporary-password-2", Permanent=False
    )
    owed = sign_in_on(app, device, PASSWORD="Temporary-password-2")
    assert owed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    owed = app.respond(
        "NEW_PASSWORD_REQUIRED", owed["Session"], USERNAME="alice", NEW_PASSWORD=PASSWORD
    )
    assert tokens_of(device.prove(owed))


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "DEVICE_KEY in AuthParameters")
@pytest.mark.parametrize("choice", ["PASSWORD", "PASSWORD_SRP"])
def test_a_sign_in_by_choice_keeps_the_device_it_began_with(
    poolgate: LocalPoolgate, choice: str
) -> None:
    app = tracking_app(
        poolgate, ALWAYS, ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
    )
    app.user()
    device = known_device(app)
    begun = app.cognito.initiate_auth(
        AuthFlow="USER_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice", "DEVICE_KEY": device.device_key},
    )
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"
    answers = {"USERNAME": "alice", "ANSWER": choice}
    if choice == "PASSWORD":
        owed = app.respond("SELECT_CHALLENGE", begun["Session"], **answers, PASSWORD=PASSWORD)
    else:
        srp = app.srp()
        answers["SRP_A"] = srp.get_auth_params()["SRP_A"]
        owed = app.answer_srp(srp, app.respond("SELECT_CHALLENGE", begun["Session"], **answers))
    assert tokens_of(device.prove(owed))


# ---- refreshing -------------------------------------------------------------------------------


def refresh(app: App, refresh_token: str, **named: str) -> Any:
    return tokens_of(
        app.cognito.initiate_auth(
            ClientId=app.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": refresh_token, **named},
        )
    )


@pytest.mark.documented("auth_flows.md 5", "REFRESH_TOKEN_AUTH must send the session's DEVICE_KEY")
def test_a_refresh_names_its_confirmed_device(app: App) -> None:
    signed_in = app.sign_in()
    refresh_token = tokens_of(signed_in)["RefreshToken"]
    device = Device.of(app, signed_in)
    named = {"DEVICE_KEY": device.device_key}
    # Not confirmed yet.
    assert refusal(refresh, app=app, refresh_token=refresh_token, **named) == INVALID_REFRESH
    device.confirm(tokens_of(signed_in)["AccessToken"])
    other = known_device(app)
    for wrong in ({}, {"DEVICE_KEY": other.device_key}, {"DEVICE_KEY": NOBODYS}):
        assert refusal(refresh, app=app, refresh_token=refresh_token, **wrong) == INVALID_REFRESH
    again = refresh(app, refresh_token, **named)
    assert claims_of(Secret(again["AccessToken"]))["device_key"] == device.device_key
    assert "NewDeviceMetadata" not in again


@pytest.mark.documented("API_GetTokensFromRefreshToken", "DeviceKey: the confirmed device key")
def test_tokens_from_a_refresh_token_need_the_device_too(poolgate: LocalPoolgate) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    app = tracking_app(poolgate, ALWAYS, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)
    app.user()
    signed_in = app.sign_in()
    device = confirmed_device(app, signed_in)
    members = {"ClientId": app.client_id, "RefreshToken": tokens_of(signed_in)["RefreshToken"]}
    operation = app.cognito.get_tokens_from_refresh_token
    # A refusal uses no refresh token up.
    assert refusal(operation, **members) == INVALID_REFRESH
    assert refusal(operation, **members, DeviceKey=NOBODYS) == INVALID_REFRESH
    again = operation(**members, DeviceKey=device.device_key)["AuthenticationResult"]
    assert claims_of(Secret(again["AccessToken"]))["device_key"] == device.device_key


@pytest.mark.assumed("sign-ins from before devices were tracked refresh without one")
def test_older_sign_ins_refresh_without_a_device(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    app.user()
    before = tokens_of(app.sign_in())
    app.cognito.update_user_pool(UserPoolId=app.pool_id, DeviceConfiguration=ALWAYS)
    assert refresh(app, before["RefreshToken"])["AccessToken"]
    after = tokens_of(app.sign_in())
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    assert refresh(app, after["RefreshToken"])["AccessToken"]


# ---- functions, restart -----------------------------------------------------------------------


@pytest.mark.documented("user-pool-lambda-post-authentication", "newDeviceUsed")
def test_functions_are_told_of_devices(poolgate: LocalPoolgate) -> None:
    recorder = Recorder(poolgate)
    functions = {"PostAuthentication": FUNCTION, "PreTokenGeneration": FUNCTION}
    app = App.of(poolgate, pool={"DeviceConfiguration": ALWAYS, "LambdaConfig": functions})
    app.user()
    device = known_device(app)
    assert recorder.sources == [
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
    ]
    assert recorder.events[0]["request"]["newDeviceUsed"] is True
    recorder.events.clear()
    device.prove(sign_in_on(app, device))
    assert recorder.sources == [
        "PostAuthentication_Authentication",
        "TokenGeneration_AuthenticateDevice",
    ]
    assert recorder.events[0]["request"]["newDeviceUsed"] is False
