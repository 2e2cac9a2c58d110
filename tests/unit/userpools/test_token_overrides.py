import pytest

from poolgate.userpools.token_overrides import (
    Changes,
    GroupOverride,
    Overrides,
    overridden_access_claims,
    overridden_id_claims,
)

ID = {
    "sub": "s",
    "aud": "app",
    "iss": "i",
    "token_use": "id",
    "cognito:username": "alice",
    "cognito:groups": ["a", "b"],
    "cognito:roles": ["r"],
    "cognito:preferred_role": "r",
    "email": "alice@example.com",
    "email_verified": True,
    "exp": 2,
}
ACCESS = {
    "sub": "s",
    "client_id": "app",
    "token_use": "access",
    "scope": "one two",
    "cognito:groups": ["a", "b"],
    "username": "alice",
    "exp": 2,
}
PROTECTED = [
    "sub", "aud", "iss", "token_use", "cognito:username", "cognito:anything", "exp", "iat",
    "auth_time", "jti", "origin_jti", "event_id", "nbf", "nonce", "azp", "at_hash", "acr", "amr",
    "identities", "version", "device_key", "client_id", "username", "scope",
]  # fmt: skip


def of_id(claims=ID, groups=None, **changes):
    return overridden_id_claims(
        claims, Overrides(id_token=Changes(**{"added": {}, **changes}), groups=groups)
    )


def of_access(claims=ACCESS, groups=None, **changes):
    return overridden_access_claims(
        claims, Overrides(access_token=Changes(**{"added": {}, **changes}), groups=groups)
    )


def test_nothing_said_changes_nothing():
    assert of_id() == ID
    assert of_access() == ACCESS


def test_claims_are_added_and_replaced_with_any_value():
    added = {"tenant": {"id": 7, "tags": ["x", True]}, "email": "other@example.com"}
    assert of_id(added=added) == ID | added
    assert of_access(added={"tenant": "t"}) == ACCESS | {"tenant": "t"}


def test_suppressing_wins_over_adding():
    changed = of_id(added={"email": "x", "new": "y"}, suppressed=frozenset({"email", "new"}))
    assert changed == {name: value for name, value in ID.items() if name != "email"}


@pytest.mark.parametrize("name", PROTECTED)
def test_protected_claims_never_change(name):
    for of, claims in ((of_id, ID), (of_access, ACCESS)):
        assert of(added={name: "mine"}) == claims
        if name != "aud":
            assert of(suppressed=frozenset({name})) == claims


def test_null_and_dev_claims_are_not_added():
    assert of_id(added={"tenant": None, "dev:x": "y"}) == ID


@pytest.mark.parametrize(
    "name", ["phone_number_verified", "email_verified", "updated_at", "address"]
)
def test_some_claims_of_the_id_token_are_text_only(name):
    assert of_id(added={name: {"a": 1}}) == ID
    assert of_id(added={name: "text"})[name] == "text"
    assert of_access(added={name: {"a": 1}})[name] == {"a": 1}


def test_suppressed_groups_take_the_roles_with_them():
    changed = of_id(suppressed=frozenset({"cognito:groups"}))
    assert not [name for name in changed if name in {"cognito:groups", "cognito:roles"}]
    assert "cognito:preferred_role" not in changed
    assert "cognito:groups" not in of_access(suppressed=frozenset({"cognito:groups"}))


def test_groups_are_replaced_in_both_tokens_and_roles_in_one():
    groups = GroupOverride(("x",), ("role",), "role")
    changed = of_id(groups=groups)
    assert (changed["cognito:groups"], changed["cognito:roles"]) == (["x"], ["role"])
    assert changed["cognito:preferred_role"] == "role"
    access = of_access(groups=groups)
    assert access == ACCESS | {"cognito:groups": ["x"]}


def test_empty_group_override_removes_the_claims():
    assert not {"cognito:groups", "cognito:roles", "cognito:preferred_role"} & set(
        of_id(groups=GroupOverride())
    )
    assert "cognito:groups" not in of_access(groups=GroupOverride())


def test_access_token_is_bound_to_its_own_client_only():
    assert of_access(added={"aud": "app"})["aud"] == "app"
    assert "aud" not in of_access(added={"aud": "another"})


def test_scopes_are_added_and_suppressed():
    changed = of_access(added_scopes=("three", "one"), suppressed_scopes=frozenset({"two"}))
    assert changed["scope"] == "one three"
    suppressed = frozenset({"one", "two", "three"})
    assert of_access(added_scopes=("three",), suppressed_scopes=suppressed)["scope"] == ""
