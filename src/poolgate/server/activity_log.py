"""Where the activity goes that pools are set to log: a file of its own, or the server's log."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from poolgate.server.event_log import EventLog, Level
from poolgate.server.settings import Settings

EVENT = "pool activity"


class LoggedActivity:
    """Writes pools' activity into the server's log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def write(self, line: Mapping[str, object]) -> None:
        """Write one line."""
        self._log.info(EVENT, **line)


class ActivityFile:
    """Appends pools' activity to a file, one JSON object a line; rotating it is the operator's."""

    def __init__(self, path: Path, log: EventLog) -> None:
        self._path = path
        self._log = log

    def write(self, line: Mapping[str, object]) -> None:
        """Write one line; processes may share the file, since a line is appended in one call.

        What it tells of has happened already: where it cannot be written, only that is told.
        """
        try:
            opened = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(opened, msgspec.json.encode(line) + b"\n")
            finally:
                os.close(opened)
        except OSError as error:
            self._log.warning("pool activity lost", reason=error.strerror)


def activity_log_of(settings: Settings) -> ActivityFile | LoggedActivity:
    """Return where the settings want pools' activity."""
    log = EventLog(level=Level[settings.log_level.upper()])
    if settings.activity_log is not None:
        return ActivityFile(settings.activity_log, log)
    return LoggedActivity(log)
