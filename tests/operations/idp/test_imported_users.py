from concurrent.futures import ThreadPoolExecutor

import pytest
from kits.cognito import WRONG, App, refused

from poolgate.foundation.ids import PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import pools, user_transfer
from poolgate.userpools.groups import GroupNotFound
from poolgate.userpools.user_records import UserRecord

USED_UP = "an imported hash is used up by the first password sign-in"
# The vector of RFC 7914 s11, as Werkzeug writes it.
HASH = (
    "pbkdf2:sha256:1$salt$55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
    "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
)
PASSWORD = "passwd"


def put(app: App, record: UserRecord) -> bool:
    call = app.poolgate.application.installation.new_call(request_id="import", source_address="")
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(app.pool_id))
    return user_transfer.put_record(call, pool, record)


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    made = App.of(poolgate)
    assert put(made, UserRecord(username="alice", password=HASH))
    return made


@pytest.mark.assumed(USED_UP)
def test_first_sign_ins_at_once_all_succeed(app: App) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: app.sign_in(password=PASSWORD), range(8)))
    assert all("AuthenticationResult" in answer for answer in answers)
    srp = app.srp(password=PASSWORD)
    assert "AuthenticationResult" in app.answer_srp(srp, app.begin_srp(srp))


@pytest.mark.assumed(USED_UP)
def test_srp_fails_before_the_first_sign_in_by_password(app: App) -> None:
    srp = app.srp(password=PASSWORD)
    begun = app.begin_srp(srp)
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    with refused(*WRONG):
        app.answer_srp(srp, begun)


@pytest.mark.assumed(USED_UP)
def test_refused_sign_ins_leave_the_hash_as_it_is(app: App) -> None:
    with refused(*WRONG):
        app.sign_in(password="wrong")
    app.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        app.sign_in(password=PASSWORD)
    app.cognito.admin_enable_user(UserPoolId=app.pool_id, Username="alice")
    srp = app.srp(password=PASSWORD)
    with refused(*WRONG):
        app.answer_srp(srp, app.begin_srp(srp))
    assert "AuthenticationResult" in app.sign_in(password=PASSWORD)


@pytest.mark.documented(
    "API_ChangePassword", "Changes the password for the currently signed-in user"
)
def test_imported_password_is_changed_like_any_other(app: App) -> None:
    app.cognito.change_password(
        AccessToken=app.access_token(password=PASSWORD),
        PreviousPassword=PASSWORD,
        ProposedPassword="Right-password-2",
    )
    with refused(*WRONG):
        app.sign_in(password=PASSWORD)
    assert "AuthenticationResult" in app.sign_in(password="Right-password-2")


@pytest.mark.documented("API_AdminGetUser", "UserStatus")
def test_record_that_does_not_fit_leaves_nothing(app: App) -> None:
    with pytest.raises(GroupNotFound):
        put(app, UserRecord(username="bob", groups=("nobody",)))
    with refused("UserNotFoundException", "User does not exist."):
        app.described("bob")
    assert not put(app, UserRecord(username="alice"))
