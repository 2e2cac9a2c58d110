"""The browser of this machine: whether there is one, and opening it."""

import sys
import threading
import webbrowser

from poolgate.client import surroundings


def has_browser() -> bool:
    """Tell whether a person at this terminal would see a browser that is opened here."""
    if surroundings.variable("BROWSER"):
        return True
    if surroundings.variable("SSH_CONNECTION"):
        return False
    is_linux = sys.platform.startswith("linux")
    has_screen = surroundings.variable("DISPLAY") or surroundings.variable("WAYLAND_DISPLAY")
    if is_linux and not has_screen:
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def open_browser(location: str) -> threading.Thread:
    """Open a page and return what does it; that none opens is seen by the person."""

    def opened() -> None:
        try:
            webbrowser.open(location)
        except (webbrowser.Error, OSError):
            return

    # Some browsers hold their caller until they are closed.
    opening = threading.Thread(target=opened, daemon=True)
    opening.start()
    return opening
