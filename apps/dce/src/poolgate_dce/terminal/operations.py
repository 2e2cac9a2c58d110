"""The API's operations as the command calls them, and how their refusals are told.

# SEED: `[GET /accounts][403] getAccountsForbidden`; a status that is not declared for the operation
# is an unknown error.
"""

from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from urllib.parse import quote

from poolgate.client.exchanges import Answer


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a path: its name, the status of success, and which refusals are declared."""

    name: str
    method: str
    path: str
    success: HTTPStatus
    refusals: frozenset[int]

    def target(self, named: str = "") -> str:
        """Return the path with the id of whatever is named."""
        return self.path.replace("{id}", quote(named, safe=""))

    def told(self, answer: Answer) -> str:
        """Return how a refusal is told; what the API said of its rules is put below."""
        if answer.status not in self.refusals:
            detail = _message(answer) or responses.get(answer.status, "")
            return f"unknown error (status {answer.status}): {detail}".rstrip(": ")
        word = HTTPStatus(answer.status).phrase.replace(" ", "")
        line = f"[{self.method} {self.path}][{answer.status}] {self.name}{word}"
        message = _message(answer)
        return f"{line}\n{message}" if message else line


def _message(answer: Answer) -> str:
    error = answer.json_object().get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return printable(message) if isinstance(message, str) else ""


def printable(told: str) -> str:
    """Return a server's text so that it can do nothing to a terminal but be read."""
    return "".join(filter(str.isprintable, told))


def _operation(name: str, line: str, success: HTTPStatus, *refusals: int) -> Operation:
    method, path = line.split()
    return Operation(name, method, path, success, frozenset(refusals))


_OK, _CREATED, _EMPTY = HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
LIST_ACCOUNTS = _operation("getAccounts", "GET /accounts", _OK, 403)
ADD_ACCOUNT = _operation("postAccounts", "POST /accounts", _CREATED, 400, 403, 409)
DESCRIBE_ACCOUNT = _operation("getAccountsId", "GET /accounts/{id}", _OK, 403, 404)
REMOVE_ACCOUNT = _operation("deleteAccountsId", "DELETE /accounts/{id}", _EMPTY, 403, 404, 409)
LIST_LEASES = _operation("getLeases", "GET /leases", _OK, 400, 403)
CREATE_LEASE = _operation("postLeases", "POST /leases", _CREATED, 400, 401, 403, 409, 500)
DESCRIBE_LEASE = _operation("getLeasesId", "GET /leases/{id}", _OK, 401, 403, 404)
END_LEASE = _operation("deleteLeasesId", "DELETE /leases/{id}", _OK, 400, 401, 403, 404, 409, 500)
END_LEASE_OF_PAIR = _operation("deleteLeases", "DELETE /leases", _OK, 400, 401, 403, 404, 409, 500)
_KEYS_REFUSALS = (401, 403, 404, 500, 503)
LOG_IN_TO_LEASE = _operation(
    "postLeasesIdAuth", "POST /leases/{id}/auth", _CREATED, *_KEYS_REFUSALS
)
LOG_IN_TO_OWN_LEASE = _operation("postLeasesAuth", "POST /leases/auth", _CREATED, *_KEYS_REFUSALS)
GET_USAGE = _operation("getUsage", "GET /usage", _OK, 400, 403)
