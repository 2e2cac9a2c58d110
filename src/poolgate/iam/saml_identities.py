"""What a SAML provider says of somebody, as roles and identity pools take it.

The assertion is one made for AWS's sign-in, or for this server's; it may be shown as often as
somebody likes within five minutes, for one role after another, as on AWS.
# AWS API_AssumeRoleWithSAML, id_roles_providers_create_saml_assertions
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from poolgate.foundation.failure import Failure
from poolgate.iam import saml_providers
from poolgate.iam.assumed_roles import VouchedIdentity
from poolgate.iam.saml_providers import EncryptionMode, SamlProvider
from poolgate.saml.assertions import Assertion, AssertionExpired, Expectation
from poolgate.saml.responses import Partner, decode_response, verify_response
from poolgate.saml.signature_algorithms import signing_certificates
from poolgate.store.call import Call

ACTION = "sts:AssumeRoleWithSAML"
# AWS: "Token must be redeemed within 5 minutes of issuance".
_REDEEM_WITHIN = timedelta(minutes=5)
_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_AUDIENCE = "urn:amazon:webservices"
_AWS_SIGN_IN = re.compile(
    r"https://(?:[a-z0-9-]+\.)?signin\.aws\.amazon\.com/(?:static/)?saml(?:/acs/(?P<provider>\w+))?"
)
_SESSION_NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
_SESSION_SECONDS = range(900, 43201)
_LISTS, _TEXTS = True, False
# AWS id_roles_providers_create_saml_assertions, "Mapping SAML attributes": whether it is a list.
_CONTEXT_KEYS: Mapping[str, tuple[str, bool]] = {
    **{
        f"urn:oid:1.3.6.1.4.1.5923.1.{number}": (f"saml:{context_key}", kind)
        for number, context_key, kind in (
            ("1.1.1", "edupersonaffiliation", _LISTS),
            ("1.1.2", "edupersonnickname", _LISTS),
            ("1.1.3", "edupersonorgdn", _TEXTS),
            ("1.1.4", "edupersonorgunitdn", _LISTS),
            ("1.1.5", "edupersonprimaryaffiliation", _TEXTS),
            ("1.1.6", "edupersonprincipalname", _TEXTS),
            ("1.1.7", "edupersonentitlement", _LISTS),
            ("1.1.8", "edupersonprimaryorgunitdn", _TEXTS),
            ("1.1.9", "edupersonscopedaffiliation", _LISTS),
            ("1.1.10", "edupersontargetedid", _LISTS),
            ("1.1.11", "edupersonassurance", _LISTS),
            ("2.1.2", "eduorghomepageuri", _LISTS),
            ("2.1.3", "eduorgidentityauthnpolicyuri", _LISTS),
            ("2.1.4", "eduorglegalname", _LISTS),
            ("2.1.5", "eduorgsuperioruri", _LISTS),
            ("2.1.6", "eduorgwhitepagesuri", _LISTS),
        )
    },
    "urn:oid:2.5.4.3": ("saml:cn", _LISTS),
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": ("saml:name", _TEXTS),
    "http://schemas.xmlsoap.org/claims/CommonName": ("saml:commonName", _TEXTS),
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": ("saml:givenName", _TEXTS),
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname": ("saml:surname", _TEXTS),
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ("saml:mail", _TEXTS),
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": (
        "saml:uid",
        _TEXTS,
    ),
    "2.5.4.3": ("saml:commonName", _TEXTS),
    "2.5.4.4": ("saml:surname", _TEXTS),
    "2.5.4.42": ("saml:givenName", _TEXTS),
    "2.5.4.45": ("saml:x500UniqueIdentifier", _TEXTS),
    "0.9.2342.19200300.100.1.1": ("saml:uid", _TEXTS),
    "0.9.2342.19200300.100.1.3": ("saml:mail", _TEXTS),
    "0.9.2342.19200300.100.1.45": ("saml:organizationStatus", _TEXTS),
}


class SamlProviderUnknown(Failure):
    """The account has no SAML provider of the ARN that is named."""


class SamlProviderExpired(Failure):
    """The provider's metadata counts no longer."""


class SessionNameMissing(Failure):
    """The assertion does not name the session."""


class SessionNameRefused(Failure):
    """The session's name has other characters than it may have."""


class SourceIdentityRefused(Failure):
    """The source identity has other characters than it may have, or is AWS's own."""


class SessionDurationRefused(Failure):
    """The assertion asks for a session that is shorter or longer than any may be."""


class RoleNotNamed(Failure):
    """The assertion does not name the role together with the provider."""


