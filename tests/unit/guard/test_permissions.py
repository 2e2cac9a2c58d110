import asyncio
import inspect

import pytest

from poolgate.guard import Caller, Forbidden, GuardMisconfigured, Permission, require
from poolgate.guard.callers import ANONYMOUS, frozen_claims


def caller(**claims):
    groups = claims.get("cognito:groups", ())
    return Caller(
        kind="bearer",
        id="sub-1",
        username="alice",
        claims=frozen_claims({"sub": "sub-1"} | claims),
        groups=tuple(groups),
        scopes=frozenset(claims.get("scope", "").split()),
        roles=frozenset({"user"}),
    )


ALICE = caller(**{"cognito:groups": ["role1"], "roles": ["a", "b"], "level": 3, "admin": True})
ADMIN = Caller(kind="signed", id="arn:aws:iam::123456789012:root", roles=frozenset({"admin"}))


@pytest.mark.parametrize(
    ("written", "anonymous", "alice", "admin"),
    [
        ("anonymous", True, True, True),
        ("anon", True, True, True),
        ("authenticated", False, True, True),
        ("none", False, False, False),
        ({"callerWithCognitoGroup": "role1"}, False, True, False),
        ({"callerWithCognitoGroup": ["other", "role1"]}, False, True, False),
        ({"callerWithCognitoGroup": "role"}, False, False, False),
        ({"callerWithClaim": {"claim": "roles", "value": "a"}}, False, True, False),
        ({"callerWithClaim": {"claim": "roles", "value": ["x", "b"]}}, False, True, False),
        ({"callerWithClaim": {"claim": "level", "value": 3}}, False, True, False),
        ({"callerWithClaim": {"claim": "level", "value": "3"}}, False, False, False),
        ({"callerWithClaim": {"claim": "admin", "value": True}}, False, True, False),
        ({"callerWithClaim": {"claim": "admin", "value": 1}}, False, False, False),
        ({"callerWithClaim": {"claim": "missing", "value": "a"}}, False, False, False),
        ({"callerWithScope": "x"}, False, False, False),
        ({"withExpression": "'role1' in caller.claims['cognito:groups']"}, False, True, False),
        ({"withExpression": "caller.is_admin"}, False, False, True),
        ({"withExpression": "true"}, False, True, True),
        ({"withExpression": {"expression": "true", "anonymous": True}}, True, True, True),
        ({"withExpression": {"expression": "false", "anonymous": True}}, False, False, False),
        (
            {"withExpression": {"expression": "caller.kind == 'anonymous'", "anonymous": True}},
            True,
            False,
            False,
        ),
        ({"withExpression": "caller.id.startsWith('arn:')"}, False, False, True),
        ({"withExpression": "size(caller.claims) == 0"}, False, False, True),
        ({"withExpression": "caller.groups.exists(g, g.matches('^role'))"}, False, True, False),
    ],
)
def test_each_level_decides_as_written(written, anonymous, alice, admin):
    permission = Permission.parse(written)
    assert permission.allows(ANONYMOUS) is anonymous
    assert permission.allows(ALICE) is alice
    assert permission.allows(ADMIN) is admin


def test_all_scopes_are_needed():
    permission = Permission.parse({"callerWithScope": ["s/read", "s/write"]})
    assert permission.allows(caller(scope="s/write s/read openid"))
    assert not permission.allows(caller(scope="s/read"))
    assert not permission.allows(caller(scope="xs/read s/writes"))


@pytest.mark.parametrize(
    "expression",
    [
        "'role1' in caller.claims['missing']",
        "caller.claims['level']",
        "caller.claims['roles']",
        "caller.claims['missing']",
        "caller.claims.level / 0 == 1",
        "caller.claims['roles'] == 'a'",
        "caller.claims['level'] && true",
        "caller.claims['level'].startsWith('x')",
        "'admin'.matches(caller.claims['roles'])",
    ],
)
def test_an_error_or_anything_but_true_denies(expression):
    assert not Permission.with_expression(expression).allows(ALICE)


