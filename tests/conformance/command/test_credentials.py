"""`poolgate credentials` and `poolgate exec`, with the programs that ask for keys."""

import json
import signal
import socket
import stat
import subprocess
import sys
from urllib.parse import urlsplit

import boto3
import pytest
from kits.aws_cli import aws
from kits.held_door import HeldDoor
from kits.identity_chain import trust_in
from kits.key_holders import key_holder, requests_answered
from kits.keychain import make_role, trusting
from kits.served_chain import make_served_chain
from kits.serving import BIN, serving

pytestmark = pytest.mark.timeout(300)
SIGN_IN_NEEDED = 4
CALLERS = 20
SECONDS = 60


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A server whose tokens carry AWS's issuer, which is no place that tests reach."""
    data = tmp_path_factory.mktemp("chain") / "data"
    with serving(data, POOLGATE_ISSUER_STYLE="aws") as served:
        yield make_served_chain(served, "people")


@pytest.fixture
def stranger(chain, tmp_path):
    return key_holder(chain, tmp_path, f"https://{chain.provider}")


@pytest.fixture
def alice(stranger):
    stranger.sign_in("alice")
    return stranger


def done(chain, *operations):
    answered = requests_answered(chain.served.url)
    return [answered.get(operation, 0) for operation in operations]


def test_keys_of_the_identity_pool_are_printed_as_sdks_read_them(alice):
    keys = alice.keys()
    assert list(keys) == [
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
    ]
    assert keys["Version"] == 1
    assert keys["AccessKeyId"].startswith("ASIA")
    assert keys["Expiration"].endswith("Z")
    arn = alice.caller_of(keys)
    assert arn.endswith(":assumed-role/people-member/CognitoIdentityCredentials")


def test_kept_keys_are_for_their_owner_alone_and_asked_for_once(alice, chain):
    first = alice.keys()
    for path in (alice.answers, *alice.answers.iterdir()):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    before = done(chain, "GetId", "GetCredentialsForIdentity", "InitiateAuth")
    assert alice.keys() == first
    assert alice.keys("--profile", "default") == first
    assert alice.keys("--profile=default") == first
    assert done(chain, "GetId", "GetCredentialsForIdentity", "InitiateAuth") == before


def test_the_kept_path_loads_nothing_that_takes_long(alice):
    first = alice.keys()
    script = (
        "import sys; sys.argv = ['poolgate', 'credentials']\n"
        "from poolgate.cli.main import main\n"
        "assert main() == 0\n"
        "heavy = {'argparse', 're', 'json', 'typing', 'pathlib', 'httpx2', 'hashlib', 'datetime'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{script}"],
        env=alice.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(finished.stdout) == first
    assert finished.stderr == "[]\n"


def test_renewed_keys_are_of_the_same_identity(alice, chain):
    first = alice.keys()
    before = done(chain, "GetId", "GetCredentialsForIdentity")
    for path in alice.answers.iterdir():
        if "AccessKeyId" in path.read_text():
            path.write_text("0\n" + path.read_text().split("\n", 1)[1])
    second = alice.keys()
    assert second["AccessKeyId"] != first["AccessKeyId"]
    after = done(chain, "GetId", "GetCredentialsForIdentity")
    assert after == [before[0], before[1] + 1]


def test_an_identity_that_was_deleted_is_asked_for_anew(alice, chain):
    alice.keys()
    identity = chain.served.client("cognito-identity")
    listed = identity.list_identities(IdentityPoolId=chain.identity_pool_id, MaxResults=60)
    identity.delete_identities(
        IdentityIdsToDelete=[each["IdentityId"] for each in listed["Identities"]]
    )
    alice.age_answers()
    for path in alice.answers.iterdir():
        if "AccessKeyId" not in path.read_text() and path.suffix != ".lock":
            # The identity's own file is still good by its time.
            path.write_text("99999999999\n" + path.read_text().split("\n", 1)[1])
    assert ":assumed-role/people-member/" in alice.caller_of(alice.keys())


def test_another_sign_in_is_given_no_keys_of_the_former(alice):
    first = alice.keys()
    alice.sign_in("bob")
    second = alice.keys()
    assert second["AccessKeyId"] != first["AccessKeyId"]
    alice.source.forget()
    finished = alice.run("credentials")
    assert finished.exit_code == SIGN_IN_NEEDED
    assert finished.output == ""


def test_another_identity_pool_in_the_profile_is_asked(alice):
    alice.keys()
    changed = alice.with_profile(identity_pool_id="us-east-1:00000000-0000-4000-8000-000000000000")
    finished = changed.run("credentials")
    assert finished.exit_code == 1
    assert "ResourceNotFoundException" in finished.told


