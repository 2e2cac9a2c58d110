from typing import Any

import pytest
from kits.cognito import PASSWORD, TEMPORARY, WRONG, App, attribute_list, refused

from poolgate.testing import LocalPoolgate

EMAIL = "alice@example.com"
VERIFIED = {"email_verified": "true"}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def create(app: App, username: str = "alice", **members: Any) -> Any:
    return app.cognito.admin_create_user(UserPoolId=app.pool_id, Username=username, **members)[
        "User"
    ]


@pytest.mark.documented("API_AdminCreateUser", "they will be in the FORCE_CHANGE_PASSWORD state")
def test_created_user_gets_a_temporary_password_by_mail(app: App) -> None:
    user = create(
        app,
        UserAttributes=attribute_list({"email": EMAIL}),
        DesiredDeliveryMediums=["EMAIL"],
    )
    assert user["Username"] == "alice"
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["Enabled"] is True
    assert user["UserCreateDate"] == user["UserLastModifiedDate"]
    assert [a["Name"] for a in user["Attributes"]] == ["sub", "email"]
    (invitation,) = app.poolgate.outbox(EMAIL)
    assert invitation.code is not None
    assert invitation.body == (
        f"Your username is alice and temporary password is {invitation.code}."
    )
    assert app.sign_in(password=invitation.code)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@pytest.mark.documented("API_AdminCreateUser", "SUPPRESS ... won't send any email")
def test_suppressed_invitation_is_not_sent(app: App) -> None:
    create(app, UserAttributes=attribute_list({"email": EMAIL}), MessageAction="SUPPRESS")
    assert app.poolgate.outbox() == []


@pytest.mark.documented("API_AdminCreateUser", "a user without any attributes other than Username")
def test_user_needs_no_address(app: App) -> None:
    create(app, TemporaryPassword=TEMPORARY)
    assert app.sign_in(password=TEMPORARY)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@pytest.mark.documented("API_AdminCreateUser", "must provide email if you set EMAIL")
@pytest.mark.parametrize(
    ("medium", "message"),
    [
        ("EMAIL", "No email provided but desired delivery medium was Email"),
        ("SMS", "No phone number provided but desired delivery medium was SMS"),
    ],
)
def test_wanted_medium_needs_its_address(app: App, medium: str, message: str) -> None:
    with refused("InvalidParameterException", message):
        create(app, DesiredDeliveryMediums=[medium])
    with refused("UserNotFoundException", "User does not exist."):
        app.described()


@pytest.mark.documented("API_AdminCreateUser", "UsernameExistsException")
def test_name_in_use_is_refused_in_every_way_it_is_used(app: App) -> None:
    sub = app.user("alice")
    for name in ("alice", sub):
        with refused("UsernameExistsException", "User account already exists"):
            create(app, name)


@pytest.mark.documented("API_AdminCreateUser", "RESEND")
def test_resend_gives_a_new_password_and_a_new_term(app: App) -> None:
    create(app, UserAttributes=attribute_list({"email": EMAIL}))
    first = app.last_code(EMAIL)
    app.poolgate.clock.advance(8 * 86400)
    with refused(
        "NotAuthorizedException",
        "Temporary password has expired and must be reset by an administrator.",
    ):
        app.sign_in(password=first)
    create(app, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
    second = app.last_code(EMAIL)
    assert second != first
    with refused(*WRONG):
        app.sign_in(password=first)
    assert app.sign_in(password=second)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@pytest.mark.documented("API_AdminCreateUser", "UnsupportedUserStateException")
@pytest.mark.parametrize("status", ["UNCONFIRMED", "CONFIRMED", "RESET_REQUIRED"])
def test_resend_needs_a_user_who_never_signed_in(app: App, status: str) -> None:
    app.user(status=status, email=EMAIL, **({} if status == "UNCONFIRMED" else VERIFIED))
    with refused(
        "UnsupportedUserStateException",
        "Resend not possible. alice status is not FORCE_CHANGE_PASSWORD",
    ):
        create(app, MessageAction="RESEND")


@pytest.mark.documented("API_AdminCreateUser", "UserNotFoundException")
def test_resend_for_nobody_finds_no_user(app: App) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        create(app, MessageAction="RESEND")


@pytest.mark.documented("API_AdminCreateUser", "InvalidPasswordException")
@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Aa1!", "Password not long enough"),
        ("abcdefg1!", "Password must have uppercase characters"),
        ("ABCDEFG1!", "Password must have lowercase characters"),
        ("Abcdefgh!", "Password must have numeric characters"),
        ("Abcdefgh1", "Password must have symbol characters"),
        ("Äbcdefg1!", "Password must have uppercase characters"),
        ("Abcdefg٣!", "Password must have numeric characters"),
    ],
)
def test_temporary_password_follows_the_policy(app: App, password: str, reason: str) -> None:
    with refused(
        "InvalidPasswordException", f"Password did not conform with password policy: {reason}"
    ):
        create(app, TemporaryPassword=password)
    with refused("InvalidPasswordException", f"Password did not conform with policy: {reason}"):
        app.cognito.sign_up(ClientId=app.client_id, Username="bob", Password=password)


