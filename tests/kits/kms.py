"""As much of KMS as the AWS Encryption SDK needs: one key that wraps data keys."""

import base64
import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/0b5f7b2e-5d2c-4b8e-9d0a-2b7f3c1d4e5f"


class OneKey:
    """Answers GenerateDataKey and Decrypt; the encryption context must be the same at both."""

    def __init__(self) -> None:
        self._cipher = AESGCM(os.urandom(32))
        self.generated = 0

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        context = json.dumps(request["EncryptionContext"], sort_keys=True).encode()
        if "CiphertextBlob" in request:
            blob = base64.b64decode(request["CiphertextBlob"])
            plaintext = self._cipher.decrypt(blob[:12], blob[12:], context)
            return {"KeyId": KEY_ARN, "Plaintext": base64.b64encode(plaintext).decode()}
        assert (request["KeyId"], request["KeySpec"]) == (KEY_ARN, "AES_256")
        self.generated += 1
        nonce, plaintext = os.urandom(12), os.urandom(32)
        blob = nonce + self._cipher.encrypt(nonce, plaintext, context)
        return {
            "KeyId": KEY_ARN,
            "Plaintext": base64.b64encode(plaintext).decode(),
            "CiphertextBlob": base64.b64encode(blob).decode(),
        }
