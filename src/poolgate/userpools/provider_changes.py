"""Making, changing and removing identity providers.

Documents of the provider are fetched and keys are made before the transaction that stores them.
"""

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization

from poolgate.credentials.certificates import certificate_text, self_signed_certificate
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import GroupName, PoolId
from poolgate.foundation.secret import Secret
from poolgate.saml.metadata import SamlMetadata, parse_metadata
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import app_clients, groups, identity_providers, pools
from poolgate.userpools.client_settings import LOCAL_PROVIDER
from poolgate.userpools.identity_providers import (
    DECRYPTION_PURPOSE,
    SECRET_PURPOSE,
    IdentityProvider,
    IdentityProviderNotFound,
    provider_of,
    row_of,
)
from poolgate.userpools.provider_details import (
    METADATA_URL,
    REFRESH_EVERY_MILLIS,
    SAML_ANSWERS,
    Details,
    ProviderType,
    completed,
    default_username_claim,
    secret_key_of,
    verify_details,
    with_metadata,
)
from poolgate.userpools.provider_documents import fetch_metadata, verify_issuer
from poolgate.userpools.tables import identity_providers as table
from poolgate.userpools.tables import idp_identifiers

# AWS quotas of user pools: identity providers of a pool.
MAX_PROVIDERS_OF_A_POOL = 300
_CERTIFICATE_KEY = "ActiveEncryptionCertificate"
_SOCIAL_NAMES = frozenset(kind.value for kind in ProviderType if kind.is_social)


class IdentityProviderExists(Failure):
    """The pool already has an identity provider of this name. Facts: name."""


class IdentifierTaken(Failure):
    """Another identity provider of the pool has this identifier. Facts: identifier."""


class TypeDoesNotFitName(Failure):
    """The name means another type of identity provider. Facts: name, type."""


class TooManyIdentityProviders(Failure):
    """The pool has as many identity providers as it can hold."""


class InvalidAttributeMapping(Failure):
    """A mapping to an attribute that the pool does not have. Facts: attribute."""


class AcrMappingNotSupported(Failure):
    """Only OIDC providers have levels of authentication to map."""


class GivenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a request gives; None leaves what there is, or means the default of a new provider."""

    details: Details | None = None
    attribute_mapping: Mapping[str, str] | None = None
    identifiers: tuple[str, ...] | None = None
    acr_mapping: Mapping[str, str] | None = None


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Verified details, taken apart by how they are kept."""

    details: Mapping[str, str]
    secret: Secret | None
    saml: SamlMetadata | None = None
    metadata: bytes | None = None
    has_metadata_file: bool = False


_CHANGED = ("settings", "sealed_secret", "metadata", "refresh_at")
_COUNT = sa.select(sa.func.count()).where(table.c.pool_id == sa.bindparam("pool_id"))
_INSERT = InsertIfAbsent(table)
_UPDATE = (
    sa.update(table)
    .where(
        table.c.pool_id == sa.bindparam("of_pool_id"),
        table.c.name == sa.bindparam("of_name"),
    )
    .values({name: sa.bindparam(name) for name in _CHANGED})
)
_DELETE = sa.delete(table).where(
    table.c.pool_id == sa.bindparam("pool_id"), table.c.name == sa.bindparam("name")
)
_ADD_IDENTIFIER = InsertIfAbsent(idp_identifiers)
_DROP_IDENTIFIERS = sa.delete(idp_identifiers).where(
    idp_identifiers.c.pool_id == sa.bindparam("pool_id"),
    idp_identifiers.c.name == sa.bindparam("name"),
)


