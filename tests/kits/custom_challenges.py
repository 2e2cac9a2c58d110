"""Functions of a custom sign-in: after the password, if it begins with one, a sum is asked."""

from typing import Any

ANSWER = "42"
_ATTEMPTS = 3


def choose_and_judge(event: dict[str, Any]) -> dict[str, Any]:
    """Answer for DefineAuthChallenge, CreateAuthChallenge and VerifyAuthChallengeResponse."""
    request, response = event["request"], event["response"]
    source = event["triggerSource"].partition("_")[0]
    if source == "DefineAuthChallenge":
        response |= _defined(request["session"])
    elif source == "CreateAuthChallenge":
        response["publicChallengeParameters"] = {"question": "6 * 7"}
        response["privateChallengeParameters"] = {"answer": ANSWER}
        response["challengeMetadata"] = "SUM"
    elif source == "VerifyAuthChallengeResponse":
        wanted = request["privateChallengeParameters"]["answer"]
        response["answerCorrect"] = request["challengeAnswer"] == wanted
    return event


def _defined(steps: list[dict[str, Any]]) -> dict[str, Any]:
    names = [step["challengeName"] for step in steps]
    if names == ["SRP_A"]:
        return _next("PASSWORD_VERIFIER")
    answers = [
        step["challengeResult"] for step in steps if step["challengeName"] == "CUSTOM_CHALLENGE"
    ]
    if answers and answers[-1]:
        return {"issueTokens": True, "failAuthentication": False}
    if len(answers) == _ATTEMPTS or (
        names[-1:] == ["PASSWORD_VERIFIER"] and not steps[-1]["challengeResult"]
    ):
        return {"issueTokens": False, "failAuthentication": True}
    return _next("CUSTOM_CHALLENGE")


def _next(challenge: str) -> dict[str, Any]:
    return {"issueTokens": False, "failAuthentication": False, "challengeName": challenge}
