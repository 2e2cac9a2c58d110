"""What an identity provider asserts about somebody, and which attributes follow from it.

Whoever makes an `Assertion` has verified it: signature, issuer, audience, time and that it answers
a request of this very browser. From there on all kinds of providers are alike.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from poolgate.userpools import attributes, users
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.authentication_levels import Reached
from poolgate.userpools.browser_sessions import Upstream
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.linked_identities import SUBJECT, Identity
from poolgate.userpools.provider_details import ProviderType

USERNAME = "username"
NO_LEVEL = Reached()
_FLAGS: Mapping[str, str] = {
    "email_verified": "email",
    "phone_number_verified": "phone_number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an identity provider said of somebody who has just signed in there.

    `subject` is whom it names for good. `claims` are what attributes are mapped from, under the
    provider's names; `received` are its answers as the pool's function is told of them. `issuer` is
    shown among the user's identities where AWS shows it (SAML). `sign_out` is what a sign-out at
    the provider must say; `reached` the level that the pool takes the provider's word for.
    """

    provider: IdentityProvider
    subject: str
    claims: Mapping[str, object]
    received: Mapping[str, object]
    issuer: str | None = None
    sign_out: Mapping[str, str] | None = None
    reached: Reached = NO_LEVEL

    @property
    def identity(self) -> Identity:
        """Who it is, as links name it."""
        return Identity(self.provider.name, SUBJECT, self.subject)

    @property
    def upstream(self) -> Upstream:
        """What a browser session remembers of it."""
        return Upstream(self.provider.name, self.sign_out or {})


def mapped_attributes(
    provider: IdentityProvider, app_client: AppClient, claims: Mapping[str, object]
) -> dict[str, str]:
    """Return the attributes that the claims give; one that came empty is blank.

    What the app client may not write is left out, and so is what did not come.
    """
    mapped = {}
    for attribute, claim in provider.attribute_mapping.items():
        if attribute == USERNAME or not _is_writable(app_client, attribute):
            continue
        value = claims.get(claim)
        if value is not None:
            mapped[attribute] = attribute_text(value)
    return mapped


def attribute_text(value: object) -> str:
    """Return the value of a claim as attributes hold it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence):
        # AWS "Mapping IdP attributes": several values are form-encoded, but for `.`, `-`, `*`, `_`.
        encoded = (quote_plus(attribute_text(item), safe="*").replace("~", "%7E") for item in value)
        return f"[{','.join(encoded)}]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def linkable_values(assertion: Assertion) -> dict[str, str]:
    """Return what links may name the person by besides the subject."""
    provider = assertion.provider
    if provider.type.is_social:
        return {}
    values = {
        attribute: attribute_text(assertion.claims[claim])
        for attribute, claim in provider.attribute_mapping.items()
        if assertion.claims.get(claim)
    }
    # AWS AdminLinkProviderForUser: those of SAML providers by the name of a claim, those of OIDC
    # providers by the attribute that a claim is mapped to.
    if provider.type is ProviderType.SAML:
        values |= {
            claim: attribute_text(value) for claim, value in assertion.claims.items() if value
        }
    return {name: value for name, value in values.items() if is_storable_text(name + value)}


def is_storable_text(text: str) -> bool:
    """Tell whether every database can hold the text."""
    # PostgreSQL text cannot hold this character.
    return "\0" not in text


def _is_writable(app_client: AppClient, attribute: str) -> bool:
    # A provider vouches for an address together with the address itself, which users cannot.
    return attributes.is_writable(app_client, _FLAGS.get(attribute, attribute))


def with_flags(mapped: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """Return the mapped attributes; a new address counts as verified only if that is mapped, too.

    # AWS "Mapping IdP attributes": "By default, mapped email addresses are unverified."
    """
    changes = users.tidy_flags(mapped)
    for flag, address in _FLAGS.items():
        if address not in mapped or mapped[address] == stored.get(address):
            continue
        if not mapped[address]:
            changes[flag] = ""
        elif flag not in mapped:
            changes[flag] = "false"
    return changes
