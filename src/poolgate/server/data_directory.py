"""The data folder: the database, the master key, the root access key, where the server is.

The folder is for its owner alone (0700), and so are the files with secrets (0600).
"""

import configparser
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import msgspec

from poolgate.credentials.sealing import MASTER_KEY_BYTES, new_master_key
from poolgate.foundation.secret import Secret

PROFILE = "poolgate"
_FOLDER_MODE, _SECRET_MODE = 0o700, 0o600
_OTHERS = 0o077


class DataDirectoryUnusable(Exception):
    """The folder or a file in it is not as it must be; the text says what to do."""


class Running(msgspec.Struct, frozen=True):
    """What a running server tells other commands about itself."""

    url: str
    region: str
    process_id: int


@dataclass(frozen=True, slots=True)
class AccessKeyFile:
    """The access key of the `credentials` file."""

    access_key_id: str
    secret_access_key: Secret


class DataDirectory:
    """One server's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.credentials = folder / "credentials"
        self._master_key = folder / "master.key"
        self._running = folder / "server.json"
        self._database = folder / "poolgate.db"
        self.metrics = folder / "metrics"

    @property
    def database_url(self) -> str:
        """The database inside the folder."""
        return f"sqlite:///{self._database.absolute()}"

    def prepare(self) -> None:
        """Make the folder unless it is there; raise DataDirectoryUnusable when others may enter."""
        try:
            self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            mode = self.folder.stat().st_mode
        except OSError as error:
            raise DataDirectoryUnusable(f"{self.folder}: {error.strerror}") from error
        if stat.S_IMODE(mode) & _OTHERS:
            self.folder.chmod(_FOLDER_MODE)

    def empty_metrics(self) -> None:
        """Begin with an empty folder of shared metrics; they count from the server's start."""
        shutil.rmtree(self.metrics, ignore_errors=True)
        self.metrics.mkdir(mode=_FOLDER_MODE)

    def master_keys(self) -> list[bytes]:
        """Return the master keys, the sealing one first; a first start makes one."""
        if not self._master_key.exists():
            self._make_master_key()
        self._verify_private(self._master_key)
        try:
            keys = [bytes.fromhex(line) for line in self._master_key.read_text().split()]
        except ValueError as error:
            raise DataDirectoryUnusable(f"{self._master_key} is not hexadecimal") from error
        if not keys or any(len(key) != MASTER_KEY_BYTES for key in keys):
            raise DataDirectoryUnusable(
                f"{self._master_key} must hold {MASTER_KEY_BYTES} bytes a line, in hexadecimal"
            )
        return keys

    def _make_master_key(self) -> None:
        if self._database.exists():
            raise DataDirectoryUnusable(
                f"{self._master_key} is missing, and {self._database} cannot be read without it"
            )
        partial = self._write_partial(self._master_key, new_master_key().hex() + "\n")
        try:
            # Of servers that start together, the first one's key counts.
            self._master_key.hardlink_to(partial)
        except FileExistsError:
            return
        finally:
            partial.unlink()

    def write_credentials(self, access_key_id: str, secret_access_key: Secret) -> None:
        """Hand the root access key to the operator, in AWS's shared-credentials format."""
        self._write_secret(
            self.credentials,
            f"[{PROFILE}]\naws_access_key_id = {access_key_id}\n"
            f"aws_secret_access_key = {secret_access_key.reveal()}\n",
        )

    def read_credentials(self) -> AccessKeyFile:
        """Return the root access key; raise DataDirectoryUnusable when it is not there."""
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(self.credentials.read_text())
            return AccessKeyFile(
                parser.get(PROFILE, "aws_access_key_id"),
                Secret(parser.get(PROFILE, "aws_secret_access_key")),
            )
        except (OSError, configparser.Error) as error:
            raise DataDirectoryUnusable(
                f"{self.credentials} does not hold the profile {PROFILE}; "
                "was the server started with this folder?"
            ) from error

    def write_running(self, running: Running) -> None:
        """Tell other commands where the server is."""
        self._write_secret(self._running, msgspec.json.encode(running).decode())

    def read_running(self) -> Running | None:
        """Return where the server was last started, or None."""
        try:
            return msgspec.json.decode(self._running.read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None

    def _write_secret(self, path: Path, text: str) -> None:
        """Write a file whole or not at all, readable by its owner from its first moment on."""
        self._write_partial(path, text).replace(path)

    def _write_partial(self, path: Path, text: str) -> Path:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return partial

    def _verify_private(self, path: Path) -> None:
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise DataDirectoryUnusable(f"others may read {path}; chmod 600 it")