def create(
    call: Call, pool_id: PoolId, name: str, kind: ProviderType, given: GivenSettings
) -> None:
    """Make an identity provider, and the group that its users will be in."""
    _verify_name(name, kind)
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
    prepared = _prepared(call, kind, given.details or {})
    details, sealed_decryption_key = dict(prepared.details), None
    if kind is ProviderType.SAML:
        details[_CERTIFICATE_KEY], sealed_decryption_key = _decryption_key(call, pool_id, name)
    provider = IdentityProvider(
        pool_id=pool_id,
        name=name,
        type=kind,
        details=details,
        attribute_mapping=_mapping(kind, given.attribute_mapping or {}),
        identifiers=tuple(dict.fromkeys(given.identifiers or ())),
        acr_mapping=given.acr_mapping,
        saml=prepared.saml,
        has_metadata_file=prepared.has_metadata_file,
        created_at=call.now_millis,
        modified_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        _verify_mappings(pools.get(transaction, pool_id), provider)
        (of_pool,) = transaction.one(_COUNT, {"pool_id": pool_id})
        row = {
            "pool_id": pool_id,
            "name": name,
            "settings": msgspec.json.encode(provider),
            "sealed_secret": _sealed(call, provider, prepared.secret),
            "metadata": prepared.metadata,
            "sealed_decryption_key": sealed_decryption_key,
            "refresh_at": _refresh_at(call, provider),
        }
        if not transaction.insert_if_absent(_INSERT, row):
            raise IdentityProviderExists(name=name)
        if of_pool >= MAX_PROVIDERS_OF_A_POOL:
            raise TooManyIdentityProviders
        _store_identifiers(transaction, provider)
        groups.ensure(transaction, call, pool_id, group_of(pool_id, name), group_description(name))


def update(call: Call, pool_id: PoolId, name: str, given: GivenSettings) -> None:
    """Change what is not None."""
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        row = row_of(transaction, pool_id, name)
    kind, prepared = provider_of(row).type, None
    if given.details is not None:
        prepared = _prepared(call, kind, _with_hidden_secret(call, row, kind, given.details))
    with call.db.writing() as transaction:
        row = row_of(transaction, pool_id, name)
        former = provider_of(row)
        if former.type is not kind:
            # Deleted and made anew meanwhile: what was verified does not fit it.
            raise IdentityProviderNotFound(name=name)
        changed = _changed(call, former, given, prepared)
        _verify_mappings(pools.get(transaction, pool_id), changed)
        sealed, metadata = row.sealed_secret, row.metadata
        if prepared is not None:
            sealed, metadata = _sealed(call, changed, prepared.secret), prepared.metadata
        transaction.run(
            _UPDATE,
            {
                "of_pool_id": pool_id,
                "of_name": name,
                "settings": msgspec.json.encode(changed),
                "sealed_secret": sealed,
                "metadata": metadata,
                "refresh_at": _refresh_at(call, changed),
            },
        )
        if changed.identifiers != former.identifiers:
            transaction.run(_DROP_IDENTIFIERS, {"pool_id": pool_id, "name": name})
            _store_identifiers(transaction, changed)


def delete(call: Call, pool_id: PoolId, name: str) -> None:
    """Remove the identity provider, from app clients too; its users and their group stay."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not transaction.run(_DELETE, {"pool_id": pool_id, "name": name}):
            raise IdentityProviderNotFound(name=name)
        app_clients.forget_identity_provider(transaction, call, pool_id, name)


def group_of(pool_id: PoolId, name: str) -> GroupName:
    """Return the name of the group that all users of an identity provider are in."""
    return GroupName(f"{pool_id}_{name}")


def group_description(name: str) -> str:
    """Return what the group of an identity provider says of itself."""
    # OBSERVED in stacks that import the group which AWS made.
    return f"Autogenerated group for users who sign in using {name}"


def _verify_name(name: str, kind: ProviderType) -> None:
    # OBSERVED terraform-provider-aws issue 4822: social providers have the name of their type.
    fits = name == kind.value if kind.is_social else name not in {LOCAL_PROVIDER, *_SOCIAL_NAMES}
    if not fits:
        raise TypeDoesNotFitName(name=name, type=kind.value)


def _verify_mappings(pool: pools.UserPool, provider: IdentityProvider) -> None:
    known = {attribute.name for attribute in pool.schema} - {"sub"} | {"username"}
    for attribute in provider.attribute_mapping:
        if attribute not in known:
            raise InvalidAttributeMapping(attribute=attribute)
    if provider.acr_mapping and provider.type is not ProviderType.OIDC:
        raise AcrMappingNotSupported


def _mapping(kind: ProviderType, given: Mapping[str, str]) -> dict[str, str]:
    claim = default_username_claim(kind)
    return {**given} if claim is None else {"username": claim, **given}


def _prepared(call: Call, kind: ProviderType, given: Details) -> _Prepared:
    """Verify the details, with what the provider itself publishes. Takes seconds."""
    verify_details(kind, given)
    if kind is ProviderType.SAML:
        return _prepared_saml(call, given)
    if kind is ProviderType.OIDC:
        verify_issuer(call, given)
    details = completed(kind, given)
    secret = details.pop(secret_key_of(kind), None)
    return _Prepared(details=details, secret=Secret(secret) if secret else None)


def _prepared_saml(call: Call, given: Details) -> _Prepared:
    details = {name: value for name, value in given.items() if name not in SAML_ANSWERS}
    file = details.pop("MetadataFile", "")
    document = file.encode() if file else fetch_metadata(call, details[METADATA_URL])
    saml = parse_metadata(document)
    return _Prepared(
        details=with_metadata(details, saml),
        secret=None,
        saml=saml,
        metadata=document,
        has_metadata_file=bool(file),
    )


def _refresh_at(call: Call, provider: IdentityProvider) -> int | None:
    """Return when the provider's metadata is read again; a file that was given stays."""
    if provider.saml is None or provider.has_metadata_file:
        return None
    return call.now_millis + REFRESH_EVERY_MILLIS


def _with_hidden_secret(call: Call, row: object, kind: ProviderType, given: Details) -> Details:
    """Return the details with Apple's key, which AWS never shows, so that nobody can give back."""
    if kind is not ProviderType.APPLE or "private_key" in given:
        return given
    kept = identity_providers.secret_in(call, row)
    return given if kept is None else {**given, "private_key": kept.reveal()}


def _changed(
    call: Call, former: IdentityProvider, given: GivenSettings, prepared: _Prepared | None
) -> IdentityProvider:
    changed = msgspec.structs.replace(former, modified_at=call.now_millis)
    if prepared is not None:
        details = dict(prepared.details)
        if _CERTIFICATE_KEY in former.details:
            details[_CERTIFICATE_KEY] = former.details[_CERTIFICATE_KEY]
        changed = msgspec.structs.replace(
            changed,
            details=details,
            saml=prepared.saml,
            has_metadata_file=prepared.has_metadata_file,
        )
    if given.attribute_mapping is not None:
        mapping = _mapping(former.type, given.attribute_mapping)
        changed = msgspec.structs.replace(changed, attribute_mapping=mapping)
    if given.identifiers is not None:
        identifiers = tuple(dict.fromkeys(given.identifiers))
        changed = msgspec.structs.replace(changed, identifiers=identifiers)
    if given.acr_mapping is not None:
        changed = msgspec.structs.replace(changed, acr_mapping=given.acr_mapping)
    return changed


def _store_identifiers(transaction: Transaction, provider: IdentityProvider) -> None:
    for identifier in provider.identifiers:
        row = {"pool_id": provider.pool_id, "identifier": identifier, "name": provider.name}
        if not transaction.insert_if_absent(_ADD_IDENTIFIER, row):
            raise IdentifierTaken(identifier=identifier)


def _sealed(call: Call, provider: IdentityProvider, secret: Secret | None) -> bytes | None:
    if secret is None:
        return None
    return call.vault.seal(
        secret.reveal().encode(), purpose=SECRET_PURPOSE, bound_to=provider.bound_to
    )


def _decryption_key(call: Call, pool_id: PoolId, name: str) -> tuple[str, bytes]:
    """Return the certificate to encrypt SAML responses for, and its private key, sealed."""
    private_key = call.key_stock.take()
    certificate = self_signed_certificate(private_key, pool_id, call.now)
    encoded = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    sealed = call.vault.seal(encoded, purpose=DECRYPTION_PURPOSE, bound_to=f"{pool_id}/{name}")
    return certificate_text(certificate), sealed
