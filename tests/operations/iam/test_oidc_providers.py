import pytest

PRINT = "0" * 40


@pytest.mark.documented("API_CreateOpenIDConnectProvider", "Url, ClientIDList, ThumbprintList")
def test_a_provider_is_kept_and_shown_without_its_scheme(poolgate, iam):
    arn = iam.create_open_id_connect_provider(
        Url="https://idp.example/tenant",
        ClientIDList=["app"],
        ThumbprintList=[PRINT],
        Tags=[{"Key": "a", "Value": "b"}],
    )["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{poolgate.account_id}:oidc-provider/idp.example/tenant"
    got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert got["Url"] == "idp.example/tenant"
    assert (got["ClientIDList"], got["ThumbprintList"]) == (["app"], [PRINT])
    assert got["Tags"] == [{"Key": "a", "Value": "b"}]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]


@pytest.mark.documented("API_AddClientIDToOpenIDConnectProvider", "idempotent")
def test_audiences_and_thumbprints_change(iam, refused):
    arn = iam.create_open_id_connect_provider(Url="https://idp.example")["OpenIDConnectProviderArn"]
    named = {"OpenIDConnectProviderArn": arn}
    for client_id in ("app", "app", "other"):
        iam.add_client_id_to_open_id_connect_provider(**named, ClientID=client_id)
    iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="app")
    iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="missing")
    iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=[PRINT])
    iam.tag_open_id_connect_provider(**named, Tags=[{"Key": "a", "Value": "1"}])
    iam.untag_open_id_connect_provider(**named, TagKeys=["A"])
    assert iam.list_open_id_connect_provider_tags(**named)["Tags"] == []
    got = iam.get_open_id_connect_provider(**named)
    assert (got["ClientIDList"], got["ThumbprintList"]) == (["other"], [PRINT])
    iam.delete_open_id_connect_provider(**named)
    iam.delete_open_id_connect_provider(**named)
    refusal = refused(iam.get_open_id_connect_provider, **named)
    assert refusal["message"] == f"OpenIDConnect Provider not found for arn {arn}"


@pytest.mark.assumed("texts of OIDC providers that are refused")
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Url": "http://idp.example"}, "ValidationError"),
        ({"Url": "https://idp.example:8443"}, "ValidationError"),
        ({"Url": "https://idp.example/?tenant=1"}, "ValidationError"),
        ({"Url": "https://user@idp.example"}, "ValidationError"),
        ({"Url": "https://"}, "ValidationError"),
        ({"Url": "https://a.example", "ThumbprintList": [PRINT] * 6}, "InvalidInput"),
        (
            {"Url": "https://a.example", "ClientIDList": [str(n) for n in range(101)]},
            "LimitExceeded",
        ),
        ({"Url": "https://taken.example"}, "EntityAlreadyExists"),
    ],
)
def test_bad_providers_are_refused(iam, refused, members, code):
    iam.create_open_id_connect_provider(Url="https://taken.example")
    assert refused(iam.create_open_id_connect_provider, **members)["code"] == code
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
