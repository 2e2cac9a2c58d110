"""Read what a request claims about its signature, from the header or from the query.

Checks 4 to 7 of the order in which AWS refuses a request: the query's escapes, a proof in exactly
one place, the algorithm, and every part present.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from poolgate.sigv4.canonical import ALGORITHM, decode_component
from poolgate.sigv4.failures import (
    MISSING_AUTHENTICATION_TEXT,
    SignatureFailure,
    SignatureFault,
)

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})(.{0,2})", re.DOTALL)
_AUTHENTICATION_NAMES: Final = frozenset({"x-amz-algorithm", "x-amz-signature"})
_REQUIRED_IN_HEADER: Final = ("Credential", "Signature", "SignedHeaders")
_REQUIRED_IN_QUERY: Final = (
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
)
_ESCAPE_DIGITS: Final = 2

HeadersByName = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """The parts of a proof, still unchecked text."""

    credential: str
    signature: str
    signed_headers: str
    date: str
    session_token: str | None
    expires: str | None
    presigned: bool


def query_parameters(query: str) -> dict[str, str]:
    """Return the first value of each name in a raw query, decoded."""
    parameters: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        parameters.setdefault(_text(name), _text(value))
    return parameters


def has_query_proof(parameters: Mapping[str, str]) -> bool:
    """Tell whether a query names any part of a signature, in whatever case."""
    return any(name.lower() in _AUTHENTICATION_NAMES for name in parameters)


def read_claim(query: str, headers: HeadersByName) -> Claim:
    """Return the one claim that a request makes; raise SignatureFailure for none or two."""
    refuse_malformed_escapes(query)
    parameters = query_parameters(query)
    authorization = headers.get("authorization")
    if authorization and "X-Amz-Algorithm" in parameters:
        raise SignatureFailure(
            SignatureFault.SIGNATURE_MISMATCH,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP"
            " header.",
        )
    if authorization:
        # Joined as HTTP joins repeats; a second proof then fails as a part without a name.
        return _header_claim(", ".join(authorization), parameters, headers)
    return _query_claim(parameters, headers)


def refuse_malformed_escapes(query: str) -> None:
    """Raise SignatureFailure when a percent sign is not followed by two hex digits."""
    if "%" not in query:
        return
    wrong = _BAD_ESCAPE.search(query)
    if wrong is None:
        return
    digits = wrong[1]
    message = (
        "Incomplete trailing escape % sequence"
        if len(digits) < _ESCAPE_DIGITS
        else f"Illegal hex character in escape % pattern: %{digits}"
    )
    raise SignatureFailure(SignatureFault.MALFORMED_QUERY, message)


def _text(component: str) -> str:
    if "%" in component or "+" in component:
        return decode_component(component).decode("utf-8", "replace")
    return component


def _header_claim(
    authorization: str, parameters: Mapping[str, str], headers: HeadersByName
) -> Claim:
    scheme, _, rest = authorization.strip().partition(" ")
    # SPEC RFC 9110 s11.1: the scheme compares case-insensitively.
    if scheme.upper() != ALGORITHM:
        raise SignatureFailure(
            SignatureFault.INCOMPLETE_SIGNATURE, f"Unsupported AWS 'algorithm': '{scheme}'."
        )
    named = _header_parts(rest, authorization)
    date = _first(headers, "x-amz-date" if "x-amz-date" in headers else "date")
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in _REQUIRED_IN_HEADER
        if name not in named
    ]
    if date is None:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if missing or date is None:
        raise SignatureFailure(
            SignatureFault.INCOMPLETE_SIGNATURE,
            f"{' '.join(missing)} Authorization={ALGORITHM}",
        )
    return Claim(
        credential=named["Credential"],
        signature=named["Signature"],
        signed_headers=named["SignedHeaders"],
        date=date,
        session_token=_first(headers, "x-amz-security-token")
        or parameters.get("X-Amz-Security-Token"),
        expires=None,
        presigned=False,
    )


def _header_parts(rest: str, authorization: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or " " in name:
            raise SignatureFailure(
                SignatureFault.INCOMPLETE_SIGNATURE,
                f"'{part.strip()}' not a valid key=value pair (missing equal-sign) in Authorization"
                f" header: '{authorization}'.",
            )
        named[name] = value
    return named


def _query_claim(parameters: Mapping[str, str], headers: HeadersByName) -> Claim:
    if parameters.get("X-Amz-Algorithm") != ALGORITHM:
        raise SignatureFailure(SignatureFault.MISSING_AUTHENTICATION, MISSING_AUTHENTICATION_TEXT)
    missing = [
        f"AWS query-string parameters must include '{name}'."
        for name in _REQUIRED_IN_QUERY
        if name not in parameters
    ]
    if missing:
        raise SignatureFailure(
            SignatureFault.INCOMPLETE_SIGNATURE,
            f"{' '.join(missing)} Re-examine the query-string parameters.",
        )
    return Claim(
        credential=parameters["X-Amz-Credential"],
        signature=parameters["X-Amz-Signature"],
        signed_headers=parameters["X-Amz-SignedHeaders"],
        date=parameters["X-Amz-Date"],
        session_token=parameters.get("X-Amz-Security-Token")
        or _first(headers, "x-amz-security-token"),
        expires=parameters.get("X-Amz-Expires"),
        presigned=True,
    )


def _first(headers: HeadersByName, name: str) -> str | None:
    values = headers.get(name)
    return ",".join(values).strip() if values else None