@dataclass(frozen=True, slots=True)
class SamlIdentity:
    """A person whom a SAML provider vouches for."""

    provider: SamlProvider
    arn: str
    assertion: Assertion
    name_qualifier: str

    @property
    def subject(self) -> str:
        """Who it is at the provider."""
        return self.assertion.name_id.value

    @property
    def subject_type(self) -> str:
        """How AWS calls the format of the name."""
        return (self.assertion.name_id.format or f"{_FORMAT}unspecified").removeprefix(_FORMAT)

    @property
    def session_name(self) -> str:
        """What the session is called; raises SessionNameMissing or SessionNameRefused."""
        name = self._first("RoleSessionName")
        if name is None:
            raise SessionNameMissing
        if not _SESSION_NAME.fullmatch(name):
            raise SessionNameRefused
        return name

    @property
    def source_identity(self) -> str | None:
        """Who stands behind the session; raises SourceIdentityRefused."""
        named = self._first("SourceIdentity")
        if named is not None and (
            not _SESSION_NAME.fullmatch(named) or named.lower().startswith("aws:")
        ):
            raise SourceIdentityRefused
        return named

    @property
    def session_tags(self) -> tuple[tuple[str, str], ...]:
        """The tags of the session."""
        prefix = f"{_ATTRIBUTE}PrincipalTag:"
        return tuple(
            (name.removeprefix(prefix), values[0])
            for name, values in self.assertion.attributes.items()
            if name.startswith(prefix) and values
        )

    @property
    def transitive_tag_keys(self) -> tuple[str, ...]:
        """The tags that go on to roles that the session assumes."""
        return self.assertion.attributes.get(f"{_ATTRIBUTE}TransitiveTagKeys", ())

    def verify_role_named(self, role_arn: str) -> None:
        """Raise RoleNotNamed unless the assertion names the role, for this provider."""
        wanted = {role_arn, self.arn}
        pairs = self.assertion.attributes.get(f"{_ATTRIBUTE}Role", ())
        # AWS: the two may stand in either order.
        if not any({part.strip() for part in pair.split(",")} == wanted for pair in pairs):
            raise RoleNotNamed

    def longest_seconds(self, call: Call) -> int | None:
        """Return how long a session may last by the assertion; raise SessionDurationRefused."""
        limits = []
        if self.assertion.session_ends_at is not None:
            limits.append(int((self.assertion.session_ends_at - call.now).total_seconds()))
        wished = self._first("SessionDuration")
        if wished is not None:
            # AWS: "it can be used to shorten the duration of the session".
            if not wished.isascii() or not wished.isdigit() or len(wished) > len("43200"):
                raise SessionDurationRefused
            if int(wished) not in _SESSION_SECONDS:
                raise SessionDurationRefused
            limits.append(int(wished))
        return max(min(limits), 1) if limits else None

    def vouched(self, call: Call) -> VouchedIdentity:
        """Return whom the provider vouches for, with the condition keys of trust policies."""
        named = {
            "saml:namequalifier": (self.name_qualifier,),
            "saml:sub": (self.subject,),
            "saml:sub_type": (self.subject_type,),
        }
        context: dict[str, tuple[str, ...]] = {
            **_mapped(self.assertion.attributes),
            **named,
            "saml:aud": (self.assertion.recipient,),
            "saml:iss": (self.assertion.issuer,),
            "saml:doc": (f"{call.account_id}/{self.provider.name}",),
        }
        return VouchedIdentity(provider=self.arn, context=context, kept_context=named)

    def _first(self, name: str) -> str | None:
        values = self.assertion.attributes.get(_ATTRIBUTE + name, ())
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class _SignInPlaces:
    """Where assertions are to be shown: AWS's sign-in of any region, or this server's."""

    own: str
    provider_id: str

    def __contains__(self, place: object) -> bool:
        if not isinstance(place, str):
            return False
        at_aws = _AWS_SIGN_IN.fullmatch(place)
        if at_aws is not None:
            return at_aws["provider"] in {None, self.provider_id}
        return place in {self.own, f"{self.own}/acs/{self.provider_id}"}


@dataclass(frozen=True, slots=True)
class _Audiences:
    """Whom assertions are for: AWS by its name, or a place of sign-in."""

    places: _SignInPlaces

    def __contains__(self, audience: object) -> bool:
        return audience == _AUDIENCE or audience in self.places


def verify(call: Call, arn: str, response: str) -> SamlIdentity:
    """Return whom a response of the provider vouches for.

    Raises the failures of this module and those of `verify_response`.
    """
    with call.db.reading() as transaction:
        provider = saml_providers.find(transaction, call.account_id, arn)
        if provider is None:
            raise SamlProviderUnknown
        private_keys = saml_providers.private_keys(transaction, call, provider)
    if call.now >= provider.valid_until:
        raise SamlProviderExpired
    places = _SignInPlaces(f"{call.public_url}/saml", provider.provider_id)
    expected = Expectation(
        issuer=provider.described.entity_id,
        recipients=places,
        audiences=_Audiences(places),
        # Whoever asked the provider, it was not this server.
        is_request_known=False,
        now=call.now,
    )
    partner = Partner(
        certificates=signing_certificates(provider.described.signing_certificates),
        private_keys=private_keys,
        must_encrypt=provider.encryption_mode is EncryptionMode.REQUIRED,
    )
    assertion = verify_response(decode_response(response), partner, expected)
    if call.now >= assertion.issued_at + _REDEEM_WITHIN:
        raise AssertionExpired
    return SamlIdentity(provider, arn, assertion, _name_qualifier(call, provider, assertion))


def _name_qualifier(call: Call, provider: SamlProvider, assertion: Assertion) -> str:
    # AWS API_AssumeRoleWithSAML, NameQualifier: "BASE64 ( SHA1 ( ... ) )"; a name, not a proof.
    hashed = f"{assertion.issuer}{call.account_id}/{provider.name}".encode()
    return base64.b64encode(hashlib.sha1(hashed, usedforsecurity=False).digest()).decode()


def _mapped(attributes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, values in attributes.items():
        context_key, is_list = _CONTEXT_KEYS.get(name, (None, False))
        # AWS maps one claim only where several are meant for one key.
        if context_key is not None and values and context_key not in found:
            found[context_key] = values if is_list else values[:1]
    return found
