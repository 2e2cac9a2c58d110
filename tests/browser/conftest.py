"""Fixtures: a real server, a real browser, and people in front of it.

One server a worker and one browser a module: Playwright's event loop must be gone before tests of
other folders begin loops of their own.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kits.chromium import file_of, running_chromium, take_picture
from kits.landing import Landing, landing_app
from kits.page_apps import PageApp
from kits.serving import Served, serving
from kits.visitors import Visitor, pages_of
from playwright.sync_api import Browser

_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A `--dev` server: messages can be read, the clock can be moved."""
    # Passkeys are for names, so that the browser must know the server by one.
    folder = tmp_path_factory.mktemp("browsed")
    with serving(folder / "data", "--dev", "--host", "localhost") as running:
        yield running


@pytest.fixture(scope="session")
def landing() -> Iterator[Landing]:
    with landing_app() as app:
        yield app


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with running_chromium(request.config.getoption("--chromium")) as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Return what brings somebody; at the end nobody's browser may have complained."""
    visitors: list[Visitor] = []

    def bring(**settings: Any) -> Visitor:
        name = request.node.nodeid.rpartition("/")[2]
        visitor = Visitor.of(
            chromium,
            f"{name}-{len(visitors)}" if visitors else name,
            takes_pictures=request.config.getoption("--screenshots"),
            **settings,
        )
        visitors.append(visitor)
        return visitor

    yield bring
    if request.node.stash.get(_FAILED, False):
        for number, page in enumerate(pages_of(visitors)):
            take_picture(page, f"FAILED-{request.node.nodeid}-{number}")
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.page.context.close()
    assert not complaints, complaints


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()


@pytest.fixture
def make_app(served: Served, landing: Landing) -> Callable[..., PageApp]:
    """Return what makes a pool with pages of its own."""
    return lambda **settings: PageApp.of(served, landing, **settings)


@pytest.fixture
def app(make_app: Callable[..., PageApp]) -> PageApp:
    return make_app()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember whether the test failed, for the picture."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[_FAILED] = True
        report.sections.append(("screenshots", str(file_of("").parent)))
    return report
