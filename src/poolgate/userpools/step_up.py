"""Asking for a level at the beginning of a sign-in by choice, on top of an earlier one or not.

AWS Developer Guide, "Step-up authentication with the USER_AUTH flow".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import access_tokens, passkeys, pool_tiers, pools
from poolgate.userpools.access_tokens import AccessTokenInvalid
from poolgate.userpools.auth_flows import Attempt, ParameterMissing
from poolgate.userpools.authentication_levels import (
    LevelOutOfReach,
    factors_said,
    level_of,
    reachable,
)
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.challenges import Challenge, Factor
from poolgate.userpools.first_factors import offered
from poolgate.userpools.pool_settings import FeatureAboveTier
from poolgate.userpools.pools import UserPool
from poolgate.userpools.situations import Situation
from poolgate.userpools.users import User


class LevelUnknown(Failure):
    """None of the levels that were asked for is one of the pool's."""


class LevelReachedAlready(Failure):
    """The access token says that the level was reached; there is nothing to step up to."""


class MaxAgeInvalid(Failure):
    """MAX_AGE is no number of seconds."""


@dataclass(frozen=True, slots=True)
class Aim:
    """The level to reach, 0 for none, and what an earlier sign-in proved towards it."""

    level: int = 0
    credit: frozenset[Factor] = frozenset()


def aim_of(call: Call, situation: Situation, attempt: Attempt, choices: Sequence[Challenge]) -> Aim:
    """Return what the attempt aims at, given what the user may begin with.

    Raises LevelUnknown, LevelOutOfReach, LevelReachedAlready, MaxAgeInvalid, FeatureAboveTier,
    ParameterMissing and the failures of access tokens.
    """
    if situation.at_pages:
        return Aim(level_at_pages(situation, attempt, choices))
    max_age = _max_age(attempt)
    if attempt.target_acr_values is None:
        if attempt.access_token is not None:
            raise ParameterMissing(name="TARGET_ACR_VALUES")
        return Aim()
    pool = situation.pool
    if pool_tiers.is_below(pool.tier, pool_tiers.ESSENTIALS):
        raise FeatureAboveTier(feature="TARGET_ACR_VALUES", tier=pool.tier)
    level = _level(situation, attempt.target_acr_values, choices)
    credit = _credit(call, situation, attempt, max_age)
    if level_of(credit) >= level:
        raise LevelReachedAlready
    # Second factors follow a password only; what else was proven is asked for anew.
    is_useful = Factor.PASSWORD in credit and Challenge.PASSWORD in choices
    return Aim(level, credit if is_useful else frozenset())


def level_at_pages(situation: Situation, attempt: Attempt, choices: Sequence[Challenge]) -> int:
    """Return the level that a sign-in at the login pages aims at, 0 for none.

    What an authorization request asks for is a wish (OpenID Connect Core s3.1.2.1): names that are
    no levels are passed over. One that is, and is out of reach, is told after the first factor.
    """
    pool = situation.pool
    levels = known_levels(pool, (attempt.target_acr_values or "").split())
    return _first_reachable(pool, situation.user, levels, choices) or next(iter(levels), 0)


def is_enough(
    transaction: Transaction, browser_session: BrowserSession, acr_values: Sequence[str]
) -> bool:
    """Tell whether the sign-in of a browser is at the first of the levels that its user can reach.

    It is not where none of them can be reached.
    """
    user = browser_session.user
    pool = pools.get(transaction, user.pool_id)
    levels = known_levels(pool, acr_values)
    if not levels:
        return True
    has_passkey = passkeys.count(transaction, user) > 0
    choices = offered(pool, user, has_passkey=has_passkey)
    wanted = _first_reachable(pool, user, levels, choices)
    return 0 < wanted <= browser_session.reached.level


def known_levels(pool: UserPool, names: Sequence[str]) -> list[int]:
    """Return the levels with those names; the pool's tier may have none."""
    if pool_tiers.is_below(pool.tier, pool_tiers.ESSENTIALS):
        return []
    known = pool.acr_names
    return [known.index(name) + 1 for name in names if name in known]


def _first_reachable(
    pool: UserPool, user: User | None, levels: Sequence[int], choices: Sequence[Challenge]
) -> int:
    """Return the first of the levels that the user can reach, 0 for none."""
    if user is None:
        return 0
    highest = max((reachable(pool, user, first) for first in choices), default=0)
    return next((level for level in levels if level <= highest), 0)


def _level(situation: Situation, text: str, choices: Sequence[Challenge]) -> int:
    """Return the first of the levels that the user can reach; those not known are passed over."""
    levels = known_levels(situation.pool, text.split())
    if not levels:
        raise LevelUnknown
    level = _first_reachable(situation.pool, situation.user, levels, choices)
    if level:
        return level
    # Whether somebody has the factors must not tell who has an account.
    if situation.hides_user_existence:
        return levels[0]
    raise LevelOutOfReach


def _credit(
    call: Call, situation: Situation, attempt: Attempt, max_age: int | None
) -> frozenset[Factor]:
    if attempt.access_token is None:
        return frozenset()
    signed_in = access_tokens.verify_access_token(call, attempt.access_token.reveal())
    is_own = situation.user is not None and (
        (signed_in.user.sub, signed_in.app_client.client_id)
        == (situation.user.sub, situation.app_client.client_id)
    )
    if not is_own:
        raise AccessTokenInvalid(private_detail="somebody else's, or another app client's")
    claims = signed_in.access_token_claims
    if max_age is not None and epoch_seconds(call.now) - claims["auth_time"] > max_age:
        return frozenset()
    return factors_said(claims.get("amr", ()))


def _max_age(attempt: Attempt) -> int | None:
    if attempt.max_age is None:
        return None
    if not (attempt.max_age.isascii() and attempt.max_age.isdecimal()):
        raise MaxAgeInvalid
    return int(attempt.max_age[:20])
