"""Signing keys: rotation with overlap, and the documents an issuer publishes."""

import base64
import json

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet
from kits.people import People, key_id_of, key_ids

from poolgate.foundation.ids import PoolId
from poolgate.oauth import discovery
from poolgate.userpools import pools, signing_keys
from poolgate.userpools.access_tokens import AccessTokenInvalid, verify_access_token
from poolgate.userpools.pools import UserPoolNotFound
from poolgate.userpools.signing_keys import SigningKeysMissing
from poolgate.userpools.tables import signing_keys as table

pytestmark = pytest.mark.documented(
    "amazon-cognito-user-pools-using-tokens-verifying-a-jwt", "JWKS, kid and issuer"
)


DAY = 24 * 3600


def test_new_pool_publishes_two_keys_that_differ(people: People) -> None:
    published = key_ids(people.call, people.pool.pool_id)
    assert len(set(published)) == 2
    for key_id in published:
        assert key_id.endswith("=")
        assert len(base64.b64decode(key_id)) == 32


def test_another_library_verifies_our_tokens_with_the_published_set(people: People) -> None:
    document = discovery.find_document(people.call, f"/{people.pool.pool_id}/.well-known/jwks.json")
    assert document is not None
    key_set = KeySet.import_key_set(json.loads(document.body))
    token_set = people.sign_in(people.user())
    for token in (token_set.access_token, token_set.id_token):
        assert jwt.decode(token.reveal(), key_set, algorithms=["RS256"]).claims["iss"]


def test_rotation_publishes_before_it_signs_and_keeps_the_old_key_for_the_longest_token_life(
    people: People,
) -> None:
    pool_id = people.pool.pool_id
    user = people.user()
    old = people.sign_in(user)
    old_keys = set(key_ids(people.call, pool_id))
    signing_keys.rotate(people.call, pool_id, published_ahead_seconds=600)
    both = set(key_ids(people.call, pool_id))
    assert old_keys < both
    assert len(both) == 4
    assert key_id_of(people.sign_in(user).access_token) == key_id_of(old.access_token)

    people.poolgate.clock.advance(600)
    new = people.sign_in(user)
    assert key_id_of(new.access_token) in both - old_keys
    assert key_id_of(new.id_token) in both - old_keys
    assert key_id_of(new.id_token) != key_id_of(new.access_token)
    verify_access_token(people.call, old.access_token.reveal())

    people.poolgate.clock.advance(DAY - 5)
    assert set(key_ids(people.call, pool_id)) == both
    people.poolgate.clock.advance(5)
    assert set(key_ids(people.call, pool_id)) == both - old_keys
    with pytest.raises(AccessTokenInvalid):
        verify_access_token(people.call, old.access_token.reveal())


def test_rotating_twice_before_the_first_took_over_leaves_one_pair_at_the_end(
    people: People,
) -> None:
    pool_id = people.pool.pool_id
    signing_keys.rotate(people.call, pool_id, published_ahead_seconds=600)
    signing_keys.rotate(people.call, pool_id, published_ahead_seconds=600)
    assert len(key_ids(people.call, pool_id)) == 6
    people.poolgate.clock.advance(600)
    user = people.user()
    newest = key_id_of(people.sign_in(user).access_token)
    people.poolgate.clock.advance(DAY)
    assert len(key_ids(people.call, pool_id)) == 2
    assert newest in key_ids(people.call, pool_id)


def test_retired_keys_are_removed_by_the_next_rotation(people: People) -> None:
    pool_id = people.pool.pool_id
    signing_keys.rotate(people.call, pool_id, published_ahead_seconds=0)
    people.poolgate.clock.advance(DAY)
    signing_keys.rotate(people.call, pool_id, published_ahead_seconds=0)
    with people.call.db.reading() as transaction:
        assert len(transaction.rows(sa.select(table.c.key_id))) == 4


def test_rotation_of_no_pool_is_refused(people: People) -> None:
    with pytest.raises(SigningKeysMissing):
        signing_keys.rotate(people.call, PoolId("us-east-1_Missing00"))


def test_private_keys_are_sealed_to_their_row(people: People) -> None:
    with people.call.db.reading() as transaction:
        rows = transaction.rows(sa.select(table.c.key_id, table.c.sealed_private_key))
    swapped = {rows[0].key_id: rows[1].sealed_private_key}
    with people.call.db.writing() as transaction:
        for key_id, sealed in swapped.items():
            transaction.run(
                sa.update(table)
                .where(table.c.key_id == sa.bindparam("of_key_id"))
                .values(sealed_private_key=sa.bindparam("sealed")),
                {"of_key_id": key_id, "sealed": sealed},
            )
    with pytest.raises(Exception, match="UnsealingFailed"):
        people.sign_in(people.user())


def test_deleting_a_pool_removes_its_keys(people: People) -> None:
    pools.delete(people.call, people.pool.pool_id)
    with people.call.db.reading() as transaction:
        assert transaction.rows(sa.select(table.c.key_id)) == []
    with pytest.raises(SigningKeysMissing):
        signing_keys.jwks(people.call, people.pool.pool_id)


class TestDocuments:
    def test_configuration_names_only_what_is_there(self, people: People) -> None:
        path = f"/{people.pool.pool_id}/.well-known/openid-configuration"
        document = discovery.find_document(people.call, path)
        assert document is not None
        configuration = json.loads(document.body)
        issuer = f"{people.poolgate.url}/{people.pool.pool_id}"
        assert configuration["issuer"] == issuer
        assert configuration["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
        assert configuration["id_token_signing_alg_values_supported"] == ["RS256"]
        assert configuration["subject_types_supported"] == ["public"]
        assert not [name for name in configuration if name.endswith("endpoint")]

    def test_tokens_carry_the_issuer_of_the_configuration(self, people: People) -> None:
        for issuer_base in (people.poolgate.url, None):
            people.changes = {"issuer_base": issuer_base}
            configuration = json.loads(
                discovery.configuration(people.call, people.pool.pool_id).body
            )
            assert configuration["issuer"] == people.call.issuer(people.pool.pool_id)

    def test_documents_may_be_cached_and_read_from_any_origin(self, people: People) -> None:
        document = discovery.key_set(people.call, people.pool.pool_id)
        assert document.headers["cache-control"] == "public, max-age=300"
        assert document.headers["access-control-allow-origin"] == "*"
        assert document.headers["content-type"] == "application/json"

    def test_private_parts_are_not_published(self, people: People) -> None:
        shown = json.loads(discovery.key_set(people.call, people.pool.pool_id).body)
        for key in shown["keys"]:
            assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}

    @pytest.mark.parametrize("name", ["jwks.json", "openid-configuration"])
    @pytest.mark.parametrize(
        "pool_id", ["us-east-1_Missing00", "", "..", "%2e%2e", "'; drop table users; --"]
    )
    def test_pool_that_is_not_there_has_no_documents(
        self, people: People, pool_id: str, name: str
    ) -> None:
        with pytest.raises(UserPoolNotFound):
            discovery.find_document(people.call, f"/{pool_id}/.well-known/{name}")

    @pytest.mark.parametrize(
        "path",
        ["", "/", "/x", "/x/.well-known", "/x/.well-known/other", "/x/y/.well-known/jwks.json",
         "x/.well-known/jwks.json", "/x/.well-known/jwks.json/", "/" + "x" * 10_000],
    )  # fmt: skip
    def test_other_paths_are_not_documents(self, people: People, path: str) -> None:
        assert discovery.find_document(people.call, path) is None
