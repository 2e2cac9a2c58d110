"""The chapter of the `dce` command: two users, one of them an admin, sign in from a terminal."""

import json
import os
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from narration import Narrator, expect
from plain_browser import PlainBrowser
from processes import BIN, Started
from stage import PASSWORD, TEMPORARY_PASSWORD, Stage

PROMPT = "Enter API Token: "
SHOWN = 70


@dataclass(frozen=True)
class Terminal:
    """Somebody's terminal: a home folder, and no browser on this machine."""

    home: Path

    def _variables(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "BROWSER": "true"}

    def run(self, *arguments: str, typed: str = "") -> tuple[str, str]:
        """Run one `dce` command; return what it printed and what it told."""
        finished = subprocess.run(
            [BIN / "dce", *arguments],
            env=self._variables(),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        return finished.stdout, finished.stderr

    def sign_in(self, username: str, password: str, browser: PlainBrowser) -> str:
        """Run `dce auth`, sign in where it says, paste the code; return what it told last."""
        with subprocess.Popen(
            [BIN / "dce", "auth"],
            env=self._variables(),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as asking:
            if asking.stdin is None or asking.stderr is None:
                raise RuntimeError("the command has no standard streams")
            asking.stderr.readline()
            browser.open(asking.stderr.readline().strip())
            browser.follow_first_link()
            browser.send(username=username, password=password)
            if password == TEMPORARY_PASSWORD:
                browser.send(new_password=PASSWORD, repeated=PASSWORD)
            expect(browser.title, "DCE CLI Credentials", "page")
            told = asking.communicate(browser.text_area)[1]
        return told.removeprefix(PROMPT).replace(str(self.home), "~").strip()


@dataclass(frozen=True)
class Office:
    """The terminals of everybody at one installation."""

    folder: Path
    api_url: str

    def terminal(self, name: str) -> Terminal:
        """Return somebody's terminal."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        return Terminal(home)

    def sign_in(self, name: str, password: str = TEMPORARY_PASSWORD) -> str:
        """Run `dce init` and `dce auth`; return what was told in the end."""
        host, _, path = self.api_url.removeprefix("http://").partition("/")
        self.terminal(name).run("init", typed=f"{host}\n/{path}\n")
        browser = PlainBrowser()
        try:
            return self.terminal(name).sign_in(name, password, browser)
        finally:
            browser.close()

    def said(self, name: str, command: str, *, output: str | None = None, told: str = "") -> str:
        """Run a command; raise Differs unless it says that, else return it in a line."""
        got_output, got_told = self.terminal(name).run(*command.split())
        expect(got_told.splitlines()[:1], told.splitlines(), "told")
        if output is not None:
            expect(got_output, output, "output")
        return (told or got_output).strip().replace("\n", " ").replace("\t", "")[:SHOWN]


def lease_with_dce(narrator: Narrator, stage: Stage, folder: Path, running: ExitStack) -> None:
    """Set an installation up, and use it as people at terminals do."""
    narrator.chapter("7. The dce command: sign in, lease an account")
    idp = stage.client("cognito-idp")
    office = Office(folder, f"http://127.0.0.1:{free_port()}/api")
    in_pool: dict[str, str] = {}

    def set_up() -> str:
        outputs = json.loads(run_set_up(stage, folder, office.api_url))
        in_pool["UserPoolId"] = outputs["cognito_user_pool_id"]
        return f"pool {outputs['cognito_user_pool_id']}, policy {outputs['api_access_policy_name']}"

    def serve() -> str:
        running.callback(serve_app(folder, office.api_url).stop)
        return office.api_url

    def people() -> str:
        for name in ("jane", "root-jane"):
            idp.admin_create_user(
                **in_pool,
                Username=name,
                TemporaryPassword=TEMPORARY_PASSWORD,
                MessageAction="SUPPRESS",
            )
        idp.create_group(**in_pool, GroupName="DCEAdmins")
        return f"{join('root-jane')}; both with a temporary password"

    def join(name: str) -> str:
        idp.admin_add_user_to_group(**in_pool, Username=name, GroupName="DCEAdmins")
        return f"{name} in DCEAdmins"

    def keys_of_lease() -> str:
        lines = office.terminal("jane").run("leases", "login", "--print-creds")[0].splitlines()
        keys = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        stage.access_keys["leased"] = tuple(keys.values())
        arn = str(stage.client("sts", "leased").get_caller_identity()["Arn"])
        expect(arn.partition(":assumed-role/")[2], "DCEPrincipal/jane", "role session")
        return arn

    def say(name: str, command: str, **wanted: str) -> None:
        narrator.step(f"{name}: dce {command}", lambda: office.said(name, command, **wanted))

    account_id = stage.account_id
    forbidden = "err:  [GET /accounts][403] getAccountsForbidden"
    narrator.step("poolgate-dce set-up", set_up)
    narrator.step("poolgate-dce serve", serve)
    narrator.step("AdminCreateUser jane and root-jane", people)
    narrator.step("jane: dce auth, first sign-in in a browser", lambda: office.sign_in("jane"))
    say("jane", "leases list", output="[]\n")
    say("jane", "accounts list", told=forbidden)
    narrator.step("root-jane: dce auth", lambda: office.sign_in("root-jane"))
    say(
        "root-jane",
        f"accounts add -a {account_id} -r arn:aws:iam::{account_id}:role/Admin",
        told="Account added to DCE accounts pool",
    )
    narrator.step("poolgate-dce reset", lambda: reset(folder))
    say("jane", "leases create -p jane -b 50 -e jane@example.com")
    narrator.step("The account's role trusts the app", lambda: trust_the_app(stage, account_id))
    narrator.step("jane: dce leases login --print-creds, sts GetCallerIdentity", keys_of_lease)
    narrator.step("AdminAddUserToGroup jane, DCEAdmins", lambda: join("jane"))
    say("jane", "accounts list", told=forbidden)
    narrator.step("jane: dce auth again", lambda: office.sign_in("jane", PASSWORD))
    say("jane", "accounts list")


def run_set_up(stage: Stage, folder: Path, api_url: str) -> str:
    """Make the installation with the root's keys; return what may be known of it."""
    return subprocess.run(
        [
            BIN / "poolgate-dce", "set-up",
            "--api-url", api_url,
            "--poolgate-url", stage.server_url,
            "--settings-file", folder / "dce.env",
        ],
        env={**os.environ, **stage.exports},
        check=True,
        capture_output=True,
        text=True,
    ).stdout  # fmt: skip


def serve_app(folder: Path, api_url: str) -> Started:
    """Start the app with the settings that were made for it."""
    lines = (folder / "dce.env").read_text().splitlines()
    port = api_url.rpartition(":")[2].partition("/")[0]
    return Started(
        BIN / "poolgate-dce", "serve", "--database", folder / "terminal.sqlite3", "--port", port,
        log=folder / "terminal.log",
        environment=dict(line.split("=", 1) for line in lines),
    )  # fmt: skip


def reset(folder: Path) -> str:
    """Mark the accounts as wiped."""
    return subprocess.run(
        [BIN / "poolgate-dce", "reset", "--database", folder / "terminal.sqlite3"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def trust_the_app(stage: Stage, account_id: str) -> str:
    """Make the role that keys of the leased account are for; here it is the server's own."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:user/dce-app-main"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = stage.client("iam").create_role(
        RoleName="DCEPrincipal", AssumeRolePolicyDocument=json.dumps(trust)
    )
    return str(made["Role"]["Arn"])


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
