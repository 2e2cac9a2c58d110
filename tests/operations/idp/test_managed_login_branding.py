"""The styles of managed login: settings, images, defaults, one style for each app client."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.images import HARMFUL_SVGS, IMAGES, PNG, SVG
from kits.people import new_call
from kits.refusals import refusal, refusal_code

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import managed_login_branding
from poolgate.userpools.managed_login_branding import BrandingExists, Style

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
SETTINGS = {
    "components": {
        "form": {"borderRadius": 4, "lightMode": {"backgroundColor": "eeeeeeff"}},
        "somethingNew": {"kept": [1, 2.5, None, "x"]},
    },
    "categories": {"global": {"colorSchemeMode": "DARK"}},
}
LOGO = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": PNG}
ICON = {
    "Category": "IDP_BUTTON_ICON",
    "ColorMode": "DYNAMIC",
    "Extension": "SVG",
    "Bytes": SVG,
    "ResourceId": "Partner",
}
DYNAMIC = {"ColorMode": "DYNAMIC", "Extension": "PNG"}


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


def make(cognito: Any, pool_id: str, client_id: str, **members: Any) -> Any:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, **members}
    return cognito.create_managed_login_branding(**asked)["ManagedLoginBranding"]


def named(style: Any) -> dict[str, str]:
    return {name: style[name] for name in ("UserPoolId", "ManagedLoginBrandingId")}


def change(cognito: Any, style: Any, **members: Any) -> Any:
    asked = {**named(style), **members}
    return cognito.update_managed_login_branding(**asked)["ManagedLoginBranding"]


def described(cognito: Any, style: Any, **members: Any) -> Any:
    asked = {**named(style), **members}
    return cognito.describe_managed_login_branding(**asked)["ManagedLoginBranding"]


@pytest.mark.documented("ManagedLoginBrandingType", "Settings, Assets")
def test_a_style_is_shown_as_it_was_made(cognito: Any, pool_id: str, client_id: str) -> None:
    made = make(cognito, pool_id, client_id, Settings=SETTINGS, Assets=[ICON, LOGO])
    assert made["UserPoolId"] == pool_id
    assert made["UseCognitoProvidedValues"] is False
    assert made["Settings"] == SETTINGS
    assert made["Assets"] == [LOGO, ICON]
    assert made["CreationDate"] == made["LastModifiedDate"]
    assert described(cognito, made) == made
    asked = {"UserPoolId": pool_id, "ClientId": client_id}
    answer = cognito.describe_managed_login_branding_by_client(**asked)
    assert answer["ManagedLoginBranding"] == made


@pytest.mark.documented("UseCognitoProvidedValues", "applies the default branding style options")
def test_a_style_may_be_the_defaults(cognito: Any, pool_id: str, client_id: str) -> None:
    made = make(cognito, pool_id, client_id, UseCognitoProvidedValues=True)
    assert made["UseCognitoProvidedValues"] is True
    assert "Settings" not in made
    assert made["Assets"] == []
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "ReturnMergedResources": True}
    answer = cognito.describe_managed_login_branding_by_client(**asked)
    assert set(answer["ManagedLoginBranding"]["Settings"]) == {
        "categories",
        "componentClasses",
        "components",
    }


@pytest.mark.documented("UseCognitoProvidedValues", "you must also omit values for Settings")
def test_defaults_and_values_exclude_each_other(cognito: Any, pool_id: str, client_id: str) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "UseCognitoProvidedValues": True}
    for members in ({"Settings": SETTINGS}, {"Settings": {}}, {"Assets": [LOGO]}):
        told = refusal_code(cognito.create_managed_login_branding, **asked, **members)
        assert told == INVALID
    made = make(cognito, pool_id, client_id, Settings=SETTINGS, Assets=[LOGO])
    asked = {**named(made), "UseCognitoProvidedValues": True}
    assert refusal_code(cognito.update_managed_login_branding, **asked, Settings={}) == INVALID
    reverted = change(cognito, made, UseCognitoProvidedValues=True)
    assert reverted["UseCognitoProvidedValues"] is True
    assert reverted["Assets"] == []
    assert "Settings" not in reverted
    assert change(cognito, made, Settings=SETTINGS)["UseCognitoProvidedValues"] is False


@pytest.mark.documented("ReturnMergedResources", "options that are unchanged from defaults")
def test_a_style_is_shown_together_with_the_defaults(
    cognito: Any, pool_id: str, client_id: str
) -> None:
    made = make(cognito, pool_id, client_id, Settings=SETTINGS)
    together = described(cognito, made, ReturnMergedResources=True)["Settings"]
    form = together["components"]["form"]
    assert form["borderRadius"] == 4
    assert form["lightMode"]["backgroundColor"] == "eeeeeeff"
    assert form["lightMode"]["borderColor"]
    assert together["components"]["somethingNew"] == SETTINGS["components"]["somethingNew"]
    assert together["categories"]["global"]["colorSchemeMode"] == "DARK"
    assert together["componentClasses"]["buttons"]["borderRadius"] == 8
    assert described(cognito, made)["Settings"] == SETTINGS


@pytest.mark.documented("API_UpdateManagedLoginBranding", "preserves existing style settings")
def test_a_style_is_changed_piece_by_piece(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str, client_id: str
) -> None:
    made = make(cognito, pool_id, client_id, Settings=SETTINGS, Assets=[LOGO])
    poolgate.clock.advance(60)
    more = {"components": {"form": {"borderRadius": 2}}, "componentClasses": {"buttons": {}}}
    changed = change(cognito, made, Settings=more)
    assert changed["Settings"]["components"]["form"] == {
        "borderRadius": 2,
        "lightMode": {"backgroundColor": "eeeeeeff"},
    }
    assert changed["Settings"]["categories"] == SETTINGS["categories"]
    assert changed["Assets"] == [LOGO]
    assert changed["LastModifiedDate"] > made["LastModifiedDate"]
    assert change(cognito, made, Assets=[ICON])["Assets"] == [LOGO, ICON]
    jpeg = {**LOGO, "Extension": "JPEG", "Bytes": IMAGES["JPEG"]}
    assert change(cognito, made, Assets=[jpeg])["Assets"] == [jpeg, ICON]


@pytest.mark.documented("API_UpdateManagedLoginBranding", "configures the branding settings")
def test_an_update_with_what_was_described_changes_nothing(
    cognito: Any, pool_id: str, client_id: str
) -> None:
    made = make(cognito, pool_id, client_id, Settings=SETTINGS, Assets=[LOGO, ICON])
    same = {name: made[name] for name in ("Settings", "Assets", "UseCognitoProvidedValues")}
    assert change(cognito, made, **same) == made
    other = make(cognito, pool_id, new_client(cognito, pool_id), UseCognitoProvidedValues=True)
    same = {name: other[name] for name in ("Assets", "UseCognitoProvidedValues")}
    assert change(cognito, other, **same) == other


@pytest.mark.assumed("texts for styles that cannot be")
@pytest.mark.parametrize(
    "settings",
    [
        "text",
        [],
        7,
        {"other": {}},
        {"components": []},
        {"components": {"form": {"borderRadius": "8"}}},
        {"categories": {"form": {"displayGraphics": "yes"}}},
        {"components": {"x": {"deep": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}}},
        {"components": {"large": "x" * 600_000}},
    ],
)
def test_settings_that_cannot_be_are_refused(
    cognito: Any, pool_id: str, client_id: str, settings: Any
) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "Settings": settings}
    assert refusal_code(cognito.create_managed_login_branding, **asked) == INVALID


@pytest.mark.documented("AssetType", "Category, ColorMode, Extension")
@pytest.mark.parametrize("extension", sorted(IMAGES))
def test_images_of_every_kind_are_taken(
    cognito: Any, pool_id: str, client_id: str, extension: str
) -> None:
    category = "FAVICON_ICO" if extension == "ICO" else "PAGE_BACKGROUND"
    asset = {**DYNAMIC, "Category": category, "Extension": extension, "Bytes": IMAGES[extension]}
    assert make(cognito, pool_id, client_id, Assets=[asset])["Assets"] == [asset]


@pytest.mark.assumed("texts for styles that cannot be")
@pytest.mark.parametrize(
    "asset",
    [
        {**DYNAMIC, "Category": "FORM_LOGO"},
        {**DYNAMIC, "Category": "FORM_LOGO", "Bytes": b"no image"},
        {**DYNAMIC, "Category": "FORM_LOGO", "Bytes": IMAGES["JPEG"]},
        {**DYNAMIC, "Category": "FORM_LOGO", "Extension": "ICO", "Bytes": IMAGES["ICO"]},
        {**DYNAMIC, "Category": "FAVICON_ICO", "Bytes": PNG},
        {**DYNAMIC, "Category": "FAVICON_SVG", "Bytes": PNG},
        *(
            {**DYNAMIC, "Category": "FORM_LOGO", "Extension": "SVG", "Bytes": harmful}
            for harmful in HARMFUL_SVGS
        ),
    ],
)
def test_images_that_cannot_be_are_refused(
    cognito: Any, pool_id: str, client_id: str, asset: dict[str, Any]
) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "Assets": [asset]}
    assert refusal_code(cognito.create_managed_login_branding, **asked) == INVALID
    asked = {"UserPoolId": pool_id, "ClientId": client_id}
    assert refusal_code(cognito.describe_managed_login_branding_by_client, **asked) == NOT_FOUND


@pytest.mark.model("AssetListType, AssetBytesType")
def test_a_style_has_forty_images_of_a_megabyte(cognito: Any, pool_id: str, client_id: str) -> None:
    many = [{**ICON, "ResourceId": str(number)} for number in range(41)]
    asked = {"UserPoolId": pool_id, "ClientId": client_id}
    assert refusal_code(cognito.create_managed_login_branding, **asked, Assets=many) == INVALID
    made = make(cognito, pool_id, client_id, Assets=many[:40])
    assert len(made["Assets"]) == 40
    told = refusal_code(cognito.update_managed_login_branding, **named(made), Assets=many[40:])
    assert told == INVALID
    assert len(described(cognito, made)["Assets"]) == 40
    large = {**many[0], "Extension": "PNG", "Bytes": PNG + bytes(1_000_000)}
    told = refusal_code(cognito.update_managed_login_branding, **named(made), Assets=[large])
    assert told == INVALID
    large["Bytes"] = PNG + bytes(1_000_000 - len(PNG))
    assert change(cognito, made, Assets=[large])["Assets"][0] == large


@pytest.mark.documented("userpools.md 15", "one style per client")
def test_an_app_client_has_one_style(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str, client_id: str
) -> None:
    call = new_call(poolgate)

    def create(_number: int) -> type[Failure] | None:
        try:
            managed_login_branding.create(
                call, PoolId(pool_id), ClientId(client_id), Style(uses_defaults=True)
            )
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(create, range(4)))
    assert outcomes.count(None) == 1
    assert outcomes.count(BrandingExists) == 3
    asked = {"UserPoolId": pool_id, "ClientId": client_id}
    told = refusal_code(cognito.create_managed_login_branding, **asked)
    assert told == "ManagedLoginBrandingExistsException"
    make(cognito, pool_id, new_client(cognito, pool_id))


@pytest.mark.documented("API_DeleteManagedLoginBranding", "Deletes a managed login branding style")
def test_a_style_is_deleted(cognito: Any, pool_id: str, client_id: str) -> None:
    made = make(cognito, pool_id, client_id, Assets=[LOGO])
    cognito.delete_managed_login_branding(**named(made))
    for operation in (
        cognito.describe_managed_login_branding,
        cognito.update_managed_login_branding,
        cognito.delete_managed_login_branding,
    ):
        assert refusal_code(operation, **named(made)) == NOT_FOUND
    again = make(cognito, pool_id, client_id, Assets=[LOGO])
    cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    assert refusal_code(cognito.describe_managed_login_branding, **named(again)) == NOT_FOUND


@pytest.mark.assumed("texts for styles that exist or do not")
def test_what_is_not_there_is_told(cognito: Any, pool_id: str, client_id: str) -> None:
    asked = {"UserPoolId": pool_id, "ClientId": client_id}
    told = refusal(cognito.describe_managed_login_branding_by_client, **asked)
    assert told == (NOT_FOUND, "Managed login branding does not exist.")
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    made = make(cognito, pool_id, client_id)
    foreign = {**named(made), "UserPoolId": other}
    assert refusal_code(cognito.describe_managed_login_branding, **foreign) == NOT_FOUND
    assert refusal_code(cognito.delete_managed_login_branding, **foreign) == NOT_FOUND
    for members in (
        {"UserPoolId": "us-east-1_Missing00", "ClientId": client_id},
        {"UserPoolId": other, "ClientId": client_id},
    ):
        assert refusal_code(cognito.create_managed_login_branding, **members) == NOT_FOUND
    told = refusal_code(cognito.update_managed_login_branding, UserPoolId=pool_id)
    assert told == INVALID
