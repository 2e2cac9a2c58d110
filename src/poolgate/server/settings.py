"""Settings: environment, then a TOML file, then flags; later wins.

`SETTINGS` is the one table of what can be set; the command's flags, `poolgate config check` and
the documentation come from it. Nothing unknown is ignored: a mistyped name stops the start.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poolgate.foundation.ids import AccountId, Region
from poolgate.server.peers import Network, is_loopback

ENVIRONMENT_PREFIX = "POOLGATE_"
CONFIG = "config"
MAX_PORT = 65535
MAX_WORKERS = 256
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0", ""})


class SettingWrong(ValueError):
    """A value cannot be what the setting needs; the text says why."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: `POOLGATE_HOST`, `host` in the file, `--host`."""

    name: str
    explanation: str
    parse: Callable[[str], Any]
    default: str | None = None
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command's flag."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from, and the value as it was written."""

    text: str | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a server, checked one by one and together."""

    data: Path
    host: str
    port: int
    dev: bool
    database_url: str | None
    workers: int
    threads: int
    public_url: str | None
    issuer_style: str
    account_id: AccountId | None
    region: Region
    trusted_proxies: tuple[Network, ...]
    metrics_peers: frozenset[str]
    log_level: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What `poolgate config check` shows: each setting's source, and every mistake."""

    sources: Mapping[str, Source]
    mistakes: tuple[str, ...]
    settings: Settings | None


def _text(value: str) -> str:
    return value


def _optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda value: parse(value) if value else None


def _flag(value: str) -> bool:
    lowered = value.lower()
    if lowered not in _TRUE | _FALSE:
        raise SettingWrong("must be true or false")
    return lowered in _TRUE


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise SettingWrong(f"must be a number from {lowest} to {highest}")
        return int(value)

    return parse


def _choice(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise SettingWrong(f"must be one of {', '.join(choices)}")
        return value

    return parse


def _data(value: str) -> Path:
    if not value:
        raise SettingWrong("must name the folder that holds the server's data")
    return Path(value).expanduser()


def _host(value: str) -> str:
    if not value:
        raise SettingWrong("must be an address to listen on, such as 127.0.0.1")
    return value


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingWrong("must be a URL such as https://auth.example.com")
    return value.rstrip("/")


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise SettingWrong("must start with sqlite:/// or postgresql://")
    return value


def _account_id(value: str) -> AccountId:
    if not re.fullmatch("[0-9]{12}", value):
        raise SettingWrong("must have 12 digits")
    return AccountId(value)


def _region(value: str) -> Region:
    if not _REGION.fullmatch(value):
        raise SettingWrong("must be a region such as us-east-1")
    return Region(value)


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part)
    except ValueError as error:
        raise SettingWrong("must be addresses or networks, separated by commas") from error


def _addresses(value: str) -> frozenset[str]:
    parts = [part.strip() for part in value.split(",") if part]
    try:
        return frozenset(str(ipaddress.ip_address(part)) for part in parts)
    except ValueError as error:
        raise SettingWrong("must be addresses, separated by commas") from error


