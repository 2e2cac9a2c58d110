"""`poolgate users`: the users of a pool as JSON Lines, out and in; the log of a CSV import job."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from poolgate.cli.flags import add_setting_flags, given_flags
from poolgate.cli.progress import Progress
from poolgate.cli.subcommands import Subcommands
from poolgate.server.settings import Settings, read_settings

if TYPE_CHECKING:
    from poolgate.server.maintenance import ExportedLine

REFUSED, SETTINGS_WRONG = 1, 2
STANDARD = "-"
_OWNER_ONLY = 0o600
# One byte more than a line may have, so that a longer one is told from one that just fits.
_READ_BYTES = 1024 * 1024 + 1
_PASSWORDS_WARNING = (
    "the file will hold what passwords can be guessed from; keep it as secret as the passwords"
)
_APPS_WARNING = (
    "the file will hold the secrets of authenticator apps; who has it has everybody's second factor"
)


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("users", help="export and import the users of a pool")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_export(actions)
    _add_import(actions)
    _add_import_log(actions)


def _add_export(actions: Subcommands) -> None:
    parser = actions.add_parser(
        "export",
        help="write the users of a pool as JSON Lines",
        description="Write the users of a pool with attributes, groups and status, one JSON "
        "object a line.",
    )
    parser.add_argument("--pool", required=True, metavar="POOL_ID", help="The pool.")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="A new file, readable by its owner alone. Default: standard output.",
    )
    parser.add_argument(
        "--with-passwords",
        action="store_true",
        help="Write password verifiers and hashes too; needs --output.",
    )
    parser.add_argument(
        "--with-mfa-secrets",
        action="store_true",
        help="Write the secrets of authenticator apps too; needs --output.",
    )
    add_setting_flags(parser)
    parser.set_defaults(command=run_export)


def _add_import(actions: Subcommands) -> None:
    parser = actions.add_parser(
        "import",
        help="make users of JSON Lines",
        description="Make the users of a file in a pool. Users that are there already are passed "
        "over, so an interrupted import is started again with the same file. A bad line is "
        "reported with its number and holds up no other; the exit code is 1 then.",
    )
    parser.add_argument("--pool", required=True, metavar="POOL_ID", help="The pool.")
    parser.add_argument("file", metavar="FILE", help="The file; - is standard input.")
    parser.add_argument(
        "--create-groups",
        action="store_true",
        help="Make the groups that users of the file are in and the pool lacks.",
    )
    add_setting_flags(parser)
    parser.set_defaults(command=run_import)


def _add_import_log(actions: Subcommands) -> None:
    parser = actions.add_parser(
        "import-log",
        help="show what became of each line of a user import job's CSV file",
        description="Show what became of each line of a user import job's CSV file so far, in the "
        "words of AWS's log. Nothing of the file is quoted.",
    )
    parser.add_argument("--job", required=True, metavar="JOB_ID", help="The job.")
    add_setting_flags(parser)
    parser.set_defaults(command=run_import_log)


def run_export(chosen: argparse.Namespace) -> int:
    """Export, or say why not."""
    secrets = (
        (chosen.with_passwords, "--with-passwords", _PASSWORDS_WARNING),
        (chosen.with_mfa_secrets, "--with-mfa-secrets", _APPS_WARNING),
    )
    for is_chosen, flag, warning in secrets:
        if is_chosen and chosen.output is None:
            _tell(f"{flag} needs --output, a file that only its owner can read")
            return SETTINGS_WRONG
        if is_chosen:
            _tell(f"warning: {warning}")
    settings = _settings(chosen)
    if settings is None:
        return SETTINGS_WRONG
    # Imported here, so that help and mistakes answer at once.
    from poolgate.server.maintenance import MaintenanceRefused, exported_users  # noqa: PLC0415

    lines = exported_users(
        settings,
        chosen.pool,
        with_passwords=chosen.with_passwords,
        with_mfa_secrets=chosen.with_mfa_secrets,
    )
    try:
        with _new_file(chosen.output) as output:
            count, apps = _write(output, lines)
    except (MaintenanceRefused, OSError) as refused:
        _tell(str(refused))
        return REFUSED
    _tell(f"exported {count}")
    if apps:
        _tell(f"left out the authenticator apps of {apps}; --with-mfa-secrets writes them")
    return 0


def run_import(chosen: argparse.Namespace) -> int:
    """Import, or say why not."""
    settings = _settings(chosen)
    if settings is None:
        return SETTINGS_WRONG
    from poolgate.server.maintenance import MaintenanceRefused, import_users  # noqa: PLC0415 - as above

    imported = present = bad = 0
    progress = Progress()
    try:
        with _opened(chosen.file) as lines:
            for done in import_users(
                settings, chosen.pool, lines.each(), creates_groups=chosen.create_groups
            ):
                if done.fault is not None:
                    bad += 1
                    progress.clear()
                    _tell(f"line {done.number}: {done.fault}")
                else:
                    imported += done.imported
                    present += not done.imported
                progress.show(imported + present + bad, lines.bytes_read, lines.size)
    except (MaintenanceRefused, OSError) as refused:
        progress.clear()
        _tell(str(refused))
        return REFUSED
    progress.clear()
    print(f"imported {imported}, already there {present}, bad {bad}")
    return REFUSED if bad else 0


def run_import_log(chosen: argparse.Namespace) -> int:
    """Print the log, or say why not."""
    settings = _settings(chosen)
    if settings is None:
        return SETTINGS_WRONG
    from poolgate.server.maintenance import MaintenanceRefused, import_job_log  # noqa: PLC0415 - as above

    try:
        for line in import_job_log(settings, chosen.job):
            print(line)
    except MaintenanceRefused as refused:
        _tell(str(refused))
        return REFUSED
    return 0


def _settings(chosen: argparse.Namespace) -> Settings | None:
    explained = read_settings(given_flags(chosen))
    for mistake in explained.mistakes:
        _tell(str(mistake))
    return explained.settings


@contextmanager
def _new_file(path: str | None) -> Iterator[BinaryIO]:
    """Give a file that appears under its name once it is complete, or standard output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # A half-written file under its final name would look like all users.
    final, unfinished = Path(path), Path(f"{path}.part")
    if final.exists():
        raise FileExistsError(f"{path} exists already")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(unfinished, flags, _OWNER_ONLY), "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        # Fails where somebody has made the file meanwhile; nothing is overwritten.
        final.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(output: BinaryIO, lines: "Iterable[ExportedLine]") -> tuple[int, int]:
    """Write the lines and return how many there were, and how many leave an app behind."""
    count = apps = 0
    progress = Progress()
    try:
        for count, exported in enumerate(lines, start=1):
            output.write(exported.line)
            apps += exported.leaves_app_behind
            progress.show(count, count, exported.total)
    finally:
        progress.clear()
    return count, apps


class _Lines:
    """The lines of a file; of one that is too long only as much as shows that."""

    def __init__(self, source: BinaryIO, size: int | None) -> None:
        self.size = size
        self.bytes_read = 0
        self._source = source

    def each(self) -> Iterator[bytes]:
        """Give one line after the other."""
        while line := self._read():
            rest = line
            while not rest.endswith(b"\n") and len(rest) > _READ_BYTES:
                rest = self._read()
            yield line

    def _read(self) -> bytes:
        read = self._source.readline(_READ_BYTES + 1)
        self.bytes_read += len(read)
        return read


@contextmanager
def _opened(path: str) -> Iterator[_Lines]:
    if path == STANDARD:
        yield _Lines(sys.stdin.buffer, None)
        return
    with Path(path).open("rb") as source:
        yield _Lines(source, os.fstat(source.fileno()).st_size)


def _tell(text: str) -> None:
    print(f"poolgate: {text}", file=sys.stderr)
