import stat
from pathlib import Path

import pytest

from poolgate.foundation.secret import Secret
from poolgate.server.data_directory import DataDirectory, DataDirectoryUnusable, Running


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_secrets_are_for_their_owner(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "new" / "data")
    directory.prepare()
    keys = directory.master_keys()
    directory.write_credentials("AKIA", Secret("hidden"))
    assert mode(directory.folder) == 0o700
    assert mode(directory.folder / "master.key") == 0o600
    assert mode(directory.credentials) == 0o600
    assert [len(key) for key in keys] == [32]
    assert directory.master_keys() == keys
    assert directory.read_credentials().secret_access_key == Secret("hidden")
    assert sorted(path.name for path in directory.folder.iterdir()) == ["credentials", "master.key"]


def test_a_folder_that_others_may_enter_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    DataDirectory(tmp_path).prepare()
    assert mode(tmp_path) == 0o700


def test_master_key_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.master_keys()
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(DataDirectoryUnusable, match="others may read"):
        directory.master_keys()


@pytest.mark.parametrize("written", ["", "zz", "00" * 31])
def test_master_key_must_be_one(tmp_path: Path, written: str) -> None:
    (tmp_path / "master.key").write_text(written)
    (tmp_path / "master.key").chmod(0o600)
    with pytest.raises(DataDirectoryUnusable):
        DataDirectory(tmp_path).master_keys()


def test_a_database_without_its_master_key_is_not_given_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "poolgate.db").touch()
    with pytest.raises(DataDirectoryUnusable, match="is missing"):
        DataDirectory(tmp_path).master_keys()
    assert not (tmp_path / "master.key").exists()


def test_first_line_seals_and_all_lines_open(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("11" * 32 + "\n" + "22" * 32 + "\n")
    (tmp_path / "master.key").chmod(0o600)
    assert DataDirectory(tmp_path).master_keys() == [b"\x11" * 32, b"\x22" * 32]


def test_other_commands_find_the_running_server(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    assert directory.read_running() is None
    running = Running("http://127.0.0.1:9440", "us-east-1", 7)
    directory.write_running(running)
    assert directory.read_running() == running


def test_missing_credentials_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryUnusable, match="was the server started"):
        DataDirectory(tmp_path).read_credentials()
