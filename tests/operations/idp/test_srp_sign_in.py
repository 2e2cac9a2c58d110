from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, WRONG, App, refused

from poolgate.testing import LocalPoolgate

NEW = "Chosen-password-1"


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


@pytest.mark.documented("API_InitiateAuth", "USER_SRP_AUTH, PASSWORD_VERIFIER")
def test_srp_gives_tokens(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    assert begun["ChallengeParameters"].keys() == {
        "SALT",
        "SECRET_BLOCK",
        "SRP_B",
        "USERNAME",
        "USER_ID_FOR_SRP",
    }
    assert begun["ChallengeParameters"]["USER_ID_FOR_SRP"] == "alice"
    finished = app.answer_srp(srp, begun)
    assert finished["AuthenticationResult"].keys() >= {"AccessToken", "IdToken", "RefreshToken"}


@pytest.mark.documented("API_AdminInitiateAuth", "USER_SRP_AUTH")
def test_srp_works_at_the_admin_door(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.cognito.admin_initiate_auth(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters=srp.get_auth_params(),
    )
    finished = app.cognito.admin_respond_to_auth_challenge(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=srp.process_challenge(
            begun["ChallengeParameters"], {"USERNAME": "alice"}
        ),
    )
    assert "AuthenticationResult" in finished


@pytest.mark.documented("API_InitiateAuth", "USER_ID_FOR_SRP")
def test_srp_by_address_hashes_the_sub(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, pool={"UsernameAttributes": ["email"]})
    sub = app.user("alice@example.com")
    srp = app.srp("alice@example.com")
    begun = app.begin_srp(srp)
    assert begun["ChallengeParameters"]["USER_ID_FOR_SRP"] == sub
    assert "AuthenticationResult" in app.answer_srp(srp, begun)


@pytest.mark.documented("API_RespondToAuthChallenge", "NEW_PASSWORD_REQUIRED after SRP")
def test_srp_leads_to_a_new_password_where_one_is_owed(app: App) -> None:
    app.user(status="FORCE_CHANGE_PASSWORD")
    srp = app.srp()
    owed = app.answer_srp(srp, app.begin_srp(srp))
    assert owed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in owed
    finished = app.respond(
        "NEW_PASSWORD_REQUIRED", owed["Session"], USERNAME="alice", NEW_PASSWORD=NEW
    )
    assert "AuthenticationResult" in finished


@pytest.mark.documented("API_RespondToAuthChallenge", "SECRET_HASH")
def test_srp_answers_prove_the_client_too(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, secret=True)
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    without = {name: value for name, value in answers.items() if name != "SECRET_HASH"}
    with refused(
        "NotAuthorizedException",
        f"Client {app.client_id} is configured with secret but SECRET_HASH was not received",
    ):
        app.respond("PASSWORD_VERIFIER", **without)
    with refused(
        "NotAuthorizedException", f"Unable to verify secret hash for client {app.client_id}"
    ):
        app.respond("PASSWORD_VERIFIER", **{**answers, "SECRET_HASH": app.secret_hash("bob")})
    assert "AuthenticationResult" in app.respond("PASSWORD_VERIFIER", **answers)


@pytest.mark.documented("API_RespondToAuthChallenge", "Incorrect username or password")
@pytest.mark.parametrize(
    "spoilt",
    [
        {"PASSWORD_CLAIM_SIGNATURE": "AAAA"},
        {"PASSWORD_CLAIM_SECRET_BLOCK": "AAAA"},
        {"PASSWORD_CLAIM_SECRET_BLOCK": "not base64 é"},
        {"TIMESTAMP": "Tue Sep 5 07:09:22 UTC 2023"},
        {"TIMESTAMP": "yesterday"},
        {"USERNAME": "bob"},
    ],
)
def test_any_part_of_the_proof_that_is_wrong_refuses_it(app: App, spoilt: dict[str, str]) -> None:
    app.user()
    app.user("bob")
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    with refused(*WRONG):
        app.respond("PASSWORD_VERIFIER", **{**answers, **spoilt})


@pytest.mark.documented("API_InitiateAuth", "Missing required parameter")
def test_each_part_of_the_proof_is_needed(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    for name in answers:
        with refused("InvalidParameterException", f"Missing required parameter {name}"):
            app.respond("PASSWORD_VERIFIER", **{**answers, name: ""})
    assert "AuthenticationResult" in app.respond("PASSWORD_VERIFIER", **answers)


@pytest.mark.documented("RFC 5054 s2.5.4", "A mod N = 0 is refused")
@pytest.mark.parametrize("srp_a", ["0", "00", "-1", "xyz", "f" * 800, "é"])
def test_public_value_that_would_give_the_key_away_is_refused(app: App, srp_a: str) -> None:
    app.user()
    with refused("InvalidParameterException"):
        app.cognito.initiate_auth(
            AuthFlow="USER_SRP_AUTH",
            ClientId=app.client_id,
            AuthParameters={"USERNAME": "alice", "SRP_A": srp_a},
        )


@pytest.mark.documented("security P9", "a proof is accepted once")
def test_proof_is_accepted_once(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})
    assert "AuthenticationResult" in app.respond("PASSWORD_VERIFIER", **answers)
    with refused(*WRONG):
        app.respond("PASSWORD_VERIFIER", **answers)


@pytest.mark.documented("security P9", "of concurrent takers one wins")
def test_of_many_takers_of_a_proof_one_signs_in(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    answers = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})

    def take(_number: int) -> str:
        try:
            app.respond("PASSWORD_VERIFIER", **answers)
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return "tokens"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(take, range(6)))
    assert outcomes.count("tokens") == 1
    assert set(outcomes) == {"tokens", WRONG[1]}


