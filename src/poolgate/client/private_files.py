"""Files for their owner alone: replaced in one step, and locked while somebody makes a new one."""

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from poolgate.client.failures import ClientFailure
from poolgate.foundation.randomness import random_uuid

_FOLDER_MODE, _FILE_MODE, _OTHERS = 0o700, 0o600, 0o077
_LOOK_AGAIN_SECONDS = 0.02


class LockHeldTooLong(ClientFailure):
    """Another process has held a lock for longer than its work can take."""


class FolderNotPrivate(ClientFailure):
    """A folder for secrets belongs to somebody else."""


def private_folder(folder: Path) -> Path:
    """Return the folder, made (0700) unless it is there and closed to others if it was open.

    Raises FolderNotPrivate where it is another user's.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise FolderNotPrivate(f"{folder} belongs to another user; nothing is kept there")
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        folder.chmod(_FOLDER_MODE)
    return folder


def replace(path: Path, content: bytes, *, is_own_folder: bool = True) -> None:
    """Write the file (0600) anew; whoever reads it sees the former or the new one, never a part.

    Its folder is made where it is missing. One that is not ours alone is left as it is.
    """
    folder = path.parent
    if is_own_folder or not folder.exists():
        folder = private_folder(folder)
    # Another one at each try: what a killed process left behind is in nobody's way.
    unfinished = folder / f".{path.name}.{random_uuid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(unfinished, flags, _FILE_MODE), "wb") as output:
            output.write(content)
            output.flush()
            os.fsync(output.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of `path` until the block ends; raise LockHeldTooLong after `wait_seconds`.

    The operating system takes the lock from a process that ends, however it ends, so that none is
    ever left behind. `path` itself is not touched; the lock is a file beside it.
    """
    folder = private_folder(path.parent)
    descriptor = os.open(
        folder / f"{path.name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _FILE_MODE
    )
    try:
        _take(descriptor, path, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, gives_up_at: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            if time.monotonic() >= gives_up_at:
                raise LockHeldTooLong(
                    f"another process has held {path}.lock for too long"
                ) from held
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return
