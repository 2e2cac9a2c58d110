"""An authenticator app, written from RFC 6238 and not from the server's code."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Any

from kits.cognito import App

TOTP_POOL = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
SMS_BLOCK = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/service/sms"}}
PHONE, EMAIL = "+15555550100", "alice@example.com"
FACTORS = {
    "SOFTWARE_TOKEN_MFA": TOTP_POOL,
    "SMS_MFA": {"SmsMfaConfiguration": SMS_BLOCK},
    "EMAIL_OTP": {"EmailMfaConfiguration": {}},
}


def totp_code(secret_code: str, moment: int) -> str:
    """Return the code that an app shows at that second."""
    key = base64.b32decode(secret_code + "=" * (-len(secret_code) % 8))
    digest = hmac.new(key, struct.pack(">Q", moment // 30), hashlib.sha1).digest()
    at = digest[19] & 15
    (number,) = struct.unpack(">I", digest[at : at + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


@dataclass
class Authenticator:
    """One account in an app; codes are of the server's clock, `ahead` seconds from now."""

    app: App
    secret_code: str

    def code(self, ahead: int = 0) -> str:
        moment = int(self.app.poolgate.clock.now().timestamp()) + ahead
        return totp_code(self.secret_code, moment)

    def wrong_code(self) -> str:
        """Return a code that is none of those near now."""
        near = {self.code(ahead) for ahead in range(-90, 120, 30)}
        return next(text for text in map(str, range(100_000, 100_010)) if text not in near)

    def next_code(self) -> str:
        """Let a step pass and return its code, which nobody can have used."""
        self.app.poolgate.clock.advance(30)
        return self.code()


def set_mfa(app: App, mode: str, *factors: str) -> Any:
    """Let the pool use these factors."""
    blocks: dict[str, Any] = {}
    for factor in factors:
        blocks |= FACTORS[factor]
    return app.cognito.set_user_pool_mfa_config(
        UserPoolId=app.pool_id, MfaConfiguration=mode, **blocks
    )


def enrol(app: App, access_token: str, **name: str) -> Authenticator:
    """Set up and verify an app of somebody who is signed in."""
    begun = app.cognito.associate_software_token(AccessToken=access_token)
    authenticator = Authenticator(app, begun["SecretCode"])
    app.cognito.verify_software_token(
        AccessToken=access_token, UserCode=authenticator.code(), **name
    )
    return authenticator


def enrolled(app: App, username: str = "alice", **attributes: str) -> Authenticator:
    """Make a user with an app, in a pool that does not ask for it yet."""
    app.user(username, **attributes)
    return enrol(app, app.access_token(username))
