"""How cognito-idp words the failures of second factors."""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.operations.errors import AwsError
from poolgate.operations.idp import mfa
from poolgate.userpools import (
    challenges,
    mfa_codes,
    mfa_preferences,
    second_factors,
    software_tokens,
)

INVALID_PARAMETER = "InvalidParameterException"
CODE_MISMATCH = "CodeMismatchException"

MFA_ERRORS: Mapping[type[Failure], AwsError] = {
    challenges.NoSecondFactorPossible: AwsError(
        "NotAuthorizedException",
        "The user pool requires a second factor and the user has none that can be used.",
    ),
    second_factors.NotAmongChoices: AwsError(
        INVALID_PARAMETER, "The second factor is not one of those to choose from."
    ),
    mfa_codes.WrongMfaCode: AwsError(CODE_MISMATCH, "Invalid code or auth state for the user."),
    software_tokens.WrongSoftwareTokenCode: AwsError(
        CODE_MISMATCH, "Invalid code received for user"
    ),
    software_tokens.SoftwareTokenCodeUsed: AwsError(
        "ExpiredCodeException", "Your software token has already been used once."
    ),
    software_tokens.SoftwareTokenRefused: AwsError(
        "EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA"
    ),
    software_tokens.SoftwareTokensOff: AwsError(
        "SoftwareTokenMFANotFoundException",
        "Software Token MFA has not been enabled by the userPool",
    ),
    software_tokens.SoftwareTokenNotSetUp: AwsError(
        INVALID_PARAMETER, "User has not set up software token mfa"
    ),
    software_tokens.SoftwareTokenNotVerified: AwsError(
        INVALID_PARAMETER, "User has not verified software token mfa"
    ),
    mfa_preferences.FactorNotUsed: AwsError(
        INVALID_PARAMETER, "{factor} is not enabled for the user pool."
    ),
    mfa_preferences.FactorNeedsAddress: AwsError(
        INVALID_PARAMETER, "User does not have delivery config set to turn on {factor}"
    ),
    mfa_preferences.FactorNotRemovable: AwsError(
        INVALID_PARAMETER, "{factor} cannot be turned off while the user pool requires MFA."
    ),
    mfa_preferences.PreferredNotEnabled: AwsError(
        INVALID_PARAMETER, "{factor} cannot be preferred while it is not enabled."
    ),
    mfa_preferences.PasskeysNeedAnotherFactor: AwsError(
        INVALID_PARAMETER, "WEB_AUTHN needs another MFA method that is enabled for the user."
    ),
    mfa_preferences.SeveralPreferred: AwsError(
        INVALID_PARAMETER, "Only one MFA method can be preferred."
    ),
    mfa.OneProofExpected: AwsError(
        INVALID_PARAMETER, "Exactly one of AccessToken and Session must be provided."
    ),
    mfa.MfaOptionInvalid: AwsError(
        INVALID_PARAMETER, "MFAOptions can only be SMS with the attribute phone_number."
    ),
}
