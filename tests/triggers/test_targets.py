"""Functions behind HTTP, as they answer and as they fail."""

import hashlib
import hmac
import json
import threading

import pytest
from kits.functions import FUNCTION

from poolgate.foundation.secret import Secret
from poolgate.sigv4.proofs import parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key
from poolgate.triggers.function_arns import NotAFunctionArn, parse_function_arn
from poolgate.triggers.invoker import FunctionInvoker
from poolgate.triggers.lambda_endpoint import LambdaEndpoint, LambdaSettings
from poolgate.triggers.python_functions import PythonFunction
from poolgate.triggers.targets import (
    MAX_ANSWER_BYTES,
    FunctionFailed,
    NotInvoked,
    NotInvokedNow,
)
from poolgate.triggers.webhooks import Webhook

EVENT = b'{"response":{}}'
SIGNING_SECRET = Secret("shared")
SECRET_ACCESS_KEY = Secret("wJalrXUtnFEMI")


def endpoint(server, clock):
    settings = LambdaSettings(
        url=server.url, access_key_id="AKIDEXAMPLE", secret_access_key=SECRET_ACCESS_KEY
    )
    return LambdaEndpoint(settings, clock)


def webhook(server, clock):
    return Webhook(server.url + "/hook", SIGNING_SECRET, clock)


@pytest.fixture(params=[endpoint, webhook], ids=["lambda", "webhook"])
def target(request, server, clock):
    return request.param(server, clock)


def test_answer_comes_back_as_it_was_sent(server, target):
    assert target.invoke(FUNCTION, EVENT) == EVENT
    assert server.received[0][2] == EVENT


def test_invocation_is_signed_for_lambda_in_the_functions_region(server, clock):
    endpoint(server, clock).invoke(FUNCTION + ":live", EVENT)
    ((target, headers, body),) = server.received
    path, _, query = target.partition("?")
    assert (path, query) == ("/2015-03-31/functions/triggers/invocations", "Qualifier=live")
    assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
    parts = RequestParts(
        method="POST", path=path, query=query, headers=tuple(headers.items()), body=body
    )
    proof = parse_proof(parts, now=clock.now(), skew_seconds=300, service="lambda")
    assert (proof.access_key_id, proof.region) == ("AKIDEXAMPLE", "eu-west-1")
    key = derive_signing_key(SECRET_ACCESS_KEY, proof.date, proof.region, "lambda")
    verify_signature(parts, proof, key)


def test_webhook_is_signed_over_time_and_body(server, clock):
    webhook(server, clock).invoke(FUNCTION, EVENT)
    ((path, headers, body),) = server.received
    assert (path, headers["Poolgate-Function-Arn"]) == ("/hook", FUNCTION)
    seconds = str(int(clock.now().timestamp()))
    digest = hmac.new(b"shared", seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Poolgate-Signature"] == f"t={seconds},v1={digest}"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"errorMessage": "No.", "errorType": "Error"}, "No."),
        ({"errorType": "Runtime.ExitError"}, "Runtime.ExitError"),
        ({}, "Unhandled"),
        ("not an object", "Unhandled"),
    ],
)
def test_error_of_the_function_is_told_in_its_words(server, clock, body, text):
    server.body = json.dumps(body).encode()
    server.headers = {"X-Amz-Function-Error": "Unhandled"}
    with pytest.raises(FunctionFailed) as failed:
        endpoint(server, clock).invoke(FUNCTION, EVENT)
    assert failed.value.facts["text"] == text
    server.headers, server.status = {}, 422
    with pytest.raises(FunctionFailed) as failed:
        webhook(server, clock).invoke(FUNCTION, EVENT)
    assert failed.value.facts["text"] == text


def test_lambda_names_its_own_errors(server, clock):
    server.status = 403
    server.headers = {"x-amzn-ErrorType": "AccessDeniedException:http://internal/"}
    with pytest.raises(NotInvoked) as failed:
        endpoint(server, clock).invoke(FUNCTION, EVENT)
    assert failed.value.facts["reason"] == "AccessDeniedException"


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500, 502])
def test_no_redirect_is_followed_and_no_failure_repeated(server, target, status):
    server.status = status
    server.headers = {"Location": server.url + "/elsewhere"}
    with pytest.raises(NotInvoked) as failed:
        FunctionInvoker({FUNCTION: target}).invoke(FUNCTION, EVENT)
    assert failed.value.facts["reason"] == f"HTTP status {status}"
    assert len(server.received) == 1


def test_too_many_requests_are_tried_three_times(server, target):
    server.status = 429
    with pytest.raises(NotInvoked):
        FunctionInvoker({FUNCTION: target}).invoke(FUNCTION, EVENT)
    assert len(server.received) == 3


def test_answer_that_is_too_large_is_not_taken(server, target):
    server.body = b"x" * (MAX_ANSWER_BYTES + 1)
    with pytest.raises(NotInvoked) as failed:
        FunctionInvoker({FUNCTION: target}).invoke(FUNCTION, EVENT)
    assert "size" in failed.value.facts["reason"]
    assert len(server.received) == 1


def test_slow_function_has_three_attempts(server, target):
    server.answering.clear()
    invoker = FunctionInvoker({FUNCTION: target}, limit_seconds=0.05)
    with pytest.raises(NotInvokedNow) as failed:
        invoker.invoke(FUNCTION, EVENT)
    assert failed.value.facts["reason"] == "Socket timeout while invoking Lambda function"
    server.answering.set()
    assert len(server.received) <= 3


def test_nobody_there_is_tried_three_times(clock):
    attempts = []

    class Counting(Webhook):
        def invoke(self, function_arn, event):
            attempts.append(event)
            return super().invoke(function_arn, event)

    nobody = Counting("http://127.0.0.1:9/", SIGNING_SECRET, clock)
    with pytest.raises(NotInvokedNow) as failed:
        FunctionInvoker({FUNCTION: nobody}).invoke(FUNCTION, EVENT)
    assert failed.value.facts["reason"] == "Connection failed while invoking Lambda function"
    assert len(attempts) == 3


def test_python_function_has_the_same_limit():
    never = threading.Event()
    invoker = FunctionInvoker(
        {FUNCTION: PythonFunction(lambda _event: never.wait())}, limit_seconds=0.02
    )
    with pytest.raises(NotInvokedNow):
        invoker.invoke(FUNCTION, EVENT)
    never.set()


def test_function_of_its_own_comes_before_the_endpoint(server, clock):
    invoker = FunctionInvoker({}, elsewhere=endpoint(server, clock))
    assert invoker.invoke(FUNCTION, EVENT) == EVENT
    invoker.put_function(FUNCTION, lambda _event: {"mine": True})
    assert json.loads(invoker.invoke(FUNCTION, EVENT)) == {"mine": True}
    assert len(server.received) == 1


def test_function_that_nothing_runs_is_not_found():
    with pytest.raises(NotInvoked) as failed:
        FunctionInvoker({}).invoke(FUNCTION, EVENT)
    assert failed.value.facts["reason"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arn:aws:lambda:eu-west-1:123456789012:function:",
        "arn:aws:lambda:eu-west-1:123456789012:function:a/../b",
        "arn:aws:sns:eu-west-1:123456789012:topic",
        "http://127.0.0.1/",
        FUNCTION + "\n",
    ],
)
def test_only_function_arns_name_functions(text):
    with pytest.raises(NotAFunctionArn):
        parse_function_arn(text)
