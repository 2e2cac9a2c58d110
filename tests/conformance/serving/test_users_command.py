import base64
import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.serving import BIN, PASSWORD, PoolMade, Served, make_pool, make_user, serving
from pycognito.aws_srp import AWSSRP

from poolgate.credentials.totp import code_of_step

BCRYPT = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
BCRYPT_PASSWORD = "U*U"
SUB = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("data") / "poolgate") as started:
        yield started


@pytest.fixture(scope="module")
def cognito(served: Served) -> Any:
    return served.client("cognito-idp")


@pytest.fixture
def pool(cognito: Any) -> PoolMade:
    return make_pool(cognito, "people")


def users(served: Served, action: str, *arguments: Any, lines: bytes | None = None) -> Any:
    return subprocess.run(
        [BIN / "poolgate", "users", action, "--data", served.data, *arguments],
        input=lines,
        capture_output=True,
        check=False,
    )


def import_records(served: Served, pool: PoolMade, *records: Any) -> Any:
    lines = b"".join(
        each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in records
    )
    return users(served, "import", "--pool", pool.pool_id, "-", lines=lines)


def exported(served: Served, pool: PoolMade) -> list[dict[str, Any]]:
    done = users(served, "export", "--pool", pool.pool_id)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sign_in(cognito: Any, pool: PoolMade, username: str, password: str) -> Any:
    return cognito.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=pool.client_id,
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def sign_in_by_srp(cognito: Any, pool: PoolMade, username: str, password: str) -> Any:
    return AWSSRP(
        username=username,
        password=password,
        pool_id=pool.pool_id,
        client_id=pool.client_id,
        client=cognito,
    ).authenticate_user()


def test_exported_users_have_what_they_are_but_no_password(
    served: Served, cognito: Any, pool: PoolMade
) -> None:
    make_user(cognito, pool, "alice")
    cognito.create_group(UserPoolId=pool.pool_id, GroupName="staff")
    cognito.admin_add_user_to_group(UserPoolId=pool.pool_id, Username="alice", GroupName="staff")
    cognito.admin_disable_user(UserPoolId=pool.pool_id, Username="alice")
    described = cognito.admin_get_user(UserPoolId=pool.pool_id, Username="alice")
    attributes = {each["Name"]: each["Value"] for each in described["UserAttributes"]}
    (record,) = exported(served, pool)
    assert record.pop("created_at") <= record.pop("modified_at")
    assert record == {
        "username": "alice",
        "sub": attributes["sub"],
        "status": "CONFIRMED",
        "enabled": False,
        "attributes": {"email": "alice@example.com", "email_verified": "true"},
        "groups": ["staff"],
    }


@pytest.mark.parametrize("way", [sign_in, sign_in_by_srp])
def test_pool_is_restored_with_its_passwords(
    served: Served, cognito: Any, pool: PoolMade, tmp_path: Path, way: Any
) -> None:
    make_user(cognito, pool, "alice")
    before = exported(served, pool)
    file = tmp_path / "users.jsonl"
    done = users(served, "export", "--pool", pool.pool_id, "--output", file, "--with-passwords")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"warning" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    cognito.admin_delete_user(UserPoolId=pool.pool_id, Username="alice")
    done = users(served, "import", "--pool", pool.pool_id, file)
    assert (done.returncode, done.stdout) == (0, b"imported 1, already there 0, bad 0\n")
    assert exported(served, pool) == before
    assert "AuthenticationResult" in way(cognito, pool, "alice", PASSWORD)