SETTINGS: tuple[Setting, ...] = (
    Setting("data", "Folder of the database, the master key and the root access key.", _data),
    Setting("host", "Address to listen on.", _host, "127.0.0.1"),
    Setting("port", "Port to listen on; 0 picks a free one.", _number(0, MAX_PORT), "9440"),
    Setting(
        "dev",
        "For development: any access key acts as root without a signature check, messages stay in "
        "an outbox, the clock can be moved. Loopback only.",
        _flag,
        "false",
    ),
    Setting(
        "database_url",
        "Where the data is kept: sqlite:///PATH or postgresql://...; a file in the data folder "
        "unless set.",
        _optional(_database_url),
        "",
        secret=True,
    ),
    Setting("workers", "Processes that answer requests.", _number(1, MAX_WORKERS), "1"),
    Setting("threads", "Requests that one worker answers at once.", _number(1, 1024), "8"),
    Setting(
        "public_url",
        "URL that callers use, written into tokens; http://HOST:PORT unless set.",
        _optional(_url),
        "",
    ),
    Setting(
        "issuer_style",
        "Issuer of tokens: `poolgate` is PUBLIC_URL/POOL_ID, `aws` is AWS's own form.",
        _choice("poolgate", "aws"),
        "poolgate",
    ),
    Setting(
        "account_id",
        "The AWS account id of this server, 12 digits; made at the first start unless set.",
        _optional(_account_id),
        "",
    ),
    Setting("region", "Region of calls that are not signed.", _region, "us-east-1"),
    Setting(
        "trusted_proxies",
        "Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        _networks,
        "",
    ),
    Setting(
        "metrics_peers",
        "Addresses that may read /_poolgate/metrics besides this machine's own.",
        _addresses,
        "",
    ),
    Setting(
        "log_level",
        "Least severe events to log.",
        _choice("debug", "info", "warning", "error"),
        "info",
    ),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def read_settings(
    flags: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Explained:
    """Return all settings with their sources and every mistake; `settings` is None with any."""
    variables = os.environ if environment is None else environment
    sources = {setting.name: Source(setting.default, "default") for setting in SETTINGS}
    mistakes: list[str] = []
    _take_environment(variables, sources, mistakes)
    config_path = flags.get(CONFIG) or variables.get(ENVIRONMENT_PREFIX + CONFIG.upper())
    if config_path:
        _take_file(Path(config_path), sources, mistakes)
    for name, value in flags.items():
        if name != CONFIG:
            sources[name] = Source(value, BY_NAME[name].flag)
    values = _parsed(sources, mistakes)
    if not mistakes:
        mistakes += _contradictions(values)
    return Explained(sources, tuple(mistakes), None if mistakes else Settings(**values))


def _take_environment(
    variables: Mapping[str, str], sources: dict[str, Source], mistakes: list[str]
) -> None:
    for variable in sorted(variables):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name in BY_NAME:
            sources[name] = Source(variables[variable], variable)
        elif name != CONFIG:
            mistakes.append(f"{variable} is no setting")


def _take_file(path: Path, sources: dict[str, Source], mistakes: list[str]) -> None:
    try:
        written = tomllib.loads(path.read_text())
    except OSError as error:
        mistakes.append(f"{path} cannot be read: {error.strerror}")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(f"{path} is not TOML: {error}")
        return
    for name, value in written.items():
        text = _written_text(value)
        if name not in BY_NAME:
            mistakes.append(f"{path}: {name} is no setting")
        elif text is None:
            mistakes.append(f"{path}: {name} must be text, a number, true, false or a list of text")
        else:
            sources[name] = Source(text, str(path))


def _written_text(value: object) -> str | None:
    """Return a TOML value as an environment variable would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return None


def _parsed(sources: Mapping[str, Source], mistakes: list[str]) -> dict[str, Any]:
    values = {}
    for setting in SETTINGS:
        source = sources[setting.name]
        if source.text is None:
            mistakes.append(f"{setting.flag} (or {setting.variable}) is needed")
            continue
        try:
            values[setting.name] = setting.parse(source.text)
        except SettingWrong as wrong:
            mistakes.append(f"{setting.name} (from {source.origin}) {wrong}")
    return values


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    # INVARIANT: the only mode without signature checks is never reachable from another machine.
    if values["dev"] and not is_loopback(values["host"]):
        found.append(
            f"--dev accepts any access key as root, so it listens on loopback only, "
            f"not on {values['host']}"
        )
    if values["dev"] and values["workers"] > 1:
        found.append("--dev has one clock that can be moved, so it runs one worker")
    if values["dev"] and values["trusted_proxies"]:
        found.append("--dev is for this machine alone, so it trusts no proxies")
    return found
