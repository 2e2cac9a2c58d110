"""How app clients are told of sign-ins by identity providers that fail.

AWS has one code for all of them; what went wrong is in the description.
"""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.jose import es256
from poolgate.oauth import oidc_failures
from poolgate.oauth.errors import TOKEN_ERRORS, OAuthError, invalid_request
from poolgate.oauth.saml_errors import SAML_ERRORS
from poolgate.outbound import documents
from poolgate.userpools import (
    account_events,
    attributes,
    federated_sign_in,
    federated_users,
    identity_providers,
    users,
)

_NAME_TAKEN = invalid_request("Already found an entry for username {username}")
_BLOCKED = invalid_request("Request not allowed due to security reasons.")

FEDERATION_ERRORS: Mapping[type[Failure], OAuthError] = {
    **TOKEN_ERRORS,
    identity_providers.IdentityProviderNotFound: invalid_request(),
    federated_sign_in.ProviderNotOffered: invalid_request(),
    federated_users.RequiredAttributesMissing: invalid_request("attributes required: [{names}]"),
    federated_users.FederatedNameTaken: _NAME_TAKEN,
    federated_users.SubjectUnusable: invalid_request("Username is not valid: {username}"),
    federated_users.IdentityMoved: invalid_request(),
    federated_sign_in.LinkedUserUnconfirmed: invalid_request("User is not confirmed."),
    users.UserDisabled: invalid_request("User is not enabled"),
    users.UserNotFound: invalid_request("User does not exist."),
    users.UsernameTaken: invalid_request(),
    users.AliasTaken: invalid_request("An account with the given {attribute} already exists."),
    attributes.AttributeImmutable: invalid_request("user.{name}: Attribute cannot be updated."),
    attributes.SchemaMismatch: invalid_request(
        "Attributes did not conform to the schema: {faults}"
    ),
    attributes.EmailMalformed: invalid_request("Invalid email address format."),
    attributes.PhoneNumberMalformed: invalid_request("Invalid phone number format."),
    attributes.BirthdateMalformed: invalid_request(
        "Invalid attributes given, birthdate must be in the format YYYY-MM-DD"
    ),
    account_events.RequestBlocked: _BLOCKED,
    oidc_failures.DiscoveryFailed: invalid_request("Unable to contact well-known endpoint"),
    # AWS authorize endpoint, "Examples of negative responses".
    oidc_failures.TokenEndpointTooLate: invalid_request(
        "Timeout occurred in calling IdP token endpoint"
    ),
    oidc_failures.KeysTooLate: invalid_request("Timeout in calling jwks uri"),
    oidc_failures.TokenEndpointRefused: invalid_request(
        "{name} Error - {status} error getting token"
    ),
    oidc_failures.GoogleRefused: invalid_request("Google Error - {status} {error_code}"),
    documents.AnswerTooLate: invalid_request("Read timed out"),
    documents.DocumentUnreachable: invalid_request("Connection reset"),
    oidc_failures.KeysUnusable: invalid_request("Unable to read the keys of the provider"),
    oidc_failures.IdTokenRefused: invalid_request("Bad id_token: {fault}"),
    oidc_failures.UserInfoRefused: invalid_request(
        "{name} Error - {status} error getting user attributes"
    ),
    oidc_failures.AnswerUnreadable: invalid_request("{name} Error - unreadable answer"),
    oidc_failures.SubjectMissing: invalid_request("username attribute mapping required: {claim}"),
    oidc_failures.AnswerOfAnother: invalid_request("Bad issuer in the response"),
    **SAML_ERRORS,
    es256.PrivateKeyUnusable: invalid_request("Invalid private key"),
}
