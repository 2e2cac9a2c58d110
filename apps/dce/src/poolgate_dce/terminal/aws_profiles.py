"""Keys of a leased account as a profile of AWS's shared credentials file."""

import re
from collections.abc import Mapping
from pathlib import Path

from poolgate.client import private_files

_SECTION = re.compile(r"\s*\[(?P<name>[^\]]*)\]")


def put_keys(path: Path, profile: str, keys: Mapping[str, str]) -> None:
    """Write the keys into the profile, made where it is missing; leave everything else as it is."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    content = "\n".join(_with_keys(lines, profile, keys)) + "\n"
    private_files.replace(path.resolve(), content.encode(), is_own_folder=False)


def _with_keys(lines: list[str], profile: str, keys: Mapping[str, str]) -> list[str]:
    new = [f"{name} = {value}" for name, value in keys.items()]
    begins = [(_section_of(line), number) for number, line in enumerate(lines)]
    headers = [(name, number) for name, number in begins if name is not None]
    starts = [number for name, number in headers if name == profile]
    if not starts:
        separator = [""] if lines and lines[-1].strip() else []
        return [*lines, *separator, f"[{profile}]", *new]
    start = starts[0]
    end = min((number for _, number in headers if number > start), default=len(lines))
    kept = [line for line in lines[start + 1 : end] if _name_of(line) not in keys]
    return [*lines[: start + 1], *new, *kept, *lines[end:]]


def _section_of(line: str) -> str | None:
    found = _SECTION.match(line)
    return found["name"].strip() if found else None


def _name_of(line: str) -> str:
    return line.partition("=")[0].strip().lower()
