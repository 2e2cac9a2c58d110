"""The table of auth_flows.md section 6, line by line."""

import msgspec
import pytest

from poolgate.foundation.ids import PoolId, Region, Sub, Username
from poolgate.userpools.challenges import (
    Challenge,
    Factor,
    NoSecondFactorPossible,
    Owed,
    addresses_of_factors,
    challenge_owed,
    may_answer,
    owed_on_device,
    render_choices,
    second_factor_owed,
)
from poolgate.userpools.mfa_settings import EmailMfa, MfaFactor, MfaMode, UserMfa
from poolgate.userpools.pool_settings import DeviceTracking, RecoveryMechanism
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User, UserStatus

SMS, TOTP, EMAIL = MfaFactor
OFF, OPTIONAL, ON = MfaMode
BOTH = {"email": "a@example.com", "phone_number": "+15555550100"}
ONLY_EMAIL = {"email": "a@example.com"}
ONLY_PHONE = {"phone_number": "+15555550100"}
ERROR = "error"
BY_EMAIL, BY_PHONE = ("verified_email",), ("verified_phone_number",)
BY_PHONE_THEN_EMAIL = ("verified_phone_number", "verified_email")
BY_ADMIN = ("admin_only",)


def a_pool(mode, factors=(), recovery=None):
    return UserPool(
        pool_id=PoolId("us-east-1_a"),
        region=Region("us-east-1"),
        name="pool",
        created_at=0,
        modified_at=0,
        mfa_mode=mode,
        sms_mfa=SMS in factors,
        software_token_mfa=TOTP in factors,
        email_mfa=EmailMfa() if EMAIL in factors else None,
        account_recovery=recovery
        and tuple(RecoveryMechanism(name, priority) for priority, name in enumerate(recovery, 1)),
    )


def a_user(attributes=(), enabled=(), preferred=None, *, status=UserStatus.CONFIRMED):
    return User(
        pool_id=PoolId("us-east-1_a"),
        sub=Sub("sub"),
        username=Username("alice"),
        status=status,
        enabled=True,
        attributes=dict(attributes),
        password=None,
        mfa=UserMfa(
            has_software_token=TOTP in enabled, enabled=frozenset(enabled), preferred=preferred
        ),
        failed_attempts=0,
        last_failure_at=None,
        locked_until=None,
        signed_out_at=None,
        created_at=0,
        modified_at=0,
    )


def owed_of(user, pool):
    try:
        owed = second_factor_owed(user, pool)
    except NoSecondFactorPossible:
        return ERROR
    return owed and (owed.challenge.value, *owed.choices)


