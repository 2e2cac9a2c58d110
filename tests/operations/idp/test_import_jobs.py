"""User import jobs: their life from creation to the end, and who may do what when."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.imports import ROLE_ARN, Importer, counts, person
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate
from poolgate.userpools.import_files import MAX_FILE_BYTES
from poolgate.userpools.import_jobs import MAX_JOBS_OF_A_POOL

GUIDE = "Developer Guide: Importing users into user pools from a CSV file"
PRECONDITION = "PreconditionNotMetException"
TEXTS = "texts for user import jobs"
UPLOADS = "how an upload is refused"
DAY = 24 * 60 * 60


@pytest.fixture
def importer(poolgate: LocalPoolgate) -> Importer:
    return Importer.of(poolgate)


@pytest.mark.documented(GUIDE, "get-csv-header, sample response")
def test_the_header_names_the_attributes_in_order(importer: Importer) -> None:
    assert importer.header() == [
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "email",
        "email_verified",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "phone_number",
        "phone_number_verified",
        "address",
        "updated_at",
        "cognito:mfa_enabled",
        "cognito:username",
    ]


@pytest.mark.documented(GUIDE, "It also includes any custom attributes")
def test_the_header_has_custom_attributes_before_the_users_own_columns(
    poolgate: LocalPoolgate,
) -> None:
    schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]
    header = Importer.of(poolgate, Schema=schema).header()
    assert header[-3:] == ["custom:team", "cognito:mfa_enabled", "cognito:username"]


@pytest.mark.documented(GUIDE, "Creating a user import job, example response")
def test_a_new_job_is_shown_as_it_was_made(importer: Importer) -> None:
    job = importer.create("first")
    assert job.pop("JobId").startswith("import-")
    assert job.pop("PreSignedUrl").startswith(f"{importer.poolgate.url}/")
    created = job.pop("CreationDate") - importer.poolgate.clock.now()
    assert abs(created.total_seconds()) < 0.002
    assert job == {
        "JobName": "first",
        "UserPoolId": importer.pool_id,
        "Status": "Created",
        "CloudWatchLogsRoleArn": ROLE_ARN,
        "ImportedUsers": 0,
        "SkippedUsers": 0,
        "FailedUsers": 0,
    }


@pytest.mark.documented(GUIDE, "Status values for a user import job")
def test_a_job_goes_from_created_to_succeeded(importer: Importer) -> None:
    job = importer.create()
    importer.put(job, importer.file_of(person()), **{"x-amz-server-side-encryption": "aws:kms"})
    assert importer.described(job)["Status"] == "Created"
    importer.poolgate.clock.advance(60)
    started = importer.start(job)
    assert started["Status"] == "Pending"
    assert started["StartDate"] - started["CreationDate"]
    assert "CompletionDate" not in started
    importer.poolgate.run_imports()
    ended = importer.described(job)
    assert (ended["Status"], counts(ended)) == ("Succeeded", (1, 0, 0))
    assert ended["CompletionDate"] >= ended["StartDate"]
    assert importer.log(job) == ["[SUCCEEDED] Line Number 2 - The import succeeded."]


@pytest.mark.documented("API_UserImportJobType", "Failed: too many users have failed")
def test_a_job_of_which_most_users_fail_has_failed(importer: Importer) -> None:
    bad = person("jane", email_verified="FALSE")
    job = importer.imported(importer.file_of(person("john"), bad, {**bad, "email": ""}))
    assert (job["Status"], counts(job)) == ("Failed", (1, 0, 2))
    assert job["CompletionMessage"] == (
        "Too many users have failed or been skipped during the import."
    )
    assert importer.user("john")["UserStatus"] == "RESET_REQUIRED"


@pytest.mark.assumed("how many failed users make a job fail")
def test_a_job_of_which_half_the_users_are_imported_has_succeeded(importer: Importer) -> None:
    job = importer.imported(importer.file_of(person("john"), person("john")))
    assert (job["Status"], counts(job)) == ("Succeeded", (1, 1, 0))


@pytest.mark.documented(GUIDE, "Stopping a user import job, sample response")
def test_a_stopped_job_stays_stopped(importer: Importer) -> None:
    job = importer.started(importer.file_of(person()))
    stopped = importer.stop(job)
    assert stopped["Status"] == "Stopped"
    assert stopped["CompletionMessage"] == "The Import Job was stopped by the developer."
    assert stopped["CompletionDate"]
    importer.poolgate.run_imports()
    assert importer.described(job) == stopped
    assert refusal_code(importer.user, username="john") == "UserNotFoundException"
    assert refusal_code(importer.start, job=job) == PRECONDITION


@pytest.mark.assumed(TEXTS)
def test_what_is_not_under_way_is_not_stopped(importer: Importer) -> None:
    job = importer.create()
    assert refusal(importer.stop, job=job) == (
        PRECONDITION,
        "A user import job with status Created cannot be stopped.",
    )


@pytest.mark.documented("amplify-js issue 6416", "No csv file was uploaded for import-9sHxosU7BP")
def test_a_job_without_a_file_does_not_start(importer: Importer) -> None:
    job = importer.create()
    assert refusal(importer.start, job=job) == (
        PRECONDITION,
        f"No csv file was uploaded for {job['JobId']}",
    )


@pytest.mark.assumed(TEXTS)
def test_a_pool_that_verifies_nothing_imports_nobody(poolgate: LocalPoolgate) -> None:
    importer = Importer.of(poolgate, AutoVerifiedAttributes=[])
    job = importer.create()
    importer.put(job, importer.file_of(person()))
    assert refusal(importer.start, job=job) == (
        PRECONDITION,
        "The user pool does not have any auto verified attributes.",
    )


@pytest.mark.documented(GUIDE, "Only one import job can be active at a time per account")
def test_one_job_at_a_time_is_active(importer: Importer, poolgate: LocalPoolgate) -> None:
    other = Importer.of(poolgate)
    waiting = other.create()
    other.put(waiting, other.file_of(person()))
    job = importer.started(importer.file_of(person()))
    assert refusal_code(other.start, job=waiting) == PRECONDITION
    importer.stop(job)
    assert other.start(waiting)["Status"] == "Pending"


@pytest.mark.documented(GUIDE, "Only one import job can be active at a time per account")
def test_of_jobs_started_at_once_one_is_active(importer: Importer) -> None:
    made = [importer.create() for _ in range(6)]
    for job in made:
        importer.put(job, importer.file_of(person()))

    def start(job: Any) -> bool:
        try:
            importer.start(job)
        except importer.cognito.exceptions.PreconditionNotMetException:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(start, made)) == 1


@pytest.mark.documented(GUIDE, "Expired: did not start the job within 24-48 hours")
def test_a_job_that_is_not_started_expires(importer: Importer) -> None:
    job = importer.create()
    importer.put(job, importer.file_of(person()))
    importer.poolgate.clock.advance(DAY - 1)
    assert importer.described(job)["Status"] == "Created"
    importer.poolgate.clock.advance(1)
    assert importer.described(job)["Status"] == "Expired"
    assert refusal_code(importer.start, job=job) == PRECONDITION


@pytest.mark.documented(GUIDE, "from last created to first created")
def test_jobs_are_listed_from_the_last_one_on(importer: Importer) -> None:
    made = []
    for number in range(5):
        made.append(importer.create(f"job {number}")["JobId"])
        importer.poolgate.clock.advance(1)
    asked = {"UserPoolId": importer.pool_id, "MaxResults": 2}
    pages, token = [], {}
    while True:
        page = importer.cognito.list_user_import_jobs(**asked, **token)
        pages.append([job["JobId"] for job in page["UserImportJobs"]])
        if "PaginationToken" not in page:
            break
        token = {"PaginationToken": page["PaginationToken"]}
    newest = made[::-1]
    assert pages == [newest[:2], newest[2:4], newest[4:]]


@pytest.mark.model("PoolQueryLimitType, UserImportJobIdType, PasswordHashingAlgorithmType")
def test_bad_input_is_refused_by_the_model(importer: Importer) -> None:
    pool = {"UserPoolId": importer.pool_id}
    invalid = "InvalidParameterException"
    assert refusal_code(importer.cognito.list_user_import_jobs, **pool, MaxResults=61) == invalid
    assert refusal_code(importer.cognito.list_user_import_jobs, **pool) == invalid
    assert refusal_code(importer.cognito.describe_user_import_job, **pool, JobId="job") == invalid
    assert refusal_code(importer.create, PasswordHashingAlgorithm="MD5") == invalid
    assert refusal_code(importer.create, name="a/b") == invalid


@pytest.mark.assumed(TEXTS)
def test_an_unknown_job_is_not_found_nor_one_of_another_pool(
    importer: Importer, poolgate: LocalPoolgate
) -> None:
    elsewhere = Importer.of(poolgate).create()
    for operation in (importer.described, importer.start, importer.stop):
        assert refusal(operation, job=elsewhere) == (
            "ResourceNotFoundException",
            f"User import job {elsewhere['JobId']} does not exist.",
        )


@pytest.mark.model("declared errors: ResourceNotFoundException")
def test_unknown_pools_are_not_found(importer: Importer) -> None:
    importer.pool_id = "us-east-1_Missing00"
    for operation in (importer.header, importer.create):
        assert refusal_code(operation) == "ResourceNotFoundException"


@pytest.mark.assumed("a pool has at most 1,000 user import jobs")
def test_a_pool_has_a_bounded_number_of_jobs(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_JOBS_OF_A_POOL == 1000
    monkeypatch.setattr("poolgate.userpools.import_jobs.MAX_JOBS_OF_A_POOL", 1)
    importer.create()
    assert refusal_code(importer.create) == "LimitExceededException"


# ---- the upload -------------------------------------------------------------------------------


@pytest.mark.documented(
    GUIDE, "The PRE_SIGNED_URL returned in the response is valid for 15 minutes"
)
def test_the_upload_url_expires(importer: Importer) -> None:
    job = importer.create()
    importer.poolgate.clock.advance(15 * 60 - 1)
    assert importer.put(job, importer.file_of(person())).status == 200
    importer.poolgate.clock.advance(1)
    refused = importer.put(job, "replaced")
    assert refused.status == 403
    assert b"<Message>Request has expired</Message>" in refused.body
    assert counts(importer.described(importer.start(job))) == (0, 0, 0)


@pytest.mark.assumed(UPLOADS)
def test_only_the_given_url_takes_a_file(importer: Importer) -> None:
    job, other = importer.create(), importer.create()
    file = importer.file_of(person())
    url = job["PreSignedUrl"]
    for altered in (
        url.replace(job["JobId"], other["JobId"]),
        url.replace("expires=1", "expires=2"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.partition("?")[0],
        url.replace("signature=", "signature=%C3%A4"),
        url.replace("expires=", "expires=x"),
    ):
        refused = importer.put({"PreSignedUrl": altered}, file)
        assert refused.status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in refused.body
    assert importer.poolgate.send("GET", url.removeprefix(importer.poolgate.url)).status == 405
    assert refusal_code(importer.start, job=other) == PRECONDITION


@pytest.mark.assumed(UPLOADS)
def test_a_file_that_is_too_large_is_refused_before_it_is_read(importer: Importer) -> None:
    job = importer.create()
    refused = importer.put(job, "x", **{"content-length": str(MAX_FILE_BYTES + 1)})
    assert refused.status == 413
    assert refusal_code(importer.start, job=job) == PRECONDITION


@pytest.mark.assumed(UPLOADS)
def test_a_file_that_is_longer_than_it_says_is_cut_off(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolgate.userpools.import_files.MAX_FILE_BYTES", 100)
    job = importer.create()
    assert importer.put(job, "x" * 101, **{"content-length": "10"}).status == 413
    assert refusal_code(importer.start, job=job) == PRECONDITION


@pytest.mark.assumed(UPLOADS)
def test_half_a_file_does_not_count(importer: Importer) -> None:
    job = importer.create()
    whole = importer.file_of(person())
    assert importer.put(job, whole).status == 200
    refused = importer.put(job, "half", **{"content-length": "1000"})
    assert refused.status == 400
    importer.start(job)
    importer.poolgate.run_imports()
    assert counts(importer.described(job)) == (1, 0, 0)


@pytest.mark.assumed(UPLOADS)
def test_the_last_file_counts_and_none_comes_after_the_start(importer: Importer) -> None:
    job = importer.create()
    assert importer.put(job, importer.file_of(person("john"))).status == 200
    assert importer.put(job, importer.file_of(person("jane"))).status == 200
    importer.start(job)
    assert importer.put(job, importer.file_of(person("joe"))).status == 409
    importer.poolgate.run_imports()
    assert importer.user("jane")
    for nobody in ("john", "joe"):
        assert refusal_code(importer.user, username=nobody) == "UserNotFoundException"


@pytest.mark.documented(GUIDE, "After they complete or expire, Amazon Cognito deletes")
def test_the_file_is_gone_when_the_job_is_over(importer: Importer) -> None:
    importer.imported(importer.file_of(*(person(f"user{n}") for n in range(250))))
    stopped = importer.started(importer.file_of(*(person(f"more{n}") for n in range(250))))
    importer.stop(stopped)
    importer.imported(importer.file_of(person("last")))
    connection = importer.poolgate.application.installation.db.engine.connect()
    with connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM import_batches").scalar() == 0
