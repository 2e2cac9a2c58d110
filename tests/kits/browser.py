"""A browser without script: cookies, redirects, and forms that are filled in by their names."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from poolgate.testing import LocalPoolgate
from poolgate.web.messages import HttpResponse


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.buttons: list[dict[str, str]] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.labels: list[str] = []
        self.language = ""
        self.fault = ""
        self._in_fault = False

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self._in_fault = given.get("id") == "fault"
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "form":
            self.forms.append((given["action"], {}))
            self.buttons.append({})
        elif tag == "button" and self.forms and "name" in given:
            self.buttons[-1][given["value"]] = given["name"]
        elif tag == "input" and self.forms:
            if given.get("type") == "radio" and "checked" not in given:
                return
            self.forms[-1][1][given["name"]] = given.get("value", "")
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "label":
            self.labels.append(given.get("for", ""))

    def handle_endtag(self, tag):
        self._in_fault = self._in_fault and tag != "p"

    def handle_data(self, data):
        if self._in_fault:
            self.fault += data.strip()
        if data.strip():
            self.text.append(data.strip())


def reader_of(document: str) -> _Reader:
    """Return what is read on a page."""
    reader = _Reader()
    reader.feed(document)
    return reader


@dataclass
class Browser:
    """One browser; `left_for` is where it was sent outside of the server."""

    poolgate: LocalPoolgate
    cookies: dict[str, str] = field(default_factory=dict)
    url: str = "/"
    response: HttpResponse | None = None
    left_for: str | None = None
    statuses: list[int] = field(default_factory=list)
    accepts_language: str | None = None

    def open(self, url: str) -> "Browser":
        """Go to a page and follow redirects while they stay on the server."""
        return self._go("GET", url, b"", {})

    def send(self, *, form: int = 0, headers: dict[str, str] | None = None, **fields: str):
        """Submit the page's form with these fields filled in; hidden ones go along."""
        action, filled = self.page.forms[form]
        unknown = set(fields) - set(filled) - {"_csrf", "state_id"}
        assert not unknown, f"the form has no {unknown}, but {set(filled)}"
        return self.post(action, {**filled, **fields}, headers=headers)

    def press(self, path: str, button: str = "", **having: str):
        """Submit the form for that path with these hidden fields, by the button of that value."""
        for number, (action, filled) in enumerate(self.page.forms):
            named = self.page.buttons[number].get(button)
            is_meant = having.items() <= filled.items() and (named or not button)
            if urlsplit(action).path.endswith(path) and is_meant:
                return self.post(action, {**filled, **({named: button} if named else {})})
        raise AssertionError(f"no form for {path} with {button} and {having}")

    def post(self, url: str, form: dict[str, str], *, headers: dict[str, str] | None = None):
        sent = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._go("POST", url, urlencode(form).encode(), sent)

    def _go(self, method, url, body, headers):
        self.left_for, self.statuses = None, []
        for _ in range(10):
            self.url = urljoin(self.url, url)
            if urlsplit(self.url).netloc:
                self.left_for, self.url = self.url, "/"
                return self
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent = {**headers, "cookie": cookies} if cookies else headers
            if self.accepts_language is not None:
                sent = {**sent, "accept-language": self.accepts_language}
            self.response = self.poolgate.send(method, self.url, headers=sent, body=body)
            self.statuses.append(self.response.status)
            self._keep(self.response)
            if self.response.status not in {302, 303}:
                return self
            method, body, headers = "GET", b"", {}
            url = self.response.headers["location"]
        raise AssertionError("too many redirects")

    def _keep(self, response: HttpResponse) -> None:
        for cookie in response.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and "Max-Age=0" not in cookie:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)

    @property
    def page(self) -> _Reader:
        assert self.response is not None
        return reader_of(self.response.body.decode())

    @property
    def title(self) -> str:
        return self.page.text[0]

    @property
    def says(self) -> str:
        return " ".join(self.page.text)

    @property
    def language(self) -> str:
        return self.page.language

    @property
    def fault(self) -> str:
        return self.page.fault

    @property
    def path(self) -> str:
        return urlsplit(self.url).path
