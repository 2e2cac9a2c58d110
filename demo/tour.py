"""The tour: one request, authenticated four ways, from an empty folder to every refusal.

`make tour` runs it and ends; `make demo` keeps server and apps running afterwards, one of them for
people with a browser. Every step prints what was sent and what came back. The exit code is 1 if any
step differs.
"""

import argparse
import base64
import json
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from botocore.exceptions import ClientError
from command import at_the_terminal
from dce import lease_with_dce
from keys import token_to_keys
from narration import Narrator, expect
from outbox import Outbox
from people import open_to_people
from processes import Started, aws_cli, exports_of
from pycognito.aws_srp import AWSSRP
from signing import signed_headers
from stage import (
    ACCESS_POLICY,
    PASSWORD,
    TEMPORARY_PASSWORD,
    Stage,
    make_accounts_ready,
    start_app,
    start_server,
)

SHOWN = 100


def error_code(call: Any, **arguments: Any) -> str:
    """Return the AWS error code of a call that must fail."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "no error"


def set_up(narrator: Narrator, stage: Stage) -> None:
    """Make the pool, its client, two users, a group and four IAM users."""
    narrator.chapter("Set up, with boto3 and the root access key of the first start")
    idp, iam = stage.client("cognito-idp"), stage.client("iam")

    def pool() -> str:
        made = idp.create_user_pool(
            PoolName="dce",
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
            Schema=[{"Name": "roles", "AttributeDataType": "String", "Mutable": True}],
        )
        stage.pool_id = made["UserPool"]["Id"]
        return stage.pool_id

    def app_client() -> str:
        made = idp.create_user_pool_client(
            UserPoolId=stage.pool_id,
            ClientName="dce",
            ExplicitAuthFlows=[
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
            ],
        )
        stage.client_id = made["UserPoolClient"]["ClientId"]
        return stage.client_id

    def user(name: str) -> str:
        made = idp.admin_create_user(
            UserPoolId=stage.pool_id,
            Username=name,
            TemporaryPassword=TEMPORARY_PASSWORD,
            MessageAction="SUPPRESS",
        )
        expect(made["User"]["UserStatus"], "FORCE_CHANGE_PASSWORD", "status")
        return str(made["User"]["UserStatus"])

    def group() -> str:
        idp.create_group(UserPoolId=stage.pool_id, GroupName="Admins")
        idp.admin_add_user_to_group(UserPoolId=stage.pool_id, Username="ada", GroupName="Admins")
        members = idp.list_users_in_group(UserPoolId=stage.pool_id, GroupName="Admins")
        names = [member["Username"] for member in members["Users"]]
        expect(names, ["ada"], "members")
        return f"members {names}"

    def principal(name: str, policy: str | None) -> str:
        iam.create_user(UserName=name)
        if policy:
            iam.put_user_policy(UserName=name, PolicyName="access", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        stage.access_keys[name] = (made["AccessKeyId"], made["SecretAccessKey"])
        return str(made["AccessKeyId"])

    narrator.step("cognito-idp CreateUserPool dce", pool)
    narrator.step("cognito-idp CreateUserPoolClient dce", app_client)
    narrator.step("cognito-idp AdminCreateUser alice, a user", lambda: user("alice"))
    narrator.step("cognito-idp AdminCreateUser ada, an administrator", lambda: user("ada"))
    narrator.step("cognito-idp CreateGroup Admins, ada joins", group)
    for name, policy in ACCESS_POLICY.items():
        told = "with a policy" if policy else "without any policy"
        narrator.step(
            f"iam CreateUser {name}, {told}",
            lambda name=name, policy=policy: principal(name, policy),
        )


def sign_in(narrator: Narrator, stage: Stage) -> None:
    """Sign the two users in: first password, wrong password, SRP, refresh."""
    narrator.chapter("Sign in")
    idp = stage.client("cognito-idp")
    unsigned = stage.unsigned_client("cognito-idp")

    def first(name: str) -> str:
        begun = unsigned.initiate_auth(
            ClientId=stage.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": TEMPORARY_PASSWORD},
        )
        expect(begun["ChallengeName"], "NEW_PASSWORD_REQUIRED", "challenge")
        finished = unsigned.respond_to_auth_challenge(
            ClientId=stage.client_id,
            ChallengeName=begun["ChallengeName"],
            Session=begun["Session"],
            ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": PASSWORD},
        )
        stage.tokens[name] = finished["AuthenticationResult"]
        return "NEW_PASSWORD_REQUIRED, then tokens"

    def wrong() -> str:
        got = error_code(
            unsigned.initiate_auth,
            ClientId=stage.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": "Not-the-Password-1"},
        )
        expect(got, "NotAuthorizedException", "error")
        return got

    def by_srp() -> str:
        srp = AWSSRP(
            username="alice",
            password=PASSWORD,
            pool_id=stage.pool_id,
            client_id=stage.client_id,
            client=unsigned,
        )
        stage.tokens["alice"] = srp.authenticate_user()["AuthenticationResult"]
        return "PASSWORD_VERIFIER, then tokens; the password was never sent"

    def refresh() -> str:
        refreshed = unsigned.initiate_auth(
            ClientId=stage.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": stage.tokens["alice"]["RefreshToken"]},
        )["AuthenticationResult"]
        expect(refreshed.get("RefreshToken"), None, "a new refresh token")
        stage.tokens["alice"] |= refreshed
        return "new access and ID tokens"

    def by_admin_cli() -> str:
        answer = aws_cli(
            stage.exports,
            "cognito-idp", "admin-initiate-auth",
            "--user-pool-id", stage.pool_id,
            "--client-id", stage.client_id,
            "--auth-flow", "ADMIN_USER_PASSWORD_AUTH",
            "--auth-parameters", f"USERNAME=ada,PASSWORD={PASSWORD}",
        )  # fmt: skip
        stage.tokens["ada"] = answer["AuthenticationResult"]
        expect(answer["AuthenticationResult"]["ExpiresIn"], 3600, "ExpiresIn")
        return ", ".join(sorted(answer["AuthenticationResult"]))

    def unsigned_admin() -> str:
        got = error_code(unsigned.admin_get_user, UserPoolId=stage.pool_id, Username="alice")
        expect(got, "MissingAuthenticationTokenException", "error")
        return got

    def without_rights() -> str:
        visitor = stage.client("cognito-idp", "visitor")
        got = error_code(visitor.admin_get_user, UserPoolId=stage.pool_id, Username="alice")
        expect(got, "AccessDeniedException", "error")
        return got

    narrator.step("InitiateAuth alice, temporary password", lambda: first("alice"))
    narrator.step("InitiateAuth ada, temporary password", lambda: first("ada"))
    narrator.step("InitiateAuth alice, wrong password", wrong)
    narrator.step("InitiateAuth alice, USER_SRP_AUTH (pycognito)", by_srp)
    narrator.step("InitiateAuth alice, REFRESH_TOKEN_AUTH", refresh)
    narrator.step("aws cognito-idp admin-initiate-auth ada", by_admin_cli)
    narrator.step("AdminGetUser without a signature", unsigned_admin)
    narrator.step("AdminGetUser signed by a principal without rights", without_rights)
    narrator.step(
        "GetUser with alice's access token",
        lambda: idp.get_user(AccessToken=stage.tokens["alice"]["AccessToken"])["Username"],
    )


@dataclass(frozen=True)
class Request:
    """One call of the app and the status it must get."""

    sent: str
    path: str
    status: int
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    signer: str | None = None
    subject_token: str | None = None
    body: Mapping[str, Any] | None = None
    damaged: bool = False

    def send(self, stage: Stage) -> httpx2.Response:
        """Send it and return the answer; raise Differs for another status."""
        address = stage.app_url + self.path
        body = json.dumps(self.body).encode() if self.body else b""
        headers = {**self.headers, **({"Content-Type": "application/json"} if body else {})}
        if self.subject_token is not None:
            headers["X-Subject-Token"] = self.subject_token
        if self.signer is not None:
            access_key = stage.access_keys[self.signer]
            headers = signed_headers(self.method, address, headers, access_key, body)
        if self.damaged:
            headers["Authorization"] = headers["Authorization"][:-4] + "0000"
        answer = httpx2.request(
            self.method, address, headers=headers, content=body or None, timeout=10
        )
        expect(answer.status_code, self.status, f"status of {answer.text}")
        return answer


def shown(answer: httpx2.Response) -> str:
    """Return an answer in a few words."""
    text = answer.text if len(answer.text) <= SHOWN else f"{answer.text[:SHOWN]}..."
    return f"{answer.status_code} {text}"


def bearer(stage: Stage, name: str, scheme: str = "Bearer") -> dict[str, str]:
    """Return the header with a user's access token."""
    return {"Authorization": f"{scheme} {stage.tokens[name]['AccessToken']}"}


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the header with a name and a password."""
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def call_the_app(narrator: Narrator, stage: Stage, folder: Path) -> None:
    """Call the app in the four ways, as user and as administrator, and be refused."""

    def call(sent: str, path: str, status: int, **more: Any) -> None:
        request = Request(sent, path, status, **more)
        narrator.step(sent, lambda: shown(request.send(stage)))

    access = {name: found["AccessToken"] for name, found in stage.tokens.items()}
    tampered = access["alice"][:-8] + "AAAAAAAA"

    narrator.chapter("1. Bearer token")
    call("ada: POST /accounts", "/accounts", 201, method="POST", body=account(1),
         headers=bearer(stage, "ada"))  # fmt: skip
    call("ada: POST /accounts, a second", "/accounts", 201, method="POST", body=account(2),
         headers=bearer(stage, "ada"))  # fmt: skip
    narrator.step("python -m poolgate_dce reset", lambda: make_accounts_ready(folder))
    for name in ("alice", "ada"):
        narrator.step(
            f"{name}: POST /leases", lambda name=name: lease(stage, name, bearer(stage, name))
        )
    narrator.step(
        "alice: GET /leases, Authorization: bearer",
        lambda: owners(stage, bearer(stage, "alice", "bearer"), ["alice"]),
    )
    narrator.step("ada: GET /leases", lambda: owners(stage, bearer(stage, "ada"), ["ada", "alice"]))
    call("alice: GET /leases/{ada's}", f"/leases/{stage.leases['ada']}", 401,
         headers=bearer(stage, "alice"))  # fmt: skip
    call("alice: GET /accounts", "/accounts", 403, headers=bearer(stage, "alice"))
    call("tampered token", "/leases", 401, headers={"Authorization": f"Bearer {tampered}"})

    narrator.chapter("2. HTTP Basic")
    narrator.step("alice: GET /leases", lambda: owners(stage, basic("alice"), ["alice"]))
    narrator.step("ada: GET /leases", lambda: owners(stage, basic("ada"), ["ada", "alice"]))
    call("alice: GET /accounts", "/accounts", 403, headers=basic("alice"))
    call("alice, wrong password", "/leases", 401, headers=basic("alice", "wrong"))

    narrator.chapter("3. AWS signature")
    call("operator: GET /accounts, signed", "/accounts", 200, signer="operator")
    call("leaser: GET /leases, signed", "/leases", 200, signer="leaser")
    call("leaser: GET /accounts, signed", "/accounts", 403, signer="leaser")
    call("visitor: GET /leases, signed, no policy", "/leases", 403, signer="visitor")
    call("operator, damaged signature", "/accounts", 403, signer="operator", damaged=True)
    call("nothing at all", "/leases", 403)

    narrator.chapter("4. Delegated: a service's signature and a user's token")
    for name, own in (("alice", ["alice"]), ("ada", ["ada", "alice"])):
        narrator.step(
            f"backend for {name}: GET /leases",
            lambda name=name, own=own: owners(stage, {}, own, "backend", access[name]),
        )
    call("backend for alice: GET /accounts", "/accounts", 403, signer="backend",
         subject_token=access["alice"])  # fmt: skip
    call("backend for ada: GET /accounts", "/accounts", 200, signer="backend",
         subject_token=access["ada"])  # fmt: skip
    call("backend, tampered subject token", "/leases", 401, signer="backend",
         subject_token=tampered)  # fmt: skip
    call("visitor for ada: may not act for anyone", "/leases", 403, signer="visitor",
         subject_token=access["ada"])  # fmt: skip


def account(number: int) -> dict[str, str]:
    """Return a child account for the pool."""
    account_id = str(number) * 12
    return {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/admin"}


def lease(stage: Stage, name: str, headers: Mapping[str, str]) -> str:
    """Lease an account for `name` and tell which."""
    made = Request(
        "lease", "/leases", 201, method="POST", headers=headers, body={"principalId": name}
    ).send(stage)
    stage.leases[name] = made.json()["id"]
    return f"{made.status_code} account {made.json()['accountId']} leased to {name}"


def owners(
    stage: Stage,
    headers: Mapping[str, str],
    wanted: list[str],
    signer: str | None = None,
    subject_token: str | None = None,
) -> str:
    """List leases and tell whose they are; raise Differs unless they are all `wanted` ones'."""
    answer = Request(
        "list", "/leases", 200, headers=headers, signer=signer, subject_token=subject_token
    ).send(stage)
    found = sorted(lease["principalId"] for lease in answer.json())
    expect(found, wanted, "leases of")
    return f"{answer.status_code} leases of {', '.join(found)}"


