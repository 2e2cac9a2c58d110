from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolgate.testing import LocalPoolgate
from poolgate.testing.local import Credentials

Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def poolgate(request: pytest.FixtureRequest) -> Iterator[LocalPoolgate]:
    """A fresh Poolgate on the engine that `--database` names; its clock stands still."""
    database_url = "sqlite://"
    if request.config.getoption("--database") == "postgresql":
        database_url = request.getfixturevalue("postgresql_url")
    with LocalPoolgate(database_url=database_url, frozen=True) as local:
        yield local


@pytest.fixture
def iam(poolgate: LocalPoolgate) -> Any:
    """IAM as the root calls it; bad parameters reach the server."""
    return poolgate.client("iam", validate=False)


@pytest.fixture
def user_credentials(iam: Any) -> Callable[..., Credentials]:
    """Make a user with one inline policy, if given, and return its credentials."""

    def make(name: str, document: str | None = None, *, path: str = "/") -> Credentials:
        iam.create_user(UserName=name, Path=path)
        if document is not None:
            iam.put_user_policy(UserName=name, PolicyName="granted", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"])

    return make


@pytest.fixture
def refused() -> Refused:
    """Call and return the error's code, message and HTTP status."""

    def call(operation: Callable[..., Any], **members: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            operation(**members)
        response = caught.value.response
        return {
            "code": response["Error"]["Code"],
            "message": response["Error"]["Message"],
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
        }

    return call
