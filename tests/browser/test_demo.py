"""The demo as a new user meets it: from an empty browser to a call of the API."""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kits.authenticator import totp_code
from kits.serving import BIN
from kits.virtual_authenticators import VirtualAuthenticator

TOUR = Path(__file__).parents[2] / "demo" / "tour.py"
ADDRESS, PASSWORD = "new.user@example.com", "Correct-Horse-1"
STOP_SECONDS = 30


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """Run the demo without the chapters that need no browser; give where people sign in."""
    command = [BIN / "python", TOUR, "--people-only", "--keep-serving"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        printed = []
        try:
            for line in process.stdout:
                printed.append(line)
                if line.startswith("http://"):
                    break
            assert printed, "the demo said nothing"
            assert printed[-1].startswith("http://"), "".join(printed)
            yield printed[-1].strip()
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


@pytest.mark.timeout(300)
def test_a_new_user_registers_enrols_app_and_passkey_and_calls_the_api(visitor):
    device = VirtualAuthenticator.of(visitor)
    with demo() as url:
        visitor.opens(url).sees("Demo", "Nobody is signed in.").follows("Sign in or sign up")
        register(visitor, url)
        # The code of the sign-up was the second factor of this sign-in; the next one wants another.
        visitor.sees("Demo", f"Signed in as {ADDRESS}").follows("Sign out")
        visitor.sees("Demo", "Nobody is signed in.").follows("Sign in or sign up")
        visitor.sees("Sign in").fills({"E-mail address": ADDRESS}).presses("Continue")
        visitor.fills({"Password": PASSWORD}).presses("Sign in with the password")
        visitor.sees("Set up your authenticator app").fits_everybody()
        secret_code = visitor.page.locator(".code").inner_text()
        visitor.fills({"Code that the app shows": totp_code(secret_code, int(time.time()))})
        visitor.presses("Continue")
        visitor.sees("Demo", f"Signed in as {ADDRESS}").follows("Add a passkey")
        visitor.sees("Add a passkey").presses("Create a passkey").sees("Demo", "Signed in as")
        assert len(device.passkeys) == 1

        visitor.follows("Sign out").sees("Demo", "Nobody is signed in.")
        visitor.follows("Sign in or sign up").sees("Sign in")
        visitor.fills({"E-mail address": ADDRESS}).presses("Continue")
        visitor.presses("Sign in with a passkey").sees("Demo", f"Signed in as {ADDRESS}")
        visitor.follows("Call the API").sees("GET /leases", "The API answers 200:", "[]")


def register(visitor, url):
    """Sign up, and confirm with the code of the e-mail."""
    visitor.sees("Sign in").follows("Sign up").sees("Create an account")
    visitor.fills({"E-mail address": ADDRESS, "Password": PASSWORD}).presses("Sign up")
    visitor.sees("Confirm your account")
    outbox = visitor.second_tab().opens(f"{url}/outbox").sees("Outbox", ADDRESS)
    (code,) = re.findall(r"\b\d{6}\b", outbox.page.get_by_role("main").inner_text())
    outbox.page.close()
    visitor.fills({"Code": code}).presses("Confirm")
