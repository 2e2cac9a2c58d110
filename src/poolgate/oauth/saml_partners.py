"""A pool and one of its SAML providers, as they know each other."""

from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.oauth.places import Place
from poolgate.saml.assertions import Expectation
from poolgate.saml.metadata import SamlMetadata
from poolgate.saml.responses import Partner
from poolgate.saml.signature_algorithms import signing_certificates
from poolgate.store.call import Call
from poolgate.userpools import identity_providers
from poolgate.userpools.identity_providers import IdentityProvider

RESPONSE_PATH, SIGN_OUT_PATH = "/saml2/idpresponse", "/saml2/logout"
_YES = "true"


class NotSaml(Failure):
    """The provider that answers is none that speaks SAML."""


class UnaskedRefused(Failure):
    """The provider may not send people who were not sent to it, or not to this app client."""


class AssertionUsed(Failure):
    """The same assertion was shown before."""


@dataclass(frozen=True, slots=True)
class SamlProvider:
    """A SAML provider of a pool, with what its metadata says of it."""

    provider: IdentityProvider
    described: SamlMetadata
    partner: Partner

    @property
    def takes_unasked(self) -> bool:
        """Tell whether the provider may send people who were not sent to it."""
        return self.provider.details.get("IDPInit") == _YES


def entity_id(pool_id: PoolId) -> str:
    """Return by what name a pool is known to SAML providers."""
    return f"urn:amazon:cognito:sp:{pool_id}"


def consumer_url(place: Place) -> str:
    """Return where SAML providers send their responses."""
    return f"{place.base_url}{RESPONSE_PATH}"


def described(provider: IdentityProvider) -> SamlMetadata:
    """Return what the provider's metadata says; raise NotSaml."""
    if provider.saml is None:
        raise NotSaml
    return provider.saml


def signs_out(provider: IdentityProvider) -> bool:
    """Tell whether people are signed out at the provider, too."""
    return provider.details.get("IDPSignout") == _YES


def read_provider(call: Call, pool_id: PoolId, name: str) -> SamlProvider:
    """Return the SAML provider; raise IdentityProviderNotFound or NotSaml."""
    with call.db.reading() as transaction:
        provider, private_key = identity_providers.get_with_decryption_key(
            transaction, call, pool_id, name
        )
    said = described(provider)
    partner = Partner(
        certificates=signing_certificates(said.signing_certificates),
        private_keys=() if private_key is None else (private_key,),
        # AWS "Accept encrypted SAML responses": with the setting, others are not accepted.
        must_encrypt=provider.details.get("EncryptedResponses") == _YES,
    )
    return SamlProvider(provider, said, partner)


def expectation(
    call: Call, place: Place, answering: SamlProvider, request_id: str | None
) -> Expectation:
    """Return what a response of the provider must be; to no request where `request_id` is None."""
    return Expectation(
        issuer=answering.described.entity_id,
        recipients=frozenset({consumer_url(place)}),
        audiences=frozenset({entity_id(place.pool_id)}),
        request_id=request_id,
        now=call.now,
    )
