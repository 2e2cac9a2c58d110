"""Passkeys of signed-in users: registered, listed, removed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import App, refused
from kits.passkey_pools import (
    complete,
    configure,
    creation_options,
    enrolled,
    listed,
    passkey_app,
    register,
)
from kits.passkeys import (
    EDDSA,
    ES256,
    ICLOUD_KEYCHAIN,
    RP_ID,
    RS256,
    UP,
    Passkey,
    b64,
    unb64,
)

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NO_CHALLENGE = "WebAuthnChallengeNotFoundException"
NOT_SUPPORTED = "WebAuthnCredentialNotSupportedException"
MALFORMED = (INVALID, "Invalid passkey credential.")
A_MINUTE = 60


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return passkey_app(poolgate)


@pytest.fixture
def access_token(app: App) -> str:
    app.user()
    return app.access_token()


# ---- registration ---------------------------------------------------------------------------


@pytest.mark.documented(
    "API_StartWebAuthnRegistration", "PublicKeyCredentialCreationOptionsJSON of WebAuthn 3"
)
def test_options_are_those_that_browsers_take(app: App) -> None:
    sub = app.user()
    options = creation_options(app, app.access_token())
    challenge = unb64(options.pop("challenge"))
    assert len(challenge) == 32
    assert options == {
        "rp": {"id": RP_ID, "name": RP_ID},
        "user": {"id": b64(sub.encode()), "name": "alice", "displayName": "alice"},
        "pubKeyCredParams": [
            {"type": "public-key", "alg": ES256},
            {"type": "public-key", "alg": RS256},
            {"type": "public-key", "alg": EDDSA},
        ],
        "timeout": 60000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
    }
    assert unb64(creation_options(app, app.access_token())["challenge"]) != challenge


@pytest.mark.assumed("what a passkey is called where addresses are the usernames")
def test_user_is_named_by_the_address_that_signs_in(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate, pool={"UsernameAttributes": ["email"]})
    app.user("alice@example.com", email="alice@example.com")
    options = creation_options(app, app.access_token("alice@example.com"))
    assert options["user"]["name"] == "alice@example.com"


@pytest.mark.parametrize("algorithm", [ES256, RS256, EDDSA])
@pytest.mark.parametrize("attestation", ["none", "packed"])
@pytest.mark.documented("API_CompleteWebAuthnRegistration", "RegistrationResponseJSON")
def test_registered_passkey_is_listed(
    app: App, access_token: str, algorithm: int, attestation: str
) -> None:
    passkey = Passkey(algorithm=algorithm, attestation=attestation, aaguid=ICLOUD_KEYCHAIN)
    register(app, access_token, passkey)
    shown = app.cognito.list_web_authn_credentials(AccessToken=access_token)
    (credential,) = shown["Credentials"]
    age = app.poolgate.clock.now() - credential.pop("CreatedAt")
    assert abs(age.total_seconds()) < 1
    assert credential == {
        "CredentialId": b64(passkey.credential_id),
        "FriendlyCredentialName": "iCloud Keychain",
        "RelyingPartyId": RP_ID,
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["internal", "hybrid"],
    }
    assert "NextToken" not in shown
    known = creation_options(app, access_token)["excludeCredentials"]
    assert known == [{"type": "public-key", "id": b64(passkey.credential_id)}]


@pytest.mark.assumed("how a passkey of an unknown model is called")
def test_unknown_authenticators_have_a_name_all_the_same(app: App, access_token: str) -> None:
    register(app, access_token, Passkey(attachment="cross-platform", transports=("usb", "nfc")))
    register(app, access_token, Passkey(attachment=None, transports=("usb", "USB!", "usb")))
    register(app, access_token, Passkey(attachment="elsewhere", transports=()))
    shown = app.cognito.list_web_authn_credentials(AccessToken=access_token)["Credentials"]
    facts = {
        (
            c["FriendlyCredentialName"],
            c.get("AuthenticatorAttachment"),
            *c["AuthenticatorTransports"],
        )
        for c in shown
    }
    assert facts == {
        ("Security key", "cross-platform", "usb", "nfc"),
        ("Passkey", None, "usb"),
        ("Passkey", None),
    }


@pytest.mark.parametrize(
    ("bent", "error_code"),
    [
        ({"origin": "https://evil.example"}, "WebAuthnOriginNotAllowedException"),
        ({"origin": f"http://{RP_ID}"}, "WebAuthnOriginNotAllowedException"),
        ({"client_data": {"crossOrigin": True}}, "WebAuthnOriginNotAllowedException"),
        ({"rp_id": "example.com"}, "WebAuthnRelyingPartyMismatchException"),
        ({"client_data": {"challenge": b64(bytes(32))}}, NO_CHALLENGE),
        ({"client_data": {"type": "webauthn.get"}}, INVALID),
        ({"flags": 0}, NOT_SUPPORTED),
        ({"attestation": "tpm"}, NOT_SUPPORTED),
    ],
)
@pytest.mark.model("CompleteWebAuthnRegistration.errors")
def test_bent_registration_is_refused_and_can_be_repeated(
    app: App, access_token: str, bent: dict[str, Any], error_code: str
) -> None:
    options = creation_options(app, access_token)
    with refused(error_code):
        complete(app, access_token, Passkey(**bent).create(options))
    assert listed(app, access_token) == []
    complete(app, access_token, Passkey().create(options))
    assert len(listed(app, access_token)) == 1


@pytest.mark.documented("API_WebAuthnConfigurationType", "UserVerification required")
def test_demanded_user_verification_is_verified(app: App, access_token: str) -> None:
    configure(app, RelyingPartyId=RP_ID, UserVerification="required")
    options = creation_options(app, access_token)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    with refused(NOT_SUPPORTED):
        complete(app, access_token, Passkey(flags=UP).create(options))
    configure(app, RelyingPartyId=RP_ID, UserVerification="preferred")
    complete(app, access_token, Passkey(flags=UP).create(options))


@pytest.mark.documented(
    "API_WebAuthnConfigurationType", "your user pool requires passkey authenticators to verify"
)
def test_passkeys_that_count_twice_need_user_verification(app: App, access_token: str) -> None:
    configure(app, RelyingPartyId=RP_ID, FactorConfiguration="MULTI_FACTOR_WITH_USER_VERIFICATION")
    with refused(NOT_SUPPORTED):
        register(app, access_token, Passkey(flags=UP))
    register(app, access_token)


@pytest.mark.documented("API_WebAuthnConfigurationType", "RelyingPartyId: subdomains' origins")
def test_pages_below_the_domain_may_register(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate, RelyingPartyId="example.com")
    app.user()
    register(app, app.access_token(), Passkey(origin="https://login.example.com:8443"))
    local = passkey_app(poolgate, RelyingPartyId="localhost")
    local.user()
    register(local, local.access_token(), Passkey(origin="http://localhost:3000"))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": b64(b"another")},
        {"id": b64(b"another"), "rawId": b64(b"another")},
        {"id": "not base64url!"},
        {"id": ""},
        {"id": b64(bytes(1024)), "rawId": None},
        {"id": None},
        {"type": "password"},
        {"response": {}},
        {"response": "text"},
        {"clientDataJSON": "e30"},
        {"clientDataJSON": b64(b"\xff")},
        {"clientDataJSON": b64(bytes(20_000))},
        {"attestationObject": b64(b"\xa0")},
        {"attestationObject": b64(b"\x9b" + b"\xff" * 8)},
        {"attestationObject": "A" * 70_000},
        {"transports": "usb"},
    ],
)
@pytest.mark.assumed("texts for passkeys that are refused")
def test_malformed_registration_is_refused(
    app: App, access_token: str, changes: dict[str, Any]
) -> None:
    options = creation_options(app, access_token)
    with refused(*MALFORMED):
        complete(app, access_token, Passkey().create(options, **changes))
    assert listed(app, access_token) == []


@pytest.mark.parametrize("document", [None, 1, "text", [], {}, {"id": {}}])
@pytest.mark.assumed("texts for passkeys that are refused")
def test_documents_that_are_no_registration_are_refused(
    app: App, access_token: str, document: Any
) -> None:
    creation_options(app, access_token)
    with refused(INVALID):
        complete(app, access_token, document)


@pytest.mark.documented(
    "API_CompleteWebAuthnRegistration", "the challenge from StartWebAuthn registration has expired"
)
def test_challenge_expires_and_is_used_once(app: App, access_token: str) -> None:
    with refused(NO_CHALLENGE):
        complete(app, access_token, Passkey().create(creation_of_nobody()))
    options = creation_options(app, access_token)
    app.poolgate.clock.advance(5 * A_MINUTE)
    with refused(NO_CHALLENGE):
        complete(app, access_token, Passkey().create(options))
    options = creation_options(app, access_token)
    passkey = Passkey()
    complete(app, access_token, passkey.create(options))
    for again in (passkey, Passkey()):
        with refused(NO_CHALLENGE):
            complete(app, access_token, again.create(options))
    assert listed(app, access_token) == [b64(passkey.credential_id)]


def creation_of_nobody() -> dict[str, Any]:
    return {"challenge": b64(bytes(32)), "rp": {"id": RP_ID}, "user": {"id": b64(b"x")}}


@pytest.mark.assumed("one challenge waits for each user")
def test_newer_options_take_the_place_of_older_ones(app: App, access_token: str) -> None:
    older = creation_options(app, access_token)
    newer = creation_options(app, access_token)
    with refused(NO_CHALLENGE):
        complete(app, access_token, Passkey().create(older))
    complete(app, access_token, Passkey().create(newer))


@pytest.mark.model("CompleteWebAuthnRegistration.errors WebAuthnClientMismatchException")
def test_registration_goes_on_with_the_same_app_client(app: App, access_token: str) -> None:
    options = creation_options(app, access_token)
    other = app.another_client(ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    with refused("WebAuthnClientMismatchException"):
        complete(other, other.access_token(), Passkey().create(options))
    complete(app, access_token, Passkey().create(options))


@pytest.mark.documented("API_CompleteWebAuthnRegistration", "for the currently signed-in user")
def test_challenge_is_the_users_own(app: App, access_token: str) -> None:
    app.user("bob")
    options = creation_options(app, access_token)
    creation_options(app, app.access_token("bob"))
    with refused(NO_CHALLENGE):
        complete(app, app.access_token("bob"), Passkey().create(options))


@pytest.mark.assumed("a passkey is registered once in a pool")
def test_passkey_is_registered_once(app: App, access_token: str) -> None:
    passkey = register(app, access_token)
    app.user("bob")
    for token in (access_token, app.access_token("bob")):
        with refused(INVALID, "The passkey is already registered."):
            register(app, token, passkey)
    assert listed(app, access_token) == [b64(passkey.credential_id)]


@pytest.mark.documented("Quotas in Amazon Cognito", "20 passkeys per user")
def test_user_has_twenty_passkeys_at_most(app: App, access_token: str) -> None:
    key = Passkey().private_key
    for _ in range(19):
        register(app, access_token, Passkey(private_key=key))
    options = creation_options(app, access_token)
    register(app, access_token, Passkey(private_key=key))
    with refused("LimitExceededException", "A user can have at most 20 passkeys."):
        creation_options(app, access_token)
    with refused(NO_CHALLENGE):
        complete(app, access_token, Passkey(private_key=key).create(options))
    removed = listed(app, access_token)[0]
    app.cognito.delete_web_authn_credential(AccessToken=access_token, CredentialId=removed)
    register(app, access_token, Passkey(private_key=key))


@pytest.mark.documented("API_CompleteWebAuthnRegistration", "completes one registration")
def test_of_many_completions_one_succeeds(database_url: str) -> None:
    with LocalPoolgate(database_url=database_url) as poolgate:
        app = passkey_app(poolgate)
        app.user()
        access_token = app.access_token()
        options = creation_options(app, access_token)

        def attempt(passkey: Passkey) -> str:
            try:
                complete(app, access_token, passkey.create(options))
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "OK"

        same = Passkey()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(attempt, [same, same, Passkey(), Passkey()]))
        assert answers.count("OK") == 1
        assert set(answers) <= {"OK", NO_CHALLENGE, INVALID}
        assert len(listed(app, access_token)) == 1


# ---- pools ----------------------------------------------------------------------------------


@pytest.mark.model("StartWebAuthnRegistration.errors WebAuthnNotEnabledException")
def test_pool_must_allow_passkeys(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate, ("PASSWORD",))
    app.user()
    with refused("WebAuthnNotEnabledException"):
        creation_options(app, app.access_token())
    with refused("WebAuthnNotEnabledException"):
        complete(app, app.access_token(), Passkey().create(creation_of_nobody()))


@pytest.mark.model("StartWebAuthnRegistration.errors WebAuthnConfigurationMissingException")
def test_pool_must_have_a_domain(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate)
    configure(app)
    app.user()
    with refused("WebAuthnConfigurationMissingException"):
        creation_options(app, app.access_token())


@pytest.mark.documented(
    "API_CustomDomainConfigType", "the passkey RP ID defaults to the custom domain"
)
def test_custom_domain_is_the_default(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate)
    app.user()
    configure(app)
    app.cognito.create_user_pool_domain(UserPoolId=app.pool_id, Domain="people")
    assert creation_options(app, app.access_token())["rp"]["id"] == "poolgate.test"
    app.cognito.create_user_pool_domain(
        UserPoolId=app.pool_id,
        Domain="login.example.com",
        CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a"},
    )
    assert creation_options(app, app.access_token())["rp"]["id"] == "login.example.com"
    configure(app, RelyingPartyId=RP_ID)
    assert creation_options(app, app.access_token())["rp"]["id"] == RP_ID


@pytest.mark.model("CompleteWebAuthnRegistration.errors WebAuthnRelyingPartyMismatchException")
def test_domain_that_changed_meanwhile_is_another_relying_party(
    app: App, access_token: str
) -> None:
    options = creation_options(app, access_token)
    configure(app, RelyingPartyId="example.com")
    with refused("WebAuthnRelyingPartyMismatchException"):
        complete(app, access_token, Passkey().create(options))


# ---- list and delete ------------------------------------------------------------------------


@pytest.mark.model("ListWebAuthnCredentials.NextToken")
def test_passkeys_are_listed_page_by_page(app: App, access_token: str) -> None:
    ids = []
    for _ in range(5):
        ids.append(b64(register(app, access_token).credential_id))
        app.poolgate.clock.advance(1)
    seen: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = app.cognito.list_web_authn_credentials(
            AccessToken=access_token, MaxResults=2, **more
        )
        seen += [credential["CredentialId"] for credential in page["Credentials"]]
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
        app.cognito.delete_web_authn_credential(AccessToken=access_token, CredentialId=seen[-1])
    assert seen == ids
    app.user("bob")
    with refused(INVALID):
        app.cognito.list_web_authn_credentials(AccessToken=app.access_token("bob"), **more)


@pytest.mark.model("DeleteWebAuthnCredential.errors ResourceNotFoundException")
def test_deleted_passkey_is_gone(app: App, access_token: str) -> None:
    passkey = register(app, access_token)
    app.user("bob")

    def delete(token: str, credential_id: str) -> None:
        app.cognito.delete_web_authn_credential(AccessToken=token, CredentialId=credential_id)

    shown = b64(passkey.credential_id)
    with refused("ResourceNotFoundException", "Passkey does not exist."):
        delete(app.access_token("bob"), shown)
    delete(access_token, shown)
    with refused("ResourceNotFoundException", "Passkey does not exist."):
        delete(access_token, shown)
    assert listed(app, access_token) == []
    register(app, app.access_token("bob"), passkey)


@pytest.mark.parametrize("credential_id", ["", "!", "AB=", "A" * 3000, "\N{SNOWMAN}"])
@pytest.mark.assumed("an id that no passkey can have is one that does not exist")
def test_ids_that_are_none_do_not_exist(app: App, access_token: str, credential_id: str) -> None:
    with refused("ResourceNotFoundException", "Passkey does not exist."):
        app.cognito.delete_web_authn_credential(
            AccessToken=access_token, CredentialId=credential_id
        )


@pytest.mark.documented("API_AdminDeleteUser", "deletes a user profile")
def test_passkeys_go_with_their_user_and_pool(app: App) -> None:
    passkey = enrolled(app)
    app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    enrolled(app, "alice", passkey)
    creation_options(app, app.access_token())
    app.cognito.delete_user_pool(UserPoolId=app.pool_id)


# ---- what a user can sign in with -----------------------------------------------------------


def factors(app: App, access_token: str) -> tuple[Any, Any]:
    own = app.cognito.get_user_auth_factors(AccessToken=access_token)
    administrators = app.cognito.admin_get_user_auth_factors(
        UserPoolId=app.pool_id, Username=own["Username"]
    )
    own.pop("ResponseMetadata")
    administrators.pop("ResponseMetadata")
    assert own == administrators
    return own["ConfiguredUserAuthFactors"], own.get("UserMFASettingList")


@pytest.mark.documented("API_GetUserAuthFactors", '["PASSWORD", "WEB_AUTHN"]')
def test_passkeys_are_among_the_factors(app: App, access_token: str) -> None:
    assert factors(app, access_token) == (["PASSWORD"], None)
    register(app, access_token)
    assert factors(app, access_token) == (["PASSWORD", "WEB_AUTHN"], None)
