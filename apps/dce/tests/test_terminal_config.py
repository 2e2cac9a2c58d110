"""The configuration file of `dce`, and the keys of leased accounts that it puts somewhere."""

import pytest
from dce_terminal import Terminal


def test_init_asks_for_what_is_missing_and_keeps_the_rest(tmp_path):
    terminal = Terminal(tmp_path)
    made = terminal.run("init", typed="api.example.com\n/api\n")
    assert made.exit_code == 0
    assert made.told == (
        "Host name of the DCE API (example: abcde12345.execute-api.us-east-1.amazonaws.com) "
        "Base path of the DCE API (example: /api) "
        f"Config file created at: {terminal.config_path}\n"
    )
    assert terminal.config == {
        "region": "us-east-1",
        "api": {"host": "api.example.com", "basepath": "/api"},
    }
    terminal.config_path.write_text(
        "region: eu-west-1\nterraform:\n  bin: /opt/terraform\napi:\n  token: t\n"
    )
    assert terminal.run("init", typed="other.example.com\n/v1\n").exit_code == 0
    assert terminal.config == {
        "region": "eu-west-1",
        "terraform": {"bin": "/opt/terraform"},
        "api": {"token": "t", "host": "other.example.com", "basepath": "/v1"},
    }


def test_init_with_nothing_entered_makes_nothing(tmp_path):
    terminal = Terminal(tmp_path)
    assert terminal.run("init").exit_code == 1
    assert not terminal.config_path.exists()


@pytest.mark.parametrize("before", [True, False])
def test_config_flag_names_another_file(tmp_path, before):
    terminal = Terminal(tmp_path)
    named = ("--config", str(tmp_path / "mine.yaml"))
    arguments = (*named, "init") if before else ("init", *named)
    mode = tmp_path.stat().st_mode
    assert terminal.run(*arguments, typed="api.example.com\n/api\n").exit_code == 0
    assert (tmp_path / "mine.yaml").stat().st_mode & 0o777 == 0o600
    # A folder that is there is somebody else's matter.
    assert tmp_path.stat().st_mode == mode
    assert not terminal.config_path.exists()


def test_link_to_the_file_stays_one(tmp_path):
    terminal = Terminal(tmp_path)
    real = tmp_path / "real.yaml"
    link = tmp_path / "link.yaml"
    link.symlink_to(real)
    assert terminal.run("--config", str(link), "init", typed="h\n/api\n").exit_code == 0
    assert link.is_symlink()
    assert "host: h" in real.read_text()


@pytest.mark.parametrize("arguments", [("auth",), ("leases", "list")])
def test_d49_no_file(tmp_path, arguments):
    finished = Terminal(tmp_path).run(*arguments)
    assert finished.exit_code == 1
    assert finished.told == ("Config file not found. Please type 'dce init' to generate one.\n")


@pytest.mark.parametrize("content", ["", "api: 5\nregion: x"])
def test_d48_no_api_configured(tmp_path, content):
    terminal = Terminal(tmp_path)
    terminal.config_path.parent.mkdir()
    terminal.config_path.write_text(content)
    for arguments in (("auth",), ("leases", "list")):
        finished = terminal.run(*arguments)
        assert finished.exit_code == 1
        assert finished.told == (
            "Unable to authenticate against DCE API: missing API configuration\n"
        )
    assert terminal.opened == []


@pytest.mark.parametrize("content", ["- a\n- b", "api: {token: secret"])
def test_file_that_cannot_be_read(tmp_path, content):
    terminal = Terminal(tmp_path)
    terminal.config_path.parent.mkdir()
    terminal.config_path.write_text(content)
    finished = terminal.run("leases", "list")
    assert finished.exit_code == 1
    assert finished.told.startswith("Failed to parse configuration file: ")
    assert "secret" not in finished.told


def test_file_that_cannot_be_written(tmp_path):
    terminal = Terminal(tmp_path)
    (tmp_path / "file").write_text("")
    named = str(tmp_path / "file" / "config.yaml")
    finished = terminal.run("--config", named, "init", typed="h\n/api\n")
    assert finished.exit_code == 1


def test_keys_are_not_sent_in_the_clear_to_another_machine(tmp_path):
    terminal = Terminal(tmp_path)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000", "AWS_SECRET_ACCESS_KEY": "x" * 40}
    assert terminal.run("init", typed="http://api.example.com\n/api\n").exit_code == 0
    finished = terminal.run("leases", "list", **keys)
    assert finished.exit_code == 1
    assert "plain http to another machine" in finished.told


def test_region_that_is_not_configured(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.config_path.parent.mkdir()
    terminal.config_path.write_text("api:\n  host: 127.0.0.1:1\n  basepath: /api\n")
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000", "AWS_SECRET_ACCESS_KEY": "x" * 40}
    finished = terminal.run("leases", "list", **keys)
    assert finished.exit_code == 1
    first, second = finished.told.splitlines()
    assert first == "No region configured. Defaulting to us-east-1"
    assert second.startswith("err:  127.0.0.1 does not answer")
    quiet = terminal.run("leases", "list", DCE_LOG_LEVEL="error", **keys)
    assert quiet.told == f"{second}\n"
