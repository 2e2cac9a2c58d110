"""Identity providers: who else a pool believes, and what it takes over from them.

A client secret or private key is sealed beside the rest; a SAML metadata document that was given
as a file is kept as it came.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.paging import Page
from poolgate.foundation.secret import Secret
from poolgate.saml.metadata import SamlMetadata
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.provider_details import ProviderType, secret_key_of
from poolgate.userpools.tables import identity_providers, idp_identifiers

DECRYPTION_PURPOSE = "saml decryption key"
SECRET_PURPOSE = "identity provider secret"  # noqa: S105 - what a key is derived for


class IdentityProviderNotFound(Failure):
    """The pool has no such identity provider. Facts: name."""


class IdentityProvider(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An identity provider; `details` hold neither its secret nor a metadata document."""

    pool_id: PoolId
    name: str
    type: ProviderType
    details: Mapping[str, str]
    attribute_mapping: Mapping[str, str] = {}
    identifiers: tuple[str, ...] = ()
    acr_mapping: Mapping[str, str] | None = None
    saml: SamlMetadata | None = None
    has_metadata_file: bool = False
    created_at: int
    modified_at: int

    @property
    def bound_to(self) -> str:
        """What its sealed values are bound to."""
        return f"{self.pool_id}/{self.name}"


class DetailedProvider(msgspec.Struct, frozen=True):
    """An identity provider with all its details, as administrators see them."""

    provider: IdentityProvider
    details: Mapping[str, str]


_OF_POOL = identity_providers.c.pool_id == sa.bindparam("pool_id")
_GET = sa.select(identity_providers).where(
    _OF_POOL, identity_providers.c.name == sa.bindparam("name")
)
_BY_IDENTIFIER = (
    sa.select(identity_providers)
    .join(
        idp_identifiers,
        sa.and_(
            idp_identifiers.c.pool_id == identity_providers.c.pool_id,
            idp_identifiers.c.name == identity_providers.c.name,
        ),
    )
    .where(_OF_POOL, idp_identifiers.c.identifier == sa.bindparam("identifier"))
)
_NAME_OF = sa.select(idp_identifiers.c.name).where(
    idp_identifiers.c.pool_id == sa.bindparam("pool_id"),
    idp_identifiers.c.identifier == sa.bindparam("identifier"),
)
_NAMES_WITH_IDENTIFIERS = (
    sa.select(idp_identifiers.c.name)
    .where(idp_identifiers.c.pool_id == sa.bindparam("pool_id"))
    .distinct()
)
_NAMES = sa.select(identity_providers.c.name).where(_OF_POOL)
_LIST = (
    sa.select(identity_providers.c.settings)
    .where(_OF_POOL, identity_providers.c.name > sa.bindparam("after"))
    .order_by(identity_providers.c.name)
    .limit(sa.bindparam("limit"))
)


def get(transaction: Transaction, pool_id: PoolId, name: str) -> IdentityProvider:
    """Return the identity provider; raise IdentityProviderNotFound."""
    return provider_of(row_of(transaction, pool_id, name))


def get_detailed(
    transaction: Transaction, call: Call, pool_id: PoolId, name: str
) -> DetailedProvider:
    """Return the identity provider with its details; raise IdentityProviderNotFound."""
    return detailed(call, row_of(transaction, pool_id, name))


def get_by_identifier(
    transaction: Transaction, call: Call, pool_id: PoolId, identifier: str
) -> DetailedProvider:
    """Return the identity provider with that other name; raise IdentityProviderNotFound."""
    row = transaction.one(_BY_IDENTIFIER, {"pool_id": pool_id, "identifier": identifier})
    if row is None:
        raise IdentityProviderNotFound(name=identifier)
    return detailed(call, row)


def find_name(transaction: Transaction, pool_id: PoolId, identifier: str) -> str | None:
    """Return the name of the identity provider with that other name, or None."""
    row = transaction.one(_NAME_OF, {"pool_id": pool_id, "identifier": identifier})
    return None if row is None else row.name


def names_with_identifiers(transaction: Transaction, pool_id: PoolId) -> frozenset[str]:
    """Return the names of the pool's identity providers that have other names, too."""
    rows = transaction.rows(_NAMES_WITH_IDENTIFIERS, {"pool_id": pool_id})
    return frozenset(row.name for row in rows)


def get_with_secret(
    transaction: Transaction, call: Call, pool_id: PoolId, name: str
) -> tuple[IdentityProvider, Secret | None]:
    """Return the identity provider and what proves the pool to it; raise as `get`."""
    row = row_of(transaction, pool_id, name)
    return provider_of(row), secret_in(call, row)


def get_with_decryption_key(
    transaction: Transaction, call: Call, pool_id: PoolId, name: str
) -> tuple[IdentityProvider, rsa.RSAPrivateKey | None]:
    """Return the identity provider and the key that it encrypts for; raise as `get`."""
    row = row_of(transaction, pool_id, name)
    provider = provider_of(row)
    if row.sealed_decryption_key is None:
        return provider, None
    encoded = call.vault.unseal(
        row.sealed_decryption_key, purpose=DECRYPTION_PURPOSE, bound_to=provider.bound_to
    )
    private_key = serialization.load_der_private_key(encoded, password=None)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise TypeError("a stored key of another kind")
    return provider, private_key


def names_of_pool(transaction: Transaction, pool_id: PoolId) -> frozenset[str]:
    """Return the names of all identity providers of the pool."""
    return frozenset(row.name for row in transaction.rows(_NAMES, {"pool_id": pool_id}))


def list_providers(
    transaction: Transaction, pool_id: PoolId, *, after: str, limit: int
) -> Page[IdentityProvider]:
    """Return the pool's identity providers by name, from behind `after`."""
    rows = transaction.rows(_LIST, {"pool_id": pool_id, "after": after, "limit": limit + 1})
    page = tuple(provider_of(row) for row in rows[:limit])
    return Page(page, page[-1].name if len(rows) > limit else None)


def row_of(transaction: Transaction, pool_id: PoolId, name: str) -> Any:  # noqa: ANN401 - a row of identity_providers
    """Return the identity provider's row; raise IdentityProviderNotFound."""
    row = transaction.one(_GET, {"pool_id": pool_id, "name": name})
    if row is None:
        raise IdentityProviderNotFound(name=name)
    return row


def provider_of(row: Any) -> IdentityProvider:  # noqa: ANN401 - as above
    """Return the identity provider in a row."""
    return msgspec.json.decode(row.settings, type=IdentityProvider)


def secret_in(call: Call, row: Any) -> Secret | None:  # noqa: ANN401 - as above
    """Return the secret that proves the pool to the provider, or None where it has none."""
    if row.sealed_secret is None:
        return None
    opened = call.vault.unseal(
        row.sealed_secret, purpose=SECRET_PURPOSE, bound_to=provider_of(row).bound_to
    )
    return Secret(opened.decode())


def detailed(call: Call, row: Any) -> DetailedProvider:  # noqa: ANN401 - as above
    """Return the identity provider in a row with its details, in order of their names."""
    provider = provider_of(row)
    details = dict(provider.details)
    if provider.has_metadata_file:
        details["MetadataFile"] = row.metadata.decode()
    secret = secret_in(call, row)
    # AWS CreateIdentityProvider, describe response: a client secret is shown, Apple's key is not.
    if secret is not None and provider.type is not ProviderType.APPLE:
        details[secret_key_of(provider.type)] = secret.reveal()
    return DetailedProvider(provider, dict(sorted(details.items())))
