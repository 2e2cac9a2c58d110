"""What an issuer says of its OAuth endpoints: OpenID Connect Discovery, RFC 8414, RFC 9207."""

import json

from kits.cognito import App
from kits.oauth import OAuthApp


def configuration(poolgate, pool_id):
    answer = poolgate.send("GET", f"/{pool_id}/.well-known/openid-configuration")
    return json.loads(answer.body)


def advertised(told):
    return {
        name: url
        for name, url in told.items()
        if name.endswith(("_endpoint", "_uri")) and isinstance(url, str)
    }


def test_every_advertised_url_answers(poolgate):
    pool_id = OAuthApp.of(poolgate).app.pool_id
    told = configuration(poolgate, pool_id)
    urls = advertised(told)
    assert {"authorization_endpoint", "token_endpoint", "jwks_uri"} <= set(urls)
    for name, url in urls.items():
        path = url.removeprefix(poolgate.url)
        assert path != url, name
        statuses = {poolgate.send(method, path).status for method in ("GET", "POST")}
        assert statuses != {404}, name
        assert 500 not in statuses, name


def test_the_issuer_is_the_one_of_the_tokens_character_by_character(poolgate):
    pool_id = OAuthApp.of(poolgate).app.pool_id
    assert configuration(poolgate, pool_id)["issuer"] == f"{poolgate.url}/{pool_id}"


def test_it_says_what_is_so(poolgate):
    told = configuration(poolgate, OAuthApp.of(poolgate).app.pool_id)
    assert told["response_types_supported"] == ["code", "token"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["request_parameter_supported"] is False
    assert "authorization_code" in told["grant_types_supported"]


def test_without_a_domain_no_endpoint_is_named(poolgate):
    told = configuration(poolgate, App.of(poolgate).pool_id)
    assert set(advertised(told)) == {"jwks_uri"}
    assert "grant_types_supported" not in told


def test_a_custom_domain_is_named_before_the_prefix(poolgate):
    made = OAuthApp.of(poolgate)
    made.app.cognito.create_user_pool_domain(
        Domain="login.example.com",
        UserPoolId=made.app.pool_id,
        CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/abc"},
    )
    told = configuration(poolgate, made.app.pool_id)
    assert told["token_endpoint"] == f"{poolgate.url}/domains/login.example.com/oauth2/token"
