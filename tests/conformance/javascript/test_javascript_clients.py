"""amazon-cognito-identity-js and aws-jwt-verify, unchanged but for the endpoint."""

import base64
import json
import urllib.request

import boto3
import pytest
from kits.serving import PASSWORD, make_pool, make_user, serving

NEW_PASSWORD = "Battery-Staple-2"


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


@pytest.mark.model("InitiateAuth, RespondToAuthChallenge as amazon-cognito-identity-js sends them")
def test_user_signs_in_by_srp_and_reads_own_attributes(served, javascript):
    client = served.client("cognito-idp")
    pool = make_pool(client, "javascript")
    make_user(client, pool, "alice")

    told = javascript("sign_in.mjs", served.url, pool.pool_id, pool.client_id, "alice", PASSWORD)

    assert told.get("error") is None, told
    assert told["challenges"] == []
    assert claims_of(told["id_token"])["cognito:username"] == "alice"
    assert told["attributes"]["email"] == "alice@example.com"
    first, again = claims_of(told["access_token"]), claims_of(told["refreshed_access_token"])
    assert again["origin_jti"] == first["origin_jti"]
    assert again["jti"] != first["jti"]


@pytest.mark.model("NEW_PASSWORD_REQUIRED as amazon-cognito-identity-js answers it")
def test_temporary_password_is_replaced_at_the_first_sign_in(served, javascript):
    client = served.client("cognito-idp")
    pool = make_pool(client, "javascript-new")
    make_user(client, pool, "bob", permanent=False)
    names = (served.url, pool.pool_id, pool.client_id, "bob")

    told = javascript("sign_in.mjs", *names, PASSWORD, NEW_PASSWORD)
    assert told.get("error") is None, told
    assert told["challenges"] == ["NEW_PASSWORD_REQUIRED"]

    assert javascript("sign_in.mjs", *names, PASSWORD)["code"] == "NotAuthorizedException"
    assert javascript("sign_in.mjs", *names, NEW_PASSWORD)["challenges"] == []


@pytest.mark.model("error codes as amazon-cognito-identity-js reads them")
def test_wrong_password_is_refused(served, javascript):
    client = served.client("cognito-idp")
    pool = make_pool(client, "javascript-wrong")
    make_user(client, pool, "carol")

    told = javascript("sign_in.mjs", served.url, pool.pool_id, pool.client_id, "carol", "Wrong-1!")

    assert told["code"] == "NotAuthorizedException"
    assert told["message"] == "Incorrect username or password."


@pytest.fixture(scope="module")
def as_aws(tmp_path_factory):
    """A --dev server that writes AWS's issuer into its tokens."""
    data = tmp_path_factory.mktemp("as-aws") / "data"
    with serving(data, "--dev", POOLGATE_ISSUER_STYLE="aws") as running:
        yield running


def dev_client(server):
    return boto3.client(
        "cognito-idp",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )


def jwks_of(server, pool):
    address = f"{server.url}/{pool.pool_id}/.well-known/jwks.json"
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


def tokens_of(client, pool, username):
    return client.admin_initiate_auth(
        UserPoolId=pool.pool_id,
        ClientId=pool.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]


def tampered(token):
    header, body, signature = token.split(".")
    claims = claims_of(token)
    claims["sub"] = "00000000-0000-4000-8000-000000000000"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert changed != body
    return f"{header}.{changed}.{signature}"


@pytest.mark.documented("amazon-cognito-user-pools-using-tokens-verifying-a-jwt", "aws-jwt-verify")
def test_aws_jwt_verify_accepts_ours_and_refuses_tampered_expired_and_foreign(as_aws, javascript):
    client = dev_client(as_aws)
    pool, other = make_pool(client, "ours"), make_pool(client, "foreign")
    make_user(client, pool, "alice")
    make_user(client, other, "alice")
    ours, foreign = tokens_of(client, pool, "alice"), tokens_of(client, other, "alice")
    jwks = jwks_of(as_aws, pool)

    def verdicts(*tokens):
        asked = {
            "user_pool_id": pool.pool_id,
            "client_id": pool.client_id,
            "jwks": jwks,
            "tokens": [{"token": token, "token_use": use} for token, use in tokens],
        }
        return javascript("verify.mjs", standard_input=json.dumps(asked))

    assert verdicts(
        (ours["AccessToken"], "access"),
        (ours["IdToken"], "id"),
        (ours["IdToken"], "access"),
        (tampered(ours["AccessToken"]), "access"),
        (foreign["AccessToken"], "access"),
    ) == [
        "accepted",
        "accepted",
        "CognitoJwtInvalidTokenUseError",
        "JwtInvalidSignatureError",
        "ParameterValidationError",  # its issuer is not the one that is trusted
    ]


@pytest.mark.documented("amazon-cognito-user-pools-using-tokens-verifying-a-jwt", "exp")
def test_aws_jwt_verify_refuses_an_expired_token(as_aws, javascript):
    client = dev_client(as_aws)
    pool = make_pool(client, "expired")
    make_user(client, pool, "alice")
    token = tokens_of(client, pool, "alice")["AccessToken"]
    jwks = jwks_of(as_aws, pool)
    asked = {
        "user_pool_id": pool.pool_id,
        "client_id": pool.client_id,
        "jwks": jwks,
        "tokens": [{"token": token, "token_use": "access"}],
        "now": claims_of(token)["exp"] + 1,
    }
    assert javascript("verify.mjs", standard_input=json.dumps(asked)) == ["JwtExpiredError"]


@pytest.mark.model("the operations of an account's life as amazon-cognito-identity-js calls them")
def test_account_lives_from_sign_up_to_its_deletion(served_dev, javascript):
    client = served_dev.client("cognito-idp")
    pool = make_pool(client, "identity-js", AutoVerifiedAttributes=["email"])
    client.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    told = javascript("identity.mjs", served_dev.url, pool.pool_id, pool.client_id)
    assert told.get("error") is None, told
    assert told["attributes"].pop("sub")
    assert told == {
        "confirmed_at_once": False,
        "delivery": {
            "AttributeName": "email",
            "DeliveryMedium": "EMAIL",
            "Destination": "i***@e***",
        },
        "confirmed": "SUCCESS",
        "signed_in": True,
        "preferred": "SUCCESS",
        "asked": "SOFTWARE_TOKEN_MFA",
        "signed_in_with_totp": True,
        "mfa": ["SOFTWARE_TOKEN_MFA"],
        "turned_off": "SUCCESS",
        "updated": "SUCCESS",
        "attributes": {"email": "irene@example.com", "email_verified": "true", "nickname": "Ira"},
        "reset": "i***@e***",
        "refused": "NotAuthorizedException",
        "signed_in_after_reset": True,
        "deleted": "SUCCESS",
        "gone": "UserNotFoundException",
    }
