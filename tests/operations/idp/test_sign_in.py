import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, WRONG, App, attribute_list, refused
from kits.model_samples import botocore_model

from poolgate.testing import LocalPoolgate

NEW = "Chosen-password-1"
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def admin_respond(app: App, challenge: str, session: str | None = None, **responses: str) -> Any:
    return app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName=challenge,
        ChallengeResponses=responses,
        **({"Session": session} if session else {}),
    )


@pytest.mark.documented("API_InitiateAuth", "AuthenticationResult")
def test_right_password_gives_tokens_at_both_doors(app: App) -> None:
    sub = app.user()
    for answer in (app.sign_in(), app.admin_sign_in()):
        result = answer["AuthenticationResult"]
        assert answer["ChallengeParameters"] == {}
        assert "ChallengeName" not in answer
        assert "Session" not in answer
        assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
        assert claims(result["AccessToken"])["sub"] == claims(result["IdToken"])["sub"] == sub
        assert result["RefreshToken"]


@pytest.mark.documented("signing-in-users-in-the-console", "username, alias or sub")
def test_every_name_of_the_user_signs_in(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["email", "preferred_username"]})
    sub = app.user(
        "alice", email="a@example.com", email_verified="true", preferred_username="wonder"
    )
    for name in ("alice", "a@example.com", "wonder", sub):
        result = app.sign_in(name)["AuthenticationResult"]
        assert claims(result["AccessToken"])["username"] == "alice"


@pytest.mark.documented("user-pool-settings-attributes", "aliases work only when verified")
def test_alias_does_not_sign_in_before_it_is_verified(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"AliasAttributes": ["email"]})
    app.user("alice", email="a@example.com")
    with refused("UserNotFoundException", "User does not exist."):
        app.sign_in("a@example.com")


@pytest.mark.documented("API_InitiateAuth", "flows that the app client allows")
@pytest.mark.parametrize(
    ("flow", "parameters", "message"),
    [
        (
            "USER_PASSWORD_AUTH",
            {"USERNAME": "alice", "PASSWORD": "x"},
            "USER_PASSWORD_AUTH flow not enabled for this client",
        ),
        (
            "USER_SRP_AUTH",
            {"USERNAME": "alice", "SRP_A": "a1"},
            "USER_SRP_AUTH is not enabled for the client.",
        ),
        ("CUSTOM_AUTH", {"USERNAME": "alice"}, "CUSTOM_AUTH is not enabled for the client."),
        ("ADMIN_USER_PASSWORD_AUTH", {}, "Initiate Auth method not supported."),
        ("ADMIN_NO_SRP_AUTH", {}, "Initiate Auth method not supported."),
        (
            "REFRESH_TOKEN_AUTH",
            {"REFRESH_TOKEN": "x"},
            "Refresh Token flow not enabled for this client",
        ),
        ("REFRESH_TOKEN", {"REFRESH_TOKEN": "x"}, "Refresh Token flow not enabled for this client"),
    ],
)
def test_flow_must_be_allowed(
    app: App, flow: str, parameters: dict[str, str], message: str
) -> None:
    app.user()
    closed = app.another_client(ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
    with refused("InvalidParameterException", message):
        closed.cognito.initiate_auth(
            AuthFlow=flow, ClientId=closed.client_id, AuthParameters=parameters
        )


@pytest.mark.documented("API_AdminInitiateAuth", "flows that the app client allows")
def test_admin_flow_must_be_allowed_and_is_for_admins(app: App) -> None:
    app.user()
    closed = app.another_client(ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        closed.admin_sign_in()
    with refused("InvalidParameterException", "Initiate Auth method not supported."):
        app.cognito.admin_initiate_auth(
            UserPoolId=app.pool_id,
            ClientId=app.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        )


@pytest.mark.documented("API_InitiateAuth", "Missing required parameter USERNAME")
@pytest.mark.parametrize(
    ("flow", "parameters", "missing"),
    [
        ("USER_PASSWORD_AUTH", {"PASSWORD": "x"}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "", "PASSWORD": "x"}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "alice"}, "PASSWORD"),
        ("USER_SRP_AUTH", {"SRP_A": "a1"}, "USERNAME"),
        ("USER_SRP_AUTH", {"USERNAME": "alice"}, "SRP_A"),
        ("REFRESH_TOKEN_AUTH", {}, "REFRESH_TOKEN"),
    ],
)
def test_each_parameter_of_a_flow_is_needed(
    app: App, flow: str, parameters: dict[str, str], missing: str
) -> None:
    app.user()
    with refused("InvalidParameterException", f"Missing required parameter {missing}"):
        app.cognito.initiate_auth(AuthFlow=flow, ClientId=app.client_id, AuthParameters=parameters)


