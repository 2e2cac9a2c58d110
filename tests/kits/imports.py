"""User import jobs as an operator drives them: make, upload, start, let the server work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from poolgate.testing import LocalPoolgate
from poolgate.userpools.import_worker import job_log
from poolgate.web.messages import HttpResponse

ROLE_ARN = "arn:aws:iam::123456789012:role/import-log"
Row = Mapping[str, str]


@dataclass
class Importer:
    """Imports CSV files into one pool."""

    poolgate: LocalPoolgate
    cognito: Any
    pool_id: str

    @classmethod
    def of(cls, poolgate: LocalPoolgate, **settings: Any) -> "Importer":
        """Make a pool that verifies e-mail addresses, unless told otherwise."""
        cognito = poolgate.client("cognito-idp", validate=False)
        asked = {"PoolName": "people", "AutoVerifiedAttributes": ["email"], **settings}
        return cls(poolgate, cognito, cognito.create_user_pool(**asked)["UserPool"]["Id"])

    def header(self) -> list[str]:
        return list(self.cognito.get_csv_header(UserPoolId=self.pool_id)["CSVHeader"])

    def file_of(self, *rows: Row, header: Sequence[str] | None = None) -> str:
        """Return a file with a line for each row."""
        columns = header or self.header()
        lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
        return "".join(",".join(line) + "\n" for line in lines)

    def create(self, name: str = "job", **members: Any) -> Any:
        return self.cognito.create_user_import_job(
            UserPoolId=self.pool_id, JobName=name, CloudWatchLogsRoleArn=ROLE_ARN, **members
        )["UserImportJob"]

    def put(self, job: Any, file: str | bytes, **headers: str) -> HttpResponse:
        body = file.encode() if isinstance(file, str) else file
        target = job["PreSignedUrl"].removeprefix(self.poolgate.url)
        return self.poolgate.send(
            "PUT", target, body=body, headers={"content-length": str(len(body)), **headers}
        )

    def named(self, job: Any) -> dict[str, str]:
        return {"UserPoolId": self.pool_id, "JobId": job["JobId"]}

    def start(self, job: Any) -> Any:
        return self.cognito.start_user_import_job(**self.named(job))["UserImportJob"]

    def stop(self, job: Any) -> Any:
        return self.cognito.stop_user_import_job(**self.named(job))["UserImportJob"]

    def described(self, job: Any) -> Any:
        return self.cognito.describe_user_import_job(**self.named(job))["UserImportJob"]

    def started(self, file: str | bytes, **members: Any) -> Any:
        """Make, fill and start a job."""
        job = self.create(**members)
        assert self.put(job, file).status == 200
        return self.start(job)

    def imported(self, file: str | bytes, **members: Any) -> Any:
        """Return the job as it is described at its end."""
        job = self.started(file, **members)
        self.poolgate.run_imports()
        return self.described(job)

    def log(self, job: Any) -> list[str]:
        """Return the job's log."""
        with self.poolgate.application.installation.db.reading() as transaction:
            return [str(result) for result in job_log(transaction, job["JobId"])]

    def user(self, username: str) -> Any:
        return self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=username)

    def attributes(self, username: str) -> dict[str, str]:
        return {entry["Name"]: entry["Value"] for entry in self.user(username)["UserAttributes"]}


def person(username: str = "john", **values: str) -> Row:
    """Return a row that can be imported, with other values where given."""
    return {
        "cognito:username": username,
        "email": f"{username}@example.com",
        "email_verified": "TRUE",
        **values,
    }


def counts(job: Any) -> tuple[int, int, int]:
    """Return how many users were imported, skipped, and failed."""
    return job["ImportedUsers"], job["SkippedUsers"], job["FailedUsers"]
