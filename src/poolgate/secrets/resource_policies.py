"""The policy on a secret: who else may use it, and who may not."""

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.policy.documents import PolicyKind, parse_policy
from poolgate.policy.statements import Policy, StatementEffect
from poolgate.secrets import stored_secrets
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.tables import secrets
from poolgate.store.call import Call


class PolicyIsPublic(Failure):
    """The policy allows something to everybody."""


_SET = (
    sa.update(secrets)
    .where(secrets.c.arn == sa.bindparam("of_arn"))
    .values(resource_policy=sa.bindparam("new_policy"))
)


def compiled(document: str) -> Policy:
    """Return the policy in the form that decides; raise MalformedPolicy."""
    return parse_policy(document, name="resource policy", kind=PolicyKind.RESOURCE)


def is_public(document: str) -> bool:
    """Tell whether a statement allows something to everybody, under whatever conditions."""
    return any(
        statement.effect is StatementEffect.ALLOW
        and (
            statement.spared_principals is not None
            or (statement.principals is not None and statement.principals.everyone)
        )
        for statement in compiled(document).statements
    )


def put(call: Call, secret_id: str, document: str, *, refuse_public: bool) -> StoredSecret:
    """Replace the policy; raise MalformedPolicy or PolicyIsPublic."""
    if is_public(document) and refuse_public:
        raise PolicyIsPublic
    return _set(call, secret_id, document)


def remove(call: Call, secret_id: str) -> StoredSecret:
    """Take the policy away, if there is one."""
    return _set(call, secret_id, None)


def _set(call: Call, secret_id: str, document: str | None) -> StoredSecret:
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        transaction.run(_SET, {"of_arn": owner.arn, "new_policy": document})
    return owner
