"""The chapter at the terminal: the command signs in, gets keys and tokens, explains policies."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from narration import Narrator, expect
from processes import BIN
from stage import PASSWORD, Stage

SERVICES = "services"
SCOPE = "registry/register"
SECRET_ID = "dce-auth-stack/workflows"
SIGN_IN_NEEDED = 4


class Terminal:
    """Somebody's terminal, with folders of its own."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self._folder = folder
        self._stage = stage
        self._config = folder / "config"

    def run(
        self, *arguments: str, typed: str = "", exit_code: int = 0, as_root: bool = False
    ) -> str:
        """Run the command; return what it printed, or what it told when it had to fail."""
        environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "POOLGATE_CONFIG_DIR": str(self._config),
            "AWS_CONFIG_FILE": str(self._folder / "aws-config"),
        }
        if as_root:
            environment |= self._stage.exports
        finished = subprocess.run(
            [BIN / "poolgate", *arguments],
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        expect(finished.returncode, exit_code, f"exit code; it told {finished.stderr!r}")
        return finished.stderr if exit_code else finished.stdout


def at_the_terminal(narrator: Narrator, stage: Stage, folder: Path) -> None:
    """Go from a password to tokens to AWS keys, and from a service's secret to a token."""
    narrator.chapter("6. At the terminal, and a service")
    home = folder / "terminal"
    home.mkdir()
    terminal = Terminal(home, stage)

    def login() -> str:
        return terminal.run(
            "login", "--issuer", f"{stage.server_url}/{stage.pool_id}",
            "--client-id", stage.client_id, "--identity-pool-id", stage.identity_pool_id,
            "--username", "alice", "--password", "--insecure-storage",
            typed=f"{PASSWORD}\n",
        ).partition(",")[0]  # fmt: skip

    def keys() -> str:
        told: dict[str, Any] = json.loads(terminal.run("credentials"))
        again = json.loads(terminal.run("credentials"))
        expect(again, told, "the keys that were kept")
        return f"{told['AccessKeyId']} until {told['Expiration']}, kept"

    def run_with_keys() -> str:
        printed = terminal.run("exec", "--", "aws", "sts", "get-caller-identity")
        arn = str(json.loads(printed)["Arn"])
        expect(arn.split("/")[1], "dce-admin", "role")
        return arn

    def service() -> str:
        return make_service(stage)

    def service_token() -> str:
        printed = terminal.run("service-token", SECRET_ID, "--json", as_root=True)
        told = json.loads(printed)
        expect(sorted(told), ["access_token", "expires_in", "token_type"], "members")
        return f"{told['token_type']}, {told['expires_in']} s"

    def absent_service() -> str:
        return terminal.run("service-token", "nobody", exit_code=1, as_root=True).split(";")[0]

    def explain() -> str:
        role_arn = f"arn:aws:iam::{stage.account_id}:role/dce-admin"
        asked = ("--principal", role_arn, "--action", "cognito-idp:ListUsers")
        printed = terminal.run("policy", "explain", *asked, "--json", as_root=True)
        [explanation] = json.loads(printed)
        expect(explanation["decision"], "allowed", "decision")
        [statement] = explanation["statements"]
        return f"allowed by {statement['policy']}, line {statement['line']}"

    def explain_denied() -> str:
        role_arn = f"arn:aws:iam::{stage.account_id}:role/dce-user"
        asked = ("--principal", role_arn, "--action", "cognito-idp:ListUsers")
        terminal.run("policy", "explain", *asked, exit_code=1, as_root=True)
        return "denied, exit code 1"

    def logout() -> str:
        terminal.run("logout")
        terminal.run("credentials", exit_code=SIGN_IN_NEEDED)
        return "no keys without a sign-in, exit code 4"

    narrator.step("poolgate login --password alice", login)
    narrator.step("poolgate credentials, twice", keys)
    narrator.step("poolgate exec -- aws sts get-caller-identity", run_with_keys)
    narrator.step("a service with client credentials, kept in Secrets Manager", service)
    narrator.step(f"poolgate service-token {SECRET_ID}", service_token)
    narrator.step("poolgate service-token nobody", absent_service)
    narrator.step("poolgate policy explain, dce-admin: ListUsers", explain)
    narrator.step("poolgate policy explain, dce-user: ListUsers", explain_denied)
    narrator.step("poolgate logout, then poolgate credentials", logout)


def make_service(stage: Stage) -> str:
    """Make a service's app client and its secret, in the form that VEDA keeps it in."""
    cognito = stage.client("cognito-idp")
    server, _, scope_name = SCOPE.partition("/")
    cognito.create_resource_server(
        UserPoolId=stage.pool_id,
        Identifier=server,
        Name="registry",
        Scopes=[{"ScopeName": scope_name, "ScopeDescription": "Register ingestions"}],
    )
    cognito.create_user_pool_domain(Domain=SERVICES, UserPoolId=stage.pool_id)
    app_client = cognito.create_user_pool_client(
        UserPoolId=stage.pool_id,
        ClientName="workflows Service Access",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[SCOPE],
    )["UserPoolClient"]
    members = {
        "flow": "client_credentials",
        "cognito_domain": f"{stage.server_url}/domains/{SERVICES}",
        "client_id": app_client["ClientId"],
        "client_secret": app_client["ClientSecret"],
        "userpool_id": stage.pool_id,
        "scope": SCOPE,
        "aws_region": "us-east-1",
    }
    made = stage.client("secretsmanager").create_secret(
        Name=SECRET_ID, SecretString=json.dumps(members)
    )
    return str(made["ARN"])
