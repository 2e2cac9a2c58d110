"""Pools that watch for risks, and sign-ins from many places."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError
from kits.cognito import EVERY_FLOW, PASSWORD, App, attribute_list

from poolgate.testing import LocalPoolgate

HOME, ELSEWHERE = "192.0.2.10", "198.51.100.20"
LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) Version/17.1 Safari/605.1.15"
PHONE_AGENT = "Mozilla/5.0 (Linux; Android 14) Chrome/120.0.0.0 Mobile Safari/537.36"
SES_ARN = "arn:aws:ses:us-east-1:123456789012:identity/security@example.com"
ALICE = "alice@example.com"


def encoded_data(**device: str) -> str:
    """Return what AWS's data collection library would send of a device."""
    payload = json.dumps({"contextData": device, "username": "alice"})
    encoded = {"payload": payload, "signature": "c2ln", "version": "JS20171115"}
    return base64.b64encode(json.dumps(encoded).encode()).decode()


def context(address: str = HOME, agent: str = LAPTOP, **more: str) -> dict[str, Any]:
    """Return what a backend tells of its user's request."""
    return {
        "IpAddress": address,
        "ServerName": "shop.example.com",
        "ServerPath": "/login",
        "HttpHeaders": [{"headerName": "User-Agent", "headerValue": agent}],
        **more,
    }


def actions(**by_level: str) -> dict[str, Any]:
    """Return account takeover actions, `HIGH="BLOCK"` and so on, that tell nobody."""
    return {
        f"{level.capitalize()}Action": {"EventAction": action, "Notify": False}
        for level, action in by_level.items()
    }


@dataclass
class Watched(App):
    """An app client of a pool that watches for risks."""

    @classmethod
    def watching(cls, poolgate: LocalPoolgate, mode: str = "ENFORCED", **client: Any) -> Self:
        cognito = poolgate.client("cognito-idp", validate=False)
        pool_id = cognito.create_user_pool(
            PoolName="watched",
            UserPoolTier="PLUS",
            UserPoolAddOns={"AdvancedSecurityMode": mode},
            AutoVerifiedAttributes=["email"],
            SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/service/sms"},
        )["UserPool"]["Id"]
        made = cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="app",
            **{"ExplicitAuthFlows": list(EVERY_FLOW), **client},
        )["UserPoolClient"]
        return cls(poolgate, cognito, pool_id, made["ClientId"], made.get("ClientSecret"))

    def person(self, username: str = "alice", **attributes: str) -> str:
        return self.user(username, **{"email": f"{username}@example.com", **attributes})

    def enter(
        self,
        username: str = "alice",
        password: str = PASSWORD,
        *,
        address: str = HOME,
        agent: str = LAPTOP,
        **more: str,
    ) -> Any:
        """Sign in through a backend that tells where from."""
        return self.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": username, "PASSWORD": password},
            ContextData=context(address, agent, **more),
        )

    def fail(self, username: str = "alice", *, address: str = HOME, times: int = 1) -> None:
        """Type a wrong password that often, a quarter of an hour apart, so that nothing locks."""
        for _ in range(times):
            try:
                self.enter(username, "Wrong-password-1", address=address)
            except ClientError as error:
                message = error.response["Error"]["Message"]
                assert message == "Incorrect username or password.", message

    def configure(self, **parts: Any) -> Any:
        return self.cognito.set_risk_configuration(UserPoolId=self.pool_id, **parts)

    def react(self, **by_level: str) -> None:
        self.configure(AccountTakeoverRiskConfiguration={"Actions": actions(**by_level)})

    def events(self, username: str = "alice", **more: Any) -> list[Any]:
        answer = self.cognito.admin_list_user_auth_events(
            UserPoolId=self.pool_id, Username=username, **more
        )
        return list(answer["AuthEvents"])

    def last_event(self, username: str = "alice") -> Any:
        return self.events(username)[0]

    def join(self, username: str, password: str = PASSWORD, **more: Any) -> Any:
        """Sign up."""
        return self.cognito.sign_up(
            ClientId=self.client_id,
            Username=username,
            Password=password,
            UserAttributes=attribute_list({"email": f"{username}@example.com"}),
            **more,
        )
