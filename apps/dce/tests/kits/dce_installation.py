"""An installation made by the app's own `set-up`, the people in it, and their browsers."""

import base64
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx2
from botocore.credentials import Credentials
from dce_api import Api
from dce_processes import BIN, PASSWORD, Server, free_port, process
from kits.browser import Browser

TEMPORARY = "Temporary-Horse-1"


@dataclass(frozen=True)
class Installed:
    """What `set-up` has made, and where the app shall be served."""

    server: Server
    folder: Path
    api_url: str
    outputs: Mapping[str, str]

    @property
    def arn(self) -> str:
        account_id = self.outputs["role_user_arn"].split(":")[4]
        return f"arn:aws:execute-api:us-east-1:{account_id}:dce/api"

    def settings(self) -> dict[str, str]:
        lines = (self.folder / "dce.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def database(self) -> Path:
        return self.folder / "dce.sqlite3"

    @property
    def api(self) -> Api:
        """The app, as long as it is served."""
        return Api(self.api_url, self.database, self.arn)

    @contextlib.contextmanager
    def serving(self, *flags: str, **environment: str) -> Iterator[Api]:
        """Run the app with the settings that were made, at the URL that they are for."""
        port = self.api_url.rpartition(":")[2].partition("/")[0]
        command = (sys.executable, "-m", "poolgate_dce", "serve", "--port", port, "--auto-reset")
        with process(
            *command,
            *flags,
            log=self.folder / "dce.log",
            DCE_DATABASE=str(self.database),
            DCE_REVIEW_SECONDS="1",
            **{**self.settings(), **environment},
        ) as url:
            assert url == self.api_url
            yield self.api

    def forget_everything(self) -> None:
        """Take the app's file away, while it is not served."""
        for path in self.folder.glob("dce.sqlite3*"):
            path.unlink()

    @property
    def own_account(self) -> str:
        """The server's account, the only one whose role the app may assume."""
        return self.arn.split(":")[4]

    def trust_the_app(self) -> None:
        """Make the principal role of the server's own account."""
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{self.own_account}:user/dce-app-main"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        self.server.client("iam").create_role(
            RoleName=self.outputs["principal_role_name"], AssumeRolePolicyDocument=json.dumps(trust)
        )

    def log(self) -> str:
        return (self.folder / "dce.log").read_text()

    # -- people --------------------------------------------------------------------------------

    def person(self, username: str, *groups: str, roles: str | None = None, **more: Any) -> None:
        """Make a user with a temporary password, as seed 000 has it, in groups."""
        cognito = self.server.client("cognito-idp")
        whom = {"UserPoolId": self.outputs["cognito_user_pool_id"], "Username": username}
        attributes = [] if roles is None else [{"Name": "custom:roles", "Value": roles}]
        cognito.admin_create_user(
            **whom,
            TemporaryPassword=TEMPORARY,
            MessageAction="SUPPRESS",
            UserAttributes=attributes,
            **more,
        )
        for group in groups:
            self.join(username, group)

    def join(self, username: str, group: str) -> None:
        cognito = self.server.client("cognito-idp")
        pool_id = self.outputs["cognito_user_pool_id"]
        with contextlib.suppress(cognito.exceptions.GroupExistsException):
            cognito.create_group(UserPoolId=pool_id, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=group)

    def leave(self, username: str, group: str) -> None:
        self.server.client("cognito-idp").admin_remove_user_from_group(
            UserPoolId=self.outputs["cognito_user_pool_id"], Username=username, GroupName=group
        )

    def code_of(self, username: str, *groups: str, roles: str | None = None) -> str:
        """Return the authentication code of a new person, out of a browser of its own."""
        self.person(username, *groups, roles=roles)
        return DceBrowser.at(self.api_url).sign_in_first(username).authentication_code

    def keys_of(self, username: str, *groups: str, roles: str | None = None) -> Credentials:
        """Return the temporary keys of a new person."""
        return keys_in(self.code_of(username, *groups, roles=roles))


def keys_in(authentication_code: str) -> Credentials:
    """Return the keys that a code holds."""
    members = json.loads(base64.b64decode(authentication_code, validate=True))
    return Credentials(members["accessKeyId"], members["secretAccessKey"], members["sessionToken"])


