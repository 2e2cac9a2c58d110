"""The ways of `poolgate login`, each from what is shown first to the tokens."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from poolgate.cli import browsers
from poolgate.cli.client_flags import tell
from poolgate.cli.terminal_prompts import TerminalPrompts
from poolgate.client import browser_sign_in, device_sign_in, password_sign_in, prompts
from poolgate.client.browser_sign_in import AnswerNotOurs, BegunSignIn
from poolgate.client.devices import DeviceCache
from poolgate.client.issuers import Endpoints
from poolgate.client.loopback import LoopbackListener
from poolgate.client.oauth_calls import OAuthRefused
from poolgate.client.password_sign_in import Flow
from poolgate.client.profiles import Profile, Profiles
from poolgate.client.token_sets import KeptSignIn
from poolgate.foundation.clock import SystemClock
from poolgate.foundation.secret import Secret

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sign-in that goes through the OAuth endpoints."""

    profile: Profile
    endpoints: Endpoints
    client_secret: Secret | None
    opens_browser: bool
    timeout_seconds: float

    @property
    def ends_here(self) -> bool:
        """Whether the browser is sent back to this machine."""
        return urlsplit(self.profile.redirect_uri).hostname in {"127.0.0.1", "localhost"}

    def verified(self, begun: BegunSignIn, query: str) -> Secret:
        """Return the code of an answer; raise AnswerNotOurs or SignInDenied."""
        return browser_sign_in.verify_answer(begun, self.profile, self.endpoints, query)

    def finished(self, begun: BegunSignIn, authorization_code: Secret) -> KeptSignIn:
        """Return the sign-in of a code; raise OAuthRefused, ServerUnreachable, IdTokenRefused."""
        return browser_sign_in.finish(
            begun,
            self.profile,
            self.endpoints,
            authorization_code,
            SystemClock(),
            client_secret=self.client_secret,
        )


Way: TypeAlias = Callable[[Attempt], KeptSignIn]


def with_browser(attempt: Attempt) -> KeptSignIn:
    """Sign in with the browser of this machine, which is sent back to a port of it."""
    signed_in: list[KeptSignIn] = []

    def take(query: str) -> None:
        try:
            authorization_code = attempt.verified(begun, query)
        except AnswerNotOurs as other:
            tell(f"poolgate: {other.sentence}; still waiting")
            raise
        signed_in.append(attempt.finished(begun, authorization_code))

    with LoopbackListener(attempt.profile.redirect_uri, take, AnswerNotOurs) as listener:
        begun = browser_sign_in.begin(attempt.profile, attempt.endpoints, listener.redirect_uri)
        if attempt.opens_browser:
            tell("Your browser opens now. If it does not, open this address:")
            browsers.open_browser(begun.location)
        else:
            tell("Open this address in the browser of this machine:")
        tell(f"\n  {begun.location}\n")
        listener.wait(attempt.timeout_seconds)
    return signed_in[0]


def by_pasting(attempt: Attempt) -> KeptSignIn:
    """Sign in with any browser and paste the address that it ends at."""
    begun = browser_sign_in.begin(attempt.profile, attempt.endpoints, attempt.profile.redirect_uri)
    tell("Open this address in any browser and sign in:")
    tell(f"\n  {begun.location}\n")
    tell(f"It ends at {begun.redirect_uri}, which may not open. Copy its whole address.")
    for _ in range(_TRIES - 1):
        try:
            return _pasted(attempt, begun)
        except AnswerNotOurs as other:
            tell(f"poolgate: {other.sentence}")
    return _pasted(attempt, begun)


def at_another_device(attempt: Attempt) -> KeptSignIn:
    """Show a code and wait until it is approved at another device."""
    clock = SystemClock()
    begun = device_sign_in.begin(attempt.profile, attempt.endpoints, clock, attempt.client_secret)
    tell(f"Open {begun.verification_uri} on any device, sign in, and type this code:")
    tell(f"\n  {begun.user_code}\n")
    if begun.complete_uri is not None:
        tell(f"Or open {begun.complete_uri}")
    return device_sign_in.finish(
        begun,
        attempt.profile,
        attempt.endpoints,
        clock,
        time.sleep,
        client_secret=attempt.client_secret,
    )


def without_browser(attempt: Attempt) -> KeptSignIn:
    """Sign in at another device, or by pasting where the app client does not take that."""
    try:
        return at_another_device(attempt)
    except OAuthRefused as refused:
        # App clients opt in to the sign-in for devices.
        if refused.error_code != "unauthorized_client" or not sys.stdin.isatty():
            raise
    return by_pasting(attempt)


def with_password(
    profile: Profile, profiles: Profiles, client_secret: Secret | None, flow: Flow
) -> KeptSignIn:
    """Sign in with user name and password, and whatever the pool asks then."""
    person = TerminalPrompts()
    username = profile.username or person.ask(prompts.USERNAME).strip()
    # Asked at once, as people expect it; a choice may go without one.
    password = None if flow is Flow.CHOICE else person.ask_hidden(prompts.PASSWORD)
    return password_sign_in.sign_in(
        profile,
        username,
        password,
        person,
        SystemClock(),
        flow=flow,
        client_secret=client_secret,
        devices=DeviceCache(profile, profiles),
    )


def _pasted(attempt: Attempt, begun: BegunSignIn) -> KeptSignIn:
    query = urlsplit(TerminalPrompts().ask("Address: ").strip()).query
    return attempt.finished(begun, attempt.verified(begun, query))
