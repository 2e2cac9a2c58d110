"""Completion scripts, run by their own shells; zsh and fish where the machine has them."""

import re
import subprocess

import pytest
from kits.terminal import Terminal

BASH = """
{script}
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_poolgate
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    made = Terminal(tmp_path_factory.mktemp("completion"))
    (made.config / "profiles").mkdir(parents=True)
    for name in ("default", "work"):
        (made.config / "profiles" / f"{name}.toml").write_text("")
    return made


@pytest.fixture(scope="module")
def script(terminal):
    return {shell: terminal.run("completion", shell).output for shell in ("bash", "zsh", "fish")}


def completed(terminal, script, words):
    finished = subprocess.run(
        ["bash", "--norc", "-eu", "-c", BASH.format(script=script["bash"], words=words)],
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("poolgate lo", ["login", "logout"]),
        ("poolgate login --pa", ["--paste", "--password"]),
        ("poolgate login --auth-flow ''", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH"]),
        ("poolgate token --profile ''", ["default", "work"]),
        ("poolgate token --profile work --i", ["--id"]),
        ("poolgate users im", ["import", "import-log"]),
        ("poolgate users export --with-p", ["--with-passwords"]),
        ("poolgate completion z", ["zsh"]),
        # There it takes a value, elsewhere it does not.
        ("poolgate call --json ''", []),
        ("poolgate status --json --al", ["--all"]),
        ("poolgate --ver", ["--version"]),
    ],
)
def test_bash_completes(terminal, script, words, expected):
    assert completed(terminal, script, words) == expected


def test_every_command_can_be_completed(terminal, script):
    told = terminal.run("--help").output
    commands = re.findall(r"^    (\S+)", told, re.MULTILINE)
    assert {"login", "serve"} <= set(commands)
    assert set(commands) <= set(completed(terminal, script, "poolgate ''"))
    for shell in ("zsh", "fish"):
        assert all(command in script[shell] for command in commands)


def test_zsh_completes(terminal, script):
    # _describe is zsh's own; here it prints what it would offer.
    harness = f"""
    compdef() {{ }}
    _describe() {{ print -l -- "${{(@P)2}}"; }}
    _files() {{ print files; }}
    {script["zsh"]}
    words=(poolgate token --profile ''); CURRENT=4; _poolgate
    words=(poolgate login --auth-flow ''); CURRENT=4; _poolgate
    words=(poolgate login --issuer ''); CURRENT=4; _poolgate
    words=(poolgate users ''); CURRENT=3; _poolgate
    """
    finished = subprocess.run(
        ["zsh", "-f", "-c", harness],
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.split("\n")[:6] == [
        "default",
        "work",
        "USER_SRP_AUTH",
        "USER_PASSWORD_AUTH",
        "USER_AUTH",
        "files",
    ]
    assert "export:write the users of a pool as JSON Lines" in finished.stdout


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("poolgate lo", ["login", "logout"]),
        ("poolgate token --profile ", ["default", "work"]),
        ("poolgate login --auth-flow USER_S", ["USER_SRP_AUTH"]),
        ("poolgate users im", ["import", "import-log"]),
        ("poolgate completion z", ["zsh"]),
    ],
)
def test_fish_completes(terminal, script, typed, expected):
    finished = subprocess.run(
        ["fish", "--no-config", "-c", f'{script["fish"]}\ncomplete -C "{typed}"'],
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t")[0] for line in finished.stdout.splitlines()] == expected
