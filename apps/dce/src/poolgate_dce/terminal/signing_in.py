"""`dce auth`: the credentials page in a browser, and the code that it shows pasted here."""

import getpass
import logging
import sys
import webbrowser

from poolgate_dce.terminal import config_file
from poolgate_dce.terminal.config_file import Config
from poolgate_dce.terminal.failures import CommandFailed

PROMPT = "Enter API Token: "
_OPENING = "Opening web browser. Please Login and copy/paste the provided token into this terminal."
_log = logging.getLogger("dce")


def sign_in(config: Config) -> Config:
    """Let somebody sign in, store the code and return the configuration with it."""
    api_url = config.find_api_url()
    if api_url is None:
        raise CommandFailed("Unable to authenticate against DCE API: missing API configuration")
    page_url = f"{api_url}/auth"
    _log.info(_OPENING)
    # For those whose browser is on another machine.
    _log.info("%s", page_url)
    webbrowser.open(page_url)
    code = _pasted()
    if not code:
        raise CommandFailed("err:  no API Token was entered")
    _log.info("Saving API Token to %s", config.path)
    signed_in = config.with_api(token=code)
    config_file.written(signed_in)
    return signed_in


def _pasted() -> str:
    """Return what was pasted; it is as secret as a password, so that it is not shown."""
    if sys.stdin.isatty():
        try:
            return getpass.getpass(PROMPT).strip()
        except EOFError:
            return ""
    sys.stderr.write(PROMPT)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
