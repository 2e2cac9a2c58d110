"""How a page is written: a document, and headers that let it do little else.

No page has script in it. The few that speak of passkeys name the one script file.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from poolgate.login.language_choice import LanguageLink
from poolgate.login.looks import PLAIN, Looks
from poolgate.login.texts import Texts
from poolgate.web.messages import HttpResponse

OK = 200
_STYLE = (resources.files("poolgate.login") / "templates" / "style.css").read_text().strip()
_POLICY = (
    "default-src 'none'; style-src {style_src}; img-src {img_src}; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_SCRIPT_POLICY = "; script-src 'self'"


def _source_of_style(style: str) -> str:
    """Return how a policy names one style element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


_OWN_STYLE = _source_of_style(_STYLE)
HEADERS: Mapping[str, str] = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY.format(style_src=_OWN_STYLE, img_src="'none'")
    + "; form-action 'none'",
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
_TEMPLATES.globals |= {"style": _STYLE, "script_path": ""}


def render_page(status: int, texts: Texts, title: str, text: str) -> HttpResponse:
    """Return a page that says one thing."""
    document = _TEMPLATES.get_template("message.html").render(
        texts=texts, title=title, text=text, looks=PLAIN, languages=(), fault=""
    )
    return HttpResponse(status, dict(HEADERS), document.encode())


def render_template(
    name: str,
    *,
    texts: Texts,
    languages: Sequence[LanguageLink],
    looks: Looks,
    redirect_uri: str,
    cookies: tuple[str, ...],
    values: Mapping[str, object],
) -> HttpResponse:
    """Return a page with a form, whose answer may lead to the redirect URI; empty for none."""
    headers = {
        **HEADERS,
        "content-security-policy": _POLICY.format(
            style_src=_OWN_STYLE + (f" {_source_of_style(looks.style)}" if looks.style else ""),
            img_src="'self'" if looks.logo_path else "'none'",
        )
        # SPEC CSP3 form-action: browsers apply it to every redirect that follows a form. Where a
        # sign-in leads in the end is not known here: apps and other servers send browsers on.
        + ("" if redirect_uri else "; form-action 'self'")
        + (_SCRIPT_POLICY if values.get("script_path") else ""),
    }
    document = _TEMPLATES.get_template(name).render(
        texts=texts, languages=languages, looks=looks, **values
    )
    return HttpResponse(OK, headers, document.encode(), cookies)
