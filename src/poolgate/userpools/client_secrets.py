"""The secrets of a confidential app client: one or two, sealed, so that one can be replaced."""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.randomness import LOWER_AND_DIGITS, random_text
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.tables import client_secrets

MAX_SECRETS_OF_A_CLIENT = 2
_GENERATED_LENGTH = 52
_PURPOSE = "client-secret"


class TooManyClientSecrets(Failure):
    """The client already has two secrets."""


class ClientSecretNotFound(Failure):
    """The client has no secret with this id."""


class LastClientSecret(Failure):
    """A confidential client keeps at least one secret."""


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret's identity; the value itself stays sealed."""

    secret_id: str
    created_at: int


_OF_CLIENT = (
    sa.select(client_secrets)
    .where(client_secrets.c.client_id == sa.bindparam("client_id"))
    .order_by(client_secrets.c.created_at)
)
_INSERT = sa.insert(client_secrets)
_DELETE = sa.delete(client_secrets).where(client_secrets.c.secret_id == sa.bindparam("secret_id"))


def new_client_secret() -> Secret:
    """Return a fresh secret in AWS's form."""
    return Secret(random_text(LOWER_AND_DIGITS, _GENERATED_LENGTH))


def secrets_of(transaction: Transaction, vault: Vault, client_id: ClientId) -> tuple[Secret, ...]:
    """Return the client's secrets, oldest first; each of them proves the client."""
    rows = transaction.rows(_OF_CLIENT, {"client_id": client_id})
    return tuple(_opened(vault, row.sealed_secret, row.secret_id) for row in rows)


def first_secret(
    transaction: Transaction, vault: Vault, client_id: ClientId, created_at: int
) -> Secret | None:
    """Return the secret that was made with the client at `created_at`, unless it was removed.

    Secrets that were added later are shown once, when they are added, and never here.
    """
    secret_id = _secret_id(client_id, created_at)
    for row in transaction.rows(_OF_CLIENT, {"client_id": client_id}):
        if row.secret_id == secret_id:
            return _opened(vault, row.sealed_secret, row.secret_id)
    return None


def list_secrets(transaction: Transaction, client_id: ClientId) -> tuple[ClientSecret, ...]:
    """Return which secrets the client has, oldest first, without their values."""
    rows = transaction.rows(_OF_CLIENT, {"client_id": client_id})
    return tuple(ClientSecret(row.secret_id, row.created_at) for row in rows)


def insert(
    transaction: Transaction, call: Call, client_id: ClientId, secret: Secret
) -> ClientSecret:
    """Give the client one more secret; raise TooManyClientSecrets."""
    present = list_secrets(transaction, client_id)
    if len(present) >= MAX_SECRETS_OF_A_CLIENT:
        raise TooManyClientSecrets
    # The id holds the time, so two secrets must not have the same.
    created_at = max([call.now_millis, *(other.created_at + 1 for other in present)])
    secret_id = _secret_id(client_id, created_at)
    transaction.run(
        _INSERT,
        {
            "secret_id": secret_id,
            "client_id": client_id,
            "sealed_secret": call.vault.seal(
                secret.reveal().encode(), purpose=_PURPOSE, bound_to=secret_id
            ),
            "created_at": created_at,
        },
    )
    return ClientSecret(secret_id, created_at)


def delete(transaction: Transaction, client_id: ClientId, secret_id: str) -> None:
    """Remove a secret at once; raise ClientSecretNotFound or LastClientSecret."""
    present = {secret.secret_id for secret in list_secrets(transaction, client_id)}
    if secret_id not in present:
        raise ClientSecretNotFound
    if len(present) == 1:
        raise LastClientSecret
    transaction.run(_DELETE, {"secret_id": secret_id})


def _secret_id(client_id: ClientId, created_at: int) -> str:
    # AWS ClientSecretDescriptorType: <client-id>--<epoch-create-time>.
    return f"{client_id}--{created_at}"


def _opened(vault: Vault, sealed: bytes, secret_id: str) -> Secret:
    return Secret(vault.unseal(sealed, purpose=_PURPOSE, bound_to=secret_id).decode())
