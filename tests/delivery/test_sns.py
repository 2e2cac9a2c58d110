"""SMS by the SNS API; botocore says what a signature must be."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from kits.functions import FunctionServer, function_server

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Medium, Message
from poolgate.delivery.signed_posts import EndpointSettings
from poolgate.delivery.sns import SnsPublisher
from poolgate.foundation.secret import Secret

MESSAGE = Message("us-east-1_a", Medium.SMS, "+4915112345678", "", "Ihr Code: 1 & ü", "test")
ERROR = (
    '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
    "<Code>{}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
)


@pytest.fixture
def sns() -> Iterator[FunctionServer]:
    with function_server() as server:
        yield server


def publisher(url: str, clock) -> SnsPublisher:
    settings = EndpointSettings(
        url=url, access_key_id="AKIDEXAMPLE", secret_access_key=Secret("secret")
    )
    return SnsPublisher(settings, "eu-west-1", clock)


def expected_signature(url: str, headers: dict[str, str], body: bytes) -> str:
    asked = AWSRequest("POST", url, data=body)
    for name in ("Content-Type", "X-Amz-Date"):
        asked.headers[name] = headers[name]
    asked.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "sns", "eu-west-1")
    return signer.signature(signer.string_to_sign(asked, signer.canonical_request(asked)), asked)


@pytest.mark.parametrize("prefix", ["", "/sns"])
def test_a_text_is_published_and_signed(sns, clock, prefix):
    publisher(sns.url + prefix, clock).send("m-1", MESSAGE)
    ((path, headers, body),) = sns.received
    assert path == f"{prefix}/"
    assert {name: values for name, (values,) in parse_qs(body.decode()).items()} == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "PhoneNumber": "+4915112345678",
        "Message": "Ihr Code: 1 & ü",
        "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "Transactional",
    }
    assert "/eu-west-1/sns/aws4_request" in headers["Authorization"]
    signature = headers["Authorization"].rpartition("Signature=")[2]
    assert signature == expected_signature(sns.url + path, headers, body)


@pytest.mark.parametrize(
    ("status", "error_code", "permanent"),
    [
        (400, "InvalidParameter", True),
        (400, "Throttling", False),
        (403, "AuthorizationError", False),
        (500, "InternalError", False),
    ],
)
def test_errors_are_named_and_only_bad_messages_given_up(sns, clock, status, error_code, permanent):
    sns.status, sns.body = status, ERROR.format(error_code).encode()
    with pytest.raises(DeliveryFailed) as failure:
        publisher(sns.url, clock).send("m-1", MESSAGE)
    assert failure.value.reason == f"HTTP status {status} {error_code}"
    assert failure.value.permanent is permanent


def test_no_redirect_is_followed(sns, clock):
    sns.status, sns.headers = 302, {"Location": sns.url}
    with pytest.raises(DeliveryFailed, match="HTTP status 302"):
        publisher(sns.url, clock).send("m-1", MESSAGE)
    assert len(sns.received) == 1


def test_no_endpoint_is_a_reason_to_try_again(clock):
    with pytest.raises(DeliveryFailed) as failure:
        publisher("http://127.0.0.1:9", clock).send("m-1", MESSAGE)
    assert not failure.value.permanent
