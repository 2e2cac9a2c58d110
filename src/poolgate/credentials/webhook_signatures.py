"""The signature by which the receiver of a webhook knows where it comes from."""

import hashlib
import hmac
from datetime import datetime

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.secret import Secret

SIGNATURE_HEADER = "Poolgate-Signature"


def sign_webhook(signing_secret: Secret, body: bytes, now: datetime) -> dict[str, str]:
    """Return the header `t=SECONDS,v1=HEX`, HEX being HMAC-SHA256 of `SECONDS.` and the body."""
    seconds = str(epoch_seconds(now))
    signed = seconds.encode() + b"." + body
    digest = hmac.new(signing_secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
    return {SIGNATURE_HEADER: f"t={seconds},v1={digest}"}