def end_of_session(narrator: Narrator, stage: Stage) -> None:
    """Sign alice out and take the operator's key away."""
    narrator.chapter("Taking it back")
    unsigned = stage.unsigned_client("cognito-idp")

    def sign_out() -> str:
        unsigned.global_sign_out(AccessToken=stage.tokens["alice"]["AccessToken"])
        got = error_code(unsigned.get_user, AccessToken=stage.tokens["alice"]["AccessToken"])
        expect(got, "NotAuthorizedException", "error")
        return f"GetUser: {got}"

    def refresh() -> str:
        got = error_code(
            unsigned.initiate_auth,
            ClientId=stage.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": stage.tokens["alice"]["RefreshToken"]},
        )
        expect(got, "NotAuthorizedException", "error")
        return got

    narrator.step("GlobalSignOut alice, then GetUser", sign_out)
    narrator.step("REFRESH_TOKEN_AUTH alice after that", refresh)


def tour(
    narrator: Narrator, folder: Path, running: ExitStack, *, people_only: bool
) -> tuple[Stage, Started]:
    """Run every chapter; `running` stops server and apps when it ends."""
    narrator.chapter("Start")
    outbox = Outbox()
    running.callback(outbox.stop)
    server = start_server(folder, outbox.settings)
    running.callback(server.stop)
    narrator.step("poolgate serve --data DIR --host localhost --port 0", lambda: server.url)
    stage = Stage(server.url, exports_of(folder / "poolgate"))
    if not people_only:
        api_chapters(narrator, stage, folder, running)
    open_to_people(narrator, stage, folder, outbox, running)
    return stage, server


