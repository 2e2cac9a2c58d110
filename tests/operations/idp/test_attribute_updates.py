from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, App, attribute_list, refused

from poolgate.testing import LocalPoolgate

OLD, NEW, PHONE = "old@example.com", "new@example.com", "+15555550123"
MISMATCH = (
    "CodeMismatchException",
    "Invalid verification code provided, please try again.",
)
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
SETTLED = {"email": OLD, "email_verified": "true"}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def update(app: App, access_token: str, **attributes: str) -> Any:
    return app.cognito.update_user_attributes(
        AccessToken=access_token, UserAttributes=attribute_list(attributes)
    )


def admin_update(app: App, username: str = "alice", **attributes: str) -> Any:
    return app.cognito.admin_update_user_attributes(
        UserPoolId=app.pool_id, Username=username, UserAttributes=attribute_list(attributes)
    )


def send(app: App, access_token: str, attribute: str = "email") -> Any:
    return app.cognito.get_user_attribute_verification_code(
        AccessToken=access_token, AttributeName=attribute
    )


def verify(app: App, access_token: str, code: str, attribute: str = "email") -> Any:
    return app.cognito.verify_user_attribute(
        AccessToken=access_token, AttributeName=attribute, Code=code
    )


@pytest.mark.documented("API_UpdateUserAttributes", "With this operation, your users can update")
def test_user_changes_its_attributes(app: App) -> None:
    app.user(given_name="Alice", family_name="L")
    access_token = app.access_token()
    answer = update(app, access_token, given_name="Al", nickname="A", family_name="")
    assert answer["CodeDeliveryDetailsList"] == []
    assert app.attributes().items() >= {"given_name": "Al", "nickname": "A"}.items()
    assert "family_name" not in app.attributes()


