from typing import Any

import pytest
from kits.authenticator import SMS_BLOCK, TOTP_POOL, set_mfa
from kits.cognito import App, refused

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NOTHING_TO_ASK_FOR = (
    "SMS configuration and Auto verification for phone_number are required when MFA is "
    "required/optional"
)


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def config(app: App) -> Any:
    shown = app.cognito.get_user_pool_mfa_config(UserPoolId=app.pool_id)
    shown.pop("ResponseMetadata")
    return shown


def mode(app: App) -> str:
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    return str(described["MfaConfiguration"])


@pytest.mark.documented("API_SetUserPoolMfaConfig", "response elements")
def test_what_is_set_is_answered_and_shown(app: App) -> None:
    wanted = {
        "MfaConfiguration": "OPTIONAL",
        "SmsMfaConfiguration": {**SMS_BLOCK, "SmsAuthenticationMessage": "Code {####}"},
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "EmailMfaConfiguration": {"Message": "Mail {####}", "Subject": "Hello"},
    }
    answer = app.cognito.set_user_pool_mfa_config(UserPoolId=app.pool_id, **wanted)
    answer.pop("ResponseMetadata")
    assert answer == config(app) == wanted
    assert mode(app) == "OPTIONAL"


@pytest.mark.documented("API_CreateUserPool", "MfaConfiguration defaults to OFF")
def test_new_pool_asks_for_nothing(app: App) -> None:
    assert config(app) == {"MfaConfiguration": "OFF"}
    assert mode(app) == "OFF"


@pytest.mark.assumed("factors that are left out are no longer used")
def test_factors_left_out_are_no_longer_used(app: App) -> None:
    set_mfa(app, "OPTIONAL", "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP")
    set_mfa(app, "ON", "SOFTWARE_TOKEN_MFA")
    assert config(app) == {"MfaConfiguration": "ON", **TOTP_POOL}


@pytest.mark.assumed("a mode that is left out stays as it is")
def test_mode_left_out_stays(app: App) -> None:
    set_mfa(app, "ON", "SOFTWARE_TOKEN_MFA")
    app.cognito.set_user_pool_mfa_config(
        UserPoolId=app.pool_id, SmsMfaConfiguration=SMS_BLOCK, **TOTP_POOL
    )
    assert config(app)["MfaConfiguration"] == "ON"


@pytest.mark.assumed("texts for MFA settings that do not go together")
def test_nothing_is_demanded_that_no_factor_can_give(app: App) -> None:
    for wanted in ("ON", "OPTIONAL"):
        with refused(INVALID, NOTHING_TO_ASK_FOR):
            app.cognito.set_user_pool_mfa_config(
                UserPoolId=app.pool_id,
                MfaConfiguration=wanted,
                SoftwareTokenMfaConfiguration={"Enabled": False},
            )
        with refused(INVALID, NOTHING_TO_ASK_FOR):
            app.cognito.create_user_pool(PoolName="pool", MfaConfiguration=wanted)
    with refused(
        INVALID,
        "At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must be "
        "provided.",
    ):
        app.cognito.set_user_pool_mfa_config(UserPoolId=app.pool_id)
    with refused(
        INVALID, "[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration]."
    ):
        app.cognito.set_user_pool_mfa_config(
            UserPoolId=app.pool_id,
            MfaConfiguration="ON",
            SmsMfaConfiguration={"SmsAuthenticationMessage": "{####}"},
        )


@pytest.mark.model("SetUserPoolMfaConfigRequest: enum, patterns")
@pytest.mark.parametrize(
    "members",
    [
        {"MfaConfiguration": "MAYBE"},
        {"MfaConfiguration": "ON", "EmailMfaConfiguration": {"Message": "no code"}},
        {
            "MfaConfiguration": "ON",
            "SmsMfaConfiguration": {**SMS_BLOCK, "SmsAuthenticationMessage": "no code"},
        },
    ],
)
def test_values_outside_the_model_are_refused(app: App, members: dict[str, Any]) -> None:
    with refused(INVALID):
        app.cognito.set_user_pool_mfa_config(UserPoolId=app.pool_id, **members)
    assert config(app) == {"MfaConfiguration": "OFF"}


PASSKEYS = {
    "RelyingPartyId": "login.example.com",
    "UserVerification": "required",
    "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
}


def set_passkeys(app: App, **settings: str) -> Any:
    return app.cognito.set_user_pool_mfa_config(
        UserPoolId=app.pool_id, WebAuthnConfiguration=settings
    )


