"""How cognito-idp words the failures of passkeys."""

from collections.abc import Mapping

from poolgate.credentials import attestation, cose_keys
from poolgate.credentials import passkeys as ceremonies
from poolgate.foundation.failure import Failure
from poolgate.operations.errors import AwsError
from poolgate.userpools import passkey_registration, passkey_settings, passkey_sign_in, passkeys

INVALID_PARAMETER = "InvalidParameterException"
NOT_SUPPORTED = "WebAuthnCredentialNotSupportedException"
REFUSED = "The passkey was not accepted."

PASSKEY_ERRORS: Mapping[type[Failure], AwsError] = {
    passkey_settings.RelyingPartyInvalid: AwsError(
        INVALID_PARAMETER, "RelyingPartyId must be a domain name in lower case."
    ),
    passkeys.PasskeysNotEnabled: AwsError(
        "WebAuthnNotEnabledException", "Passkeys are not enabled for the user pool."
    ),
    passkeys.RelyingPartyMissing: AwsError(
        "WebAuthnConfigurationMissingException",
        "The user pool has neither a relying party ID nor a domain that passkeys could be for.",
    ),
    passkey_sign_in.PasskeyRefused: AwsError("NotAuthorizedException", REFUSED),
    passkeys.PasskeyUsedMeanwhile: AwsError("NotAuthorizedException", REFUSED),
    passkeys.PasskeyNotFound: AwsError("ResourceNotFoundException", "Passkey does not exist."),
    passkeys.PasskeyKnown: AwsError(INVALID_PARAMETER, "The passkey is already registered."),
    passkeys.TooManyPasskeys: AwsError(
        "LimitExceededException", "A user can have at most 20 passkeys."
    ),
    passkey_registration.RegistrationNotBegun: AwsError(
        "WebAuthnChallengeNotFoundException",
        "No challenge waits for this passkey. Start the registration again.",
    ),
    passkey_registration.RegistrationOfAnotherClient: AwsError(
        "WebAuthnClientMismatchException",
        "The registration was started with another app client.",
    ),
    ceremonies.PasskeyMalformed: AwsError(INVALID_PARAMETER, "Invalid passkey credential."),
    ceremonies.OriginNotAllowed: AwsError(
        "WebAuthnOriginNotAllowedException",
        "The origin of the passkey is not allowed for the relying party of the user pool.",
    ),
    ceremonies.RelyingPartyMismatch: AwsError(
        "WebAuthnRelyingPartyMismatchException",
        "The passkey is for another relying party than that of the user pool.",
    ),
    ceremonies.UserNotVerified: AwsError(
        NOT_SUPPORTED, "The authenticator did not verify the user."
    ),
    cose_keys.AlgorithmNotSupported: AwsError(
        NOT_SUPPORTED, "The key of the passkey is of a kind that is not supported."
    ),
    attestation.AttestationNotSupported: AwsError(
        NOT_SUPPORTED, "The attestation of the passkey is of a format that is not supported."
    ),
}
