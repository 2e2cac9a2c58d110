"""When a secret is rotated: after so many days, at a rate, or by a calendar. All times are UTC.

# AWS rotate-secrets_schedule
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

from poolgate.foundation.failure import Failure

LONGEST_DAYS = 1000
# AWS RotateSecret: "as often as every four hours".
_SHORTEST_HOURS = 4
_HOURS_PER_DAY = 24
# A day of a leap year's February comes again within eight years.
_SEARCHED_DAYS = 8 * 366 + 1
_RATE = re.compile(r"rate\(\s*([0-9]{1,4})\s+(hours?|days?)\s*\)")
_CRON = re.compile(r"cron\(\s*([^()]{9,200})\s*\)")
_DURATION = re.compile(r"([0-9]{1,2})h")
_PART = re.compile(r"(?P<first>[0-9A-Z]+|\*)?(?:-(?P<last>[0-9A-Z]+))?(?:/(?P<step>[0-9]{1,2}))?")
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
# AWS rotate-secrets_schedule: the week begins on Sunday, which is 1
_WEEKDAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_WEEKDAYS = {name: number for number, name in enumerate(_WEEKDAY_NAMES, start=1)}
_FIELDS = 6


class RotationScheduleInvalid(Failure):
    """The rules say no time at which a secret could be rotated. Facts: reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class RotationRules(msgspec.Struct, frozen=True, omit_defaults=True):
    """A schedule: `after_days` or an `expression`, and how many hours its windows are open."""

    after_days: int | None = None
    duration: str | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a rotation takes place; it begins at its start."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Calendar:
    hours: frozenset[int]
    months: frozenset[int]
    is_day: Callable[[date], bool]

    def next_start(self, after: datetime) -> datetime | None:
        """Return the first hour behind `after` that the calendar names, None if there is none."""
        for offset in range(_SEARCHED_DAYS):
            day = after.date() + timedelta(days=offset)
            if day.month not in self.months or not self.is_day(day):
                continue
            for hour in sorted(self.hours):
                start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
                if start > after:
                    return start
        return None


def verify_rules(rules: RotationRules, now: datetime) -> None:
    """Raise RotationScheduleInvalid unless the rules name a time."""
    if rules.after_days is not None and rules.expression is not None:
        raise RotationScheduleInvalid(
            "You can't specify both AutomaticallyAfterDays and ScheduleExpression."
        )
    if rules.after_days is not None and not 1 <= rules.after_days <= LONGEST_DAYS:
        raise RotationScheduleInvalid(
            f"RotationRules.AutomaticallyAfterDays must be within 1-{LONGEST_DAYS}."
        )
    window = next_window(rules, now)
    if window is None or rules.duration is None:
        return
    if window.start + timedelta(hours=_hours(rules.duration)) > _end_of_day(window.start):
        raise RotationScheduleInvalid("The rotation window extends into the next day.")


def next_window(rules: RotationRules, after: datetime) -> Window | None:
    """Return the window of the rotation that follows one at `after`; None without a schedule.

    Windows end with their day: a rate in hours moves them towards its end.
    """
    if rules.after_days is not None:
        start, is_daily = _midnight(after) + timedelta(days=rules.after_days), True
    elif rules.expression is None:
        return None
    else:
        start, is_daily = _start_of_expression(rules.expression, after)
    if rules.duration is not None:
        end = start + timedelta(hours=_hours(rules.duration))
    else:
        end = _end_of_day(start) if is_daily else start + timedelta(hours=1)
    return Window(start, min(end, _end_of_day(start)))


def _start_of_expression(expression: str, after: datetime) -> tuple[datetime, bool]:
    """Return the next start, and whether the schedule is one of days rather than of hours."""
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        count, is_daily = int(rate[1]), rate[2].startswith("day")
        hours = count * _HOURS_PER_DAY if is_daily else count
        if not _SHORTEST_HOURS <= hours <= LONGEST_DAYS * _HOURS_PER_DAY:
            raise RotationScheduleInvalid("The rate is not within 4 hours and 1000 days.")
        if is_daily:
            return _midnight(after) + timedelta(days=count), True
        return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=count), False
    schedule = _calendar(expression)
    start = schedule.next_start(after)
    if start is None:
        raise RotationScheduleInvalid("The schedule expression never comes true.")
    return start, len(schedule.hours) == 1


@lru_cache(maxsize=256)
def _calendar(expression: str) -> _Calendar:
    found = _CRON.fullmatch(expression)
    fields = found[1].upper().split() if found else []
    if len(fields) != _FIELDS:
        raise RotationScheduleInvalid("The schedule expression is neither rate() nor cron().")
    minutes, hours, days, months, weekdays, years = fields
    if minutes != "0" or years != "*":
        raise RotationScheduleInvalid("A schedule's minutes are 0 and its years are *.")
    if (days == "?") is (weekdays == "?"):
        raise RotationScheduleInvalid("One of day of month and day of week is ?.")
    chosen_hours = _numbers(hours, 0, 23, {})
    _verify_pauses(chosen_hours)
    return _Calendar(
        chosen_hours,
        _numbers(months, 1, 12, _MONTHS),
        _day_of_month(days) if weekdays == "?" else _day_of_week(weekdays),
    )


def _verify_pauses(hours: frozenset[int]) -> None:
    ordered = sorted(hours)
    following = [*ordered[1:], ordered[0] + _HOURS_PER_DAY]
    if any(late - early < _SHORTEST_HOURS for early, late in zip(ordered, following, strict=True)):
        raise RotationScheduleInvalid("A secret is rotated every four hours at most.")


def _day_of_month(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: day.day == _last_day(day)
    days = _numbers(field, 1, 31, {})
    return lambda day: day.day in days


def _day_of_week(field: str) -> Callable[[date], bool]:
    name, mark, count = field.partition("#")
    if mark:
        weekday, which = _number(name, 1, 7, _WEEKDAYS), _number(count, 1, 5, {})
        return lambda day: _weekday(day) == weekday and (day.day + 6) // 7 == which
    if len(field) > 1 and field.endswith("L"):
        weekday = _number(field[:-1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day + 7 > _last_day(day)
    weekdays = _numbers(field, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in weekdays


def _numbers(field: str, lowest: int, highest: int, names: dict[str, int]) -> frozenset[int]:
    """Return what a field of numbers, ranges and steps names."""
    chosen: set[int] = set()
    for part in field.split(","):
        found = _PART.fullmatch(part)
        if found is None or (found["first"] is None and found["step"] is None):
            raise RotationScheduleInvalid(f"{part} is not part of a schedule.")
        step = int(found["step"] or 1)
        if found["first"] in {None, "*"}:
            first, last = lowest, highest
        else:
            first = _number(found["first"], lowest, highest, names)
            last = highest if found["step"] else first
        if found["last"] is not None:
            last = _number(found["last"], lowest, highest, names)
        if step < 1 or last < first:
            raise RotationScheduleInvalid(f"{part} is not part of a schedule.")
        chosen |= set(range(first, last + 1, step))
    return frozenset(chosen)


def _number(text: str, lowest: int, highest: int, names: dict[str, int]) -> int:
    number = names.get(text, int(text) if text.isascii() and text.isdigit() else -1)
    if not lowest <= number <= highest:
        raise RotationScheduleInvalid(f"{text} is not part of a schedule.")
    return number


def _hours(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    if found is None or not 1 <= int(found[1]) <= _HOURS_PER_DAY:
        raise RotationScheduleInvalid("The duration of a rotation window is written like 3h.")
    return int(found[1])


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _end_of_day(moment: datetime) -> datetime:
    return _midnight(moment) + timedelta(days=1)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
