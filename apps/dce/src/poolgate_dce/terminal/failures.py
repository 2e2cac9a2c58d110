"""What ends a command, as a person is told it."""


class CommandFailed(Exception):
    """The command ends with exit code 1; the text is all that is told."""


class KeysRefused(Exception):
    """The API does not take the keys that a request was signed with, or there are none."""
