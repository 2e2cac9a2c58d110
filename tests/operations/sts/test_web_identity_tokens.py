import json
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from kits.keychain import allow, document, keys_of, make_role, trusting
from kits.takers import TOOK, at_once

AUDIENCE = "https://api.example.com"
MAY = document(allow("sts:GetWebIdentityToken"))


@pytest.fixture
def issuer(iam):
    return iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]


def published(poolgate, issuer, name):
    answer = poolgate.send("GET", f"{urlsplit(issuer).path}/.well-known/{name}")
    assert answer.status == 200
    return json.loads(answer.body)


def verified(poolgate, issuer, token, algorithm):
    """Return the claims as a verifier elsewhere gets them: by discovery and an own library."""
    configuration = published(poolgate, issuer, "openid-configuration")
    assert configuration["issuer"] == issuer
    assert algorithm in configuration["id_token_signing_alg_values_supported"]
    assert configuration["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    keys = KeySet.import_key_set(published(poolgate, issuer, "jwks.json"))
    return jwt.decode(token, keys, algorithms=[algorithm])


@pytest.mark.documented("id_roles_providers_outbound_token_claims", "the claims of a token")
@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_tells_who_the_caller_is_and_its_issuer_publishes_the_key(
    poolgate, user_credentials, issuer, algorithm
):
    ada = user_credentials("ada", document(allow("sts:*")))
    sts = poolgate.client("sts", credentials=ada)
    answer = sts.get_web_identity_token(
        Audience=[AUDIENCE], SigningAlgorithm=algorithm, Tags=[{"Key": "job", "Value": "7"}]
    )
    proven = verified(poolgate, issuer, answer["WebIdentityToken"], algorithm)
    assert proven.header["alg"] == algorithm
    claims = proven.claims
    assert claims["iss"] == issuer
    assert claims["aud"] == AUDIENCE
    assert claims["sub"] == f"arn:aws:iam::{poolgate.account_id}:user/ada"
    assert claims["exp"] - claims["iat"] == 300
    assert answer["Expiration"].timestamp() == claims["exp"]
    aws = claims["https://sts.amazonaws.com/"]
    assert aws["aws_account"] == poolgate.account_id
    assert aws["source_region"] == "us-east-1"
    assert aws["request_tags"] == {"job": "7"}
    again = sts.get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm=algorithm)
    other = verified(poolgate, issuer, again["WebIdentityToken"], algorithm).claims
    assert other["jti"] != claims["jti"]


@pytest.mark.documented("API_GetWebIdentityToken", "Audience, DurationSeconds")
def test_a_roles_token_names_the_role_its_session_and_all_audiences(poolgate, iam, issuer):
    trust = trusting({"AWS": poolgate.account_id})
    role_arn = make_role(
        iam, "worker", trust, allow("sts:GetWebIdentityToken"), Tags=[{"Key": "env", "Value": "p"}]
    )
    iam.create_user(UserName="ada")
    iam.put_user_policy(
        UserName="ada", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole"))
    )
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    keys = keys_of({"Credentials": {**made, "SessionToken": None}})
    assumed = poolgate.client("sts", credentials=keys).assume_role(
        RoleArn=role_arn, RoleSessionName="run", DurationSeconds=900
    )
    sts = poolgate.client("sts", credentials=keys_of(assumed))
    token = sts.get_web_identity_token(
        Audience=["a", "b"], SigningAlgorithm="RS256", DurationSeconds=900
    )["WebIdentityToken"]
    claims = verified(poolgate, issuer, token, "RS256").claims
    assert claims["sub"] == role_arn
    assert claims["aud"] == ["a", "b"]
    aws = claims["https://sts.amazonaws.com/"]
    assert aws["principal_tags"] == {"env": "p"}
    assert aws["original_session_exp"] == assumed["Credentials"]["Expiration"].timestamp()


@pytest.mark.model("errors: SessionDurationEscalationException")
@pytest.mark.usefixtures("issuer")
def test_a_token_does_not_outlive_the_session_that_asks_for_it(poolgate, iam, refused):
    role_arn = make_role(
        iam, "worker", trusting({"AWS": poolgate.account_id}), allow("sts:GetWebIdentityToken")
    )
    iam.create_user(UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document(allow("sts:*")))
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    keys = keys_of({"Credentials": {**made, "SessionToken": None}})
    assumed = poolgate.client("sts", credentials=keys).assume_role(
        RoleArn=role_arn, RoleSessionName="run", DurationSeconds=900
    )
    sts = poolgate.client("sts", credentials=keys_of(assumed))
    asked = {"Audience": ["a"], "SigningAlgorithm": "RS256"}
    answer = refused(sts.get_web_identity_token, DurationSeconds=901, **asked)
    assert answer["code"] == "SessionDurationEscalationException"
    assert answer["status"] == 403


