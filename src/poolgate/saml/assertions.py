"""Assertions: what an identity provider says of a person, and whether it is said to us, now.

`read_assertion` takes an element that was proven to be the provider's; nothing else may come here.
# SPEC saml-core-2.0 s2, saml-profiles-2.0 s4.1.4
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from poolgate.saml.failures import SamlRefused
from poolgate.saml.names import BEARER, ENTITY_FORMAT, VERSION, assertion
from poolgate.saml.times import parse_time
from poolgate.saml.xml_documents import Element, Name

# How far the clocks of partners may be apart.
SKEW = timedelta(seconds=60)
_MOST_ATTRIBUTES = 500
_NIL = Name("http://www.w3.org/2001/XMLSchema-instance", "nil")
_CONDITIONS = frozenset(
    assertion(local) for local in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
)


class AssertionMalformed(SamlRefused):
    """The assertion lacks what must be in it, or says it twice."""


class OtherIssuer(SamlRefused):
    """Another identity provider speaks than the one that is expected."""


class AssertionExpired(SamlRefused):
    """The assertion was good once."""


class AssertionNotYetValid(SamlRefused):
    """The assertion will be good, by its own times, or was made in the future."""


class OtherAudience(SamlRefused):
    """The assertion is for somebody else."""


class OtherRecipient(SamlRefused):
    """The assertion is to be shown at another place."""


class OtherRequest(SamlRefused):
    """The response answers another request than the one that was made, or none was made."""


class NoBearerConfirmation(SamlRefused):
    """Nothing lets the one who shows the assertion be its subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameId:
    """Who a person is at the identity provider."""

    value: str
    format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a response must be to count. Times are judged at `now`.

    `request_id` is the request that was made, None where none was; with `is_request_known` False
    it is not looked at who was asked what.
    """

    issuer: str
    recipients: Container[str]
    audiences: Container[str]
    request_id: str | None = None
    is_request_known: bool = True
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What counts. `expires_at` is until when the same assertion could be shown once more."""

    assertion_id: str
    issuer: str
    name_id: NameId
    recipient: str
    audiences: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    issued_at: datetime
    expires_at: datetime
    session_index: str | None
    session_ends_at: datetime | None


def read_assertion(element: Element, expected: Expectation) -> Assertion:
    """Return what a proven assertion says; raise a failure of this module or of its parts."""
    if element.get("Version") != VERSION:
        raise AssertionMalformed(private_detail="version")
    verify_issuer(element.only(assertion("Issuer")), expected.issuer)
    issued_at = parse_time(_required(element, "IssueInstant"))
    if issued_at > expected.now + SKEW:
        raise AssertionNotYetValid
    subject = element.only(assertion("Subject"))
    audiences, conditions_end_at = _conditions(element, expected)
    recipient, confirmed_until = _confirmation(subject, expected)
    statements = element.all(assertion("AuthnStatement"))
    # SPEC saml-profiles-2.0 s4.1.4.2: at least one says that the person signed in.
    if not statements:
        raise AssertionMalformed(private_detail="no AuthnStatement")
    session_ends_at = _session_end(statements, expected.now)
    return Assertion(
        assertion_id=_required(element, "ID"),
        issuer=expected.issuer,
        name_id=_name_id(subject),
        recipient=recipient,
        audiences=audiences,
        attributes=_attributes(element),
        issued_at=issued_at,
        expires_at=min(confirmed_until, conditions_end_at or confirmed_until) + SKEW,
        session_index=statements[0].get("SessionIndex"),
        session_ends_at=session_ends_at,
    )


def verify_issuer(issuer: Element, expected: str) -> None:
    """Raise OtherIssuer unless an Issuer element names the expected one."""
    # SPEC saml-profiles-2.0 s4.1.4.2: an issuer is an entity.
    if issuer.get("Format") not in {None, ENTITY_FORMAT} or issuer.text.strip() != expected:
        raise OtherIssuer


def verify_request(answered: str | None, expected: Expectation) -> None:
    """Raise OtherRequest unless an InResponseTo is to the request that was made, or to none."""
    if expected.is_request_known and answered != expected.request_id:
        raise OtherRequest


