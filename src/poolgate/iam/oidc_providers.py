"""OIDC providers: issuers whose tokens roles may trust.

A provider's thumbprints are kept and shown; its keys are fetched over TLS that is verified by the
system's certificate authorities, which is what AWS does first, too.
# AWS API_CreateOpenIDConnectProvider
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn
from poolgate.iam.tables import iam_oidc_providers
from poolgate.iam.tags import decode_tags, encode_tags, merged_tags, remaining_tags
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

# AWS reference_iam-quotas.
PROVIDERS_PER_ACCOUNT = 100
CLIENT_IDS_PER_PROVIDER = 100
THUMBPRINTS_PER_PROVIDER = 5
_SCHEME = "https://"


class OidcProviderNotFound(Failure):
    """No OIDC provider has this ARN. Facts: arn."""


class OidcProviderExists(Failure):
    """There is a provider of this URL already. Facts: url."""


class OidcProviderUrlInvalid(Failure):
    """The URL is no issuer's: https, without port, query and fragment."""


class TooManyOidcProviders(Failure):
    """The account has as many providers as it may. Facts: limit."""


class TooManyClientIds(Failure):
    """The provider would have more audiences than it may. Facts: limit."""


class TooManyThumbprints(Failure):
    """The provider would have more thumbprints than it may."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An OIDC provider; `url` is the issuer without its scheme."""

    url: str
    client_ids: tuple[str, ...]
    thumbprints: tuple[str, ...]
    tags: dict[str, str]
    created_at: int

    @property
    def issuer(self) -> str:
        """The issuer as tokens name it."""
        return _SCHEME + self.url


_COUNT = sa.select(sa.func.count()).select_from(iam_oidc_providers)
_INSERT = InsertIfAbsent(iam_oidc_providers)
_OF_URL = iam_oidc_providers.c.url == sa.bindparam("of_url")
_FIND = sa.select(iam_oidc_providers).where(_OF_URL)
_ALL = sa.select(iam_oidc_providers).order_by(iam_oidc_providers.c.url)
_UPDATE = (
    sa.update(iam_oidc_providers)
    .where(_OF_URL)
    .values(
        client_ids=sa.bindparam("new_client_ids"),
        thumbprints=sa.bindparam("new_thumbprints"),
        tags=sa.bindparam("new_tags"),
    )
)
_DELETE = sa.delete(iam_oidc_providers).where(_OF_URL)


def provider_arn(account_id: AccountId, url: str) -> Arn:
    """Return the ARN of the provider of an issuer, given without its scheme."""
    return Arn(f"arn:aws:iam::{account_id}:oidc-provider/{url}")