@pytest.mark.model("errors of both services: disabled and enabled twice")
def test_a_disabled_account_gives_no_tokens_and_keeps_its_keys(
    poolgate, iam, refused, user_credentials
):
    ada = user_credentials("ada", MAY)
    sts = poolgate.client("sts", credentials=ada)
    asked = {"Audience": ["a"], "SigningAlgorithm": "ES384"}
    disabled = {"code": "OutboundWebIdentityFederationDisabledException", "status": 403}

    def is_disabled():
        answer = refused(sts.get_web_identity_token, **asked)
        information = refused(iam.get_outbound_web_identity_federation_info)
        assert (information["code"], information["status"]) == ("FeatureDisabled", 404)
        return {name: answer[name] for name in ("code", "status")} == disabled

    assert is_disabled()
    assert (
        refused(iam.disable_outbound_web_identity_federation)["code"],
        poolgate.send("GET", "/sts/other/.well-known/jwks.json").status,
    ) == ("FeatureDisabled", 404)
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert refused(iam.enable_outbound_web_identity_federation)["code"] == "FeatureEnabled"
    token = sts.get_web_identity_token(**asked)["WebIdentityToken"]
    iam.disable_outbound_web_identity_federation()
    assert is_disabled()
    assert verified(poolgate, issuer, token, "ES384").claims["aud"] == "a"
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer
    assert iam.get_outbound_web_identity_federation_info()["JwtVendingEnabled"] is True


@pytest.mark.documented("id_roles_providers_outbound_policies", "condition keys")
@pytest.mark.usefixtures("issuer")
def test_policies_bound_audience_duration_algorithm_and_tags(poolgate, refused, user_credentials):
    conditions = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [AUDIENCE]},
        "NumericLessThanEquals": {"sts:DurationSeconds": "600"},
        "StringEquals": {"sts:SigningAlgorithm": "ES384"},
    }
    ada = user_credentials("ada", document(allow("sts:GetWebIdentityToken", Condition=conditions)))
    sts = poolgate.client("sts", credentials=ada)
    good = {"Audience": [AUDIENCE], "SigningAlgorithm": "ES384", "DurationSeconds": 600}
    sts.get_web_identity_token(**good)
    for bad in (
        {"Audience": [AUDIENCE, "other"]},
        {"SigningAlgorithm": "RS256"},
        {"DurationSeconds": 601},
        {"Tags": [{"Key": "job", "Value": "7"}]},
    ):
        assert refused(sts.get_web_identity_token, **{**good, **bad})["code"] == "AccessDenied"


@pytest.mark.assumed("bounds and texts of web identity tokens")
@pytest.mark.usefixtures("issuer")
def test_what_no_token_can_be(poolgate, refused):
    sts = poolgate.client("sts", validate=False)
    asked = {"Audience": ["a"], "SigningAlgorithm": "RS256"}
    answer = refused(sts.get_web_identity_token, **{**asked, "SigningAlgorithm": "HS256"})
    assert answer["code"] == "ValidationError"
    twice = [{"Key": "job", "Value": "7"}, {"Key": "JOB", "Value": "8"}]
    assert refused(sts.get_web_identity_token, Tags=twice, **asked)["code"] == (
        "InvalidParameterValue"
    )
    large = [{"Key": f"k{number}", "Value": "v" * 256} for number in range(50)]
    assert refused(sts.get_web_identity_token, Tags=large, **asked)["code"] == (
        "JWTPayloadSizeExceededException"
    )
    assert refused(sts.get_web_identity_token, **{**asked, "Audience": []})["code"] == (
        "ValidationError"
    )


@pytest.mark.assumed("bounds and texts of web identity tokens")
def test_the_root_may_have_a_token_too(poolgate, issuer):
    token = poolgate.client("sts").get_web_identity_token(Audience=["a"], SigningAlgorithm="RS256")[
        "WebIdentityToken"
    ]
    claims = verified(poolgate, issuer, token, "RS256").claims
    assert claims["sub"] == f"arn:aws:iam::{poolgate.account_id}:root"


@pytest.mark.model("errors: FeatureEnabledException")
def test_of_those_who_enable_at_one_moment_one_succeeds(poolgate, iam):
    outcomes = at_once(
        lambda _number: poolgate.client("iam").enable_outbound_web_identity_federation(), takers=8
    )
    assert outcomes.pop(TOOK) == 1
    ((refusal, count),) = outcomes.items()
    assert (refusal.partition(":")[0], count) == ("FeatureEnabled", 7)
    issuer = iam.get_outbound_web_identity_federation_info()["IssuerIdentifier"]
    keys = published(poolgate, issuer, "jwks.json")["keys"]
    assert sorted(key["alg"] for key in keys) == ["ES384", "RS256"]
