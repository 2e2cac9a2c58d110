"""Whatever arrives at a domain, nothing breaks: no answer is an internal error."""

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kits.oauth import BASE, CALLBACK, CHALLENGE, OAuthApp, basic

from poolgate.testing import LocalPoolgate

ENDPOINTS = (
    "/oauth2/authorize",
    "/oauth2/token",
    "/oauth2/userInfo",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/oauth2/par",
    "/oauth2/device_authorization",
    "/logout",
    "/login",
    "/challenge",
    "/signup",
    "/confirm",
    "/resendcode",
    "/forgotPassword",
    "/confirmforgotPassword",
    "/device",
    "/error",
)
NAMES = (
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "grant_type",
    "code",
    "code_verifier",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "resource",
    "request_uri",
    "carried_request",
    "refresh_token",
    "device_code",
    "user_code",
    "token",
    "subject_token",
    "subject_token_type",
    "logout_uri",
    "post_logout_redirect_uri",
    "id_token_hint",
    "aws_client_metadata",
    "login_hint",
    "_csrf",
    "username",
    "password",
)


@pytest.fixture(scope="module")
def oauth():
    with LocalPoolgate() as local:
        yield OAuthApp.of(local, secret=True).signed_in()


def known(oauth):
    """Return values that lead further into the endpoints than what is made up."""
    return (
        oauth.client_id,
        oauth.app.client_secret,
        CALLBACK,
        CHALLENGE,
        "S256",
        "code",
        "token",
        "openid",
        "none",
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:token-type:access_token",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "urn:ietf:params:oauth:request_uri:x",
        "{}",
        "a.b.c",
        "0",
    )


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_no_request_breaks_an_endpoint(oauth, drawn):
    endpoint = drawn.draw(st.sampled_from(ENDPOINTS))
    value = st.one_of(st.sampled_from(known(oauth)), st.text(max_size=40))
    parameters = drawn.draw(st.dictionaries(st.sampled_from(NAMES), value, max_size=10))
    complete = oauth.request() if drawn.draw(st.booleans()) else {}
    text = urlencode({**complete, **parameters})
    if drawn.draw(st.integers(0, 9)) == 0:
        text = drawn.draw(st.text(max_size=60))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers |= drawn.draw(
        st.sampled_from(
            (
                {},
                oauth.basic,
                basic("x", "y"),
                {"authorization": "Bearer x"},
                {"cookie": "cognito-people=x; XSRF-TOKEN-people=x; page-data-people=x"},
            )
        )
    )
    for method in ("GET", "POST"):
        response = oauth.poolgate.send(
            method, f"{BASE}{endpoint}?{text}", headers=headers, body=text.encode()
        )
        assert response.status < 500, (method, endpoint, text)
