"""Encoded authorization messages: why a request was refused, sealed for the account that asks.

Who is refused gets the message and cannot read it: policies are not everybody's business. Whoever
may `sts:DecodeAuthorizationMessage` opens it, within a day.
# AWS API_DecodeAuthorizationMessage
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.failure import Failure
from poolgate.iam.inline_policies import NamedDocument
from poolgate.policy.access import AccessRequest
from poolgate.policy.decisions import Decision, Effect
from poolgate.policy.statements import Statement
from poolgate.store.call import Call

LIFE_MILLIS = 24 * 60 * 60 * 1000
# It travels as a header: proxies take 8 KiB for all of them.
LONGEST_CHARACTERS = 4096
_PURPOSE = "authorization message"


class AuthorizationMessageInvalid(Failure):
    """The text is no message of this account, or too old."""


class _Sealed(msgspec.Struct):
    issued_at: int
    message: str


def encode(
    call: Call, decision: Decision, request: AccessRequest, documents: Iterable[NamedDocument]
) -> str:
    """Return the message about a refused request; without its context where that is too long."""
    told = _told(decision, request, documents)
    encoded = _sealed(call, told)
    if len(encoded) > LONGEST_CHARACTERS:
        told["context"]["conditions"] = _listed([])
        told["matchedStatements"] = _listed([])
        encoded = _sealed(call, told)
    return encoded if len(encoded) <= LONGEST_CHARACTERS else ""


def decode(call: Call, encoded: str) -> str:
    """Return the message as JSON; raise AuthorizationMessageInvalid."""
    try:
        opened = call.vault.unseal(
            base64.b64decode(encoded, altchars=b"-_", validate=True),
            purpose=_PURPOSE,
            bound_to=call.account_id,
        )
    except (ValueError, UnsealingFailed) as error:
        raise AuthorizationMessageInvalid from error
    sealed = msgspec.json.decode(zlib.decompress(opened), type=_Sealed)
    if call.now_millis >= sealed.issued_at + LIFE_MILLIS:
        raise AuthorizationMessageInvalid(private_detail="too old")
    return sealed.message


def _sealed(call: Call, told: Mapping[str, Any]) -> str:
    message = _Sealed(call.now_millis, msgspec.json.encode(told).decode())
    octets = zlib.compress(msgspec.json.encode(message))
    sealed = call.vault.seal(octets, purpose=_PURPOSE, bound_to=call.account_id)
    return base64.b64encode(sealed, altchars=b"-_").decode()


def _told(
    decision: Decision, request: AccessRequest, documents: Iterable[NamedDocument]
) -> dict[str, Any]:
    written = _written_statements(documents) if decision.decided_by else {}
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.effect is Effect.EXPLICIT_DENY,
        "matchedStatements": _listed(
            _statement(each, written.get(each.unnamed_label, {}), request)
            for each in decision.decided_by
        ),
        "failures": _listed([]),
        "context": {
            "principal": {"id": request.principal.user_id, "arn": request.principal.arn},
            "action": request.action,
            "resource": request.resource,
            "conditions": _listed(
                {"key": context_key, "values": _values(values)}
                for context_key, values in sorted(request.context.items())
            ),
        },
    }


def _written_statements(documents: Iterable[NamedDocument]) -> dict[str, Mapping[str, Any]]:
    """Return the statements as written, by the label that each has without a Sid."""
    written: dict[str, Mapping[str, Any]] = {}
    for each in documents:
        given = json.loads(each.document)["Statement"]
        for position, statement in enumerate(given if isinstance(given, list) else [given]):
            written[f"{each.name}[{position}]"] = statement
    return written


def _statement(
    decisive: Statement, written: Mapping[str, Any], request: AccessRequest
) -> dict[str, Any]:
    conditions = [
        {"key": context_key, "values": _values(_texts(wanted))}
        for comparisons in written.get("Condition", {}).values()
        for context_key, wanted in comparisons.items()
    ]
    return {
        "statementId": decisive.label,
        "effect": decisive.effect.upper(),
        "principals": _values([request.principal.user_id.partition(":")[0]]),
        "principalGroups": _listed([]),
        "actions": _values(_texts(written.get("Action", written.get("NotAction", [])))),
        "resources": _values(_texts(written.get("Resource", written.get("NotResource", [])))),
        "conditions": _listed(conditions),
    }


def _texts(given: object) -> list[str]:
    return [str(each) for each in (given if isinstance(given, list) else [given])]


def _values(values: Iterable[str]) -> dict[str, list[Any]]:
    return _listed({"value": value} for value in values)


def _listed(entries: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {"items": list(entries)}
