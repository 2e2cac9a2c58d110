"""An office without a server in front of it, and how tests call its methods."""

import json
from collections.abc import Callable
from typing import Any

from poolgate_dce.account_keys import AccountKeys
from poolgate_dce.answers import Answer, error_answer
from poolgate_dce.database import Database
from poolgate_dce.failures import Failure
from poolgate_dce.housekeeping import keep_house
from poolgate_dce.limits import Limits
from poolgate_dce.methods import ApiCaller, MethodCall, Office, find_methods

ADMIN = ApiCaller("arn:aws:iam::111122223333:user/operator", "", is_admin=True)
JANE = ApiCaller("jane", "jane", is_admin=False)
JUNE = ApiCaller("june", "june", is_admin=False)
URL = "http://dce.example/api"
Asked = Callable[..., Answer]


class Moment:
    """A clock that stands where a test puts it."""

    seconds = 1_700_000_000

    def __call__(self) -> int:
        return self.seconds


class KeySource:
    """A source of account keys that tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def keys_of(self, **asked: str) -> AccountKeys:
        self.asked.append(asked)
        return AccountKeys("ASIAEXAMPLE", "example-secret", "example-token", "https://example.com")


class Desk:
    """An office and how a test calls its methods."""

    def __init__(self, database: Database, key_source: KeySource | None = None) -> None:
        self.now = Moment()
        numbers = iter(range(1000))
        self.office = Office(
            database,
            Limits(),
            self.now,
            lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
            key_source,
        )

    def ask(
        self, caller: ApiCaller, line: str, body: Any = None, **query: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers of e.g. `GET /leases`."""
        http_method, path = line.split()
        methods, named = find_methods(path)
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        call = MethodCall(caller, f"{URL}{path}", query, raw, named)
        try:
            answer = methods[http_method].run(self.office, call)
        except Failure as failure:
            answer = error_answer(failure)
        return answer.status, json.loads(json.dumps(answer.body)), dict(answer.headers)

    def add_accounts(self, count: int, *, ready: bool = True) -> list[str]:
        """Add accounts through the API and reset them."""
        account_ids = [f"{number:012d}" for number in range(1, count + 1)]
        for account_id in account_ids:
            body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
            assert self.ask(ADMIN, "POST /accounts", body)[0] == 201
        keep_house(self.office, auto_reset=ready)
        return account_ids

    def lease(self, caller: ApiCaller, principal_id: str, **members: Any) -> dict[str, Any]:
        """Create a lease and return it."""
        body = {"principalId": principal_id, **members}
        status, lease, _ = self.ask(caller, "POST /leases", body)
        assert status == 201, lease
        return lease


def error(message: str, error_code: str) -> dict[str, dict[str, str]]:
    return {"error": {"message": message, "code": error_code}}


def refusal(me: str, other: str) -> dict[str, dict[str, str]]:
    return error(
        f"User [{me}] with role: [User] attempted to act on a lease for [{other}], but was not"
        " authorized",
        "UnauthorizedError",
    )


def query_of(link: str | None) -> dict[str, str]:
    if link is None:
        return {}
    target, _, relation = link.partition(">; ")
    assert relation == 'rel="next"'
    return dict(part.split("=") for part in target.partition("?")[2].split("&"))