@pytest.mark.documented("API_AdminGetUser", "response syntax")
def test_admin_sees_every_attribute_and_the_state(app: App) -> None:
    sub = app.user(email=EMAIL, email_verified="true", given_name="Alice")
    seen = app.described("alice")
    assert seen["UserAttributes"][0] == {"Name": "sub", "Value": sub}
    assert app.attributes(sub) == {
        "sub": sub,
        "email": EMAIL,
        "email_verified": "true",
        "given_name": "Alice",
    }
    assert (seen["Enabled"], seen["UserStatus"]) == (True, "CONFIRMED")
    assert "PreferredMfaSetting" not in seen
    assert "UserMFASettingList" not in seen


@pytest.mark.documented("API_AdminGetUser", "UserNotFoundException")
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("admin_get_user", {}),
        ("admin_confirm_sign_up", {}),
        ("admin_delete_user", {}),
        ("admin_disable_user", {}),
        ("admin_enable_user", {}),
        ("admin_reset_user_password", {}),
        ("admin_set_user_password", {"Password": PASSWORD}),
        ("admin_update_user_attributes", {"UserAttributes": attribute_list({"name": "A"})}),
        ("admin_delete_user_attributes", {"UserAttributeNames": ["name"]}),
    ],
)
def test_admin_operations_tell_the_truth_about_users_and_pools(
    poolgate: LocalPoolgate, operation: str, members: dict[str, Any]
) -> None:
    app = App.of(poolgate, hides=True)
    run = getattr(app.cognito, operation)
    with refused("UserNotFoundException", "User does not exist."):
        run(UserPoolId=app.pool_id, Username="nobody", **members)
    with refused("ResourceNotFoundException", "User pool us-east-1_AbCdEfGhI does not exist."):
        run(UserPoolId="us-east-1_AbCdEfGhI", Username="nobody", **members)
    with refused("InvalidParameterException"):
        run(UserPoolId=app.pool_id, **members)
    with refused("InvalidParameterException"):
        run(UserPoolId="no pool id", Username="nobody", **members)


