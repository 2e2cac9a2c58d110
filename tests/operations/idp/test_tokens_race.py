"""Refresh tokens under takers that come at the same moment, on both engines."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kits.people import People

from poolgate.foundation.failure import Failure
from poolgate.testing import LocalPoolgate
from poolgate.userpools import refresh_tokens
from poolgate.userpools.refresh_tokens import RefreshTokenReused, RefreshTokenRevoked

pytestmark = pytest.mark.documented(
    "amazon-cognito-user-pools-using-the-refresh-token", "refresh token rotation"
)


TAKERS = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def rotating(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/poolgate.db"
    else:
        url = request.getfixturevalue("postgresql_url")
    with LocalPoolgate(database_url=url) as poolgate:
        yield People.of(
            poolgate,
            explicit_auth_flows=("ALLOW_USER_PASSWORD_AUTH",),
            refresh_token_rotation=True,
        )


def test_one_of_many_takers_replaces_the_token_and_the_rest_end_its_family(
    rotating: People,
) -> None:
    first = rotating.sign_in(rotating.user())
    assert first.refresh_token is not None
    with rotating.call.db.reading() as transaction:
        held = refresh_tokens.find(transaction, first.refresh_token)
    assert held is not None
    together = threading.Barrier(TAKERS)

    def take(_: int) -> type[Failure] | None:
        call, successor = rotating.call, refresh_tokens.new_refresh_token()
        together.wait()
        try:
            refresh_tokens.rotate(call, held, successor, grace_seconds=0)
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(TAKERS) as threads:
        outcomes = list(threads.map(take, range(TAKERS)))
    assert outcomes.count(None) == 1
    assert outcomes.count(RefreshTokenReused) == 1
    assert outcomes.count(RefreshTokenRevoked) == TAKERS - 2
    with pytest.raises(RefreshTokenRevoked):
        rotating.refresh(first)


def test_sign_out_and_refresh_at_the_same_moment_leave_nothing_usable(rotating: People) -> None:
    user = rotating.user()
    first = rotating.sign_in(user)
    together = threading.Barrier(2)

    def sign_out() -> None:
        call = rotating.call
        together.wait()
        refresh_tokens.sign_out_everywhere(call, user)

    def refresh() -> object:
        together.wait()
        try:
            return rotating.refresh(first)
        except RefreshTokenRevoked:
            return None

    with ThreadPoolExecutor(2) as threads:
        ending, refreshing = threads.submit(sign_out), threads.submit(refresh)
        ending.result()
        refreshed = refreshing.result()
    with pytest.raises(RefreshTokenRevoked):
        rotating.refresh(first)
    if refreshed is not None:
        with pytest.raises(RefreshTokenRevoked):
            rotating.refresh(refreshed)
