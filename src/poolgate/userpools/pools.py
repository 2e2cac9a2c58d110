"""User pools: what one is, and how it is made, kept and removed."""

from collections.abc import Mapping
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Region, new_pool_id
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import sign_in_policy, signing_keys
from poolgate.userpools.mfa_settings import EmailMfa, MfaFactor, MfaMode
from poolgate.userpools.passkey_settings import PasskeySettings
from poolgate.userpools.pool_settings import (
    PASSWORD_STORAGE_TAG,
    FeatureAboveTier,
    InvalidPoolSettings,
    LogConfiguration,
    PasswordPolicy,
    PoolSettings,
    SmsConfiguration,
    TagInvalid,
    verify_settings,
    verify_tags,
)
from poolgate.userpools.schema import (
    AttributeDefinition,
    SchemaAttribute,
    schema_of_new_pool,
    with_custom_attributes,
)
from poolgate.userpools.tables import (
    address_failures,
    attempt_windows,
    auth_events,
    auth_sessions,
    earlier_passwords,
    user_pool_domains,
    user_pool_replicas,
    user_pools,
    users,
)

__all__ = ["PasswordPolicy", "SchemaAttribute", "UserPool", "UserPoolNotFound"]

ARGON2ID = "argon2id"
MAX_POOLS_OF_A_REGION = 10_000


class UserPoolNotFound(Failure):
    """No pool has this id. Facts: pool_id."""


class PoolIsProtected(Failure):
    """Deletion protection is on."""


class PoolHasDomain(Failure):
    """The pool still has a domain, which is deleted first."""


class SessionTrackingDisabled(Failure):
    """The pool does not track sessions."""


class TooManyPools(Failure):
    """The region has as many pools as it can hold."""


