"""Moving a pool between tiers: what it uses keeps it from moving down."""

from typing import Any

import pytest
from kits.refusals import refusal

from poolgate.testing import LocalPoolgate

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
SETTINGS: dict[str, dict[str, Any]] = {
    "Password history": {"Policies": {"PasswordPolicy": {"PasswordHistorySize": 3}}},
    "SignInPolicy": {
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    },
    "PreTokenGenerationConfig": {
        "LambdaConfig": {
            "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": FUNCTION}
        }
    },
}


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


def refused_change(feature: str, tier: str = "LITE") -> tuple[str, str]:
    return (
        "TierChangeNotAllowedException",
        f"The user pool uses {feature}, which is not available in the {tier} tier.",
    )


def new_pool(cognito: Any, **settings: Any) -> str:
    return str(cognito.create_user_pool(PoolName="p", **settings)["UserPool"]["Id"])


def tier(cognito: Any, pool_id: str) -> str:
    return str(cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["UserPoolTier"])


@pytest.mark.assumed("text for a tier that lacks what the pool uses")
@pytest.mark.parametrize(("feature", "settings"), SETTINGS.items())
def test_settings_in_use_keep_a_pool_up(
    cognito: Any, feature: str, settings: dict[str, Any]
) -> None:
    pool_id = new_pool(cognito, **settings)
    down = {"UserPoolId": pool_id, "UserPoolTier": "LITE"}
    assert refusal(cognito.update_user_pool, **down, **settings) == refused_change(feature)
    assert tier(cognito, pool_id) == "ESSENTIALS"
    # What the update resets is not used any more.
    cognito.update_user_pool(**down)
    assert tier(cognito, pool_id) == "LITE"
    code, _ = refusal(cognito.update_user_pool, UserPoolId=pool_id, **settings)
    assert code == "FeatureUnavailableInTierException"
    cognito.update_user_pool(UserPoolId=pool_id, UserPoolTier="ESSENTIALS", **settings)


@pytest.mark.model("FeatureUnavailableInTierException: a feature you attempted to configure")
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_new_features_do_not_come_with_a_lower_tier(cognito: Any, settings: dict[str, Any]) -> None:
    pool_id = new_pool(cognito)
    code, _ = refusal(cognito.update_user_pool, UserPoolId=pool_id, UserPoolTier="LITE", **settings)
    assert code == "FeatureUnavailableInTierException"


@pytest.mark.assumed("text for a tier that lacks what the pool uses")
def test_what_outlives_updates_keeps_a_pool_up(cognito: Any) -> None:
    pool_id = new_pool(cognito)
    down = {"UserPoolId": pool_id, "UserPoolTier": "LITE"}
    optional = {"MfaConfiguration": "OPTIONAL"}
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, EmailMfaConfiguration={}, **optional)
    told = refusal(cognito.update_user_pool, **down, **optional)
    assert told == refused_change("EmailMfaConfiguration")
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OFF")
    tracking = {"UserPoolId": pool_id, "TokenSession": {"MaxPerUser": 5}}
    cognito.set_user_pool_session_configuration(UserSessionTracking="ENABLED", **tracking)
    assert refusal(cognito.update_user_pool, **down) == refused_change("Session configuration")
    cognito.set_user_pool_session_configuration(UserSessionTracking="DISABLED", **tracking)
    cognito.update_user_pool(**down)


@pytest.mark.assumed("text for a tier that lacks what the pool uses")
def test_app_clients_and_domains_keep_a_pool_up(cognito: Any) -> None:
    pool_id = new_pool(cognito)
    down = {"UserPoolId": pool_id, "UserPoolTier": "LITE"}
    app_client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_AUTH"]
    )["UserPoolClient"]
    assert refusal(cognito.update_user_pool, **down) == refused_change("ALLOW_USER_AUTH")
    cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=app_client["ClientId"])
    domain = {"UserPoolId": pool_id, "Domain": "people"}
    cognito.create_user_pool_domain(**domain, ManagedLoginVersion=2)
    assert refusal(cognito.update_user_pool, **down) == refused_change("Managed login")
    cognito.delete_user_pool_domain(**domain)
    cognito.update_user_pool(**down)


@pytest.mark.assumed("text for a tier that lacks what the pool uses")
def test_threat_protection_keeps_a_pool_in_the_highest_tier(cognito: Any) -> None:
    watching = {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
    pool_id = new_pool(cognito, UserPoolTier="PLUS", **watching)
    down = {"UserPoolId": pool_id, "UserPoolTier": "ESSENTIALS"}
    told = refusal(cognito.update_user_pool, **down, **watching)
    assert told == refused_change("Threat protection", "ESSENTIALS")
    cognito.update_user_pool(**down)
