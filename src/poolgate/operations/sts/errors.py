"""How sts words the failures of its operations."""

from poolgate.iam import (
    assumed_roles,
    authorization_messages,
    managed_policies,
    mfa_devices,
    outbound_federation,
    session_requests,
    web_identity_tokens,
)
from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.identitypools import issuers, web_identities
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.sts.requests import (
    RequestArnInvalid,
    RoleArnInvalid,
    SessionCredentialsRefused,
    TokenCodeMissing,
)
from poolgate.operations.sts.saml_errors import SAML_ERRORS
from poolgate.policy.documents import MalformedPolicy

FORBIDDEN = 403

STS_ERRORS: ErrorTable = {
    AccessKeyNotFound: AwsError(
        "ValidationError", "The access key {access_key_id} does not exist."
    ),
    RoleArnInvalid: AwsError("ValidationError", "{arn} is invalid"),
    # OBSERVED onelogin-aws-cli issue 12, aws-google-auth issue 163.
    RequestArnInvalid: AwsError("ValidationError", "{which} ARN is invalid"),
    **SAML_ERRORS,
    assumed_roles.RootMayNotAssume: AwsError(
        "AccessDenied", "Roles may not be assumed by root accounts.", FORBIDDEN
    ),
    assumed_roles.TrustDenied: AwsError(
        "AccessDenied", "Not authorized to perform {action}", FORBIDDEN
    ),
    web_identities.WebIdentityMalformed: AwsError(
        "InvalidIdentityToken",
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access"
        " Token)",
    ),
    web_identities.ProviderUnknown: AwsError(
        "InvalidIdentityToken", "No OpenIDConnect provider found in your account for {issuer}"
    ),
    web_identities.WrongAudience: AwsError("InvalidIdentityToken", "Incorrect token audience"),
    web_identities.WebIdentityExpired: AwsError(
        "ExpiredTokenException",
        "Token expired: current date/time {now} must be before the expiration date/time"
        " {expires_at}",
    ),
    web_identities.KeyNotFound: AwsError(
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider, please reference"
        " AssumeRoleWithWebIdentity documentation for requirements",
    ),
    issuers.IssuerUnreachable: AwsError(
        "IDPCommunicationError", "The keys of {issuer} could not be read."
    ),
    session_requests.SessionTooLong: AwsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    session_requests.ChainedSessionTooLong: AwsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role"
        " chaining.",
    ),
    session_requests.DuplicateSessionTagKeys: AwsError(
        "InvalidParameterValue",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ),
    session_requests.TransitiveTagNotGiven: AwsError(
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
    ),
    session_requests.TransitiveTagOverridden: AwsError(
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a"
        " transitive tag key from the calling session.",
    ),
    session_requests.SessionPoliciesTooLarge: AwsError(
        "PackedPolicyTooLarge", "Packed size of session policies and tags exceeds the limit"
    ),
    managed_policies.ManagedPolicyNotFound: AwsError(
        "ValidationError", "Policy {arn} does not exist or is not attachable."
    ),
    MalformedPolicy: AwsError("MalformedPolicyDocument", "{detail}"),
    SessionCredentialsRefused: AwsError(
        "AccessDenied", "Cannot call {operation} with session credentials", FORBIDDEN
    ),
    TokenCodeMissing: AwsError(
        "ValidationError", "SerialNumber and TokenCode must be given together."
    ),
    authorization_messages.AuthorizationMessageInvalid: AwsError(
        "InvalidAuthorizationMessageException", "Message is not valid"
    ),
    outbound_federation.OutboundFederationDisabled: AwsError(
        "OutboundWebIdentityFederationDisabledException",
        "Outbound web identity federation is not enabled for this account.",
        FORBIDDEN,
    ),
    web_identity_tokens.SigningAlgorithmUnknown: AwsError(
        "ValidationError", "The signing algorithm {algorithm} is not RS256 or ES384."
    ),
    web_identity_tokens.SessionDurationEscalated: AwsError(
        "SessionDurationEscalationException",
        "The requested token duration would extend the session beyond its original expiration"
        " time.",
        FORBIDDEN,
    ),
    web_identity_tokens.WebIdentityTokenTooLarge: AwsError(
        "JWTPayloadSizeExceededException",
        "The requested token payload size exceeds the maximum allowed size.",
    ),
    mfa_devices.MfaProofWrong: AwsError(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        FORBIDDEN,
    ),
}
