"""Which auth flows a client supports, and how long its tokens live."""

import pytest

from poolgate.foundation.ids import PoolId, Region
from poolgate.userpools.client_settings import (
    ClientSettings,
    InvalidClientSettings,
    Validity,
    allowed_auth_flows,
)
from poolgate.userpools.pools import UserPool

REFRESH, SRP, CUSTOM = "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"
ADMIN, PASSWORD = "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"


def pool(*, argon2_only: bool = False) -> UserPool:
    return UserPool(
        pool_id=PoolId("us-east-1_a"),
        region=Region("us-east-1"),
        name="pool",
        created_at=0,
        modified_at=0,
        argon2_only=argon2_only,
    )


@pytest.mark.parametrize(
    ("explicit", "flows"),
    [
        (None, {REFRESH, SRP, CUSTOM}),
        ((), {REFRESH, SRP, CUSTOM}),
        ((PASSWORD,), {PASSWORD}),
        ((SRP, REFRESH), {SRP, REFRESH}),
        (("ADMIN_NO_SRP_AUTH",), {REFRESH, SRP, CUSTOM, ADMIN}),
        (("USER_PASSWORD_AUTH",), {REFRESH, SRP, CUSTOM, PASSWORD}),
        (("CUSTOM_AUTH_FLOW_ONLY",), {REFRESH, CUSTOM}),
        (("CUSTOM_AUTH_FLOW_ONLY", "ADMIN_NO_SRP_AUTH"), {REFRESH, CUSTOM, ADMIN}),
    ],
)
def test_explicit_flows_are_read_in_both_spellings(
    explicit: tuple[str, ...] | None, flows: set[str]
) -> None:
    assert allowed_auth_flows(explicit, pool()) == flows
    if SRP not in (explicit or ()):
        # INVARIANT: nothing but Argon2id hashes is kept there, so no SRP is ever offered.
        assert allowed_auth_flows(explicit, pool(argon2_only=True)) == flows - {SRP}


def test_srp_by_name_is_refused_where_only_hashes_are_kept() -> None:
    with pytest.raises(InvalidClientSettings):
        allowed_auth_flows((SRP, REFRESH), pool(argon2_only=True))


def test_the_two_spellings_do_not_mix() -> None:
    with pytest.raises(InvalidClientSettings):
        allowed_auth_flows(("ADMIN_NO_SRP_AUTH", REFRESH), pool())


def test_lifetimes_have_the_units_of_their_kind() -> None:
    settings = ClientSettings(
        access_token_validity=Validity(2),
        id_token_validity=Validity(10, "minutes"),
        refresh_token_validity=Validity(2),
        auth_session_minutes=5,
    )
    assert settings.access_token_seconds == 7200
    assert settings.id_token_seconds == 600
    assert settings.refresh_token_seconds == 2 * 86400
    assert settings.auth_session_seconds == 300
    plain = ClientSettings()
    assert (plain.access_token_seconds, plain.id_token_seconds) == (3600, 3600)
    assert plain.refresh_token_seconds == 30 * 86400
    assert not plain.rotates_refresh_tokens
    assert not plain.hides_user_existence
