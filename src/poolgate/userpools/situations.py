"""The situation of a request: which app client asks, in which pool, about which user.

Everything is read in one short transaction, before anything is judged; the operations then walk
through their checks over it. Names that nobody has get a stand-in: a made-up sub, always the same
for a name, so that limits and simulated answers behave as they would for a user.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from poolgate.credentials.secret_hash import WrongSecretHash, verify_secret_hash
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.randomness import uuid_of
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import app_clients, groups, lockout, pools, users
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.groups import Group
from poolgate.userpools.lockout import FailureCount
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User, UserNotFound

# AWS DeviceKeyType.
_LONGEST_DEVICE_KEY = 55


class SecretHashMissing(Failure):
    """The app client has a secret and nothing proves it was used. Facts: client_id."""


class NameNotFoundForClient(UserNotFound):
    """The pool of the app client has no such user; sign-up and recovery word it so."""


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """The device that a sign-in says it is on.

    One that this very request names must exist; one that an earlier step named may have been
    forgotten since.
    """

    device_key: str
    named_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Who asks about whom.

    `stand_in` is the sub under which to count: the user's own, or the made-up one of the name.
    `failures` are the wrong passwords in a row of the user or the name.
    """

    app_client: AppClient
    pool: UserPool
    client_secrets: Sequence[Secret]
    login_name: str
    user: User | None
    stand_in: Sub
    failures: FailureCount
    groups: tuple[Group, ...] = ()
    # What the app client sent along for the functions that the pool asks.
    client_metadata: Mapping[str, str] | None = None
    device: NamedDevice | None = None
    # The authentication level that the sign-in must reach; 0 where it asked for none.
    target_level: int = 0
    # The login pages ask: they are this server's own, prove no app client and hide who exists.
    at_pages: bool = False

    @property
    def device_key(self) -> str | None:
        """The key of the device that the sign-in names."""
        return self.device.device_key if self.device else None

    def naming_device(self, device_key: str | None) -> "Situation":
        """Return the situation of a request that names that device, if any."""
        if not device_key:
            return self
        # What is longer names no device, however long it is.
        named = NamedDevice(device_key[: _LONGEST_DEVICE_KEY + 1], named_now=True)
        return replace(self, device=named)

    def carrying_device(self, device_key: str | None) -> "Situation":
        """Return the situation with the device of an earlier step, unless one is named now."""
        if self.device is not None or not device_key:
            return self
        return replace(self, device=NamedDevice(device_key, named_now=False))

    @property
    def hides_user_existence(self) -> bool:
        """Whether answers must not tell a missing user from a present one."""
        return self.at_pages or self.app_client.hides_user_existence


def read(
    call: Call,
    client_id: ClientId,
    *,
    pool_id: PoolId | None = None,
    login_name: str = "",
    for_sign_in: bool = False,
    at_pages: bool = False,
) -> Situation:
    """Return the situation of a request about the user with that name, if there is one.

    Raises UserPoolNotFound or AppClientNotFound; a missing user is for the caller to judge. Groups
    and failures are read `for_sign_in` only.
    """
    with call.db.reading() as transaction:
        app_client = app_clients.get(transaction, client_id, pool_id)
        pool = pools.get(transaction, app_client.pool_id)
        client_secrets = (
            app_clients.secrets_of(transaction, call.vault, client_id)
            if app_client.has_secret
            else ()
        )
        user: User | None = None
        stand_in, failures = Sub(""), FailureCount()
        in_groups: tuple[Group, ...] = ()
        if login_name:
            user = users.find(transaction, pool, login_name)
            # Made up before it is known whether it is needed: the time must not tell.
            made_up = stand_in_of(call, pool, login_name)
            stand_in = user.sub if user else made_up
            if for_sign_in:
                failures, in_groups = _for_sign_in(transaction, pool, user, stand_in)
    return Situation(
        app_client=app_client,
        pool=pool,
        client_secrets=client_secrets,
        login_name=login_name,
        user=user,
        stand_in=stand_in,
        failures=failures,
        groups=in_groups,
        at_pages=at_pages,
    )


def about(call: Call, asker: Situation, sub: Sub) -> Situation:
    """Return the situation of a sign-in that goes on: of the user with that sub, if still there.

    Without one it is about nobody, under the stand-in that began it.
    """
    with call.db.reading() as transaction:
        user = users.find_by_sub(transaction, asker.pool.pool_id, sub)
        failures, in_groups = _for_sign_in(transaction, asker.pool, user, sub)
    return replace(asker, user=user, stand_in=sub, failures=failures, groups=in_groups)


def _for_sign_in(
    transaction: Transaction, pool: UserPool, user: User | None, stand_in: Sub
) -> tuple[FailureCount, tuple[Group, ...]]:
    failures = (
        FailureCount(user.failed_attempts, user.last_failure_at)
        if user
        else lockout.of_name(transaction, pool.pool_id, stand_in)
    )
    # A stand-in is in no group; it is asked for all the same, so that it takes the time.
    return failures, groups.of_user(transaction, pool.pool_id, stand_in)


def stand_in_of(call: Call, pool: UserPool, login_name: str) -> Sub:
    """Return the made-up sub of a name that nobody has."""
    name = f"{pool.pool_id}\0{users.username_key(pool, login_name)}".encode()
    digest = hmac.digest(call.vault.derived_key("stand-in"), name, "sha256")
    return Sub(uuid_of(digest[:16]))


def verify_client(
    situation: Situation,
    name: str,
    submitted: str | None,
    *,
    missing: type[Failure] = WrongSecretHash,
) -> None:
    """Raise `missing` or WrongSecretHash unless the caller knows the app client's secret, if any.

    A hash for an app client without a secret is wrong, too: what is presented is verified.
    """
    client_id = situation.app_client.client_id
    if situation.at_pages:
        return
    if submitted is None:
        if situation.app_client.has_secret:
            raise missing(client_id=client_id)
        return
    verify_secret_hash(situation.client_secrets, name, client_id, submitted)
