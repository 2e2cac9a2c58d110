"""How the AWS door words failures.

Each service has a table in its own `errors` module; the wire looks a failure up by its class, then
by the classes it inherits from. A failure without an entry is a defect: the caller gets the
service's internal error and the log tells the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.foundation.failure import Failure

BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class AwsError:
    """A code, a message with the failure's facts in braces, and the HTTP status."""

    code: str
    message: str
    status: int = BAD_REQUEST

    def worded(self, failure: Failure) -> str:
        """Return the message with the failure's facts filled in."""
        return self.message.format_map(failure.facts)


ErrorTable = Mapping[type[Failure], AwsError]


def find_error(table: ErrorTable, failure: Failure) -> AwsError | None:
    """Return the entry of the failure's class or of its nearest ancestor that has one."""
    for cls in type(failure).__mro__:
        if cls in table:
            return table[cls]
    return None
