"""How many token sessions a user has: beyond the limit of a pool the least recently used ones end.

A token session is a token family, as `user_sessions` lists it.
"""

import sqlalchemy as sa

from poolgate.store.database import Transaction
from poolgate.userpools.refresh_tokens import Family, revoke_family
from poolgate.userpools.tables import token_families, token_session_activity

_LIVE = sa.and_(
    token_families.c.pool_id == sa.bindparam("of_pool_id"),
    token_families.c.sub == sa.bindparam("of_sub"),
    token_families.c.revoked_at.is_(None),
    token_families.c.expires_at > sa.bindparam("now"),
)
_LAST_ACTIVE_AT = sa.func.coalesce(
    token_session_activity.c.last_active_at, token_families.c.auth_time * 1000
)
_BEYOND_THE_NEWEST = (
    sa.select(token_families.c.family_id)
    .select_from(
        token_families.outerjoin(
            token_session_activity,
            token_session_activity.c.family_id == token_families.c.family_id,
        )
    )
    .where(_LIVE)
    .order_by(_LAST_ACTIVE_AT.desc(), token_families.c.auth_time.desc(), token_families.c.family_id)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("kept"))
)
_FORGET = sa.delete(token_session_activity).where(
    token_session_activity.c.family_id == sa.bindparam("of_family_id")
)
_ALL = 2**31 - 1


def make_room(transaction: Transaction, family: Family, now_millis: int, *, limit: int) -> None:
    """End the user's least recently used sign-ins until one more fits in `limit`."""
    of_user = {"of_pool_id": family.pool_id, "of_sub": family.sub, "now": now_millis}
    beyond = {**of_user, "kept": limit - 1, "limit": _ALL}
    for row in transaction.rows(_BEYOND_THE_NEWEST, beyond):
        revoke_family(transaction, row.family_id, now_millis)
        transaction.run(_FORGET, {"of_family_id": row.family_id})
