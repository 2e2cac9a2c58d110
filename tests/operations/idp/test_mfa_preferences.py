from typing import Any

import pytest
from kits.authenticator import EMAIL, PHONE, enrol, set_mfa
from kits.cognito import App, refused

from poolgate.testing import LocalPoolgate

TOTP = "SOFTWARE_TOKEN_MFA"
INVALID = "InvalidParameterException"
ON = {"Enabled": True, "PreferredMfa": True}
ENABLED = {"Enabled": True, "PreferredMfa": False}
DISABLED = {"Enabled": False, "PreferredMfa": False}
MEMBERS = {
    "SMS_MFA": "SMSMfaSettings",
    TOTP: "SoftwareTokenMfaSettings",
    "EMAIL_OTP": "EmailMfaSettings",
}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    app = App.of(poolgate)
    set_mfa(app, "OPTIONAL", "SMS_MFA", TOTP, "EMAIL_OTP")
    return app


def by_admin(app: App, **settings: Any) -> None:
    app.cognito.admin_set_user_mfa_preference(UserPoolId=app.pool_id, Username="alice", **settings)


def shown(app: App, access_token: str) -> tuple[list[str], str | None]:
    """Return what every operation that shows factors says, which must be the same."""
    answers = [
        app.described(),
        app.cognito.get_user(AccessToken=access_token),
        app.cognito.get_user_auth_factors(AccessToken=access_token),
    ]
    (first, *rest) = [
        (answer.get("UserMFASettingList", []), answer.get("PreferredMfaSetting"))
        for answer in answers
    ]
    assert rest == [first, first]
    return first


@pytest.mark.documented("API_SetUserMFAPreference", "factors are turned on and one is preferred")
def test_users_turn_factors_on_and_off(app: App) -> None:
    app.user(email=EMAIL, phone_number=PHONE)
    access_token = app.access_token()

    def wish(**settings: Any) -> tuple[list[str], str | None]:
        app.cognito.set_user_mfa_preference(AccessToken=access_token, **settings)
        return shown(app, access_token)

    assert shown(app, access_token) == ([], None)
    assert "UserMFASettingList" not in app.described()
    enrol(app, access_token)
    assert shown(app, access_token) == ([TOTP], None)
    assert wish(SMSMfaSettings=ENABLED) == (["SMS_MFA", TOTP], None)
    assert wish(EmailMfaSettings=ON) == (["SMS_MFA", TOTP, "EMAIL_OTP"], "EMAIL_OTP")
    assert wish(SoftwareTokenMfaSettings=ON) == (["SMS_MFA", TOTP, "EMAIL_OTP"], TOTP)
    assert wish(SMSMfaSettings=DISABLED) == ([TOTP, "EMAIL_OTP"], TOTP)
    assert wish(SoftwareTokenMfaSettings=ENABLED) == ([TOTP, "EMAIL_OTP"], None)
    assert wish(SoftwareTokenMfaSettings=DISABLED, EmailMfaSettings=DISABLED) == ([], None)
    assert wish(SoftwareTokenMfaSettings=ON) == ([TOTP], TOTP)


@pytest.mark.documented("API_AdminSetUserMFAPreference", "factors are turned on and one preferred")
def test_administrators_turn_factors_on_and_off(app: App) -> None:
    app.user(email=EMAIL, phone_number=PHONE)
    access_token = app.access_token()
    by_admin(app, SMSMfaSettings=ON, EmailMfaSettings=ENABLED)
    assert shown(app, access_token) == (["SMS_MFA", "EMAIL_OTP"], "SMS_MFA")
    assert app.sign_in()["ChallengeName"] == "SMS_MFA"
    by_admin(app, SMSMfaSettings=DISABLED, EmailMfaSettings=DISABLED)
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("user-pool-settings-mfa-totp", "texts from client logs")
def test_app_must_be_verified_first(app: App) -> None:
    app.user()
    access_token = app.access_token()
    with refused(INVALID, "User has not set up software token mfa"):
        app.cognito.set_user_mfa_preference(AccessToken=access_token, SoftwareTokenMfaSettings=ON)
    app.cognito.associate_software_token(AccessToken=access_token)
    with refused(INVALID, "User has not verified software token mfa"):
        app.cognito.set_user_mfa_preference(AccessToken=access_token, SoftwareTokenMfaSettings=ON)
    with refused(INVALID, "User has not verified software token mfa"):
        by_admin(app, SoftwareTokenMfaSettings=ENABLED)
    assert shown(app, access_token) == ([], None)