def verify_alive(not_before: str | None, not_on_or_after: str | None, now: datetime) -> None:
    """Raise AssertionNotYetValid or AssertionExpired by the two times, where they are given."""
    if not_before is not None and now + SKEW < parse_time(not_before):
        raise AssertionNotYetValid
    if not_on_or_after is not None and now - SKEW >= parse_time(not_on_or_after):
        raise AssertionExpired


def _conditions(element: Element, expected: Expectation) -> tuple[tuple[str, ...], datetime | None]:
    """Return the audiences and the end that the conditions name."""
    conditions = element.only(assertion("Conditions"))
    ends_at = conditions.get("NotOnOrAfter")
    verify_alive(conditions.get("NotBefore"), ends_at, expected.now)
    # SPEC saml-core-2.0 s2.5.1: with a condition that is not understood nothing is valid.
    if not {each.name for each in conditions.elements} <= _CONDITIONS:
        raise AssertionMalformed(private_detail="unknown condition")
    restrictions = conditions.all(assertion("AudienceRestriction"))
    if not restrictions:
        raise OtherAudience
    found: list[str] = []
    for restriction in restrictions:
        audiences = [each.text.strip() for each in restriction.all(assertion("Audience"))]
        # SPEC saml-core-2.0 s2.5.1.4: one of each restriction.
        if not any(each in expected.audiences for each in audiences):
            raise OtherAudience
        found += audiences
    return tuple(dict.fromkeys(found)), None if ends_at is None else parse_time(ends_at)


def _confirmation(subject: Element, expected: Expectation) -> tuple[str, datetime]:
    """Return the recipient and the end of the first bearer confirmation that counts."""
    refused: SamlRefused = NoBearerConfirmation()
    for confirmation in subject.all(assertion("SubjectConfirmation")):
        if confirmation.get("Method") != BEARER:
            continue
        try:
            return _bearer(confirmation.only(assertion("SubjectConfirmationData")), expected)
        except (AssertionExpired, AssertionNotYetValid, OtherRecipient, OtherRequest) as failure:
            refused = failure
    raise refused


def _bearer(confirmed: Element, expected: Expectation) -> tuple[str, datetime]:
    # SPEC saml-profiles-2.0 s4.1.4.2: both must be there.
    recipient = _required(confirmed, "Recipient")
    ends_at = _required(confirmed, "NotOnOrAfter")
    if recipient not in expected.recipients:
        raise OtherRecipient
    verify_alive(confirmed.get("NotBefore"), ends_at, expected.now)
    verify_request(confirmed.get("InResponseTo"), expected)
    return recipient, parse_time(ends_at)


def _name_id(subject: Element) -> NameId:
    found = subject.only(assertion("NameID"))
    value = found.text
    if found.elements or not value.strip():
        raise AssertionMalformed(private_detail="NameID")
    return NameId(
        value=value.strip(),
        format=found.get("Format"),
        name_qualifier=found.get("NameQualifier"),
        sp_name_qualifier=found.get("SPNameQualifier"),
    )


def _session_end(statements: tuple[Element, ...], now: datetime) -> datetime | None:
    ends = [each.get("SessionNotOnOrAfter") for each in statements]
    times = [parse_time(each) for each in ends if each is not None]
    if times and now - SKEW >= min(times):
        raise AssertionExpired
    return min(times, default=None)


def _attributes(element: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for statement in element.all(assertion("AttributeStatement")):
        for attribute in statement.all(assertion("Attribute")):
            name = _required(attribute, "Name")
            values = tuple(
                value.text.strip()
                for value in attribute.all(assertion("AttributeValue"))
                if not any(each.name == _NIL for each in value.attributes)
            )
            found[name] = found.get(name, ()) + values
    if len(found) > _MOST_ATTRIBUTES:
        raise AssertionMalformed(private_detail="too many attributes")
    return found


def _required(element: Element, attribute: str) -> str:
    value = element.get(attribute)
    if not value:
        raise AssertionMalformed(private_detail=f"no {attribute}")
    return value
