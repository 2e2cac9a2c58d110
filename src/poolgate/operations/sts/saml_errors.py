"""How sts words what is wrong with a SAML response."""

from poolgate.iam import saml_identities
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.saml import assertions, encryption, responses, signatures

_INVALID = "InvalidIdentityToken"
_SIGNATURE = AwsError(_INVALID, "Response signature invalid")
_AUDIENCE = AwsError(_INVALID, "Response does not contain the required audience")
_MALFORMED = AwsError(_INVALID, "Invalid SAML response")

# AWS troubleshoot_saml, where the words are known.
SAML_ERRORS: ErrorTable = {
    saml_identities.SamlProviderUnknown: AwsError(_INVALID, "Specified provider doesn't exist"),
    saml_identities.SamlProviderExpired: AwsError(_INVALID, "Specified provider has expired"),
    saml_identities.SessionNameMissing: AwsError(
        _INVALID, "RoleSessionName is required in AuthnResponse"
    ),
    saml_identities.SessionNameRefused: AwsError(
        _INVALID, "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{{2,64}}"
    ),
    saml_identities.SourceIdentityRefused: AwsError(
        _INVALID,
        'Source Identity must match [a-zA-Z_0-9+=,.@-]{{2,64}} and not begin with "aws:"',
    ),
    saml_identities.SessionDurationRefused: AwsError(
        _INVALID, "SessionDuration in AuthnResponse must be between 900 and 43200"
    ),
    saml_identities.RoleNotNamed: AwsError(
        "AccessDenied", f"Not authorized to perform {saml_identities.ACTION}", 403
    ),
    responses.ResponseMalformed: AwsError(_INVALID, "Invalid base64 SAMLResponse"),
    responses.ResponseTooLong: _MALFORMED,
    responses.EncryptionRequired: AwsError(_INVALID, "SAML assertion is not encrypted"),
    responses.NotAuthenticated: AwsError(
        "IDPRejectedClaim", "The identity provider answered {status}", 403
    ),
    signatures.SignatureRefused: _SIGNATURE,
    # Said alike, so that nobody reads a ciphertext by asking what is in it.
    encryption.DecryptionRefused: _SIGNATURE,
    assertions.OtherIssuer: AwsError(_INVALID, "Issuer not present in specified provider"),
    assertions.OtherAudience: _AUDIENCE,
    assertions.OtherRecipient: _AUDIENCE,
    assertions.AssertionExpired: AwsError(
        "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance"
    ),
    assertions.AssertionNotYetValid: _MALFORMED,
    assertions.AssertionMalformed: _MALFORMED,
    assertions.NoBearerConfirmation: _MALFORMED,
    assertions.OtherRequest: _MALFORMED,
}
