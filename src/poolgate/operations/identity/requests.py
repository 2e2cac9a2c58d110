"""What a request may ask for by its shape and is refused here."""

from poolgate.foundation.failure import Failure


class RequestInvalid(Failure):
    """Members that contradict each other or name nothing. Facts: reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class ClassicFlowDisabled(Failure):
    """The pool does not give tokens to identities."""


class ClassicFlowWithMappings(Failure):
    """A pool that chooses roles by rules does not give tokens to identities."""
