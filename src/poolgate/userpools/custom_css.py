"""The CSS that an administrator gives for the classic login pages.

Only rules of a fixed list of classes are taken, and nothing that could fetch, run or break out of
a style sheet: what is not understood is refused.
"""

import re

from poolgate.foundation.failure import Failure

# AWS "Customizing hosted UI (classic) branding": the class names that can be used.
CLASSES = frozenset(
    f"{name}-customizable"
    for name in (
        "background",
        "banner",
        "errorMessage",
        "idpButton",
        "idpDescription",
        "inputField",
        "label",
        "legalText",
        "logo",
        "passwordCheck-notValid",
        "passwordCheck-valid",
        "redirect",
        "socialButton",
        "submitButton",
        "textDescription",
    )
)
_STATES = frozenset(
    {
        "idpButton-customizable:hover",
        "inputField-customizable:focus",
        "submitButton-customizable:hover",
    }
)
_PROPERTY = re.compile(r"-{0,2}[a-zA-Z][a-zA-Z-]*")
# AWS: no @import, @supports, @page, @media, no JavaScript. An escape could spell any of them.
_FORBIDDEN = re.compile(
    r"[<>@\\]|javascript:|expression\(|behavior:|-moz-binding", re.IGNORECASE | re.ASCII
)
_SHOWN_AT_MOST = 64


class CssRefused(Failure):
    """The CSS has something that it must not have. Facts: part."""


def verify_css(css: str) -> None:
    """Raise CssRefused unless the CSS has rules of known classes only."""
    bare = _without_comments(css)
    forbidden = _FORBIDDEN.search(bare.replace(" ", ""))
    if forbidden:
        raise CssRefused(part=forbidden[0])
    *rules, rest = bare.split("}")
    if rest.strip():
        raise _refused(rest)
    for rule in rules:
        selectors, opened, body = rule.partition("{")
        if not opened or "{" in body:
            raise _refused(rule)
        for selector in selectors.split(","):
            _verify_selector(selector.strip())
        for declaration in body.split(";"):
            _verify_declaration(declaration.strip())


def _without_comments(css: str) -> str:
    parts, position = [], 0
    while (start := css.find("/*", position)) >= 0:
        end = css.find("*/", start + 2)
        if end < 0:
            raise CssRefused(part="/*")
        parts.append(css[position:start])
        position = end + 2
    return " ".join([*parts, css[position:]])


def _verify_selector(selector: str) -> None:
    if not selector.startswith(".") or selector[1:] not in CLASSES | _STATES:
        raise _refused(selector)


def _verify_declaration(declaration: str) -> None:
    name, _, value = declaration.partition(":")
    if declaration and not (_PROPERTY.fullmatch(name.strip()) and value.strip()):
        raise _refused(declaration)


def _refused(part: str) -> CssRefused:
    return CssRefused(part=part.strip()[:_SHOWN_AT_MOST])
