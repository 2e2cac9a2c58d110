"""RFC 6749 section 4.4 and AWS's token endpoint: tokens of app clients themselves."""

import json

import pytest
from kits.oauth import BASE, MACHINE, OAuthApp, basic, claims_of

ARN = "arn:aws:lambda:us-east-1:123456789012:function:tokens"


@pytest.fixture
def machine(poolgate):
    return OAuthApp.machine(poolgate)


def asked(machine, **form):
    return machine.token(headers=machine.basic, **{"grant_type": "client_credentials", **form})


def test_a_client_proves_itself_by_basic_and_gets_all_its_scopes(machine, poolgate):
    answer = asked(machine)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert set(answer.json) == {"access_token", "expires_in", "token_type"}
    assert (answer.json["expires_in"], answer.json["token_type"]) == (3600, "Bearer")
    claims = claims_of(answer.json["access_token"])
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert claims["scope"] == "things/read things/write"
    assert (claims["token_use"], claims["version"]) == ("access", 2)
    assert claims["iss"] == f"{poolgate.url}/{machine.app.pool_id}"


def test_a_client_proves_itself_by_its_secret_in_the_form(machine):
    answer = machine.token(
        grant_type="client_credentials",
        client_id=machine.client_id,
        client_secret=machine.app.client_secret,
        scope="things/write",
    )
    assert claims_of(answer.json["access_token"])["scope"] == "things/write"


def test_an_added_secret_proves_the_client_too(machine):
    added = machine.app.cognito.add_user_pool_client_secret(
        UserPoolId=machine.app.pool_id, ClientId=machine.client_id
    )["ClientSecretDescriptor"]["ClientSecretValue"]
    headers = basic(machine.client_id, added)
    assert machine.token(headers=headers, grant_type="client_credentials").status == 200


def test_a_form_encoded_secret_with_a_plus_sign_and_a_raw_one_are_the_same(machine):
    secret = "plus+sign+plus+sign+plus+sign"
    other = machine.another(**MACHINE, ClientSecret=secret, CallbackURLs=[], LogoutURLs=[])
    for spelled in (secret, secret.replace("+", "%2B")):
        answer = machine.token(
            headers=basic(other.client_id, spelled), grant_type="client_credentials"
        )
        assert answer.status == 200


@pytest.mark.parametrize(
    ("form", "headers", "refusal"),
    [
        ({"client_secret": "x" * 52}, {}, (400, "invalid_client", "invalid_client_secret")),
        ({}, {}, (400, "invalid_client", None)),
        ({"client_id": "nobody"}, {}, (400, "invalid_client", None)),
        ({"client_id": ""}, {}, (400, "invalid_request", None)),
        ({"client_id": ""}, {"authorization": "Basic !!"}, (400, "invalid_client", None)),
        ({"client_id": ""}, {"authorization": "Basic bm9jb2xvbg=="}, (400, "invalid_client", None)),
        ({"client_id": ""}, {"authorization": "Bearer abc"}, (400, "invalid_client", None)),
    ],
)
def test_who_does_not_prove_to_be_a_client_is_refused(machine, form, headers, refusal):
    given = {"grant_type": "client_credentials", "client_id": machine.client_id, **form}
    assert machine.post("/oauth2/token", given, headers=headers).refused() == refusal


def test_two_ways_of_proof_at_once_are_refused(machine):
    answer = asked(machine, client_secret=machine.app.client_secret)
    assert answer.refused() == (400, "invalid_request", None)


def test_another_client_id_beside_basic_is_refused(machine):
    assert asked(machine, client_id="another").refused() == (400, "invalid_client", None)


def test_a_client_of_another_pool_is_unknown_at_this_domain(machine, poolgate):
    stranger = poolgate.client("cognito-idp")
    pool_id = stranger.create_user_pool(PoolName="strangers")["UserPool"]["Id"]
    made = stranger.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", GenerateSecret=True
    )["UserPoolClient"]
    answer = machine.token(
        headers=basic(made["ClientId"], made["ClientSecret"]), grant_type="client_credentials"
    )
    assert answer.refused() == (400, "invalid_client", None)


@pytest.mark.parametrize(
    ("scope", "refusal"),
    [
        ("things/burn", (400, "invalid_grant", None)),
        ("things/read things/burn", (400, "invalid_grant", None)),
        ("things/nothing", (400, "invalid_scope", None)),
        ("nowhere/read", (400, "invalid_scope", None)),
        ("openid", (400, "invalid_scope", None)),
    ],
)
def test_scopes_that_cannot_be_granted_fail_the_whole_request(machine, scope, refusal):
    assert asked(machine, scope=scope).refused() == refusal


def test_a_deleted_resource_server_takes_its_scopes_along(machine):
    machine.app.cognito.delete_resource_server(UserPoolId=machine.app.pool_id, Identifier="things")
    assert asked(machine).refused() == (400, "invalid_scope", None)