@pytest.mark.model("InitiateAuthRequest, AdminInitiateAuthRequest")
def test_malformed_requests_are_refused_by_the_model(app: App) -> None:
    for members in (
        {"ClientId": app.client_id},
        {"AuthFlow": "USER_PASSWORD_AUTH"},
        {"AuthFlow": "NO_SUCH_FLOW", "ClientId": app.client_id},
        {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "white space"},
    ):
        with refused("InvalidParameterException"):
            app.cognito.initiate_auth(**members)
    with refused("InvalidParameterException"):
        app.cognito.admin_initiate_auth(AuthFlow="ADMIN_USER_PASSWORD_AUTH", ClientId="x")


@pytest.mark.documented("API_AdminInitiateAuth", "ResourceNotFoundException")
def test_unknown_pools_and_clients_are_not_found(app: App) -> None:
    app.user()
    message = f"User pool client {'x' * 26} does not exist."
    with refused("ResourceNotFoundException", message):
        app.cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId="x" * 26,
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        )
    other = App.of(app.poolgate)
    with refused(
        "ResourceNotFoundException", f"User pool client {other.client_id} does not exist."
    ):
        app.cognito.admin_initiate_auth(
            UserPoolId=app.pool_id,
            ClientId=other.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        )


# ---- SECRET_HASH ----------------------------------------------------------------------------


@pytest.mark.documented("API_InitiateAuth", "SECRET_HASH")
def test_client_with_a_secret_must_prove_it_before_anything_is_told(
    poolgate: LocalPoolgate,
) -> None:
    app = App.of(poolgate, secret=True)
    app.user()
    missing = (
        "NotAuthorizedException",
        f"Client {app.client_id} is configured with secret but SECRET_HASH was not received",
    )
    wrong = (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {app.client_id}",
    )
    for name in ("alice", "nobody"):
        with refused(*missing):
            app.sign_in(name)
        with refused(*missing):
            app.admin_sign_in(name)
        with refused(*wrong):
            app.sign_in(name, SECRET_HASH=app.secret_hash("somebody else"))
    assert "AuthenticationResult" in app.sign_in(SECRET_HASH=app.secret_hash("alice"))
    assert "AuthenticationResult" in app.admin_sign_in(SECRET_HASH=app.secret_hash("alice"))


@pytest.mark.documented("API_AddUserPoolClientSecret", "either of two active secrets")
def test_each_secret_of_the_client_counts(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, secret=True)
    app.user()
    first = app.secret_hash("alice")
    added = app.cognito.add_user_pool_client_secret(UserPoolId=app.pool_id, ClientId=app.client_id)
    app.client_secret = added["ClientSecretDescriptor"]["ClientSecretValue"]
    for secret_hash in (first, app.secret_hash("alice")):
        assert "AuthenticationResult" in app.sign_in(SECRET_HASH=secret_hash)


@pytest.mark.assumed("a hash for a client without a secret cannot be verified")
def test_secret_hash_without_a_secret_is_wrong(app: App) -> None:
    app.user()
    with refused(
        "NotAuthorizedException", f"Unable to verify secret hash for client {app.client_id}"
    ):
        app.sign_in(SECRET_HASH="c29tZXRoaW5n")