@pytest.mark.documented("API_SetUserPoolMfaConfig", "WebAuthnConfiguration")
def test_passkey_settings_are_answered_and_shown(app: App) -> None:
    answer = set_passkeys(app, **PASSKEYS)
    assert answer["WebAuthnConfiguration"] == PASSKEYS
    assert config(app) == {"MfaConfiguration": "OFF", "WebAuthnConfiguration": PASSKEYS}
    for settings in ({"UserVerification": "preferred"}, {"RelyingPartyId": "localhost"}, {}):
        set_passkeys(app, **settings)
        assert config(app) == {"MfaConfiguration": "OFF", "WebAuthnConfiguration": settings}


@pytest.mark.assumed("factors that are left out are no longer used")
def test_passkey_settings_left_out_are_unset(app: App) -> None:
    set_passkeys(app, **PASSKEYS)
    app.cognito.set_user_pool_mfa_config(UserPoolId=app.pool_id, MfaConfiguration="OFF")
    assert config(app) == {"MfaConfiguration": "OFF"}


@pytest.mark.parametrize(
    "relying_party_id",
    [
        "com",
        "https://example.com",
        "example.com:443",
        "example.com/",
        "Example.com",
        "example.com.",
        ".example.com",
        "-a.example.com",
        "a_b.example.com",
        "127.0.0.1",
        "[::1]",
        "*.example.com",
        "exa mple.com",
        "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
        f"{'a' * 64}.example.com",
    ],
)
@pytest.mark.assumed("texts for passkeys that are refused")
def test_relying_party_is_a_domain(app: App, relying_party_id: str) -> None:
    with refused(INVALID, "RelyingPartyId must be a domain name in lower case."):
        set_passkeys(app, RelyingPartyId=relying_party_id)
    assert config(app) == {"MfaConfiguration": "OFF"}


@pytest.mark.documented("API_WebAuthnConfigurationType", "must be in the Essentials tier or higher")
def test_lite_tier_has_no_passkeys(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UserPoolTier": "LITE"})
    with refused("FeatureUnavailableInTierException"):
        set_passkeys(app, **PASSKEYS)


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods", "passkeys and required MFA"
)
def test_required_mfa_goes_with_passkeys_that_count_twice(poolgate: LocalPoolgate) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    app = App.of(poolgate, pool={"Policies": policy})
    wanted = {"UserPoolId": app.pool_id, "MfaConfiguration": "ON", **TOTP_POOL}
    single = {**PASSKEYS, "FactorConfiguration": "SINGLE_FACTOR"}
    for settings in ({}, {"WebAuthnConfiguration": single}):
        with refused(INVALID):
            app.cognito.set_user_pool_mfa_config(**wanted, **settings)
    app.cognito.set_user_pool_mfa_config(**wanted, WebAuthnConfiguration=PASSKEYS)


@pytest.mark.documented("feature-plans", "e-mail MFA needs Essentials")
def test_email_is_no_factor_in_the_lite_tier(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UserPoolTier": "LITE"})
    with refused("FeatureUnavailableInTierException"):
        set_mfa(app, "ON", "EMAIL_OTP")
    set_mfa(app, "ON", "SOFTWARE_TOKEN_MFA")


@pytest.mark.documented("API_CreateUserPool", "MfaConfiguration with SmsConfiguration")
def test_pool_is_made_with_sms_as_its_factor(poolgate: LocalPoolgate) -> None:
    app = App.of(
        poolgate,
        pool={
            "MfaConfiguration": "ON",
            "SmsAuthenticationMessage": "Code {####}",
            **SMS_BLOCK,
        },
    )
    assert mode(app) == "ON"
    assert config(app) == {
        "MfaConfiguration": "ON",
        "SmsMfaConfiguration": {**SMS_BLOCK, "SmsAuthenticationMessage": "Code {####}"},
    }


@pytest.mark.documented("API_UpdateUserPool", "omitted parameters return to their defaults")
def test_update_keeps_factors_and_resets_the_mode(app: App) -> None:
    set_mfa(app, "ON", "SOFTWARE_TOKEN_MFA", "SMS_MFA")
    app.cognito.update_user_pool(UserPoolId=app.pool_id, MfaConfiguration="ON")
    assert config(app) == {"MfaConfiguration": "ON", **TOTP_POOL}
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    assert config(app) == {"MfaConfiguration": "OFF", **TOTP_POOL}
    set_mfa(app, "ON", "SMS_MFA")
    with refused(INVALID, NOTHING_TO_ASK_FOR):
        app.cognito.update_user_pool(UserPoolId=app.pool_id, MfaConfiguration="ON")
    assert config(app)["MfaConfiguration"] == "ON"


@pytest.mark.model("ResourceNotFoundException")
def test_unknown_pool_has_no_configuration(app: App) -> None:
    for operation, members in (
        ("get_user_pool_mfa_config", {}),
        ("set_user_pool_mfa_config", {"MfaConfiguration": "OFF"}),
    ):
        with refused("ResourceNotFoundException"):
            getattr(app.cognito, operation)(UserPoolId="us-east-1_nowhere12", **members)
