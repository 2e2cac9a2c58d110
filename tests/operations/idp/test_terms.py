"""Terms documents of app clients: links by language."""

from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
LINKS = {
    "cognito:german": "https://example.com/agb",
    "cognito:default": "https://example.com/terms",
}
USE, PRIVACY = "terms-of-use", "privacy-policy"
FIXED = {"TermsSource": "LINK", "Enforcement": "NONE"}


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


@pytest.fixture
def client_id(cognito: Any, pool_id: str) -> str:
    return new_client(cognito, pool_id)


def new_client(cognito: Any, pool_id: str) -> str:
    asked = {"UserPoolId": pool_id, "ClientName": "app"}
    made: str = cognito.create_user_pool_client(**asked)["UserPoolClient"]["ClientId"]
    return made


def make(cognito: Any, pool_id: str, client_id: str, name: str = USE, **members: Any) -> Any:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "TermsName": name}
    return cognito.create_terms(**{**asked, **FIXED, "Links": LINKS, **members})["Terms"]


def named(made: Any) -> dict[str, str]:
    return {"UserPoolId": made["UserPoolId"], "TermsId": made["TermsId"]}


@pytest.mark.documented("TermsType", "Links: a map of URLs to languages")
def test_terms_are_shown_as_they_were_made(cognito: Any, pool_id: str, client_id: str) -> None:
    made = make(cognito, pool_id, client_id)
    moments = {made["CreationDate"], made["LastModifiedDate"]}
    assert len(moments) == 1
    assert made == {
        "TermsId": made["TermsId"],
        "UserPoolId": pool_id,
        "ClientId": client_id,
        "TermsName": USE,
        **FIXED,
        "Links": LINKS,
        "CreationDate": made["CreationDate"],
        "LastModifiedDate": made["LastModifiedDate"],
    }
    assert cognito.describe_terms(**named(made))["Terms"] == made
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "TermsName": USE}
    assert cognito.describe_terms_by_client(**asked)["Terms"] == made


@pytest.mark.documented("API_UpdateTerms", "modifies existing terms documents")
def test_terms_are_changed(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str, client_id: str
) -> None:
    made = make(cognito, pool_id, client_id)
    poolgate.clock.advance(60)
    same = {name: made[name] for name in ("TermsName", "Links", *FIXED)}
    changed = cognito.update_terms(**named(made), **same)["Terms"]
    assert {**changed, "LastModifiedDate": 0} == {**made, "LastModifiedDate": 0}
    assert changed["LastModifiedDate"] > made["LastModifiedDate"]
    other = {"cognito:default": "https://example.com/other"}
    changed = cognito.update_terms(**named(made), Links=other)["Terms"]
    assert (changed["TermsName"], changed["Links"]) == (USE, other)
    changed = cognito.update_terms(**named(made), TermsName=PRIVACY)["Terms"]
    assert (changed["TermsName"], changed["Links"]) == (PRIVACY, other)
    assert cognito.describe_terms(**named(made))["Terms"] == changed


@pytest.mark.documented("userpools.md 15", "one document per type and client")
def test_an_app_client_has_one_document_of_each_name(
    cognito: Any, pool_id: str, client_id: str
) -> None:
    make(cognito, pool_id, client_id)
    privacy = make(cognito, pool_id, client_id, PRIVACY)
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "TermsName": USE, **FIXED}
    told = refusal_code(cognito.create_terms, **asked, Links=LINKS)
    assert told == "TermsExistsException"
    told = refusal_code(cognito.update_terms, **named(privacy), TermsName=USE)
    assert told == "TermsExistsException"
    make(cognito, pool_id, new_client(cognito, pool_id))


@pytest.mark.documented("API_DeleteTerms", "deletes the terms documents with the requested ID")
def test_terms_are_deleted(cognito: Any, pool_id: str, client_id: str) -> None:
    made = make(cognito, pool_id, client_id)
    cognito.delete_terms(**named(made))
    for operation in (cognito.describe_terms, cognito.update_terms, cognito.delete_terms):
        assert refusal_code(operation, **named(made)) == NOT_FOUND
    make(cognito, pool_id, client_id)
    cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    assert cognito.list_terms(UserPoolId=pool_id)["Terms"] == []


@pytest.mark.model("ListTermsRequest")
def test_listing_pages_through_all(cognito: Any, pool_id: str, client_id: str) -> None:
    made = [make(cognito, pool_id, client_id, name) for name in (USE, PRIVACY)]
    made.append(make(cognito, pool_id, new_client(cognito, pool_id)))
    first = cognito.list_terms(UserPoolId=pool_id, MaxResults=2)
    rest = cognito.list_terms(UserPoolId=pool_id, NextToken=first["NextToken"])
    listed = first["Terms"] + rest["Terms"]
    members = ("TermsId", "TermsName", "Enforcement", "CreationDate", "LastModifiedDate")
    wanted = [{member: each[member] for member in members} for each in made]
    assert listed == sorted(wanted, key=lambda each: each["TermsId"])
    assert "NextToken" not in rest


@pytest.mark.assumed("texts for terms that cannot be")
@pytest.mark.parametrize(
    "links",
    [
        {"cognito:german": "https://example.com"},
        {"cognito:default": "javascript:alert(1)"},
        {"cognito:default": "https://"},
        {"cognito:default": "/terms"},
        None,
    ],
)
def test_links_that_cannot_be_are_refused(
    cognito: Any, pool_id: str, client_id: str, links: Any
) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "TermsName": USE, **FIXED}
    given = {} if links is None else {"Links": links}
    assert refusal_code(cognito.create_terms, **asked, **given) == INVALID
    if links is not None:
        made = make(cognito, pool_id, client_id)
        assert refusal_code(cognito.update_terms, **named(made), Links=links) == INVALID


@pytest.mark.model("TermsNameType, LanguageIdType, LinksType, enums")
@pytest.mark.parametrize(
    "members",
    [
        {"TermsName": "terms-of-use-2"},
        {"TermsSource": "TEXT"},
        {"Enforcement": "FULL"},
        {"Links": {}},
        {"Links": {"german": "https://example.com"}},
        {"Links": {"cognito:default": "https://example.com/a b"}},
    ],
)
def test_bad_input_is_refused_by_the_model(
    cognito: Any, pool_id: str, client_id: str, members: dict[str, Any]
) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "TermsName": USE, **FIXED}
    told = refusal_code(cognito.create_terms, **{**asked, "Links": LINKS, **members})
    assert told == INVALID


@pytest.mark.assumed("texts for terms that exist or do not")
def test_what_is_not_there_is_told(cognito: Any, pool_id: str, client_id: str) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "TermsName": USE}
    told = refusal(cognito.describe_terms_by_client, **asked)
    assert told == (NOT_FOUND, "Terms do not exist.")
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    made = make(cognito, pool_id, client_id)
    assert refusal_code(cognito.describe_terms, **{**named(made), "UserPoolId": other}) == NOT_FOUND
    for members in (
        {"UserPoolId": "us-east-1_Missing00", "ClientId": client_id},
        {"UserPoolId": other, "ClientId": client_id},
    ):
        asked = {**members, "TermsName": USE, **FIXED, "Links": LINKS}
        assert refusal_code(cognito.create_terms, **asked) == NOT_FOUND
    assert refusal_code(cognito.list_terms, UserPoolId="us-east-1_Missing00") == NOT_FOUND
