"""Fifty takers of one sign-in, on both engines: an answer counts once, guesses are counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kits.authenticator import EMAIL
from kits.cognito import App
from kits.custom_challenges import ANSWER, choose_and_judge
from kits.functions import FUNCTION, Recorder
from kits.takers import TAKERS, TOOK, at_once

from poolgate.testing import LocalPoolgate

MISMATCH = "CodeMismatchException: Invalid code or auth state for the user."
LIMIT = "LimitExceededException: Attempt limit exceeded, please try after some time."
USED_SESSION = (
    "NotAuthorizedException: Invalid session for the user, session can only be used once."
)
TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")


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
    factors = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}
    return App.of(
        poolgate,
        pool={
            "Policies": {"SignInPolicy": factors},
            "LambdaConfig": dict.fromkeys(TRIGGERS, FUNCTION),
            "AutoVerifiedAttributes": ["email"],
        },
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH"],
    )


def begin(app: App, flow: str, session: str | None = None, **parameters: str) -> Any:
    return app.cognito.initiate_auth(
        AuthFlow=flow,
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice", **parameters},
        **({"Session": session} if session else {}),
    )


@pytest.mark.documented("API_RespondToAuthChallenge", "a session is used once")
def test_one_taker_signs_in_with_a_code(app: App) -> None:
    app.user(email=EMAIL)
    begun = begin(app, "USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP")
    code = app.last_code(EMAIL)

    def answer(_: int) -> Any:
        return app.respond("EMAIL_OTP", begun["Session"], USERNAME="alice", EMAIL_OTP_CODE=code)

    told = at_once(answer)
    assert told.pop(TOOK) == 1
    assert told.pop(USED_SESSION) + told.pop(LIMIT, 0) == TAKERS - 1
    assert not told


@pytest.mark.assumed("codes of a first factor can be guessed at twenty times an hour")
def test_twenty_guesses_at_a_code_are_answered(app: App) -> None:
    app.user(email=EMAIL)
    begun = begin(app, "USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP")
    right = app.last_code(EMAIL)

    def guess(number: int) -> Any:
        wrong = f"{(int(right) + 1 + number) % 1_000_000:06}"
        return app.respond("EMAIL_OTP", begun["Session"], USERNAME="alice", EMAIL_OTP_CODE=wrong)

    assert at_once(guess) == {MISMATCH: 20, LIMIT: TAKERS - 20}


@pytest.mark.recorded("a wrong CUSTOM_CHALLENGE: the next answer must use the new session")
def test_one_answer_to_a_custom_challenge_is_judged(app: App) -> None:
    recorder = Recorder(app.poolgate)
    recorder.instead = choose_and_judge
    app.user()
    begun = begin(app, "CUSTOM_AUTH")

    def answer(number: int) -> Any:
        # One of them knows it; whether that one comes first is chance.
        given = ANSWER if number == 0 else "41"
        return app.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER=given)

    assert at_once(answer) == {TOOK: 1, USED_SESSION: TAKERS - 1}
    assert recorder.sources.count("VerifyAuthChallengeResponse_Authentication") == 1


@pytest.mark.documented("API_InitiateAuth", "Session from a ConfirmSignUp API request")
def test_one_taker_signs_in_after_signing_up(app: App) -> None:
    app.cognito.sign_up(
        ClientId=app.client_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": EMAIL}],
    )
    session = app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=app.last_code(EMAIL)
    )["Session"]
    told = at_once(lambda _: begin(app, "USER_AUTH", session))
    assert told == {TOOK: 1, USED_SESSION: TAKERS - 1}
