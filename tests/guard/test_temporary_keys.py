"""Temporary keys at a guard, with a real Poolgate: they work wherever access keys do, and end."""

from dataclasses import replace

import botocore.auth
import pytest
from kits.guarded_poolgate import Surroundings, refused
from kits.identity_chain import credentials_of, make_chain
from kits.keychain import allow, document, keys_of, make_role, trusting
from kits.oauth import claims_of

from poolgate.guard import CognitoIdentity, Forbidden, Roles
from poolgate.guard.callers import ADMIN_ROLE, USER_ROLE

TRUSTS = pytest.mark.parametrize("trust", ["derived-key", "server"])


@pytest.fixture
def around(poolgate):
    return Surroundings(poolgate)


@pytest.fixture
def sessions(around):
    """Make sessions of a role that may invoke everything."""
    ada = around.iam_user("ada", ["sts:AssumeRole"])
    sts = around.poolgate.client("sts", credentials=ada)
    role_arn = make_role(
        around.iam,
        "deployer",
        trusting({"AWS": around.poolgate.account_id}),
        allow("execute-api:Invoke"),
    )

    def make(**members):
        return keys_of(sts.assume_role(RoleArn=role_arn, RoleSessionName="run", **members))

    return make


@TRUSTS
def test_a_role_session_is_told_by_its_arn(around, sessions, trust):
    guard = around.guard(around.signed(invoke_arn=around.invoke_arn, trust=trust))
    caller = guard.authenticate(around.sign(sessions()))
    account = around.poolgate.account_id
    assert caller.id == f"arn:aws:sts::{account}:assumed-role/deployer/run"
    assert caller.principal.principal_arn == f"arn:aws:iam::{account}:role/deployer"


@TRUSTS
def test_keys_count_with_their_own_session_token_only(around, sessions, trust):
    guard = around.guard(around.signed(trust=trust))
    first, second = sessions(), sessions()
    good = around.sign(first)
    guard.authenticate(good)
    for wrong in (
        replace(first, session_token=second.session_token),
        replace(first, session_token=None),
        replace(first, session_token="x" * 128),
    ):
        assert refused(guard, around.sign(wrong)).code == "access_key_unknown"
    swapped = replace(first, secret_access_key=second.secret_access_key)
    assert refused(guard, around.sign(swapped)).code == "signature_invalid"
    guard.authenticate(good)


@TRUSTS
def test_session_policies_and_boundaries_are_heard(around, sessions, trust):
    guard = around.guard(around.signed(invoke_arn=around.invoke_arn, trust=trust))
    only_leases = document(allow("execute-api:Invoke", f"{around.invoke_arn}/GET/leases"))
    narrowed = sessions(Policy=only_leases)
    guard.authenticate(around.sign(narrowed))
    refusal = refused(guard, around.sign(narrowed, target="/accounts"), Forbidden)
    assert refusal.message.endswith(
        "because no session policy allows the execute-api:Invoke action"
    )
    boundary = around.iam.create_policy(PolicyName="limit", PolicyDocument=only_leases)
    around.iam.put_role_permissions_boundary(
        RoleName="deployer", PermissionsBoundary=boundary["Policy"]["Arn"]
    )
    bounded = sessions()
    guard.authenticate(around.sign(bounded))
    refusal = refused(guard, around.sign(bounded, target="/accounts"), Forbidden)
    assert refusal.message.endswith(
        "because no permissions boundary allows the execute-api:Invoke action"
    )


@TRUSTS
def test_an_expired_session_stops_at_once(around, sessions, trust, monkeypatch):
    def server_time(*, remove_tzinfo=True):
        now = around.poolgate.clock.now()
        return now.replace(tzinfo=None) if remove_tzinfo else now

    # botocore signs at the machine's time; here it has to be the server's, which moves.
    monkeypatch.setattr(botocore.auth, "get_current_datetime", server_time)
    guard = around.guard(around.signed(trust=trust))
    keys = sessions(DurationSeconds=900)
    around.poolgate.clock.advance(890)
    guard.authenticate(around.sign(keys))
    around.poolgate.clock.advance(10)
    for _ in range(2):
        refusal = refused(guard, around.sign(keys))
        assert refusal.code == "access_key_unknown"
        assert refusal.facts["fault"] == "ExpiredToken"
        assert refusal.message == "The security token included in the request is expired"


