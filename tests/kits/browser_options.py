"""What the browser tests can be told."""

import shutil

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chromium",
        default=shutil.which("chromium"),
        help="the browser to test the pages with; by default `chromium`, as Debian calls it",
    )
    parser.addoption(
        "--screenshots",
        action="store_true",
        help="keep a picture of every page that the browser tests see, not of failures only",
    )
