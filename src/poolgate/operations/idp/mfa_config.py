"""Which second factors a pool uses, and whether it asks for them."""

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.pool_requests import sms_configuration_of
from poolgate.operations.idp.pool_shapes import sms_configuration_type
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    EmailMfaConfigType,
    GetUserPoolMfaConfigRequest,
    GetUserPoolMfaConfigResponse,
    SetUserPoolMfaConfigRequest,
    SetUserPoolMfaConfigResponse,
    SmsMfaConfigType,
    WebAuthnConfigurationType,
)
from poolgate.store.call import Call
from poolgate.userpools import pool_changes, pools
from poolgate.userpools.mfa_settings import EmailMfa, MfaMode
from poolgate.userpools.passkey_settings import (
    FactorConfiguration,
    PasskeySettings,
    UserVerification,
    verify_relying_party_id,
)
from poolgate.userpools.pool_mfa import MfaChange
from poolgate.userpools.pool_settings import InvalidPoolSettings
from poolgate.userpools.pools import UserPool


@registrar.operation("GetUserPoolMfaConfig", authentication=Authentication.SIGV4)
def get_user_pool_mfa_config(
    call: Call, request: GetUserPoolMfaConfigRequest
) -> GetUserPoolMfaConfigResponse:
    """Show a pool's MFA settings."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(request["UserPoolId"]))
    return _described(pool)


@registrar.operation("SetUserPoolMfaConfig", authentication=Authentication.SIGV4)
def set_user_pool_mfa_config(
    call: Call, request: SetUserPoolMfaConfigRequest
) -> SetUserPoolMfaConfigResponse:
    """Set a pool's MFA mode and factors; factors left out are no longer used."""
    pool = pool_changes.set_mfa(call, PoolId(request["UserPoolId"]), _change(request))
    described = _described(pool)
    return SetUserPoolMfaConfigResponse(**described)


def _change(request: SetUserPoolMfaConfigRequest) -> MfaChange:
    if len(request) == 1:
        raise InvalidPoolSettings(
            fault="At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must "
            "be provided."
        )
    sms = request.get("SmsMfaConfiguration")
    if sms is not None and "SmsConfiguration" not in sms:
        raise InvalidPoolSettings(
            fault="[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration]."
        )
    email = request.get("EmailMfaConfiguration")
    mode = request.get("MfaConfiguration")
    return MfaChange(
        mode=None if mode is None else MfaMode(mode),
        sms_configuration=sms_configuration_of(sms["SmsConfiguration"]) if sms else None,
        sms_message=sms.get("SmsAuthenticationMessage") if sms else None,
        software_token=request.get("SoftwareTokenMfaConfiguration", {}).get("Enabled"),
        email=(None if email is None else EmailMfa(email.get("Message"), email.get("Subject"))),
        passkeys=_passkey_settings(request.get("WebAuthnConfiguration")),
    )


def _passkey_settings(given: WebAuthnConfigurationType | None) -> PasskeySettings | None:
    if given is None:
        return None
    relying_party_id = given.get("RelyingPartyId")
    verification = given.get("UserVerification")
    factors = given.get("FactorConfiguration")
    if relying_party_id is not None:
        verify_relying_party_id(relying_party_id)
    return PasskeySettings(
        relying_party_id=relying_party_id,
        user_verification=None if verification is None else UserVerification(verification),
        factor_configuration=None if factors is None else FactorConfiguration(factors),
    )


def _described(pool: UserPool) -> GetUserPoolMfaConfigResponse:
    response = GetUserPoolMfaConfigResponse(MfaConfiguration=pool.mfa_mode)
    if pool.sms_mfa and pool.sms_configuration is not None:
        sms = SmsMfaConfigType(SmsConfiguration=sms_configuration_type(pool.sms_configuration))
        if pool.mfa_sms_message is not None:
            sms["SmsAuthenticationMessage"] = pool.mfa_sms_message
        response["SmsMfaConfiguration"] = sms
    if pool.software_token_mfa is not None:
        response["SoftwareTokenMfaConfiguration"] = {"Enabled": pool.software_token_mfa}
    if pool.email_mfa is not None:
        email = EmailMfaConfigType()
        if pool.email_mfa.message is not None:
            email["Message"] = pool.email_mfa.message
        if pool.email_mfa.subject is not None:
            email["Subject"] = pool.email_mfa.subject
        response["EmailMfaConfiguration"] = email
    if pool.passkeys is not None:
        response["WebAuthnConfiguration"] = _webauthn_configuration(pool.passkeys)
    return response


def _webauthn_configuration(settings: PasskeySettings) -> WebAuthnConfigurationType:
    shape = WebAuthnConfigurationType()
    if settings.relying_party_id is not None:
        shape["RelyingPartyId"] = settings.relying_party_id
    if settings.user_verification is not None:
        shape["UserVerification"] = settings.user_verification
    if settings.factor_configuration is not None:
        shape["FactorConfiguration"] = settings.factor_configuration
    return shape
