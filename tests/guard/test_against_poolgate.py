"""The guard with a real Poolgate: real sign-ins, signatures made by botocore, real policies."""

from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from kits.guard_world import HOST, basic_header, request
from kits.guarded_poolgate import REGION, Surroundings, botocore_keys, refused
from kits.people import new_call
from kits.serving import PASSWORD, make_pool, make_user

from poolgate.guard import (
    Delegation,
    DependencyUnavailable,
    Forbidden,
    Permission,
    RevocationCheck,
    Roles,
)
from poolgate.testing.local import Credentials
from poolgate.userpools import signing_keys


@pytest.fixture
def around(poolgate):
    made = Surroundings(poolgate)
    made.person("alice")
    return made


def with_token(token):
    return request(("Authorization", f"Bearer {token}"), scheme="https")


def with_password(username, password=PASSWORD):
    return request(("Authorization", basic_header(username, password)), scheme="https")


def test_both_tokens_of_a_sign_in_are_told_apart(around):
    tokens = around.tokens()
    for use, good, bad in (
        ("access", "AccessToken", "IdToken"),
        ("id", "IdToken", "AccessToken"),
    ):
        guard = around.guard(around.bearer(token_use=use))
        caller = guard.authenticate(with_token(tokens[good]))
        assert caller.username == "alice"
        assert caller.claims["token_use"] == use
        assert refused(guard, with_token(tokens[bad])).code == "token_invalid"
    assert refused(guard, with_token(tokens["RefreshToken"])).code == "token_invalid"


def test_groups_make_administrators_and_permissions(around):
    around.idp.create_group(UserPoolId=around.pool.pool_id, GroupName="DCEAdmins")
    around.idp.admin_add_user_to_group(
        UserPoolId=around.pool.pool_id, Username="alice", GroupName="DCEAdmins"
    )
    guard = around.guard(around.bearer(), roles=Roles(admin_group_word="Admin"))
    caller = guard.authenticate(with_token(around.tokens()["AccessToken"]))
    assert caller.is_admin
    Permission.with_expression("'DCEAdmins' in caller.claims['cognito:groups']").require(caller)
    with pytest.raises(Forbidden):
        Permission.with_group("Admin").require(caller)