@TRUSTS
def test_a_revoked_session_stops_within_the_bound(around, sessions, trust):
    guard = around.guard(around.signed(trust=trust, skew_seconds=900))
    sent = around.sign(sessions())
    guard.authenticate(sent)
    around.iam.delete_role_policy(RoleName="deployer", PolicyName="granted")
    around.iam.delete_role(RoleName="deployer")
    around.poolgate.clock.advance(61)
    assert refused(guard, sent).code == "access_key_unknown"


def test_a_pools_user_is_no_administrator_whatever_the_session_is_called(poolgate, around):
    chain = make_chain(poolgate, around.iam, AllowClassicFlow=True)
    role_arn = chain.role("member", allow("execute-api:Invoke"))
    chain.set_roles({"authenticated": role_arn})
    id_token = chain.id_token("bob")
    enhanced = credentials_of(chain.keys(id_token))
    token = chain.identity.get_open_id_token(
        IdentityId=chain.identity_of(id_token), Logins=chain.logins(id_token)
    )["Token"]
    named_by_the_caller = keys_of(
        poolgate.client("sts").assume_role_with_web_identity(
            RoleArn=role_arn, RoleSessionName="operator", WebIdentityToken=token
        )
    )
    guard = around.guard(around.signed(), roles=Roles(admin_principals=["*"]))
    for keys in (enhanced, named_by_the_caller):
        caller = guard.authenticate(around.sign(keys))
        assert caller.roles == {USER_ROLE}
    operator = around.iam_user("operator")
    assert guard.authenticate(around.sign(operator)).roles == {ADMIN_ROLE}


@TRUSTS
def test_whom_an_identity_pool_gave_the_keys(poolgate, around, sessions, trust):
    chain = make_chain(poolgate, around.iam)
    chain.set_roles({"authenticated": chain.role("member", allow("sts:AssumeRole"))})
    id_token = chain.id_token("bob")
    keys = credentials_of(chain.keys(id_token))
    guard = around.guard(around.signed(trust=trust))
    identity = guard.authenticate(around.sign(keys)).cognito_identity
    assert identity.identity_pool_id == chain.pool_id
    assert identity.identity_id == chain.identity_of(id_token)
    assert identity.is_authenticated
    assert identity.sub_at(chain.provider) == claims_of(id_token)["sub"]
    assert identity.sub_at(chain.provider[:-1]) is None
    # A role that these keys assume in turn speaks for the role alone, and so do other keys.
    trusted = trusting({"AWS": around.poolgate.account_id})
    further = make_role(around.iam, "further", trusted, allow("execute-api:Invoke"))
    assumed = keys_of(
        poolgate.client("sts", credentials=keys).assume_role(RoleArn=further, RoleSessionName="run")
    )
    for other in (assumed, sessions(), around.iam_user("operator")):
        assert guard.authenticate(around.sign(other)).cognito_identity is None


def test_a_guest_is_nobody_of_a_user_pool(poolgate, around):
    chain = make_chain(poolgate, around.iam, guests=True)
    chain.set_roles({"unauthenticated": chain.role("guest", kind="unauthenticated")})
    guest = chain.identity.get_id(IdentityPoolId=chain.pool_id)["IdentityId"]
    keys = credentials_of(chain.identity.get_credentials_for_identity(IdentityId=guest))
    identity = around.guard(around.signed()).authenticate(around.sign(keys)).cognito_identity
    assert (identity.identity_id, identity.is_authenticated) == (guest, False)
    assert identity.sub_at(chain.provider) is None


def test_two_users_of_one_pool_are_nobody_in_particular():
    provider = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
    logins = (provider, f"{provider}:CognitoSignIn:one", f"{provider}:CognitoSignIn:two")
    assert (
        CognitoIdentity("i", "p", is_authenticated=True, logins=logins[:2]).sub_at(provider)
        == "one"
    )
    assert CognitoIdentity("i", "p", is_authenticated=True, logins=logins).sub_at(provider) is None
