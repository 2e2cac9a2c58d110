import pytest


@pytest.mark.documented("IAM console_account-alias", "a new alias overwrites the previous one")
def test_the_account_has_one_alias(iam):
    assert iam.list_account_aliases()["AccountAliases"] == []
    for alias in ("analytical", "engine-1"):
        iam.create_account_alias(AccountAlias=alias)
        answer = iam.list_account_aliases()
        assert (answer["AccountAliases"], answer["IsTruncated"]) == ([alias], False)
    iam.delete_account_alias(AccountAlias="engine-1")
    assert iam.list_account_aliases()["AccountAliases"] == []


@pytest.mark.assumed("texts of account aliases that are there or not")
def test_an_alias_is_not_made_or_taken_away_twice(iam, refused):
    iam.create_account_alias(AccountAlias="analytical")
    assert refused(iam.create_account_alias, AccountAlias="analytical") == {
        "code": "EntityAlreadyExists",
        "message": "The account alias analytical already exists.",
        "status": 409,
    }
    assert refused(iam.delete_account_alias, AccountAlias="other") == {
        "code": "NoSuchEntity",
        "message": "The account alias other cannot be found.",
        "status": 404,
    }


@pytest.mark.model("iam accountAliasType: pattern, min 3, max 63")
@pytest.mark.parametrize("alias", ["ab", "Upper", "-begins", "two--dashes", "a" * 64])
def test_aliases_are_short_plain_names(iam, refused, alias):
    assert refused(iam.create_account_alias, AccountAlias=alias)["code"] == "ValidationError"
