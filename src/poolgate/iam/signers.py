"""Whose a signing access key is: a user's, the root's, or a session's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.ids import AccessKeyId, AccountId, Arn
from poolgate.foundation.secret import Secret
from poolgate.iam import roles, temporary_keys, users
from poolgate.iam.access_keys import unsealed_secret
from poolgate.iam.tables import access_keys, iam_users
from poolgate.iam.tags import decode_tags
from poolgate.iam.temporary_keys import SessionKind, TemporaryKey
from poolgate.policy.principal import KeyOrigin, Principal, PrincipalType
from poolgate.sigv4.failures import (
    EXPIRED_CREDENTIALS_TEXT,
    INVALID_CREDENTIALS_TEXT,
    UNKNOWN_ACCESS_KEY_TEXT,
    SignatureFailure,
    SignatureFault,
)
from poolgate.store.database import Database, Transaction

_LONG_TERM = (
    sa.select(
        access_keys.c.sealed_secret,
        access_keys.c.active,
        access_keys.c.user_id,
        iam_users.c.name,
        iam_users.c.path,
        iam_users.c.tags,
    )
    .outerjoin_from(access_keys, iam_users, access_keys.c.user_id == iam_users.c.user_id)
    .where(access_keys.c.access_key_id == sa.bindparam("access_key_id"))
)


@dataclass(frozen=True, slots=True)
class Signer:
    """An access key with its secret, and the principal that signs with it."""

    access_key_id: AccessKeyId
    secret_access_key: Secret
    principal: Principal


def verify_signer(
    db: Database,
    vault: Vault,
    account_id: AccountId,
    *,
    access_key_id: AccessKeyId,
    session_token: str | None,
    now_millis: int,
) -> Signer:
    """Return whose key it is; raise SignatureFailure, in AWS's words, for one that does not count.

    That is: an unknown or inactive key, a temporary one without its own session token, one that
    has expired, and one whose role or user is gone.
    """
    if temporary_keys.is_temporary(access_key_id):
        presented = (access_key_id, session_token or "")
        return _temporary_signer(db, vault, account_id, presented, now_millis)
    # A session token belongs to no long-term key.
    if session_token is not None:
        raise SignatureFailure(SignatureFault.INVALID_ACCESS_KEY, INVALID_CREDENTIALS_TEXT)
    with db.reading() as transaction:
        row = transaction.one(_LONG_TERM, {"access_key_id": access_key_id})
    # AWS protocol.md 6.3, check 15: an inactive key is refused like an unknown one.
    if row is None or not row.active:
        raise _unknown()
    return Signer(
        access_key_id,
        unsealed_secret(vault, access_key_id, row.sealed_secret),
        root_principal(account_id)
        if row.user_id is None
        else user_principal(
            account_id,
            user_id=row.user_id,
            path=row.path,
            name=row.name,
            tags=decode_tags(row.tags),
        ),
    )


def root_principal(account_id: AccountId, *, temporary: KeyOrigin | None = None) -> Principal:
    """Return the account's root."""
    arn = Arn(f"arn:aws:iam::{account_id}:root")
    return Principal(
        type=PrincipalType.ACCOUNT,
        arn=arn,
        account_id=account_id,
        user_id=account_id,
        principal_arn=arn,
        temporary=temporary,
    )


def user_principal(
    account_id: AccountId,
    *,
    user_id: str,
    path: str,
    name: str,
    tags: Mapping[str, str],
    temporary: KeyOrigin | None = None,
) -> Principal:
    """Return an IAM user."""
    arn = users.user_arn(account_id, path, name)
    return Principal(
        type=PrincipalType.USER,
        arn=arn,
        account_id=account_id,
        user_id=user_id,
        principal_arn=arn,
        username=name,
        tags=tuple(tags.items()),
        temporary=temporary,
    )