def api_chapters(narrator: Narrator, stage: Stage, folder: Path, running: ExitStack) -> None:
    """Call the app in every way, as the four kinds of callers do."""
    identity = stage.client("sts").get_caller_identity
    narrator.step("sts GetCallerIdentity", lambda: str(identity()["Arn"]))
    set_up(narrator, stage)
    sign_in(narrator, stage)
    app = start_app(folder, stage)
    running.callback(app.stop)
    stage.app_url = app.url
    call_the_app(narrator, stage, folder)
    token_to_keys(narrator, stage)
    at_the_terminal(narrator, stage, folder)
    lease_with_dce(narrator, stage, folder, running)
    end_of_session(narrator, stage)


def main() -> int:
    """Run the tour; with `--keep-serving` leave server and app running until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep-serving", action="store_true")
    parser.add_argument("--people-only", action="store_true", help="only the page to sign in at")
    arguments = parser.parse_args()
    # However the tour is ended, server and app end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    narrator = Narrator()
    with tempfile.TemporaryDirectory(prefix="poolgate-tour-") as folder, ExitStack() as running:
        stage, server = tour(narrator, Path(folder), running, people_only=arguments.people_only)
        exit_code = narrator.end()
        if arguments.keep_serving and exit_code == 0:
            invitation = stage.web_url if arguments.people_only else stage.invitation(Path(folder))
            print(invitation, flush=True)
            with suppress(KeyboardInterrupt):
                server.wait()
            print("\nstopped")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
