"""Codes under keys of KMS, as functions on AWS decrypt them."""

from collections.abc import Iterator

import pytest
from kits.decryption import decrypted_by_kms
from kits.functions import FunctionServer, function_server
from kits.kms import KEY_ARN, OneKey

from poolgate.credentials.encryption_sdk import encrypt
from poolgate.delivery.kms import KmsKeyring
from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.signed_posts import EndpointSettings
from poolgate.foundation.secret import Secret

CONTEXT = {"userpool-id": "us-east-1_a"}


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[FunctionServer]:
    """KMS, which the AWS Encryption SDK of this process finds too."""
    with function_server() as server:
        server.handler = OneKey()
        server.headers = {"Content-Type": "application/x-amz-json-1.1"}
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield server


@pytest.fixture
def keyring(kms: FunctionServer, clock) -> KmsKeyring:
    settings = EndpointSettings(
        url=kms.url, access_key_id="AKIDEXAMPLE", secret_access_key=Secret("secret")
    )
    return KmsKeyring(settings, clock)


def test_the_sdk_with_its_kms_keyring_reads_it(keyring, kms):
    message = encrypt(b"123456", keyring.new_data_key(KEY_ARN, CONTEXT), CONTEXT)
    ((path, headers, _),) = kms.received
    assert path == "/"
    assert headers["X-Amz-Target"] == "TrentService.GenerateDataKey"
    assert "/eu-west-1/kms/aws4_request" in headers["Authorization"]
    assert decrypted_by_kms(message, KEY_ARN) == ("123456", CONTEXT)


def test_each_message_has_a_key_of_its_own(keyring, kms):
    keys = {keyring.new_data_key(KEY_ARN, CONTEXT).plaintext for _ in range(3)}
    assert len(keys) == 3
    assert kms.handler.generated == 3


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"__type": "AccessDeniedException"}', "KMS answered HTTP status 400"),
        (200, b'{"KeyId": "k", "Plaintext": "c2VjcmV0"}', "KMS answered what cannot be read"),
        (200, b'{"KeyId":"k","Plaintext":"!","CiphertextBlob":""}', "KMS answered what cannot be"),
    ],
)
def test_without_a_key_the_message_waits_and_nothing_is_told(keyring, kms, status, body, reason):
    kms.status, kms.body = status, body
    with pytest.raises(DeliveryFailed, match=reason) as failure:
        keyring.new_data_key(KEY_ARN, CONTEXT)
    assert not failure.value.permanent
    assert failure.value.__cause__ is None
    assert "c2VjcmV0" not in str(failure.value)


def test_a_name_that_is_no_key_of_kms_is_told(keyring, kms):
    with pytest.raises(DeliveryFailed, match="no key of KMS"):
        keyring.new_data_key("arn:aws:lambda:eu-west-1:123456789012:function:f", CONTEXT)
    assert not kms.received
