"""How the pages of an app client look: what an administrator set, as CSS and a logo.

The CSS was verified when it was set (`userpools.custom_css`), or is written here from colours and
lengths of a managed login style. Pages name its digest in their policy, so no other CSS applies.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from poolgate.foundation.ids import ClientId
from poolgate.oauth.images import DIRECTORY
from poolgate.oauth.places import Place, base_url_of
from poolgate.store.database import Transaction
from poolgate.userpools import managed_login_branding, ui_customizations
from poolgate.userpools.managed_login_branding import ShownStyle

_COLOR = re.compile(r"[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
_MOST_PIXELS = 100
# The pages' own variables, and where a style's settings have them for one colour mode.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "--text": ("components", "pageText", "{mode}", "bodyColor"),
    "--quiet": ("components", "pageText", "{mode}", "descriptionColor"),
    "--page": ("components", "pageBackground", "{mode}", "color"),
    "--card": ("components", "form", "{mode}", "backgroundColor"),
    "--line": ("componentClasses", "input", "{mode}", "defaults", "borderColor"),
    "--strong": ("components", "primaryButton", "{mode}", "defaults", "backgroundColor"),
    "--on-strong": ("components", "primaryButton", "{mode}", "defaults", "textColor"),
}
_RADII: Mapping[str, tuple[str, ...]] = {
    "main": ("components", "form", "borderRadius"),
    "button": ("componentClasses", "buttons", "borderRadius"),
    "input": ("componentClasses", "input", "borderRadius"),
}
_LOGO = "FORM_LOGO"


@dataclass(frozen=True, slots=True)
class Looks:
    """CSS besides the pages' own, and the path of a logo."""

    style: str = ""
    logo_path: str | None = None


PLAIN = Looks()


def looks_of(transaction: Transaction, place: Place, client_id: ClientId, public_url: str) -> Looks:
    """Return the looks of the app client's pages at the domain."""
    if place.is_managed_login:
        style = managed_login_branding.find_shown(transaction, place.pool_id, client_id)
        if style is None:
            return PLAIN
        logo = _logo_name(style)
        path = None if logo is None else _path(place, public_url, client_id, logo)
        return Looks(render_style(style.settings), path)
    customized = ui_customizations.find(transaction, place.pool_id, client_id)
    if customized is None:
        return PLAIN
    path = None
    if customized.image_name is not None:
        path = _path(place, public_url, customized.client_id, customized.image_name)
    # Browsers compare the digest after they have read line ends as one character.
    css = (customized.css or "").replace("\r\n", "\n").replace("\r", "\n")
    return Looks(css, path)


def render_style(settings: Mapping[str, Any]) -> str:
    """Return a managed login style's colours and corners as CSS."""
    mode = _at(settings, ("categories", "global", "colorSchemeMode"))
    light, dark = _variables(settings, "lightMode"), _variables(settings, "darkMode")
    radii = "".join(_radii(settings))
    if mode == "DARK":
        return f":root{{color-scheme:dark;{dark}}}{radii}"
    if mode == "DYNAMIC":
        return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{radii}"
    return f":root{{color-scheme:light;{light}}}{radii}"


def _variables(settings: Mapping[str, Any], mode: str) -> str:
    found = []
    for variable, place in _VARIABLES.items():
        color = _at(settings, tuple(part.format(mode=mode) for part in place))
        # INVARIANT: nothing but digits of colours gets from the settings into the CSS.
        if isinstance(color, str) and _COLOR.fullmatch(color):
            found.append(f"{variable}:#{color}")
    return ";".join(found)


def _radii(settings: Mapping[str, Any]) -> Iterator[str]:
    for element, place in _RADII.items():
        pixels = _at(settings, place)
        if isinstance(pixels, (int, float)) and 0 <= pixels <= _MOST_PIXELS:
            yield f"{element}{{border-radius:{int(pixels)}px}}"


def _logo_name(style: ShownStyle) -> str | None:
    if _at(style.settings, ("components", "form", "logo", "enabled")) is not True:
        return None
    mode = _at(style.settings, ("categories", "global", "colorSchemeMode"))
    wanted = ("DARK", "DYNAMIC", "LIGHT") if mode == "DARK" else ("LIGHT", "DYNAMIC", "DARK")
    names = (style.image_names.get((_LOGO, each)) for each in wanted)
    return next((name for name in names if name is not None), None)


def _at(settings: Any, place: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
    value = settings
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _path(place: Place, public_url: str, client_id: str, name: str) -> str:
    # Images are at the server's root, which a domain with a host of its own shows, too.
    domain = place.named.domain
    is_below = place.base_url == base_url_of(public_url, domain)
    root = public_url if is_below else place.base_url
    return f"{urlsplit(root).path}/{DIRECTORY}/{place.pool_id}/{client_id}/{name}"
