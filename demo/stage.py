"""What the tour works with: names, policies, clients and the two processes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from processes import Started
from signing import REGION

TEMPORARY_PASSWORD = "Temporary-Horse-1"
PASSWORD = "Correct-Horse-2"
BIN = Path(sys.executable).parent


def invoke_policy(*resources: str) -> str:
    """Return a policy that allows calls of the app, in every account and region."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": list(resources)}
            ],
        }
    )


GUARD_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "poolgate:GetSigningKey", "Resource": "*"}],
    }
)
API = "arn:aws:execute-api:us-east-1:*:dce/api"
# Who signs, and what they may do; None has no policy at all.
ACCESS_POLICY = {
    "operator": invoke_policy(f"{API}/*"),
    "leaser": invoke_policy(f"{API}/GET/leases", f"{API}/GET/usage"),
    "backend": invoke_policy(f"{API}/*"),
    "visitor": None,
    "gatekeeper": GUARD_POLICY,
}


@dataclass
class Stage:
    """Everything later steps need from earlier ones."""

    server_url: str
    exports: dict[str, str]
    app_url: str = ""
    web_url: str = ""
    pool_id: str = ""
    client_id: str = ""
    identity_pool_id: str = ""
    access_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """The account of the server."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def client(self, service: str, principal: str = "root") -> Any:
        """Return a boto3 client that signs as that principal."""
        root = (self.exports["AWS_ACCESS_KEY_ID"], self.exports["AWS_SECRET_ACCESS_KEY"])
        access_key_id, secret_access_key, *session_token = self.access_keys.get(principal, root)
        return boto3.client(
            service,
            endpoint_url=self.server_url,
            region_name=REGION,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            aws_session_token=next(iter(session_token), None),
        )

    def unsigned_client(self, service: str) -> Any:
        """Return a boto3 client without credentials."""
        return boto3.client(
            service,
            endpoint_url=self.server_url,
            region_name=REGION,
            config=Config(signature_version=UNSIGNED),
        )

    def invitation(self, folder: Path) -> str:
        """Return what to try while everything is still running."""
        return f"""
Still serving; Ctrl-C ends it.
  Sign in    {self.web_url}    (the e-mails it sends: {self.web_url}/outbox)
  Poolgate   {self.server_url}
  DCE app    {self.app_url}

  eval "$({BIN / "poolgate"} env --data {folder / "poolgate"})"
  aws cognito-idp list-users --user-pool-id {self.pool_id}
  TOKEN=$(aws cognito-idp initiate-auth --client-id {self.client_id} \\
    --auth-flow USER_PASSWORD_AUTH --auth-parameters USERNAME=ada,PASSWORD={PASSWORD} \\
    --query AuthenticationResult.AccessToken --output text)
  curl -H "Authorization: bearer $TOKEN" {self.app_url}/accounts
"""


def start_server(folder: Path, mail_settings: Mapping[str, str]) -> Started:
    """Start Poolgate as production runs it: every signature counts."""
    # By its name, since passkeys are for names.
    return Started(
        BIN / "poolgate", "serve", "--data", folder / "poolgate",
        "--host", "localhost", "--port", "0",
        log=folder / "poolgate.log",
        environment=mail_settings,
    )  # fmt: skip


def make_accounts_ready(folder: Path) -> str:
    """Run the operator's command that marks new accounts as wiped; return what it printed."""
    printed = subprocess.run(
        [BIN / "python", "-m", "poolgate_dce", "reset", "--database", folder / "dce.sqlite3"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return ", ".join(printed.split("\n")).strip(", ")


def start_app(folder: Path, stage: Stage) -> Started:
    """Start the DCE app with all four ways in."""
    access_key_id, secret_access_key = stage.access_keys["gatekeeper"]
    account_id = stage.account_id
    return Started(
        BIN / "python", "-m", "poolgate_dce", "serve",
        "--database", folder / "dce.sqlite3",
        "--port", "0",
        "--poolgate-url", stage.server_url,
        "--account-id", account_id,
        "--access-key-id", access_key_id,
        "--bearer-issuer", f"{stage.server_url}/{stage.pool_id}",
        "--bearer-client-id", stage.client_id,
        "--bearer-token-use", "access",
        "--basic-client-id", stage.client_id,
        "--delegation-actor", f"arn:aws:iam::{account_id}:user/backend",
        log=folder / "dce.log",
        environment={"DCE_SECRET_ACCESS_KEY": secret_access_key},
    )  # fmt: skip


def start_api(folder: Path, issuer: str, client_id: str) -> Started:
    """Start the DCE app once more, for users of another pool and by their tokens alone."""
    return Started(
        BIN / "python", "-m", "poolgate_dce", "serve",
        "--database", folder / "people.sqlite3",
        "--port", "0",
        "--bearer-issuer", issuer,
        "--bearer-client-id", client_id,
        "--bearer-token-use", "access",
        log=folder / "people.log",
    )  # fmt: skip
