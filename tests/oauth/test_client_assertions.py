"""private_key_jwt: RFC 7523 section 3, OpenID Connect Core section 9, security.md O9."""

import itertools
import json

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from kits.oauth import BASE, CALLBACK, VERIFIER, OAuthApp
from kits.provider_server import provider_server

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = RSAKey.generate_key(2048, parameters={"kid": "k1", "alg": "RS256", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, parameters={"kid": "k1", "alg": "RS256", "use": "sig"})
NUMBERS = itertools.count()


@pytest.fixture
def keys():
    with provider_server() as server:
        document = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
        server.documents["/keys"] = (200, document)
        yield server


def with_keys(oauth, keys):
    arn = oauth.app.cognito.describe_user_pool(UserPoolId=oauth.app.pool_id)["UserPool"]["Arn"]
    oauth.app.cognito.tag_resource(
        ResourceArn=arn, Tags={f"poolgate:client-keys:{oauth.client_id}": f"{keys.url}/keys"}
    )
    return oauth


@pytest.fixture
def machine(poolgate, keys):
    return with_keys(OAuthApp.machine(poolgate), keys)


def assertion(oauth, *, key=KEY, header=None, **changes):
    now = int(oauth.poolgate.clock.now().timestamp())
    claims = {
        "iss": oauth.client_id,
        "sub": oauth.client_id,
        "aud": f"{oauth.poolgate.url}{BASE}/oauth2/token",
        "exp": now + 60,
        "iat": now,
        "jti": f"jti-{next(NUMBERS)}",
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "k1", **(header or {})}, claims, key)


def asked(oauth, signed, **form):
    return oauth.post(
        "/oauth2/token",
        {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": signed,
            **form,
        },
    )


def test_a_client_proves_itself_by_its_key_once_for_each_assertion(machine, keys):
    signed = assertion(machine)
    assert asked(machine, signed).status == 200
    assert asked(machine, signed).refused() == (400, "invalid_client", None)
    issuer = f"{machine.poolgate.url}/{machine.app.pool_id}"
    assert asked(machine, assertion(machine, aud=[issuer, "others"])).status == 200
    # The keys are kept for a while.
    assert keys.asked == ["/keys"]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/oauth2/token"},
        {"aud": None},
        {"iss": "another"},
        {"sub": "another"},
        {"exp": 1},
        {"exp": 4102444800},
        {"exp": None},
        {"nbf": 4102444800},
        {"jti": None},
        {"jti": ""},
        {"key": OTHER_KEY},
        {"header": {"kid": "k2"}},
    ],
)
def test_an_assertion_that_proves_nothing_is_refused(machine, changes):
    answer = asked(machine, assertion(machine, **changes))
    assert answer.refused() == (400, "invalid_client", None)


@pytest.mark.parametrize("signed", ["made-up", "a.b.c", ""])
def test_what_is_no_assertion_is_refused(machine, signed):
    error = "invalid_client" if signed else "invalid_request"
    assert asked(machine, signed).refused() == (400, error, None)


def test_only_one_way_of_proof_counts(machine):
    both = asked(machine, assertion(machine), client_secret=machine.app.client_secret)
    assert both.refused() == (400, "invalid_request", None)
    other_type = asked(machine, assertion(machine), client_assertion_type="urn:saml")
    assert other_type.refused() == (400, "invalid_request", None)
    other_client = asked(machine, assertion(machine), client_id="another")
    assert other_client.refused() == (400, "invalid_client", None)


def test_an_assertion_for_another_server_is_not_at_home_under_its_name(machine):
    signed = assertion(machine, aud="http://people.auth.evil.example/oauth2/token")
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": TYPE,
        "client_assertion": signed,
    }
    headers = {"host": "people.auth.evil.example"}
    answer = machine.post("/oauth2/token", form, headers=headers, base="")
    assert answer.refused() == (400, "invalid_client", None)
    own = {**form, "client_assertion": assertion(machine)}
    assert machine.post("/oauth2/token", own, headers=headers, base="").status == 200


def test_keys_of_one_client_prove_no_other(machine):
    other = machine.another(secret=True)
    assert asked(machine, assertion(other)).refused() == (400, "invalid_client", None)


def test_without_reachable_keys_nothing_is_proven(machine, keys):
    keys.documents.clear()
    assert asked(machine, assertion(machine)).refused() == (400, "invalid_client", None)


def test_a_client_with_keys_and_no_secret_must_prove_itself(poolgate, keys):
    oauth = with_keys(OAuthApp.of(poolgate), keys).signed_in()
    form = {
        "grant_type": "authorization_code",
        "code": oauth.code(),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    bare = oauth.post("/oauth2/token", {**form, "client_id": oauth.client_id})
    assert bare.refused() == (400, "invalid_client", None)
    proof = {"client_assertion_type": TYPE, "client_assertion": assertion(oauth)}
    members = oauth.post("/oauth2/token", {**form, **proof}).json
    proof["client_assertion"] = assertion(oauth)
    told = oauth.post("/oauth2/introspect", {**proof, "token": members["access_token"]})
    assert told.json["active"] is True
