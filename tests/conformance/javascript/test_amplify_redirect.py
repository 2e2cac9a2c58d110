"""aws-amplify's sign-in by redirect, in Chromium, with a proxy for TLS in front of the server.

aws-amplify only goes to `https://{domain}`, so this is also the way of production: a domain by its
Host, cookies bound to it, and forwarded headers of a trusted proxy.
"""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kits.chromium import new_page, running_chromium
from kits.serving import BIN, PASSWORD, serving
from kits.tls_front import tls_front
from playwright.sync_api import expect

DOMAIN = "people"
PAGE = """<!doctype html><html lang="en"><title>An app</title>
<button id="sign-in">Sign in</button><button id="sign-out">Sign out</button><output></output>
<script id="settings" type="application/json">{settings}</script>
<script src="/app.js"></script></html>"""


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """A server behind a proxy; its public URL is the proxy's."""
    folder = tmp_path_factory.mktemp("tls")
    with tls_front(folder) as front:
        url = f"https://localhost:{front.port}"
        flags = ("--public-url", url, "--trusted-proxies", "127.0.0.1/32")
        with serving(folder / "data", *flags, port=front.port_behind) as served:
            yield front, url, served


@pytest.fixture(scope="module")
def bundle(javascript_folder):
    """The app as browsers load it."""
    return subprocess.run(
        [BIN / "node", "bundle.mjs", "amplify_redirect.mjs"],
        cwd=javascript_folder,
        check=True,
        capture_output=True,
    ).stdout


@pytest.fixture(scope="module")
def app(bundle):
    """The app's own server; `settings` are what it finds in its page."""

    class App(BaseHTTPRequestHandler):
        settings: dict | None = None

        def do_GET(self):
            is_script = self.path == "/app.js"
            page = PAGE.format(settings=json.dumps({"settings": App.settings})).encode()
            body = bundle if is_script else page
            self.send_response(200)
            self.send_header("content-type", "text/javascript" if is_script else "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        App.url = f"http://localhost:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield App
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pool(front, app):
    front, url, served = front
    cognito = served.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="amplify-redirect")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain=DOMAIN, UserPoolId=pool_id)
    scopes = ["openid", "email", "aws.cognito.signin.user.admin"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="app",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=scopes,
        CallbackURLs=[app.url],
        LogoutURLs=[app.url],
        SupportedIdentityProviders=["COGNITO"],
        ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="anna",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "anna@example.com"}],
    )
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username="anna", Password=PASSWORD, Permanent=True
    )
    oauth = {
        "domain": f"{DOMAIN}.auth.localhost:{front.port}",
        "scopes": scopes,
        "redirectSignIn": [app.url],
        "redirectSignOut": [app.url],
        "responseType": "code",
    }
    cognito_settings = {
        "userPoolId": pool_id,
        "userPoolClientId": client_id,
        "userPoolEndpoint": url,
        "loginWith": {"oauth": oauth},
    }
    app.settings = {"Auth": {"Cognito": cognito_settings}}
    return pool_id


@pytest.fixture(scope="module")
def page(request, pool):
    assert pool
    with running_chromium(request.config.getoption("--chromium")) as browser:
        yield new_page(browser, ignore_https_errors=True)


def told(page):
    expect(page.locator("output")).not_to_be_empty()
    return json.loads(page.locator("output").text_content())


def signs_in(page, front):
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"https://{DOMAIN}.auth.localhost:{front[0].port}/login?*")
    page.get_by_label("Username", exact=True).fill("anna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.documented(
    "docs.amplify.aws, Set up external providers", "signInWithRedirect goes to the login pages"
)
def test_an_app_sends_people_to_the_pages_and_knows_them_when_they_come_back(
    page, front, app, pool
):
    page.goto(app.url)
    assert told(page) == {"error": "UserUnAuthenticatedException"}
    signs_in(page, front)
    page.wait_for_url(f"{app.url}*")
    expect(page.locator("output")).to_contain_text("anna")
    assert told(page) == {
        "username": "anna",
        "email": "anna@example.com",
        "loginId": None,
        "issuer": f"{front[1]}/{pool}",
        "isRefreshed": True,
    }
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    session = cookies[f"__Host-cognito-{DOMAIN}"]
    assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "Lax")
    # Signed out at the app and at the pages: the next sign-in asks for the password again.
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_function("document.querySelector('output')?.textContent.includes('error')")
    assert told(page) == {"error": "UserUnAuthenticatedException"}
    signs_in(page, front)
    expect(page.locator("output")).to_contain_text("anna")
