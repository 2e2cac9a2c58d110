"""The variables and folders of whoever runs the program.

The only module of the client that reads the environment. It imports next to nothing, since a cached
answer has to be given within milliseconds.
"""

import os

DEFAULT_REGION = "us-east-1"
DEFAULT_PROFILE = "default"


def variable(name: str) -> str | None:
    """Return a variable of the environment; None where it is absent or empty."""
    return os.environ.get(name) or None


def variables() -> dict[str, str]:
    """Return the whole environment, for a program that is started with it."""
    return dict(os.environ)


def config_folder() -> str:
    """Return the folder for profiles, sign-ins and what is kept for them; it need not exist yet."""
    return variable("POOLGATE_CONFIG_DIR") or _folder("XDG_CONFIG_HOME", ".config")


def usual_profile() -> str:
    """Return the name of the profile that is meant where none is named."""
    return variable("POOLGATE_PROFILE") or DEFAULT_PROFILE


def home_file(variable_name: str, *below_home: str) -> str:
    """Return the path that a variable names, or else the usual one below the home folder."""
    named = variable(variable_name)
    return os.path.expanduser(named) if named else _below_home(*below_home)  # noqa: PTH111 - pathlib takes longer to load than a cached answer may


def region(of_profile: str | None = None) -> str:
    """Return the region that calls are made to."""
    return variable("AWS_REGION") or variable("AWS_DEFAULT_REGION") or of_profile or DEFAULT_REGION


def _folder(variable_name: str, below_home: str) -> str:
    named = variable(variable_name)
    # SPEC XDG Base Directory: a relative path is to be ignored.
    base = named if named and named.startswith("/") else _below_home(below_home)
    return f"{base}/poolgate"


def _below_home(*parts: str) -> str:
    return "/".join((os.path.expanduser("~"), *parts))  # noqa: PTH111 - as above
