"""Identity pools: whom they let in, and which roles they give.

A pool is one stored document. What an update leaves out goes back to its default.
# AWS API_UpdateIdentityPool
"""

from collections.abc import Callable, Mapping

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn
from poolgate.foundation.paging import Page
from poolgate.foundation.randomness import random_uuid
from poolgate.identitypools.tables import identity_pools
from poolgate.store.call import Call
from poolgate.store.database import Transaction

# AWS limits of Amazon Cognito identity pools.
POOLS_PER_ACCOUNT = 1000
TAGS_PER_POOL = 50
AUTHENTICATED, UNAUTHENTICATED = "authenticated", "unauthenticated"


class IdentityPoolNotFound(Failure):
    """No identity pool has this id. Facts: pool_id."""


class DeveloperProviderFixed(Failure):
    """The developer provider's name cannot be changed once it is set."""


class TooManyIdentityPools(Failure):
    """The account has as many identity pools as it may."""


class TooManyPoolTags(Failure):
    """The pool would have more tags than it may. Facts: limit."""


class UserPoolLink(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An app client of a user pool whose ID tokens are logins.

    `provider_name` is `cognito-idp.{region}.amazonaws.com/{user pool id}`. With
    `checks_server_side` a token counts only while its sign-in does.
    """

    provider_name: str
    client_id: str
    checks_server_side: bool = False


class RoleRule(msgspec.Struct, frozen=True, kw_only=True):
    """A role for tokens whose claim fits."""

    claim: str
    match_type: str
    value: str
    role_arn: str


class RoleMapping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a provider's tokens choose the role."""

    by_token: bool
    falls_back: bool
    rules: tuple[RoleRule, ...] = ()


class PrincipalTagMap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which claims of a provider's tokens become tags of the session."""

    uses_defaults: bool = False
    claims_by_tag: dict[str, str] = {}


class IdentityPool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An identity pool, as stored."""

    pool_id: str
    name: str
    allows_guests: bool
    allows_classic_flow: bool | None = None
    login_providers: dict[str, str] = {}
    developer_provider: str | None = None
    oidc_provider_arns: tuple[str, ...] = ()
    user_pools: tuple[UserPoolLink, ...] = ()
    saml_provider_arns: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    roles: dict[str, str] = {}
    role_mappings: dict[str, RoleMapping] = {}
    principal_tags: dict[str, PrincipalTagMap] = {}

    @property
    def has_providers(self) -> bool:
        """Tell whether any login can ever be accepted."""
        return bool(
            self.user_pools
            or self.oidc_provider_arns
            or self.login_providers
            or self.saml_provider_arns
            or self.developer_provider
        )


_COUNT = sa.select(sa.func.count()).select_from(identity_pools)
_INSERT = sa.insert(identity_pools)
_FIND = sa.select(identity_pools.c.settings).where(
    identity_pools.c.pool_id == sa.bindparam("of_pool")
)
_PAGE = (
    sa.select(identity_pools.c.settings)
    .where(identity_pools.c.pool_id > sa.bindparam("after"))
    .order_by(identity_pools.c.pool_id)
    .limit(sa.bindparam("limit"))
)
_UPDATE = (
    sa.update(identity_pools)
    .where(identity_pools.c.pool_id == sa.bindparam("of_pool"))
    .values(name=sa.bindparam("new_name"), settings=sa.bindparam("new_settings"))
)
_DELETE = sa.delete(identity_pools).where(identity_pools.c.pool_id == sa.bindparam("of_pool"))


def new_pool_id(call: Call) -> str:
    """Return `{region}:{uuid}`."""
    return f"{call.region}:{random_uuid()}"


def pool_arn(account_id: AccountId, pool_id: str) -> Arn:
    """Return the ARN of an identity pool."""
    region = pool_id.partition(":")[0]
    return Arn(f"arn:aws:cognito-identity:{region}:{account_id}:identitypool/{pool_id}")


def pool_id_of_arn(call: Call, arn: str) -> str:
    """Return the pool that an ARN of this account names; raise IdentityPoolNotFound."""
    pool_id = arn.rpartition("/")[2]
    if pool_arn(call.account_id, pool_id) != arn:
        raise IdentityPoolNotFound(pool_id=pool_id)
    return pool_id


def create(call: Call, pool: IdentityPool) -> IdentityPool:
    """Store a new pool."""
    _verify_tags(pool.tags)
    with call.db.writing() as transaction:
        if transaction.one(_COUNT)[0] >= POOLS_PER_ACCOUNT:
            raise TooManyIdentityPools
        transaction.run(
            _INSERT,
            {"pool_id": pool.pool_id, "name": pool.name, "settings": msgspec.json.encode(pool)},
        )
    return pool


def get(transaction: Transaction, pool_id: str) -> IdentityPool:
    """Return the pool; raise IdentityPoolNotFound."""
    row = transaction.one(_FIND, {"of_pool": pool_id})
    if row is None:
        raise IdentityPoolNotFound(pool_id=pool_id)
    return msgspec.json.decode(row.settings, type=IdentityPool)


def list_page(transaction: Transaction, *, after: str | None, limit: int) -> Page[IdentityPool]:
    """Return pools by id."""
    rows = transaction.rows(_PAGE, {"after": after or "", "limit": limit + 1})
    found = tuple(msgspec.json.decode(row.settings, type=IdentityPool) for row in rows[:limit])
    return Page(found, found[-1].pool_id if len(rows) > limit else None)


def replace_settings(call: Call, wanted: IdentityPool) -> IdentityPool:
    """Replace everything but the roles and the mappings, which have operations of their own."""
    _verify_tags(wanted.tags)

    def changed(stored: IdentityPool) -> IdentityPool:
        if stored.developer_provider not in {None, wanted.developer_provider}:
            raise DeveloperProviderFixed
        return msgspec.structs.replace(
            wanted,
            roles=stored.roles,
            role_mappings=stored.role_mappings,
            principal_tags=stored.principal_tags,
        )

    return change(call, wanted.pool_id, changed)


def change(
    call: Call, pool_id: str, changed: Callable[[IdentityPool], IdentityPool]
) -> IdentityPool:
    """Store what `changed` makes of the pool, and return it."""
    with call.db.writing() as transaction:
        pool = changed(get(transaction, pool_id))
        transaction.run(
            _UPDATE,
            {"of_pool": pool_id, "new_name": pool.name, "new_settings": msgspec.json.encode(pool)},
        )
    return pool


def delete(call: Call, pool_id: str) -> None:
    """Remove a pool with all its identities; raise IdentityPoolNotFound."""
    with call.db.writing() as transaction:
        get(transaction, pool_id)
        transaction.run(_DELETE, {"of_pool": pool_id})


def tag(call: Call, pool_id: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""

    def changed(pool: IdentityPool) -> IdentityPool:
        merged = pool.tags | dict(tags)
        _verify_tags(merged)
        return msgspec.structs.replace(pool, tags=merged)

    change(call, pool_id, changed)


def untag(call: Call, pool_id: str, tag_keys: list[str]) -> None:
    """Remove tags."""

    def changed(pool: IdentityPool) -> IdentityPool:
        kept = {key: value for key, value in pool.tags.items() if key not in tag_keys}
        return msgspec.structs.replace(pool, tags=kept)

    change(call, pool_id, changed)


def _verify_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > TAGS_PER_POOL:
        raise TooManyPoolTags(limit=str(TAGS_PER_POOL))
