"""The only place that reads the clock, draws chance and reads the environment."""

import os
import secrets
import time
import uuid
from collections.abc import Mapping


def epoch_now() -> int:
    """Return the current time in whole epoch seconds, the unit of every time in this API."""
    return int(time.time())


def new_lease_id() -> str:
    """Return a random (version 4) UUID as text."""
    return str(uuid.uuid4())


def random_text() -> str:
    """Return 43 characters (256 bits) that nobody can guess."""
    return secrets.token_urlsafe(32)


def environment() -> Mapping[str, str]:
    """Return the process's environment variables."""
    return os.environ