def test_a_client_for_users_may_not_use_the_grant(machine):
    users_client = machine.another(secret=True)
    assert asked(users_client).refused() == (400, "unauthorized_client", None)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ("", (400, "invalid_request", None)),
        ("scope=a", (400, "invalid_request", None)),
        ("grant_type=password", (400, "unsupported_grant_type", None)),
        ("grant_type=client_credentials&grant_type=refresh_token", (400, "invalid_request", None)),
        ("grant_type=client_credentials&scope=%zz", (400, "invalid_request", None)),
        ("grant_type=client_credentials&scope=%ff", (400, "invalid_request", None)),
        ("grant_type=client_credentials&scope=%00", (400, "invalid_request", None)),
        ("grant_type=client_credentials&x=" + "y" * 70000, (400, "invalid_request", None)),
        ("&".join(f"p{n}=1" for n in range(200)), (400, "invalid_request", None)),
        (
            "grant_type=client_credentials&aws_client_metadata=%5B1%5D",
            (400, "invalid_request", None),
        ),
    ],
)
def test_what_is_no_token_request_is_refused(machine, body, refusal):
    assert machine.post("/oauth2/token", body, headers=machine.basic).refused() == refusal


def test_only_forms_are_read(machine):
    headers = {**machine.basic, "content-type": "application/json"}
    answer = machine.post("/oauth2/token", '{"grant_type":"client_credentials"}', headers=headers)
    assert answer.refused() == (400, "invalid_request", None)


def test_other_methods_are_not_allowed(machine):
    answer = machine.get("/oauth2/token")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_page_of_any_origin_may_ask(poolgate):
    OAuthApp.of(poolgate)
    preflight = poolgate.send("OPTIONS", f"{BASE}/oauth2/token")
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"]


def test_the_function_is_told_the_client_metadata(poolgate):
    machine = OAuthApp.machine(poolgate)
    events = []

    def function(event):
        events.append(event)
        event["response"]["claimsAndScopeOverrideDetails"] = {
            "accessTokenGeneration": {"claimsToAddOrOverride": {"tenant": "t1"}}
        }
        return event

    poolgate.trigger(ARN, function)
    machine.app.cognito.update_user_pool(
        UserPoolId=machine.app.pool_id,
        LambdaConfig={
            "PreTokenGenerationConfig": {"LambdaArn": ARN, "LambdaVersion": "V3_0"},
        },
    )
    answer = asked(machine, aws_client_metadata=json.dumps({"reason": "nightly"}))
    assert claims_of(answer.json["access_token"])["tenant"] == "t1"
    assert events[0]["triggerSource"] == "TokenGeneration_ClientCredentials"
    assert events[0]["request"]["clientMetadata"] == {"reason": "nightly"}


def test_a_failing_function_fails_the_request_with_its_text(poolgate):
    machine = OAuthApp.machine(poolgate)

    def function(_event):
        raise ValueError('no "tenant"')

    poolgate.trigger(ARN, function)
    machine.app.cognito.update_user_pool(
        UserPoolId=machine.app.pool_id,
        LambdaConfig={
            "PreTokenGenerationConfig": {"LambdaArn": ARN, "LambdaVersion": "V3_0"},
        },
    )
    assert asked(machine).refused() == (
        400,
        "invalid_request",
        "PreTokenGeneration failed with error no ?tenant?.",
    )


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/oauth2/token", "people.auth.us-east-1.amazoncognito.com"),
        ("/oauth2/token", "people.auth.localhost:9440"),
        ("/OAuth2/Token", "PEOPLE.auth.localhost"),
    ],
)
def test_the_host_names_the_domain_too(machine, path, host):
    answer = machine.post(
        path,
        {"grant_type": "client_credentials"},
        headers={**machine.basic, "host": host},
        base="",
    )
    assert answer.status == 200


@pytest.mark.parametrize("base", ["/domains/nobody", "/domains/", "/domains", ""])
def test_elsewhere_nothing_answers(machine, base):
    assert machine.post("/oauth2/token", {}, base=base).status == 404


@pytest.mark.parametrize("name", ["login.example.com", "login.auth.example.com"])
def test_a_custom_domain_answers_by_its_name(poolgate, name):
    machine = OAuthApp.machine(poolgate)
    machine.app.cognito.create_user_pool_domain(
        Domain=name,
        UserPoolId=machine.app.pool_id,
        CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/abc"},
    )
    form = {"grant_type": "client_credentials"}
    by_host = {**machine.basic, "host": name}
    assert machine.post("/oauth2/token", form, headers=by_host, base="").status == 200
    by_path = machine.post("/oauth2/token", form, headers=machine.basic, base=f"/domains/{name}")
    assert by_path.status == 200
