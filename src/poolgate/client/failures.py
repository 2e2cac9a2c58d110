"""What can keep a client from its aim, as a person is told it."""

from poolgate.foundation.failure import Failure


class ClientFailure(Failure):
    """Something that whoever runs the program must be told; `sentence` holds no secret."""

    def __init__(self, sentence: str, *, private_detail: str | None = None) -> None:
        super().__init__(private_detail=private_detail)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class ServerUnreachable(ClientFailure):
    """No server answered within the bounds."""


class KeysMissing(ClientFailure):
    """There are no AWS keys to sign with."""


class AwsRefused(ClientFailure):
    """The AWS door refused a call, with its error code."""

    def __init__(self, operation: str, error_code: str, message: str) -> None:
        super().__init__(f"{operation} was refused: {error_code}: {message}")
        self.error_code = error_code
        self.message = message
