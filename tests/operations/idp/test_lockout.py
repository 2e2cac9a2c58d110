from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from kits.cognito import WRONG, App, refused

from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import Database
from poolgate.testing import LocalPoolgate
from poolgate.userpools import users
from poolgate.userpools.lockout import FailureCount, LockedOut, verify_open

LOCKED = ("NotAuthorizedException", "Password attempts exceeded")
BAD = "Wrong-password-1"


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def fail(app: App, times: int, name: str = "alice") -> None:
    for _ in range(times):
        with refused(*WRONG):
            app.sign_in(name, BAD)


@pytest.mark.documented("authentication", "Lockout behavior for failed sign-in attempts")
def test_five_failures_lock_and_each_further_one_doubles_the_lock(app: App) -> None:
    app.user()
    fail(app, 5)
    for seconds in (1, 2, 4, 8):
        with refused(*LOCKED):
            app.sign_in()
        with refused(*LOCKED):
            app.admin_sign_in(password=BAD)
        app.poolgate.clock.advance(seconds)
        fail(app, 1)
    app.poolgate.clock.advance(16)
    assert "AuthenticationResult" in app.sign_in()
    fail(app, 5)
    with refused(*LOCKED):
        app.sign_in()


@pytest.mark.documented("authentication", "attempts during the lock do not prolong it")
def test_attempts_during_the_lock_change_nothing(app: App) -> None:
    app.user()
    fail(app, 5)
    app.poolgate.clock.advance(1)
    fail(app, 1)
    for _ in range(3):
        with refused(*LOCKED):
            app.sign_in(password=BAD)
    app.poolgate.clock.advance(2)
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("authentication", "15 minutes without attempts reset the count")
def test_quiet_quarter_of_an_hour_forgets(app: App) -> None:
    app.user()
    fail(app, 4)
    app.poolgate.clock.advance(15 * 60)
    fail(app, 4)
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("security P7", "at most 100 failures, delays grow, under parallel attempts")
@pytest.mark.parametrize("hides", [False, True])
def test_of_fifty_parallel_guesses_five_are_answered(poolgate: LocalPoolgate, hides: bool) -> None:  # noqa: FBT001 - a parameter of the test
    app = App.of(poolgate, hides=hides)
    app.user()
    names = ("alice", "nobody") if hides else ("alice",)
    for name in names:
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(lambda _n, name=name: guess(app, name), range(50)))
        answered = outcomes.count(WRONG[1])
        # A guess that comes a whole second after the lock began is a fair new one.
        assert 5 <= answered <= 8
        assert outcomes.count(LOCKED[1]) == 50 - answered


def guess(app: App, name: str) -> str:
    try:
        app.sign_in(name, BAD)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return "tokens"


@pytest.mark.documented("security P7", "the right password is not evaluated during the lock")
def test_right_password_among_parallel_guesses_does_not_open_the_lock(app: App) -> None:
    app.user()
    fail(app, 5)
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda _n: guess_right(app), range(8)))
    assert outcomes[0] == LOCKED[1]


def guess_right(app: App) -> str:
    try:
        app.sign_in()
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return "tokens"


@pytest.mark.documented("security P7", "the lock survives a restart")
def test_lock_is_in_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'poolgate.db'}"
    with LocalPoolgate(database_url=url) as poolgate:
        app = App.of(poolgate)
        sub = Sub(app.user())
        fail(app, 5)
        now = epoch_millis(poolgate.clock.now())
    reopened = Database.open(url)
    with reopened.reading() as transaction:
        user = users.get_by_sub(transaction, PoolId(app.pool_id), sub)
    reopened.close()
    with pytest.raises(LockedOut):
        verify_open(FailureCount(user.failed_attempts, user.last_failure_at), now)


@pytest.mark.documented("managing-errors", "unknown users look like wrong passwords")
def test_unknown_names_lock_like_users_where_existence_is_hidden(
    poolgate: LocalPoolgate,
) -> None:
    app = App.of(poolgate, hides=True)
    fail(app, 5, "nobody")
    with refused(*LOCKED):
        app.sign_in("nobody", BAD)
    with refused(*LOCKED):
        app.begin_srp(app.srp("nobody"))
    app.poolgate.clock.advance(1)
    srp = app.srp("nobody")
    with refused(*WRONG):
        app.answer_srp(srp, app.begin_srp(srp))
    app.poolgate.clock.advance(1)
    with refused(*LOCKED):
        app.sign_in("nobody", BAD)
