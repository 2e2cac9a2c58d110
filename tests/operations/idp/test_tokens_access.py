"""Access tokens at the server's own operations."""

import pytest
from kits.people import People, claims_of

from poolgate.foundation.secret import Secret
from poolgate.jose.tokens import sign_token
from poolgate.testing import LocalPoolgate
from poolgate.userpools import app_clients, pools, refresh_tokens, signing_keys
from poolgate.userpools.access_tokens import (
    AccessTokenExpired,
    AccessTokenInvalid,
    AccessTokenRevoked,
    ScopeMissing,
    SignedIn,
    verify_access_token,
)
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.users import UserDisabled, UserNotFound

pytestmark = pytest.mark.documented(
    "token-revocation", "which tokens the API operations still accept"
)


def verify(people: People, token: Secret) -> SignedIn:
    return verify_access_token(people.call, token.reveal())


def forged(
    people: People, token: Secret, use: TokenUse = TokenUse.ACCESS, **changes: object
) -> str:
    """Sign changed claims with the pool's own key, as no caller could."""
    with people.call.db.reading() as transaction:
        keys = signing_keys.signing(transaction, people.call, people.pool.pool_id)
    return sign_token(claims_of(token) | changes, keys[use])


def test_good_token_tells_who_signed_in(people: People) -> None:
    user = people.user()
    token_set = people.sign_in(user)
    signed_in = verify(people, token_set.access_token)
    assert signed_in.user == user
    assert signed_in.pool == people.pool
    assert signed_in.app_client == people.app_client
    assert signed_in.scopes == {"aws.cognito.signin.user.admin"}
    assert signed_in.family_id == claims_of(token_set.access_token)["origin_jti"]


def test_refreshed_token_is_good(people: People) -> None:
    refreshed = people.refresh(people.sign_in(people.user()))
    assert verify(people, refreshed.access_token).user.username == "alice"


def test_token_expires(people: People) -> None:
    token_set = people.sign_in(people.user())
    people.poolgate.clock.advance(3595)
    verify(people, token_set.access_token)
    people.poolgate.clock.advance(5)
    with pytest.raises(AccessTokenExpired):
        verify(people, token_set.access_token)


def test_id_and_refresh_tokens_are_not_access_tokens(people: People) -> None:
    token_set = people.sign_in(people.user())
    assert token_set.refresh_token is not None
    for other in (token_set.id_token, token_set.refresh_token):
        with pytest.raises(AccessTokenInvalid):
            verify(people, other)


def test_id_token_relabelled_with_the_access_keys_signature_is_refused(people: People) -> None:
    token_set = people.sign_in(people.user())
    relabelled = forged(people, token_set.access_token, token_use="id")
    with pytest.raises(AccessTokenInvalid):
        verify_access_token(people.call, relabelled)


def test_access_claims_signed_by_the_id_key_are_refused(people: People) -> None:
    token_set = people.sign_in(people.user())
    with pytest.raises(AccessTokenInvalid):
        verify_access_token(people.call, forged(people, token_set.access_token, TokenUse.ID))


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "\u00e9.a.b", "A" * 50_000])
def test_garbage_is_refused(people: People, text: str) -> None:
    with pytest.raises(AccessTokenInvalid):
        verify_access_token(people.call, text)


def test_token_of_another_installation_is_refused(people: People) -> None:
    with LocalPoolgate() as elsewhere:
        others = People.of(elsewhere)
        token_set = others.sign_in(others.user())
        with pytest.raises(AccessTokenInvalid):
            verify(people, token_set.access_token)


def test_token_of_a_deleted_pool_or_app_client_is_refused(people: People) -> None:
    token_set = people.sign_in(people.user())
    second = People.new_client(people.poolgate, people.pool)
    app_clients.delete(people.call, people.pool.pool_id, people.app_client.client_id)
    with pytest.raises(AccessTokenInvalid):
        verify(people, token_set.access_token)
    token_set = people.sign_in(people.user("bob"), second)
    verify(people, token_set.access_token)
    pools.delete(people.call, people.pool.pool_id)
    with pytest.raises(AccessTokenInvalid):
        verify(people, token_set.access_token)


def test_token_of_another_issuer_style_is_refused(people: People) -> None:
    token_set = people.sign_in(people.user())
    people.changes = {"issuer_base": None}
    with pytest.raises(AccessTokenInvalid):
        verify(people, token_set.access_token)


def test_user_changes_count_at_once(people: People) -> None:
    user = people.user()
    token_set = people.sign_in(user)
    people.change(user, enabled=False)
    with pytest.raises(UserDisabled):
        verify(people, token_set.access_token)
    people.delete(user)
    with pytest.raises(UserNotFound):
        verify(people, token_set.access_token)


def test_scope_is_needed(people: People) -> None:
    token_set = people.sign_in(people.user())
    without = forged(people, token_set.access_token, scope="openid email")
    with pytest.raises(ScopeMissing):
        verify_access_token(people.call, without)
    assert verify_access_token(people.call, without, required_scope="openid")


def test_signing_out_ends_what_was_there_and_nothing_later(people: People) -> None:
    user = people.user()
    before = people.sign_in(user)
    other_user = people.sign_in(people.user("bob"))
    refresh_tokens.sign_out_everywhere(people.call, user)
    after = people.sign_in(user)
    with pytest.raises(AccessTokenRevoked):
        verify(people, before.access_token)
    verify(people, after.access_token)
    verify(people, other_user.access_token)


def test_signing_out_ends_tokens_without_revocation_claims_too(poolgate: LocalPoolgate) -> None:
    people = People.of(poolgate, revocation_enabled=False)
    user = people.user()
    before = people.sign_in(user)
    assert verify(people, before.access_token).family_id is None
    refresh_tokens.sign_out_everywhere(people.call, user)
    with pytest.raises(AccessTokenRevoked):
        verify(people, before.access_token)
    poolgate.clock.advance(1)
    verify(people, people.sign_in(user).access_token)


def test_token_of_a_family_that_is_unknown_is_revoked(people: People) -> None:
    token_set = people.sign_in(people.user())
    strange = forged(people, token_set.access_token, origin_jti="0")
    with pytest.raises(AccessTokenRevoked):
        verify_access_token(people.call, strange)


def test_family_of_another_user_does_not_count(people: People) -> None:
    alice, bob = people.sign_in(people.user()), people.sign_in(people.user("bob"))
    mixed = forged(people, alice.access_token, origin_jti=claims_of(bob.access_token)["origin_jti"])
    with pytest.raises(AccessTokenRevoked):
        verify_access_token(people.call, mixed)
