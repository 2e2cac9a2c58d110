"""The AWS Encryption SDK as the function of an operator uses it."""

import base64
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import aws_encryption_sdk
    from aws_encryption_sdk.identifiers import (
        CommitmentPolicy,
        EncryptionKeyType,
        WrappingAlgorithm,
    )
    from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
    from aws_encryption_sdk.key_providers.kms import StrictAwsKmsMasterKeyProvider
    from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider


class _OneKey(RawMasterKeyProvider):
    """Knows one raw AES key by its name."""

    provider_id = "poolgate"

    def __init__(self, **_config: Any) -> None:
        self.key: bytes = b""

    def _get_raw_key(self, _key_id: bytes) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=self.key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


def decrypted(
    message: bytes,
    key: bytes,
    key_name: str,
    *,
    policy: str = "REQUIRE_ENCRYPT_REQUIRE_DECRYPT",
) -> tuple[str, dict[str, str]]:
    """Return the text of a message and its encryption context."""
    provider = _OneKey()
    provider.key = key
    provider.add_master_key(key_name)
    sdk = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy[policy])
    plaintext, header = sdk.decrypt(source=message, key_provider=provider)
    return plaintext.decode(), dict(header.encryption_context)


def decrypted_by_kms(message: bytes, key_arn: str) -> tuple[str, dict[str, str]]:
    """Return the text of a message and its context, by the KMS that the environment names."""
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[key_arn])
    plaintext, header = aws_encryption_sdk.EncryptionSDKClient().decrypt(
        source=message, key_provider=provider
    )
    return plaintext.decode(), dict(header.encryption_context)


def decrypted_text(text: str, key: str, key_name: str) -> str:
    """Return what `code` of a custom sender's event says; `key` as `poolgate keys` prints it."""
    return decrypted(base64.b64decode(text), base64.b64decode(key), key_name)[0]