@pytest.mark.documented("API_CreateUserPoolClient", "AuthSessionValidity")
def test_block_is_as_old_as_an_auth_session_may_be(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    app.poolgate.clock.advance(179)
    assert "AuthenticationResult" in app.answer_srp(srp, begun)
    later = app.begin_srp(srp)
    app.poolgate.clock.advance(180)
    with refused(*WRONG):
        app.answer_srp(srp, later)


@pytest.mark.assumed("what a password change does to an exchange under way is not documented")
def test_password_that_changed_meanwhile_ends_the_exchange(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    app.set_password("alice", NEW)
    with refused(*WRONG):
        app.answer_srp(srp, begun)


@pytest.mark.documented("security P9", "a proof is bound to its client")
def test_block_of_another_client_is_refused(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    with refused(*WRONG):
        app.another_client().answer_srp(srp, begun)


@pytest.mark.recorded("recordings/cognito/initiate-auth.srp.unknown-user.json, 2026-05-16")
def test_unknown_user_is_told_where_existence_may_show(app: App) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        app.cognito.initiate_auth(
            AuthFlow="USER_SRP_AUTH",
            ClientId=app.client_id,
            AuthParameters={"USERNAME": "fixture@example.com", "SRP_A": "a" * 768},
        )


@pytest.mark.documented("managing-errors", "simulated response: the same salt and user id")
@pytest.mark.parametrize(
    ("pool", "name"), [({}, "nobody"), ({"UsernameAttributes": ["email"]}, "nobody@example.com")]
)
def test_unknown_user_is_challenged_the_same_way_each_time(
    poolgate: LocalPoolgate, pool: dict[str, Any], name: str
) -> None:
    app = App.of(poolgate, pool=pool, hides=True)
    srp = app.srp(name)
    begun, again = app.begin_srp(srp), app.begin_srp(srp)
    first, second = begun["ChallengeParameters"], again["ChallengeParameters"]
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    assert (first["SALT"], first["USER_ID_FOR_SRP"]) == (second["SALT"], second["USER_ID_FOR_SRP"])
    assert first["SRP_B"] != second["SRP_B"]
    assert len(first["SALT"]) == 32
    assert (first["USER_ID_FOR_SRP"] == name) is (not pool)
    with refused(*WRONG):
        app.answer_srp(srp, begun)


@pytest.mark.documented("API_InitiateAuth", "PASSWORD_VERIFIER for real and simulated users")
def test_simulated_challenge_has_the_shape_of_a_real_one(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate, hides=True)
    app.user("bob")
    real = app.begin_srp(app.srp("bob"))["ChallengeParameters"]
    simulated = app.begin_srp(app.srp("eve"))["ChallengeParameters"]
    assert real.keys() == simulated.keys()
    for name in ("SALT", "USERNAME", "USER_ID_FOR_SRP"):
        assert len(real[name]) == len(simulated[name])
    assert len(real["SECRET_BLOCK"]) == len(simulated["SECRET_BLOCK"])


@pytest.mark.documented("API_AdminDisableUser", "can't sign in")
def test_disabled_user_is_told_so_by_srp(app: App) -> None:
    app.user()
    srp = app.srp()
    begun = app.begin_srp(srp)
    app.disable()
    with refused("NotAuthorizedException", "User is disabled."):
        app.answer_srp(srp, begun)
    with refused("NotAuthorizedException", "User is disabled."):
        app.begin_srp(srp)


@pytest.mark.documented("API_RespondToAuthChallenge", "wrong password")
def test_wrong_password_by_srp_counts_for_the_lock(app: App) -> None:
    app.user()
    for _ in range(5):
        srp = app.srp(password="Wrong-password-1")
        with refused(*WRONG):
            app.answer_srp(srp, app.begin_srp(srp))
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        app.sign_in(password=PASSWORD)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        app.begin_srp(app.srp())
