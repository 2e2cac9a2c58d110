"""Devices that are remembered, with somebody else's implementation of their arithmetic."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from kits.cognito import App
from pycognito.aws_srp import AWSSRP, generate_hash_device, hex_to_long, long_to_hex

from poolgate.testing import LocalPoolgate

ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ASKING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
BESIDE_MFA = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}


def tracking_app(poolgate: LocalPoolgate, configuration: dict[str, bool], **client: Any) -> App:
    """Return an app of a pool that tracks devices."""
    return App.of(poolgate, pool={"DeviceConfiguration": configuration}, **client)


@dataclass
class Device:
    """What one device keeps between sign-ins."""

    app: App
    device_key: str
    group_key: str
    secret: str
    verifier_config: dict[str, str]
    srp: AWSSRP = field(repr=False)

    @classmethod
    def of(cls, app: App, signed_in: Any) -> "Device":
        """Take the names that came with tokens and make a secret."""
        metadata = signed_in["AuthenticationResult"]["NewDeviceMetadata"]
        device_key, group_key = metadata["DeviceKey"], metadata["DeviceGroupKey"]
        secret, verifier_config = generate_hash_device(group_key, device_key)
        return cls(app, device_key, group_key, secret, verifier_config, app.srp())

    def confirm(self, access_token: str, **more: Any) -> Any:
        return self.app.cognito.confirm_device(
            AccessToken=access_token,
            DeviceKey=self.device_key,
            DeviceSecretVerifierConfig=self.verifier_config,
            **more,
        )

    def begin_proof(self, session: str | None, username: str = "alice", **more: str) -> Any:
        """Answer DEVICE_SRP_AUTH."""
        members = {"USERNAME": username, "DEVICE_KEY": self.device_key, "SRP_A": self.srp_a}
        return self.app.respond("DEVICE_SRP_AUTH", session, **{**members, **more})

    @property
    def srp_a(self) -> str:
        return str(long_to_hex(self.srp.large_a_value))

    def claim(self, parameters: dict[str, str], *, secret: str | None = None) -> dict[str, str]:
        """Return the answer to DEVICE_PASSWORD_VERIFIER."""
        signing_key = self.srp.get_device_authentication_key(
            self.group_key,
            self.device_key,
            secret or self.secret,
            hex_to_long(parameters["SRP_B"]),
            parameters["SALT"],
        )
        timestamp = AWSSRP.get_cognito_formatted_timestamp(self.app.poolgate.clock.now())
        block = base64.b64decode(parameters["SECRET_BLOCK"])
        message = f"{self.group_key}{self.device_key}".encode() + block + timestamp.encode()
        signature = hmac.digest(bytes(signing_key), message, hashlib.sha256)
        return {
            "USERNAME": parameters["USERNAME"],
            "DEVICE_KEY": self.device_key,
            "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
            "TIMESTAMP": timestamp,
        }

    def prove(self, owed: Any, *, with_session: bool = True, **more: Any) -> Any:
        """Answer both device challenges of a sign-in that asks for them."""
        assert owed["ChallengeName"] == "DEVICE_SRP_AUTH"
        begun = self.begin_proof(owed["Session"] if with_session else None)
        assert begun["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        claim = self.claim(begun["ChallengeParameters"], **more)
        return self.app.respond("DEVICE_PASSWORD_VERIFIER", **claim)


def confirmed_device(app: App, signed_in: Any, **more: Any) -> Device:
    """Return a device that the pool knows."""
    device = Device.of(app, signed_in)
    device.confirm(signed_in["AuthenticationResult"]["AccessToken"], **more)
    return device


def device_attributes(shape: Any) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in shape["DeviceAttributes"]}