@pytest.mark.documented("amazon-cognito-user-pools-using-the-refresh-token", "SECRET_HASH username")
def test_refresh_proves_the_secret_with_the_users_name(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, secret=True)
    app.user()
    issued = app.sign_in(SECRET_HASH=app.secret_hash("alice"))["AuthenticationResult"]

    def refresh(**more: str) -> Any:
        return app.cognito.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=app.client_id,
            AuthParameters={"REFRESH_TOKEN": issued["RefreshToken"], **more},
        )

    with refused(
        "NotAuthorizedException",
        f"Client {app.client_id} is configured with secret but SECRET_HASH was not received",
    ):
        refresh()
    with refused(
        "NotAuthorizedException", f"Unable to verify secret hash for client {app.client_id}"
    ):
        refresh(SECRET_HASH=app.secret_hash("bob"))
    assert "IdToken" in refresh(SECRET_HASH=app.secret_hash("alice"))["AuthenticationResult"]


# ---- refresh --------------------------------------------------------------------------------


@pytest.mark.documented("amazon-cognito-user-pools-using-the-refresh-token", "REFRESH_TOKEN_AUTH")
@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
def test_refresh_gives_new_tokens_of_the_same_sign_in(app: App, flow: str) -> None:
    app.user()
    issued = app.sign_in()["AuthenticationResult"]
    app.poolgate.clock.advance(600)
    for answer in (
        app.cognito.initiate_auth(
            AuthFlow=flow,
            ClientId=app.client_id,
            AuthParameters={"REFRESH_TOKEN": issued["RefreshToken"]},
        ),
        app.cognito.admin_initiate_auth(
            UserPoolId=app.pool_id,
            AuthFlow=flow,
            ClientId=app.client_id,
            AuthParameters={"REFRESH_TOKEN": issued["RefreshToken"]},
        ),
    ):
        renewed = answer["AuthenticationResult"]
        assert "RefreshToken" not in renewed
        before, after = claims(issued["AccessToken"]), claims(renewed["AccessToken"])
        assert (before["origin_jti"], before["auth_time"]) == (
            after["origin_jti"],
            after["auth_time"],
        )
        assert before["jti"] != after["jti"]
        assert after["iat"] >= before["iat"] + 600


@pytest.mark.documented("API_InitiateAuth", "Invalid Refresh Token, expired, other clients")
def test_bad_refresh_tokens_are_refused(app: App) -> None:
    app.user()
    issued = app.sign_in()["AuthenticationResult"]["RefreshToken"]

    def refresh(client_id: str, refresh_token: str) -> Any:
        return app.cognito.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=client_id,
            AuthParameters={"REFRESH_TOKEN": refresh_token},
        )

    invalid = ("NotAuthorizedException", "Invalid Refresh Token")
    with refused(*invalid):
        refresh(app.client_id, "garbage")
    with refused(*invalid):
        refresh(app.client_id, issued + "A")
    with refused(*invalid):
        refresh(app.another_client().client_id, issued)
    app.disable()
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        refresh(app.client_id, issued)
    app.cognito.admin_enable_user(UserPoolId=app.pool_id, Username="alice")
    later = app.sign_in()["AuthenticationResult"]["RefreshToken"]
    app.poolgate.clock.advance(31 * 86400)
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        refresh(app.client_id, later)


# ---- NEW_PASSWORD_REQUIRED ------------------------------------------------------------------


def challenge(app: App, username: str = "alice") -> Any:
    answer = app.sign_in(username)
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in answer
    return answer


