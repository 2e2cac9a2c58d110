"""Tokens at the terminal: kept privately, refreshed ahead, once, and never lost."""

import json
import stat
import subprocess
import sys
import threading
from dataclasses import replace

import keyring
import pytest
from keyring.backends import fail, null
from kits.oauth import claims_of

from poolgate.client import token_sources
from poolgate.client.failures import ServerUnreachable
from poolgate.client.profiles import Profiles
from poolgate.client.refreshing import SignInNeeded
from poolgate.client.token_caches import FileCache, KeyringUnusable
from poolgate.client.token_sets import KeptSignIn, parse_kept, render_kept
from poolgate.foundation.clock import MovableClock

HOUR = 3600
LATE = """
import sys
from pathlib import Path
from poolgate.client.profiles import Profiles
from poolgate.client.token_sources import TokenSource
from poolgate.foundation.clock import MovableClock
profiles = Profiles(Path(sys.argv[1]))
clock = MovableClock()
clock.advance(float(sys.argv[2]))
source = TokenSource(profiles.get("default"), profiles, clock)
print("ready", flush=True)
sys.stdin.readline()
print(source.current().access_token.reveal(), flush=True)
"""


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


@pytest.fixture
def source(pool, config, clock):
    made = pool.source(config, clock)
    made.keep(pool.sign_in(clock))
    return made


def path_of(config):
    return config / "sign-ins" / "default.sign-in.json"


def test_a_fresh_token_is_given_as_it_is(source, pool, config, clock):
    first = source.current()
    assert claims_of(first.access_token.reveal())["username"] == "alice"
    assert pool.source(config, clock).current() == first


def test_what_is_kept_is_for_its_owner_alone(source, config):
    assert stat.S_IMODE(path_of(config).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_of(config).parent.stat().st_mode) == 0o700
    assert "***" in str(source.find().tokens)


def test_a_token_is_refreshed_ahead_of_its_end(source, clock):
    first = source.current()
    clock.advance(HOUR - 301)
    assert source.current() == first
    clock.advance(2)
    second = source.current()
    assert second.access_token != first.access_token
    assert second.refresh_token != first.refresh_token
    assert source.current() == second


def test_while_no_server_answers_a_living_token_is_given(source, pool, config, clock):
    first = source.current()
    away = pool.source(config, clock, endpoint_url="http://127.0.0.1:9")
    clock.advance(HOUR - 60)
    assert away.current() == first
    clock.advance(60)
    with pytest.raises(ServerUnreachable):
        away.current()


def test_many_threads_refresh_once(source, clock):
    clock.advance(2 * HOUR)
    barrier, got = threading.Barrier(20), []

    def ask():
        barrier.wait()
        got.append(source.current())

    askers = [threading.Thread(target=ask) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(got) == 20
    assert len({tokens.refresh_token for tokens in got}) == 1


def test_many_processes_refresh_once(source, pool, config):
    Profiles(config).put(pool.profile())
    command = [sys.executable, "-c", LATE, str(config), str(2 * HOUR)]
    pipe = subprocess.PIPE
    askers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    assert {asker.stdout.readline() for asker in askers} == {"ready\n"}
    for asker in askers:
        asker.stdin.write("\n")
        asker.stdin.flush()
    told = {asker.communicate()[0] for asker in askers}
    assert len(told) == 1
    assert told.pop().strip() == source.find().tokens.access_token.reveal()


def test_a_writer_that_was_killed_before_the_new_name_has_written(source, config, clock):
    kept = source.find()
    finished = path_of(config).with_name("default.sign-in.json.new")
    clock.advance(2 * HOUR)
    source.refresh()
    newest = path_of(config).read_text()
    path_of(config).write_text(render_kept(kept) + "\n")
    finished.write_text(newest)
    assert source.find() == parse_kept(newest)
    source.refresh()
    assert not finished.exists()


def test_a_writer_that_was_killed_midway_has_not(source, config):
    kept = source.find()
    finished = path_of(config).with_name("default.sign-in.json.new")
    finished.write_text(render_kept(kept)[:-20])
    assert source.find() == kept
    source.refresh()
    assert not finished.exists()
    assert source.find() != kept


def test_a_refresh_that_was_never_written_is_made_again_in_the_time_of_grace(source, pool, config):
    before = path_of(config).read_text()
    source.refresh()
    path_of(config).write_text(before)
    again = pool.source(config, MovableClock()).refresh()
    assert claims_of(again.access_token.reveal())["username"] == "alice"


def test_a_sign_in_that_ended_at_the_server_is_needed_anew(source, pool, clock):
    pool.cognito.admin_user_global_sign_out(UserPoolId=pool.pool_id, Username="alice")
    clock.advance(2 * HOUR)
    with pytest.raises(SignInNeeded, match="the sign-in has ended; sign in with: poolgate login"):
        source.current()


def test_nobody_is_signed_in_at_first_nor_after_forgetting(source, pool, config, clock):
    other = pool.source(config, clock, name="other")
    with pytest.raises(SignInNeeded, match="poolgate login --profile other"):
        other.current()
    assert isinstance(source.forget(), KeptSignIn)
    assert source.forget() is None
    with pytest.raises(SignInNeeded, match="nobody is signed in"):
        source.current()


@pytest.mark.usefixtures("source")
def test_a_sign_in_of_another_server_is_not_the_profiles(pool, config, clock):
    assert pool.source(config, clock, client_id="another").find() is None
    assert pool.source(config, clock, issuer="https://x.example/eu-west-1_abc").find() is None


def test_without_a_refresh_token_the_end_is_the_end(source, clock):
    kept = source.find()
    source.keep(replace(kept, tokens=replace(kept.tokens, refresh_token=None)))
    clock.advance(HOUR - 60)
    assert source.current() is not None
    clock.advance(60)
    with pytest.raises(SignInNeeded, match="the tokens have expired"):
        source.current()


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"issuer": 1}', "1"])
def test_a_text_that_is_none_of_ours_is_nobodys_sign_in(source, config, text):
    path_of(config).write_text(f"{text}\n")
    assert source.find() is None


def test_a_link_in_place_of_the_new_file_is_not_followed(tmp_path):
    cache, elsewhere = FileCache(tmp_path / "kept.json"), tmp_path / "elsewhere"
    elsewhere.write_text("mine\n")
    (tmp_path / "kept.json.new").symlink_to(elsewhere)
    cache.put("secret")
    assert elsewhere.read_text() == "mine\n"
    assert cache.read() == "secret"


def test_without_a_keyring_nothing_is_kept_elsewhere(pool, config, clock, monkeypatch):
    for backend in (fail.Keyring(), null.Keyring()):
        monkeypatch.setattr(keyring, "get_keyring", lambda backend=backend: backend)
        source = pool.source(config, clock, storage="keyring")
        with pytest.raises(KeyringUnusable, match="--insecure-storage"):
            source.keep(pool.sign_in(clock))
    assert not list(config.rglob("*.json"))


def test_the_usual_profile_is_that_of_the_environment(pool, config, monkeypatch):
    Profiles(config).put(pool.profile(name="work", scope="openid"))
    monkeypatch.setenv("POOLGATE_CONFIG_DIR", str(config))
    monkeypatch.setenv("POOLGATE_PROFILE", "work")
    made = token_sources.token_source().profile
    assert (made.name, made.scope, made.pool_id) == ("work", "openid", pool.pool_id)
    assert json.dumps(Profiles(config).names()) == '["work"]'