def _temporary_signer(
    db: Database,
    vault: Vault,
    account_id: AccountId,
    presented: tuple[AccessKeyId, str],
    now_millis: int,
) -> Signer:
    access_key_id, session_token = presented
    with db.reading() as transaction:
        stored = temporary_keys.find(transaction, access_key_id)
        if stored is None:
            raise _unknown()
        if not stored.goes_with(session_token):
            raise SignatureFailure(SignatureFault.INVALID_ACCESS_KEY, INVALID_CREDENTIALS_TEXT)
        if now_millis >= stored.expires_at:
            raise SignatureFailure(SignatureFault.EXPIRED_TOKEN, EXPIRED_CREDENTIALS_TEXT)
        principal = _PRINCIPALS[stored.session.kind](transaction, account_id, stored)
    if principal is None:
        raise _unknown()
    return Signer(access_key_id, stored.secret_access_key(vault), principal)


def _role_session(
    transaction: Transaction, account_id: AccountId, stored: TemporaryKey
) -> Principal | None:
    role = roles.find_by_id(transaction, stored.owner_id or "")
    if role is None:
        return None
    session = stored.session
    # AWS session tags: they win over the role's of the same key.
    replaced = {tag_key.casefold() for tag_key, _ in session.tags}
    own = ((key, value) for key, value in role.tags.items() if key.casefold() not in replaced)
    return Principal(
        type=PrincipalType.ASSUMED_ROLE,
        arn=session_arn(account_id, role.name, session.name),
        account_id=account_id,
        user_id=f"{role.role_id}:{session.name}",
        principal_arn=roles.role_arn(account_id, role.path, role.name),
        tags=(*own, *session.tags),
        temporary=_origin(stored),
    )


def _federated_user(
    transaction: Transaction, account_id: AccountId, stored: TemporaryKey
) -> Principal | None:
    owner_id = stored.owner_id
    if owner_id is not None and users.find_by_id(transaction, owner_id) is None:
        return None
    name = stored.session.name
    arn = federated_user_arn(account_id, name)
    return Principal(
        type=PrincipalType.FEDERATED_USER,
        arn=arn,
        account_id=account_id,
        user_id=f"{account_id}:{name}",
        principal_arn=arn,
        tags=stored.session.tags,
        temporary=_origin(stored),
    )


def _same_caller(
    transaction: Transaction, account_id: AccountId, stored: TemporaryKey
) -> Principal | None:
    if stored.owner_id is None:
        return root_principal(account_id, temporary=_origin(stored))
    user = users.find_by_id(transaction, stored.owner_id)
    if user is None:
        return None
    return user_principal(
        account_id,
        user_id=user.user_id,
        path=user.path,
        name=user.name,
        tags=user.tags,
        temporary=_origin(stored),
    )


_PRINCIPALS = {
    SessionKind.ASSUMED_ROLE: _role_session,
    SessionKind.FEDERATED_USER: _federated_user,
    SessionKind.SAME_CALLER: _same_caller,
}


def session_arn(account_id: AccountId, role_name: str, session_name: str) -> Arn:
    """Return the ARN of a role's session."""
    return Arn(f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}")


def federated_user_arn(account_id: AccountId, name: str) -> Arn:
    """Return the ARN of a federated user."""
    return Arn(f"arn:aws:sts::{account_id}:federated-user/{name}")


def _origin(stored: TemporaryKey) -> KeyOrigin:
    session = stored.session
    issued = datetime.fromtimestamp(stored.issued_at // 1000, UTC)
    context = dict(session.context)
    context["aws:TokenIssueTime"] = (f"{issued:%Y-%m-%dT%H:%M:%SZ}",)
    context.setdefault("aws:MultiFactorAuthPresent", ("false",))
    if session.source_identity is not None:
        context["aws:SourceIdentity"] = (session.source_identity,)
    return KeyOrigin(
        access_key_id=stored.access_key_id,
        expires_at=stored.expires_at // 1000,
        context=tuple(context.items()),
        for_pool_user=session.for_pool_user,
    )


def _unknown() -> SignatureFailure:
    return SignatureFailure(SignatureFault.INVALID_ACCESS_KEY, UNKNOWN_ACCESS_KEY_TEXT)
