"""A user's second factors: authenticator apps and preferences."""

from collections.abc import Sequence

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminSetUserMFAPreferenceRequest,
    AdminSetUserMFAPreferenceResponse,
    AdminSetUserSettingsRequest,
    AdminSetUserSettingsResponse,
    AssociateSoftwareTokenRequest,
    AssociateSoftwareTokenResponse,
    MFAOptionType,
    SetUserMFAPreferenceRequest,
    SetUserMFAPreferenceResponse,
    SetUserSettingsRequest,
    SetUserSettingsResponse,
    VerifySoftwareTokenRequest,
    VerifySoftwareTokenResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import mfa_preferences, software_token_setup, software_tokens
from poolgate.userpools.access_tokens import SignedIn, verify_access_token
from poolgate.userpools.mfa_preferences import Wish, Wishes
from poolgate.userpools.mfa_settings import MfaFactor


class OneProofExpected(Failure):
    """A request names neither or both of an access token and an auth session."""


class MfaOptionInvalid(Failure):
    """The older settings know SMS to the phone number only."""


@registrar.operation("AssociateSoftwareToken", authentication=Authentication.NONE)
def associate_software_token(
    call: Call, request: AssociateSoftwareTokenRequest
) -> AssociateSoftwareTokenResponse:
    """Begin to set up an authenticator app, signed in or during a sign-in that needs one."""
    signed_in, auth_session = _proof(call, request)
    if signed_in is not None:
        secret_code = software_tokens.begin(call, signed_in)
        return {"SecretCode": secret_code.reveal()}
    secret_code, following = software_token_setup.begin(call, auth_session)
    return {"SecretCode": secret_code.reveal(), "Session": following.reveal()}


@registrar.operation("VerifySoftwareToken", authentication=Authentication.NONE)
def verify_software_token(
    call: Call, request: VerifySoftwareTokenRequest
) -> VerifySoftwareTokenResponse:
    """Finish setting up an authenticator app by one of its codes."""
    signed_in, auth_session = _proof(call, request)
    submitted, name = Secret(request["UserCode"]), request.get("FriendlyDeviceName")
    if signed_in is not None:
        software_tokens.finish(call, signed_in, submitted, name=name)
        return {"Status": "SUCCESS"}
    following = software_token_setup.finish(call, auth_session, submitted, name=name)
    return {"Status": "SUCCESS", "Session": following.reveal()}


@registrar.operation("SetUserMFAPreference", authentication=Authentication.ACCESS_TOKEN)
def set_user_mfa_preference(
    call: Call, request: SetUserMFAPreferenceRequest, signed_in: SignedIn
) -> SetUserMFAPreferenceResponse:
    """Turn the user's own factors on and off."""
    mfa_preferences.set_own(call, signed_in, _wishes(request))
    return {}


@registrar.operation("AdminSetUserMFAPreference", authentication=Authentication.SIGV4)
def admin_set_user_mfa_preference(
    call: Call, request: AdminSetUserMFAPreferenceRequest
) -> AdminSetUserMFAPreferenceResponse:
    """Turn a user's factors on and off."""
    mfa_preferences.set_by_administrator(
        call, PoolId(request["UserPoolId"]), request["Username"], _wishes(request)
    )
    return {}


@registrar.operation("SetUserSettings", authentication=Authentication.ACCESS_TOKEN)
def set_user_settings(
    call: Call, request: SetUserSettingsRequest, signed_in: SignedIn
) -> SetUserSettingsResponse:
    """Turn the user's own SMS factor on or off, the older way."""
    mfa_preferences.set_own(call, signed_in, _sms_wish(request["MFAOptions"]))
    return {}


@registrar.operation("AdminSetUserSettings", authentication=Authentication.SIGV4)
def admin_set_user_settings(
    call: Call, request: AdminSetUserSettingsRequest
) -> AdminSetUserSettingsResponse:
    """Turn a user's SMS factor on or off, the older way."""
    mfa_preferences.set_by_administrator(
        call, PoolId(request["UserPoolId"]), request["Username"], _sms_wish(request["MFAOptions"])
    )
    return {}


def _proof(
    call: Call, request: AssociateSoftwareTokenRequest | VerifySoftwareTokenRequest
) -> tuple[SignedIn, Secret] | tuple[None, Secret]:
    """Return who is signed in, or the auth session of who is about to be."""
    access_token, auth_session = request.get("AccessToken"), request.get("Session")
    if (access_token is None) == (auth_session is None):
        raise OneProofExpected
    if access_token is not None:
        return verify_access_token(call, access_token), Secret("")
    return None, Secret(auth_session or "")


def _wishes(request: SetUserMFAPreferenceRequest | AdminSetUserMFAPreferenceRequest) -> Wishes:
    given = {
        MfaFactor.SMS_MFA: request.get("SMSMfaSettings"),
        MfaFactor.SOFTWARE_TOKEN_MFA: request.get("SoftwareTokenMfaSettings"),
        MfaFactor.EMAIL_OTP: request.get("EmailMfaSettings"),
    }
    factors = {
        factor: Wish(settings.get("Enabled", False), settings.get("PreferredMfa", False))
        for factor, settings in given.items()
        if settings is not None
    }
    passkeys = request.get("WebAuthnMfaSettings")
    return Wishes(factors, None if passkeys is None else passkeys.get("Enabled", False))


def _sms_wish(options: Sequence[MFAOptionType]) -> Wishes:
    # AWS API_SetUserSettings: only SMS, only by the phone number; an empty list turns it off.
    for option in options:
        if (option.get("DeliveryMedium"), option.get("AttributeName")) != ("SMS", "phone_number"):
            raise MfaOptionInvalid
    return Wishes({MfaFactor.SMS_MFA: Wish(enabled=bool(options), preferred=False)})
