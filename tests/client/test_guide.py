"""What docs/terminal.md shows for programs runs as it stands there."""

import re
from pathlib import Path

from kits.oauth import claims_of
from kits.serving import PASSWORD
from kits.terminal import Terminal

GUIDE = Path(__file__).parents[2] / "docs" / "terminal.md"


def test_the_guides_programs_run(tmp_path, pool, monkeypatch):
    terminal = Terminal(tmp_path).signed_in(pool)
    monkeypatch.setenv("POOLGATE_CONFIG_DIR", str(terminal.config))
    shown = {}
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), shown)  # noqa: S102 - the guide is ours
    assert claims_of(shown["headers"]()["Authorization"].partition(" ")[2])["username"] == "alice"
    kept = shown["signed_in"](PASSWORD)
    assert claims_of(kept.tokens.access_token.reveal())["username"] == "alice"
