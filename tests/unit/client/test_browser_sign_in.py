"""What a redirect may say, and which ID tokens are believed."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from poolgate.client.browser_sign_in import (
    AnswerNotOurs,
    IdTokenRefused,
    SignInDenied,
    begin,
    verify_answer,
    verify_id_token,
)
from poolgate.client.exchanges import AddressRefused
from poolgate.client.issuers import Endpoints
from poolgate.client.profiles import Profile
from poolgate.client.token_sets import TokenSet, received
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret

ISSUER = "https://auth.example/eu-west-1_abc"
PROFILE = Profile(name="default", issuer=ISSUER, client_id=ClientId("client"))
PLACES = Endpoints(
    authorization="https://people.example/oauth2/authorize",
    token="https://people.example/oauth2/token",
    revocation=None,
    device_authorization=None,
    end_session=None,
    names_itself=True,
)
HERE = "http://127.0.0.1:1234/callback"


def tokens_with(**claims: object) -> TokenSet:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return received("access", f"e30.{body}.x", None, lifetime_seconds=3600, now=now)


def test_a_request_is_bound_to_this_program() -> None:
    first, second = begin(PROFILE, PLACES, HERE), begin(PROFILE, PLACES, HERE)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first.location).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == HERE
    assert first.verifier.reveal() not in first.location
    assert len(first.verifier.reveal()) >= 43
    assert (first.state, first.nonce) != (second.state, second.nonce)
    assert "scope" not in asked
    wished = replace(PROFILE, scope="openid email", username="alice")
    query = parse_qs(urlsplit(begin(wished, PLACES, HERE).location).query)
    assert (query["scope"], query["login_hint"]) == (["openid email"], ["alice"])


def test_an_endpoint_without_https_is_not_asked() -> None:
    with pytest.raises(AddressRefused):
        begin(PROFILE, replace(PLACES, authorization="http://people.example/authorize"), HERE)


def test_the_code_of_the_right_answer_is_taken() -> None:
    begun = begin(PROFILE, PLACES, HERE)
    query = urlencode({"code": "c", "state": begun.state, "iss": ISSUER})
    assert verify_answer(begun, PROFILE, PLACES, query) == Secret("c")
    silent = replace(PLACES, names_itself=False)
    query = urlencode({"code": "c", "state": begun.state})
    assert verify_answer(begun, PROFILE, silent, query) == Secret("c")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "another"},
        {"state": ""},
        {"state": "\u00e9"},
        {"iss": "https://auth.example/eu-west-1_xyz"},
        {"iss": None},
        {"code": None},
        {"state": None, "error": "access_denied", "code": None},
        {"iss": "https://evil.example", "error": "access_denied", "code": None},
    ],
)
def test_another_answer_is_not_ours(changes: dict[str, str | None]) -> None:
    begun = begin(PROFILE, PLACES, HERE)
    members = {"code": "c", "state": begun.state, "iss": ISSUER, **changes}
    query = urlencode({name: value for name, value in members.items() if value is not None})
    with pytest.raises(AnswerNotOurs):
        verify_answer(begun, PROFILE, PLACES, query)


def test_what_stands_twice_or_too_often_or_is_nothing_is_not_ours() -> None:
    begun = begin(PROFILE, PLACES, HERE)
    good = urlencode({"code": "c", "state": begun.state, "iss": ISSUER})
    for query in (f"{good}&code=d", f"{good}&state={begun.state}", "", "x", good + "&a=b" * 30):
        with pytest.raises(AnswerNotOurs):
            verify_answer(begun, PROFILE, PLACES, query)


def test_a_refusal_is_told_in_its_own_words_without_what_steers_a_terminal() -> None:
    begun = begin(PROFILE, PLACES, HERE)
    members = {"error": "access_denied", "error_description": "no\x1b[2J\r\n", "iss": ISSUER}
    query = urlencode({**members, "state": begun.state})
    with pytest.raises(SignInDenied, match=r"refused: access_denied: no \[2J"):
        verify_answer(begun, PROFILE, PLACES, query)


def test_an_id_token_is_for_this_client_of_this_issuer_and_this_request() -> None:
    good = {"iss": ISSUER, "aud": "client", "nonce": "n"}
    verify_id_token(tokens_with(**good), PROFILE, nonce="n")
    verify_id_token(tokens_with(**{**good, "aud": ["x", "client"]}), PROFILE, nonce="n")
    verify_id_token(tokens_with(iss=ISSUER, aud="client"), PROFILE, nonce=None)
    for changes in ({"iss": "x"}, {"aud": "x"}, {"aud": []}, {"aud": None}, {"nonce": "m"}):
        with pytest.raises(IdTokenRefused):
            verify_id_token(tokens_with(**{**good, **changes}), PROFILE, nonce="n")
    with pytest.raises(IdTokenRefused):
        verify_id_token(replace(tokens_with(), id_token=Secret("none")), PROFILE, nonce="n")


def test_tokens_last_as_long_as_the_first_of_both() -> None:
    shorter = tokens_with(iat=0, exp=300)
    assert shorter.expires_at == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    assert shorter.refresh_at == datetime(2026, 1, 1, 0, 3, 45, tzinfo=UTC)
    assert tokens_with(iat=0, exp=7200).refresh_at == datetime(2026, 1, 1, 0, 55, tzinfo=UTC)
