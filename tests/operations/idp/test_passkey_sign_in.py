"""WEB_AUTHN: a passkey is the first factor of a sign-in by choice, or both."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from kits.authenticator import enrol
from kits.cognito import PASSWORD, App, refused
from kits.passkey_pools import (
    answer,
    begin,
    configure,
    enrolled,
    options_of,
    passkey_app,
    register,
    sign_in,
)
from kits.passkeys import (
    BE,
    EDDSA,
    ES256,
    RP_ID,
    RS256,
    UP,
    UV,
    Passkey,
    b64,
    new_private_key,
    unb64,
)

from poolgate.testing import LocalPoolgate

REFUSED = ("NotAuthorizedException", "The passkey was not accepted.")
MALFORMED = ("InvalidParameterException", "Invalid passkey credential.")
INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
USED_SESSION = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)
MULTI = "MULTI_FACTOR_WITH_USER_VERIFICATION"


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return passkey_app(poolgate)


@pytest.fixture
def passkey(app: App) -> Passkey:
    return enrolled(app)


def is_signed_in(answered: Any) -> bool:
    return "RefreshToken" in answered["AuthenticationResult"]


def offered(app: App, name: str = "alice") -> list[str]:
    return list(begin(app, name, None)["AvailableChallenges"])


# ---- the challenge --------------------------------------------------------------------------


@pytest.mark.documented(
    "API_InitiateAuth", "PREFERRED_CHALLENGE WEB_AUTHN: CREDENTIAL_REQUEST_OPTIONS"
)
def test_options_are_those_that_browsers_take(app: App, passkey: Passkey) -> None:
    another = register(app, app.access_token(), Passkey(transports=()))
    begun = begin(app)
    assert begun["ChallengeName"] == "WEB_AUTHN"
    assert begun["AvailableChallenges"] == ["WEB_AUTHN"]
    assert list(begun["ChallengeParameters"]) == ["CREDENTIAL_REQUEST_OPTIONS"]
    options = options_of(begun)
    challenge = unb64(options.pop("challenge"))
    assert len(challenge) == 32
    known = {described["id"]: described for described in options.pop("allowCredentials")}
    assert known == {
        b64(passkey.credential_id): {
            "type": "public-key",
            "id": b64(passkey.credential_id),
            "transports": ["internal", "hybrid"],
        },
        b64(another.credential_id): {"type": "public-key", "id": b64(another.credential_id)},
    }
    assert options == {"timeout": 180_000, "rpId": RP_ID, "userVerification": "preferred"}
    assert unb64(options_of(begin(app))["challenge"]) != challenge


@pytest.mark.parametrize("algorithm", [ES256, RS256, EDDSA])
@pytest.mark.documented("API_RespondToAuthChallenge", "WEB_AUTHN with CREDENTIAL")
def test_passkey_signs_in(app: App, algorithm: int) -> None:
    passkey = enrolled(app, passkey=Passkey(algorithm=algorithm))
    assert is_signed_in(sign_in(app, passkey))
    assert is_signed_in(sign_in(app, passkey))


@pytest.mark.documented("API_RespondToAuthChallenge", "SELECT_CHALLENGE with ANSWER WEB_AUTHN")
def test_passkey_can_be_chosen(app: App, passkey: Passkey) -> None:
    begun = begin(app, preferred=None)
    assert begun["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]
    chosen = app.respond("SELECT_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER="WEB_AUTHN")
    assert chosen["ChallengeName"] == "WEB_AUTHN"
    assert is_signed_in(answer(app, chosen, passkey.get(options_of(chosen))))


@pytest.mark.assumed("SELECT_CHALLENGE says what a passkey that comes with the choice is to sign")
def test_passkey_comes_with_the_choice(app: App, passkey: Passkey) -> None:
    begun = begin(app, preferred=None)
    credential = json.dumps(passkey.get(options_of(begun)))
    for _ in range(2):
        with refused(*REFUSED):
            app.respond(
                "SELECT_CHALLENGE",
                begun["Session"],
                USERNAME="alice",
                ANSWER="WEB_AUTHN",
                CREDENTIAL=json.dumps(passkey.get(options_of(begin(app)))),
            )
    answered = app.respond(
        "SELECT_CHALLENGE",
        begun["Session"],
        USERNAME="alice",
        ANSWER="WEB_AUTHN",
        CREDENTIAL=json.dumps(passkey.get(options_of(begun))),
    )
    assert is_signed_in(answered)
    with refused(*USED_SESSION):
        app.respond(
            "SELECT_CHALLENGE",
            begun["Session"],
            USERNAME="alice",
            ANSWER="WEB_AUTHN",
            CREDENTIAL=credential,
        )


@pytest.mark.documented("authentication-flows-selection-sdk", "what is not available: a choice")
def test_passkeys_are_offered_to_those_who_have_one(app: App) -> None:
    app.user()
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    assert begin(app)["ChallengeName"] == "SELECT_CHALLENGE"
    register(app, app.access_token())
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]
    app.cognito.admin_set_user_password(
        UserPoolId=app.pool_id, Username="alice", Password=PASSWORD, Permanent=False
    )
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]


@pytest.mark.documented("API_WebAuthnConfigurationType", "RelyingPartyId")
def test_passkeys_of_another_domain_are_not_offered(app: App, passkey: Passkey) -> None:
    begun = begin(app)
    configure(app, RelyingPartyId="example.com")
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    with refused("InvalidParameterException"):
        answer(app, begun, passkey.get(options_of(begun)))
    configure(app)
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    configure(app, RelyingPartyId=RP_ID)
    assert is_signed_in(sign_in(app, passkey))


@pytest.mark.documented("API_AdminRespondToAuthChallenge", "WEB_AUTHN with CREDENTIAL")
def test_backend_signs_in_by_passkey(app: App, passkey: Passkey) -> None:
    begun = app.cognito.admin_initiate_auth(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice", "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    credential = json.dumps(passkey.get(options_of(begun)))
    with refused(*INVALID_SESSION):
        answer(app, begun, credential)
    answered = app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName="WEB_AUTHN",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "alice", "CREDENTIAL": credential},
    )
    assert is_signed_in(answered)


# ---- wrong answers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.example"},
        {"origin": f"http://{RP_ID}"},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"challenge": b64(bytes(32))}},
        {"client_data": {"type": "webauthn.create"}},
        {"rp_id": "example.com"},
        {"flags": UV},
        {"flags": UP | UV | BE},
        {"private_key": new_private_key(ES256)},
        {"user_handle": b"somebody else"},
        {"credential_id": b"another one"},
    ],
    ids=lambda bent: next(iter(bent)),
)
@pytest.mark.assumed("text for a passkey that was not accepted")
def test_wrong_proof_is_refused_and_can_be_repeated(
    app: App, passkey: Passkey, bent: dict[str, Any]
) -> None:
    begun = begin(app)
    honest = {name: getattr(passkey, name) for name in bent}
    for name, value in bent.items():
        setattr(passkey, name, value)
    with refused(*REFUSED):
        answer(app, begun, passkey.get(options_of(begun)))
    for name, value in honest.items():
        setattr(passkey, name, value)
    assert is_signed_in(answer(app, begun, passkey.get(options_of(begun))))


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": b64(b"wrong")},
        {"signature": ""},
        {"authenticatorData": b64(bytes(37))},
        {"authenticatorData": ""},
        {"clientDataJSON": b64(b"{}")},
    ],
)
@pytest.mark.assumed("text for a passkey that was not accepted")
def test_altered_proof_is_refused(app: App, passkey: Passkey, changes: dict[str, Any]) -> None:
    with refused(*REFUSED):
        sign_in(app, passkey, **changes)


@pytest.mark.parametrize(
    "credential",
    [
        "x",
        "null",
        "[]",
        "{}",
        '{"id":"AA","response":{}}',
        '{"id":"AA","response":{"clientDataJSON":"*","authenticatorData":"AA","signature":"AA"}}',
        "[" * 50_000,
        json.dumps({"id": "A" * 5000}),
    ],
)
@pytest.mark.assumed("texts for passkeys that are refused")
def test_malformed_proof_is_refused(app: App, passkey: Passkey, credential: str) -> None:
    begun = begin(app)
    with refused(*MALFORMED):
        answer(app, begun, credential)
    assert is_signed_in(answer(app, begun, passkey.get(options_of(begun))))


@pytest.mark.documented("WebAuthn 3 section 7.2", "signCount: the authenticator may be cloned")
def test_copy_of_a_passkey_is_refused_once_the_other_was_used(app: App, passkey: Passkey) -> None:
    assert is_signed_in(sign_in(app, passkey))
    assert is_signed_in(sign_in(app, passkey))
    passkey.sign_count = 0
    for _ in range(2):
        with refused(*REFUSED):
            sign_in(app, passkey)
        # The answer does not tell; whoever reads the log learns of the copy.
        assert '"failure":"PasskeyRefused from CounterWentBack"' in app.poolgate.log.getvalue()
    assert is_signed_in(sign_in(app, passkey))


@pytest.mark.documented("WebAuthn 3 section 7.2", "signCount: zero where nothing is counted")
def test_synchronised_passkey_does_not_count(app: App) -> None:
    passkey = enrolled(app, passkey=Passkey(counts=0, flags=UP | UV | BE))
    assert is_signed_in(sign_in(app, passkey))
    assert is_signed_in(sign_in(app, passkey))


@pytest.mark.documented("WebAuthn 3 section 7.2", "userHandle may be left out")
def test_user_handle_may_be_left_out(app: App, passkey: Passkey) -> None:
    assert is_signed_in(sign_in(app, passkey, userHandle=None))


@pytest.mark.assumed("text for a passkey that was not accepted")
def test_passkeys_of_others_do_not_sign_in(app: App, passkey: Passkey) -> None:
    enrolled(app, "bob")
    begun = begin(app, "bob")
    stolen = passkey.get(options_of(begun), userHandle=None)
    with refused(*REFUSED):
        answer(app, begun, stolen, "bob")
    with refused(*INVALID_SESSION):
        answer(app, begun, passkey.get(options_of(begun)), "alice")


@pytest.mark.documented("API_RespondToAuthChallenge", "Session: used once")
def test_proof_signs_in_once(app: App, passkey: Passkey) -> None:
    begun = begin(app)
    credential = passkey.get(options_of(begun))
    assert is_signed_in(answer(app, begun, credential))
    with refused(*USED_SESSION):
        answer(app, begun, credential)
    with refused(*REFUSED):
        answer(app, begin(app), credential)


@pytest.mark.documented("API_RespondToAuthChallenge", "Session: used once")
def test_of_many_takers_of_one_proof_one_signs_in(database_url: str) -> None:
    with LocalPoolgate(database_url=database_url) as poolgate:
        app = passkey_app(poolgate)
        passkey = enrolled(app)
        sessions = [begin(app) for _ in range(3)]
        passkey.counts = 0
        passkey.sign_count = 7
        proofs = [(begun, passkey.get(options_of(begun))) for begun in sessions]

        def attempt(proof: Any) -> bool | str:
            try:
                return is_signed_in(answer(app, *proof))
            except ClientError as error:
                return str(error.response["Error"]["Code"])

        # All with one count, so that all but one are copies.
        with ThreadPoolExecutor(6) as threads:
            outcomes = list(threads.map(attempt, proofs * 2))
        assert outcomes.count(True) == 1
        assert set(outcomes) == {True, "NotAuthorizedException"}


@pytest.mark.documented("API_DeleteWebAuthnCredential", "deletes a registered passkey")
def test_deleted_passkey_no_longer_signs_in(app: App, passkey: Passkey) -> None:
    another = register(app, app.access_token())
    begun = begin(app)
    app.cognito.delete_web_authn_credential(
        AccessToken=app.access_token(), CredentialId=b64(passkey.credential_id)
    )
    with refused(*REFUSED):
        answer(app, begun, passkey.get(options_of(begun)))
    assert is_signed_in(answer(app, begun, another.get(options_of(begun))))


@pytest.mark.assumed("what ends a sign-in under way is not documented")
def test_what_changed_meanwhile_counts(app: App, passkey: Passkey) -> None:
    begun = begin(app)
    app.poolgate.clock.advance(1)
    app.set_password("alice", "Another-password-1")
    with refused(*INVALID_SESSION):
        answer(app, begun, passkey.get(options_of(begun)))
    begun = begin(app)
    app.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        answer(app, begun, passkey.get(options_of(begun)))


@pytest.mark.documented("API_InitiateAuth", "AuthSessionValidity")
def test_challenge_expires(app: App, passkey: Passkey) -> None:
    begun = begin(app)
    app.poolgate.clock.advance(180)
    with refused("NotAuthorizedException"):
        answer(app, begun, passkey.get(options_of(begun)))


@pytest.mark.assumed("wrong proofs of passkeys count for the lock-out")
def test_wrong_proofs_lock_out(app: App, passkey: Passkey) -> None:
    begun = begin(app)
    wrong = {**passkey.get(options_of(begun))}
    wrong["response"] = {**wrong["response"], "signature": b64(b"wrong")}
    errors = set()
    for _ in range(8):
        with pytest.raises(ClientError) as caught:
            answer(app, begun, wrong)
        errors.add(caught.value.response["Error"]["Message"])
    assert errors == {REFUSED[1], "Password attempts exceeded"}
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        answer(app, begun, passkey.get(options_of(begun)))


# ---- user verification and second factors ---------------------------------------------------


@pytest.mark.documented("API_WebAuthnConfigurationType", "UserVerification required")
def test_demanded_user_verification_is_verified(app: App, passkey: Passkey) -> None:
    passkey.flags = UP
    assert is_signed_in(sign_in(app, passkey))
    configure(app, RelyingPartyId=RP_ID, UserVerification="required")
    begun = begin(app)
    assert options_of(begun)["userVerification"] == "required"
    with refused(*REFUSED):
        answer(app, begun, passkey.get(options_of(begun)))
    passkey.flags = UP | UV
    assert is_signed_in(answer(app, begun, passkey.get(options_of(begun))))


def prefer(app: App, **settings: Any) -> None:
    app.cognito.admin_set_user_mfa_preference(UserPoolId=app.pool_id, Username="alice", **settings)


@pytest.mark.documented(
    "amazon-cognito-user-pools-authentication-flow-methods",
    "users who have activated MFA can't sign in with a passwordless first factor",
)
def test_active_second_factor_leaves_the_password_only(app: App, passkey: Passkey) -> None:
    configure(app, "OPTIONAL", RelyingPartyId=RP_ID)
    assert is_signed_in(sign_in(app, passkey))
    begun = begin(app)
    enrol(app, app.access_token())
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    with refused("InvalidParameterException"):
        answer(app, begun, passkey.get(options_of(begun)))


@pytest.mark.documented(
    "API_WebAuthnMfaSettingsType", "passkey sign-in is available when MFA is required"
)
def test_passkey_with_user_verification_counts_as_both_factors(app: App, passkey: Passkey) -> None:
    enrol(app, app.access_token())
    configure(app, "ON", RelyingPartyId=RP_ID, FactorConfiguration=MULTI)
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]
    prefer(app, WebAuthnMfaSettings={"Enabled": True})
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]
    begun = begin(app)
    assert options_of(begun)["userVerification"] == "required"
    passkey.flags = UP
    with refused(*REFUSED):
        answer(app, begun, passkey.get(options_of(begun)))
    passkey.flags = UP | UV
    assert is_signed_in(answer(app, begun, passkey.get(options_of(begun))))
    assert app.sign_in()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


@pytest.mark.documented("API_WebAuthnMfaSettingsType", "turns passkey MFA on and off for the user")
def test_passkey_that_no_longer_counts_twice_is_not_offered(app: App, passkey: Passkey) -> None:
    enrol(app, app.access_token())
    configure(app, "OPTIONAL", RelyingPartyId=RP_ID, FactorConfiguration=MULTI)
    prefer(app, WebAuthnMfaSettings={"Enabled": True})
    begun = begin(app)
    prefer(app, WebAuthnMfaSettings={"Enabled": False})
    with refused("InvalidParameterException"):
        answer(app, begun, passkey.get(options_of(begun)))
    prefer(app, WebAuthnMfaSettings={"Enabled": True})
    configure(app, "OPTIONAL", RelyingPartyId=RP_ID, FactorConfiguration="SINGLE_FACTOR")
    assert offered(app) == ["PASSWORD_SRP", "PASSWORD"]


@pytest.mark.assumed("texts for preferences that cannot be")
def test_passkey_that_counts_twice_is_never_the_only_factor(app: App) -> None:
    app.user()
    alone = ("InvalidParameterException", "WEB_AUTHN needs another MFA method that is enabled")
    configure(app, "OPTIONAL", RelyingPartyId=RP_ID, FactorConfiguration=MULTI)
    with refused(alone[0], f"{alone[1]} for the user."):
        prefer(app, WebAuthnMfaSettings={"Enabled": True})
    enrol(app, app.access_token())
    prefer(app, WebAuthnMfaSettings={"Enabled": True})
    off = {"SoftwareTokenMfaSettings": {"Enabled": False}}
    with refused(alone[0], f"{alone[1]} for the user."):
        prefer(app, **off)
    prefer(app, **off, WebAuthnMfaSettings={"Enabled": False})


@pytest.mark.documented("API_AdminDeleteSoftwareToken", "can register a new TOTP factor")
def test_administrator_takes_the_authenticator_app_away(app: App) -> None:
    app.user()
    access_token = app.access_token()
    configure(app, "OPTIONAL", RelyingPartyId=RP_ID)
    enrol(app, access_token)
    begun = app.sign_in()
    assert begun["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def delete(name: str = "alice") -> None:
        app.cognito.admin_delete_software_token(UserPoolId=app.pool_id, Username=name)

    delete()
    assert is_signed_in(app.sign_in())
    assert "UserMFASettingList" not in app.described()
    enrol(app, access_token)
    assert app.sign_in()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    delete()
    with refused("UserNotFoundException"):
        delete("nobody")


@pytest.mark.assumed("text for an authenticator app that is not there")
def test_app_that_is_not_there_cannot_be_taken_away(app: App) -> None:
    app.user()
    with refused("InvalidParameterException", "User has not set up software token mfa"):
        app.cognito.admin_delete_software_token(UserPoolId=app.pool_id, Username="alice")


# ---- names that nobody has ------------------------------------------------------------------


@pytest.mark.documented("API_InitiateAuth", "PreventUserExistenceErrors ENABLED")
def test_missing_user_is_asked_for_a_passkey_as_others_are(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate, hides=True)
    real = enrolled(app)
    asked = {f"nobody{number}": begin(app, f"nobody{number}") for number in range(40)}
    holders = {
        name: begun for name, begun in asked.items() if begun["ChallengeName"] == "WEB_AUTHN"
    }
    assert 5 < len(holders) < 35
    others = [begun for name, begun in asked.items() if name not in holders]
    for begun in others:
        assert begun["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    genuine = begin(app)
    ids = set()
    for name, begun in holders.items():
        options = options_of(begun)
        assert options.keys() == options_of(genuine).keys()
        assert options_of(begin(app, name))["allowCredentials"] == options["allowCredentials"]
        (described,) = options["allowCredentials"]
        ids.add(described["id"])
        assert len(begun["Session"]) == len(genuine["Session"])
        forged = Passkey(credential_id=unb64(described["id"]), private_key=real.private_key)
        with refused(*REFUSED):
            answer(app, begun, forged.get(options), name)
    assert len(ids) == len(holders)


@pytest.mark.documented("API_InitiateAuth", "PreventUserExistenceErrors ENABLED")
def test_right_signature_for_nobody_signs_nobody_in(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate, hides=True)
    asked = {f"nobody{number}": begin(app, f"nobody{number}") for number in range(40)}
    name, begun = next(
        (name, begun) for name, begun in asked.items() if begun["ChallengeName"] == "WEB_AUTHN"
    )
    options = options_of(begun)
    # The key of the specification's examples, which made-up passkeys have for the time it takes.
    scalar = int("6e68e7a58484a3264f66b77f5d6dc5bc36a47085b615c9727ab334e8c369c2ee", 16)
    known = Passkey(
        credential_id=unb64(options["allowCredentials"][0]["id"]),
        private_key=ec.derive_private_key(scalar, ec.SECP256R1()),
        flags=UP | UV | BE,
    )
    with refused(*REFUSED):
        answer(app, begun, known.get(options), name)


@pytest.mark.documented("API_InitiateAuth", "PreventUserExistenceErrors ENABLED")
def test_malformed_proof_for_nobody_is_told_as_for_others(poolgate: LocalPoolgate) -> None:
    app = passkey_app(poolgate, hides=True)
    asked = {f"nobody{number}": begin(app, f"nobody{number}") for number in range(40)}
    name, begun = next(
        (name, begun) for name, begun in asked.items() if begun["ChallengeName"] == "WEB_AUTHN"
    )
    with refused(*MALFORMED):
        answer(app, begun, "x", name)


@pytest.mark.documented("API_InitiateAuth", "UserNotFoundException")
def test_missing_user_shows_where_nothing_is_hidden(app: App) -> None:
    with refused("UserNotFoundException"):
        begin(app, "nobody")
