"""The latest activity of a sign-in, kept where the pool tracks sessions: when, whence, with what.

Of the user agent only the words below are kept: they tell a person which device it was, and tell
nobody more than that.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction
from poolgate.userpools.tables import browser_sessions, token_session_activity

UNKNOWN_DEVICE = "unknown"
# The first word that a user agent contains counts, so the special ones come first: an iPhone says
# "like Mac OS X", Edge and Opera say Chrome, and Chrome says Safari.
_SYSTEMS = (
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Darwin", "macOS"),
    ("macos", "macOS"),
    ("Linux", "Linux"),
    ("linux", "Linux"),
)
_APPLICATIONS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("aws-amplify", "AWS Amplify"),
    ("amplify", "AWS Amplify"),
    ("aws-cli", "AWS CLI"),
    ("Boto3", "Boto3"),
    ("Botocore", "Botocore"),
    ("aws-sdk", "AWS SDK"),
    ("curl", "curl"),
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One sign of life of a sign-in; `at` is in milliseconds."""

    at: int
    address: str
    device: str


_PUT = Put(token_session_activity)
_SEEN = (
    sa.update(browser_sessions)
    .where(browser_sessions.c.session_id == sa.bindparam("of_session"))
    .values(
        last_active_at=sa.bindparam("at"),
        last_address=sa.bindparam("address"),
        last_device=sa.bindparam("device"),
    )
)


def activity_of(call: Call) -> Activity:
    """Return what the call tells of whoever made it."""
    return Activity(call.now_millis, call.source_address, describe_device(call.user_agent or ""))


def record(
    transaction: Transaction,
    family_id: str,
    activity: Activity,
    *,
    browser_session_id: str | None,
) -> None:
    """Put the activity in the place of the family's earlier one.

    It is the browser session's, too, that the family came through.
    """
    if browser_session_id is not None:
        seen = {"at": activity.at, "address": activity.address, "device": activity.device}
        transaction.run(_SEEN, {"of_session": browser_session_id, **seen})
    transaction.put(
        _PUT,
        {
            "family_id": family_id,
            "last_active_at": activity.at,
            "last_address": activity.address,
            "last_device": activity.device,
        },
    )


def describe_device(user_agent: str) -> str:
    """Return operating system and application, as far as the user agent tells them."""
    words = (_word_of(user_agent, _SYSTEMS), _word_of(user_agent, _APPLICATIONS))
    return ", ".join(word for word in words if word) or UNKNOWN_DEVICE


def _word_of(user_agent: str, words: tuple[tuple[str, str], ...]) -> str | None:
    return next((word for sign, word in words if sign in user_agent), None)
