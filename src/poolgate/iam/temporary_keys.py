"""Temporary access keys: what STS and identity pools give out.

The session token is a random handle and holds no secret: what the session may do is read at each
request, so that deleting it, its role or its user ends it at once. The secret access key is sealed,
bound to its row; of the token only the digest is kept.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.ids import AccessKeyId, new_access_key_id
from poolgate.foundation.randomness import random_bytes
from poolgate.foundation.secret import Secret
from poolgate.iam.access_keys import new_secret_access_key
from poolgate.iam.tables import temporary_keys
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_PURPOSE = "temporary secret access key"
_TOKEN_BYTES = 96
_PREFIX = "ASIA"

_INSERT = sa.insert(temporary_keys)
_FIND = sa.select(temporary_keys).where(
    temporary_keys.c.access_key_id == sa.bindparam("access_key_id")
)
_PURGE = sa.delete(temporary_keys).where(temporary_keys.c.expires_at <= sa.bindparam("now"))


class SessionKind(StrEnum):
    """What a session is a session of."""

    ASSUMED_ROLE = "assumed-role"
    FEDERATED_USER = "federated-user"
    # GetSessionToken: the user or the root itself, for a while.
    SAME_CALLER = "same-caller"


class RoleSession(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a session is and what it was given when it was made.

    `policies` are the documents that limit it and `policy_arns` managed policies that do so too;
    with `is_limited` it has no more than they allow, even if there are none. `context` are the
    condition keys that all its requests have.
    """

    kind: SessionKind
    name: str = ""
    is_limited: bool = False
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()
    for_pool_user: bool = False


@dataclass(frozen=True, slots=True)
class IssuedKeys:
    """Temporary keys as they are given out: the only time that the secrets are told."""

    access_key_id: AccessKeyId
    secret_access_key: Secret
    session_token: Secret
    expires_at: int


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """A stored temporary key; `owner_id` is the role, the user, or None for the root."""

    access_key_id: AccessKeyId
    token_digest: bytes
    sealed_secret: bytes
    owner_id: str | None
    session: RoleSession
    issued_at: int
    expires_at: int

    def goes_with(self, session_token: str) -> bool:
        """Tell whether this is the key's session token."""
        return hmac.compare_digest(self.token_digest, _digest(session_token))

    def secret_access_key(self, vault: Vault) -> Secret:
        """Return the secret that its requests are signed with."""
        return Secret(
            vault.unseal(self.sealed_secret, purpose=_PURPOSE, bound_to=self.access_key_id).decode()
        )


def issue(
    transaction: Transaction,
    call: Call,
    *,
    owner_id: str | None,
    session: RoleSession,
    seconds: int,
) -> IssuedKeys:
    """Store a new session and return its keys, which work for `seconds`."""
    access_key_id = new_access_key_id(_PREFIX)
    secret_access_key = new_secret_access_key()
    session_token = _new_session_token()
    # AWS tells the end to the second.
    expires_at = (call.now_millis // 1000 + seconds) * 1000
    transaction.run(
        _INSERT,
        {
            "access_key_id": access_key_id,
            "token_digest": _digest(session_token.reveal()),
            "sealed_secret": call.vault.seal(
                secret_access_key.reveal().encode(), purpose=_PURPOSE, bound_to=access_key_id
            ),
            "owner_id": owner_id,
            "session": msgspec.json.encode(session).decode(),
            "issued_at": call.now_millis,
            "expires_at": expires_at,
        },
    )
    return IssuedKeys(access_key_id, secret_access_key, session_token, expires_at)


def find(transaction: Transaction, access_key_id: AccessKeyId) -> TemporaryKey | None:
    """Return the temporary key of that id, expired or not, or None."""
    row = transaction.one(_FIND, {"access_key_id": access_key_id})
    if row is None:
        return None
    return TemporaryKey(
        access_key_id=access_key_id,
        token_digest=row.token_digest,
        sealed_secret=row.sealed_secret,
        owner_id=row.owner_id,
        session=msgspec.json.decode(row.session, type=RoleSession),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )


def purge(transaction: Transaction, now_millis: int) -> int:
    """Remove the keys that have expired; return how many."""
    return transaction.run(_PURGE, {"now": now_millis})


def is_temporary(access_key_id: str) -> bool:
    """Tell whether an access key id is one of temporary keys."""
    return access_key_id.startswith(_PREFIX)


def _new_session_token() -> Secret:
    return Secret(base64.b64encode(random_bytes(_TOKEN_BYTES)).decode())


def _digest(session_token: str) -> bytes:
    return hashlib.sha256(session_token.encode()).digest()
