"""What is made of a risk, mode and configuration by mode and configuration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolgate.userpools.auth_events import RiskDecision
from poolgate.userpools.known_places import address_key
from poolgate.userpools.mfa_settings import MfaDemand
from poolgate.userpools.pool_settings import ThreatMode
from poolgate.userpools.risk import RiskLevel
from poolgate.userpools.risk_configuration import (
    AccountTakeover,
    AddressExceptions,
    CompromisedCredentials,
    RiskConfiguration,
    TakeoverAction,
    TakeoverReaction,
    is_blocked,
)
from poolgate.userpools.threat_protection import decide

ACTIONS = st.none() | st.builds(
    TakeoverAction, st.sampled_from(TakeoverReaction), notifies=st.booleans()
)
CONFIGURATIONS = st.builds(
    RiskConfiguration,
    compromised=st.none() | st.builds(CompromisedCredentials, blocks=st.booleans()),
    takeover=st.none() | st.builds(AccountTakeover, low=ACTIONS, medium=ACTIONS, high=ACTIONS),
)
LEVELS = st.none() | st.sampled_from(RiskLevel)


@given(CONFIGURATIONS, LEVELS, st.booleans(), st.booleans())
def test_audit_never_acts(
    configuration: RiskConfiguration,
    level: RiskLevel | None,
    is_compromised: bool,  # noqa: FBT001 - given by hypothesis
    has_factor: bool,  # noqa: FBT001 - as above
) -> None:
    verdict = decide(
        ThreatMode.AUDIT,
        configuration,
        level,
        is_compromised=is_compromised,
        has_factor=has_factor,
    )
    assert not verdict.is_refused
    assert verdict.demand is MfaDemand.NONE
    assert (verdict.level, verdict.is_compromised) == (level, is_compromised)


@given(CONFIGURATIONS, LEVELS, st.booleans(), st.booleans())
def test_enforced_does_what_is_set_and_nothing_else(
    configuration: RiskConfiguration,
    level: RiskLevel | None,
    is_compromised: bool,  # noqa: FBT001 - given by hypothesis
    has_factor: bool,  # noqa: FBT001 - as above
) -> None:
    verdict = decide(
        ThreatMode.ENFORCED,
        configuration,
        level,
        is_compromised=is_compromised,
        has_factor=has_factor,
    )
    takeover = configuration.takeover
    if level is None:
        reaction = TakeoverReaction.NO_ACTION
    elif takeover is None:
        reaction = {
            RiskLevel.LOW: TakeoverReaction.NO_ACTION,
            RiskLevel.MEDIUM: TakeoverReaction.MFA_IF_CONFIGURED,
            RiskLevel.HIGH: TakeoverReaction.MFA_IF_CONFIGURED,
        }[level]
    else:
        action = {"Low": takeover.low, "Medium": takeover.medium, "High": takeover.high}[level]
        reaction = action.reaction if action else TakeoverReaction.NO_ACTION
    compromised = configuration.compromised
    refuses_password = is_compromised and (compromised is None or compromised.blocks)
    refuses_risk = reaction is TakeoverReaction.BLOCK or (
        reaction is TakeoverReaction.MFA_REQUIRED and not has_factor
    )
    assert verdict.is_refused == (refuses_password or refuses_risk)
    assert (verdict.decision is RiskDecision.BLOCK) == verdict.is_refused
    if not verdict.is_refused:
        asks = {
            TakeoverReaction.MFA_REQUIRED: MfaDemand.REQUIRED,
            TakeoverReaction.MFA_IF_CONFIGURED: MfaDemand.IF_POSSIBLE,
        }
        assert verdict.demand is asks.get(reaction, MfaDemand.NONE)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.2.0.1", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_a_blocked_network_has_its_addresses(address: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    exceptions = AddressExceptions(blocked=("10.1.0.0/16", "2001:db8::/32"))
    assert is_blocked(RiskConfiguration(exceptions=exceptions), address) is expected


def test_addresses_of_one_owner_count_together() -> None:
    assert address_key("2001:db8:1:2::3") == address_key("2001:db8:1:2:ffff::9")
    assert address_key("2001:db8:1:3::3") != address_key("2001:db8:1:2::3")
    assert address_key("::ffff:192.0.2.1") == address_key("192.0.2.1") == "192.0.2.1"
