"""What a door leaves behind: its answer, and what the log and the metrics may tell of it."""

import traceback
from dataclasses import dataclass

from poolgate.web.messages import HttpResponse


@dataclass(frozen=True, slots=True)
class Handled:
    """An answer and what the log and the metrics may tell of its request.

    `failure` names what happened where the answer must not tell.
    """

    response: HttpResponse
    request_id: str
    service: str = ""
    operation: str = ""
    caller: str = ""
    error_code: str = ""
    failure: str = ""
    defect: str = ""


def place_of(error: BaseException) -> str:
    """Return the error's type and where it was raised; its text may hold a request's members."""
    causes = [type(error).__name__]
    if error.__cause__ is not None:
        causes.append(type(error.__cause__).__name__)
    frames = traceback.extract_tb(error.__traceback__)
    places = (f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{' from '.join(causes)} at {' > '.join(places)}"