ALL = (SMS, TOTP, EMAIL)
TABLE = [
    # 1: MFA off
    ("1 off", OFF, ALL, None, BOTH, ALL, TOTP, None),
    # 2: optional
    ("2 nothing active", OPTIONAL, ALL, None, BOTH, (), None, None),
    ("2 TOTP", OPTIONAL, ALL, None, BOTH, (TOTP,), None, ("SOFTWARE_TOKEN_MFA",)),
    ("2 SMS", OPTIONAL, ALL, None, BOTH, (SMS,), None, ("SMS_MFA",)),
    ("2 preferred", OPTIONAL, ALL, None, BOTH, (TOTP, EMAIL), EMAIL, ("EMAIL_OTP",)),
    ("2 several", OPTIONAL, ALL, None, BOTH, (TOTP, SMS), None, ("SELECT_MFA_TYPE", SMS, TOTP)),
    ("2 pool stopped using it", OPTIONAL, (TOTP,), None, BOTH, (SMS,), SMS, None),
    ("2 preferred one gone", OPTIONAL, (TOTP,), None, BOTH, (SMS, TOTP), SMS, (TOTP,)),
    ("2 address gone", OPTIONAL, ALL, None, {}, (SMS,), SMS, None),
    # 3: on, preferred
    ("3 preferred SMS", ON, ALL, BY_PHONE, BOTH, (SMS, TOTP), SMS, ("SMS_MFA",)),
    ("3 preferred TOTP", ON, ALL, BY_EMAIL, BOTH, (TOTP,), TOTP, ("SOFTWARE_TOKEN_MFA",)),
    # 4: on, no preference, TOTP
    ("4 no message used", ON, (TOTP,), None, BOTH, (TOTP,), None, ("SOFTWARE_TOKEN_MFA",)),
    ("4 no address", ON, ALL, None, {}, (TOTP,), None, ("SOFTWARE_TOKEN_MFA",)),
    ("4 address recovers", ON, (TOTP, EMAIL), BY_EMAIL, BOTH, (TOTP,), None, (TOTP,)),
    (
        "4 choice",
        ON,
        ALL,
        BY_EMAIL,
        BOTH,
        (TOTP,),
        None,
        ("SELECT_MFA_TYPE", TOTP, SMS),
    ),
    (
        "4 choice of all",
        ON,
        ALL,
        BY_ADMIN,
        BOTH,
        (TOTP,),
        None,
        ("SELECT_MFA_TYPE", TOTP, SMS, EMAIL),
    ),
    # 5: on, no TOTP, one address
    ("5 recovers", ON, ALL, BY_EMAIL, ONLY_EMAIL, (), None, ERROR),
    ("5 phone recovers", ON, ALL, BY_PHONE, ONLY_PHONE, (), None, ERROR),
    ("5 e-mail", ON, ALL, BY_PHONE, ONLY_EMAIL, (), None, ("EMAIL_OTP",)),
    ("5 phone", ON, ALL, BY_EMAIL, ONLY_PHONE, (), None, ("SMS_MFA",)),
    ("5 set up", ON, (TOTP,), BY_EMAIL, ONLY_EMAIL, (), None, ("MFA_SETUP", TOTP)),
    ("5 nothing", ON, (SMS,), BY_PHONE, ONLY_EMAIL, (), None, ERROR),
    # 6: on, no TOTP, both addresses
    ("6 choice", ON, ALL, BY_ADMIN, BOTH, (), None, ("SELECT_MFA_TYPE", SMS, EMAIL)),
    ("6 no setting", ON, ALL, None, BOTH, (), None, ("SELECT_MFA_TYPE", SMS, EMAIL)),
    ("6 e-mail recovers", ON, ALL, BY_EMAIL, BOTH, (), None, ("SMS_MFA",)),
    ("6 phone first", ON, ALL, BY_PHONE_THEN_EMAIL, BOTH, (), None, ("EMAIL_OTP",)),
    ("6 one used", ON, (SMS,), BY_EMAIL, BOTH, (), None, ("SMS_MFA",)),
    ("6 none eligible", ON, (SMS, TOTP), BY_PHONE, BOTH, (), None, ("MFA_SETUP", TOTP)),
    ("6 none at all", ON, (SMS,), BY_PHONE, BOTH, (), None, ERROR),
    # 7: on, no TOTP, no address
    ("7 all", ON, ALL, None, {}, (), None, ("MFA_SETUP", SMS, TOTP, EMAIL)),
    ("7 but recovery", ON, ALL, BY_EMAIL, {}, (), None, ("MFA_SETUP", SMS, TOTP)),
    ("7 TOTP", ON, (TOTP,), BY_EMAIL, {}, (), None, ("MFA_SETUP", TOTP)),
    ("7 none", ON, (EMAIL,), BY_EMAIL, {}, (), None, ERROR),
]