@pytest.mark.documented("API_AdminDisableUser", "disables and revokes all access tokens")
def test_disabling_ends_sessions_and_enabling_does_not_bring_them_back(app: App) -> None:
    app.user()
    issued = app.sign_in()["AuthenticationResult"]
    app.disable()
    app.disable()
    assert app.described()["Enabled"] is False
    with refused("NotAuthorizedException", "User is disabled."):
        app.sign_in()
    app.cognito.admin_enable_user(UserPoolId=app.pool_id, Username="alice")
    app.cognito.admin_enable_user(UserPoolId=app.pool_id, Username="alice")
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        app.cognito.get_user(AccessToken=issued["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        refresh(app, issued["RefreshToken"])
    assert "AuthenticationResult" in app.sign_in()


def refresh(app: App, refresh_token: str) -> Any:
    return app.cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=app.client_id,
        AuthParameters={"REFRESH_TOKEN": refresh_token},
    )


@pytest.mark.documented("API_AdminDeleteUser", "Deletes a user as an administrator")
def test_deleted_user_is_gone_and_the_name_is_free(app: App) -> None:
    former = app.user()
    issued = app.sign_in()["AuthenticationResult"]
    app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    with refused("UserNotFoundException", "User does not exist."):
        app.described()
    with refused("UserNotFoundException", "User does not exist."):
        app.cognito.get_user(AccessToken=issued["AccessToken"])
    with refused("NotAuthorizedException", "Invalid Refresh Token"):
        refresh(app, issued["RefreshToken"])
    assert app.user() != former


@pytest.mark.documented("API_DeleteUser", "Deletes the profile of the currently signed-in user")
def test_user_deletes_itself(app: App) -> None:
    app.user()
    app.cognito.delete_user(AccessToken=app.access_token())
    with refused("UserNotFoundException", "User does not exist."):
        app.described()


@pytest.mark.documented("API_AdminSetUserPassword", "Permanent")
def test_password_that_is_not_permanent_must_be_changed(app: App) -> None:
    app.user()
    app.cognito.admin_set_user_password(
        UserPoolId=app.pool_id, Username="alice", Password=TEMPORARY
    )
    assert app.status() == "FORCE_CHANGE_PASSWORD"
    with refused(*WRONG):
        app.sign_in()
    assert app.sign_in(password=TEMPORARY)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    app.set_password("alice", "Another-password-1")
    assert app.status() == "CONFIRMED"
    assert "AuthenticationResult" in app.sign_in(password="Another-password-1")


@pytest.mark.documented("API_AdminSetUserPassword", "InvalidPasswordException")
def test_set_password_follows_the_policy(app: App) -> None:
    app.user()
    with refused(
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    ):
        app.set_password("alice", "Short1!")
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("API_GetUser", "response syntax")
def test_user_sees_what_its_app_client_may_read(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, ReadAttributes=["email"])
    sub = app.user(email=EMAIL, given_name="Alice")
    seen = app.cognito.get_user(AccessToken=app.access_token())
    assert seen["Username"] == "alice"
    assert seen["UserAttributes"] == attribute_list({"sub": sub, "email": EMAIL})


@pytest.mark.documented("user-pool-settings-attributes", "sign-in with an email address")
def test_address_as_username_becomes_the_attribute(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UsernameAttributes": ["email"]})
    user = create(app, EMAIL, MessageAction="SUPPRESS", TemporaryPassword=TEMPORARY)
    attributes = {a["Name"]: a["Value"] for a in user["Attributes"]}
    assert user["Username"] == attributes["sub"]
    assert attributes["email"] == EMAIL
    challenge = app.sign_in(EMAIL, TEMPORARY)
    assert challenge["ChallengeParameters"]["USER_ID_FOR_SRP"] == user["Username"]
    with refused("UsernameExistsException", "An account with the given email already exists."):
        create(app, EMAIL)
    with refused("InvalidParameterException", "Username should be an email."):
        create(app, "bob")


@pytest.mark.documented("user-pool-settings-attributes", "Username should be either")
def test_username_must_be_one_of_the_addresses(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UsernameAttributes": ["email", "phone_number"]})
    with refused(
        "InvalidParameterException", "Username should be either an email or a phone number."
    ):
        create(app, "bob")
    create(app, "+15555550123", MessageAction="SUPPRESS")
    assert app.attributes("+15555550123")["phone_number"] == "+15555550123"


@pytest.mark.documented("user-pool-settings-attributes", "username can't look like an alias")
@pytest.mark.parametrize(
    ("alias", "name", "words"),
    [("email", EMAIL, "email"), ("phone_number", "+15555550123", "phone number")],
)
def test_username_may_not_look_like_an_alias(
    poolgate: LocalPoolgate, alias: str, name: str, words: str
) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": [alias]})
    with refused(
        "InvalidParameterException",
        f"Username cannot be of {words} format, since user pool is configured for {words} alias.",
    ):
        create(app, name)


@pytest.mark.documented("API_AdminCreateUser", "ForceAliasCreation ... AliasExistsException")
def test_verified_alias_moves_only_by_force(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["email"]})
    app.user("alice", email=EMAIL, email_verified="true")
    verified = attribute_list({"email": EMAIL, "email_verified": "True"})
    with refused("AliasExistsException", "An account with the given email already exists."):
        create(app, "bob", UserAttributes=verified, MessageAction="SUPPRESS")
    create(app, "bob", UserAttributes=verified, MessageAction="SUPPRESS", ForceAliasCreation=True)
    assert app.described(EMAIL)["Username"] == "bob"
    assert app.attributes("alice")["email_verified"] == "false"


@pytest.mark.documented("API_AdminConfirmSignUp", "NotAuthorizedException")
def test_admin_confirms_a_sign_up_without_verifying_the_address(app: App) -> None:
    app.user(status="UNCONFIRMED", email=EMAIL)
    app.cognito.admin_confirm_sign_up(UserPoolId=app.pool_id, Username="alice")
    assert app.status() == "CONFIRMED"
    assert "email_verified" not in app.attributes()
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        app.cognito.admin_confirm_sign_up(UserPoolId=app.pool_id, Username="alice")


@pytest.mark.documented("API_CreateUserPool", "CaseSensitive")
def test_case_counts_only_where_the_pool_says_so(poolgate: LocalPoolgate) -> None:
    strict = App.of(poolgate)
    strict.user("Alice")
    with refused("UserNotFoundException", "User does not exist."):
        strict.described("alice")
    lax = App.of(poolgate, pool={"UsernameConfiguration": {"CaseSensitive": False}})
    lax.user("Alice")
    assert lax.described("aLICE")["Username"] == "Alice"
    assert "AuthenticationResult" in lax.sign_in("ALICE")
    with refused("UsernameExistsException", "User account already exists"):
        create(lax, "alice")


@pytest.mark.assumed("AWS's texts for attributes without a value come from client logs")
def test_attribute_without_value_is_refused(app: App) -> None:
    with refused("InvalidParameterException", "Attribute value for picture must not be null"):
        create(app, UserAttributes=[{"Name": "picture"}])


@pytest.mark.documented("user-pool-policies", "a space that is neither first nor last")
def test_password_may_hold_spaces_inside_only(app: App) -> None:
    app.user()
    app.set_password("alice", "Abcdefg 1")
    assert "AuthenticationResult" in app.sign_in(password="Abcdefg 1")
    for spaced in (" Abcdefg1!", "Abcdefg1! "):
        with refused("InvalidParameterException"):
            app.set_password("alice", spaced)