@pytest.mark.documented("API_RespondToAuthChallenge", "NEW_PASSWORD_REQUIRED")
def test_new_password_confirms_the_user(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD", email="a@example.com")
    begun = challenge(app)
    assert begun["ChallengeParameters"] == {
        "USER_ID_FOR_SRP": "alice",
        "userAttributes": '{"email":"a@example.com"}',
        "requiredAttributes": "[]",
    }
    assert 20 <= len(begun["Session"]) <= 2048
    finished = app.respond(
        "NEW_PASSWORD_REQUIRED",
        begun["Session"],
        USERNAME="alice",
        NEW_PASSWORD=NEW,
        **{"userAttributes.given_name": "Alice"},
    )
    assert claims(finished["AuthenticationResult"]["IdToken"])["given_name"] == "Alice"
    assert finished["ChallengeParameters"] == {}
    assert app.status() == "CONFIRMED"
    assert "email_verified" not in app.attributes()
    assert "AuthenticationResult" in app.sign_in(password=NEW)


@pytest.mark.documented("API_AdminRespondToAuthChallenge", "NEW_PASSWORD_REQUIRED")
def test_new_password_may_equal_the_temporary_one(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    begun = app.admin_sign_in()
    admin_respond(
        app,
        "NEW_PASSWORD_REQUIRED",
        begun["Session"],
        USERNAME="alice",
        NEW_PASSWORD=PASSWORD,
    )
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("API_RespondToAuthChallenge", "requiredAttributes")
def test_missing_required_attributes_are_asked_for(poolgate: LocalPoolgate) -> None:
    required = [
        {"Name": name, "Required": True, "Mutable": True} for name in ("given_name", "nickname")
    ]
    app = App.of(poolgate, pool={"Schema": required})
    app.user(status="FORCE_CHANGE_PASSWORD", given_name="Alice")
    begun = challenge(app)
    asked = begun["ChallengeParameters"]["requiredAttributes"]
    assert json.loads(asked) == ["userAttributes.nickname"]
    answer = {"USERNAME": "alice", "NEW_PASSWORD": NEW}
    with refused(
        "InvalidParameterException",
        "Attributes did not conform to the schema: nickname: The attribute is required",
    ):
        app.respond("NEW_PASSWORD_REQUIRED", begun["Session"], **answer)
    answer["userAttributes.nickname"] = "Al"
    finished = app.respond("NEW_PASSWORD_REQUIRED", begun["Session"], **answer)
    assert claims(finished["AuthenticationResult"]["IdToken"])["nickname"] == "Al"


@pytest.mark.documented("API_RespondToAuthChallenge", "Cannot modify an already provided email")
def test_answer_with_a_fault_leaves_the_auth_session_usable(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD", email="a@example.com")
    session = challenge(app)["Session"]

    def answer(**responses: str) -> Any:
        return app.respond(
            "NEW_PASSWORD_REQUIRED",
            session,
            **{"USERNAME": "alice", "NEW_PASSWORD": NEW, **responses},
        )

    with refused("NotAuthorizedException", "Cannot modify an already provided email"):
        answer(**{"userAttributes.email": "b@example.com"})
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        answer(**{"userAttributes.email_verified": "true"})
    with refused(
        "InvalidParameterException",
        "Attributes did not conform to the schema: "
        "custom:x: Attribute does not exist in the schema.",
    ):
        answer(**{"userAttributes.custom:x": "1"})
    with refused(
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    ):
        answer(NEW_PASSWORD="Short1!")
    with refused("InvalidParameterException", "Missing required parameter NEW_PASSWORD"):
        answer(NEW_PASSWORD="")
    with refused("InvalidParameterException", "Missing required parameter USERNAME"):
        answer(USERNAME="")
    assert "AuthenticationResult" in answer()
    with refused(
        "NotAuthorizedException",
        "Invalid session for the user, session can only be used once.",
    ):
        answer()


@pytest.mark.documented("API_RespondToAuthChallenge", "Invalid session for the user")
def test_auth_session_belongs_to_one_user_client_door_and_time(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    app.user("bob", status="FORCE_CHANGE_PASSWORD")
    session = challenge(app)["Session"]
    answer = {"USERNAME": "alice", "NEW_PASSWORD": NEW}
    with refused("InvalidParameterException", "Missing required parameter Session"):
        app.respond("NEW_PASSWORD_REQUIRED", **answer)
    for bad in ("x" * 40, session[:-4] + "AAAA", session[4:], "é" * 30):
        with refused(*INVALID_SESSION):
            app.respond("NEW_PASSWORD_REQUIRED", bad, **answer)
    with refused(*INVALID_SESSION):
        app.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="bob", NEW_PASSWORD=NEW)
    with refused(*INVALID_SESSION):
        app.another_client().respond("NEW_PASSWORD_REQUIRED", session, **answer)
    with refused(*INVALID_SESSION):
        App.of(app.poolgate).respond("NEW_PASSWORD_REQUIRED", session, **answer)
    with refused(*INVALID_SESSION):
        admin_respond(app, "NEW_PASSWORD_REQUIRED", session, **answer)
    app.poolgate.clock.advance(180)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        app.respond("NEW_PASSWORD_REQUIRED", session, **answer)


@pytest.mark.documented("API_CreateUserPoolClient", "AuthSessionValidity")
def test_auth_session_lives_as_long_as_the_client_says(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    patient = app.another_client(AuthSessionValidity=15)
    session = challenge(patient)["Session"]
    app.poolgate.clock.advance(14 * 60)
    answer = patient.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW)
    assert "AuthenticationResult" in answer


@pytest.mark.assumed("what ends a sign-in under way is not documented")
@pytest.mark.parametrize("change", ["password", "deleted", "disabled"])
def test_auth_session_does_not_outlive_what_it_rests_on(app: App, change: str) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    session = challenge(app)["Session"]
    app.poolgate.clock.advance(1)
    if change == "password":
        app.cognito.admin_set_user_password(
            UserPoolId=app.pool_id, Username="alice", Password=NEW, Permanent=False
        )
    elif change == "deleted":
        app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    else:
        app.disable()
    expected = (
        ("NotAuthorizedException", "User is disabled.") if change == "disabled" else INVALID_SESSION
    )
    with refused(*expected):
        app.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW)


@pytest.mark.documented("API_RespondToAuthChallenge", "a session can only be used once")
def test_of_two_takers_of_an_auth_session_one_signs_in(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    session = challenge(app)["Session"]

    def take(number: int) -> str:
        try:
            app.respond(
                "NEW_PASSWORD_REQUIRED",
                session,
                USERNAME="alice",
                NEW_PASSWORD=f"Password-of-taker-{number}",
            )
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return "tokens"

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(take, range(4)))
    assert outcomes.count("tokens") == 1
    assert {message.partition(",")[0] for message in outcomes} <= {
        "tokens",
        "Invalid session for the user",
        "Invalid session for the user.",
        "Incorrect username or password.",
    }


@pytest.mark.model("ChallengeNameType")
def test_every_challenge_of_the_model_has_an_answer(app: App) -> None:
    app.user()
    names = botocore_model("cognito-idp").shape_for("ChallengeNameType").enum
    assert "WEB_AUTHN" in names
    for name in names:
        with pytest.raises(ClientError) as caught:
            app.respond(name, "x" * 40, USERNAME="alice")
        error = caught.value.response["Error"]
        assert error["Message"].startswith(("Missing required parameter", "Invalid session"))


@pytest.mark.model("RespondToAuthChallengeRequest, AdminRespondToAuthChallengeRequest")
def test_malformed_answers_are_refused_by_the_model(app: App) -> None:
    for members in (
        {"ClientId": app.client_id},
        {"ChallengeName": "NEW_PASSWORD_REQUIRED"},
        {"ClientId": app.client_id, "ChallengeName": "NO_SUCH_CHALLENGE"},
        {"ClientId": app.client_id, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "short"},
    ):
        with refused("InvalidParameterException"):
            app.cognito.respond_to_auth_challenge(**members)
    with refused("InvalidParameterException"):
        app.cognito.admin_respond_to_auth_challenge(
            ClientId=app.client_id, ChallengeName="NEW_PASSWORD_REQUIRED"
        )
    with refused("InvalidParameterException", "Missing required parameter USERNAME"):
        app.respond("NEW_PASSWORD_REQUIRED")


@pytest.mark.documented("API_InitiateAuth", "NotAuthorizedException")
def test_wrong_password_is_wrong_in_every_spelling(app: App) -> None:
    app.user()
    for password in (PASSWORD.lower(), PASSWORD + " x", "x" * 256):
        with refused(*WRONG):
            app.sign_in(password=password)
    assert "AuthenticationResult" in app.sign_in()


@pytest.mark.documented("security: a hash where SRP is never allowed", "DESIGN 5.4")
def test_pool_that_keeps_hashes_signs_in_too(poolgate: LocalPoolgate) -> None:
    app = App.of(
        poolgate,
        pool={"UserPoolTags": {"poolgate:password-storage": "argon2id"}},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    app.user()
    assert "AuthenticationResult" in app.sign_in()
    with refused(*WRONG):
        app.sign_in(password="Wrong-password-1")
    app.cognito.admin_update_user_attributes(
        UserPoolId=app.pool_id,
        Username="alice",
        UserAttributes=attribute_list({"given_name": "Alice"}),
    )
    assert "AuthenticationResult" in app.sign_in()
