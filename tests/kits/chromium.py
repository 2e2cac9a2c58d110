"""Chromium as a person has it: the system's package, led by Playwright.

The browser is never downloaded. Without one the browser tests fail and say what to install.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
# How long a page may take to show what is waited for, on a busy machine.
PATIENCE_MILLIS = 15_000
# Where no user namespaces are to be had, and for root.
_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")


class ChromiumMissing(Exception):
    """There is no browser to test with."""


@contextlib.contextmanager
def running_chromium(path: str | None) -> Iterator[Browser]:
    """Run the browser without a window until the block ends."""
    if path is None or not os.access(path, os.X_OK):
        raise ChromiumMissing(
            "The browser tests need Chromium: run `make programs`, or `apt-get install chromium` "
            "as root, or name one with `pytest --chromium PATH`."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def file_of(name: str) -> Path:
    """Return where the picture of that name is kept."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    plain = re.sub(r"[^\w.-]+", "_", name).strip("_")
    return SCREENSHOTS / f"{plain[-150:]}.png"


def take_picture(page: Page, name: str) -> None:
    with contextlib.suppress(Exception):
        page.screenshot(path=file_of(name), full_page=True)


def new_page(browser: Browser, **settings: Any) -> Page:
    """Return a page in a context of its own: no cookies of others."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_MILLIS)
    context.set_default_navigation_timeout(PATIENCE_MILLIS)
    return context.new_page()
