"""Which features a pool's tier includes, as AWS names tiers and sells features.

A feature above the tier cannot be set; a pool that uses one cannot move below it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from poolgate.foundation.failure import Failure
from poolgate.userpools.pool_settings import FeatureAboveTier
from poolgate.userpools.user_pool import UserPool

LITE, ESSENTIALS, PLUS = "LITE", "ESSENTIALS", "PLUS"
_RANK: Final = {LITE: 0, ESSENTIALS: 1, PLUS: 2}


class TierChangeRefused(Failure):
    """The pool uses a feature that the lower tier does not have. Facts: feature, tier."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, the lowest tier that has it, and how a pool shows that it is used."""

    name: str
    least_tier: str
    is_used: Callable[[UserPool], bool]


def _changes_access_tokens(pool: UserPool) -> bool:
    return pool.pre_token_version != "V1_0"  # noqa: S105 - a version


def _exports_activity(pool: UserPool) -> bool:
    return any(logs.source == "userAuthEvents" for logs in pool.log_configurations)


FEATURES: tuple[Feature, ...] = (
    # AWS SignInPolicyType: "your user pool must be in the Essentials tier or higher".
    Feature("SignInPolicy", ESSENTIALS, lambda pool: len(set(pool.first_factors)) > 1),
    # AWS PasswordPolicyType: "your user pool must be in the Essentials tier or higher".
    Feature(
        "Password history",
        ESSENTIALS,
        lambda pool: pool.password_policy.password_history_size > 0,
    ),
    # AWS Developer Guide, "User pool feature plans": e-mail MFA needs Essentials.
    Feature("EmailMfaConfiguration", ESSENTIALS, lambda pool: pool.email_mfa is not None),
    # AWS WebAuthnConfigurationType: "your user pool must be in the Essentials tier or higher".
    Feature("WebAuthnConfiguration", ESSENTIALS, lambda pool: pool.passkeys is not None),
    # AWS "Feature plan requirements" of authentication levels.
    Feature("AcrConfiguration", ESSENTIALS, lambda pool: bool(pool.acr_values)),
    # AWS Pre token generation: access tokens are changed from the ESSENTIALS tier upwards.
    Feature("PreTokenGenerationConfig", ESSENTIALS, _changes_access_tokens),
    # AWS SetUserPoolSessionConfiguration: "must be in the Essentials or Plus tier".
    Feature("Session configuration", ESSENTIALS, lambda pool: pool.session_tracking),
    # AWS UserPoolAddOnsType: "To activate this setting, your user pool must be on the Plus tier."
    Feature("Threat protection", PLUS, lambda pool: pool.watches_risks),
    # AWS LogConfigurationType: "with the Plus feature plan".
    Feature("User activity log export", PLUS, _exports_activity),
)


def is_below(tier: str, other: str) -> bool:
    """Tell whether a tier has fewer features than another."""
    return _RANK[tier] < _RANK[other]


def verify_features(pool: UserPool) -> None:
    """Raise FeatureAboveTier unless the tier includes every feature that the pool uses."""
    for feature in FEATURES:
        if is_below(pool.tier, feature.least_tier) and feature.is_used(pool):
            raise FeatureAboveTier(feature=feature.name, tier=pool.tier)


def verify_change(former: UserPool, changed: UserPool) -> None:
    """Raise TierChangeRefused where a feature in use keeps the pool from moving down.

    Raises FeatureAboveTier for a feature that would be new.
    """
    for feature in FEATURES:
        is_lost = is_below(changed.tier, feature.least_tier) and feature.is_used(changed)
        if is_lost and feature.is_used(former) and is_below(changed.tier, former.tier):
            raise TierChangeRefused(feature=feature.name, tier=changed.tier)
    verify_features(changed)


def verify_session_settings(pool: UserPool) -> None:
    """Raise FeatureAboveTier unless the pool's tier has session settings, whatever they say."""
    if is_below(pool.tier, ESSENTIALS):
        raise FeatureAboveTier(feature="Session configuration", tier=pool.tier)


def loses_essentials(former: UserPool, changed: UserPool) -> bool:
    """Tell whether the pool moves to the lowest tier."""
    return is_below(changed.tier, ESSENTIALS) and not is_below(former.tier, ESSENTIALS)