@pytest.mark.parametrize(
    "written",
    [
        "everybody",
        "",
        "withExpression",
        "callerWithClaim",
        {},
        {"callerWithClaim": {"claim": "a"}},
        {"callerWithClaim": {"claim": "a", "value": []}},
        {"callerWithClaim": {"claim": "", "value": "a"}},
        {"callerWithClaim": {"claim": "a", "value": {"x": 1}}},
        {"callerWithClaim": {"claim": "a", "value": "a", "extra": 1}},
        {"callerWithClaim": "a"},
        {"callerWithCognitoGroup": ""},
        {"callerWithCognitoGroup": []},
        {"callerWithCognitoGroup": [1]},
        {"callerWithScope": ""},
        {"withExpression": ""},
        {"withExpression": 7},
        {"withExpression": {"expression": "true", "anonymous": "yes"}},
        {"withExpression": {"anonymous": True}},
        {"withExpression": "caller.nope == 'x'"},
        {"withExpression": "caler.id == 'x'"},
        {"withExpression": "caller.id =="},
        {"withExpression": "1 + 1"},
        {"withExpression": "caller.id"},
        {"withExpression": "caller.id == 3"},
        {"withExpression": "this.owner == caller.id"},
        {"withExpression": "true || " * 1000 + "true"},
        {"authenticated": True, "none": True},
        {"unknown": 1},
        None,
        7,
        ["authenticated"],
    ],
)
def test_a_wrong_configuration_is_refused_when_it_is_read(written):
    with pytest.raises(GuardMisconfigured):
        Permission.parse(written)


def test_expressions_see_the_records_they_declare():
    owns = Permission.parse(
        {"withExpression": {"expression": "this.owner == caller.id", "records": ["this"]}}
    )
    assert owns.allows(ALICE, this={"owner": "sub-1"})
    assert not owns.allows(ALICE, this={"owner": "sub-2"})
    assert not owns.allows(ALICE, this={})
    assert not owns.allows(ALICE, this=None)
    for records in ({}, {"that": {}}, {"this": {}, "that": {}}):
        with pytest.raises(TypeError):
            owns.allows(ALICE, **records)
    for name in ("caller", "a-b", ""):
        with pytest.raises(GuardMisconfigured):
            Permission.with_expression("true", records=[name])


def test_a_caller_without_an_id_owns_nothing():
    owns = Permission.with_expression(
        "this.owner == caller.id", records=["this"], admits_anonymous=True
    )
    assert not owns.allows(ANONYMOUS, this={"owner": None})


@pytest.mark.parametrize(
    ("permission", "asking", "code"),
    [
        (Permission.authenticated(), ANONYMOUS, "anonymous_not_allowed"),
        (Permission.none(), ALICE, "permission_denied"),
        (Permission.with_group("x"), ALICE, "permission_denied"),
        (Permission.with_scope("x"), ALICE, "scope_missing"),
        (Permission.with_scope("x"), ADMIN, "scope_missing"),
    ],
)
def test_require_tells_the_reason(permission, asking, code):
    with pytest.raises(Forbidden) as caught:
        permission.require(asking)
    assert caught.value.code == code
    assert caught.value.status == 403


def test_a_decorated_function_only_runs_for_callers_that_may():
    ran = []

    @require(Permission.with_group("role1"))
    def delete_lease(lease_id, caller):
        """Delete it."""
        ran.append(lease_id)
        return caller.id

    assert delete_lease("1", ALICE) == "sub-1"
    assert delete_lease("2", caller=ALICE) == "sub-1"
    assert delete_lease.__doc__ == "Delete it."
    for asking in (ADMIN, ANONYMOUS):
        with pytest.raises(Forbidden):
            delete_lease("3", asking)
    with pytest.raises(TypeError):
        delete_lease("4", "alice")
    with pytest.raises(TypeError):
        delete_lease("5")
    assert ran == ["1", "2"]


def test_a_decorated_async_function_stays_one():
    @require(Permission.authenticated())
    async def read(caller):
        return caller.id

    assert inspect.iscoroutinefunction(read)
    assert asyncio.run(read(ALICE)) == "sub-1"
    with pytest.raises(Forbidden):
        asyncio.run(read(ANONYMOUS))


def test_a_function_without_a_caller_cannot_be_decorated():
    with pytest.raises(GuardMisconfigured):

        @require(Permission.authenticated())
        def nothing():
            pass
