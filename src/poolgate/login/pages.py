"""How a page is written: a document without script, and headers that let it do little else."""

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from poolgate.login import texts
from poolgate.web.messages import HttpResponse

OK = 200
_STYLE = (resources.files("poolgate.login") / "templates" / "style.css").read_text().strip()
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; "
    "form-action {form_action}; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY.format(form_action="'none'"),
    "cache-control": "no-store",
    # Links carry codes; they must not travel on to wherever a page leads.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_TEMPLATES = Environment(
    loader=PackageLoader("poolgate.login"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"texts": texts, "style": _STYLE}


def render_page(status: int, title: str, text: str) -> HttpResponse:
    """Return a page that says one thing."""
    document = _TEMPLATES.get_template("message.html").render(title=title, text=text)
    return HttpResponse(status, dict(HEADERS), document.encode())


def render_template(
    name: str, *, redirect_uri: str, cookies: tuple[str, ...], values: Mapping[str, object]
) -> HttpResponse:
    """Return a page with a form, whose answer may lead to the redirect URI."""
    # SPEC CSP3 form-action: browsers apply it to the redirects that follow a form, too.
    form_action = f"'self' {_source_of(redirect_uri)}"
    headers = {
        **HEADERS,
        "content-security-policy": _POLICY.format(form_action=form_action),
    }
    document = _TEMPLATES.get_template(name).render(**values)
    return HttpResponse(OK, headers, document.encode(), cookies)


def _source_of(redirect_uri: str) -> str:
    """Return how a policy names where a redirect URI leads."""
    parts = urlsplit(redirect_uri)
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:"
    # A host that would end the directive, or the list, names nothing.
    if not parts.netloc or any(character in parts.netloc for character in ";, '\"\\"):
        return ""
    return f"{parts.scheme}://{parts.netloc}"
