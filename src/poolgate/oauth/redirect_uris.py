"""Redirect URIs: which are an app client's, and how an answer is written onto one."""

from collections.abc import Iterable

from poolgate.web.parameters import render_parameters

# Names that resolve elsewhere cannot be trusted to mean this machine; addresses can.
_LOOPBACK_ADDRESSES = ("http://127.0.0.1", "http://[::1]")


def is_registered(redirect_uri: str, registered: Iterable[str]) -> bool:
    """Tell whether it is one of the registered ones, character by character.

    SPEC RFC 8252 s7.3: of a loop-back address the port may be another one, since a program on the
    user's machine takes the port that is free.
    """
    without_port = _without_loopback_port(redirect_uri)
    return any(
        redirect_uri == own
        or (without_port is not None and without_port == _without_loopback_port(own))
        for own in registered
    )


def with_parameters(
    redirect_uri: str, parameters: Iterable[tuple[str, str | None]], *, in_fragment: bool
) -> str:
    """Return the URI with the parameters that have a value, behind those that it has already."""
    answer = render_parameters((name, value) for name, value in parameters if value is not None)
    if in_fragment:
        return f"{redirect_uri}#{answer}"
    separator = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{separator}{answer}"


def _without_loopback_port(uri: str) -> str | None:
    """Return a loop-back address's URI without its port, or None for any other URI."""
    for address in _LOOPBACK_ADDRESSES:
        if not uri.startswith(address):
            continue
        rest = uri[len(address) :]
        port, slash, path = rest.partition("/")
        if port == "" or _is_port(port):
            return f"{address}{slash}{path}"
    return None


def _is_port(text: str) -> bool:
    digits = text.removeprefix(":")
    return text.startswith(":") and digits.isascii() and digits.isdigit() and len(digits) <= 5  # noqa: PLR2004 - of 65535