def test_an_expired_token_and_one_of_another_pool_or_client_are_refused(around):
    guard = around.guard(around.bearer())
    other = make_pool(around.idp, "others")
    make_user(around.idp, other, "alice")
    foreign = around.idp.initiate_auth(
        ClientId=other.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    assert refused(guard, with_token(foreign["AccessToken"])).code == "token_invalid"
    token = around.tokens()["AccessToken"]
    guard.authenticate(with_token(token))
    other_client = around.guard(around.bearer(client_ids=["anotherclient"]))
    assert refused(other_client, with_token(token)).code == "token_invalid"
    around.poolgate.clock.advance(3601)
    assert refused(guard, with_token(token)).code == "token_expired"


def test_a_signed_out_token_is_refused_within_the_bound(around):
    check = RevocationCheck(around.poolgate.url, bound_seconds=30)
    guard = around.guard(around.bearer(revocation=check))
    token = around.tokens()["AccessToken"]
    assert guard.authenticate(with_token(token)).username == "alice"
    around.idp.admin_user_global_sign_out(UserPoolId=around.pool.pool_id, Username="alice")
    around.poolgate.clock.advance(31)
    assert refused(guard, with_token(token)).code == "token_revoked"
    around.poolgate.clock.advance(1)
    assert guard.authenticate(with_token(around.tokens()["AccessToken"]))


def test_a_disabled_users_token_is_refused_within_the_bound(around):
    check = RevocationCheck(around.poolgate.url, bound_seconds=30)
    guard = around.guard(around.bearer(revocation=check))
    token = around.tokens()["AccessToken"]
    around.idp.admin_disable_user(UserPoolId=around.pool.pool_id, Username="alice")
    assert refused(guard, with_token(token)).code == "token_revoked"


def test_tokens_of_old_and_new_keys_are_accepted_while_the_pool_rotates(around):
    guard = around.guard(around.bearer())
    old = around.tokens()["AccessToken"]
    guard.authenticate(with_token(old))
    call = new_call(around.poolgate)
    signing_keys.rotate(call, around.pool.pool_id, published_ahead_seconds=600)
    around.poolgate.clock.advance(601)
    new = around.tokens()["AccessToken"]
    assert new.partition(".")[0] != old.partition(".")[0]
    assert guard.authenticate(with_token(new)).username == "alice"
    assert guard.authenticate(with_token(old)).username == "alice"
    assert around.guard(around.bearer()).authenticate(with_token(old)).username == "alice"


def test_basic_signs_in_with_the_id_tokens_claims(around):
    around.person("bob")
    around.idp.admin_set_user_password(
        UserPoolId=around.pool.pool_id, Username="bob", Password="Co:lon-Pass:1", Permanent=True
    )
    guard = around.guard(around.basic())
    caller = guard.authenticate(with_password("bob", "Co:lon-Pass:1"))
    assert (caller.kind, caller.username) == ("basic", "bob")
    assert caller.claims["token_use"] == "id"
    assert caller.claims["email"] == "bob@example.com"
    wrong = refused(guard, with_password("bob", "Co:lon-Pass:2"))
    unknown = refused(guard, with_password("nobody", "Co:lon-Pass:2"))
    assert wrong.code == "password_rejected"
    assert (wrong.code, wrong.message) == (unknown.code, unknown.message)


def test_basic_for_a_user_who_owes_a_new_password_names_the_challenge(around):
    around.person("newcomer", permanent=False)
    refusal = refused(around.guard(around.basic()), with_password("newcomer"))
    assert refusal.message == (
        "Authentication failed (reason: challenge was NEW_PASSWORD_REQUIRED)"
    )


def test_basic_by_a_client_with_a_secret(around):
    made = around.idp.create_user_pool_client(
        UserPoolId=around.pool.pool_id,
        ClientName="secretive",
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    settings = {"client_id": made["ClientId"], "client_secret": made["ClientSecret"]}
    guard = around.guard(around.basic(**settings))
    assert guard.authenticate(with_password("alice")).claims["aud"] == made["ClientId"]
    without = around.guard(around.basic(client_id=made["ClientId"]))
    assert refused(without, with_password("alice")).status == 401


def test_basic_by_a_client_without_the_flow_is_refused_and_bearer_still_works(around):
    made = around.idp.create_user_pool_client(
        UserPoolId=around.pool.pool_id,
        ClientName="srponly",
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    guard = around.guard(around.basic(client_id=made["ClientId"]), around.bearer())
    assert refused(guard, with_password("alice")).status == 401
    assert guard.authenticate(with_token(around.tokens()["AccessToken"])).kind == "bearer"


@pytest.mark.parametrize("name", ["\u00fcn\u00efc\u00f6de", "x" * 200, "a b", "\U0001f600", "%00"])
def test_hostile_names_by_basic_are_only_refused(around, name):
    assert refused(around.guard(around.basic()), with_password(name)).status == 401


def test_requests_signed_by_botocore_are_accepted(around):
    caller_key = around.iam_user("deployer")
    guard = around.guard(around.signed())
    for sent in (
        around.sign(caller_key),
        around.sign(caller_key, target="/a%20b/c?x=1&x=0&empty="),
        around.sign(caller_key, "POST", "/leases", b'{"a": 1}'),
    ):
        caller = guard.authenticate(sent)
        assert caller.id == around.arn("deployer")
        assert caller.username == "deployer"


def test_presigned_requests_by_botocore_are_accepted(around):
    caller_key = around.iam_user("deployer")
    aws_request = botocore.awsrequest.AWSRequest("GET", f"https://{HOST}/leases?x=1")
    signer = botocore.auth.SigV4QueryAuth(
        botocore_keys(caller_key), "execute-api", REGION, expires=60
    )
    signer.add_auth(aws_request)
    url = urlsplit(aws_request.url)
    sent = request(("Host", HOST), path=url.path, query=url.query, scheme="https")
    assert around.guard(around.signed()).authenticate(sent).id == around.arn("deployer")


@pytest.mark.parametrize("trust", ["derived-key", "server"])
def test_a_deactivated_key_stops_within_the_bound(around, trust):
    caller_key = around.iam_user("deployer")
    guard = around.guard(around.signed(trust=trust, skew_seconds=900))
    sent = around.sign(caller_key)
    guard.authenticate(sent)
    around.iam.update_access_key(
        UserName="deployer", AccessKeyId=caller_key.access_key_id, Status="Inactive"
    )
    around.poolgate.clock.advance(61)
    assert refused(guard, sent).code == "access_key_unknown"


@pytest.mark.parametrize("trust", ["derived-key", "server"])
def test_wrong_secrets_and_unknown_keys_are_refused(around, trust):
    caller_key = around.iam_user("deployer")
    guard = around.guard(around.signed(trust=trust))
    wrong = Credentials(caller_key.access_key_id, "x" * 40)
    assert refused(guard, around.sign(wrong)).code == "signature_invalid"
    unknown = Credentials("AKIAUNKNOWN000000000", caller_key.secret_access_key)
    assert refused(guard, around.sign(unknown)).code == "access_key_unknown"


@pytest.mark.parametrize("trust", ["derived-key", "server"])
def test_iam_policies_decide_what_may_be_invoked(around, trust):
    caller_key = around.iam_user(
        "deployer", ["execute-api:Invoke"], f"{around.invoke_arn}/GET/leases/*"
    )
    guard = around.guard(around.signed(invoke_arn=around.invoke_arn, base_path="/api", trust=trust))
    assert guard.authenticate(around.sign(caller_key, target="/api/leases/1"))
    refusal = refused(guard, around.sign(caller_key, target="/api/accounts"), Forbidden)
    assert refusal.message == (
        f"User: {around.arn('deployer')} is not authorized to perform: execute-api:Invoke on"
        f" resource: {around.invoke_arn}/GET/accounts because no identity-based policy allows the"
        " execute-api:Invoke action"
    )


def test_a_guard_that_may_not_ask_lets_nobody_in(around):
    caller_key = around.iam_user("deployer")
    around.iam.delete_user_policy(UserName="guard", PolicyName="granted")
    for trust in ("derived-key", "server"):
        guard = around.guard(around.signed(trust=trust))
        refusal = refused(guard, around.sign(caller_key), DependencyUnavailable)
        assert "AccessDenied" in refusal.private_detail
        assert "poolgate:" not in refusal.message


def test_a_guard_with_a_wrong_key_of_its_own_lets_nobody_in(around):
    caller_key = around.iam_user("deployer")
    for trust in ("derived-key", "server"):
        guard = around.guard(around.signed(trust=trust, secret_access_key="x" * 40))
        refused(guard, around.sign(caller_key), DependencyUnavailable)


def test_a_guard_of_one_service_gets_no_key_for_another(around):
    caller_key = around.iam_user("deployer")
    guard = around.guard(around.signed(service="otherservice"))
    other = around.sign(caller_key)
    assert refused(guard, other).code == "signature_invalid"


@pytest.mark.parametrize("trust", ["derived-key", "server"])
def test_a_service_acts_for_a_user(around, trust):
    service_key = around.iam_user("backend")
    guard = around.guard(
        around.bearer(),
        around.signed(principals=[], trust=trust, skew_seconds=900),
        delegation=Delegation(actors=[around.arn("backend")]),
    )
    token = around.tokens()["AccessToken"]
    sent = around.sign(service_key, **{"X-Subject-Token": token})
    caller = guard.authenticate(sent)
    assert (caller.kind, caller.username) == ("delegated", "alice")
    assert caller.actor.arn == around.arn("backend")
    assert refused(guard, around.sign(service_key), Forbidden).code == "principal_not_allowed"
    stranger = around.iam_user("stranger")
    unlisted = around.sign(stranger, **{"X-Subject-Token": token})
    assert refused(guard, unlisted, Forbidden).code == "actor_not_allowed"
    prefixed = around.sign(service_key, **{"X-Subject-Token": f"Bearer {token}"})
    assert refused(guard, prefixed).status == 401


def test_an_expired_subject_is_told_as_401(around):
    around.idp.update_user_pool_client(
        UserPoolId=around.pool.pool_id,
        ClientId=around.pool.client_id,
        AccessTokenValidity=5,
        TokenValidityUnits={"AccessToken": "minutes"},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    service_key = around.iam_user("backend")
    guard = around.guard(
        around.bearer(),
        around.signed(skew_seconds=900),
        delegation=Delegation(actors=[around.arn("backend")]),
    )
    sent = around.sign(service_key, **{"X-Subject-Token": around.tokens()["AccessToken"]})
    guard.authenticate(sent)
    around.poolgate.clock.advance(301)
    assert refused(guard, sent).code == "token_expired"


def test_nothing_of_a_caller_reaches_the_servers_log(around):
    caller_key = around.iam_user("deployer")
    guard = around.guard(around.basic(), around.signed(), around.bearer())
    sent = around.sign(caller_key)
    guard.authenticate(sent)
    guard.authenticate(with_password("alice"))
    logged = around.poolgate.log.getvalue()
    assert PASSWORD not in logged
    assert dict(sent.headers)["Authorization"].rpartition("=")[2] not in logged
