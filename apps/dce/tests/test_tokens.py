"""Getting in by token, in front of a real Poolgate; the numbers are the checklist's."""

import pytest
from dce_api import METHODS, denial


def test_bearer_where_it_is_not_configured_is_incomplete(installation, tmp_path, jane):
    with installation.api(tmp_path) as api:
        reply = api.bearer(jane, "GET", "/leases")
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (
        403,
        "IncompleteSignatureException",
    )


def test_bad_token_is_refused(api, jane):
    for token in (jane[:-3] + "AAA", "nonsense", ""):
        reply = api.bearer(token, "GET", "/leases")
        assert reply.status in {401, 403}
        assert "error" not in reply.body
    reply = api.bearer(jane[:-3] + "AAA", "GET", "/leases")
    assert (reply.status, reply.body) == (401, {"message": "Unauthorized"})
    assert 'Bearer realm="api", error="invalid_token"' in reply.headers["www-authenticate"]


def test_access_token_is_not_an_id_token(api, pool):
    pool.user("joan")
    assert api.bearer(pool.sign_in("joan")["AccessToken"], "GET", "/leases").status == 401


@pytest.mark.parametrize(("method", "path"), METHODS[:5])
def test_d14_user_reaches_no_accounts(api, jane, method, path):
    reply = api.bearer(jane, method, path, {})
    assert (reply.status, reply.body) == (403, denial("jane", api, method, path))


def test_d13_d15_d16_d17_users_see_own_leases(api, operator, jane, june, add_ready_account):
    add_ready_account(api, "100000000001")
    add_ready_account(api, "100000000002")
    assert (api.bearer(jane, "GET", "/leases").status, api.bearer(jane, "GET", "/leases").body) == (
        200,
        [],
    )
    assert api.bearer(jane, "GET", "/usage").status == 200
    own = api.bearer(jane, "POST", "/leases", {"principalId": "jane"})
    other = api.bearer(june, "POST", "/leases", {"principalId": "june"})
    assert (own.status, other.status) == (201, 201)
    assert api.bearer(jane, "GET", "/leases?principalId=june").body == [own.body]
    everybody = api.signed(operator, "GET", "/leases?limit=1000").body
    assert own.body in everybody
    assert other.body in everybody
    path = f"/leases/{other.body['id']}"
    assert api.bearer(jane, "GET", path).status == 401
    assert api.bearer(jane, "DELETE", path).status == 401
    assert api.bearer(jane, "POST", f"{path}/auth").status == 404
    assert api.bearer(june, "POST", f"{path}/auth").status == 503
    for token, lease in ((jane, own.body), (june, other.body)):
        ended = api.bearer(token, "DELETE", f"/leases/{lease['id']}")
        assert (ended.status, ended.body["leaseStatusReason"]) == (200, "Destroyed")


@pytest.mark.parametrize(
    ("username", "roles", "groups", "is_admin"),
    [
        ("d5-admin", None, ("Admin",), True),
        ("d6-admins", None, ("Admins",), True),
        ("d7-contains", None, ("staff", "DCEAdmins"), True),
        ("lower-case", None, ("admins",), False),
        ("d8-role", "Admin", (), True),
        ("d9-list", "a, b , Admin ,c", (), True),
        ("d9-case", "admin,ADMIN", (), False),
        ("d10-comma", ",", (), False),
        ("d10-empty", "", (), False),
        ("d11-part", "SuperAdmin", (), False),
    ],
)
def test_who_is_an_admin(api, pool, username, roles, groups, *, is_admin):
    pool.user(username, roles=roles, groups=groups)
    token = pool.id_token(username)
    assert api.bearer(token, "GET", "/accounts").status == (200 if is_admin else 403)
    others = api.bearer(token, "DELETE", "/leases", {"accountId": "1", "principalId": "x"})
    assert others.status == (404 if is_admin else 401)


def test_d12_admin_name_moves_the_role(installation, pool, tmp_path):
    pool.user("ops", roles="Ops")
    pool.user("formerly", roles="Admin")
    settings = installation.bearer_settings()
    with installation.api(tmp_path, "--admin-name", "Ops", **settings) as api:
        assert api.bearer(pool.id_token("ops"), "GET", "/accounts").status == 200
        assert api.bearer(pool.id_token("formerly"), "GET", "/accounts").status == 403


def test_d36_group_counts_from_the_next_token(api, pool, server):
    pool.user("climber", groups=("Admins",))
    cognito = server.client("cognito-idp")
    assert api.bearer(pool.id_token("climber"), "GET", "/accounts").status == 200
    cognito.admin_remove_user_from_group(
        UserPoolId=pool.pool_id, Username="climber", GroupName="Admins"
    )
    assert api.bearer(pool.id_token("climber"), "GET", "/accounts").status == 403
