"""A file of breached passwords is searched by halves, in each of its forms."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolgate.foundation.secret import Secret
from poolgate.server.breached_passwords import BreachedPasswordFile, FileUnreadable


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()


def written(path: Path, passwords: set[str], *, count: str, ending: str, upper: bool) -> Path:
    digests = sorted(map(digest, passwords))
    lines = [(each.upper() if upper else each) + count for each in digests]
    path.write_bytes((ending.join(lines) + ending).encode())
    return path


@settings(max_examples=60)
@given(
    st.sets(st.text(alphabet="abcdefgh0123456789", min_size=9, max_size=12), min_size=1),
    st.sampled_from(["", ":1", ":12345"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_each_password_of_the_file_is_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory,
    passwords: set[str],
    count: str,
    ending: str,
    upper: bool,  # noqa: FBT001 - given by hypothesis
) -> None:
    path = tmp_path_factory.mktemp("breached") / "list.txt"
    known = BreachedPasswordFile(written(path, passwords, count=count, ending=ending, upper=upper))
    assert all(known.contains(Secret(password)) for password in passwords)
    assert not any(known.contains(Secret(password + "~")) for password in passwords)


def test_common_passwords_are_known_besides_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "list", {"qzvwkxjtr"}, count="", ending="\n", upper=True)
    assert BreachedPasswordFile(path).contains(Secret("Password1!"))


def test_the_file_can_be_replaced_while_it_is_used(tmp_path: Path) -> None:
    path = written(tmp_path / "list", {"qzvwkxjtr"}, count="", ending="\n", upper=True)
    known = BreachedPasswordFile(path)
    written(tmp_path / "newer", {"mnbvqwzxk"}, count="", ending="\n", upper=True).replace(path)
    assert known.contains(Secret("mnbvqwzxk"))
    assert not known.contains(Secret("qzvwkxjtr"))


@pytest.mark.parametrize("content", [b"", b"password\n", b"5BAA61E4\n"])
def test_what_is_no_such_list_stops_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable):
        BreachedPasswordFile(path)
    with pytest.raises(FileUnreadable):
        BreachedPasswordFile(tmp_path / "missing")
