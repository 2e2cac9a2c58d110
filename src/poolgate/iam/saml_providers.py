"""SAML providers: identity providers whose assertions roles may trust, and the keys to read them.

A private key opens assertions that the provider encrypts; two may be there while one takes over
from the other.
# AWS API_CreateSAMLProvider, API_UpdateSAMLProvider
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn
from poolgate.foundation.randomness import BASE32, random_text
from poolgate.iam.tables import iam_saml_private_keys, iam_saml_providers
from poolgate.iam.tags import decode_tags, encode_tags, merged_tags, remaining_tags
from poolgate.saml.metadata import SamlMetadata, parse_metadata
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

# AWS reference_iam-quotas.
PROVIDERS_PER_ACCOUNT = 100
PRIVATE_KEYS_PER_PROVIDER = 2
_MOST_DOCUMENT_BYTES = 10_000_000
_LEAST_KEY_BITS = 2048
# AWS shows a provider as valid for a hundred years where its metadata names no end.
_LIFETIME = timedelta(days=36500)
_PURPOSE = "iam saml private key"
_ID_LENGTH = 26


class SamlProviderNotFound(Failure):
    """No SAML provider has this ARN. Facts: arn."""


class SamlProviderExists(Failure):
    """There is a provider of this name already. Facts: name."""


class TooManySamlProviders(Failure):
    """The account has as many providers as it may. Facts: limit."""


class PrivateKeyUnusable(Failure):
    """The private key is no RSA key in PEM that opens assertions."""


class PrivateKeyNotFound(Failure):
    """The provider has no private key of this id. Facts: key_id."""


class TooManyPrivateKeys(Failure):
    """The provider has as many private keys as it may. Facts: limit."""


class EncryptionWithoutKey(Failure):
    """Assertions must be encrypted, and there is no key to open them with."""


class EncryptionMode(StrEnum):
    """Whether assertions may come unencrypted."""

    REQUIRED = "Required"
    ALLOWED = "Allowed"


@dataclass(frozen=True, slots=True)
class PrivateKeyInfo:
    """What is shown of a private key; `created_at` is in milliseconds."""

    key_id: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProvider:
    """A SAML provider; `document` is its metadata as it was given."""

    name: str
    provider_id: str
    document: str
    described: SamlMetadata
    encryption_mode: EncryptionMode | None
    tags: dict[str, str]
    created_at: int

    @property
    def valid_until(self) -> datetime:
        """When the provider ends: its metadata says so, or AWS."""
        return self.described.valid_until or from_epoch_millis(self.created_at) + _LIFETIME


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChange:
    """What is changed of a provider; None leaves it. `added_key` is PEM."""

    document: str | None = None
    encryption_mode: str | None = None
    added_key: str | None = None
    removed_key_id: str | None = None


_COUNT = sa.select(sa.func.count()).select_from(iam_saml_providers)
_INSERT = InsertIfAbsent(iam_saml_providers)
_OF_NAME = iam_saml_providers.c.name == sa.bindparam("of_name")
_FIND = sa.select(iam_saml_providers).where(_OF_NAME)
_ALL = sa.select(iam_saml_providers).order_by(iam_saml_providers.c.name)
_UPDATE = (
    sa.update(iam_saml_providers)
    .where(_OF_NAME)
    .values(
        document=sa.bindparam("new_document"),
        described=sa.bindparam("new_described"),
        encryption_mode=sa.bindparam("new_encryption_mode"),
        tags=sa.bindparam("new_tags"),
    )
)
_DELETE = sa.delete(iam_saml_providers).where(_OF_NAME)
_OF_PROVIDER = iam_saml_private_keys.c.provider_name == sa.bindparam("of_name")
_KEYS = (
    sa.select(iam_saml_private_keys)
    .where(_OF_PROVIDER)
    .order_by(iam_saml_private_keys.c.created_at, iam_saml_private_keys.c.key_id)
)
_ADD_KEY = InsertIfAbsent(iam_saml_private_keys)
_REMOVE_KEY = sa.delete(iam_saml_private_keys).where(
    _OF_PROVIDER, iam_saml_private_keys.c.key_id == sa.bindparam("of_key_id")
)


def provider_arn(account_id: AccountId, name: str) -> Arn:
    """Return the ARN of the provider of that name."""
    return Arn(f"arn:aws:iam::{account_id}:saml-provider/{name}")


def create(
    call: Call, name: str, given: ProviderChange, tags: Sequence[tuple[str, str]]
) -> SamlProvider:
    """Store a new provider; raise MetadataUnreadable and the failures of this module."""
    document = given.document or ""
    created = SamlProvider(
        name=name,
        provider_id=_new_id(),
        document=document,
        described=_described(document),
        encryption_mode=_mode(given.encryption_mode),
        tags=dict(merged_tags({}, tags)),
        created_at=call.now_millis,
    )
    private_key = None if given.added_key is None else _parsed_key(given.added_key)
    with call.db.writing() as transaction:
        if transaction.one(_COUNT)[0] >= PROVIDERS_PER_ACCOUNT:
            raise TooManySamlProviders(limit=str(PROVIDERS_PER_ACCOUNT))
        stored = {
            "name": name,
            "provider_id": created.provider_id,
            "document": document,
            "described": msgspec.json.encode(created.described),
            "encryption_mode": created.encryption_mode,
            "tags": encode_tags(created.tags),
            "created_at": created.created_at,
        }
        if not transaction.insert_if_absent(_INSERT, stored):
            raise SamlProviderExists(name=name)
        if private_key is not None:
            _add_key(transaction, call, created, private_key)
        _verify_openable(transaction, created)
    return created


def find(transaction: Transaction, account_id: AccountId, arn: str) -> SamlProvider | None:
    """Return the provider of that ARN, or None."""
    prefix = provider_arn(account_id, "")
    if not arn.startswith(prefix):
        return None
    row = transaction.one(_FIND, {"of_name": arn.removeprefix(prefix)})
    return None if row is None else _provider(row)


def get(transaction: Transaction, account_id: AccountId, arn: str) -> SamlProvider:
    """Return the provider of that ARN; raise SamlProviderNotFound."""
    found = find(transaction, account_id, arn)
    if found is None:
        raise SamlProviderNotFound(arn=arn)
    return found


def list_all(transaction: Transaction) -> tuple[SamlProvider, ...]:
    """Return all providers, by name."""
    return tuple(_provider(row) for row in transaction.rows(_ALL))


def key_infos(transaction: Transaction, provider: SamlProvider) -> tuple[PrivateKeyInfo, ...]:
    """Return what is shown of the provider's private keys, oldest first."""
    rows = transaction.rows(_KEYS, {"of_name": provider.name})
    return tuple(PrivateKeyInfo(row.key_id, row.created_at) for row in rows)