@pytest.mark.parametrize(
    ("mode", "factors", "recovery", "attributes", "enabled", "preferred", "expected"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_second_factor(mode, factors, recovery, attributes, enabled, preferred, expected):
    pool = a_pool(mode, factors, recovery)
    assert owed_of(a_user(attributes, enabled, preferred), pool) == expected


def test_password_comes_first_then_the_new_one_then_the_second_factor():
    pool = a_pool(ON, (TOTP,))
    invited = a_user(status=UserStatus.FORCE_CHANGE_PASSWORD)
    password = frozenset({Factor.PASSWORD})
    assert challenge_owed(invited, pool, frozenset()) == Owed(Challenge.PASSWORD_VERIFIER)
    assert challenge_owed(invited, pool, password) == Owed(Challenge.NEW_PASSWORD_REQUIRED)
    assert challenge_owed(a_user(), pool, password) == Owed(Challenge.MFA_SETUP, (TOTP,))
    assert challenge_owed(a_user(), pool, password | {Factor.SOFTWARE_TOKEN_MFA}) is None
    assert challenge_owed(a_user(), pool, frozenset({Factor.SOFTWARE_TOKEN_MFA})) == Owed(
        Challenge.PASSWORD_VERIFIER
    )


PASSWORD = frozenset({Factor.PASSWORD})
DEVICE_STEP = Owed(Challenge.DEVICE_SRP_AUTH)


@pytest.mark.parametrize(
    ("owed", "proven", "replaces_mfa", "expected"),
    [
        (None, PASSWORD, True, DEVICE_STEP),
        (None, PASSWORD, False, DEVICE_STEP),
        (None, PASSWORD | {Factor.DEVICE}, True, None),
        (Owed(Challenge.SMS_MFA), PASSWORD, True, DEVICE_STEP),
        (Owed(Challenge.SMS_MFA), PASSWORD, False, Owed(Challenge.SMS_MFA)),
        (Owed(Challenge.SMS_MFA), PASSWORD | {Factor.DEVICE}, True, None),
        (
            Owed(Challenge.SMS_MFA),
            PASSWORD | {Factor.DEVICE},
            False,
            Owed(Challenge.SMS_MFA),
        ),
        (Owed(Challenge.SELECT_MFA_TYPE, (TOTP, SMS)), PASSWORD, True, DEVICE_STEP),
        (Owed(Challenge.EMAIL_OTP), frozenset({Factor.FIRST_SMS_OTP}), True, DEVICE_STEP),
        # What comes before a second factor, and a factor to be set up, no device stands for.
        (Owed(Challenge.EMAIL_OTP), frozenset(), True, Owed(Challenge.EMAIL_OTP)),
        (
            Owed(Challenge.PASSWORD_VERIFIER),
            frozenset({Factor.DEVICE}),
            True,
            Owed(Challenge.PASSWORD_VERIFIER),
        ),
        (
            Owed(Challenge.NEW_PASSWORD_REQUIRED),
            PASSWORD | {Factor.DEVICE},
            True,
            Owed(Challenge.NEW_PASSWORD_REQUIRED),
        ),
        (
            Owed(Challenge.MFA_SETUP, (TOTP,)),
            PASSWORD | {Factor.DEVICE},
            True,
            Owed(Challenge.MFA_SETUP, (TOTP,)),
        ),
    ],
)
def test_what_is_owed_on_a_remembered_device(owed, proven, replaces_mfa, expected):
    tracking = DeviceTracking(replaces_mfa=replaces_mfa)
    pool = msgspec.structs.replace(a_pool(ON, (TOTP,)), device_tracking=tracking)
    assert owed_on_device(owed, pool, proven) == expected


def test_a_pool_that_tracks_no_devices_leaves_nothing_out_for_one():
    owed = Owed(Challenge.SMS_MFA)
    assert owed_on_device(owed, a_pool(ON, (SMS,)), PASSWORD) == owed


def test_only_what_is_owed_or_offered_may_be_answered():
    choice = Owed(Challenge.SELECT_MFA_TYPE, (TOTP, SMS))
    assert may_answer(choice, Challenge.SMS_MFA)
    assert may_answer(Owed(Challenge.SMS_MFA), Challenge.SMS_MFA)
    assert not may_answer(choice, Challenge.EMAIL_OTP)
    assert not may_answer(Owed(Challenge.MFA_SETUP, (TOTP,)), Challenge.SOFTWARE_TOKEN_MFA)
    assert not may_answer(None, Challenge.SMS_MFA)


def test_choices_are_json():
    assert render_choices(Owed(Challenge.SELECT_MFA_TYPE, (TOTP, SMS))) == (
        '["SOFTWARE_TOKEN_MFA","SMS_MFA"]'
    )


@pytest.mark.parametrize(
    ("mode", "recovery", "attributes", "enabled", "preferred", "barred"),
    [
        (OFF, BY_PHONE, BOTH, (SMS,), SMS, set()),
        (OPTIONAL, BY_PHONE, BOTH, (), None, set()),
        (OPTIONAL, BY_PHONE, BOTH, (SMS,), None, {"phone_number"}),
        (OPTIONAL, BY_PHONE, BOTH, (SMS, TOTP), TOTP, {"phone_number"}),
        (OPTIONAL, None, BOTH, (SMS,), SMS, set()),
        (OPTIONAL, BY_EMAIL, BOTH, (EMAIL,), EMAIL, {"email"}),
        (OPTIONAL, None, BOTH, (EMAIL,), EMAIL, {"email"}),
        (OPTIONAL, BY_EMAIL, BOTH, (EMAIL, TOTP), TOTP, set()),
        (OPTIONAL, BY_EMAIL, BOTH, (EMAIL, TOTP), None, {"email"}),
        (ON, BY_PHONE_THEN_EMAIL, BOTH, (), None, {"email"}),
        (ON, BY_EMAIL, BOTH, (), None, {"phone_number"}),
        (ON, BY_EMAIL, ONLY_EMAIL, (), None, set()),
        (ON, BY_PHONE, {}, (), None, set()),
    ],
)
def test_address_of_a_second_factor_recovers_nothing(
    mode, recovery, attributes, enabled, preferred, barred
):
    pool = a_pool(mode, ALL, recovery)
    assert addresses_of_factors(a_user(attributes, enabled, preferred), pool) == barred
