"""Users and roles as policies name them: stored by unique id, shown by ARN.

One that is deleted and made again under the same name is not meant by what named it before. AWS
shows the ARN for as long as the entity exists, and the id from then on.
# AWS reference_policies_elements_principal
"""

import json
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.ids import AccountId
from poolgate.iam.owners import OwnerKind, entity_arn, name_key
from poolgate.iam.tables import iam_roles, iam_users
from poolgate.policy.documents import MalformedPolicy
from poolgate.store.database import Transaction

_OWN_ENTITY = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):(?P<kind>user|role)/(?P<rest>.+)")
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z2-7]{17}")
_KINDS = {"role": OwnerKind.ROLE, "user": OwnerKind.USER}
_IDS = {OwnerKind.ROLE: iam_roles.c.role_id, OwnerKind.USER: iam_users.c.user_id}
_BY_ID = {
    kind: sa.select(column.table.c.path, column.table.c.name).where(column == sa.bindparam("of_id"))
    for kind, column in _IDS.items()
}
_BY_NAME = {
    kind: sa.select(column, column.table.c.path, column.table.c.name).where(
        column.table.c.name_key == sa.bindparam("of_name")
    )
    for kind, column in _IDS.items()
}


def to_stored(transaction: Transaction, account_id: AccountId, document: str) -> str:
    """Return a policy that names principals with the ids of this account's users and roles.

    Raise MalformedPolicy where it names one that does not exist. The document was parsed before.
    """

    def stored_name(principal: str) -> str:
        named = _OWN_ENTITY.fullmatch(principal)
        if named is None:
            return principal
        path, _, name = f"/{named['rest']}".rpartition("/")
        entity_id = None
        if named["account"] == account_id:
            entity_id = _id_of(transaction, _KINDS[named["kind"]], f"{path}/", name)
        if entity_id is None:
            raise MalformedPolicy(f'Invalid principal in policy: "AWS":"{principal}"')
        return entity_id

    return _with_principals(document, stored_name)


def to_shown(transaction: Transaction, account_id: AccountId, stored: str) -> str:
    """Return a stored document as it is shown: with the ARNs of the entities that still exist."""

    def shown_name(principal: str) -> str:
        if not _UNIQUE_ID.fullmatch(principal):
            return principal
        for kind, statement in _BY_ID.items():
            row = transaction.one(statement, {"of_id": principal})
            if row is not None:
                return entity_arn(account_id, kind, row.path, row.name)
        return principal

    return _with_principals(stored, shown_name)


def _id_of(transaction: Transaction, kind: OwnerKind, path: str, name: str) -> str | None:
    """Return the id of the entity that is written exactly so, or None."""
    row = transaction.one(_BY_NAME[kind], {"of_name": name_key(name)})
    return None if row is None or (row.path, row.name) != (path, name) else str(row[0])


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
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and "AWS" in named:
                given = named["AWS"]
                named["AWS"] = (
                    [replace(each) for each in given] if isinstance(given, list) else replace(given)
                )
    return json.dumps(elements) if changed else document
