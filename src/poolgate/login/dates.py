"""Moments as people read them, in the page's language and the user's own time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from poolgate.foundation.clock import from_epoch_millis
from poolgate.login.texts import Texts


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment: as a machine reads it (HTML `time`), and in words."""

    machine: str
    words: str


def zone_of(name: str | None) -> tzinfo:
    """Return the time zone of that name, UTC for none and for one that nobody knows."""
    try:
        return ZoneInfo(name or "UTC")
    # Also a name that is no name of a file; the list of zones may be missing altogether.
    except (OSError, ValueError, KeyError):
        return UTC


def moment(texts: Texts, at_millis: int, zone: tzinfo) -> Moment:
    """Return the moment for the page."""
    at: datetime = from_epoch_millis(at_millis).astimezone(zone)
    words = texts.DATE_AND_TIME.format(
        year=at.year,
        month=texts.table("MONTHS")[str(at.month)],
        day=at.day,
        time=f"{at:%H:%M}",
        zone=at.tzname() or "UTC",
    )
    return Moment(at.isoformat(timespec="minutes"), words)
