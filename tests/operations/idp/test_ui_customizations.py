"""The looks of the classic login pages: CSS, a logo that is served, one client or all."""

from typing import Any

import pytest
from kits.images import JPEG, PNG
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
CSS = (
    ".label-customizable { font-weight: 400; }\n.banner-customizable,.logo-customizable{color:#fff}"
)


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    cognito.create_user_pool_domain(UserPoolId=made, Domain="my-app")
    return made


def new_client(cognito: Any, pool_id: str) -> str:
    asked = {"UserPoolId": pool_id, "ClientName": "app"}
    made: str = cognito.create_user_pool_client(**asked)["UserPoolClient"]["ClientId"]
    return made


def put(cognito: Any, pool_id: str, **members: Any) -> Any:
    return cognito.set_ui_customization(UserPoolId=pool_id, **members)["UICustomization"]


def shown(cognito: Any, pool_id: str, **members: Any) -> Any:
    return cognito.get_ui_customization(UserPoolId=pool_id, **members)["UICustomization"]


@pytest.mark.documented("API_GetUICustomization", "Returns an empty object if you haven't")
def test_nothing_is_set_at_first(cognito: Any, pool_id: str) -> None:
    assert shown(cognito, pool_id) == {}
    assert shown(cognito, pool_id, ClientId=new_client(cognito, pool_id)) == {}