@pytest.mark.assumed("texts for preferences that cannot be")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"SMSMfaSettings": ENABLED},
            "User does not have delivery config set to turn on SMS_MFA",
        ),
        (
            {"EmailMfaSettings": ON},
            "User does not have delivery config set to turn on EMAIL_OTP",
        ),
        ({"SMSMfaSettings": ON, "EmailMfaSettings": ON}, "Only one MFA method can be preferred."),
        (
            {"SMSMfaSettings": {"Enabled": False, "PreferredMfa": True}},
            "SMS_MFA cannot be preferred while it is not enabled.",
        ),
        (
            {"WebAuthnMfaSettings": {"Enabled": True}},
            "WEB_AUTHN is not enabled for the user pool.",
        ),
    ],
)
def test_impossible_wishes_change_nothing(app: App, settings: Any, message: str) -> None:
    needs_address = "delivery" not in message
    app.user(**({"email": EMAIL, "phone_number": PHONE} if needs_address else {}))
    access_token = app.access_token()
    with refused(INVALID, message):
        app.cognito.set_user_mfa_preference(AccessToken=access_token, **settings)
    with refused(INVALID, message):
        by_admin(app, **settings)
    assert shown(app, access_token) == ([], None)


@pytest.mark.assumed("texts for preferences that cannot be")
@pytest.mark.parametrize("factor", list(MEMBERS))
def test_factor_that_the_pool_does_not_use_is_not_turned_on(
    poolgate: LocalPoolgate, factor: str
) -> None:
    app = App.of(poolgate)
    app.user(email=EMAIL, phone_number=PHONE)
    with refused(INVALID, f"{factor} is not enabled for the user pool."):
        by_admin(app, **{MEMBERS[factor]: ON})


@pytest.mark.documented("API_SetUserMFAPreference", "with MFA required users only choose")
def test_users_keep_their_factors_where_one_is_demanded(app: App) -> None:
    app.user(email=EMAIL, phone_number=PHONE)
    access_token = app.access_token()
    by_admin(app, SMSMfaSettings=ON, EmailMfaSettings=ENABLED)
    set_mfa(app, "ON", "SMS_MFA", TOTP, "EMAIL_OTP")
    with refused(INVALID, "SMS_MFA cannot be turned off while the user pool requires MFA."):
        app.cognito.set_user_mfa_preference(AccessToken=access_token, SMSMfaSettings=DISABLED)
    app.cognito.set_user_mfa_preference(AccessToken=access_token, EmailMfaSettings=ON)
    assert shown(app, access_token) == (["SMS_MFA", "EMAIL_OTP"], "EMAIL_OTP")
    by_admin(app, SMSMfaSettings=DISABLED)
    assert shown(app, access_token) == (["EMAIL_OTP"], "EMAIL_OTP")


@pytest.mark.documented("API_SetUserSettings", "SMS only, by the phone number")
def test_older_settings_turn_sms_on_and_off(app: App) -> None:
    app.user(phone_number=PHONE)
    access_token = app.access_token()
    options = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    app.cognito.set_user_settings(AccessToken=access_token, MFAOptions=options)
    assert shown(app, access_token) == (["SMS_MFA"], None)
    app.cognito.set_user_settings(AccessToken=access_token, MFAOptions=[])
    assert shown(app, access_token) == ([], None)
    admin = {"UserPoolId": app.pool_id, "Username": "alice"}
    app.cognito.admin_set_user_settings(**admin, MFAOptions=options)
    assert app.sign_in()["ChallengeName"] == "SMS_MFA"
    app.cognito.admin_set_user_settings(**admin, MFAOptions=[])
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.assumed("texts for preferences that cannot be")
def test_older_settings_know_sms_only(app: App) -> None:
    app.user(email=EMAIL)
    with refused(INVALID, "MFAOptions can only be SMS with the attribute phone_number."):
        app.cognito.set_user_settings(
            AccessToken=app.access_token(),
            MFAOptions=[{"DeliveryMedium": "EMAIL", "AttributeName": "email"}],
        )


@pytest.mark.model("GetUserAuthFactorsResponse")
def test_first_factors_are_shown(app: App) -> None:
    app.user()
    factors = app.cognito.get_user_auth_factors(AccessToken=app.access_token())
    assert (factors["Username"], factors["ConfiguredUserAuthFactors"]) == ("alice", ["PASSWORD"])


@pytest.mark.model("UserNotFoundException, ResourceNotFoundException")
def test_unknown_users_and_pools_have_no_preferences(app: App) -> None:
    for operation, members in (
        ("admin_set_user_mfa_preference", {"SMSMfaSettings": ON}),
        ("admin_set_user_settings", {"MFAOptions": []}),
    ):
        run = getattr(app.cognito, operation)
        with refused("UserNotFoundException", "User does not exist."):
            run(UserPoolId=app.pool_id, Username="nobody", **members)
        with refused("ResourceNotFoundException"):
            run(UserPoolId="us-east-1_nowhere12", Username="alice", **members)
