"""A pool, an app client and users, made straight through the domain, for tests of tokens."""

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.ids import GroupName, PoolId, Sub, Username
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.jose.tokens import parse_token
from poolgate.store.call import Call
from poolgate.testing import LocalPoolgate
from poolgate.userpools import app_clients, groups, pools, signing_keys, tables, tokens, users
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.client_settings import ClientSettings
from poolgate.userpools.pools import NewPool, UserPool
from poolgate.userpools.tokens import SignIn, TokenSet
from poolgate.userpools.users import User


def new_call(poolgate: LocalPoolgate, **changes: Any) -> Call:
    call = poolgate.application.installation.new_call(request_id="test", source_address="127.0.0.1")
    return replace(call, **changes)


@dataclass
class People:
    """One pool with one app client."""

    poolgate: LocalPoolgate
    pool: UserPool
    app_client: AppClient
    changes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, poolgate: LocalPoolgate, **settings: Any) -> "People":
        call = new_call(poolgate)
        pool = pools.create(call, NewPool(name="people"))
        return cls(poolgate, pool, cls.new_client(poolgate, pool, **settings))

    @staticmethod
    def new_client(poolgate: LocalPoolgate, pool: UserPool, **settings: Any) -> AppClient:
        return app_clients.create(
            new_call(poolgate), pool.pool_id, "app", ClientSettings(**settings), None
        )

    @property
    def call(self) -> Call:
        return new_call(self.poolgate, **self.changes)

    def user(self, username: str = "alice", **attributes: str) -> User:
        call = self.call
        sub = Sub(random_uuid())
        with call.db.writing() as transaction:
            transaction.run(
                sa.insert(tables.users),
                {
                    "pool_id": self.pool.pool_id,
                    "sub": sub,
                    "username": Username(username),
                    "username_key": username,
                    "status": "CONFIRMED",
                    "enabled": True,
                    "attributes": msgspec.json.encode(attributes),
                    "password_scheme": None,
                    "password_salt": None,
                    "sealed_password": None,
                    "password_set_at": None,
                    "failed_attempts": 0,
                    "last_failure_at": None,
                    "locked_until": None,
                    "signed_out_at": None,
                    "created_at": call.now_millis,
                    "modified_at": call.now_millis,
                },
            )
            return users.get_by_sub(transaction, self.pool.pool_id, sub)

    def change(self, user: User, **columns: object) -> None:
        with self.call.db.writing() as transaction:
            transaction.run(
                sa.update(tables.users)
                .where(tables.users.c.sub == sa.bindparam("of_sub"))
                .values({name: sa.bindparam(name) for name in columns}),
                {"of_sub": user.sub, **columns},
            )

    def delete(self, user: User) -> None:
        with self.call.db.writing() as transaction:
            transaction.run(
                sa.delete(tables.users).where(tables.users.c.sub == sa.bindparam("of_sub")),
                {"of_sub": user.sub},
            )

    def join(self, user: User, name: str, **facts: Any) -> None:
        groups.create(self.call, self.pool.pool_id, GroupName(name), **facts)
        with self.call.db.writing() as transaction:
            groups.add_member(transaction, self.pool.pool_id, GroupName(name), user.sub)

    def sign_in(self, user: User, app_client: AppClient | None = None) -> TokenSet:
        call = self.call
        with call.db.reading() as transaction:
            of_user = groups.of_user(transaction, self.pool.pool_id, user.sub)
        plan = tokens.plan(
            call,
            SignIn(
                user=user,
                pool=self.pool,
                app_client=app_client or self.app_client,
                auth_time=epoch_seconds(call.now),
                groups=of_user,
                event_id=random_uuid(),
            ),
        )
        with call.db.writing() as transaction:
            return tokens.store(transaction, plan)

    def refresh(self, token_set: TokenSet, app_client: AppClient | None = None) -> TokenSet:
        assert token_set.refresh_token is not None
        return tokens.refresh(
            self.call, app_client or self.app_client, self.pool, token_set.refresh_token
        )


def claims_of(token: Secret) -> dict[str, Any]:
    """Return what a token says, without looking at its signature."""
    payload = token.reveal().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def key_ids(call: Call, pool_id: PoolId) -> list[str]:
    """Return the ids of the published keys."""
    return [key["kid"] for key in msgspec.json.decode(signing_keys.jwks(call, pool_id))["keys"]]


def key_id_of(token: Secret) -> str:
    """Return the key id that a token's header names."""
    return parse_token(token.reveal()).key_id
