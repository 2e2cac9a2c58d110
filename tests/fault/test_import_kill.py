"""A server that is killed while it imports users: another goes on and repeats nothing."""

import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from kits.serving import BIN, Served, killable

ROWS = 4000
KILLS = 3
LONGER_THAN_A_LEASE = 60
ROLE_ARN = "arn:aws:iam::123456789012:role/import-log"
HEADER = "cognito:username,email,email_verified,password_hash"
# Every tenth row is bad in itself, every hundredth from the fifth on names the row's before it.
BAD_EVERY, REPEATED_EVERY, REPEATED_FROM = 10, 100, 5
BAD = ROWS // BAD_EVERY
SKIPPED = ROWS // REPEATED_EVERY


def rows() -> list[str]:
    made = []
    for number in range(1, ROWS + 1):
        is_repeated = number % REPEATED_EVERY == REPEATED_FROM
        name = f"user{number - 1 if is_repeated else number}"
        verified = "FALSE" if number % BAD_EVERY == 0 else "TRUE"
        made.append(f"{name},{name}@example.com,{verified},")
    return made


def upload(served: Served, url: str, file: bytes) -> None:
    request = urllib.request.Request(url, data=file, method="PUT")
    request.add_header("x-amz-server-side-encryption", "aws:kms")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200
    assert url.startswith(served.url)


def wait_out_the_lease(served: Served, starts: int) -> None:
    """Move the new server's clock behind the lease of the one before, which was ahead as well."""
    advance = b'{"advance_seconds": %d}' % (LONGER_THAN_A_LEASE * starts)
    request = urllib.request.Request(f"{served.url}/_poolgate/clock", data=advance, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200


def described_once(
    cognito: Any, named: dict[str, str], is_so: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Ask until the job is so; the server works on meanwhile."""
    while True:
        job = cognito.describe_user_import_job(**named)["UserImportJob"]
        if is_so(job) or job["Status"] not in {"Pending", "InProgress"}:
            return job


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "postgresql":
        return request.getfixturevalue("empty_postgresql_url")
    return None


def test_an_import_that_is_killed_again_and_again_ends_as_if_it_was_not(tmp_path, database_url):
    data = tmp_path / "data"
    with killable(data, database_url, "--dev") as (served, kill):
        cognito = served.client("cognito-idp")
        pool_id = cognito.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])[
            "UserPool"
        ]["Id"]
        job = cognito.create_user_import_job(
            UserPoolId=pool_id,
            JobName="people",
            CloudWatchLogsRoleArn=ROLE_ARN,
            PasswordHashingAlgorithm="BCRYPT",
        )["UserImportJob"]
        upload(served, job["PreSignedUrl"], "\n".join([HEADER, *rows()]).encode())
        named = {"UserPoolId": pool_id, "JobId": job["JobId"]}
        cognito.start_user_import_job(**named)
        described_once(cognito, named, lambda seen: seen["ImportedUsers"] > 0)
        kill()
    reached = 0
    for starts in range(1, KILLS):
        with killable(data, database_url, "--dev") as (served, kill):
            cognito = served.client("cognito-idp")
            before = cognito.describe_user_import_job(**named)["UserImportJob"]["ImportedUsers"]
            assert before >= reached
            wait_out_the_lease(served, starts)
            seen = described_once(
                cognito, named, lambda seen, before=before: seen["ImportedUsers"] > before
            )
            reached = seen["ImportedUsers"]
            kill()
    with killable(data, database_url, "--dev") as (served, _):
        cognito = served.client("cognito-idp")
        wait_out_the_lease(served, KILLS)
        ended = described_once(cognito, named, lambda _: False)
        assert ended["Status"] == "Succeeded"
        imported = ROWS - BAD - SKIPPED
        counted = (ended["ImportedUsers"], ended["SkippedUsers"], ended["FailedUsers"])
        assert counted == (imported, SKIPPED, BAD)
        pages = cognito.get_paginator("list_users").paginate(UserPoolId=pool_id)
        names = [user["Username"] for page in pages for user in page["Users"]]
        assert len(names) == len(set(names)) == imported
        log = subprocess.run(
            [
                BIN / "poolgate",
                "users",
                "import-log",
                *("--data", data, "--job", job["JobId"]),
                *(["--database-url", database_url] if database_url else []),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        lines = [int(entry.split("Line Number ")[1].split()[0]) for entry in log]
        assert lines == list(range(2, ROWS + 2))
