"""Profiles: which server somebody signs in to, under a name, as one small TOML file each.

    {config folder}/profiles/{name}.toml

`POOLGATE_CONFIG_DIR` names the folder, else it is `poolgate` in `XDG_CONFIG_HOME` or `~/.config`.
Profiles hold no secrets. Whoever edits one by hand keeps to the members of `Profile`.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from poolgate.client import private_files, surroundings
from poolgate.client.failures import ClientFailure
from poolgate.foundation.ids import ClientId, PoolId, Region, region_of_pool

DEFAULT_NAME: Final = surroundings.DEFAULT_PROFILE
DEFAULT_REDIRECT_URI: Final = "http://127.0.0.1/callback"
# Names are parts of paths.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_POOL_ID: Final = re.compile(r"[a-z]{2}(?:-[a-z0-9]+)+_[0-9A-Za-z]+")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


class ProfileNotFound(ClientFailure):
    """No profile has this name."""


class ProfileMalformed(ClientFailure):
    """A profile's file or one of its members cannot be used."""


class Storage(StrEnum):
    """Where the tokens of a profile are kept."""

    KEYRING = "keyring"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How to reach one app client of one user pool.

    `issuer` is what tokens say. `endpoint_url` is where the user pools' API is, unless that is the
    issuer's own place; `domain` the base URL of the OAuth endpoints, unless discovery tells it.
    """

    name: str
    issuer: str
    client_id: ClientId
    domain: str | None = None
    endpoint_url: str | None = None
    scope: str | None = None
    redirect_uri: str = DEFAULT_REDIRECT_URI
    logout_uri: str | None = None
    username: str | None = None
    region: str | None = None
    identity_pool_id: str | None = None
    storage: Storage = Storage.KEYRING

    @property
    def pool_id(self) -> PoolId | None:
        """The id of the user pool; None where the issuer is not one of a user pool."""
        last = urlsplit(self.issuer).path.rpartition("/")[2]
        return PoolId(last) if _POOL_ID.fullmatch(last) else None

    @property
    def api_url(self) -> str:
        """Where the user pools' API is, of Poolgate or of AWS."""
        return self.endpoint_url or self.issuer.rpartition("/")[0]

    @property
    def discovery_url(self) -> str:
        """Where the issuer says what it has."""
        # With Poolgate's setting `issuer_style=aws` the issuer in tokens is no place of the server.
        at = f"{self.endpoint_url}/{self.pool_id}" if self.endpoint_url else self.issuer
        return f"{at}/.well-known/openid-configuration"

    @property
    def aws_region(self) -> Region:
        """The region of the pool; that of the environment where neither names one."""
        if self.region is not None:
            return Region(self.region)
        pool_id = self.pool_id
        return region_of_pool(pool_id) if pool_id else Region(surroundings.region())


_MEMBERS: Final = frozenset(each.name for each in fields(Profile)) - {"name"}
_URLS: Final = ("issuer", "domain", "endpoint_url", "redirect_uri", "logout_uri")


class Profiles:
    """The profiles in a config folder; that of the environment unless another is given."""

    def __init__(self, config_folder: Path | None = None) -> None:
        self.config_folder = config_folder or Path(surroundings.config_folder())

    def get(self, name: str) -> Profile:
        """Return a profile; raise ProfileNotFound or ProfileMalformed."""
        try:
            text = self._path(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ProfileNotFound(
                f"there is no profile {name!r}; make it with: poolgate login --profile {name}"
                " --issuer URL --client-id ID"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise self._malformed(name, type(error).__name__) from error
        try:
            members = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise self._malformed(name, str(error)) from error
        return parse_profile(name, members)

    def put(self, profile: Profile) -> None:
        """Write a profile, in place of the one with its name."""
        lines = []
        for member in sorted(_MEMBERS):
            value = getattr(profile, member)
            if value is not None:
                # A JSON string is a TOML string as well once it has no control characters.
                lines.append(f"{member} = {json.dumps(str(value), ensure_ascii=False)}\n")
        private_files.replace(self._path(profile.name), "".join(lines).encode())

    def names(self) -> list[str]:
        """Return the names of all profiles, sorted."""
        return sorted(path.stem for path in (self.config_folder / "profiles").glob("*.toml"))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ProfileMalformed(
                f"{name!r} is no name of a profile: letters, digits, dots, hyphens, underscores"
            )
        return self.config_folder / "profiles" / f"{name}.toml"

    def _malformed(self, name: str, why: str) -> ProfileMalformed:
        return ProfileMalformed(f"{self._path(name)} cannot be read: {why}")


def usual_name() -> str:
    """Return the profile that is meant where none is named."""
    return surroundings.usual_profile()


def parse_profile(name: str, members: Mapping[str, object]) -> Profile:
    """Return the profile of these members; raise ProfileMalformed."""

    def refused(member: str, why: str) -> ProfileMalformed:
        return ProfileMalformed(f"profile {name!r}: {member} {why}")

    texts: dict[str, Any] = {}
    for member, value in members.items():
        if member not in _MEMBERS:
            raise refused(member, f"is unknown; there are {', '.join(sorted(_MEMBERS))}")
        if not isinstance(value, str) or not value or _UNPRINTABLE.search(value):
            raise refused(member, "must be text in one line")
        texts[member] = value.rstrip("/") if member in {"domain", "endpoint_url"} else value
    for member in ("issuer", "client_id"):
        if member not in texts:
            raise refused(member, "is missing")
    for member in _URLS:
        if member in texts and urlsplit(texts[member]).scheme not in {"https", "http"}:
            raise refused(member, "must be an https or http URL")
    storage = texts.pop("storage", Storage.KEYRING.value)
    if storage not in set(Storage):
        raise refused("storage", f"must be {' or '.join(Storage)}")
    made = Profile(
        name=name, issuer=texts.pop("issuer"), client_id=ClientId(texts.pop("client_id"))
    )
    return replace(made, storage=Storage(storage), **texts)
