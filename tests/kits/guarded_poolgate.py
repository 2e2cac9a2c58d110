"""A guard with a real Poolgate behind it, and requests signed by botocore."""

import json
from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from kits.guard_world import HOST
from kits.serving import PASSWORD, make_pool, make_user

from poolgate.guard import (
    BasicPasswords,
    BearerTokens,
    Guard,
    GuardRequest,
    OutboundAnswer,
    SignedRequests,
    Unauthenticated,
)
from poolgate.testing.local import Credentials

REGION = "us-east-1"


class Surroundings:
    """A pool with users, a guard's own access key, and what callers hold."""

    def __init__(self, poolgate):
        self.poolgate = poolgate
        self.idp = poolgate.client("cognito-idp")
        self.iam = poolgate.client("iam")
        self.pool = make_pool(self.idp, "people")
        self.issuer = f"{poolgate.url}/{self.pool.pool_id}"
        self.invoke_arn = f"arn:aws:execute-api:{REGION}:{poolgate.account_id}:leases/api"
        scope = f"arn:aws:poolgate:{REGION}:{poolgate.account_id}:scope/execute-api/{REGION}"
        self.guard_key = self.iam_user(
            "guard", ["poolgate:GetSigningKey", "poolgate:VerifySignature"], scope
        )

    def iam_user(self, name, actions=(), resource="*"):
        self.iam.create_user(UserName=name)
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
            self.put_policy(name, statement)
        made = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"])

    def put_policy(self, name, *statements):
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self.iam.put_user_policy(
            UserName=name, PolicyName="granted", PolicyDocument=json.dumps(document)
        )

    def arn(self, name):
        return f"arn:aws:iam::{self.poolgate.account_id}:user/{name}"

    def person(self, username, **more):
        make_user(self.idp, self.pool, username, **more)

    def tokens(self, username="alice"):
        answer = self.idp.initiate_auth(
            ClientId=self.pool.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]

    def bearer(self, **changes):
        return BearerTokens(
            **({"issuer": self.issuer, "client_ids": [self.pool.client_id]} | changes)
        )

    def basic(self, **changes):
        return BasicPasswords(
            **({"client_id": self.pool.client_id, "endpoint_url": self.poolgate.url} | changes)
        )

    def signed(self, **changes):
        return SignedRequests(
            **(
                {
                    "server_url": self.poolgate.url,
                    "access_key_id": self.guard_key.access_key_id,
                    "secret_access_key": self.guard_key.secret_access_key,
                }
                | changes
            )
        )

    def guard(self, *methods, **settings):
        return Guard(
            *methods,
            clock=self.poolgate.clock,
            fetch=self.fetch,
            plain_http_hosts=[urlsplit(self.poolgate.url).hostname],
            **settings,
        )

    def fetch(self, asked):
        url = urlsplit(asked.url)
        answer = self.poolgate.send(
            asked.method, url.path, headers=dict(asked.headers), body=asked.body
        )
        return OutboundAnswer(answer.status, answer.body)

    def sign(self, credentials, method="GET", target="/leases", body=b"", **headers):
        """Return a request signed by botocore, as the guarded API gets it."""
        aws_request = botocore.awsrequest.AWSRequest(
            method, f"https://{HOST}{target}", data=body, headers=headers
        )
        # botocore signs at the machine's time, which is the server's until a test moves it.
        botocore.auth.SigV4Auth(botocore_keys(credentials), "execute-api", REGION).add_auth(
            aws_request
        )
        sent = aws_request.headers.items()
        path, _, query = target.partition("?")
        return GuardRequest(
            method,
            path,
            query,
            (("Host", HOST), *((name, str(value)) for name, value in sent)),
            body,
            "https",
            "203.0.113.9",
        )


def botocore_keys(credentials):
    """Return credentials as botocore signs with them."""
    return botocore.credentials.Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )


def refused(guard, sent, kind=Unauthenticated):
    with pytest.raises(kind) as caught:
        guard.authenticate(sent)
    return caught.value
