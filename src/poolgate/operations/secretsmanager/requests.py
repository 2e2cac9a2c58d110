"""What a request may ask for by its shape and is refused here."""

from poolgate.foundation.failure import Failure
from poolgate.operations.registry import Shape

ONLY_POLICY = "default"
NO_REQUEST_ID_TEXT = "You must provide a ClientRequestToken value. We recommend a UUID-type value."


class RequestTokenMissing(Failure):
    """Requests that make a version carry an id for it."""


class ParameterInvalid(Failure):
    """Members that contradict each other or cannot be done. Facts: reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


def request_token(request: Shape) -> str:
    """Return the id of the version to be made; raise RequestTokenMissing."""
    if "ClientRequestToken" not in request:
        raise RequestTokenMissing
    given: str = request["ClientRequestToken"]
    return given


def refuse_members(request: Shape, *members: str) -> None:
    """Raise ParameterInvalid where the request asks for what this server does not have."""
    for member in members:
        if request.get(member):
            raise ParameterInvalid(f"{member} is not supported by this server.")


def refuse_other_policies(request: Shape) -> None:
    """Raise ParameterInvalid unless the one policy of a secret is meant."""
    if request.get("PolicyName", ONLY_POLICY) != ONLY_POLICY:
        raise ParameterInvalid(f"The only resource policy of a secret is {ONLY_POLICY}.")
