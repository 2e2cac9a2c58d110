"""The score of a risk: bounded, monotone, and silent about what is usual."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolgate.userpools.risk import RiskLevel, Signals, assess

COUNTS = st.integers(min_value=0, max_value=10_000)
SIGNALS = st.builds(
    Signals,
    has_history=st.booleans(),
    is_known_device=st.booleans(),
    is_known_address=st.booleans(),
    is_reported=st.booleans(),
    wrong_passwords=COUNTS,
    failures_of_address=COUNTS,
    others_refused_at_address=COUNTS,
    addresses_lately=COUNTS,
)
COUNTED = (
    "wrong_passwords",
    "failures_of_address",
    "others_refused_at_address",
    "addresses_lately",
)
ORDER = [None, RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH]
USUAL = Signals(has_history=True)


@given(SIGNALS, st.sampled_from(COUNTED), COUNTS)
def test_more_of_a_signal_never_lowers_the_risk(signals: Signals, name: str, more: int) -> None:
    raised = replace(signals, **{name: getattr(signals, name) + more})
    assert assess(raised).score >= assess(signals).score
    assert ORDER.index(assess(raised).level) >= ORDER.index(assess(signals).level)


@given(SIGNALS)
def test_knowing_a_place_never_raises_the_risk(signals: Signals) -> None:
    known = replace(signals, is_known_device=True, is_known_address=True, is_reported=False)
    assert assess(known).score <= assess(signals).score


@given(SIGNALS)
def test_what_was_reported_is_always_high(signals: Signals) -> None:
    assert assess(replace(signals, is_reported=True)).level is RiskLevel.HIGH


@given(SIGNALS)
def test_a_level_has_reasons_and_no_points_none(signals: Signals) -> None:
    assessment = assess(signals)
    assert bool(assessment.reasons) == (assessment.score > 0)
    assert (assessment.level is None) == (assessment.score < 20)


@given(SIGNALS)
def test_a_first_sign_in_is_compared_with_nothing(signals: Signals) -> None:
    first = replace(signals, has_history=False)
    compared = replace(first, is_known_device=True, is_known_address=True)
    assert assess(first) == assess(compared)


@pytest.mark.parametrize(
    ("signals", "level"),
    [
        (USUAL, None),
        (replace(USUAL, is_known_address=False), None),
        (replace(USUAL, is_known_device=False), RiskLevel.LOW),
        (replace(USUAL, is_known_device=False, is_known_address=False), RiskLevel.MEDIUM),
        (replace(USUAL, wrong_passwords=3), None),
        (replace(USUAL, wrong_passwords=4), RiskLevel.LOW),
        (replace(USUAL, wrong_passwords=6), RiskLevel.MEDIUM),
        (replace(USUAL, others_refused_at_address=5), RiskLevel.LOW),
        (replace(USUAL, others_refused_at_address=20, failures_of_address=20), RiskLevel.HIGH),
        (replace(USUAL, addresses_lately=3), RiskLevel.LOW),
    ],
)
def test_levels_are_those_of_the_table(signals: Signals, level: RiskLevel | None) -> None:
    assert assess(signals).level is level
