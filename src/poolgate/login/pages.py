"""How a page is written: one plain document, and headers that let it do nothing but be read."""

import base64
import hashlib
import html
from collections.abc import Mapping

from poolgate.web.messages import HttpResponse

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;padding:12vh 1.5rem;color:#1b1b1f;"
    "background:#f4f4f6}"
    "main{max-width:28rem;margin:0 auto;padding:2rem;background:#fff;border-radius:.75rem;"
    "border:1px solid #d9d9e0}"
    "h1{font-size:1.4rem;line-height:1.3;margin:0 0 .75rem}p{margin:0}"
    "@media(prefers-color-scheme:dark){body{color:#ececf1;background:#17171b}"
    "main{background:#222228;border-color:#3a3a44}}"
)
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    # Links carry codes; they must not travel on to wherever a page leads.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_DOCUMENT = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="robots" content="noindex">\n'
    "<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    "<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
)


def render_page(status: int, title: str, text: str) -> HttpResponse:
    """Return a page that says one thing."""
    document = _DOCUMENT.format(title=html.escape(title), style=_STYLE, text=html.escape(text))
    return HttpResponse(status, dict(HEADERS), document.encode())