def test_a_chosen_role_is_taken(alice, chain):
    iam, identity = chain.served.client("iam"), chain.served.client("cognito-identity")
    chosen = make_role(iam, "people-chosen", trust_in(chain.identity_pool_id))
    rules = {
        "Type": "Rules",
        "AmbiguousRoleResolution": "AuthenticatedRole",
        "RulesConfiguration": {
            "Rules": [
                {"Claim": "sub", "MatchType": "NotEqual", "Value": "-", "RoleARN": arn}
                for arn in (chain.role_arn, chosen)
            ]
        },
    }
    members = {"authenticated": chain.role_arn, "unauthenticated": chain.guest_role_arn}
    set_roles = identity.set_identity_pool_roles
    of_client = f"{chain.provider}:{chain.pool.client_id}"
    set_roles(IdentityPoolId=chain.identity_pool_id, Roles=members, RoleMappings={of_client: rules})
    try:
        assert ":assumed-role/people-member/" in alice.caller_of(alice.keys())
        keys = alice.keys("--custom-role-arn", chosen)
        assert ":assumed-role/people-chosen/" in alice.caller_of(keys)
        refused = alice.run("credentials", "--custom-role-arn", chosen + "-absent")
        assert refused.exit_code == 1
        assert "GetCredentialsForIdentity was refused" in refused.told
    finally:
        set_roles(IdentityPoolId=chain.identity_pool_id, Roles=members)


def test_a_role_that_trusts_the_user_pool_is_assumed_by_the_id_token(alice, chain):
    iam = chain.served.client("iam")
    issuer = alice.profile.issuer
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[chain.pool.client_id])[
        "OpenIDConnectProviderArn"
    ]
    name = issuer.removeprefix("https://")
    trust = trusting(
        {"Federated": provider},
        "sts:AssumeRoleWithWebIdentity",
        Condition={"StringEquals": {f"{name}:aud": chain.pool.client_id}},
    )
    role_arn = make_role(iam, "people-web", trust)
    keys = alice.keys("--role-arn", role_arn, "--duration-seconds", "900")
    assert alice.caller_of(keys).endswith(":assumed-role/people-web/alice")
    named = alice.keys("--role-arn", role_arn, "--role-session-name", "batch")
    assert alice.caller_of(named).endswith(":assumed-role/people-web/batch")
    refused = alice.run("credentials", "--role-arn", chain.role_arn)
    assert refused.exit_code == 1
    assert "AssumeRoleWithWebIdentity was refused: AccessDenied" in refused.told
    id_token = alice.source.current().id_token.reveal()
    assume = ("assume-role-with-web-identity", "--role-session-name", "cli")
    told = aws(
        alice.environment | {"AWS_ENDPOINT_URL": chain.served.url, "AWS_REGION": chain.region},
        "sts", *assume, "--role-arn", role_arn, "--web-identity-token", id_token,
    )  # fmt: skip
    assert told["AssumedRoleUser"]["Arn"].endswith(":assumed-role/people-web/cli")
    assert told["Audience"] == chain.pool.client_id


def test_a_role_is_assumed_by_the_keys_at_hand(stranger, chain):
    iam = chain.served.client("iam")
    operator = iam.create_user(UserName="operator")["User"]["Arn"]
    made = iam.create_access_key(UserName="operator")["AccessKey"]
    outside = {"StringEquals": {"sts:ExternalId": "partner"}}
    role_arn = make_role(iam, "partner", trusting({"AWS": operator}, Condition=outside))
    variables = {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_ENDPOINT_URL_STS": chain.served.url,
    }
    flags = ("--role-arn", role_arn, "--external-id", "partner", "--signed-by")
    keys = stranger.keys(*flags, "environment", **variables)
    assert stranger.caller_of(keys).endswith(":assumed-role/partner/poolgate")
    (stranger.home / ".aws").mkdir()
    (stranger.home / ".aws" / "credentials").write_text(
        f"[ops]\naws_access_key_id = {made['AccessKeyId']}\n"
        f"aws_secret_access_key = {made['SecretAccessKey']}\n"
    )
    (stranger.home / ".aws" / "config").write_text(
        f"[profile ops]\nendpoint_url = {chain.served.url}\nregion = {chain.region}\n"
    )
    again = stranger.keys(*flags, "ops")
    assert again["AccessKeyId"] != keys["AccessKeyId"]
    assert stranger.caller_of(again).endswith(":assumed-role/partner/poolgate")
    refused = stranger.run("credentials", "--role-arn", role_arn, "--signed-by", "ops")
    assert refused.exit_code == 1
    assert "AssumeRole was refused: AccessDenied" in refused.told


