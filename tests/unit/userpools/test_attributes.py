"""Whether values fit a schema, and who may write them."""

from typing import Any

import pytest

from poolgate.foundation.ids import ClientId, PoolId, Region
from poolgate.userpools import attributes
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.schema import AttributeDefinition, schema_of_new_pool

DEFINITIONS = (
    AttributeDefinition(name="email", required=True, mutable=True),
    AttributeDefinition(name="family_name", required=True, mutable=True),
    AttributeDefinition(name="team", data_type="String", max_length="5", min_length="2"),
    AttributeDefinition(
        name="age", data_type="Number", mutable=True, min_value="0", max_value="150"
    ),
    AttributeDefinition(name="vip", data_type="Boolean", mutable=True),
    AttributeDefinition(name="since", data_type="DateTime", mutable=True),
    AttributeDefinition(name="inner", data_type="String", developer_only=True, mutable=True),
)
POOL = UserPool(
    pool_id=PoolId("us-east-1_a"),
    region=Region("us-east-1"),
    name="pool",
    created_at=0,
    modified_at=0,
    schema=schema_of_new_pool(DEFINITIONS),
)
COMPLETE = {"email": "ann@example.com", "family_name": "Ann"}


def client(**settings: Any) -> AppClient:
    return AppClient(
        client_id=ClientId("c"),
        pool_id=POOL.pool_id,
        name="app",
        created_at=0,
        modified_at=0,
        **settings,
    )


def test_a_complete_user_fits() -> None:
    attributes.verify_new(POOL, {**COMPLETE, "dev:custom:inner": "x"}, writer=None)
    attributes.verify_new(POOL, {**COMPLETE, "custom:team": "red"}, writer=client())


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (
            {**COMPLETE, "custom:role": "x"},
            "Type for attribute {custom:role} could not be determined",
        ),
        (
            {**COMPLETE, "custom:team": "x"},
            "custom:team: String must be at least 2 characters",
        ),
        (
            {**COMPLETE, "custom:team": "purple"},
            "custom:team: String must be no longer than 5 characters",
        ),
        ({**COMPLETE, "custom:age": "1.5"}, "custom:age: Number must be an integer"),
        ({**COMPLETE, "custom:age": "٣"}, "custom:age: Number must be an integer"),
        ({**COMPLETE, "custom:age": "151"}, "custom:age: Number must be no more than 150"),
        ({**COMPLETE, "updated_at": "-1"}, "updated_at: Number must be at least 0"),
        ({**COMPLETE, "custom:vip": "yes"}, "custom:vip: Boolean must be either true or false"),
        ({**COMPLETE, "custom:since": "now"}, "custom:since: DateTime must be in ISO 8601 format"),
        ({**COMPLETE, "name": "a\0b"}, "name: String must not contain the null character"),
    ],
)
def test_values_that_do_not_fit_are_told_together(given: dict[str, str], faults: str) -> None:
    with pytest.raises(attributes.SchemaMismatch) as caught:
        attributes.verify_new(POOL, given, writer=None)
    assert caught.value.facts["faults"] == faults


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        # The schema's order, whatever the definitions' order.
        ({}, "family_name: The attribute is required email: The attribute is required"),
        ({"email": "a@b.c", "family_name": ""}, "family_name: The attribute is required"),
    ],
)
def test_who_signs_up_gives_what_is_required(given: dict[str, str], faults: str) -> None:
    with pytest.raises(attributes.SchemaMismatch) as caught:
        attributes.verify_new(POOL, given, writer=client())
    assert caught.value.facts["faults"] == faults
    # The user of an administrator is asked for them at the first sign-in.
    attributes.verify_new(POOL, given, writer=None)


def test_users_hear_of_unknown_attributes_in_other_words() -> None:
    with pytest.raises(attributes.SchemaMismatch) as caught:
        attributes.verify_new(POOL, {**COMPLETE, "custom:x": "1"}, writer=client())
    assert caught.value.facts["faults"] == "custom:x: Attribute does not exist in the schema."


@pytest.mark.parametrize("value", ["True", "FALSE", "true"])
def test_truth_values_are_read_without_case(value: str) -> None:
    attributes.verify_changes(POOL, {"custom:vip": value}, writer=None)


