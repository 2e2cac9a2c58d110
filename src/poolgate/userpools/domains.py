"""Domains: where the login pages and OAuth endpoints of a pool are.

A pool has at most one prefix domain (`myapp`, which AWS makes part of a name of its own) and one
custom domain (`login.example.com`). Both are names on this server: `/domains/{domain}/...`.
"""

import re
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Region
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import pools, replicas
from poolgate.userpools.pool_settings import FeatureAboveTier
from poolgate.userpools.tables import user_pool_domains

CLASSIC_HOSTED_UI = 1
MANAGED_LOGIN = 2
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# AWS "Configuring a user pool domain": words that a prefix must not contain.
_RESERVED_WORDS = ("aws", "amazon", "cognito")
_CERTIFICATE = re.compile(r"arn:[\w-]+:acm:us-east-1:[0-9]{12}:certificate/[\w-]+")
# A subdomain of something that is not a top-level domain.
_LEAST_LABELS = 3


class DomainNotFound(Failure):
    """The pool has no such domain."""


class DomainTaken(Failure):
    """Another pool has this domain."""


class PoolHasSuchDomain(Failure):
    """The pool already has a domain of this kind."""


class DomainMalformed(Failure):
    """A prefix has other characters than lower-case letters, digits and inner hyphens."""


class DomainReserved(Failure):
    """A prefix contains a word that it must not. Facts: word."""


class NotASubdomain(Failure):
    """A custom domain is not a name below somebody's own domain."""


class InvalidDomainSettings(Failure):
    """Settings of a domain that cannot be. Facts: fault."""


class CustomDomain(msgspec.Struct, frozen=True, omit_defaults=True):
    """What only a custom domain has; TLS ends before this server, so both are kept to be shown."""

    certificate_arn: str
    security_policy: str | None = None


class Failover(msgspec.Struct, frozen=True):
    """Where requests go when a health check fails; one server serves both, so it is kept only."""

    secondary_region: Region
    health_check_id: str