def private_keys(
    transaction: Transaction, call: Call, provider: SamlProvider
) -> tuple[rsa.RSAPrivateKey, ...]:
    """Return the keys that open the provider's assertions, newest first."""
    rows = transaction.rows(_KEYS, {"of_name": provider.name})
    return tuple(_opened_key(call, row.key_id, row.sealed_private_key) for row in reversed(rows))


def update(call: Call, arn: str, change: ProviderChange) -> SamlProvider:
    """Change the provider; raise MetadataUnreadable and the failures of this module."""
    described = None if change.document is None else _described(change.document)
    private_key = None if change.added_key is None else _parsed_key(change.added_key)
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        if described is not None and change.document is not None:
            provider = replace(provider, document=change.document, described=described)
        if change.encryption_mode is not None:
            provider = replace(provider, encryption_mode=_mode(change.encryption_mode))
        _put(transaction, provider)
        if change.removed_key_id is not None:
            _remove_key(transaction, provider, change.removed_key_id)
        if private_key is not None:
            _add_key(transaction, call, provider, private_key)
        _verify_openable(transaction, provider)
    return provider


def tag(call: Call, arn: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add or replace tags."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        _put(transaction, replace(provider, tags=dict(merged_tags(provider.tags, tags))))


def untag(call: Call, arn: str, tag_keys: Sequence[str]) -> None:
    """Remove tags."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        _put(transaction, replace(provider, tags=dict(remaining_tags(provider.tags, tag_keys))))


def delete(call: Call, arn: str) -> None:
    """Remove a provider and its keys; raise SamlProviderNotFound. Roles that trust it stay."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        transaction.run(_DELETE, {"of_name": provider.name})


def _put(transaction: Transaction, provider: SamlProvider) -> None:
    transaction.run(
        _UPDATE,
        {
            "of_name": provider.name,
            "new_document": provider.document,
            "new_described": msgspec.json.encode(provider.described),
            "new_encryption_mode": provider.encryption_mode,
            "new_tags": encode_tags(provider.tags),
        },
    )


def _described(document: str) -> SamlMetadata:
    return parse_metadata(document.encode(), most_bytes=_MOST_DOCUMENT_BYTES)


def _mode(given: str | None) -> EncryptionMode | None:
    return None if given is None else EncryptionMode(given)


def _new_id() -> str:
    return random_text(BASE32, _ID_LENGTH)


def _parsed_key(pem: str) -> rsa.RSAPrivateKey:
    try:
        private_key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PrivateKeyUnusable from error
    if not isinstance(private_key, rsa.RSAPrivateKey) or private_key.key_size < _LEAST_KEY_BITS:
        raise PrivateKeyUnusable
    return private_key


def _add_key(
    transaction: Transaction, call: Call, provider: SamlProvider, private_key: rsa.RSAPrivateKey
) -> None:
    if len(key_infos(transaction, provider)) >= PRIVATE_KEYS_PER_PROVIDER:
        raise TooManyPrivateKeys(limit=str(PRIVATE_KEYS_PER_PROVIDER))
    key_id = _new_id()
    encoded = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    stored = {
        "key_id": key_id,
        "provider_name": provider.name,
        "sealed_private_key": call.vault.seal(encoded, purpose=_PURPOSE, bound_to=key_id),
        "created_at": call.now_millis,
    }
    transaction.insert_if_absent(_ADD_KEY, stored)


def _remove_key(transaction: Transaction, provider: SamlProvider, key_id: str) -> None:
    if not transaction.run(_REMOVE_KEY, {"of_name": provider.name, "of_key_id": key_id}):
        raise PrivateKeyNotFound(key_id=key_id)


def _verify_openable(transaction: Transaction, provider: SamlProvider) -> None:
    is_required = provider.encryption_mode is EncryptionMode.REQUIRED
    if is_required and not key_infos(transaction, provider):
        raise EncryptionWithoutKey


def _opened_key(call: Call, key_id: str, sealed: bytes) -> rsa.RSAPrivateKey:
    encoded = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=key_id)
    private_key = serialization.load_der_private_key(encoded, password=None)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise TypeError("a stored key of another kind")
    return private_key


def _provider(row: "sa.Row[tuple[object, ...]]") -> SamlProvider:
    return SamlProvider(
        name=row.name,
        provider_id=row.provider_id,
        document=row.document,
        described=msgspec.json.decode(row.described, type=SamlMetadata),
        encryption_mode=_mode(row.encryption_mode),
        tags=dict(decode_tags(row.tags)),
        created_at=row.created_at,
    )
