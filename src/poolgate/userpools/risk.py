"""How likely it is that somebody else signs in: one pure, documented score.

Each signal adds points, and the sum gives the level:

    signal                                          points
    this address or device was reported             100
    a device that the user never signed in with      25
    an address that the user never signed in from    15
    wrong passwords in a row just before             10 for each after the second, at most 40
    wrong passwords from this address in an hour     20 from 10 on, 40 from 30 on
    other users refused at this address in an hour   30 from 5 on, 60 from 20 on
    new addresses of the user within an hour         25 from 3 on

    points   0-19 none   20-39 Low   40-69 Medium   70 and more High

A device or address is new only for a user with a history: a first sign-in is compared with nothing.
A new address alone is no risk, since telephones change theirs all day; with a new device it is
Medium.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class RiskLevel(StrEnum):
    """How likely it is that somebody else signs in; no level means nothing unusual."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of a sign-in whose first proof was right."""

    has_history: bool = False
    is_known_device: bool = True
    is_known_address: bool = True
    is_reported: bool = False
    wrong_passwords: int = 0
    failures_of_address: int = 0
    others_refused_at_address: int = 0
    addresses_lately: int = 0


@dataclass(frozen=True, slots=True)
class Assessment:
    """The level, and which signals led to it."""

    level: RiskLevel | None
    score: int
    reasons: tuple[str, ...]


_LEVELS = ((70, RiskLevel.HIGH), (40, RiskLevel.MEDIUM), (20, RiskLevel.LOW))


def _steps(value: int, *steps: tuple[int, int]) -> int:
    """Return the points of the highest step that the value reaches; 0 below the first."""
    return max((points for least, points in steps if value >= least), default=0)


_RULES: tuple[tuple[str, Callable[[Signals], int]], ...] = (
    ("reported", lambda seen: 100 if seen.is_reported else 0),
    ("new device", lambda seen: 25 if seen.has_history and not seen.is_known_device else 0),
    ("new address", lambda seen: 15 if seen.has_history and not seen.is_known_address else 0),
    ("wrong passwords", lambda seen: min(max(seen.wrong_passwords - 2, 0) * 10, 40)),
    (
        "failures at the address",
        lambda seen: _steps(seen.failures_of_address, (10, 20), (30, 40)),
    ),
    (
        "many users at the address",
        lambda seen: _steps(seen.others_refused_at_address, (5, 30), (20, 60)),
    ),
    ("changing addresses", lambda seen: _steps(seen.addresses_lately, (3, 25))),
)


def assess(signals: Signals) -> Assessment:
    """Return the level of a sign-in; more of any signal never lowers it."""
    scored = [(reason, rule(signals)) for reason, rule in _RULES]
    score = sum(points for _, points in scored)
    level = next((level for least, level in _LEVELS if score >= least), None)
    return Assessment(level, score, tuple(reason for reason, points in scored if points))
