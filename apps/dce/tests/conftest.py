"""Fixtures: the app's file for tests of its rules, real processes for tests of the whole."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from dce_api import Api
from dce_desk import Desk
from dce_installation import Installed, set_up
from dce_processes import PASSWORD, REGION, Server, process, serving

from poolgate_dce.database import Database

ARN = "arn:aws:execute-api:us-east-1:{account}:dce/api"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "dce.sqlite3")
    yield database
    database.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("poolgate") / "data") as running:
        yield running


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
    account_id = server.account_id
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


@pytest.fixture(scope="session")
def set_up_once(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """What the app's own `set-up` makes, and the role of the one account that gives keys."""
    made = set_up(server, tmp_path_factory.mktemp("installed"))
    made.trust_the_app()
    return made


@pytest.fixture(scope="module")
def installed(set_up_once: Installed) -> Iterator[Installed]:
    """The same with the app running on an empty file: for users with an identity pool's keys."""
    set_up_once.forget_everything()
    with set_up_once.serving():
        yield set_up_once


@pytest.fixture(scope="module")
def desk_api(installed: Installed) -> Api:
    return installed.api


@pytest.fixture(scope="session")
def operator(installation: Installation) -> Credentials:
    """An IAM user who may invoke everything."""
    arn = f"arn:aws:execute-api:us-east-1:{installation.account_id}:dce/*"
    return installation.server.iam_user(
        "operator", {"Action": "execute-api:Invoke", "Resource": arn}
    )


@pytest.fixture(scope="session")
def jane(pool: Pool) -> str:
    pool.user("jane")
    return pool.id_token("jane")


@pytest.fixture(scope="session")
def june(pool: Pool) -> str:
    pool.user("june")
    return pool.id_token("june")


@pytest.fixture(scope="session")
def add_ready_account(operator: Credentials) -> Callable[[Api, str], None]:
    def add(api: Api, account_id: str) -> None:
        body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
        assert api.signed(operator, "POST", "/accounts", body).status == 201
        subprocess.run(
            [sys.executable, "-m", "poolgate_dce", "reset", "--database", api.database, account_id],
            check=True,
        )
        added = api.signed(operator, "GET", f"/accounts/{account_id}")
        assert added.body["accountStatus"] == "Ready"

    return add