def create(
    call: Call,
    *,
    url: str,
    client_ids: Sequence[str],
    thumbprints: Sequence[str],
    tags: Sequence[tuple[str, str]],
) -> OidcProvider:
    """Store a new provider."""
    created = OidcProvider(
        url=_without_scheme(url),
        client_ids=_verified_client_ids(client_ids),
        thumbprints=_verified_thumbprints(thumbprints),
        tags=dict(merged_tags({}, tags)),
        created_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        if transaction.one(_COUNT)[0] >= PROVIDERS_PER_ACCOUNT:
            raise TooManyOidcProviders(limit=str(PROVIDERS_PER_ACCOUNT))
        stored = {
            "url": created.url,
            "client_ids": _encoded(created.client_ids),
            "thumbprints": _encoded(created.thumbprints),
            "tags": encode_tags(created.tags),
            "created_at": created.created_at,
        }
        if not transaction.insert_if_absent(_INSERT, stored):
            raise OidcProviderExists(url=url)
    return created


def find(transaction: Transaction, url: str) -> OidcProvider | None:
    """Return the provider of an issuer, given without its scheme, or None."""
    row = transaction.one(_FIND, {"of_url": url})
    return None if row is None else _provider(row)


def get(transaction: Transaction, account_id: AccountId, arn: str) -> OidcProvider:
    """Return the provider of that ARN; raise OidcProviderNotFound."""
    prefix = provider_arn(account_id, "")
    found = find(transaction, arn.removeprefix(prefix)) if arn.startswith(prefix) else None
    if found is None:
        raise OidcProviderNotFound(arn=arn)
    return found


def list_all(transaction: Transaction) -> tuple[OidcProvider, ...]:
    """Return all providers, by URL."""
    return tuple(_provider(row) for row in transaction.rows(_ALL))


def add_client_id(call: Call, arn: str, client_id: str) -> None:
    """Add an audience; one that is there already stays."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        added = () if client_id in provider.client_ids else (client_id,)
        client_ids = _verified_client_ids((*provider.client_ids, *added))
        _put(transaction, provider, client_ids=client_ids)


def remove_client_id(call: Call, arn: str, client_id: str) -> None:
    """Remove an audience; one that is not there is not missed."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        kept = tuple(each for each in provider.client_ids if each != client_id)
        _put(transaction, provider, client_ids=kept)


def set_thumbprints(call: Call, arn: str, thumbprints: Sequence[str]) -> None:
    """Replace the thumbprints."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        _put(transaction, provider, thumbprints=_verified_thumbprints(thumbprints))


def tag(call: Call, arn: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add or replace tags."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        _put(transaction, provider, tags=dict(merged_tags(provider.tags, tags)))


def untag(call: Call, arn: str, tag_keys: Sequence[str]) -> None:
    """Remove tags."""
    with call.db.writing() as transaction:
        provider = get(transaction, call.account_id, arn)
        _put(transaction, provider, tags=dict(remaining_tags(provider.tags, tag_keys)))


def delete(call: Call, arn: str) -> None:
    """Remove a provider; one that is not there is not missed. Roles that trust it stay."""
    prefix = provider_arn(call.account_id, "")
    with call.db.writing() as transaction:
        transaction.run(_DELETE, {"of_url": arn.removeprefix(prefix)})


def _put(
    transaction: Transaction,
    provider: OidcProvider,
    *,
    client_ids: tuple[str, ...] | None = None,
    thumbprints: tuple[str, ...] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    transaction.run(
        _UPDATE,
        {
            "of_url": provider.url,
            "new_client_ids": _encoded(provider.client_ids if client_ids is None else client_ids),
            "new_thumbprints": _encoded(
                provider.thumbprints if thumbprints is None else thumbprints
            ),
            "new_tags": encode_tags(provider.tags if tags is None else tags),
        },
    )


def _without_scheme(url: str) -> str:
    parts = urlsplit(url)
    has_more = parts.query or parts.fragment or parts.username is not None or ":" in parts.netloc
    if not url.startswith(_SCHEME) or not parts.netloc or has_more:
        raise OidcProviderUrlInvalid
    return url.removeprefix(_SCHEME)


def _verified_client_ids(client_ids: Sequence[str]) -> tuple[str, ...]:
    if len(client_ids) > CLIENT_IDS_PER_PROVIDER:
        raise TooManyClientIds(limit=str(CLIENT_IDS_PER_PROVIDER))
    return tuple(dict.fromkeys(client_ids))


def _verified_thumbprints(thumbprints: Sequence[str]) -> tuple[str, ...]:
    if len(thumbprints) > THUMBPRINTS_PER_PROVIDER:
        raise TooManyThumbprints
    return tuple(thumbprints)


def _encoded(texts: Sequence[str]) -> str:
    return msgspec.json.encode(texts).decode()


def _provider(row: "sa.Row[tuple[object, ...]]") -> OidcProvider:
    return OidcProvider(
        url=row.url,
        client_ids=msgspec.json.decode(row.client_ids, type=tuple[str, ...]),
        thumbprints=msgspec.json.decode(row.thumbprints, type=tuple[str, ...]),
        tags=dict(decode_tags(row.tags)),
        created_at=row.created_at,
    )