def test_password_of_another_pool_is_made_anew_at_its_first_sign_in(
    served: Served, cognito: Any, pool: PoolMade, tmp_path: Path
) -> None:
    make_user(cognito, pool, "alice")
    make_user(cognito, pool, "bob", permanent=False)
    file = tmp_path / "users.jsonl"
    users(served, "export", "--pool", pool.pool_id, "--output", file, "--with-passwords")
    other = make_pool(cognito, "other")
    done = users(served, "import", "--pool", other.pool_id, file)
    assert done.stdout == b"imported 2, already there 0, bad 0\n"
    assert exported(served, other) == exported(served, pool)
    with pytest.raises(ClientError):
        sign_in_by_srp(cognito, other, "alice", PASSWORD)
    with pytest.raises(ClientError):
        sign_in(cognito, other, "alice", "Wrong-password-1")
    assert "AuthenticationResult" in sign_in(cognito, other, "alice", PASSWORD)
    assert "AuthenticationResult" in sign_in_by_srp(cognito, other, "alice", PASSWORD)
    assert sign_in(cognito, other, "bob", PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_foreign_hash_signs_in_and_can_then_be_used_by_srp(
    served: Served, cognito: Any, pool: PoolMade
) -> None:
    done = import_records(
        served, pool, {"username": "carol", "password": BCRYPT, "attributes": {"name": "Carol"}}
    )
    assert done.returncode == 0
    with pytest.raises(ClientError):
        sign_in_by_srp(cognito, pool, "carol", BCRYPT_PASSWORD)
    for _ in range(2):
        assert "AuthenticationResult" in sign_in(cognito, pool, "carol", BCRYPT_PASSWORD)
    assert "AuthenticationResult" in sign_in_by_srp(cognito, pool, "carol", BCRYPT_PASSWORD)
    with pytest.raises(ClientError):
        sign_in(cognito, pool, "carol", BCRYPT_PASSWORD + "x")


def test_foreign_password_counts_once_in_the_history(served: Served, cognito: Any) -> None:
    pool = make_pool(
        cognito,
        "remembering",
        Policies={
            "PasswordPolicy": {
                "MinimumLength": 6,
                "RequireUppercase": False,
                "RequireLowercase": False,
                "RequireNumbers": False,
                "RequireSymbols": False,
                "PasswordHistorySize": 2,
            }
        },
    )
    # The vector of RFC 6070.
    encoded = "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1"
    import_records(served, pool, {"username": "carol", "password": encoded})
    set_password = cognito.admin_set_user_password
    carol = {"UserPoolId": pool.pool_id, "Username": "carol", "Permanent": True}
    with pytest.raises(ClientError, match="PasswordHistoryPolicyViolation"):
        set_password(**carol, Password="password")
    sign_in(cognito, pool, "carol", "password")
    with pytest.raises(ClientError, match="PasswordHistoryPolicyViolation"):
        set_password(**carol, Password="password")
    set_password(**carol, Password="password-2")
    with pytest.raises(ClientError, match="PasswordHistoryPolicyViolation"):
        set_password(**carol, Password="password")
    set_password(**carol, Password="password-3")
    set_password(**carol, Password="password")


BAD = [
    (b"{\n", "the line is not JSON"),
    (b"[]\n", "a member has the wrong type or value"),
    (b'{"sub": "x"}\n', "missing required field `username`"),
    ({"username": "x", "passwort": "p"}, "unknown field `passwort`"),
    ({"username": "x", "enabled": "hunter2"}, "a member has the wrong type or value at $.enabled"),
    ({"username": "x", "status": "hunter2"}, "a member has the wrong type or value at $.status"),
    ({"username": "x", "sub": "hunter2"}, "the sub is not a UUID in lower case"),
    ({"username": "two words"}, "the username cannot be one"),
    ({"username": ""}, "the username cannot be one"),
    ({"username": "alice"}, "User already exists"),
    ({"username": "x", "password": "hunter2"}, "the password hash is of no known kind"),
    ({"username": "x", "groups": ["nobody"]}, "the pool does not have all of the user's groups"),
    ({"username": "x", "groups": ["\0"]}, "the pool does not have all of the user's groups"),
    ({"username": "x", "attributes": {"email": "hunter2"}}, "Invalid email address format."),
    ({"username": "x", "attributes": {"custom:no": "hunter2"}}, None),
    ({"username": "x", "password_set_at": 1}, "password_set_at without a password"),
    ({"username": "x", "created_at": -1}, "a member has the wrong type or value at $.created_at"),
    (b'{"username": "' + b"x" * 3_000_000 + b'"}\n', "the line is too long"),
    (b"\xff\xfe\n", "the line is not JSON"),
    (b"[" * 100_000 + b"\n", None),
]


def test_bad_lines_are_named_and_hold_up_no_other(
    served: Served, cognito: Any, pool: PoolMade
) -> None:
    make_user(cognito, pool, "alice")
    good = [{"username": f"good-{count}"} for count in range(len(BAD))]
    lines = [line for pair in zip((bad for bad, _ in BAD), good, strict=True) for line in pair]
    done = import_records(served, pool, *lines)
    assert done.returncode == 1
    assert done.stdout.decode() == f"imported {len(good)}, already there 0, bad {len(BAD)}\n"
    told = done.stderr.decode().splitlines()
    assert len(told) == len(BAD)
    for number, (text, (_, reason)) in enumerate(zip(told, BAD, strict=True)):
        assert text.startswith(f"poolgate: line {2 * number + 1}: ")
        assert reason is None or text.endswith(reason)
    assert b"hunter2" not in done.stderr
    names = {record["username"] for record in exported(served, pool)}
    assert names == {"alice", *(record["username"] for record in good)}


def test_users_that_are_there_are_passed_over(served: Served, cognito: Any, pool: PoolMade) -> None:
    records = [{"username": "a", "sub": SUB}, {"username": "b"}, {"username": "b"}]
    first = import_records(served, pool, *records)
    assert first.stdout == b"imported 2, already there 1, bad 0\n"
    cognito.admin_disable_user(UserPoolId=pool.pool_id, Username="a")
    again = import_records(served, pool, *records, {"username": "a"})
    assert again.stdout == b"imported 0, already there 3, bad 1\n"
    assert cognito.admin_get_user(UserPoolId=pool.pool_id, Username="a")["Enabled"] is False


def test_users_without_a_password_choose_one(served: Served, cognito: Any, pool: PoolMade) -> None:
    import_records(served, pool, {"username": "dave"})
    described = cognito.admin_get_user(UserPoolId=pool.pool_id, Username="dave")
    assert described["UserStatus"] == "RESET_REQUIRED"
    with pytest.raises(ClientError, match="PasswordResetRequired"):
        sign_in(cognito, pool, "dave", PASSWORD)


def test_addresses_become_usernames_where_the_pool_wants_it(served: Served, cognito: Any) -> None:
    pool = make_pool(cognito, "addresses", UsernameAttributes=["email"])
    import_records(served, pool, {"username": "erin@example.com", "password": BCRYPT})
    (record,) = exported(served, pool)
    assert record["username"] == record["sub"]
    assert record["attributes"] == {"email": "erin@example.com"}
    assert "AuthenticationResult" in sign_in(cognito, pool, "erin@example.com", BCRYPT_PASSWORD)
    cognito.admin_delete_user(UserPoolId=pool.pool_id, Username="erin@example.com")
    assert import_records(served, pool, record).returncode == 0
    assert exported(served, pool) == [record]


def test_import_that_was_killed_is_started_again(
    served: Served, pool: PoolMade, tmp_path: Path
) -> None:
    count = 3000
    file = tmp_path / "users.jsonl"
    file.write_text(
        "".join(
            json.dumps({"username": f"user-{n}", "groups": [], "password": BCRYPT}) + "\n"
            for n in range(count)
        )
    )
    command = [BIN / "poolgate", "users", "import", "--data", served.data]
    process = subprocess.Popen([*command, "--pool", pool.pool_id, file], stdout=subprocess.PIPE)
    while process.poll() is None and not exported(served, pool):
        time.sleep(0)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    made = len(exported(served, pool))
    assert 0 < made < count
    done = users(served, "import", "--pool", pool.pool_id, file)
    assert done.stdout.decode() == f"imported {count - made}, already there {made}, bad 0\n"
    assert len(exported(served, pool)) == count


@pytest.mark.parametrize(
    ("action", "arguments", "text"),
    [
        ("export", ["--pool", "us-east-1_nothing"], "there is no pool us-east-1_nothing"),
        ("import", ["--pool", "us-east-1_nothing", "-"], "there is no pool us-east-1_nothing"),
        ("import", ["--pool", "us-east-1_nothing", "/no/such/file"], "No such file"),
        ("export", ["--pool", "x", "--output", "/no/such/file"], "No such file"),
        ("export", ["--pool", "x", "--output", sys.executable], "exists already"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    served: Served, action: str, arguments: list[str], text: str
) -> None:
    done = users(served, action, *arguments, lines=b"")
    assert (done.returncode, done.stdout) == (1, b"")
    assert text in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_passwords_are_only_written_to_a_file(served: Served, pool: PoolMade) -> None:
    done = users(served, "export", "--pool", pool.pool_id, "--with-passwords")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--output" in done.stderr


def test_export_that_fails_leaves_no_file(served: Served, tmp_path: Path) -> None:
    done = users(served, "export", "--pool", "nothing", "--output", tmp_path / "users.jsonl")
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


# ---- second factors, groups, the bar ----------------------------------------------------------


def with_app(cognito: Any, pool: PoolMade, username: str) -> bytes:
    """Give a user an authenticator app and return its secret."""
    make_user(cognito, pool, username)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="OPTIONAL",
    )
    tokens = sign_in(cognito, pool, username, PASSWORD)["AuthenticationResult"]
    begun = cognito.associate_software_token(AccessToken=tokens["AccessToken"])
    totp_secret = base64.b32decode(begun["SecretCode"] + "=" * (-len(begun["SecretCode"]) % 8))
    cognito.verify_software_token(
        AccessToken=tokens["AccessToken"],
        UserCode=code_of_step(totp_secret, int(time.time()) // 30),
        FriendlyDeviceName="phone",
    )
    cognito.admin_set_user_mfa_preference(
        UserPoolId=pool.pool_id,
        Username=username,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    return totp_secret


def test_an_authenticator_app_travels_only_when_asked_for(
    served: Served, cognito: Any, pool: PoolMade, tmp_path: Path
) -> None:
    totp_secret = with_app(cognito, pool, "alice")
    plain = users(served, "export", "--pool", pool.pool_id)
    assert b"left out the authenticator apps of 1" in plain.stderr
    assert "mfa" not in json.loads(plain.stdout)
    flags = ("--with-passwords", "--with-mfa-secrets")
    on_screen = users(served, "export", "--pool", pool.pool_id, "--with-mfa-secrets")
    assert (on_screen.returncode, on_screen.stdout) == (2, b"")
    file = tmp_path / "users.jsonl"
    done = users(served, "export", "--pool", pool.pool_id, "--output", file, *flags)
    assert b"everybody's second factor" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    record = json.loads(file.read_bytes())
    assert record["mfa"]["enabled"] == ["SOFTWARE_TOKEN_MFA"]
    assert record["mfa"]["preferred"] == "SOFTWARE_TOKEN_MFA"
    assert record["mfa"]["software_token"]["name"] == "phone"
    used = record["mfa"]["software_token"]["last_used_step"]

    cognito.admin_delete_user(UserPoolId=pool.pool_id, Username="alice")
    assert users(served, "import", "--pool", pool.pool_id, file).returncode == 0
    challenge = sign_in(cognito, pool, "alice", PASSWORD)
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = {
        "ClientId": pool.client_id,
        "ChallengeName": "SOFTWARE_TOKEN_MFA",
        "Session": challenge["Session"],
    }
    with pytest.raises(ClientError):
        cognito.respond_to_auth_challenge(
            **answer,
            ChallengeResponses={
                "USERNAME": "alice",
                "SOFTWARE_TOKEN_MFA_CODE": code_of_step(totp_secret, used),
            },
        )
    challenge = sign_in(cognito, pool, "alice", PASSWORD)
    answer["Session"] = challenge["Session"]
    # The next step's code counts already: clocks differ.
    tokens = cognito.respond_to_auth_challenge(
        **answer,
        ChallengeResponses={
            "USERNAME": "alice",
            "SOFTWARE_TOKEN_MFA_CODE": code_of_step(totp_secret, used + 1),
        },
    )
    assert "AuthenticationResult" in tokens


@pytest.mark.parametrize(
    ("mfa", "reason"),
    [
        ({"enabled": ["SMS_MFA"]}, b"SMS_MFA is turned on without an address"),
        ({"enabled": ["SOFTWARE_TOKEN_MFA"]}, b"an app is turned on, and there is none"),
        ({"preferred": "EMAIL_OTP"}, b"the preferred factor is not turned on"),
        ({"software_token": {"secret": "AAAA"}}, b"the secret of the authenticator app"),
        ({"software_token": {"secret": "no base32!"}}, b"the secret of the authenticator app"),
        ({"enabled": ["CARRIER_PIGEON"]}, b"a member has the wrong type or value"),
    ],
)
def test_second_factors_that_cannot_be_make_a_line_bad(
    served: Served, pool: PoolMade, mfa: dict[str, Any], reason: bytes
) -> None:
    done = import_records(served, pool, {"username": "dave", "mfa": mfa})
    assert done.returncode == 1
    assert b"line 1: " in done.stderr
    assert reason in done.stderr
    assert exported(served, pool) == []


def test_preferences_travel_with_every_export(served: Served, cognito: Any, pool: PoolMade) -> None:
    mfa = {"enabled": ["SMS_MFA", "EMAIL_OTP"], "preferred": "EMAIL_OTP"}
    attributes = {"email": "dave@example.com", "phone_number": "+12345550100"}
    given = {"username": "dave", "attributes": attributes, "mfa": mfa}
    assert import_records(served, pool, given).returncode == 0
    (record,) = exported(served, pool)
    assert record["mfa"] == mfa
    described = cognito.admin_get_user(UserPoolId=pool.pool_id, Username="dave")
    assert described["PreferredMfaSetting"] == "EMAIL_OTP"


def test_groups_are_made_when_that_is_asked_for(
    served: Served, cognito: Any, pool: PoolMade
) -> None:
    lines = b"".join(
        json.dumps({"username": name, "groups": group}).encode() + b"\n"
        for name, group in (("dave", ["staff"]), ("erin", ["staff", "admins"]), ("frank", ["a b"]))
    )
    asked = ("--pool", pool.pool_id, "-")
    without = users(served, "import", *asked, lines=lines)
    assert without.stdout == b"imported 0, already there 0, bad 3\n"
    done = users(served, "import", "--create-groups", *asked, lines=lines)
    assert done.stdout == b"imported 2, already there 0, bad 1\n"
    assert b"line 3: the name of a group cannot be one" in done.stderr
    made = cognito.list_groups(UserPoolId=pool.pool_id)["Groups"]
    assert [group["GroupName"] for group in made] == ["admins", "staff"]


def test_a_bar_is_shown_on_a_terminal_only(served: Served, pool: PoolMade, tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text("".join(f'{{"username": "user{number:03}"}}\n' for number in range(200)))
    arguments = ["import", "--data", served.data, "--pool", pool.pool_id, file]
    terminal, writing = pty.openpty()
    done = subprocess.run(
        [BIN / "poolgate", "users", *arguments], stdout=subprocess.PIPE, stderr=writing, check=True
    )
    os.close(writing)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "[###############---------------]  50%  100 users" in shown
    assert "100%  200 users" in shown
    assert done.stdout == b"imported 200, already there 0, bad 0\n"
    assert users(served, *arguments[:1], *arguments[3:]).stderr == b""
