"""Policies.SignInPolicy: what sign-ins of a pool may begin with."""

from typing import Any

import pytest
from kits.authenticator import SMS_BLOCK, TOTP_POOL
from kits.refusals import refusal

from poolgate.testing import LocalPoolgate

ONLY_WITHOUT_MFA = (
    "InvalidParameterException",
    (
        "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is "
        "enabled"
    ),
)


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp")


def policies(*factors: str) -> dict[str, Any]:
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}}}


def described(cognito: Any, pool_id: str) -> Any:
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return pool["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]


@pytest.mark.model("SignInPolicyType", "AllowedFirstAuthFactors")
def test_factors_are_described_as_they_were_set(cognito: Any) -> None:
    factors = ["SMS_OTP", "PASSWORD", "EMAIL_OTP", "PASSWORD"]
    made = cognito.create_user_pool(PoolName="pool", **policies(*factors))["UserPool"]
    assert made["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"] == factors[:3]
    assert described(cognito, made["Id"]) == factors[:3]


@pytest.mark.documented("API_UpdateUserPool", "a member that is left out gets its default")
def test_update_without_a_policy_leaves_the_password(cognito: Any) -> None:
    pool_id = cognito.create_user_pool(PoolName="pool", **policies("PASSWORD", "EMAIL_OTP"))[
        "UserPool"
    ]["Id"]
    cognito.update_user_pool(UserPoolId=pool_id)
    assert described(cognito, pool_id) == ["PASSWORD"]
    cognito.update_user_pool(UserPoolId=pool_id, **policies("PASSWORD", "SMS_OTP"))
    assert described(cognito, pool_id) == ["PASSWORD", "SMS_OTP"]


@pytest.mark.recorded("CreateUserPool without PASSWORD among the factors is refused")
def test_password_stays_allowed(cognito: Any) -> None:
    expected = (
        "InvalidParameterException",
        "Password should be configured as one of the allowed first auth factors",
    )
    refused = refusal(cognito.create_user_pool, PoolName="pool", **policies("EMAIL_OTP"))
    assert refused == expected


@pytest.mark.model("SignInPolicyType", "SOFTWARE_TOKEN is not currently supported")
def test_app_is_no_first_factor(cognito: Any) -> None:
    code, _ = refusal(
        cognito.create_user_pool, PoolName="pool", **policies("PASSWORD", "SOFTWARE_TOKEN")
    )
    assert code == "InvalidParameterException"


@pytest.mark.documented("SignInPolicyType", "must be in the Essentials tier or higher")
def test_other_factors_need_a_tier(cognito: Any) -> None:
    both = policies("PASSWORD", "EMAIL_OTP")
    lite = {"PoolName": "pool", "UserPoolTier": "LITE"}
    code, _ = refusal(cognito.create_user_pool, **lite, **both)
    assert code == "FeatureUnavailableInTierException"
    cognito.create_user_pool(**lite, **policies("PASSWORD"))


@pytest.mark.recorded("SetUserPoolMfaConfig ON with EMAIL_OTP or SMS_OTP allowed, 2026-08-19")
@pytest.mark.parametrize("factor", ["EMAIL_OTP", "SMS_OTP"])
def test_codes_and_required_mfa_exclude_each_other(cognito: Any, factor: str) -> None:
    both = policies("PASSWORD", factor)
    pool_id = cognito.create_user_pool(PoolName="pool", **both)["UserPool"]["Id"]
    mfa = {"UserPoolId": pool_id, **TOTP_POOL}
    assert (
        refusal(cognito.set_user_pool_mfa_config, MfaConfiguration="ON", **mfa) == ONLY_WITHOUT_MFA
    )
    cognito.set_user_pool_mfa_config(MfaConfiguration="OPTIONAL", **mfa)
    on = {"MfaConfiguration": "ON", **SMS_BLOCK}
    assert refusal(cognito.update_user_pool, UserPoolId=pool_id, **on, **both) == ONLY_WITHOUT_MFA
    assert refusal(cognito.create_user_pool, PoolName="pool", **on, **both) == ONLY_WITHOUT_MFA
    cognito.update_user_pool(UserPoolId=pool_id, **on)
    assert refusal(cognito.update_user_pool, UserPoolId=pool_id, **on, **both) == ONLY_WITHOUT_MFA
