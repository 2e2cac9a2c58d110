"""What can go wrong below the API; `answers` gives each its status and error code."""


class Failure(Exception):
    """Something a caller may meet; `message` is meant for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(Failure):
    """The request cannot be read: no JSON, wrong types, a required member missing."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"invalid request parameters: {detail}" if detail else PARAMETERS)


class ValidationFailed(Failure):
    """The request can be read but a rule forbids what it asks for."""


class NotPermitted(Failure):
    """A plain user acted on somebody else's lease."""

    def __init__(self, username: str, principal_id: str) -> None:
        super().__init__(
            f"User [{username}] with role: [User] attempted to act on a lease for"
            f" [{principal_id}], but was not authorized"
        )


class NotFound(Failure):
    """No record has this name."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f'{kind} "{name}" not found')


class AlreadyExists(Failure):
    """A record with this name is there already."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f'{kind} "{name}" already exists')


class Conflict(Failure):
    """The record's status does not allow the operation."""

    def __init__(self, kind: str, name: str, reason: str) -> None:
        super().__init__(f'operation cannot be fulfilled on {kind} "{name}": {reason}.')


class NoAccountReady(Failure):
    """Every account of the pool is leased or waits for its reset."""

    def __init__(self) -> None:
        super().__init__("No Available accounts at this moment")


class KeysHidden(Failure):
    """Keys were asked for a lease that is unknown or somebody else's; the two look the same."""

    def __init__(self) -> None:
        super().__init__("The requested resource could not be found.")


class KeysRefused(Failure):
    """Keys were asked for a lease that is not active."""

    def __init__(self) -> None:
        super().__init__("Could not access the resource requested.")


class KeysUnavailable(Failure):
    """Keys of a child account cannot be made, or not now."""

    def __init__(self, where: str) -> None:
        super().__init__(f"Keys are not available: {where} gives none now")


PARAMETERS = "invalid request parameters"


def validation_failed(kind: str, problems: dict[str, str]) -> ValidationFailed:
    """Return the failure that names every member with a problem, in alphabetical order."""
    told = "; ".join(f"{member}: {problem}" for member, problem in sorted(problems.items()))
    return ValidationFailed(f"{kind} validation error: {told}.")
