"""The credentials page, in a browser without script; the numbers are the checklist's."""

import base64
import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from dce_installation import TEMPORARY, DceBrowser
from dce_processes import PASSWORD

PAGE_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture
def browser(installed) -> DceBrowser:
    return DceBrowser.at(installed.api_url)


@pytest.fixture(scope="module")
def paula(installed) -> str:
    installed.person("paula")
    DceBrowser.at(installed.api_url).sign_in_first("paula")
    return "paula"


def assert_kept_by_nobody(browser: DceBrowser) -> None:
    headers = browser.response.headers
    assert {name: headers.get(name) for name in PAGE_HEADERS} == PAGE_HEADERS
    content_policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in content_policy
    assert "unsafe" not in content_policy
    assert "access-control-allow-origin" not in headers


def test_d37_d57_page_is_open_and_holds_ids_but_no_secret(browser, installed):
    assert browser.response.status == 200
    assert browser.response.headers["content-type"] == "text/html; charset=utf-8"
    assert_kept_by_nobody(browser)
    told = json.loads(re.search(r'type="application/json"[^>]*>([^<]*)<', browser.text)[1])
    outputs = installed.outputs
    login_url = installed.settings()["DCE_LOGIN_URL"]
    assert told == {
        "SITE_PATH_PREFIX": "auth",
        "APIGW_DEPLOYMENT_NAME": "api",
        "AWS_CURRENT_REGION": "us-east-1",
        "IDENTITY_POOL_ID": outputs["cognito_identity_pool_id"],
        "USER_POOL_PROVIDER_NAME": outputs["cognito_user_pool_endpoint"],
        "USER_POOL_CLIENT_ID": outputs["cognito_user_pool_client_id"],
        "USER_POOL_APP_WEB_DOMAIN": login_url.removeprefix("http://"),
        "USER_POOL_ID": outputs["cognito_user_pool_id"],
    }
    for secret in (value for name, value in installed.settings().items() if "SECRET" in name):
        assert secret not in browser.text


def test_sign_in_asks_for_a_code_with_pkce(browser):
    asked = parse_qs(urlsplit(browser.page.links[0]).query)
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid email profile"]
    assert asked["code_challenge_method"] == ["S256"]
    (cookie,) = browser.response.cookies
    assert cookie.startswith(f"dce-sign-in={asked['state'][0]}.")
    assert "; HttpOnly; SameSite=Lax" in cookie
    assert asked["code_challenge"][0] not in cookie


def test_d35_d38_d39_d40_from_a_temporary_password_to_the_code(browser, installed):
    installed.person("newcomer")
    browser.leave_for_the_login()
    browser.fill_in("newcomer", "Wrong-Horse-1")
    assert "<textarea" not in browser.text
    assert urlsplit(browser.url).netloc == urlsplit(installed.server.url).netloc
    browser.fill_in("newcomer", TEMPORARY)
    before = int(time.time())
    browser.send(new_password=PASSWORD, repeated=PASSWORD)
    assert browser.url.startswith(f"{installed.api_url}/auth?code=")
    assert browser.response.status == 200
    assert_kept_by_nobody(browser)
    assert "DCE CLI Credentials" in browser.says
    assert "Copy To Clipboard" in browser.says
    assert "Sign Out" in browser.says
    told = base64.b64decode(browser.authentication_code, validate=True)
    assert b"\n" not in told
    members = json.loads(told)
    assert list(members) == ["accessKeyId", "secretAccessKey", "sessionToken", "expireTime"]
    assert members["accessKeyId"].startswith("ASIA")
    assert before + 3000 < members["expireTime"] <= int(time.time()) + 3600
    for secret in (browser.authentication_code, members["secretAccessKey"], "code="):
        assert secret not in installed.log()


def test_code_of_a_sign_in_counts_once_and_in_its_own_browser(browser, paula, installed):
    browser.sign_in(paula)
    shown_at = browser.url
    for reader in (browser, DceBrowser.at(installed.api_url)):
        reader.open(shown_at)
        assert reader.response.status == 400
        assert "<textarea" not in reader.text
        assert_kept_by_nobody(reader)
    # The hosted login still knows the browser, so that one click is enough.
    browser.open(browser.page.links[0])
    assert browser.leave_for_the_login().authentication_code


def test_code_that_the_login_does_not_know_is_refused(browser):
    state = parse_qs(urlsplit(browser.page.links[0]).query)["state"][0]
    browser.open(f"/api/auth?code=nonsense&state={state}")
    assert browser.response.status == 400
    assert "expired or has been used" in browser.says


@pytest.mark.parametrize("state", ["", "x", "é"])
def test_answer_with_another_state_is_refused(browser, state):
    browser.open(f"/api/auth?code=nonsense&state={state}")
    assert browser.response.status == 400
    assert "not started in this browser" in browser.says


def test_what_an_address_says_is_not_shown(browser):
    browser.open("/api/auth?error=%3Cscript%3E&error_description=%3Cb%3Epay%3C/b%3E")
    assert browser.response.status == 400
    assert "pay" not in browser.text
    assert "You have not been signed in." in browser.says


def test_d59_sign_out_ends_the_hosted_session(browser, paula, installed):
    browser.sign_in(paula)
    browser.sign_out()
    assert browser.url == f"{installed.api_url}/auth"
    browser.leave_for_the_login()
    assert "<textarea" not in browser.text
    assert "password" in browser.page.forms[0][1]


def test_user_for_whom_there_is_no_role_gets_none(installed, paula):
    identity = installed.server.client("cognito-identity")
    pool_id = installed.outputs["cognito_identity_pool_id"]
    roles = identity.get_identity_pool_roles(IdentityPoolId=pool_id)
    kept = {name: roles[name] for name in ("Roles", "RoleMappings")}
    mapping = next(iter(kept["RoleMappings"].values()))
    denying = {
        name: {**mapping, "AmbiguousRoleResolution": "Deny"} for name in kept["RoleMappings"]
    }
    identity.set_identity_pool_roles(
        IdentityPoolId=pool_id, Roles=kept["Roles"], RoleMappings=denying
    )
    try:
        browser = DceBrowser.at(installed.api_url).sign_in(paula)
    finally:
        identity.set_identity_pool_roles(IdentityPoolId=pool_id, **kept)
    assert browser.response.status == 403
    assert "no role for you" in browser.says
    assert "<textarea" not in browser.text


def test_d62_nobody_gets_keys_without_signing_in(installed):
    identity = installed.server.client("cognito-identity")
    with pytest.raises(identity.exceptions.NotAuthorizedException):
        identity.get_id(IdentityPoolId=installed.outputs["cognito_identity_pool_id"])


def test_public_files(browser):
    for name, media_type in (("auth.js", "text/javascript"), ("auth.css", "text/css")):
        browser.open(f"/api/auth/public/{name}")
        assert browser.response.status == 200
        assert browser.response.headers["content-type"].startswith(media_type)
        assert browser.response.headers["x-content-type-options"] == "nosniff"
    for path in ("auth/", "auth/public/", "auth/public/../auth", "auth/public/sign_in.html"):
        browser.open(f"/api/{path.replace('..', '%2e%2e')}")
        assert browser.response.status == 403


def test_d58_other_methods_at_the_pages(desk_api):
    assert desk_api.send("OPTIONS", "/auth").body == {}
    assert desk_api.send("OPTIONS", "/auth/public/auth.js").status == 200
    assert desk_api.send("POST", "/auth").status == 403


def test_app_without_a_hosted_login_has_no_page(api):
    assert api.send("GET", "/auth").status == 403
