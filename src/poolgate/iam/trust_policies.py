"""Trust policies: who may assume a role.

A user or role of this account stands in the stored document by its unique id, so that one that is
deleted and made again under the same name is not trusted. AWS shows the ARN for as long as the
entity exists, and the id from then on.
# AWS reference_policies_elements_principal
"""

import json
import re
from collections.abc import Callable
from typing import Any

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId
from poolgate.iam.inline_policies import counted_length
from poolgate.policy.conditions import AnyCondition
from poolgate.policy.documents import MalformedPolicy, PolicyKind, parse_policy
from poolgate.policy.statements import Policy, StatementEffect

# AWS reference_iam-quotas: the length that can be asked for; 2048 without asking.
DOCUMENT_CHARACTERS = 4096
COGNITO_IDENTITY = "cognito-identity.amazonaws.com"

_OWN_ENTITY = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):(?P<kind>user|role)/(?P<rest>.+)")
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z2-7]{17}")

# Both return None for an entity that does not exist.
IdOf = Callable[[str, str, str], str | None]
ArnOf = Callable[[str], str | None]


class TrustPolicyTooLarge(Failure):
    """The trust policy is larger than it may be. Facts: limit."""


def parse_trust(document: str) -> Policy:
    """Return a compiled trust policy; raise MalformedPolicy."""
    return parse_policy(document, name="AssumeRolePolicyDocument", kind=PolicyKind.TRUST)


def to_stored(document: str, account_id: AccountId, id_of: IdOf) -> str:
    """Return the document as it is stored; raise MalformedPolicy or TrustPolicyTooLarge.

    `id_of` gives the unique id by kind (`user` or `role`), path and name.
    """
    policy = parse_trust(document)
    if counted_length(document) > DOCUMENT_CHARACTERS:
        raise TrustPolicyTooLarge(limit=str(DOCUMENT_CHARACTERS))
    _verify_identity_pools_named(policy)

    def stored_name(principal: str) -> str:
        named = _OWN_ENTITY.fullmatch(principal)
        if named is None:
            return principal
        path, _, name = f"/{named['rest']}".rpartition("/")
        entity_id = None
        if named["account"] == account_id:
            entity_id = id_of(named["kind"], f"{path}/", name)
        if entity_id is None:
            raise MalformedPolicy(f'Invalid principal in policy: "AWS":"{principal}"')
        return entity_id

    return _with_principals(document, stored_name)


def to_shown(stored: str, arn_of: ArnOf) -> str:
    """Return a stored document as it is shown: with the ARNs of the entities that still exist."""

    def shown_name(principal: str) -> str:
        arn = arn_of(principal) if _UNIQUE_ID.fullmatch(principal) else None
        return arn or principal

    return _with_principals(stored, shown_name)


def _with_principals(document: str, replaced: Callable[[str], str]) -> str:
    """Return the document with its AWS principals replaced; the very text where none changes."""
    changed = False

    def replace(principal: str) -> str:
        nonlocal changed
        other = replaced(principal)
        changed = changed or other != principal
        return other

    elements: dict[str, Any] = json.loads(document)
    statements = elements["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement["Principal"]
        if isinstance(named, dict) and "AWS" in named:
            given = named["AWS"]
            named["AWS"] = (
                [replace(each) for each in given] if isinstance(given, list) else replace(given)
            )
    return json.dumps(elements) if changed else document


def _verify_identity_pools_named(policy: Policy) -> None:
    """Raise MalformedPolicy for a trust in every identity pool of the world.

    # AWS iam-roles "Create roles for identity pools": a condition on `aud` is demanded.
    """
    wanted = f"{COGNITO_IDENTITY}:aud"
    for statement in policy.statements:
        named = statement.principals
        if (
            statement.effect is StatementEffect.ALLOW
            and named is not None
            and COGNITO_IDENTITY in named.providers
            and not any(_is_about(condition, wanted) for condition in statement.conditions)
        ):
            raise MalformedPolicy(
                f"Trust policy for cognito-identity.amazonaws.com must have a condition on {wanted}"
            )


def _is_about(condition: AnyCondition, context_key: str) -> bool:
    return condition.context_key == context_key
