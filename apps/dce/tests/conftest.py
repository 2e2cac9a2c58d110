"""Fixtures: the app's file for tests of its rules, real processes for tests of the whole."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dce_desk import Desk

from poolgate_dce.database import Database

BIN = Path(sys.executable).parent
REGION = "us-east-1"
PASSWORD = "Correct-Horse-1"
STOP_SECONDS = 30
ARN = "arn:aws:execute-api:us-east-1:{account}:dce/api"
USER_POLICY = (
    "GET/usage",
    "GET/leases",
    "GET/leases/*",
    "POST/leases",
    "POST/leases/*",
    "DELETE/leases",
    "DELETE/leases/*",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "dce.sqlite3")
    yield database
    database.close()


@contextlib.contextmanager
def process(*command: str | Path, **environment: str) -> Iterator[str]:
    """Run a server until the block ends; the value is the URL that it printed."""
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        line = running.stdout.readline()
        assert "http://" in line, f"{command} printed {line!r}"
        yield "http://" + line.split("http://")[1].split()[0].rstrip("/")
    finally:
        running.terminate()
        running.wait(timeout=STOP_SECONDS)
        running.stdout.close()


@dataclass(frozen=True)
class Server:
    """A Poolgate server and the root's way to it."""

    url: str
    root: Credentials = field(repr=False)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.root.access_key,
            aws_secret_access_key=self.root.secret_key,
        )

    def iam_user(self, name: str, policy: Mapping[str, Any] | None) -> Credentials:
        """Create an IAM user with one policy and return its access key."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if policy is not None:
            document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **policy}]}
            iam.put_user_policy(
                UserName=name, PolicyName="all", PolicyDocument=json.dumps(document)
            )
        access_key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("poolgate") / "data"
    with process(BIN / "poolgate", "serve", "--data", data, "--port", "0") as url:
        section = dict(
            line.split(" = ")
            for line in (data / "credentials").read_text().splitlines()[1:]
            if line
        )
        yield Server(
            url, Credentials(section["aws_access_key_id"], section["aws_secret_access_key"])
        )


@dataclass(frozen=True)
class Pool:
    """A pool whose users call the API with tokens."""

    server: Server
    pool_id: str
    client_id: str

    @property
    def issuer(self) -> str:
        return f"{self.server.url}/{self.pool_id}"

    def user(
        self, username: str, *, roles: str | None = None, groups: tuple[str, ...] = ()
    ) -> None:
        cognito = self.server.client("cognito-idp")
        attributes = [] if roles is None else [{"Name": "custom:roles", "Value": roles}]
        whom = {"UserPoolId": self.pool_id, "Username": username}
        cognito.admin_create_user(**whom, MessageAction="SUPPRESS", UserAttributes=attributes)
        cognito.admin_set_user_password(**whom, Password=PASSWORD, Permanent=True)
        for group in groups:
            with contextlib.suppress(cognito.exceptions.GroupExistsException):
                cognito.create_group(UserPoolId=self.pool_id, GroupName=group)
            cognito.admin_add_user_to_group(**whom, GroupName=group)

    def sign_in(self, username: str) -> dict[str, Any]:
        return self.server.client("cognito-idp").initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]

    def id_token(self, username: str) -> str:
        return self.sign_in(username)["IdToken"]


@pytest.fixture(scope="session")
def pool(server: Server) -> Pool:
    cognito = server.client("cognito-idp")
    pool_id = cognito.create_user_pool(
        PoolName="dce",
        Schema=[{"Name": "roles", "AttributeDataType": "String", "Mutable": True}],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )["UserPool"]["Id"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="dce", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    return Pool(server, pool_id, client_id)


@dataclass(frozen=True)
class Reply:
    """What the API answered; header names are in lower case, repeated headers joined."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Api:
    """A running app, and the ways to call it."""

    url: str
    database: Path
    arn: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send one request as it is; `target` begins below the base path."""
        path = urlsplit(self.url).path
        connection = http.client.HTTPConnection(self.host, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"{path}{target}", body or None, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            names = {name.lower() for name, _ in answer.getheaders()}
            joined = {name: ", ".join(answer.headers.get_all(name)) for name in names}
        return Reply(answer.status, json.loads(content) if content else None, joined)

    def signature(
        self,
        credentials: Credentials,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        service: str = "execute-api",
        region: str = REGION,
    ) -> dict[str, str]:
        """Return the headers that sign a request, as botocore makes them."""
        request = AWSRequest(method, f"{self.url}{target}", data=body)
        SigV4Auth(credentials, service, region).add_auth(request)
        return dict(request.headers.items())

    def signed(self, credentials: Credentials, method: str, target: str, body: Any = None) -> Reply:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(method, target, self.signature(credentials, method, target, raw), raw)

    def bearer(self, token: str, method: str, target: str, body: Any = None) -> Reply:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(method, target, {"Authorization": f"Bearer {token}"}, raw)


@dataclass(frozen=True)
class Installation:
    """The parts of one installation, for tests that start further apps on it."""

    server: Server
    pool: Pool
    account_id: str
    app_key: Credentials = field(repr=False)

    @contextlib.contextmanager
    def api(self, folder: Path, *flags: str, **environment: str) -> Iterator[Api]:
        """Run the app with its own file until the block ends."""
        with process(
            sys.executable,
            "-m",
            "poolgate_dce",
            "serve",
            "--port",
            "0",
            "--auto-reset",
            *flags,
            DCE_DATABASE=str(folder / "dce.sqlite3"),
            DCE_REVIEW_SECONDS="1",
            DCE_ACCOUNT_ID=self.account_id,
            DCE_POOLGATE_URL=self.server.url,
            DCE_ACCESS_KEY_ID=self.app_key.access_key,
            DCE_SECRET_ACCESS_KEY=self.app_key.secret_key,
            **environment,
        ) as url:
            yield Api(url, folder / "dce.sqlite3", ARN.format(account=self.account_id))

    def bearer_settings(self) -> dict[str, str]:
        return {
            "DCE_BEARER_ISSUER": self.pool.issuer,
            "DCE_BEARER_CLIENT_ID": self.pool.client_id,
        }


@pytest.fixture(scope="session")
def installation(server: Server, pool: Pool) -> Installation:
    account_id = server.client("sts").get_caller_identity()["Account"]
    app_key = server.iam_user(
        "dce-app",
        {
            "Action": ["poolgate:GetSigningKey", "poolgate:VerifySignature"],
            "Resource": f"arn:aws:poolgate:{REGION}:{account_id}:scope/execute-api/{REGION}",
        },
    )
    return Installation(server, pool, account_id, app_key)


@pytest.fixture(scope="session")
def api(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The app with both kinds of proof."""
    folder = tmp_path_factory.mktemp("dce")
    with installation.api(folder, **installation.bearer_settings()) as running:
        yield running


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)