def set_up(server: Server, folder: Path, *flags: str) -> Installed:
    """Make an installation by the app's own command; its URL is one that is free."""
    api_url = f"http://127.0.0.1:{free_port()}/api"
    printed = run_set_up(server, folder, api_url, *flags).stdout
    return Installed(server, folder, api_url, json.loads(printed))


def run_set_up(
    server: Server, folder: Path, api_url: str, *flags: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            BIN / "poolgate-dce",
            "set-up",
            "--api-url",
            api_url,
            "--poolgate-url",
            server.url,
            "--settings-file",
            folder / "dce.env",
            *flags,
        ],
        check=check,
        capture_output=True,
        text=True,
        env={
            "AWS_ACCESS_KEY_ID": server.root.access_key,
            "AWS_SECRET_ACCESS_KEY": server.root.secret_key,
        },
    )


@dataclass(frozen=True)
class AccountPool:
    """Accounts without a process for each."""

    api: Api
    keys: Credentials

    def add(self, account_id: str) -> str:
        body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
        assert self.api.signed(self.keys, "POST", "/accounts", body).status == 201
        return account_id

    def add_ready(self, account_id: str) -> None:
        self.add(account_id)
        subprocess.run(
            [BIN / "poolgate-dce", "reset", "--database", self.api.database, account_id],
            check=True,
        )

    def lease(self, principal_id: str) -> str:
        body = {"principalId": principal_id}
        made = self.api.signed(self.keys, "POST", "/leases", body)
        assert made.status == 201, made.body
        return made.body["id"]

    def end(self, lease_id: str) -> None:
        assert self.api.signed(self.keys, "DELETE", f"/leases/{lease_id}").status == 200


@dataclass(frozen=True)
class _Seen:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: list[str]


@dataclass
class DceBrowser(Browser):
    """A browser without script that talks to real servers, as many as a sign-in takes."""

    client: httpx2.Client = field(
        # Browsers are many and nobody closes them, so that they keep no connection.
        default_factory=lambda: httpx2.Client(
            timeout=30, limits=httpx2.Limits(max_keepalive_connections=0)
        )
    )

    @classmethod
    def at(cls, api_url: str) -> "DceBrowser":
        """Return a new browser that has opened the API's `/auth`."""
        return cls.opening(f"{api_url}/auth")

    @classmethod
    def opening(cls, url: str) -> "DceBrowser":
        """Return a new browser that was told to open the address."""
        return cls(poolgate=None).open(url)

    def _go(self, method, url, body, headers):
        self.statuses = []
        for _ in range(10):
            self.url = urljoin(self.url, url)
            answer = self.client.request(method, self.url, content=body, headers=headers)
            self.response = _Seen(
                answer.status_code,
                answer.headers,
                answer.content,
                answer.headers.get_list("set-cookie"),
            )
            self.statuses.append(answer.status_code)
            if answer.status_code not in {302, 303, 307}:
                return self
            method, body, headers = "GET", b"", {}
            url = answer.headers["location"]
        raise AssertionError("too many redirects")

    def leave_for_the_login(self) -> "DceBrowser":
        """Follow the link that the page's script would have followed."""
        return self.open(self.page.links[0])

    def fill_in(self, username: str, password: str) -> "DceBrowser":
        return self.send(username=username, password=password)

    def sign_in_first(self, username: str) -> "DceBrowser":
        """Sign in with the temporary password and choose another."""
        self.leave_for_the_login()
        self.fill_in(username, TEMPORARY)
        return self.send(new_password=PASSWORD, repeated=PASSWORD)

    def sign_in(self, username: str) -> "DceBrowser":
        return self.leave_for_the_login().fill_in(username, PASSWORD)

    def sign_out(self) -> "DceBrowser":
        """Press the page's button."""
        action, fields = self.page.forms[-1]
        return self.open(f"{action}?{urlencode(fields)}")

    @property
    def text(self) -> str:
        return self.response.body.decode()

    @property
    def authentication_code(self) -> str:
        return unescape(re.search(r"<textarea[^>]*>([^<]*)</textarea>", self.text)[1])
