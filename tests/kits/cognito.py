"""User pools as a program meets them: boto3 clients over an in-process Poolgate."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP

from poolgate.credentials.secret_hash import make_secret_hash
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

PASSWORD = "Right-password-1"
TEMPORARY = "Temporary-password-1"
EVERY_FLOW = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
WRONG = ("NotAuthorizedException", "Incorrect username or password.")


@contextmanager
def refused(code: str, message: str | None = None) -> Iterator[None]:
    """Expect an AWS error, with its exact message where given."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message or error["Message"])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def attribute_list(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


@dataclass
class App:
    """One app client of one pool, and what its users do."""

    poolgate: LocalPoolgate
    cognito: Any
    pool_id: str
    client_id: str
    client_secret: str | None = None

    @classmethod
    def of(
        cls,
        poolgate: LocalPoolgate,
        *,
        pool: dict[str, Any] | None = None,
        secret: bool = False,
        hides: bool = False,
        **client: Any,
    ) -> "App":
        cognito = poolgate.client("cognito-idp", validate=False)
        pool_id = cognito.create_user_pool(PoolName="people", **(pool or {}))["UserPool"]["Id"]
        return cls._with_client(poolgate, cognito, pool_id, secret=secret, hides=hides, **client)

    @classmethod
    def _with_client(
        cls,
        poolgate: LocalPoolgate,
        cognito: Any,
        pool_id: str,
        *,
        secret: bool = False,
        hides: bool = False,
        **client: Any,
    ) -> "App":
        made = cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="app",
            GenerateSecret=secret,
            PreventUserExistenceErrors="ENABLED" if hides else "LEGACY",
            **{"ExplicitAuthFlows": list(EVERY_FLOW), **client},
        )["UserPoolClient"]
        return cls(poolgate, cognito, pool_id, made["ClientId"], made.get("ClientSecret"))

    def another_client(self, **client: Any) -> "App":
        return self._with_client(self.poolgate, self.cognito, self.pool_id, **client)

    def secret_hash(self, name: str) -> str:
        assert self.client_secret is not None
        return make_secret_hash(Secret(self.client_secret), name, ClientId(self.client_id))

    # -- users ---------------------------------------------------------------------------------

    def user(self, username: str = "alice", *, status: str = "CONFIRMED", **attributes: str) -> str:
        """Make a user in that state with the right password and return its sub."""
        if status == "UNCONFIRMED":
            signed_up = self.cognito.sign_up(
                ClientId=self.client_id,
                Username=username,
                Password=PASSWORD,
                UserAttributes=attribute_list(attributes),
            )
            return str(signed_up["UserSub"])
        made = self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=username,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=attribute_list(attributes),
        )
        if status != "FORCE_CHANGE_PASSWORD":
            self.set_password(username)
        if status == "RESET_REQUIRED":
            self.cognito.admin_reset_user_password(UserPoolId=self.pool_id, Username=username)
        return next(a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")

    def set_password(self, username: str, password: str = PASSWORD) -> None:
        self.cognito.admin_set_user_password(
            UserPoolId=self.pool_id, Username=username, Password=password, Permanent=True
        )

    def described(self, username: str = "alice") -> Any:
        return self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=username)

    def status(self, username: str = "alice") -> str:
        return str(self.described(username)["UserStatus"])

    def attributes(self, username: str = "alice") -> dict[str, str]:
        return {a["Name"]: a["Value"] for a in self.described(username)["UserAttributes"]}

    def disable(self, username: str = "alice") -> None:
        self.cognito.admin_disable_user(UserPoolId=self.pool_id, Username=username)

    def last_code(self, recipient: str) -> str:
        code = self.poolgate.outbox(recipient)[-1].code
        assert code is not None
        return code

    # -- sign-in -------------------------------------------------------------------------------

    def sign_in(self, username: str = "alice", password: str = PASSWORD, **more: str) -> Any:
        return self.cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": username, "PASSWORD": password, **more},
        )

    def admin_sign_in(self, username: str = "alice", password: str = PASSWORD, **more: str) -> Any:
        return self.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": username, "PASSWORD": password, **more},
        )

    def access_token(self, username: str = "alice", password: str = PASSWORD) -> str:
        return str(self.sign_in(username, password)["AuthenticationResult"]["AccessToken"])

    def srp(self, username: str = "alice", password: str = PASSWORD) -> AWSSRP:
        """Return somebody else's implementation of the client's side."""
        poolgate = self.poolgate

        class OnOurClock(AWSSRP):
            @staticmethod
            def get_cognito_formatted_timestamp(_now: datetime) -> str:
                return str(AWSSRP.get_cognito_formatted_timestamp(poolgate.clock.now()))

            def process_challenge(self, *arguments: Any) -> Any:
                # It asks for the time in a way that newer Pythons warn of.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)
                    return super().process_challenge(*arguments)

        return OnOurClock(
            username=username,
            password=password,
            pool_id=self.pool_id,
            client_id=self.client_id,
            client=self.cognito,
            client_secret=self.client_secret,
        )

    def begin_srp(self, srp: AWSSRP) -> Any:
        return self.cognito.initiate_auth(
            AuthFlow="USER_SRP_AUTH",
            ClientId=self.client_id,
            AuthParameters=srp.get_auth_params(),
        )

    def respond(self, challenge: str, session: str | None = None, **responses: str) -> Any:
        return self.cognito.respond_to_auth_challenge(
            ChallengeName=challenge,
            ClientId=self.client_id,
            ChallengeResponses=responses,
            **({"Session": session} if session else {}),
        )

    def answer_srp(self, srp: AWSSRP, begun: Any) -> Any:
        parameters = begun["ChallengeParameters"]
        answers = srp.process_challenge(parameters, {"USERNAME": srp.username})
        return self.respond("PASSWORD_VERIFIER", **answers)
