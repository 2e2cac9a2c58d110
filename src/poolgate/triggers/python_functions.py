"""Functions in this process, for tests. Nothing but the test kit puts them here."""

from collections.abc import Callable
from typing import Any

import msgspec

from poolgate.triggers.targets import FunctionFailed

# A Lambda handler without its context.
Handler = Callable[[dict[str, Any]], object]


class PythonFunction:
    """One Python function; what it raises is its error, as in Lambda."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def invoke(self, _function_arn: str, event: bytes) -> bytes:
        """Return the function's answer."""
        try:
            return msgspec.json.encode(self._handler(msgspec.json.decode(event)))
        except Exception as error:
            raise FunctionFailed(text=str(error)) from error
