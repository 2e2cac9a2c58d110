"""Answers that are kept: until shortly before they expire, renewed once, never half written."""

import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from poolgate.client import private_files, renewals
from poolgate.client.failures import ServerUnreachable
from poolgate.client.kept_answers import KeptAnswer, is_folder_name
from poolgate.client.private_files import FolderNotPrivate, LockHeldTooLong, locked, replace
from poolgate.client.renewals import Renewed, answered
from poolgate.foundation.clock import MovableClock

MINUTE, HOUR = 60, 3600
SECONDS = 30
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
HOLDS = """
import sys
from pathlib import Path
from poolgate.client.private_files import locked
with locked(Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    folder = tmp_path / "config"
    monkeypatch.setenv("POOLGATE_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture
def clock():
    return MovableClock(frozen_at=STARTED)


class Server:
    """Gives numbered answers that live for an hour, or for as long as it is told."""

    def __init__(self, clock):
        self.clock = clock
        self.asked = 0
        self.lifetime = timedelta(hours=1)
        self.entered = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self):
        self.asked += 1
        self.entered.set()
        assert self.goes_on.wait(SECONDS)
        return Renewed(f"answer {self.asked}\n", self.clock.now() + self.lifetime)


@pytest.fixture
def server(clock):
    return Server(clock)


def test_an_answer_is_kept_until_a_quarter_of_an_hour_before_it_expires(server, clock):
    kept = KeptAnswer("default", "keys")
    assert answered(kept, server, clock) == "answer 1\n"
    clock.advance(45 * MINUTE - 1)
    assert answered(kept, server, clock) == "answer 1\n"
    clock.advance(2)
    assert answered(kept, server, clock) == "answer 2\n"


def test_an_answer_of_a_short_life_is_kept_for_three_quarters_of_it(server, clock):
    server.lifetime = timedelta(minutes=4)
    kept = KeptAnswer("default", "keys")
    answered(kept, server, clock)
    clock.advance(3 * MINUTE - 1)
    assert answered(kept, server, clock) == "answer 1\n"
    clock.advance(2)
    assert answered(kept, server, clock) == "answer 2\n"


def test_other_questions_have_other_answers(server, clock):
    for number, question in enumerate((("a",), ("b",), ("a", None), ("a", ""), ("a\nb",)), 1):
        kept = KeptAnswer("default", *question)
        assert answered(kept, server, clock) == f"answer {number}\n"
        assert answered(kept, server, clock) == f"answer {number}\n"
    assert answered(KeptAnswer("other", "a"), server, clock) == "answer 6\n"
    assert answered(KeptAnswer("default", "a", stamp="new"), server, clock) == "answer 7\n"


def test_the_folder_of_one_question_is_of_no_use_to_another_in_its_place(server, clock):
    first, second = KeptAnswer("default", "a"), KeptAnswer("default", "b")
    answered(first, server, clock)
    Path(first.path).rename(second.path)
    assert second.read(clock.now().timestamp()) is None


@pytest.mark.parametrize("content", [b"", b"1e9", b"x\ny\nz", b"\xff\xfe\n", b"99999999999\n\n"])
def test_a_file_that_is_no_answer_is_replaced(server, clock, content):
    kept = KeptAnswer("default", "keys")
    replace(Path(kept.path), content)
    assert answered(kept, server, clock) == "answer 1\n"
    assert kept.read(clock.now().timestamp()) == "answer 1\n"


def test_forgetting_ends_also_what_is_on_its_way(server, clock, config):
    kept = KeptAnswer("default", "keys")
    answered(kept, server, clock)
    clock.advance(HOUR)
    server.entered.clear()
    server.goes_on.clear()
    late = threading.Thread(target=answered, args=(kept, server, clock))
    late.start()
    assert server.entered.wait(SECONDS)
    renewals.forget(config, "default")
    server.goes_on.set()
    late.join(SECONDS)
    assert KeptAnswer("default", "keys").read(clock.now().timestamp()) is None
    renewals.forget(config, "never signed in")
    assert not (config / "answers" / "never signed in").exists()


def test_many_threads_ask_once(server, clock):
    got = []

    def ask():
        got.append(answered(KeptAnswer("default", "keys"), server, clock))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert got == ["answer 1\n"] * 20


def test_whoever_hangs_is_not_waited_for_for_ever(server, clock):
    kept = KeptAnswer("default", "keys")
    with locked(Path(kept.path), 0):
        assert answered(kept, server, clock, wait_seconds=0) == "answer 1\n"
    assert kept.read(clock.now().timestamp()) == "answer 1\n"


def test_what_fails_keeps_nothing(clock):
    def unreachable():
        raise ServerUnreachable("nobody there")

    kept = KeptAnswer("default", "keys")
    with pytest.raises(ServerUnreachable):
        answered(kept, unreachable, clock)
    assert kept.read(clock.now().timestamp()) is None


def test_a_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "folder" / "file"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(LockHeldTooLong), locked(path, 0):
        pass
    holder.kill()
    holder.communicate()
    with locked(path, 0):
        assert not path.exists()


def test_a_file_is_written_whole_for_its_owner_alone(tmp_path):
    path = tmp_path / "folder" / "file"
    (tmp_path / "folder").mkdir(mode=0o755)
    replace(path, b"first")
    replace(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path):
    (tmp_path / "file.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), locked(tmp_path / "file", 0):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_another_users_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(private_files.os, "getuid", lambda: 12345)
    with pytest.raises(FolderNotPrivate):
        replace(tmp_path / "file", b"secret")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-", "_", "a\nb", "a b"])
def test_a_name_that_is_no_folder_is_not_taken_for_one(name):
    assert not is_folder_name(name)