@pytest.mark.documented("user-pool-settings-email-phone-verification", "auto-verified")
def test_new_address_replaces_the_old_one_and_is_not_verified(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    app.user(**SETTLED)
    access_token = app.access_token()
    (details,) = update(app, access_token, email=NEW)["CodeDeliveryDetailsList"]
    assert details == {
        "Destination": "n***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert app.attributes().items() >= {"email": NEW, "email_verified": "false"}.items()
    verify(app, access_token, app.last_code(NEW))
    assert app.attributes()["email_verified"] == "true"


@pytest.mark.documented("user-pool-settings-email-phone-verification", "verification before update")
def test_address_that_must_be_verified_first_waits(poolgate: LocalPoolgate) -> None:
    app = App.of(
        poolgate,
        pool={
            "AutoVerifiedAttributes": ["email"],
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        },
    )
    app.user(**SETTLED)
    access_token = app.access_token()
    update(app, access_token, email=NEW, nickname="A")
    assert app.attributes().items() >= {**SETTLED, "nickname": "A"}.items()
    app.poolgate.clock.advance(60)
    assert send(app, access_token)["CodeDeliveryDetails"]["Destination"] == "n***@e***"
    verify(app, access_token, app.last_code(NEW))
    assert app.attributes().items() >= {"email": NEW, "email_verified": "true"}.items()


@pytest.mark.documented("API_AdminUpdateUserAttributes", "email_verified")
def test_administrator_vouches_for_an_address(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    app.user(**SETTLED)
    admin_update(app, email=NEW, email_verified="True")
    assert app.attributes().items() >= {"email": NEW, "email_verified": "true"}.items()
    assert app.poolgate.outbox() == []
    admin_update(app, email=OLD)
    assert app.attributes()["email_verified"] == "false"
    assert app.poolgate.outbox()[-1].recipient == OLD


@pytest.mark.documented("API_UpdateUserAttributes", "the same value changes nothing")
def test_same_address_stays_verified(app: App) -> None:
    app.user(**SETTLED)
    update(app, app.access_token(), email=OLD)
    assert app.attributes()["email_verified"] == "true"


@pytest.mark.documented("API_GetUserAttributeVerificationCode", "VerifyUserAttribute")
@pytest.mark.parametrize(
    ("attribute", "address", "masked"),
    [("email", NEW, "n***@e***"), ("phone_number", PHONE, "+*******0123")],
)
def test_code_verifies_an_address(app: App, attribute: str, address: str, masked: str) -> None:
    app.user(**{attribute: address})
    access_token = app.access_token()
    assert send(app, access_token, attribute)["CodeDeliveryDetails"]["Destination"] == masked
    code = app.last_code(address)
    with refused(*MISMATCH):
        verify(app, access_token, "000000" if code != "000000" else "000001", attribute)
    verify(app, access_token, code, attribute)
    assert app.attributes()[f"{attribute}_verified"] == "true"
    with refused(*EXPIRED):
        verify(app, access_token, code, attribute)


@pytest.mark.documented("limits", "codes of 24 hours; 5 sent and 15 tried an hour")
def test_attribute_codes_expire_and_are_limited(app: App) -> None:
    limit = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
    app.user(email=NEW)
    access_token = app.access_token()
    for _ in range(5):
        send(app, access_token)
    with refused(*limit):
        send(app, access_token)
    code = app.last_code(NEW)
    for _ in range(15):
        with refused(*MISMATCH):
            verify(app, access_token, "000000" if code != "000000" else "000001")
    with refused(*limit):
        verify(app, access_token, code)
    app.poolgate.clock.advance(86400)
    with refused(*EXPIRED):
        verify(app, app.access_token(), code)


@pytest.mark.documented("API_VerifyUserAttribute", "of two takers one verifies")
def test_of_many_takers_of_a_code_one_verifies(app: App) -> None:
    app.user(email=NEW)
    access_token = app.access_token()
    send(app, access_token)
    code = app.last_code(NEW)

    def take(_number: int) -> str:
        try:
            verify(app, access_token, code)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "verified"

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(take, range(4)))
    assert outcomes == ["ExpiredCodeException"] * 3 + ["verified"]


@pytest.mark.documented("security P11", "a code to a former address verifies nothing")
def test_code_of_a_former_address_is_worthless(app: App) -> None:
    app.user(email=OLD)
    access_token = app.access_token()
    send(app, access_token)
    update(app, access_token, email=NEW)
    with refused(*EXPIRED):
        verify(app, access_token, app.last_code(OLD))


@pytest.mark.documented("API_GetUserAttributeVerificationCode", "Only phone_number and email")
def test_only_addresses_are_verified(app: App) -> None:
    app.user()
    access_token = app.access_token()
    message = "Invalid attribute name. Only phone_number and email can be verified."
    with refused("InvalidParameterException", message):
        send(app, access_token, "nickname")
    with refused("InvalidParameterException", message):
        verify(app, access_token, "123456", "nickname")
    with refused("InvalidParameterException"):
        send(app, access_token)
    with refused(*EXPIRED):
        verify(app, access_token, "123456")


@pytest.mark.documented("user-pool-settings-attributes", "aliases move when they are verified")
def test_verified_alias_moves_to_who_proves_it(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["email"], "AutoVerifiedAttributes": ["email"]})
    app.user("holder", email=NEW, email_verified="true")
    app.user("alice", **SETTLED)
    access_token = app.access_token("alice")
    update(app, access_token, email=NEW)
    with refused("UserNotFoundException"):
        app.sign_in(OLD)
    assert app.described(NEW)["Username"] == "holder"
    verify(app, access_token, app.last_code(NEW))
    assert app.described(NEW)["Username"] == "alice"
    assert app.attributes("holder")["email_verified"] == "false"


@pytest.mark.documented("API_UpdateUserAttributes", "AliasExistsException")
def test_name_of_another_user_is_not_taken(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["preferred_username"]})
    app.user("alice")
    app.user("bob", preferred_username="builder")
    access_token = app.access_token()
    for name in ("builder", "bob"):
        with refused(
            "AliasExistsException",
            "An account with the given preferred_username already exists.",
        ):
            update(app, access_token, preferred_username=name)
    with refused("UsernameExistsException"):
        app.user("builder")
    update(app, access_token, preferred_username="wonder")
    assert "AuthenticationResult" in app.sign_in("wonder")