@pytest.mark.parametrize(
    ("given", "failure"),
    [
        ({"email": "ann"}, attributes.EmailMalformed),
        ({"email": "ann@"}, attributes.EmailMalformed),
        ({"email": "a b@example.com"}, attributes.EmailMalformed),
        ({"email": "a@b@example.com"}, attributes.EmailMalformed),
        ({"email": "a@example..com"}, attributes.EmailMalformed),
        ({"phone_number": "15550001"}, attributes.PhoneNumberMalformed),
        ({"phone_number": "+1 555"}, attributes.PhoneNumberMalformed),
        ({"phone_number": "+"}, attributes.PhoneNumberMalformed),
        ({"phone_number": "+1\n"}, attributes.PhoneNumberMalformed),
        ({"birthdate": "2000-02-30"}, attributes.BirthdateMalformed),
        ({"birthdate": "2000-2-3"}, attributes.BirthdateMalformed),
        ({"birthdate": "2000-W01-1"}, attributes.BirthdateMalformed),
        ({"sub": "x"}, attributes.AttributeImmutable),
        ({"custom:team": "blue"}, attributes.AttributeImmutable),
        ({"email": ""}, attributes.AttributesNotRemovable),
    ],
)
def test_changes_are_checked_for_administrators_too(
    given: dict[str, str], failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        attributes.verify_changes(POOL, given, writer=None)


def test_good_addresses_pass() -> None:
    good = {
        "email": "ann+tag@sub.example.com",
        "phone_number": "+15550001",
        "birthdate": "2000-02-29",
    }
    attributes.verify_changes(POOL, good, writer=None)
    attributes.verify_changes(POOL, {"nickname": "", "custom:age": ""}, writer=None)


@pytest.mark.parametrize(
    "name",
    [
        "sub",
        "email_verified",
        "phone_number_verified",
        "identities",
        "cognito:x",
        "dev:custom:inner",
    ],
)
def test_users_never_write_what_is_the_servers(name: str) -> None:
    for writer in (client(), client(write_attributes=(name,))):
        assert not attributes.is_writable(writer, name)
        with pytest.raises(attributes.AttributeNotWritable):
            attributes.verify_changes(POOL, {name: "true"}, writer=writer)


def test_a_client_writes_what_it_lists() -> None:
    writer = client(write_attributes=("email", "family_name"))
    attributes.verify_changes(POOL, {"email": "a@b.c"}, writer=writer)
    with pytest.raises(attributes.AttributeNotWritable):
        attributes.verify_changes(POOL, {"email": "a@b.c", "nickname": "x"}, writer=writer)
    with pytest.raises(attributes.AttributeNotWritable):
        attributes.verify_removable(POOL, ["nickname"], writer=writer)


def test_a_client_reads_what_it_lists_and_nothing_of_the_developers() -> None:
    stored = {"email": "a@b.c", "custom:team": "red", "dev:custom:inner": "x"}
    assert attributes.readable(client(), stored) == {"email": "a@b.c", "custom:team": "red"}
    one = client(read_attributes=("email", "dev:custom:inner"))
    assert attributes.readable(one, stored) == {"email": "a@b.c"}


@pytest.mark.parametrize(
    ("names", "faults"),
    [
        (
            ["custom:foo", "bar"],
            (
                "user.custom:foo: Attribute does not exist in the schema.\n"
                "user.bar: Attribute does not exist in the schema.\n"
            ),
        ),
        (["family_name"], "family_name: Required attribute cannot be deleted."),
    ],
)
def test_what_cannot_be_removed_is_told(names: list[str], faults: str) -> None:
    with pytest.raises(attributes.AttributesNotRemovable) as caught:
        attributes.verify_removable(POOL, names, writer=client())
    assert caught.value.facts["faults"] == faults


def test_immutable_attributes_are_not_removed() -> None:
    with pytest.raises(attributes.AttributeImmutable):
        attributes.verify_removable(POOL, ["custom:team"], writer=None)
    attributes.verify_removable(POOL, ["nickname"], writer=client())


def test_missing_required_attributes_are_listed_in_the_schemas_order() -> None:
    assert attributes.missing_required(POOL, {}) == ("family_name", "email")
    assert attributes.missing_required(POOL, COMPLETE) == ()
