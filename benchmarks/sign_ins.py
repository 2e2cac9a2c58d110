"""Sign-ins and refreshes in process, through the whole WSGI application and an SQLite file."""

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from asking import Asking
from measuring import Spent, spent_on
from pycognito.aws_srp import AWSSRP

from poolgate.testing import LocalPoolgate

USERNAME = "someone"
PASSWORD = "Correct-Horse-1"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class SignIns:
    """One pool with one user who signs in again and again."""

    def __init__(self, folder: Path) -> None:
        self._poolgate = LocalPoolgate(database_url=f"sqlite:///{folder / 'bench.sqlite3'}")
        self._door = Asking(self._poolgate)
        cognito = self._poolgate.client("cognito-idp")
        self._pool_id = cognito.create_user_pool(PoolName="bench")["UserPool"]["Id"]
        self._client_id = cognito.create_user_pool_client(
            UserPoolId=self._pool_id, ClientName="bench", ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(
            UserPoolId=self._pool_id, Username=USERNAME, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(
            UserPoolId=self._pool_id, Username=USERNAME, Password=PASSWORD, Permanent=True
        )

        # As `poolgate serve` does: what is there for good is not looked through again and again.
        gc.collect()
        gc.freeze()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._poolgate.close()

    def password(self) -> Callable[[], bytes]:
        """Return a sign-in by password."""
        return self._door.prepared(
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": self._client_id,
                "AuthParameters": {"USERNAME": USERNAME, "PASSWORD": PASSWORD},
            },
        )

    def srp(self, calls: int) -> Spent:
        """Sign in by SRP and return what the server's two calls took, without the client's work.

        All first calls come first, then all second ones: the client's arithmetic is far longer
        than the server's and would leave the processor's caches to it.
        """
        clients = [
            AWSSRP(USERNAME, PASSWORD, self._pool_id, self._client_id, client=self)
            for _ in range(calls)
        ]
        begun = [srp_client.get_auth_params() for srp_client in clients]
        challenges: list[dict[str, Any]] = []
        first = spent_on(lambda: challenges.extend(map(self._begin_srp, begun)))
        proofs = [
            srp_client.process_challenge(challenge["ChallengeParameters"], parameters)
            for srp_client, parameters, challenge in zip(clients, begun, challenges, strict=True)
        ]
        second = spent_on(lambda: [self._prove_srp(proof) for proof in proofs])
        return (first + second) / calls

    def refresh(self) -> Callable[[], bytes]:
        """Return a refresh of one signed-in user's tokens."""
        refresh_token = json.loads(self.password()())["AuthenticationResult"]["RefreshToken"]
        request = {
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "ClientId": self._client_id,
            "AuthParameters": {"REFRESH_TOKEN": refresh_token},
        }
        return self._door.prepared("InitiateAuth", request)

    def _begin_srp(self, parameters: dict[str, str]) -> dict[str, Any]:
        return self._door.ask(
            "InitiateAuth",
            {
                "AuthFlow": "USER_SRP_AUTH",
                "ClientId": self._client_id,
                "AuthParameters": parameters,
            },
        )

    def _prove_srp(self, proof: dict[str, str]) -> None:
        answer = self._door.ask(
            "RespondToAuthChallenge",
            {
                "ClientId": self._client_id,
                "ChallengeName": "PASSWORD_VERIFIER",
                "ChallengeResponses": proof,
            },
        )
        assert "AccessToken" in answer["AuthenticationResult"]
