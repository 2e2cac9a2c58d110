"""Which addresses are this machine's own."""

import ipaddress


def is_address(shown: str) -> bool:
    """Tell whether the text is an IP address."""
    try:
        ipaddress.ip_address(shown)
    except ValueError:
        return False
    return True


def is_loopback(shown: str) -> bool:
    """Tell whether a host is this machine and nothing else; of names only `localhost` is."""
    if shown == "localhost":
        return True
    return is_address(shown) and ipaddress.ip_address(shown).is_loopback
