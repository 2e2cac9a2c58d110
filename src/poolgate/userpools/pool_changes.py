"""How pools change after their creation: as a whole, and by operations of their own."""

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import app_clients, domains, pool_mfa, pool_tiers, pools, replicas
from poolgate.userpools.client_settings import CHOICE
from poolgate.userpools.pool_mfa import MfaChange
from poolgate.userpools.pool_settings import (
    PASSWORD_STORAGE_TAG,
    PoolSettings,
    TagInvalid,
    verify_settings,
    verify_tags,
)
from poolgate.userpools.pool_tiers import TierChangeRefused
from poolgate.userpools.schema import AttributeDefinition, with_custom_attributes
from poolgate.userpools.tables import earlier_passwords
from poolgate.userpools.user_pool import UserPool

# AWS "Quotas in Amazon Cognito": a pool has at most that many app clients.
_MOST_CLIENTS = 1000
_FORGET_PASSWORDS = sa.delete(earlier_passwords).where(
    earlier_passwords.c.pool_id == sa.bindparam("pool_id")
)


def update(
    call: Call, pool_id: PoolId, settings: PoolSettings, *, name: str | None, tier: str | None
) -> UserPool:
    """Replace all changeable settings; name and tier stay when they are None."""
    verify_settings(settings)
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        tags = _kept_tags(pool, settings.tags)
        changed = msgspec.structs.replace(
            pool,
            **{field: getattr(settings, field) for field in PoolSettings.__struct_fields__},
            name=name or pool.name,
            tier=tier or pool.tier,
        )
        changed = msgspec.structs.replace(changed, tags=tags, modified_at=call.now_millis)
        changed = pool_mfa.with_sms_mfa(changed)
        pool_mfa.verify_mfa(changed)
        pool_tiers.verify_change(pool, changed)
        _verify_surroundings(transaction, pool, changed)
        pools.replace(transaction, changed)
        if _remembers_passwords(pool) and not _remembers_passwords(changed):
            transaction.run(_FORGET_PASSWORDS, {"pool_id": pool_id})
    return changed


def _verify_surroundings(transaction: Transaction, former: UserPool, changed: UserPool) -> None:
    """Raise TierChangeRefused where what belongs to the pool keeps it from moving down."""
    if not pool_tiers.loses_essentials(former, changed):
        return
    clients = app_clients.list_clients(transaction, changed.pool_id, after="", limit=_MOST_CLIENTS)
    if any(CHOICE in (app_client.auth_flows or ()) for app_client in clients.rows):
        raise TierChangeRefused(feature=CHOICE, tier=changed.tier)
    found = domains.of_pool(transaction, changed.pool_id)
    if any(domain.managed_login_version == domains.MANAGED_LOGIN for domain in found):
        raise TierChangeRefused(feature="Managed login", tier=changed.tier)
    if replicas.of_pool(transaction, changed.pool_id):
        raise TierChangeRefused(feature="Replication", tier=changed.tier)


def _remembers_passwords(pool: UserPool) -> bool:
    return pool.password_policy.password_history_size > 0


def set_mfa(call: Call, pool_id: PoolId, change: MfaChange) -> UserPool:
    """Set which second factors the pool uses, and whether it asks for them."""
    with call.db.writing() as transaction:
        changed = pool_mfa.with_mfa(pools.get(transaction, pool_id), change, call.now_millis)
        pool_tiers.verify_features(changed)
        pools.replace(transaction, changed)
    return changed


def set_session_tracking(
    call: Call, pool_id: PoolId, *, is_tracking: bool, max_sessions: int
) -> UserPool:
    """Set whether the pool tracks its users' sessions, and how many each may have."""
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        pool_tiers.verify_session_settings(pool)
        changed = msgspec.structs.replace(
            pool,
            session_tracking=is_tracking,
            max_token_sessions=max_sessions,
            modified_at=call.now_millis,
        )
        pools.replace(transaction, changed)
    return changed


def add_custom_attributes(
    call: Call, pool_id: PoolId, definitions: tuple[AttributeDefinition, ...]
) -> None:
    """Extend the pool's schema; all definitions are added or none."""
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        schema = with_custom_attributes(pool.schema, definitions)
        changed = msgspec.structs.replace(pool, schema=schema, modified_at=call.now_millis)
        pools.replace(transaction, changed)


def put_tags(call: Call, pool_id: PoolId, tags: dict[str, str]) -> None:
    """Add tags to the pool, replacing those with the same name."""
    _change_tags(call, pool_id, added=tags, removed=())


def remove_tags(call: Call, pool_id: PoolId, names: list[str]) -> None:
    """Remove tags from the pool; names that are not there are no fault."""
    _change_tags(call, pool_id, added={}, removed=tuple(names))


def _change_tags(
    call: Call, pool_id: PoolId, *, added: dict[str, str], removed: tuple[str, ...]
) -> None:
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        if PASSWORD_STORAGE_TAG in removed and pool.argon2_only:
            raise TagInvalid(fault=f"The tag {PASSWORD_STORAGE_TAG} cannot be removed.")
        tags = {name: value for name, value in pool.tags.items() if name not in removed} | added
        tags = _kept_tags(pool, tags)
        verify_tags(tags)
        changed = msgspec.structs.replace(pool, tags=tags, modified_at=call.now_millis)
        pools.replace(transaction, changed)


def _kept_tags(pool: UserPool, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted tags; how passwords are stored was decided at creation and stays."""
    stored = pool.tags.get(PASSWORD_STORAGE_TAG)
    if wanted.get(PASSWORD_STORAGE_TAG, stored) != stored:
        raise TagInvalid(
            fault=f"The tag {PASSWORD_STORAGE_TAG} can only be set when the user pool is created."
        )
    kept = {} if stored is None else {PASSWORD_STORAGE_TAG: stored}
    return {**wanted, **kept}