@pytest.mark.documented("UICustomizationType", "CSS, CSSVersion, ImageUrl")
def test_what_was_set_is_shown(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    made = put(cognito, pool_id, CSS=CSS, ImageFile=PNG)
    assert (made["UserPoolId"], made["ClientId"], made["CSS"]) == (pool_id, "ALL", CSS)
    assert made["CSSVersion"] == poolgate.clock.now().strftime("%Y%m%d%H%M%S")
    assert made["ImageUrl"].startswith(f"{poolgate.url}/images/{pool_id}/ALL/")
    assert shown(cognito, pool_id) == made
    poolgate.clock.advance(5)
    again = put(cognito, pool_id, ClientId="ALL", CSS=CSS, ImageFile=PNG)
    assert again["CreationDate"] == made["CreationDate"] < again["LastModifiedDate"]
    assert again["ImageUrl"] == made["ImageUrl"]
    assert again["CSSVersion"] != made["CSSVersion"]


@pytest.mark.documented("API_GetUICustomization", "pool-level ... if no app client branding")
def test_a_client_has_its_own_looks_or_those_of_all(cognito: Any, pool_id: str) -> None:
    one, other = new_client(cognito, pool_id), new_client(cognito, pool_id)
    of_all = put(cognito, pool_id, CSS=CSS)
    assert shown(cognito, pool_id, ClientId=one) == of_all
    own = put(cognito, pool_id, ClientId=one, ImageFile=PNG)
    assert own["ClientId"] == one
    assert "CSS" not in own
    assert shown(cognito, pool_id, ClientId=one) == own
    assert shown(cognito, pool_id, ClientId=other) == of_all == shown(cognito, pool_id)


@pytest.mark.documented("UICustomizationType ImageUrl", "hosted logo image")
@pytest.mark.parametrize(("image", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_the_logo_is_served(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str, image: bytes, media_type: str
) -> None:
    url = put(cognito, pool_id, ImageFile=image)["ImageUrl"]
    assert url.startswith(poolgate.url)
    path = url.removeprefix(poolgate.url)
    answer = poolgate.send("GET", path)
    assert (answer.status, answer.body) == (200, image)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert poolgate.send("GET", path.replace("/ALL/", "/other/")).status == 404
    assert poolgate.send("GET", path + ".png").status == 404
    cognito.set_ui_customization(UserPoolId=pool_id)
    assert poolgate.send("GET", path).status == 404


@pytest.mark.assumed("CSS and logo are set together")
def test_what_is_left_out_goes(cognito: Any, pool_id: str) -> None:
    put(cognito, pool_id, CSS=CSS, ImageFile=PNG)
    assert "ImageUrl" not in put(cognito, pool_id, CSS=CSS)
    assert put(cognito, pool_id) == {"UserPoolId": pool_id, "ClientId": "ALL"}
    assert shown(cognito, pool_id) == {}


@pytest.mark.documented("anomalyco/guide issue 133", "as AWS answered")
def test_a_domain_is_needed(cognito: Any, pool_id: str) -> None:
    cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain="my-app")
    code, message = refusal(cognito.set_ui_customization, UserPoolId=pool_id, CSS=CSS)
    assert code == INVALID
    assert message == (
        "Cannot perform specific action because there does not exist a valid use pool domain "
        "associated with the user pool"
    )


@pytest.mark.documented("API_DeleteUserPoolClient", "deletes a user pool app client")
def test_looks_go_with_their_client(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    client_id = new_client(cognito, pool_id)
    url = put(cognito, pool_id, ClientId=client_id, ImageFile=PNG)["ImageUrl"]
    cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    assert poolgate.send("GET", url.removeprefix(poolgate.url)).status == 404


@pytest.mark.documented("Customizing hosted UI (classic) branding", "CSS class names")
@pytest.mark.parametrize(
    "css",
    [
        "",
        "/* nothing */",
        ".submitButton-customizable:hover { color: #ffffff; background-color: #286090; }",
        ".inputField-customizable:focus{border-color:#66afe9;outline:0;}",
        ".passwordCheck-notValid-customizable { color: rgb(1, 2, 3) }",
        ".logo-customizable { max-width: 100%; /* a, b; { } */ max-height: 30% }",
        ".background-customizable { background: url(https://example.com/a.png) }",
    ],
)
def test_css_of_known_classes_is_taken(cognito: Any, pool_id: str, css: str) -> None:
    assert put(cognito, pool_id, CSS=css, ImageFile=PNG).get("CSS", "") == css


@pytest.mark.assumed("texts for looks that cannot be")
@pytest.mark.parametrize(
    "css",
    [
        ".other { color: red }",
        "body { color: red }",
        ".logo-customizable:hover { color: red }",
        ".logo-customizable .label-customizable { color: red }",
        ".logo-customizable, * { color: red }",
        "@import url(https://example.com/x.css);",
        "@media print { .logo-customizable { color: red } }",
        ".logo-customizable { color: red",
        ".logo-customizable color: red }",
        ".logo-customizable { color }",
        ".logo-customizable { color: }",
        ".logo-customizable { .label-customizable { color: red } }",
        ".logo-customizable { background: url(javascript:alert(1)) }",
        ".logo-customizable { background: java/**/script:alert(1) }",
        ".logo-customizable { width: expression (alert(1)) }",
        ".logo-customizable { color: red } </style><script>alert(1)</script>",
        r".logo-customizable { color: \65xpression(1) }",
        "/* unclosed",
        "a" * 131_072,
        "/*" * 65_536,
        " " * 131_000 + "x",
    ],
)
def test_other_css_is_refused(cognito: Any, pool_id: str, css: str) -> None:
    code, message = refusal(cognito.set_ui_customization, UserPoolId=pool_id, CSS=css)
    assert (code, message[:21]) == (INVALID, "CSS must not contain ")
    assert len(message) < 100


@pytest.mark.assumed("texts for looks that cannot be")
@pytest.mark.parametrize(
    "image",
    [b"GIF89a" + bytes(20), b"<svg/>", b"text", PNG + bytes(100 * 1024), b"\x00\x00\x01\x00"],
)
def test_other_logos_are_refused(cognito: Any, pool_id: str, image: bytes) -> None:
    told = refusal(cognito.set_ui_customization, UserPoolId=pool_id, ImageFile=image)
    assert told == (INVALID, "ImageFile must be a PNG or JPEG image of at most 100 KB.")


@pytest.mark.documented("Customizing hosted UI (classic) branding", "must not exceed 135 KB")
def test_css_and_logo_share_their_room(cognito: Any, pool_id: str) -> None:
    large = {"ImageFile": PNG + bytes(99 * 1024), "CSS": f"/*{'x' * 4096}*/"}
    told = refusal(cognito.set_ui_customization, UserPoolId=pool_id, **large)
    assert told == (INVALID, "CSS and ImageFile must not be larger than 135 KB together.")


@pytest.mark.model("declared errors: ResourceNotFoundException")
def test_unknown_pools_and_clients_are_not_found(cognito: Any, pool_id: str) -> None:
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    foreign = new_client(cognito, other)
    for members in (
        {"UserPoolId": "us-east-1_Missing00"},
        {"UserPoolId": pool_id, "ClientId": "missing"},
        {"UserPoolId": pool_id, "ClientId": foreign},
    ):
        assert refusal_code(cognito.get_ui_customization, **members) == NOT_FOUND
        assert refusal_code(cognito.set_ui_customization, **members, CSS=CSS) == NOT_FOUND