class UserPoolDomain(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One domain of one pool; `custom` is None for a prefix domain."""

    domain: str
    pool_id: PoolId
    managed_login_version: int = CLASSIC_HOSTED_UI
    custom: CustomDomain | None = None
    failover: Failover | None = None

    @property
    def is_custom(self) -> bool:
        """Tell whether the domain is a name of its own, not a prefix."""
        return self.custom is not None


_FIND = sa.select(user_pool_domains.c.settings).where(
    user_pool_domains.c.domain == sa.bindparam("domain")
)
_OF_POOL = (
    sa.select(user_pool_domains.c.settings)
    .where(user_pool_domains.c.pool_id == sa.bindparam("pool_id"))
    .order_by(user_pool_domains.c.is_custom)
)
_INSERT = InsertIfAbsent(user_pool_domains)
_UPDATE = (
    sa.update(user_pool_domains)
    .where(user_pool_domains.c.domain == sa.bindparam("changed_domain"))
    .values(settings=sa.bindparam("settings"), failover_region=sa.bindparam("failover_region"))
)
_DELETE = sa.delete(user_pool_domains).where(
    user_pool_domains.c.domain == sa.bindparam("domain"),
    user_pool_domains.c.pool_id == sa.bindparam("pool_id"),
)


def find(transaction: Transaction, domain: str) -> UserPoolDomain | None:
    """Return the domain of that name, prefix or custom, of whatever pool."""
    row = transaction.one(_FIND, {"domain": domain})
    return None if row is None else _domain(row)


def of_pool(transaction: Transaction, pool_id: PoolId) -> tuple[UserPoolDomain, ...]:
    """Return the pool's domains, a prefix domain before a custom one."""
    return tuple(_domain(row) for row in transaction.rows(_OF_POOL, {"pool_id": pool_id}))


def url_of(call: Call, domain: UserPoolDomain) -> str:
    """Return where the pages and endpoints of the domain are, without a slash at the end."""
    return f"{call.public_url}/domains/{domain.domain}"


def create(call: Call, wanted: UserPoolDomain) -> UserPoolDomain:
    """Give the pool a domain; of two concurrent creators one gets DomainTaken."""
    _verify_name(wanted)
    with call.db.writing() as transaction:
        pool = pools.get(transaction, wanted.pool_id)
        _verify_settings(wanted, pool)
        _verify_failover(transaction, wanted)
        owned = of_pool(transaction, wanted.pool_id)
        if any(domain.is_custom == wanted.is_custom for domain in owned):
            raise PoolHasSuchDomain
        row = {
            "domain": wanted.domain,
            "pool_id": wanted.pool_id,
            "is_custom": wanted.is_custom,
            "failover_region": _failover_region(wanted),
            "settings": msgspec.json.encode(wanted),
        }
        if not transaction.insert_if_absent(_INSERT, row):
            raise DomainTaken
    return wanted


def update(
    call: Call,
    pool_id: PoolId,
    domain: str,
    *,
    managed_login_version: int | None,
    custom: CustomDomain | None,
    failover: Failover | None,
    has_routing: bool,
) -> UserPoolDomain:
    """Change the login pages' version, certificate or routing; None leaves each as it is.

    Routing without a failover ends the one there is.
    """
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        found = _get(transaction, pool_id, domain)
        if custom is not None and not found.is_custom:
            raise InvalidDomainSettings(fault="A prefix domain cannot have a CustomDomainConfig.")
        changed = msgspec.structs.replace(
            found,
            managed_login_version=managed_login_version or found.managed_login_version,
            custom=custom or found.custom,
            failover=failover if has_routing else found.failover,
        )
        _verify_settings(changed, pool)
        _verify_failover(transaction, changed)
        transaction.run(
            _UPDATE,
            {
                "changed_domain": domain,
                "failover_region": _failover_region(changed),
                "settings": msgspec.json.encode(changed),
            },
        )
    return changed


def delete(call: Call, pool_id: PoolId, domain: str) -> None:
    """Take the domain from the pool; its pages are gone at once and the name is free."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not transaction.run(_DELETE, {"domain": domain, "pool_id": pool_id}):
            raise DomainNotFound


def _get(transaction: Transaction, pool_id: PoolId, domain: str) -> UserPoolDomain:
    found = find(transaction, domain)
    if found is None or found.pool_id != pool_id:
        raise DomainNotFound
    return found


def _verify_name(wanted: UserPoolDomain) -> None:
    if wanted.custom is not None:
        labels = wanted.domain.split(".")
        if len(labels) < _LEAST_LABELS or not all(_PREFIX.fullmatch(label) for label in labels):
            raise NotASubdomain
        return
    if _PREFIX.fullmatch(wanted.domain) is None:
        raise DomainMalformed
    for word in _RESERVED_WORDS:
        if word in wanted.domain:
            raise DomainReserved(word=word)


def _verify_settings(domain: UserPoolDomain, pool: pools.UserPool) -> None:
    if domain.custom is not None and not _CERTIFICATE.fullmatch(domain.custom.certificate_arn):
        # AWS CreateUserPoolDomain: "an SSL certificate in the US East (N. Virginia) Region".
        raise InvalidDomainSettings(
            fault="CertificateArn must name an ACM certificate in us-east-1."
        )
    if domain.managed_login_version not in {CLASSIC_HOSTED_UI, MANAGED_LOGIN}:
        raise InvalidDomainSettings(fault="ManagedLoginVersion must be 1 or 2.")
    # AWS ManagedLoginVersion: "any feature plan other than Lite".
    if domain.managed_login_version == MANAGED_LOGIN and pool.tier == "LITE":
        raise FeatureAboveTier(feature="Managed login", tier=pool.tier)


def _verify_failover(transaction: Transaction, domain: UserPoolDomain) -> None:
    if domain.failover is None:
        return
    # AWS Routing: "currently only supported for custom domains".
    if not domain.is_custom:
        raise InvalidDomainSettings(fault="Routing is only supported for custom domains.")
    region = domain.failover.secondary_region
    if replicas.find(transaction, domain.pool_id, region) is None:
        raise InvalidDomainSettings(fault=f"The user pool has no replica in {region}.")


def _failover_region(domain: UserPoolDomain) -> str | None:
    return None if domain.failover is None else domain.failover.secondary_region


def _domain(row: Any) -> UserPoolDomain:  # noqa: ANN401 - a row of user_pool_domains
    return msgspec.json.decode(row.settings, type=UserPoolDomain)
