"""What the guard adds to a request of somebody's API, against a real server."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starting import Started

from poolgate.guard import BearerTokens, Guard, GuardRequest, SignedRequests

USERNAME = "someone"
PASSWORD = "Correct-Horse-1"
API = "http://api.example"
BROWSER_HEADERS = (
    ("host", urlsplit(API).netloc),
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate, br"),
    ("user-agent", "bench/1.0"),
)


class Guarding:
    """A guard of one API and callers of it."""

    def __init__(self, server: Started) -> None:
        self._server = server
        self._exports = server.exports()
        self._region = self._exports["AWS_DEFAULT_REGION"]

    def bearer_requests(self, count: int) -> tuple[Guard, Iterator[GuardRequest]]:
        """Return a guard that knows the pool's keys, and requests with tokens new to it."""
        cognito = self._aws("cognito-idp")
        pool_id = cognito.create_user_pool(PoolName="bench")["UserPool"]["Id"]
        client_id = cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="bench",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool_id, Username=USERNAME, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool_id, Username=USERNAME, Password=PASSWORD, Permanent=True
        )
        tokens = cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client_id,
            AuthParameters={"USERNAME": USERNAME, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        refresh = {"REFRESH_TOKEN": tokens["RefreshToken"]}
        access_tokens = [
            cognito.initiate_auth(
                AuthFlow="REFRESH_TOKEN_AUTH", ClientId=client_id, AuthParameters=refresh
            )["AuthenticationResult"]["AccessToken"]
            for _ in range(count)
        ]
        guard = Guard(
            BearerTokens(
                issuer=f"{self._server.url}/{pool_id}", client_ids=[client_id], token_use="access"
            )
        )
        # One call before the clock runs, so that the pool's keys are there.
        guard.authenticate(_bearer_request(tokens["AccessToken"]))
        return guard, map(_bearer_request, access_tokens)

    def signed_request(self) -> tuple[Guard, GuardRequest]:
        """Return a guard that knows the caller's key, and a request whose policy lets it in."""
        iam = self._aws("iam")
        account_id = self._aws("sts").get_caller_identity()["Account"]
        api_arn = f"arn:aws:execute-api:{self._region}:{account_id}:bench/api"
        iam.create_user(UserName="caller")
        iam.put_user_policy(
            UserName="caller",
            PolicyName="invoke",
            PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":'
            f' "execute-api:Invoke", "Resource": "{api_arn}/GET/leases"}}]}}',
        )
        access_key = iam.create_access_key(UserName="caller")["AccessKey"]
        guard = Guard(
            SignedRequests(
                server_url=self._server.url,
                access_key_id=self._exports["AWS_ACCESS_KEY_ID"],
                secret_access_key=self._exports["AWS_SECRET_ACCESS_KEY"],
                region=self._region,
                service="execute-api",
                invoke_arn=api_arn,
            )
        )
        request = AWSRequest("GET", f"{API}/leases?limit=25", dict(BROWSER_HEADERS))
        credentials = Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])
        SigV4Auth(credentials, "execute-api", self._region).add_auth(request)
        signed = GuardRequest(
            method="GET", path="/leases", query="limit=25", headers=tuple(request.headers.items())
        )
        guard.authenticate(signed)
        return guard, signed

    def _aws(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._server.url,
            region_name=self._region,
            aws_access_key_id=self._exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._exports["AWS_SECRET_ACCESS_KEY"],
        )


def once_each(guard: Guard, requests: Iterator[GuardRequest]) -> Callable[[], object]:
    """Return an authentication of the next request."""
    return lambda: guard.authenticate(next(requests))


def again(guard: Guard, request: GuardRequest) -> Callable[[], object]:
    """Return an authentication of the same request."""
    return lambda: guard.authenticate(request)


def _bearer_request(access_token: str) -> GuardRequest:
    return GuardRequest(
        method="GET",
        path="/leases",
        query="limit=25",
        headers=(*BROWSER_HEADERS, ("authorization", f"Bearer {access_token}")),
    )
