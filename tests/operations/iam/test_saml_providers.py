from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from kits.saml_idp import SamlIdp, idp_key, pem_of
from kits.takers import TOOK, at_once

METADATA = SamlIdp().metadata()
SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
WITH_TYPE = METADATA.replace("<md:Ent", "<!DOCTYPE a><md:Ent", 1)


def create(iam, name="Example", **members):
    return iam.create_saml_provider(**{"Name": name, "SAMLMetadataDocument": METADATA, **members})[
        "SAMLProviderArn"
    ]


@pytest.mark.documented("API_CreateSAMLProvider", "Response Elements")
def test_a_provider_is_kept_and_shown_with_its_document(poolgate, iam):
    made = iam.create_saml_provider(
        Name="Example",
        SAMLMetadataDocument=METADATA,
        Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
    )
    arn = made["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{poolgate.account_id}:saml-provider/Example"
    got = iam.get_saml_provider(SAMLProviderArn=arn)
    assert got["SAMLMetadataDocument"] == METADATA
    assert abs(got["CreateDate"] - poolgate.clock.now()) <= timedelta(seconds=1)
    assert {tag["Key"]: tag["Value"] for tag in got["Tags"]} == {"a": "1", "b": "2"}
    assert "PrivateKeyList" not in got
    assert "AssertionEncryptionMode" not in got
    (listed,) = iam.list_saml_providers()["SAMLProviderList"]
    assert listed["Arn"] == arn
    assert listed["ValidUntil"] == got["ValidUntil"]
    assert iam.get_account_summary()["SummaryMap"]["Providers"] == 1


@pytest.mark.assumed("how long a SAML provider without an end of its own is valid")
def test_the_metadata_says_how_long_it_is_valid(iam):
    arn = create(iam)
    created = iam.get_saml_provider(SAMLProviderArn=arn)
    assert created["ValidUntil"] - created["CreateDate"] == timedelta(days=36500)
    ends = METADATA.replace(" entityID=", ' validUntil="2030-01-02T03:04:05Z" entityID=')
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=ends)
    shown = iam.get_saml_provider(SAMLProviderArn=arn)["ValidUntil"]
    assert shown.isoformat() == "2030-01-02T03:04:05+00:00"


@pytest.mark.documented("API_UpdateSAMLProvider", "rotate private keys")
def test_private_keys_take_over_from_one_another(iam, refused):
    arn = create(iam, AssertionEncryptionMode="Required", AddPrivateKey=pem_of(idp_key(1)))
    named = {"SAMLProviderArn": arn}
    (first,) = iam.get_saml_provider(**named)["PrivateKeyList"]
    iam.update_saml_provider(**named, AddPrivateKey=pem_of(idp_key(2)))
    third = refused(iam.update_saml_provider, **named, AddPrivateKey=pem_of(idp_key(3)))
    assert third["code"] == "LimitExceeded"
    iam.update_saml_provider(**named, RemovePrivateKey=first["KeyId"])
    gone = refused(iam.update_saml_provider, **named, RemovePrivateKey=first["KeyId"])
    assert gone["code"] == "NoSuchEntity"
    (second,) = iam.get_saml_provider(**named)["PrivateKeyList"]
    last = refused(iam.update_saml_provider, **named, RemovePrivateKey=second["KeyId"])
    assert last["code"] == "InvalidInput"
    iam.update_saml_provider(
        **named, RemovePrivateKey=second["KeyId"], AssertionEncryptionMode="Allowed"
    )
    got = iam.get_saml_provider(**named)
    assert (got["AssertionEncryptionMode"], "PrivateKeyList" in got) == ("Allowed", False)


@pytest.mark.assumed("texts of SAML providers that are refused")
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"SAMLMetadataDocument": "<a>" + " " * 1000 + "</a>"}, "InvalidInput"),
        (
            {"SAMLMetadataDocument": WITH_TYPE},
            "InvalidInput",
        ),
        ({"SAMLMetadataDocument": "short"}, "ValidationError"),
        ({"Name": "no spaces"}, "ValidationError"),
        ({"AddPrivateKey": "no key"}, "InvalidInput"),
        ({"AddPrivateKey": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "InvalidInput"),
        ({"AddPrivateKey": pem_of(SHORT)}, "InvalidInput"),
        ({"AddPrivateKey": pem_of(idp_key(1), b"password")}, "InvalidInput"),
        ({"AssertionEncryptionMode": "Required"}, "InvalidInput"),
        ({"AssertionEncryptionMode": "Sometimes"}, "ValidationError"),
        ({"Name": "Taken"}, "EntityAlreadyExists"),
    ],
)
def test_bad_providers_are_refused(iam, refused, members, code):
    create(iam, "Taken")
    given = {"Name": "Example", "SAMLMetadataDocument": METADATA, **members}
    assert refused(iam.create_saml_provider, **given)["code"] == code
    assert len(iam.list_saml_providers()["SAMLProviderList"]) == 1


@pytest.mark.documented("API_DeleteSAMLProvider", "NoSuchEntity")
def test_a_deleted_provider_is_gone_with_its_keys(iam, refused):
    arn = create(iam, AddPrivateKey=pem_of(idp_key(1)))
    iam.delete_saml_provider(SAMLProviderArn=arn)
    for ask in (iam.delete_saml_provider, iam.get_saml_provider, iam.list_saml_provider_tags):
        assert refused(ask, SAMLProviderArn=arn)["code"] == "NoSuchEntity"
    create(iam)
    assert "PrivateKeyList" not in iam.get_saml_provider(SAMLProviderArn=arn)


@pytest.mark.documented("API_TagSAMLProvider", "overwritten with the new value")
def test_providers_are_tagged(iam, refused):
    named = {"SAMLProviderArn": create(iam, Tags=[{"Key": "a", "Value": "1"}])}
    iam.tag_saml_provider(**named, Tags=[{"Key": "A", "Value": "2"}, {"Key": "b", "Value": "3"}])
    page = iam.list_saml_provider_tags(**named, MaxItems=1)
    assert (page["Tags"], page["IsTruncated"]) == ([{"Key": "A", "Value": "2"}], True)
    iam.untag_saml_provider(**named, TagKeys=["B"])
    assert iam.list_saml_provider_tags(**named)["Tags"] == [{"Key": "A", "Value": "2"}]
    twice = [{"Key": "c", "Value": ""}, {"Key": "C", "Value": ""}]
    assert refused(iam.tag_saml_provider, **named, Tags=twice)["code"] == "InvalidInput"


@pytest.mark.documented("reference_iam-quotas", "SAML providers: 100")
def test_the_account_has_a_hundred_at_most(iam, refused):
    for number in range(100):
        create(iam, f"p{number}")
    given = {"Name": "p100", "SAMLMetadataDocument": METADATA}
    assert refused(iam.create_saml_provider, **given)["code"] == "LimitExceeded"


@pytest.mark.documented("API_CreateSAMLProvider", "EntityAlreadyExists")
def test_of_many_that_make_one_name_one_makes_it(poolgate):
    client = poolgate.client("iam")
    told = at_once(lambda _: create(client), takers=10)
    assert told == {
        TOOK: 1,
        "EntityAlreadyExists: Provider with name Example already exists.": 9,
    }
