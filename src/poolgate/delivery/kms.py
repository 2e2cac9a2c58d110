"""Data keys of KMS at a configured endpoint, so that functions decrypt exactly as on AWS."""

import base64
import re
from collections.abc import Mapping

import msgspec

from poolgate.credentials.encryption_sdk import DataKey
from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.signed_posts import EndpointSettings, SignedPosts
from poolgate.foundation.clock import Clock

_KMS_KEY = re.compile(r"arn:[a-z-]+:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:(?:key|alias)/.+")
# AWS Encryption SDK: the id of KMS among key providers.
_KMS_PROVIDER = "aws-kms"


class _Generated(msgspec.Struct, rename="pascal"):
    key_id: str
    plaintext: str
    ciphertext_blob: str


class KmsKeyring:
    """Has KMS make and wrap data keys, in the region of the key's ARN."""

    def __init__(self, settings: EndpointSettings, clock: Clock) -> None:
        self._posts = SignedPosts(settings, "kms", clock)

    def new_data_key(self, key_name: str, context: Mapping[str, str]) -> DataKey:
        """Return a key for one message; raise DeliveryFailed."""
        found = _KMS_KEY.fullmatch(key_name)
        if found is None:
            raise DeliveryFailed("the KMSKeyID is no key of KMS")
        body = msgspec.json.encode(
            {"KeyId": key_name, "KeySpec": "AES_256", "EncryptionContext": context}
        )
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "TrentService.GenerateDataKey",
        }
        answered = self._posts.post(found["region"], headers, body)
        if not answered.is_success:
            raise DeliveryFailed(f"KMS answered HTTP status {answered.status}")
        try:
            generated = msgspec.json.decode(answered.body, type=_Generated)
            return DataKey(
                plaintext=base64.b64decode(generated.plaintext, validate=True),
                provider_id=_KMS_PROVIDER,
                provider_info=generated.key_id.encode(),
                wrapped=base64.b64decode(generated.ciphertext_blob, validate=True),
            )
        # What was answered holds a key: nothing of it may stay in the failure.
        except ValueError:
            raise DeliveryFailed("KMS answered what cannot be read") from None
