"""Answers of the API: their form, and the status and error code of each failure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from poolgate_dce.failures import (
    AlreadyExists,
    Conflict,
    Failure,
    InvalidRequest,
    KeysHidden,
    KeysRefused,
    KeysUnavailable,
    NoAccountReady,
    NotFound,
    NotPermitted,
    ValidationFailed,
)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; None is no body at all."""

    status: int
    body: object = None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class ApiError:
    """How the API words a failure."""

    status: int
    error_code: str


ERRORS: Mapping[type[Failure], ApiError] = {
    InvalidRequest: ApiError(400, "ClientError"),
    ValidationFailed: ApiError(400, "RequestValidationError"),
    NotPermitted: ApiError(401, "UnauthorizedError"),
    NotFound: ApiError(404, "NotFoundError"),
    AlreadyExists: ApiError(409, "AlreadyExistsError"),
    Conflict: ApiError(409, "ConflictError"),
    NoAccountReady: ApiError(500, "ServerError"),
    KeysHidden: ApiError(404, "NotFound"),
    KeysRefused: ApiError(401, "Unauthorized"),
    KeysUnavailable: ApiError(503, "ServerError"),
}

PREFLIGHT = Answer(
    200,
    {},
    (
        (
            "Access-Control-Allow-Headers",
            "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token",
        ),
        ("Access-Control-Allow-Methods", "*"),
    ),
)


def error_answer(failure: Failure) -> Answer:
    """Return the API's answer to a failure."""
    error = ERRORS[type(failure)]
    return _error(error.status, error.error_code, failure.message)


def broken_answer() -> Answer:
    """Return the answer to a defect of this program; what happened is for the log alone."""
    return _error(500, "ServerError", "Internal server error")


def _error(status: int, error_code: str, message: str) -> Answer:
    return Answer(status, {"error": {"message": message, "code": error_code}})


def page_answer(
    shown: list[Mapping[str, object]],
    url: str,
    query: Mapping[str, str],
    next_page: Mapping[str, str] | None,
) -> Answer:
    """Return one page; the `Link` header leads to the next with the same filters."""
    if next_page is None:
        return Answer(200, shown)
    target = f"{url}?{urlencode({**query, **next_page})}"
    return Answer(200, shown, (("Link", f'<{target}>; rel="next"'),))