def test_twenty_callers_at_once_cause_one_renewal(alice, chain):
    asked = ("GetTokensFromRefreshToken", "GetId", "GetCredentialsForIdentity")
    alice.keys()
    alice.age_answers()
    alice.spend_tokens()
    before = done(chain, *asked)
    started = [alice.start("credentials") for _ in range(CALLERS)]
    printed = {process.communicate(timeout=SECONDS)[0] for process in started}
    assert [process.returncode for process in started] == [0] * CALLERS
    assert len(printed) == 1
    assert done(chain, *asked) == [each + 1 for each in before]


def test_a_renewal_that_is_killed_leaves_the_others_unharmed(alice, chain):
    first = alice.keys()
    door = HeldDoor(chain.served.url)
    through = alice.with_profile(endpoint_url=door.url)
    try:
        with door.held():
            killed = through.start("credentials")
            assert door.knocked.wait(SECONDS)
            waiting = through.start("credentials")
            killed.send_signal(signal.SIGKILL)
            killed.communicate(timeout=SECONDS)
        output, _ = waiting.communicate(timeout=SECONDS)
        renewed = json.loads(output)
        assert renewed["AccessKeyId"] != first["AccessKeyId"]
        assert through.keys() == renewed
    finally:
        door.close()


def test_a_renewal_that_fails_leaves_nothing_behind(alice, chain):
    alice.keys()
    gone = alice.with_profile(endpoint_url="http://127.0.0.1:9")
    finished = gone.run("credentials")
    assert finished.exit_code == 1
    assert "127.0.0.1 does not answer" in finished.told
    assert finished.output == ""
    back = gone.with_profile(endpoint_url=chain.served.url)
    assert ":assumed-role/people-member/" in back.caller_of(back.keys())


def test_keys_are_printed_where_none_can_be_kept(alice):
    (alice.home / "config" / "answers").write_text("a file where a folder should be")
    first, second = alice.keys(), alice.keys()
    assert first["AccessKeyId"] != second["AccessKeyId"]


def test_whoever_has_not_signed_in_is_told_what_to_do(stranger):
    finished = stranger.run("credentials")
    assert finished.exit_code == SIGN_IN_NEEDED
    assert finished.output == ""
    assert "poolgate login" in finished.told
    assert finished.told.count("\n") == 1


def test_a_revoked_sign_in_gives_no_new_keys(alice, chain):
    alice.keys()
    pool = chain.pool
    chain.served.client("cognito-idp").admin_user_global_sign_out(
        UserPoolId=pool.pool_id, Username="alice"
    )
    kept = alice.source.find()
    alice.age_answers()
    alice.spend_tokens()
    finished = alice.run("credentials")
    assert finished.exit_code == SIGN_IN_NEEDED
    assert "poolgate login" in finished.told
    assert finished.output == ""
    assert kept.tokens.refresh_token.reveal() not in finished.told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--signed-by", "environment"), "--signed-by is for --role-arn"),
        (("--external-id", "x", "--role-arn", "arn:aws:iam::1:role/r"), "is for --signed-by"),
        (("--duration-seconds", "900"), "--duration-seconds is for --role-arn"),
        (("--role-arn", "r", "--identity-pool-id", "p"), "leave one out"),
        (("--profile", "nobody"), "there is no profile 'nobody'"),
        (("--profile", "../x"), "is no name of a profile"),
    ],
)
def test_flags_that_do_not_go_together_are_told(stranger, arguments, told):
    finished = stranger.run("credentials", *arguments)
    assert finished.exit_code == 1
    assert told in finished.told


def test_a_profile_without_identity_pool_is_told_to_name_one(alice):
    finished = alice.with_profile(identity_pool_id=None).run("credentials")
    assert finished.exit_code == 1
    assert "names no identity pool" in finished.told


def test_boto3_asks_for_keys_as_credential_process(alice, monkeypatch):
    for name, value in alice.write_aws_profile("people", "credentials").items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(profile_name="people")
    arn = session.client("sts").get_caller_identity()["Arn"]
    assert arn.endswith(":assumed-role/people-member/CognitoIdentityCredentials")
    assert "Users" in session.client("iam").list_users()
    keys = session.get_credentials()
    assert keys.method == "custom-process"
    assert not keys.refresh_needed()


def test_the_aws_cli_asks_for_keys_as_credential_process(alice):
    environment = alice.write_aws_profile("people", "credentials", "--profile", "default")
    caller = aws(environment, "sts", "get-caller-identity")
    assert caller["Arn"].endswith(":assumed-role/people-member/CognitoIdentityCredentials")
    aws(environment, "iam", "list-users")
    aws(environment, "iam", "list-roles", fails_with="AccessDenied")


