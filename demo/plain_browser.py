"""A browser without script, for pages that a person would fill in: cookies, links and forms."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2

TIMEOUT_SECONDS = 10
_TITLE = re.compile(r"<h1>([^<]*)</h1>")


class _Page(HTMLParser):
    """The links, the first form and the text area of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.action = ""
        self.fields: dict[str, str] = {}
        self.text_area = ""
        self._in_text_area = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given["href"])
        elif tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given.get("value", "")
        self._in_text_area = tag == "textarea"

    def handle_data(self, data: str) -> None:
        if self._in_text_area:
            self.text_area += data


class PlainBrowser:
    """One browser; it follows redirects, and presses what it is told to."""

    def __init__(self) -> None:
        self._http = httpx2.Client(follow_redirects=True, timeout=TIMEOUT_SECONDS)
        self._url = ""
        self._text = ""

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    @property
    def title(self) -> str:
        """The page's heading."""
        found = _TITLE.search(self._text)
        return found[1] if found else ""

    @property
    def text_area(self) -> str:
        """What stands in the page's text area."""
        return _Page(self._text).text_area

    def open(self, url: str) -> None:
        """Go to a page."""
        self._seen(self._http.get(urljoin(self._url, url)))

    def follow_first_link(self) -> None:
        """Go where the page's first link leads."""
        self.open(_Page(self._text).links[0])

    def send(self, **fields: str) -> None:
        """Fill in the page's form, and send it."""
        page = _Page(self._text)
        filled = {**page.fields, **fields}
        self._seen(self._http.post(urljoin(self._url, page.action), data=filled))

    def _seen(self, answer: httpx2.Response) -> None:
        self._url, self._text = str(answer.url), answer.text
