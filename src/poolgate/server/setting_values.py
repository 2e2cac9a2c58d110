"""What a setting's text must be: one parser a kind, each raising SettingWrong with the reason."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poolgate.foundation.ids import AccountId, Region
from poolgate.server.peers import Network
from poolgate.triggers.function_arns import NotAFunctionArn, parse_function_arn

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0", ""})


class SettingWrong(ValueError):
    """A value cannot be what the setting needs; the text says why."""


def optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return the parser that takes empty text as None."""
    return lambda value: parse(value) if value else None


def flag(value: str) -> bool:
    """Return the truth value."""
    lowered = value.lower()
    if lowered not in _TRUE | _FALSE:
        raise SettingWrong("must be true or false")
    return lowered in _TRUE


def number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return the parser of whole numbers between two bounds, both allowed."""

    def parse(value: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise SettingWrong(f"must be a number from {lowest} to {highest}")
        return int(value)

    return parse


def choice(*choices: str) -> Callable[[str], str]:
    """Return the parser of one of a few words."""

    def parse(value: str) -> str:
        if value not in choices:
            raise SettingWrong(f"must be one of {', '.join(choices)}")
        return value

    return parse


def folder(value: str) -> Path:
    """Return the path of a folder, which need not exist."""
    if not value:
        raise SettingWrong("must name the folder that holds the server's data")
    return Path(value).expanduser()


def host(value: str) -> str:
    """Return the address to listen on."""
    if not value:
        raise SettingWrong("must be an address to listen on, such as 127.0.0.1")
    return value


def url(value: str) -> str:
    """Return an absolute URL without a slash at the end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingWrong("must be a URL such as https://auth.example.com")
    return value.rstrip("/")


def database_url(value: str) -> str:
    """Return a database URL."""
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise SettingWrong("must start with sqlite:/// or postgresql://")
    return value


def account_id(value: str) -> AccountId:
    """Return an account id."""
    if not re.fullmatch("[0-9]{12}", value):
        raise SettingWrong("must have 12 digits")
    return AccountId(value)


def region(value: str) -> Region:
    """Return a region name."""
    if not _REGION.fullmatch(value):
        raise SettingWrong("must be a region such as us-east-1")
    return Region(value)


def networks(value: str) -> tuple[Network, ...]:
    """Return networks from a comma list."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part)
    except ValueError as error:
        raise SettingWrong("must be addresses or networks, separated by commas") from error


def addresses(value: str) -> frozenset[str]:
    """Return addresses from a comma list."""
    parts = [part.strip() for part in value.split(",") if part]
    try:
        return frozenset(str(ipaddress.ip_address(part)) for part in parts)
    except ValueError as error:
        raise SettingWrong("must be addresses, separated by commas") from error


def mail_address(value: str) -> str:
    """Return a mail address, with or without a name before it."""
    if "@" not in value or any(character in value for character in "\r\n"):
        raise SettingWrong("must be an address such as no-reply@example.com")
    return value


def text(value: str) -> str:
    """Return the text as it is."""
    return value


def functions(value: str) -> Mapping[str, str]:
    """Return URLs by the ARNs of the Lambda functions they answer for: `ARN=URL,...`."""
    urls = {}
    for part in filter(None, value.split(",")):
        function_arn, _, target = part.strip().partition("=")
        try:
            parse_function_arn(function_arn)
        except NotAFunctionArn as error:
            raise SettingWrong(f"names {function_arn!r}, which is no Lambda function") from error
        urls[function_arn] = url(target)
    return urls
