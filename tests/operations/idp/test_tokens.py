"""What tokens say, and what a refresh keeps and renews."""

import pytest
from kits.people import People, claims_of, key_id_of

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate
from poolgate.userpools import refresh_tokens, tokens
from poolgate.userpools.client_settings import Validity
from poolgate.userpools.refresh_tokens import (
    RefreshTokenExpired,
    RefreshTokenInvalid,
    RefreshTokenReused,
    RefreshTokenRevoked,
)
from poolgate.userpools.users import User, UserDisabled

pytestmark = pytest.mark.documented(
    "amazon-cognito-user-pools-using-tokens-with-identity-providers",
    "claims of ID and access tokens; using the refresh token",
)


class TestClaims:
    def test_access_token_has_exactly_cognitos_claims(self, people: People) -> None:
        user = people.user(email="alice@example.com")
        now = epoch_seconds(people.call.now)
        token_set = people.sign_in(user)
        claims = claims_of(token_set.access_token)
        assert set(claims) == {
            "sub", "iss", "client_id", "origin_jti", "event_id", "token_use", "scope",
            "auth_time", "exp", "iat", "jti", "username",
        }  # fmt: skip
        assert claims["sub"] == user.sub
        assert claims["iss"] == f"{people.poolgate.url}/{people.pool.pool_id}"
        assert claims["client_id"] == people.app_client.client_id
        assert claims["token_use"] == "access"
        assert claims["scope"] == "aws.cognito.signin.user.admin"
        assert claims["username"] == "alice"
        assert claims["exp"] == claims["iat"] + 3600 == claims["iat"] + token_set.expires_in
        assert 0 <= claims["iat"] - now <= 5
        assert type(claims["auth_time"]) is int

    def test_id_token_has_exactly_cognitos_claims(self, people: People) -> None:
        user = people.user(email="alice@example.com")
        claims = claims_of(people.sign_in(user).id_token)
        assert set(claims) == {
            "sub", "aud", "iss", "origin_jti", "event_id", "token_use", "auth_time", "exp",
            "iat", "jti", "cognito:username", "email",
        }  # fmt: skip
        assert claims["aud"] == people.app_client.client_id
        assert claims["token_use"] == "id"
        assert claims["cognito:username"] == "alice"

    def test_ids_of_one_sign_in_agree_and_those_of_two_differ(self, people: People) -> None:
        user = people.user()
        first, second = people.sign_in(user), people.sign_in(user)
        access, identity = claims_of(first.access_token), claims_of(first.id_token)
        other = claims_of(second.access_token)
        assert access["origin_jti"] == identity["origin_jti"] != other["origin_jti"]
        assert access["event_id"] == identity["event_id"] != other["event_id"]
        assert access["jti"] != identity["jti"]
        assert access["auth_time"] == identity["auth_time"]

    def test_attributes_have_their_types(self, people: People) -> None:
        user = people.user(
            email_verified="true",
            phone_number_verified="false",
            updated_at="1700000000",
            address="12 Main Street",
            **{"custom:level": "7", "custom:admin": "true"},
        )
        people.app_client = People.new_client(people.poolgate, people.pool, read_attributes=None)
        claims = claims_of(people.sign_in(user).id_token)
        assert claims["email_verified"] is True
        assert claims["phone_number_verified"] is False
        assert claims["updated_at"] == 1_700_000_000
        assert claims["address"] == {"formatted": "12 Main Street"}

    def test_only_readable_attributes_are_told(self, people: People) -> None:
        user = people.user(email="a@b.c", name="Alice", **{"dev:custom:risk": "high"})
        app_client = People.new_client(people.poolgate, people.pool, read_attributes=("name",))
        claims = claims_of(people.sign_in(user, app_client).id_token)
        assert claims["name"] == "Alice"
        assert "email" not in claims
        assert not any(name.startswith("dev:") for name in claims)

    def test_attributes_stay_out_of_access_tokens(self, people: People) -> None:
        claims = claims_of(people.sign_in(people.user(email="a@b.c")).access_token)
        assert "email" not in claims

    def test_attribute_replaces_no_claim(self, people: People) -> None:
        user = people.user(sub="someone-else", aud="other", token_use="access")
        claims = claims_of(people.sign_in(user).id_token)
        assert claims["sub"] == user.sub
        assert claims["aud"] == people.app_client.client_id
        assert claims["token_use"] == "id"

    def test_groups_come_in_order_of_precedence_with_their_roles(self, people: People) -> None:
        user = people.user()
        people.join(user, "last", role_arn="arn:last")
        people.join(user, "second", precedence=2)
        people.join(user, "first", precedence=1, role_arn="arn:first")
        token_set = people.sign_in(user)
        identity, access = claims_of(token_set.id_token), claims_of(token_set.access_token)
        assert identity["cognito:groups"] == access["cognito:groups"] == ["first", "second", "last"]
        assert identity["cognito:roles"] == ["arn:first", "arn:last"]
        assert identity["cognito:preferred_role"] == "arn:first"
        assert "cognito:roles" not in access

    def test_groups_without_roles_make_no_role_claims(self, people: People) -> None:
        user = people.user()
        people.join(user, "plain")
        claims = claims_of(people.sign_in(user).id_token)
        assert claims["cognito:groups"] == ["plain"]
        assert "cognito:roles" not in claims
        assert "cognito:preferred_role" not in claims

    def test_lifetimes_are_the_app_clients(self, poolgate: LocalPoolgate) -> None:
        people = People.of(
            poolgate,
            access_token_validity=Validity(5, "minutes"),
            id_token_validity=Validity(10, "minutes"),
        )
        token_set = people.sign_in(people.user())
        access, identity = claims_of(token_set.access_token), claims_of(token_set.id_token)
        assert access["exp"] - access["iat"] == token_set.expires_in == 300
        assert identity["exp"] - identity["iat"] == 600

    def test_revocation_claims_need_revocation(self, poolgate: LocalPoolgate) -> None:
        people = People.of(poolgate, revocation_enabled=False)
        token_set = people.sign_in(people.user())
        for token in (token_set.access_token, token_set.id_token):
            assert not {"origin_jti", "jti"} & set(claims_of(token))
            assert "event_id" in claims_of(token)

    def test_the_two_kinds_are_signed_by_different_keys(self, people: People) -> None:
        token_set = people.sign_in(people.user())
        assert key_id_of(token_set.access_token) != key_id_of(token_set.id_token)

    def test_awss_issuer_can_be_written_instead(self, people: People) -> None:
        people.changes = {"issuer_base": None}
        claims = claims_of(people.sign_in(people.user()).id_token)
        pool_id = people.pool.pool_id
        assert claims["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool_id}"


class TestRefresh:
    def test_refresh_renews_tokens_of_the_same_sign_in(self, people: People) -> None:
        first = people.sign_in(people.user())
        people.poolgate.clock.advance(60)
        second = people.refresh(first)
        assert second.refresh_token is None
        for kind in ("access_token", "id_token"):
            before, after = claims_of(getattr(first, kind)), claims_of(getattr(second, kind))
            kept = {"origin_jti", "auth_time", "sub", "iss", "token_use"}
            renewed = {"jti", "event_id", "iat", "exp"}
            assert all(before[name] == after[name] for name in kept)
            assert all(before[name] != after[name] for name in renewed)
            assert set(before) == set(after)

    def test_refresh_reads_attributes_and_groups_again(self, people: People) -> None:
        user = people.user(email="old@example.com")
        token_set = people.sign_in(user)
        people.join(user, "late", role_arn="arn:late")
        people.change(user, attributes=b'{"email":"new@example.com"}')
        claims = claims_of(people.refresh(token_set).id_token)
        assert claims["email"] == "new@example.com"
        assert claims["cognito:groups"] == ["late"]
        assert claims["cognito:preferred_role"] == "arn:late"

    def test_refresh_token_lives_as_long_as_the_app_client_says(
        self, poolgate: LocalPoolgate
    ) -> None:
        people = People.of(poolgate, refresh_token_validity=Validity(2, "hours"))
        token_set = people.sign_in(people.user())
        poolgate.clock.advance(2 * 3600 - 5)
        people.refresh(token_set)
        poolgate.clock.advance(5)
        with pytest.raises(RefreshTokenExpired):
            people.refresh(token_set)

    @pytest.mark.parametrize("text", ["", "abc", "a.b.c", "\u00e9", "A" * 5000])
    def test_garbage_is_an_invalid_refresh_token(self, people: People, text: str) -> None:
        with pytest.raises(RefreshTokenInvalid):
            tokens.refresh(people.call, people.app_client, people.pool, Secret(text))

    def test_another_app_client_cannot_use_it(self, people: People) -> None:
        token_set = people.sign_in(people.user())
        other = People.new_client(people.poolgate, people.pool)
        with pytest.raises(RefreshTokenInvalid):
            people.refresh(token_set, other)
        people.refresh(token_set)

    def test_another_pool_cannot_use_it(self, people: People) -> None:
        token_set = people.sign_in(people.user())
        elsewhere = People.of(people.poolgate)
        with pytest.raises(RefreshTokenInvalid):
            elsewhere.refresh(token_set)

    def test_disabled_user_is_told(self, people: People) -> None:
        user = people.user()
        token_set = people.sign_in(user)
        people.change(user, enabled=False)
        with pytest.raises(UserDisabled):
            people.refresh(token_set)

    def test_deleted_users_token_is_invalid(self, people: People) -> None:
        user = people.user()
        token_set = people.sign_in(user)
        people.delete(user)
        with pytest.raises(RefreshTokenInvalid):
            people.refresh(token_set)

    def test_owner_is_shown_before_the_tokens_state_is_told(self, people: People) -> None:
        user = people.user()
        token_set = people.sign_in(user)
        people.change(user, enabled=False)
        refresh_tokens.sign_out_everywhere(people.call, user)

        class Refused(Exception):
            pass

        def refuse(owner: User) -> None:
            assert owner.sub == user.sub
            raise Refused

        assert token_set.refresh_token is not None
        with pytest.raises(Refused):
            tokens.refresh(
                people.call,
                people.app_client,
                people.pool,
                token_set.refresh_token,
                verify_owner=refuse,
            )

    def test_refresh_token_itself_is_not_stored(self, people: People) -> None:
        token_set = people.sign_in(people.user())
        assert token_set.refresh_token is not None
        with people.call.db.reading() as transaction:
            held = refresh_tokens.find(transaction, token_set.refresh_token)
        assert held is not None
        assert token_set.refresh_token.reveal().encode() not in held.digest
        assert "RefreshToken" not in repr(token_set)
        assert token_set.refresh_token.reveal() not in repr(token_set)


class TestRotation:
    @pytest.fixture
    def rotating(self, poolgate: LocalPoolgate) -> People:
        return People.of(
            poolgate,
            explicit_auth_flows=("ALLOW_USER_PASSWORD_AUTH",),
            refresh_token_rotation=True,
            rotation_grace_seconds=10,
            refresh_token_validity=Validity(2, "hours"),
        )

    def test_every_refresh_gives_a_successor_of_the_same_family(self, rotating: People) -> None:
        first = rotating.sign_in(rotating.user())
        second = rotating.refresh(first)
        third = rotating.refresh(second)
        origins = {claims_of(t.access_token)["origin_jti"] for t in (first, second, third)}
        assert len(origins) == 1
        refresh = {t.refresh_token.reveal() for t in (first, second, third) if t.refresh_token}
        assert len(refresh) == 3

    def test_successor_inherits_the_remaining_life(self, rotating: People) -> None:
        first = rotating.sign_in(rotating.user())
        rotating.poolgate.clock.advance(3600)
        second = rotating.refresh(first)
        rotating.poolgate.clock.advance(3600)
        with pytest.raises(RefreshTokenExpired):
            rotating.refresh(second)

    def test_replaced_token_works_within_the_grace(self, rotating: People) -> None:
        first = rotating.sign_in(rotating.user())
        rotating.refresh(first)
        rotating.poolgate.clock.advance(5)
        again = rotating.refresh(first)
        rotating.refresh(again)

    def test_reuse_after_the_grace_ends_the_whole_family(self, rotating: People) -> None:
        first = rotating.sign_in(rotating.user())
        second = rotating.refresh(first)
        rotating.poolgate.clock.advance(10)
        with pytest.raises(RefreshTokenReused):
            rotating.refresh(first)
        for dead in (first, second):
            with pytest.raises(RefreshTokenRevoked):
                rotating.refresh(dead)

    def test_reuse_leaves_other_sign_ins_alone(self, rotating: People) -> None:
        user = rotating.user()
        first, other = rotating.sign_in(user), rotating.sign_in(user)
        rotating.refresh(first)
        rotating.poolgate.clock.advance(10)
        with pytest.raises(RefreshTokenReused):
            rotating.refresh(first)
        rotating.refresh(other)

    def test_of_two_takers_without_grace_one_is_reuse(self, poolgate: LocalPoolgate) -> None:
        people = People.of(
            poolgate,
            explicit_auth_flows=("ALLOW_USER_PASSWORD_AUTH",),
            refresh_token_rotation=True,
        )
        first = people.sign_in(people.user())
        assert first.refresh_token is not None
        # Both have read the token before either has replaced it.
        with people.call.db.reading() as transaction:
            held = refresh_tokens.find(transaction, first.refresh_token)
        assert held is not None
        refresh_tokens.rotate(people.call, held, Secret("one"), grace_seconds=0)
        with pytest.raises(RefreshTokenReused):
            refresh_tokens.rotate(people.call, held, Secret("two"), grace_seconds=0)

    def test_family_that_ended_meanwhile_gives_no_successor(self, rotating: People) -> None:
        user = rotating.user()
        first = rotating.sign_in(user)
        assert first.refresh_token is not None
        with rotating.call.db.reading() as transaction:
            held = refresh_tokens.find(transaction, first.refresh_token)
        assert held is not None
        refresh_tokens.sign_out_everywhere(rotating.call, user)
        successor = refresh_tokens.new_refresh_token()
        with pytest.raises(RefreshTokenRevoked):
            refresh_tokens.rotate(rotating.call, held, successor, grace_seconds=10)
        with rotating.call.db.reading() as transaction:
            assert refresh_tokens.find(transaction, successor) is None