SHOW = (
    "import json, os, sys; print(json.dumps({name: text for name, text in os.environ.items()"
    " if name.startswith('AWS_')} | {'arguments': sys.argv[1:]}))"
)


def test_a_program_runs_with_keys_and_endpoints(alice, chain):
    finished = alice.run(
        "exec", "--", sys.executable, "-c", SHOW, "--json", "a b", AWS_PROFILE="other"
    )
    assert finished.exit_code == 0, finished.told
    shown, keys = finished.json, alice.keys()
    assert shown["arguments"] == ["--json", "a b"]
    assert shown["AWS_ACCESS_KEY_ID"] == keys["AccessKeyId"]
    assert shown["AWS_SECRET_ACCESS_KEY"] == keys["SecretAccessKey"]
    assert shown["AWS_SESSION_TOKEN"] == keys["SessionToken"]
    assert shown["AWS_REGION"] == chain.region
    assert shown["AWS_ENDPOINT_URL_SECRETS_MANAGER"] == chain.served.url
    assert "AWS_PROFILE" not in shown


def test_the_aws_cli_runs_with_the_keys_of_a_user(alice):
    finished = alice.run("exec", "--", "aws", "sts", "get-caller-identity")
    assert finished.exit_code == 0, finished.told
    assert ":assumed-role/people-member/" in finished.json["Arn"]


ASKS_AGAIN = """
import json, os, sys, urllib.error, urllib.request
import boto3
assert "AWS_ACCESS_KEY_ID" not in os.environ
print(json.dumps(boto3.client("sts").get_caller_identity()["Arn"]), flush=True)
address = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
print(json.dumps(address), flush=True)
request = urllib.request.Request(
    address, headers={"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
)
for _ in range(2):
    print(json.dumps(json.load(urllib.request.urlopen(request))), flush=True)
    sys.stdin.readline()
try:
    urllib.request.urlopen(address)
except urllib.error.HTTPError as refused:
    print(refused.code, flush=True)
sys.stdin.readline()
sys.exit(5)
"""


def test_a_program_that_outlives_its_keys_asks_for_new_ones(alice):
    (alice.home / ".aws").mkdir()
    (alice.home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = other\n"
    )
    flags = ("exec", "--keep-fresh", "--", sys.executable, "-c", ASKS_AGAIN)
    with subprocess.Popen(
        [BIN / "poolgate", *flags],
        env=alice.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def told():
            return json.loads(process.stdout.readline())

        def go_on():
            process.stdin.write("\n")
            process.stdin.flush()

        assert ":assumed-role/people-member/" in told()
        address = urlsplit(told())
        first = told()
        assert first["AccessKeyId"] == alice.keys()["AccessKeyId"]
        alice.age_answers()
        go_on()
        second = told()
        assert second["AccessKeyId"] != first["AccessKeyId"]
        assert set(second) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
        go_on()
        assert told() == 403
        # It is served for as long as the program runs, and no longer.
        with socket.create_connection((address.hostname, address.port), timeout=SECONDS) as open_:
            go_on()
            assert process.wait(SECONDS) == 5
            open_.settimeout(SECONDS)
            assert open_.recv(1) == b""


def test_the_exit_code_of_the_program_is_passed_on(alice):
    for exit_code in (0, 3, 255):
        finished = alice.run("exec", sys.executable, "-c", f"raise SystemExit({exit_code})")
        assert (finished.exit_code, finished.output, finished.told) == (exit_code, "", "")


def test_signals_reach_the_program(alice):
    waits = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    process = alice.start("exec", "--", sys.executable, "-c", waits)
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    process.communicate(timeout=SECONDS)
    assert process.returncode == 7
    killed = alice.start("exec", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    killed.communicate(timeout=SECONDS)
    assert killed.returncode == -signal.SIGKILL


def test_a_program_that_cannot_be_run_is_told(alice):
    absent = alice.run("exec", "--", "no-such-program")
    assert (absent.exit_code, absent.output) == (127, "")
    assert absent.told == "poolgate: no-such-program: not found\n"
    (alice.home / "text").write_text("no program")
    unfit = alice.run("exec", "--", str(alice.home / "text"))
    assert unfit.exit_code == 126
    assert alice.run("exec").exit_code == 2


def test_nothing_runs_without_a_sign_in(stranger):
    finished = stranger.run("exec", "--", "touch", str(stranger.home / "made"))
    assert finished.exit_code == SIGN_IN_NEEDED
    assert not (stranger.home / "made").exists()
