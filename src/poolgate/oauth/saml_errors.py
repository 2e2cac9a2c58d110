"""How app clients are told of SAML responses that do not count."""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.oauth import saml_partners
from poolgate.oauth.errors import OAuthError, invalid_request
from poolgate.saml import assertions, encryption, metadata, responses, signatures


def _processing(fault: str) -> OAuthError:
    # OBSERVED stackoverflow 72050391, re:Post "invalid SAML response errors": how AWS begins.
    return invalid_request(f"Error in SAML response processing: {fault}")


_SIGNATURE = _processing("SAML Assertion signature is invalid")
_MALFORMED = _processing("Invalid SAML response received")
_TOO_LATE = _processing("SAML Assertion is expired or not yet valid")

SAML_ERRORS: Mapping[type[Failure], OAuthError] = {
    saml_partners.NotSaml: invalid_request(),
    metadata.NoRedirectBinding: invalid_request(),
    responses.ResponseMalformed: _MALFORMED,
    responses.ResponseTooLong: _MALFORMED,
    responses.NotAuthenticated: _processing("the identity provider answered {status}"),
    responses.EncryptionRequired: _processing("SAML Assertion is not encrypted"),
    signatures.SignatureRefused: _SIGNATURE,
    # Said alike, so that nobody reads a ciphertext by asking what is in it.
    encryption.DecryptionRefused: _SIGNATURE,
    assertions.OtherIssuer: _processing("Issuer is not the identity provider's"),
    assertions.OtherAudience: _processing(
        "Audience restriction in the SAML Assertion does not allow it for this user pool"
    ),
    assertions.OtherRecipient: _processing("Recipient is not this user pool's endpoint"),
    assertions.OtherRequest: _processing("InResponseTo is not the request of this sign-in"),
    assertions.AssertionExpired: _TOO_LATE,
    assertions.AssertionNotYetValid: _TOO_LATE,
    assertions.AssertionMalformed: _MALFORMED,
    assertions.NoBearerConfirmation: _MALFORMED,
    saml_partners.UnaskedRefused: invalid_request(
        "IdP-initiated sign-in is not enabled for this identity provider and app client"
    ),
    saml_partners.AssertionUsed: _processing("SAML Assertion was used before"),
}
