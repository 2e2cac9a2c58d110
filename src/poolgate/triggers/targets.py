"""What a function is reached by, and how reaching it fails."""

from typing import Protocol

from poolgate.foundation.failure import Failure

# What a function may take for one attempt. AWS Working with Lambda triggers: "it must respond
# within 5 seconds".
LIMIT_SECONDS = 5.0
MAX_ANSWER_BYTES = 1024 * 1024


class FunctionFailed(Failure):
    """The function ran and ended with an error of its own. Facts: text."""


class NotInvoked(Failure):
    """The function gave no answer. Facts: reason. Trying again is of no use."""


class NotInvokedNow(NotInvoked):
    """The function gave no answer this time. Facts: reason."""


class Target(Protocol):
    """Something that runs functions."""

    def invoke(self, function_arn: str, event: bytes) -> bytes:
        """Return the function's answer as it came, at most MAX_ANSWER_BYTES long.

        Raises FunctionFailed, NotInvoked or NotInvokedNow. May take longer than it should: who
        invokes keeps the time.
        """
        ...
