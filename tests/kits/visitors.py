"""People in front of a real browser: what they see, fill in, press, and where they get to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from kits.chromium import PATIENCE_MILLIS, new_page, take_picture
from kits.page_apps import PageApp
from kits.serving import PASSWORD
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

expect.set_options(timeout=PATIENCE_MILLIS)
# As narrow as a page must stay readable without scrolling sideways: WCAG 2.2 s1.4.10.
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}
_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What Chromium says of pages with a status like 400, which are pages like any other.
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@dataclass
class Visitor:
    """One person with one tab; `name` is what pictures of the tab are called."""

    page: Page
    name: str
    takes_pictures: bool = False
    complaints: list[str] = field(default_factory=list)
    seen: int = 0

    @classmethod
    def of(
        cls, browser: Browser, name: str, *, takes_pictures: bool = False, **settings: Any
    ) -> "Visitor":
        """Return somebody with a browser of their own; the settings are Playwright's."""
        return cls.in_tab(new_page(browser, **settings), name, takes_pictures=takes_pictures)

    @classmethod
    def in_tab(cls, page: Page, name: str, *, takes_pictures: bool) -> "Visitor":
        visitor = cls(page, name, takes_pictures)
        page.on("console", visitor._hear)
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        return visitor

    def _hear(self, message: ConsoleMessage) -> None:
        # A policy that stops something of the page's own is an error here, too.
        if message.type == "error" and not _STATUS.match(message.text):
            self.complaints.append(message.text)

    def second_tab(self) -> "Visitor":
        """Return the same person's other tab."""
        page = self.page.context.new_page()
        return Visitor.in_tab(page, f"{self.name}-second", takes_pictures=self.takes_pictures)

    # -- what is seen --------------------------------------------------------------------------

    def sees(self, title: str, *texts: str) -> "Visitor":
        """Wait for the page of that title, and for texts on it."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        for text in texts:
            expect(self.page.get_by_role("main")).to_contain_text(text)
        if self.takes_pictures:
            self.seen += 1
            take_picture(self.page, f"{self.name}-{self.seen:02}-{title}")
        return self

    def sees_fault(self, text: str) -> "Visitor":
        """Wait for what went wrong, said so that screen readers speak it."""
        expect(self.page.get_by_role("alert")).to_contain_text(text)
        if self.takes_pictures:
            self.seen += 1
            take_picture(self.page, f"{self.name}-{self.seen:02}-{text}")
        return self

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def fits_everybody(self) -> "Visitor":
        """Fail unless the page is accessible, light and dark, and needs no scrolling sideways."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found = Axe().run(self.page, options=_RULES)
            assert not found.response["violations"], found.generate_report()
            if self.takes_pictures:
                take_picture(self.page, f"{self.name}-{self.seen:02}-{scheme}")
        self.page.set_viewport_size(NARROW)
        assert self.overflow() <= 0, f"{self.overflow()} pixels too wide: {self.page.url}"
        if self.takes_pictures:
            take_picture(self.page, f"{self.name}-{self.seen:02}-narrow")
        self.page.set_viewport_size(WIDE)
        return self

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        measured: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return measured

    # -- what is done --------------------------------------------------------------------------

    def opens(self, url: str) -> "Visitor":
        self.page.goto(url)
        return self

    def goes_back(self) -> "Visitor":
        self.page.go_back()
        return self

    def fills(self, fields: dict[str, str]) -> "Visitor":
        """Fill in fields by their labels."""
        for label, value in fields.items():
            self.field(label).fill(value)
        return self

    def presses(self, name: str) -> "Visitor":
        self.page.get_by_role("button", name=name, exact=True).click()
        return self

    def follows(self, name: str) -> "Visitor":
        self.page.get_by_role("link", name=name, exact=True).click()
        return self

    def chooses(self, label: str) -> "Visitor":
        self.page.get_by_label(label, exact=True).check()
        return self

    def signs_in(
        self, username: str = "alice", password: str = PASSWORD, *, name: str = "Username"
    ) -> "Visitor":
        """Fill in the form for name and password, and send it."""
        return self.fills({name: username, "Password": password}).presses("Sign in")

    # -- where it leads ------------------------------------------------------------------------

    def arrives(self, app: PageApp) -> dict[str, str]:
        """Wait to be back at the app, and return what it was told."""
        self.page.wait_for_url(f"{app.landing.callback}?*")
        asked = parse_qs(urlsplit(self.page.url).query)
        return {name: values[0] for name, values in asked.items()}

    def arrives_signed_in(self, app: PageApp) -> dict[str, Any]:
        """Wait to be back at the app with a code, and return the tokens it is worth."""
        told = self.arrives(app)
        assert "code" in told, told
        return app.redeem(told["code"])


def pages_of(visitors: list[Visitor]) -> Iterator[Page]:
    """Return every tab that is open, those that pages opened included."""
    for context in dict.fromkeys(visitor.page.context for visitor in visitors):
        yield from context.pages
