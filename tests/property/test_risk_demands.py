"""What a risk demands is owed, for any pool, user and way to begin."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from poolgate.foundation.ids import PoolId, Region, Sub, Username
from poolgate.userpools.challenges import (
    FIRST_FACTORS,
    SECOND_FACTORS,
    Challenge,
    Factor,
    NoSecondFactorPossible,
    challenge_owed,
    factor_at_risk,
)
from poolgate.userpools.mfa_settings import EmailMfa, MfaDemand, MfaFactor, MfaMode, UserMfa
from poolgate.userpools.pool_settings import RecoveryMechanism
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User, UserStatus

ADDRESSES = {"email": "a@example.com", "phone_number": "+15555550100"}
POOLS = st.builds(
    UserPool,
    pool_id=st.just(PoolId("us-east-1_a")),
    region=st.just(Region("us-east-1")),
    name=st.just("pool"),
    created_at=st.just(0),
    modified_at=st.just(0),
    mfa_mode=st.sampled_from(MfaMode),
    sms_mfa=st.booleans(),
    software_token_mfa=st.booleans(),
    email_mfa=st.none() | st.just(EmailMfa()),
    account_recovery=st.none()
    | st.sampled_from(["verified_email", "verified_phone_number", "admin_only"]).map(
        lambda name: (RecoveryMechanism(name, 1),)
    ),
)


@st.composite
def users(draw: st.DrawFn) -> User:
    enabled = draw(st.frozensets(st.sampled_from(MfaFactor)))
    has_token = MfaFactor.SOFTWARE_TOKEN_MFA in enabled or draw(st.booleans())
    preferred = draw(st.none() | st.sampled_from(sorted(enabled))) if enabled else None
    names = draw(st.sets(st.sampled_from(sorted(ADDRESSES))))
    return User(
        pool_id=PoolId("us-east-1_a"),
        sub=Sub("sub"),
        username=Username("alice"),
        status=draw(st.sampled_from([UserStatus.CONFIRMED, UserStatus.FORCE_CHANGE_PASSWORD])),
        enabled=True,
        attributes={name: ADDRESSES[name] for name in names},
        password=None,
        mfa=UserMfa(
            has_software_token=has_token,
            enabled=enabled,
            preferred=preferred,
        ),
        failed_attempts=0,
        last_failure_at=None,
        locked_until=None,
        signed_out_at=None,
        created_at=0,
        modified_at=0,
    )


FIRST = st.frozensets(st.sampled_from(sorted(FIRST_FACTORS)), min_size=1)
PROVEN = st.builds(lambda first, more: first | more, FIRST, st.frozensets(st.sampled_from(Factor)))


@given(POOLS, users(), PROVEN)
def test_a_required_factor_is_never_passed_over(
    pool: UserPool, user: User, proven: frozenset[Factor]
) -> None:
    try:
        owed = challenge_owed(user, pool, proven, MfaDemand.REQUIRED)
    except NoSecondFactorPossible:
        return
    assert owed is not None or proven & SECOND_FACTORS


@given(POOLS, users(), PROVEN, st.sampled_from(MfaDemand))
def test_a_demand_never_takes_anything_away(
    pool: UserPool, user: User, proven: frozenset[Factor], demand: MfaDemand
) -> None:
    try:
        without = challenge_owed(user, pool, proven)
    except NoSecondFactorPossible:
        assume(False)  # noqa: FBT003 - hypothesis's own signature
        return
    assume(without is not None)
    assert challenge_owed(user, pool, proven, demand) == without


@given(POOLS, users(), PROVEN)
def test_what_is_asked_for_at_a_risk_is_there_already_and_not_the_first_factors_means(
    pool: UserPool, user: User, proven: frozenset[Factor]
) -> None:
    owed = factor_at_risk(user, pool, proven)
    if owed is None:
        return
    asked = set(owed.choices) or {MfaFactor(owed.challenge)}
    assert owed.challenge is not Challenge.MFA_SETUP
    assert asked <= pool.mfa_factors
    assert not (Factor.FIRST_EMAIL_OTP in proven and MfaFactor.EMAIL_OTP in asked)
    assert not (Factor.FIRST_SMS_OTP in proven and MfaFactor.SMS_MFA in asked)
    bare = replace(user, attributes={}, mfa=UserMfa())
    assert factor_at_risk(bare, pool, proven) is None