class UserPool(PoolSettings, frozen=True, kw_only=True, omit_defaults=True):
    """A user pool with all its settings; stored as one value, so a read is one row.

    `argon2_only` pools keep passwords as Argon2id hashes and never allow SRP (decision 0002).
    """

    pool_id: PoolId
    region: Region
    name: str
    created_at: int
    modified_at: int
    tier: str = "ESSENTIALS"
    argon2_only: bool = False
    schema: tuple[SchemaAttribute, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    case_sensitive: bool = True
    # AWS shows UsernameConfiguration only to those who set it.
    case_sensitivity_given: bool = False
    # Set by an operation of their own, so they outlive updates of the pool.
    session_tracking: bool = False
    max_token_sessions: int = 20
    # The second factors that sign-in may ask for. They outlive updates; `software_token_mfa` is
    # None until it was set, since AWS shows it only then.
    sms_mfa: bool = False
    software_token_mfa: bool | None = None
    email_mfa: EmailMfa | None = None
    log_configurations: tuple[LogConfiguration, ...] = ()
    passkeys: PasskeySettings | None = None

    @property
    def mfa_factors(self) -> frozenset[MfaFactor]:
        """The second factors that the pool uses, whether or not it asks for one now."""
        used = {
            MfaFactor.SMS_MFA: self.sms_mfa,
            MfaFactor.SOFTWARE_TOKEN_MFA: self.software_token_mfa,
            MfaFactor.EMAIL_OTP: self.email_mfa is not None,
        }
        return frozenset(factor for factor, is_used in used.items() if is_used)


class MfaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What SetUserPoolMfaConfig sets: factors it leaves out are no longer used.

    A mode of None leaves the mode as it is: what protects users is not taken away in passing.
    """

    mode: MfaMode | None = None
    sms_configuration: SmsConfiguration | None = None
    sms_message: str | None = None
    software_token: bool | None = None
    email: EmailMfa | None = None
    passkeys: PasskeySettings | None = None


class NewPool(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen at creation only."""

    name: str
    settings: PoolSettings = PoolSettings()
    tier: str = "ESSENTIALS"
    definitions: tuple[AttributeDefinition, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    case_sensitive: bool | None = None


_GET = sa.select(user_pools.c.settings).where(user_pools.c.pool_id == sa.bindparam("pool_id"))
_INSERT = sa.insert(user_pools)
_UPDATE = (
    sa.update(user_pools)
    .where(user_pools.c.pool_id == sa.bindparam("changed_pool_id"))
    .values(
        name=sa.bindparam("name"),
        settings=sa.bindparam("settings"),
        modified_at=sa.bindparam("modified_at"),
    )
)
_DELETE = sa.delete(user_pools).where(user_pools.c.pool_id == sa.bindparam("pool_id"))
_HAS_DOMAIN = sa.select(user_pool_domains.c.domain).where(
    user_pool_domains.c.pool_id == sa.bindparam("pool_id")
)
_DELETE_LEFTOVERS = tuple(
    sa.delete(table).where(table.c.pool_id == sa.bindparam("pool_id"))
    for table in (attempt_windows, auth_sessions, auth_events, address_failures)
)
_FORGET_PASSWORDS = sa.delete(earlier_passwords).where(
    earlier_passwords.c.pool_id == sa.bindparam("pool_id")
)
_COUNT_IN_REGION = sa.select(sa.func.count()).where(user_pools.c.region == sa.bindparam("region"))
_IN_REGION = sa.union_all(
    sa.select(user_pools.c.pool_id, user_pools.c.settings).where(
        user_pools.c.region == sa.bindparam("region"), user_pools.c.pool_id > sa.bindparam("after")
    ),
    sa.select(user_pools.c.pool_id, user_pools.c.settings)
    .join(user_pool_replicas, user_pool_replicas.c.pool_id == user_pools.c.pool_id)
    .where(
        user_pool_replicas.c.region == sa.bindparam("region"),
        user_pool_replicas.c.pool_id > sa.bindparam("after"),
    ),
).subquery()
_LIST = sa.select(_IN_REGION.c.settings).order_by(_IN_REGION.c.pool_id).limit(sa.bindparam("limit"))
_COUNT_USERS = sa.select(sa.func.count()).where(users.c.pool_id == sa.bindparam("pool_id"))


def get(transaction: Transaction, pool_id: PoolId) -> UserPool:
    """Return the pool; raise UserPoolNotFound."""
    row = transaction.one(_GET, {"pool_id": pool_id})
    if row is None:
        raise UserPoolNotFound(pool_id=pool_id)
    return decode(row.settings)


@lru_cache(maxsize=1024)
def decode(settings: bytes) -> UserPool:
    """Return the pool that was stored as `settings`; equal bytes share one frozen value."""
    return msgspec.json.decode(settings, type=UserPool)


def create(call: Call, new_pool: NewPool) -> UserPool:
    """Make a pool with its signing keys in the call's region."""
    pool = _pool_of(call, new_pool)
    keys = signing_keys.new_keys(call)
    with call.db.writing() as transaction:
        (pools_of_region,) = transaction.one(_COUNT_IN_REGION, {"region": call.region})
        if pools_of_region >= MAX_POOLS_OF_A_REGION:
            raise TooManyPools
        transaction.run(_INSERT, {**_row(pool), "created_at": pool.created_at})
        signing_keys.create_for_pool(transaction, call, pool.pool_id, keys)
    return pool


def update(
    call: Call, pool_id: PoolId, settings: PoolSettings, *, name: str | None, tier: str | None
) -> UserPool:
    """Replace all changeable settings; name and tier stay when they are None."""
    verify_settings(settings)
    with call.db.writing() as transaction:
        pool = get(transaction, pool_id)
        tags = _kept_tags(pool, settings.tags)
        changed = msgspec.structs.replace(
            pool,
            **{field: getattr(settings, field) for field in PoolSettings.__struct_fields__},
            name=name or pool.name,
            tier=tier or pool.tier,
        )
        changed = msgspec.structs.replace(changed, tags=tags, modified_at=call.now_millis)
        _verify_tier_of_password_history(changed)
        _verify_tier_of_threat_protection(changed)
        changed = _with_sms_mfa(changed)
        _verify_mfa(changed)
        _verify_tier_of_token_changes(changed)
        transaction.run(_UPDATE, _changed_row(changed))
        if _remembers_passwords(pool) and not _remembers_passwords(changed):
            transaction.run(_FORGET_PASSWORDS, {"pool_id": pool_id})
    return changed


def set_mfa(call: Call, pool_id: PoolId, change: MfaChange) -> UserPool:
    """Set which second factors the pool uses, and whether it asks for them."""
    with call.db.writing() as transaction:
        pool = get(transaction, pool_id)
        changed = msgspec.structs.replace(
            pool,
            mfa_mode=pool.mfa_mode if change.mode is None else change.mode,
            sms_mfa=change.sms_configuration is not None,
            sms_configuration=change.sms_configuration or pool.sms_configuration,
            mfa_sms_message=change.sms_message or pool.mfa_sms_message,
            software_token_mfa=change.software_token,
            email_mfa=change.email,
            passkeys=change.passkeys,
            modified_at=call.now_millis,
        )
        _verify_mfa(changed)
        transaction.run(_UPDATE, _changed_row(changed))
    return changed


def set_logs(call: Call, pool_id: PoolId, configurations: tuple[LogConfiguration, ...]) -> UserPool:
    """Set which activity the pool logs."""
    with call.db.writing() as transaction:
        changed = msgspec.structs.replace(
            get(transaction, pool_id), log_configurations=configurations
        )
        transaction.run(_UPDATE, _changed_row(changed))
    return changed


def set_session_tracking(
    call: Call, pool_id: PoolId, *, is_tracking: bool, max_sessions: int
) -> UserPool:
    """Set whether the pool tracks its users' sessions, and how many each may have."""
    with call.db.writing() as transaction:
        pool = get(transaction, pool_id)
        verify_tier_of_session_settings(pool)
        changed = msgspec.structs.replace(
            pool,
            session_tracking=is_tracking,
            max_token_sessions=max_sessions,
            modified_at=call.now_millis,
        )
        transaction.run(_UPDATE, _changed_row(changed))
    return changed


def verify_session_tracking(pool: UserPool) -> None:
    """Raise SessionTrackingDisabled unless the pool tracks sessions."""
    if not pool.session_tracking:
        raise SessionTrackingDisabled


def verify_tier_of_session_settings(pool: UserPool) -> None:
    """Raise FeatureAboveTier unless the pool's tier has session settings."""
    # AWS SetUserPoolSessionConfiguration: "must be in the Essentials or Plus tier".
    if pool.tier == "LITE":
        raise FeatureAboveTier(feature="Session configuration", tier=pool.tier)


def _verify_tier_of_password_history(pool: UserPool) -> None:
    # AWS PasswordPolicyType: "your user pool must be in the Essentials tier or higher".
    if _remembers_passwords(pool) and pool.tier == "LITE":
        raise FeatureAboveTier(feature="Password history", tier=pool.tier)


def _verify_tier_of_threat_protection(pool: UserPool) -> None:
    # AWS UserPoolAddOnsType: "To activate this setting, your user pool must be on the Plus tier."
    if pool.watches_risks and pool.tier != "PLUS":
        raise FeatureAboveTier(feature="Threat protection", tier=pool.tier)


def _remembers_passwords(pool: UserPool) -> bool:
    return pool.password_policy.password_history_size > 0


def delete(call: Call, pool_id: PoolId) -> None:
    """Remove the pool with everything in it; raise PoolIsProtected or PoolHasDomain."""
    with call.db.writing() as transaction:
        if get(transaction, pool_id).deletion_protection:
            raise PoolIsProtected
        if transaction.one(_HAS_DOMAIN, {"pool_id": pool_id}) is not None:
            raise PoolHasDomain
        for statement in (*_DELETE_LEFTOVERS, _DELETE):
            transaction.run(statement, {"pool_id": pool_id})


def list_pools(
    transaction: Transaction, region: Region, *, after: str, limit: int
) -> Page[UserPool]:
    """Return the pools and replicas of a region by id, from behind `after`."""
    rows = transaction.rows(_LIST, {"region": region, "after": after, "limit": limit + 1})
    page = tuple(decode(row.settings) for row in rows[:limit])
    return Page(page, page[-1].pool_id if len(rows) > limit else None)


def count_users(transaction: Transaction, pool_id: PoolId) -> int:
    """Return how many users the pool has."""
    (number,) = transaction.one(_COUNT_USERS, {"pool_id": pool_id})
    return int(number)


def add_custom_attributes(
    call: Call, pool_id: PoolId, definitions: tuple[AttributeDefinition, ...]
) -> None:
    """Extend the pool's schema; all definitions are added or none."""
    with call.db.writing() as transaction:
        pool = get(transaction, pool_id)
        schema = with_custom_attributes(pool.schema, definitions)
        changed = msgspec.structs.replace(pool, schema=schema, modified_at=call.now_millis)
        transaction.run(_UPDATE, _changed_row(changed))


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
        pool = get(transaction, pool_id)
        if PASSWORD_STORAGE_TAG in removed and pool.argon2_only:
            raise TagInvalid(fault=f"The tag {PASSWORD_STORAGE_TAG} cannot be removed.")
        tags = {name: value for name, value in pool.tags.items() if name not in removed} | added
        tags = _kept_tags(pool, tags)
        verify_tags(tags)
        changed = msgspec.structs.replace(pool, tags=tags, modified_at=call.now_millis)
        transaction.run(_UPDATE, _changed_row(changed))


def _kept_tags(pool: UserPool, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted tags; how passwords are stored was decided at creation and stays."""
    stored = pool.tags.get(PASSWORD_STORAGE_TAG)
    if wanted.get(PASSWORD_STORAGE_TAG, stored) != stored:
        raise TagInvalid(
            fault=f"The tag {PASSWORD_STORAGE_TAG} can only be set when the user pool is created."
        )
    kept = {} if stored is None else {PASSWORD_STORAGE_TAG: stored}
    return {**wanted, **kept}


def _pool_of(call: Call, new_pool: NewPool) -> UserPool:
    verify_settings(new_pool.settings)
    storage = new_pool.settings.tags.get(PASSWORD_STORAGE_TAG)
    if storage not in {None, ARGON2ID}:
        raise TagInvalid(fault=f"The tag {PASSWORD_STORAGE_TAG} must be {ARGON2ID}.")
    if new_pool.alias_attributes and new_pool.username_attributes:
        raise InvalidPoolSettings(
            fault="Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        )
    pool = UserPool(
        pool_id=new_pool_id(call.region),
        region=call.region,
        name=new_pool.name,
        created_at=call.now_millis,
        modified_at=call.now_millis,
        tier=new_pool.tier,
        argon2_only=storage == ARGON2ID,
        schema=schema_of_new_pool(new_pool.definitions),
        alias_attributes=new_pool.alias_attributes,
        username_attributes=new_pool.username_attributes,
        case_sensitive=new_pool.case_sensitive is not False,
        case_sensitivity_given=new_pool.case_sensitive is not None,
        **{field: getattr(new_pool.settings, field) for field in PoolSettings.__struct_fields__},
    )
    pool = _with_sms_mfa(pool)
    _verify_mfa(pool)
    _verify_aliases(pool)
    _verify_tier_of_password_history(pool)
    _verify_tier_of_threat_protection(pool)
    _verify_tier_of_token_changes(pool)
    return pool


def _with_sms_mfa(pool: UserPool) -> UserPool:
    """Return the pool with SMS as its factor where it asks for one and can ask for no other.

    Without an SMS configuration there is no SMS factor either.
    """
    asks_for_sms = pool.mfa_mode is not MfaMode.OFF and not pool.mfa_factors
    is_used = pool.sms_configuration is not None and (pool.sms_mfa or asks_for_sms)
    return msgspec.structs.replace(pool, sms_mfa=is_used)


def _verify_mfa(pool: UserPool) -> None:
    count_twice = pool.passkeys is not None and pool.passkeys.counts_as_both_factors
    sign_in_policy.verify(pool, tier=pool.tier, passkeys_count_twice=count_twice)
    if pool.mfa_mode is not MfaMode.OFF and not pool.mfa_factors:
        raise InvalidPoolSettings(
            fault="SMS configuration and Auto verification for phone_number are required when MFA "
            "is required/optional"
        )
    # AWS Developer Guide, "User pool feature plans": e-mail MFA needs Essentials.
    if pool.email_mfa is not None and pool.tier == "LITE":
        raise FeatureAboveTier(feature="EmailMfaConfiguration", tier=pool.tier)
    # AWS WebAuthnConfigurationType: "your user pool must be in the Essentials tier or higher".
    if pool.passkeys is not None and pool.tier == "LITE":
        raise FeatureAboveTier(feature="WebAuthnConfiguration", tier=pool.tier)


def _verify_tier_of_token_changes(pool: UserPool) -> None:
    # AWS Pre token generation: access tokens are changed from the ESSENTIALS tier upwards.
    if pool.tier == "LITE" and pool.pre_token_version != "V1_0":  # noqa: S105 - a version
        raise FeatureAboveTier(feature="PreTokenGenerationConfig", tier=pool.tier)


def _verify_aliases(pool: UserPool) -> None:
    # AWS developer guide, "preferred_username": it cannot be both required and an alias, since it
    # can only be set after a user is confirmed.
    required = {attribute.name for attribute in pool.schema if attribute.required}
    if "preferred_username" in required.intersection(pool.alias_attributes):
        raise InvalidPoolSettings(
            fault="preferred_username cannot be both a required attribute and an alias."
        )


def _row(pool: UserPool) -> dict[str, object]:
    return {
        "pool_id": pool.pool_id,
        "region": pool.region,
        "name": pool.name,
        "settings": msgspec.json.encode(pool),
        "modified_at": pool.modified_at,
    }


def _changed_row(pool: UserPool) -> dict[str, object]:
    return {
        "changed_pool_id": pool.pool_id,
        "name": pool.name,
        "settings": msgspec.json.encode(pool),
        "modified_at": pool.modified_at,
    }
