import string

import pytest


@pytest.fixture
def several(secretsmanager):
    for name, described, tags in (
        ("app/DatabasePassword", "Main database of orders", [{"Key": "team", "Value": "blue"}]),
        ("app/api-token", "Token for the orders API", [{"Key": "Team", "Value": "red"}]),
        ("other", "", []),
    ):
        secretsmanager.create_secret(Name=name, SecretString=name, Description=described, Tags=tags)


def names(secretsmanager, *filters, **given):
    asked = [{"Key": key, "Values": list(values)} for key, *values in filters]
    listed = secretsmanager.list_secrets(SortBy="name", Filters=asked, **given)["SecretList"]
    return [entry["Name"] for entry in listed]


PASSWORD, TOKEN = "app/DatabasePassword", "app/api-token"


@pytest.mark.usefixtures("several")
@pytest.mark.documented("API_Filter, spec E3", "prefixes of names and tags, words of the others")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([("name", "app/")], [PASSWORD, TOKEN]),
        ([("name", "APP/")], []),
        ([("name", "database")], []),
        ([("name", "app/D", "oth")], [PASSWORD, "other"]),
        ([("name", "!app/")], ["other"]),
        ([("tag-key", "te")], [PASSWORD]),
        ([("tag-key", "te", "Te")], [PASSWORD, TOKEN]),
        ([("tag-value", "bl")], [PASSWORD]),
        ([("tag-value", "BL")], []),
        ([("description", "DATA")], [PASSWORD]),
        ([("description", "orders main")], [PASSWORD]),
        ([("description", "orders")], [PASSWORD, TOKEN]),
        ([("description", "atabase")], []),
        ([("all", "passw")], [PASSWORD]),
        ([("all", "red")], [TOKEN]),
        ([("all", "!orders")], ["other"]),
        ([("name", "app"), ("tag-value", "red")], [TOKEN]),
        ([("owning-service", "rds")], []),
        ([("primary-region", "!us-east-1")], [PASSWORD, TOKEN, "other"]),
    ],
)
def test_filters_say_which_secrets(secretsmanager, filters, found):
    assert sorted(names(secretsmanager, *filters)) == sorted(found)


@pytest.mark.usefixtures("several")
@pytest.mark.documented("API_ListSecrets", "order and pages")
def test_a_listing_is_ordered_and_paged(secretsmanager, refused):
    assert names(secretsmanager, SortOrder="desc") == ["other", TOKEN, PASSWORD]
    first = secretsmanager.list_secrets(SortBy="name", MaxResults=2)
    assert [entry["Name"] for entry in first["SecretList"]] == [PASSWORD, TOKEN]
    rest = secretsmanager.list_secrets(SortBy="name", NextToken=first["NextToken"])
    assert [entry["Name"] for entry in rest["SecretList"]] == ["other"]
    assert "NextToken" not in rest
    for other in ({"SortBy": "created-date"}, {"SortBy": "name", "SortOrder": "desc"}):
        refusal = refused(secretsmanager.list_secrets, NextToken=first["NextToken"], **other)
        assert refusal["code"] == "InvalidNextTokenException"


@pytest.mark.usefixtures("several")
@pytest.mark.assumed("texts of filters and passwords that cannot be")
def test_filters_have_a_key_and_values(secretsmanager, refused):
    for wrong, message in (
        ({"Values": ["x"]}, "Invalid filter key"),
        ({"Key": "description"}, "Invalid filter values for key: description"),
    ):
        refusal = refused(secretsmanager.list_secrets, Filters=[wrong])
        assert (refusal["code"], refusal["message"]) == ("InvalidParameterException", message)
    refusal = refused(secretsmanager.list_secrets, Filters=[{"Key": "colour", "Values": ["x"]}])
    assert refusal["code"] == "ValidationException"


@pytest.mark.usefixtures("several")
@pytest.mark.documented("API_BatchGetSecretValue", "errors stand beside the values")
def test_a_batch_tells_what_it_could_not_read(secretsmanager):
    secretsmanager.delete_secret(SecretId="other")
    answer = secretsmanager.batch_get_secret_value(SecretIdList=[TOKEN, "other", "unknown"])
    assert [entry["SecretString"] for entry in answer["SecretValues"]] == [TOKEN]
    errors = {entry["SecretId"]: entry["ErrorCode"] for entry in answer["Errors"]}
    assert errors == {"other": "InvalidRequestException", "unknown": "ResourceNotFoundException"}
    named = {"Filters": [{"Key": "name", "Values": ["app/"]}], "MaxResults": 1}
    first = secretsmanager.batch_get_secret_value(**named)
    rest = secretsmanager.batch_get_secret_value(**named, NextToken=first["NextToken"])
    values = first["SecretValues"] + rest["SecretValues"]
    assert {entry["Name"] for entry in values} == {PASSWORD, TOKEN}


@pytest.mark.assumed("texts of filters and passwords that cannot be")
@pytest.mark.parametrize(
    "request_members",
    [
        {},
        {"SecretIdList": ["x"], "Filters": [{"Key": "name", "Values": ["x"]}]},
        {"SecretIdList": ["x"], "MaxResults": 1},
    ],
)
def test_a_batch_is_of_names_or_of_filters(secretsmanager, refused, request_members):
    refusal = refused(secretsmanager.batch_get_secret_value, **request_members)
    assert refusal["code"] == "InvalidParameterException"


@pytest.mark.documented("API_GetRandomPassword", "kinds of characters")
def test_random_passwords_have_the_kinds_that_are_asked_for(secretsmanager, refused):
    def drawn(**asked):
        return secretsmanager.get_random_password(**asked)["RandomPassword"]

    for _ in range(20):
        shortest = drawn(PasswordLength=4)
        for kind in (
            string.ascii_lowercase,
            string.ascii_uppercase,
            string.digits,
            string.punctuation,
        ):
            assert set(shortest) & set(kind)
    assert len(drawn()) == 32
    assert len(drawn(PasswordLength=4096)) == 4096
    digits = drawn(ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True)
    assert digits.isdigit()
    assert not set(drawn(ExcludeCharacters="abc123")) & set("abc123")
    assert drawn() != drawn()
    for wrong in (
        {"PasswordLength": 3},
        {"ExcludeCharacters": string.digits},
        {
            "ExcludeLowercase": True,
            "ExcludeUppercase": True,
            "ExcludePunctuation": True,
            "ExcludeNumbers": True,
        },
    ):
        refusal = refused(secretsmanager.get_random_password, **wrong)
        assert refusal["code"] == "InvalidParameterException"
