import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from kits.cognito import App
from kits.keychain import allow, keys_of, make_role, trusting

from poolgate.jose.key_sets import render_jwk, render_key_set
from poolgate.jose.tokens import sign_token, signing_key
from poolgate.outbound.documents import DocumentUnreachable
from poolgate.testing import LocalPoolgate

ISSUER = "https://idp.example/tenant"
WEB = "sts:AssumeRoleWithWebIdentity"
PRIVATE = rsa.generate_private_key(65537, 2048)
KEY = signing_key("k1", PRIVATE)


class Idp:
    """An identity provider elsewhere: its two documents, and tokens."""

    def __init__(self):
        self.documents = {
            f"{ISSUER}/.well-known/openid-configuration": json.dumps(
                {"issuer": ISSUER, "jwks_uri": "https://keys.example/set"}
            ).encode(),
            "https://keys.example/set": render_key_set([render_jwk("k1", PRIVATE.public_key())]),
        }

    def fetch(self, url):
        if url not in self.documents:
            raise DocumentUnreachable
        return self.documents[url]


@pytest.fixture
def poolgate():
    with LocalPoolgate(frozen=True, documents=Idp()) as local:
        yield local


@pytest.fixture
def role_arn(iam):
    provider_arn = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["app"])[
        "OpenIDConnectProviderArn"
    ]
    only_ci = {"Condition": {"StringEquals": {"idp.example/tenant:sub": "ci"}}}
    return make_role(
        iam, "ci", trusting({"Federated": provider_arn}, WEB, **only_ci), allow("iam:ListUsers")
    )


def token(poolgate, *, key=KEY, **changes):
    now = poolgate.clock.now()
    claims = {
        "iss": ISSUER,
        "aud": "app",
        "sub": "ci",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=10)).timestamp()),
    }
    return sign_token({**claims, **changes}, key)


def assume(poolgate, role_arn, web_identity_token):
    return poolgate.client("sts").assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="run", WebIdentityToken=web_identity_token
    )


@pytest.mark.documented("API_AssumeRoleWithWebIdentity", "response elements")
def test_a_token_of_a_known_issuer_becomes_keys(poolgate, role_arn):
    answer = assume(poolgate, role_arn, token(poolgate))
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"]) == ("ci", "app")
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/ci/run")
    poolgate.client("iam", credentials=keys_of(answer)).list_users()


@pytest.mark.documented("identity_pools_sts_iam.md B4", "refusals, in their order")
@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"aud": "other"}, "InvalidIdentityToken", 400),
        ({"azp": "other"}, "InvalidIdentityToken", 400),
        ({"aud": ["app", "other"]}, "InvalidIdentityToken", 400),
        ({"iss": "https://other.example"}, "InvalidIdentityToken", 400),
        ({"iss": "http://idp.example/tenant"}, "InvalidIdentityToken", 400),
        ({"exp": 1}, "ExpiredTokenException", 400),
        ({"exp": "never"}, "InvalidIdentityToken", 400),
        ({"sub": ""}, "InvalidIdentityToken", 400),
        ({"sub": "other"}, "AccessDenied", 403),
        ({"key": signing_key("k2", PRIVATE)}, "InvalidIdentityToken", 400),
        (
            {"key": signing_key("k1", rsa.generate_private_key(65537, 2048))},
            "InvalidIdentityToken",
            400,
        ),
    ],
)
def test_tokens_that_are_not_good_become_nothing(
    poolgate, role_arn, refused, changes, code, status
):
    refusal = refused(
        assume,
        poolgate=poolgate,
        role_arn=role_arn,
        web_identity_token=token(poolgate, **changes),
    )
    assert (refusal["code"], refusal["status"]) == (code, status)


@pytest.mark.documented("identity_pools_sts_iam.md B4", "not a JWT")
def test_what_is_no_token_is_told(poolgate, role_arn, refused):
    refusal = refused(assume, poolgate=poolgate, role_arn=role_arn, web_identity_token="garbage")
    assert refusal["message"].startswith("The ID Token provided is not a valid JWT.")


@pytest.mark.documented("id_session-tags", "tags in web identity tokens")
def test_tags_of_the_token_must_be_allowed(poolgate, iam, role_arn, refused):
    tags = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}}}
    refusal = refused(
        assume, poolgate=poolgate, role_arn=role_arn, web_identity_token=token(poolgate, **tags)
    )
    assert (refusal["code"], refusal["message"]) == (
        "AccessDenied",
        "Not authorized to perform sts:TagSession",
    )
    provider = f"arn:aws:iam::{poolgate.account_id}:oidc-provider/idp.example/tenant"
    only_blue = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}
    tagged = make_role(
        iam,
        "tagged",
        trusting({"Federated": provider}, [WEB, "sts:TagSession"]),
        allow("iam:ListUsers", **only_blue),
    )
    answer = assume(poolgate, tagged, token(poolgate, **tags))
    poolgate.client("iam", credentials=keys_of(answer)).list_users()


@pytest.mark.documented("API_AssumeRoleWithWebIdentity", "IDPCommunicationError")
def test_an_issuer_that_does_not_answer_is_told(poolgate, iam, refused):
    made = iam.create_open_id_connect_provider(Url="https://gone.example", ClientIDList=["app"])
    role_arn = make_role(
        iam, "gone", trusting({"Federated": made["OpenIDConnectProviderArn"]}, WEB)
    )
    refusal = refused(
        assume,
        poolgate=poolgate,
        role_arn=role_arn,
        web_identity_token=token(poolgate, iss="https://gone.example"),
    )
    assert refusal["code"] == "IDPCommunicationError"


@pytest.mark.documented("a user pool as an OIDC provider of IAM", "aud, amr of web identities")
def test_a_user_pool_of_this_server_can_be_the_issuer(refused):
    with LocalPoolgate(frozen=True, aws_issuers=True) as poolgate:
        iam = poolgate.client("iam")
        app = App.of(poolgate)
        url = f"cognito-idp.{poolgate.region}.amazonaws.com/{app.pool_id}"
        made = iam.create_open_id_connect_provider(
            Url=f"https://{url}", ClientIDList=[app.client_id]
        )
        role_arn = make_role(
            iam,
            "member",
            trusting(
                {"Federated": made["OpenIDConnectProviderArn"]},
                WEB,
                Condition={"StringEquals": {f"{url}:aud": app.client_id}},
            ),
        )
        app.user("alice")
        tokens = app.sign_in("alice")["AuthenticationResult"]
        assert keys_of(assume(poolgate, role_arn, tokens["IdToken"])).access_key_id
        refusal = refused(
            assume,
            poolgate=poolgate,
            role_arn=role_arn,
            web_identity_token=tokens["AccessToken"],
        )
        assert refusal["code"] == "InvalidIdentityToken"