@pytest.mark.documented("user-pool-settings-attributes", "sign-in with the new address at once")
def test_address_as_username_moves_at_once_unless_taken(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UsernameAttributes": ["email"]})
    app.user(OLD)
    app.user("taken@example.com")
    access_token = app.access_token(OLD)
    with refused("AliasExistsException", "An account with the given email already exists."):
        update(app, access_token, email="taken@example.com")
    update(app, access_token, email=NEW)
    assert "AuthenticationResult" in app.sign_in(NEW)
    with refused("UserNotFoundException"):
        app.sign_in(OLD)


@pytest.mark.documented("API_UpdateUserAttributes", "NotAuthorizedException")
def test_user_writes_only_what_its_client_may(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, WriteAttributes=["nickname"])
    app.user(email=OLD)
    access_token = app.access_token()
    unauthorized = ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
    for attributes in ({"email": NEW}, {"email_verified": "true"}, {"sub": "x"}):
        with refused(*unauthorized):
            update(app, access_token, **attributes)
    update(app, access_token, nickname="A")
    admin_update(app, email=NEW)


@pytest.mark.documented("API_SchemaAttributeType", "Mutable")
def test_immutable_attributes_stay(poolgate: LocalPoolgate) -> None:
    schema = [{"Name": "tenant", "AttributeDataType": "String", "Mutable": False}]
    app = App.of(poolgate, pool={"Schema": schema})
    app.user(**{"custom:tenant": "one"})
    immutable = ("InvalidParameterException", "user.custom:tenant: Attribute cannot be updated.")
    with refused(*immutable):
        update(app, app.access_token(), **{"custom:tenant": "two"})
    with refused(*immutable):
        admin_update(app, **{"custom:tenant": "two"})
    assert app.attributes()["custom:tenant"] == "one"


@pytest.mark.documented("API_AdminUpdateUserAttributes", "InvalidParameterException")
def test_unknown_attributes_are_worded_as_recorded_for_each_door(app: App) -> None:
    app.user()
    with refused(
        "InvalidParameterException",
        "Attributes did not conform to the schema: "
        "Type for attribute {custom:role} could not be determined",
    ):
        admin_update(app, **{"custom:role": "x"})
    with refused(
        "InvalidParameterException",
        "Attributes did not conform to the schema: "
        "custom:role: Attribute does not exist in the schema.",
    ):
        update(app, app.access_token(), **{"custom:role": "x"})


@pytest.mark.documented("API_DeleteUserAttributes", "Deletes attributes from the signed-in user")
def test_attributes_are_removed_with_their_flags(app: App) -> None:
    app.user(**SETTLED, nickname="A")
    app.cognito.delete_user_attributes(
        AccessToken=app.access_token(), UserAttributeNames=["nickname"]
    )
    app.cognito.admin_delete_user_attributes(
        UserPoolId=app.pool_id, Username="alice", UserAttributeNames=["email"]
    )
    assert app.attributes().keys() == {"sub"}


@pytest.mark.documented("API_DeleteUserAttributes", "InvalidParameterException")
def test_unknown_and_required_attributes_are_not_removed(poolgate: LocalPoolgate) -> None:
    required = [{"Name": "nickname", "Required": True, "Mutable": True}]
    app = App.of(poolgate, pool={"Schema": required})
    app.user(nickname="A")
    access_token = app.access_token()
    with refused(
        "InvalidParameterException",
        "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n",
    ):
        app.cognito.delete_user_attributes(
            AccessToken=access_token, UserAttributeNames=["custom:foo"]
        )
    with refused(
        "InvalidParameterException",
        "Invalid user attributes: nickname: Required attribute cannot be deleted.",
    ):
        app.cognito.delete_user_attributes(
            AccessToken=access_token, UserAttributeNames=["nickname"]
        )


@pytest.mark.model("requests of attribute operations")
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("get_user", {}),
        ("delete_user", {}),
        ("update_user_attributes", {"UserAttributes": []}),
        ("delete_user_attributes", {"UserAttributeNames": ["name"]}),
        ("get_user_attribute_verification_code", {"AttributeName": "email"}),
        ("verify_user_attribute", {"AttributeName": "email", "Code": "123456"}),
        ("change_password", {"PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD}),
    ],
)
def test_signed_in_operations_need_an_access_token(
    app: App, operation: str, members: dict[str, Any]
) -> None:
    run = getattr(app.cognito, operation)
    with refused("InvalidParameterException"):
        run(**members)
    for bad in ("garbage", "a.b.c"):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            run(AccessToken=bad, **members)
