"""The configuration file: YAML, by default `$HOME/.dce/config.yaml`, with a secret in it.

Only what `dce` uses is looked at; everything else in the file is kept as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from poolgate.client import private_files
from poolgate.client.failures import ClientFailure
from poolgate_dce.terminal.failures import CommandFailed

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Config:
    """The file and what stands in it."""

    path: Path
    members: Mapping[str, Any] = field(repr=False)

    @property
    def region(self) -> str | None:
        """The region that requests are signed for."""
        return self._text("region")

    @property
    def token(self) -> str | None:
        """The authentication code that `dce auth` stored."""
        return self._text("api", "token")

    @property
    def host(self) -> str | None:
        """The API's host, with its port where it has one, and a scheme where somebody gave it."""
        return self._text("api", "host")

    @property
    def base_path(self) -> str | None:
        """What every path of the API begins with."""
        return self._text("api", "basepath")

    def find_api_url(self) -> str | None:
        """Return what the address of every method begins with, None where it is not configured.

        It is https; plain http by itself is for this machine only.
        """
        host, base_path = self.host, self.base_path
        if host is None or base_path is None:
            return None
        if "://" not in host:
            name = urlsplit(f"//{host}").hostname
            host = f"{'http' if name in _LOOPBACK else 'https'}://{host}"
        path = base_path.strip("/")
        return f"{host.rstrip('/')}/{path}" if path else host.rstrip("/")

    def with_api(self, **members: str) -> "Config":
        """Return the configuration with members of `api` put in."""
        return Config(self.path, {**self.members, "api": {**self._section("api"), **members}})

    def with_region(self, region: str) -> "Config":
        """Return the configuration with a region."""
        return Config(self.path, {**self.members, "region": region})

    def write(self) -> None:
        """Write the file, for its owner only, in one step; raise OSError or ClientFailure."""
        text = yaml.safe_dump(dict(self.members), sort_keys=False, allow_unicode=True)
        # A file that is a link stays one.
        private_files.replace(self.path.resolve(), text.encode(), is_own_folder=False)

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.members.get(name)
        return section if isinstance(section, dict) else {}

    def _text(self, *names: str) -> str | None:
        *sections, name = names
        holder = self._section(sections[0]) if sections else self.members
        value = holder.get(name)
        return str(value) if value not in (None, "") else None


def read(path: Path) -> Config:
    """Return the configuration; raise CommandFailed where there is none to be read."""
    found = find(path)
    if found is None:
        raise CommandFailed("Config file not found. Please type 'dce init' to generate one.")
    return found


def find(path: Path) -> Config | None:
    """Return the configuration, None where there is no file; raise CommandFailed for a bad one."""
    try:
        members = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, yaml.YAMLError) as error:
        # What YAML's errors quote of the file might be the token.
        told = error.strerror if isinstance(error, OSError) else "it is no YAML"
        raise CommandFailed(f"Failed to parse configuration file: {path}: {told}") from error
    if members is None:
        return Config(path, {})
    if not isinstance(members, dict):
        raise CommandFailed(f"Failed to parse configuration file: {path}: it holds no names")
    return Config(path, members)


def written(config: Config) -> Path:
    """Write the file and return its path; raise CommandFailed."""
    try:
        config.write()
    except (OSError, ClientFailure) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise CommandFailed(f"Failed to write to {config.path}: {cause}") from error
    return config.path
