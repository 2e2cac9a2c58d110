"""A service provider that knows one identity provider, at one moment."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from kits.saml_idp import Said, SamlIdp

from poolgate.saml.assertions import Assertion, Expectation
from poolgate.saml.responses import Partner, verify_response
from poolgate.saml.signature_algorithms import signing_certificates

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACS, ENTITY = "https://sp.example.com/saml2/idpresponse", "urn:sp"
WAYS_TO_SIGN = (("Assertion",), ("Response",), ("Assertion", "Response"))


@dataclass(frozen=True)
class SamlWorld:
    """Who speaks, what is said when nothing is wrong, and who listens."""

    idp: SamlIdp
    said: Said
    partner: Partner
    expected: Expectation

    def response(self, **said: Any) -> bytes:
        """Return a response that says something else in these points."""
        return self.idp.response(replace(self.said, **said))

    def verify(self, document: bytes, **expected: Any) -> Assertion:
        """Return what counts of a response; raise its failure."""
        return verify_response(document, self.partner, replace(self.expected, **expected))


@cache
def saml_world() -> SamlWorld:
    """Return the world, made once."""
    idp = SamlIdp()
    return SamlWorld(
        idp,
        Said(now=NOW, recipient=ACS, audience=ENTITY, attributes={"role": ["reader"]}),
        Partner(certificates=signing_certificates((idp.certificate,))),
        Expectation(
            issuer=idp.entity_id,
            recipients=frozenset({ACS}),
            audiences=frozenset({ENTITY}),
            now=NOW,
        ),
    )


@cache
def good_responses() -> tuple[bytes, ...]:
    """Return a good response for each way to sign."""
    return tuple(saml_world().response(signs=signs) for signs in WAYS_TO_SIGN)
