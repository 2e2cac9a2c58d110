"""Hashes that are weaker than new ones are made again when their password is typed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from kits.cognito import PASSWORD, TEMPORARY, App, refused

from poolgate.credentials import passwords as hashing
from poolgate.foundation.ids import PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import passwords, pools, users

REMADE = "a weak hash is made again at the next password sign-in"
ARGON2 = {"UserPoolTags": {"poolgate:password-storage": "argon2id"}}
STRONG = "$argon2id$v=19$m=19456,t=2,p=1$"


@pytest.fixture
def app(poolgate: LocalPoolgate, monkeypatch: pytest.MonkeyPatch) -> App:
    """A pool whose one user has a hash from a time when less was asked for."""
    made = App.of(
        poolgate,
        pool={**ARGON2, "Policies": {"PasswordPolicy": {"PasswordHistorySize": 3}}},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    with monkeypatch.context() as earlier:
        weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
        earlier.setattr(hashing, "_HASHER", weak)
        made.cognito.admin_create_user(
            UserPoolId=made.pool_id,
            Username="alice",
            TemporaryPassword=TEMPORARY,
            MessageAction="SUPPRESS",
        )
        made.set_password("alice")
    assert not kept(made).startswith(STRONG)
    return made


def kept(app: App) -> str:
    """Return the hash as it is stored."""
    call = app.poolgate.application.installation.new_call(request_id="", source_address="")
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(app.pool_id))
        user = users.get(transaction, pool, "alice")
    assert user.password is not None
    return passwords.unseal(call, pool, user.sub, user.password).decode()


@pytest.mark.assumed(REMADE)
def test_the_right_password_makes_the_hash_again(app: App) -> None:
    assert "AuthenticationResult" in app.sign_in(password=PASSWORD)
    made_again = kept(app)
    assert made_again.startswith(STRONG)
    assert "AuthenticationResult" in app.sign_in(password=PASSWORD)
    assert kept(app) == made_again


@pytest.mark.assumed(REMADE)
def test_a_wrong_password_leaves_the_hash(app: App) -> None:
    before = kept(app)
    with refused("NotAuthorizedException"):
        app.sign_in(password="Wrong-password-1")
    assert kept(app) == before


@pytest.mark.assumed(REMADE)
def test_sign_ins_at_once_all_succeed(app: App) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: app.sign_in(password=PASSWORD), range(8)))
    assert all("AuthenticationResult" in answer for answer in answers)
    assert kept(app).startswith(STRONG)


@pytest.mark.assumed(REMADE)
def test_the_same_password_does_not_enter_the_history(app: App) -> None:
    app.sign_in(password=PASSWORD)
    app.set_password("alice", "Right-password-2")
    # Three are remembered, the current one among them; the first one still is.
    with refused("PasswordHistoryPolicyViolationException"):
        app.set_password("alice", TEMPORARY)
