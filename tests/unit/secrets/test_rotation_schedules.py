from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolgate.secrets.rotation_schedules import (
    RotationRules,
    RotationScheduleInvalid,
    next_window,
    verify_rules,
)

# A Tuesday.
NOW = datetime(2025, 4, 15, 10, 30, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2036, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda naive: naive.replace(tzinfo=UTC)
)


def start_of(expression, after=NOW):
    return next_window(RotationRules(expression=expression), after).start


@pytest.mark.parametrize(
    ("expression", "start"),
    [
        ("rate(1 day)", "2025-04-16T00"),
        ("rate(10 days)", "2025-04-25T00"),
        ("rate(12 hours)", "2025-04-15T22"),
        # AWS rotate-secrets_schedule gives these with their meanings in words.
        ("cron(0 8 * * ? *)", "2025-04-16T08"),
        ("cron(0 10 * * ? *)", "2025-04-16T10"),
        ("cron(0 11 * * ? *)", "2025-04-15T11"),
        ("cron(0 8 1 * ? *)", "2025-05-01T08"),
        ("cron(0 8 L * ? *)", "2025-04-30T08"),
        ("cron(0 8 ? * SUN *)", "2025-04-20T08"),
        ("cron(0 8 ? * MON-FRI *)", "2025-04-16T08"),
        ("cron(0 8 ? * 6L *)", "2025-04-25T08"),
        ("cron(0 8 ? * 2#1 *)", "2025-05-05T08"),
        ("cron(0 /8 * * ? *)", "2025-04-15T16"),
        ("cron(0 8 1 JAN,7 ? *)", "2025-07-01T08"),
        ("cron(0 8 1 3/3 ? *)", "2025-06-01T08"),
        ("cron(0 8 29 2 ? *)", "2028-02-29T08"),
    ],
)
def test_the_next_window_begins_where_the_schedule_says(expression, start):
    assert start_of(expression) == datetime.fromisoformat(f"{start}:00:00+00:00")


def test_days_count_from_midnight_and_windows_close():
    daily = next_window(RotationRules(after_days=30), NOW)
    assert (daily.start, daily.end) == (
        datetime(2025, 5, 15, tzinfo=UTC),
        datetime(2025, 5, 16, tzinfo=UTC),
    )
    hourly = next_window(RotationRules(expression="cron(0 /8 * * ? *)"), NOW)
    assert hourly.end - hourly.start == timedelta(hours=1)
    short = next_window(RotationRules(expression="cron(0 8 * * ? *)", duration="3h"), NOW)
    assert short.end - short.start == timedelta(hours=3)
    assert next_window(RotationRules(), NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "cron()",
        "cron(0 8 * * ?)",
        "cron(0 24 * * ? *)",
        "cron(0 8 0 * ? *)",
        "cron(0 8 1 13 ? *)",
        "cron(0 8 ? * 8 *)",
        "cron(0 8 ? * 2#6 *)",
        "cron(0 8 5-1 * ? *)",
        "cron(0 8 1 * ? 2030)",
        "cron(0 8,9 * * ? *)",
        "cron(0 0,21 * * ? *)",
        "cron(0 /0 * * ? *)",
        "cron(0 8 30 2 ? *)",
        "cron(0 ² * * ? *)",
        "rate(0 days)",
        "rate(3 hours)",
        "rate(9999 days)",
        "rate(1 week)",
    ],
)
def test_what_is_no_schedule_is_refused(expression):
    with pytest.raises(RotationScheduleInvalid):
        verify_rules(RotationRules(expression=expression), NOW)


@given(after=MOMENTS, days=st.integers(1, 1000))
def test_windows_come_later_and_last(after, days):
    for rules in (
        RotationRules(after_days=days),
        RotationRules(expression=f"rate({days} days)"),
        RotationRules(expression=f"rate({days + 3} hours)"),
        RotationRules(expression=f"cron(0 {days % 24} ? * {days % 7 + 1} *)"),
    ):
        window = next_window(rules, after)
        assert after - timedelta(hours=1) < window.start < window.end
        assert (window.start.minute, window.start.second) == (0, 0)
        assert window.end - window.start <= timedelta(days=1)


def test_a_window_that_wanders_ends_with_its_day():
    rules = RotationRules(expression="rate(5 hours)", duration="3h")
    verify_rules(rules, NOW)
    late = next_window(rules, datetime(2025, 4, 15, 17, 30, tzinfo=UTC))
    assert (late.start.hour, late.end) == (22, datetime(2025, 4, 16, tzinfo=UTC))
