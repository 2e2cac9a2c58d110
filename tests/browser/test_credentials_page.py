"""The DCE app's credentials page: what its script does, and who can read the page."""

import pytest
from botocore.credentials import Credentials
from dce_installation import TEMPORARY, Installed, keys_in, set_up
from dce_processes import PASSWORD, Server
from playwright.sync_api import expect

TITLE = "DCE CLI Credentials"


@pytest.fixture(scope="module")
def installed(served, tmp_path_factory) -> Installed:
    found = served.environment()
    root = Credentials(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"])
    made = set_up(Server(served.url, root), tmp_path_factory.mktemp("dce"))
    with made.serving():
        yield made


def signed_in(visitor, installed, username: str):
    """Let a new person sign in, beginning where `dce auth` sends the browser."""
    installed.person(username)
    visitor.opens(f"{installed.api_url}/auth").sees("Sign in")
    visitor.signs_in(username, TEMPORARY)
    return chooses_a_password(visitor)


def chooses_a_password(visitor):
    visitor.sees("Choose your password")
    visitor.fills({"New password": PASSWORD, "New password once more": PASSWORD})
    return visitor.presses("Continue").sees(TITLE)


def code_shown(visitor) -> str:
    return visitor.page.get_by_role("textbox").input_value()


def test_page_leads_to_the_login_and_its_button_copies_the_code(visitor, installed):
    visitor.page.context.grant_permissions(["clipboard-read"], origin=installed.api_url[:-4])
    signed_in(visitor, installed, "copying").fits_everybody()
    # The address holds the authorization code no longer.
    assert visitor.page.url == f"{installed.api_url}/auth"
    visitor.presses("Copy To Clipboard")
    expect(visitor.page.get_by_role("status")).to_have_text("Copied")
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == code_shown(visitor)
    assert installed.api.signed(keys_in(copied), "GET", "/leases").status == 200


def test_copying_where_scripts_may_not_reach_the_clipboard(visitor, installed):
    visitor.page.add_init_script("delete Navigator.prototype.clipboard;")
    signed_in(visitor, installed, "selecting")
    visitor.presses("Copy To Clipboard")
    expect(visitor.page.get_by_role("status")).to_have_text("Copied")
    assert visitor.page.evaluate("getSelection().toString()") in {"", code_shown(visitor)}


def test_page_that_is_loaded_again_has_another_code(visitor, installed):
    signed_in(visitor, installed, "reloading")
    first = code_shown(visitor)
    visitor.page.reload()
    visitor.sees(TITLE)
    assert code_shown(visitor) != first


def test_signing_out_leads_back_to_the_login(visitor, installed):
    signed_in(visitor, installed, "leaving")
    visitor.presses("Sign Out").sees("Sign in")
    expect(visitor.field("Password")).to_be_visible()


def test_two_tabs_and_the_one_left_behind(visitor, installed):
    other = visitor.second_tab()
    other.opens(f"{installed.api_url}/auth").sees("Sign in")
    signed_in(visitor, installed, "two-tabs")
    # The cookie of the first was replaced, so that its answer counts no more; one click mends it.
    other.signs_in("two-tabs").sees("No credentials")
    other.sees_fault("was not started in this browser").fits_everybody()
    other.follows("Sign in again").sees(TITLE)


def test_without_script_there_is_a_link_and_no_dead_button(visit, installed):
    visitor = visit(java_script_enabled=False)
    visitor.opens(f"{installed.api_url}/auth").sees("Disposable Cloud Environment")
    visitor.follows("Sign in").sees("Sign in")
    installed.person("without-script")
    visitor.signs_in("without-script", TEMPORARY)
    chooses_a_password(visitor)
    assert keys_in(code_shown(visitor)).access_key.startswith("ASIA")
    expect(visitor.page.get_by_role("button", name="Copy To Clipboard")).to_be_hidden()
