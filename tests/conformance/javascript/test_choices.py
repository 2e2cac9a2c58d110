"""Custom sign-ins and sign-ins by choice with the JavaScript clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kits.custom_challenges import ANSWER, choose_and_judge
from kits.functions import FUNCTION, function_server
from kits.serving import PASSWORD, PoolMade, Served, make_user, serving

EMAIL = "carl@example.com"
FUNCTIONS = {
    "DefineAuthChallenge": FUNCTION,
    "CreateAuthChallenge": FUNCTION,
    "VerifyAuthChallengeResponse": FUNCTION,
}


@pytest.fixture(scope="module")
def asking(tmp_path_factory) -> Iterator[Served]:
    """A --dev server whose pools ask the functions of a custom sign-in."""
    folder: Path = tmp_path_factory.mktemp("asking")
    with function_server() as hook:
        hook.handler = choose_and_judge
        config = folder / "poolgate.toml"
        config.write_text(f'[triggers]\n"{FUNCTION}" = "{hook.url}/hook"\n')
        settings = {"POOLGATE_TRIGGER_SIGNING_SECRET": "shared"}
        with serving(folder / "data", "--dev", "--config", str(config), **settings) as served:
            yield served


@pytest.fixture(scope="module")
def pool(asking) -> PoolMade:
    client = asking.client("cognito-idp")
    pool_id = client.create_user_pool(
        PoolName="choices",
        AutoVerifiedAttributes=["email"],
        LambdaConfig=FUNCTIONS,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )["UserPool"]["Id"]
    app_client = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="choices",
        ExplicitAuthFlows=[
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_USER_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
    )
    made = PoolMade(pool_id, app_client["UserPoolClient"]["ClientId"])
    make_user(client, made, "carl")
    return made


@pytest.mark.model("CUSTOM_AUTH as amazon-cognito-identity-js speaks it")
def test_identity_js_signs_in_by_custom_challenges(asking, pool, javascript):
    told = javascript(
        "identity_custom.mjs", asking.url, pool.pool_id, pool.client_id, "carl", PASSWORD, ANSWER
    )
    question = "6 * 7"
    assert told == {
        "without_password": {"asked": [question], "valid": True},
        "second_try": {"asked": [question] * 2, "valid": True},
        "password_first": {"asked": [question], "valid": True},
        "worn_out": {
            "asked": [question] * 3,
            "refused": "NotAuthorizedException",
            "message": "Incorrect username or password.",
        },
    }


@pytest.mark.model("CUSTOM_AUTH and USER_AUTH as aws-amplify speaks them")
def test_amplify_signs_in_by_custom_challenges_and_by_choice(asking, pool, javascript):
    told = javascript(
        "amplify_choice.mjs",
        asking.url,
        pool.pool_id,
        pool.client_id,
        "carl",
        PASSWORD,
        EMAIL,
        ANSWER,
    )
    assert told.get("error") is None, told
    assert told["custom"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert told["custom"]["additionalInfo"]["question"] == "6 * 7"
    assert told["after_password"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert told["choice"]["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert set(told["choice"]["availableChallenges"]) >= {"EMAIL_OTP", "PASSWORD_SRP"}
    assert told["chosen"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert told["chosen"]["codeDeliveryDetails"]["destination"] == "c***@e***"
    assert told["preferred"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert told["newcomer"] == "COMPLETE_AUTO_SIGN_IN"
    assert told.pop("newcomer_step") == {"signInStep": "DONE"}
    assert all(done is True for name, done in told.items() if name.endswith("_done")), told
