"""Where sign-ins are kept between runs: the keyring, or a file for its owner alone.

Either gives back what was put last, across processes. Writers hold `lock` of the profile, so that
there is one at a time; readers need not.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from poolgate.client import private_files
from poolgate.client.failures import ClientFailure
from poolgate.client.profiles import Profile, Profiles, Storage

_SERVICE: Final = "poolgate"
# A refresh is one exchange of 20 s at most; whoever waits for it sees it out.
_LOCK_SECONDS: Final = 30.0
_OWNER_ONLY: Final = 0o600


class KeyringUnusable(ClientFailure):
    """There is no keyring, or it is locked."""


class SignInUnreadable(ClientFailure):
    """What was kept cannot be read."""


class TokenCache(Protocol):
    """Keeps one text, a profile's sign-in with its secrets."""

    place: str

    def read(self) -> str | None:
        """Return what was put last, or None where nothing is."""
        ...

    def put(self, text: str) -> None:
        """Keep a text in place of the former one; once this returns, no crash loses it."""
        ...

    def delete(self) -> None:
        """Forget it; nothing there is no failure."""
        ...


class FileCache:
    """A file (0600) in a folder (0700)."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path
        # The name is always the same: what a killed writer had finished is found again.
        self._finished = path.with_name(f"{path.name}.new")

    def read(self) -> str | None:
        """Return the newest text that was written whole."""
        # INVARIANT: a rotated refresh token that was written whole is not lost: a writer that was
        # killed between writing the new file and giving it its name has still made it.
        return _whole(self._finished) or _whole(self._path)

    def put(self, text: str) -> None:
        """Write the file anew, in one step."""
        folder = private_files.private_folder(self._path.parent)
        if _whole(self._finished) is not None:
            self._finished.replace(self._path)
        self._finished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(self._finished, flags, _OWNER_ONLY), "wb") as output:
            # The last line's end tells a whole file from a part of one.
            output.write(f"{text}\n".encode())
            output.flush()
            os.fsync(output.fileno())
        self._finished.replace(self._path)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def delete(self) -> None:
        """Remove the file, and what a killed writer left of one."""
        self._finished.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


class KeyringCache:
    """An entry of the keyring of whoever runs the program."""

    place = "keyring"

    def __init__(self, entry: str) -> None:
        self._entry = entry

    def read(self) -> str | None:
        """Return the entry; raise KeyringUnusable."""
        import keyring  # noqa: PLC0415 - loading it takes longer than answering from a file

        with _told():
            _require_backend(keyring.get_keyring())
            return keyring.get_password(_SERVICE, self._entry)

    def put(self, text: str) -> None:
        """Put the entry; raise KeyringUnusable."""
        import keyring  # noqa: PLC0415 - as above

        with _told():
            _require_backend(keyring.get_keyring())
            keyring.set_password(_SERVICE, self._entry, text)

    def delete(self) -> None:
        """Remove the entry; raise KeyringUnusable."""
        import keyring  # noqa: PLC0415 - as above

        with _told():
            _require_backend(keyring.get_keyring())
            if keyring.get_password(_SERVICE, self._entry) is not None:
                keyring.delete_password(_SERVICE, self._entry)


def cache_of(profile: Profile, profiles: Profiles, *, kept: str = "sign-in") -> TokenCache:
    """Return where the profile's sign-in, or something else of it, is kept."""
    if profile.storage is Storage.FILE:
        return FileCache(_folder(profiles) / f"{profile.name}.{kept}.json")
    return KeyringCache(f"{kept} {profile.name} of {profiles.config_folder.resolve()}")


@contextlib.contextmanager
def locked(profile: Profile, profiles: Profiles, *, may_wait: bool = True) -> Iterator[None]:
    """Be the only one, of all processes, that changes the profile's sign-in.

    Raises LockHeldTooLong, at once where it may not wait.
    """
    with private_files.locked(_folder(profiles) / profile.name, _LOCK_SECONDS if may_wait else 0):
        yield


def _folder(profiles: Profiles) -> Path:
    return profiles.config_folder / "sign-ins"


def _whole(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SignInUnreadable(f"{path} cannot be read ({type(error).__name__})") from error
    return text.removesuffix("\n") if text.endswith("\n") else None


def _require_backend(backend: object) -> None:
    # The one refuses everything, the other forgets everything.
    if type(backend).__module__ in {"keyring.backends.fail", "keyring.backends.null"}:
        raise KeyringUnusable(_without_keyring("there is no keyring"))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    from keyring.errors import InitError, KeyringError  # noqa: PLC0415 - as above

    try:
        yield
    except (KeyringError, InitError) as error:
        raise KeyringUnusable(
            _without_keyring(f"the keyring cannot be used ({type(error).__name__})")
        ) from error


def _without_keyring(why: str) -> str:
    return (
        f"{why}; `poolgate login --insecure-storage` keeps tokens in a file that only you can read"
    )
