"""The base of every expected failure below the doors."""


class Failure(Exception):
    """Something a caller may meet and a door must name.

    Subclasses say what happened (`CodeExpired`), never how a protocol words it. `facts` are values
    that a door may show to the caller; they never hold a secret. `private_detail` goes to the log
    only.
    """

    def __init__(self, *, private_detail: str | None = None, **facts: str) -> None:
        super().__init__(type(self).__name__)
        self.facts = facts
        self.private_detail = private_detail

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{type(self).__name__}({told})"


def names_of(failure: Failure) -> str:
    """Return the names of a failure and of those that it came from, for the log.

    Texts may hold what a stranger sent; names do not.
    """
    names, cause = [type(failure).__name__], failure.__cause__
    while isinstance(cause, Failure):
        names.append(type(cause).__name__)
        cause = cause.__cause__
    return " from ".join(names)
