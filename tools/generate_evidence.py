"""`docs/evidence.md`: what the tests of AWS's behaviour rest on, counted by family."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/evidence.md"
MARKS = ("recorded", "documented", "model", "assumed")
USER_POOLS = "user pools"
FOLDERS = {
    "operations/idp": USER_POOLS,
    "operations/identity": "identity pools",
    "operations/iam": "IAM",
    "operations/sts": "STS",
    "conformance/aws": "clients",
    "conformance/javascript": "clients",
}
# Of user pools: the first word of a test file's name, where it does not say its family by itself.
FAMILIES = {
    "admin": "users",
    "app": "app clients",
    "attribute": "users",
    "auth": "threat protection",
    "choice": "sign-in",
    "client": "tokens",
    "confirmation": "sign-up",
    "custom": "sign-in",
    "device": "devices",
    "first": "races",
    "identity": "identity providers",
    "import": "imports",
    "imported": "imports",
    "linked": "identity providers",
    "log": "threat protection",
    "lockout": "passwords and lock-out",
    "managed": "looks and terms",
    "passkey": "passkeys",
    "password": "passwords and lock-out",
    "passwordless": "sign-up",
    "provider": "identity providers",
    "provisioned": "limits",
    "resource": "resource servers",
    "risk": "threat protection",
    "saml": "identity providers",
    "schema": "pools",
    "session": "tokens",
    "sign": "sign-in",
    "srp": "sign-in",
    "step": "sign-in",
    "tags": "pools",
    "takers": "races",
    "terms": "looks and terms",
    "threat": "threat protection",
    "tiers": "pools",
    "token": "tokens",
    "ui": "looks and terms",
    "user": "users",
    "weak": "imports",
}
HEADER = """# Evidence

Every test that says how AWS behaves says why we believe it: `recorded` from AWS with the date,
`documented` by a page and a sentence, `model` by the service model or by what AWS's own clients
send and read, or `assumed`: our guess, told in [divergences.md](divergences.md). Test functions are
counted, not their parameters. This page is written by `make gen`.

| what | family | recorded | documented | model | assumed |
| --- | --- | ---: | ---: | ---: | ---: |
"""


def _marks(tree: ast.Module) -> Iterator[str]:
    """Give the mark of each test function of a file."""
    shared = [
        mark
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(name, ast.Name) and name.id == "pytestmark" for name in node.targets)
        for mark in _named(node.value)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [mark for decorator in node.decorator_list for mark in _named(decorator)]
            yield from own or shared


def _named(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Attribute) and node.attr in MARKS:
            yield node.attr


def _family(path: Path, subject: str) -> str:
    if path.parts[-2] == "javascript":
        return "JavaScript"
    words = path.stem.removeprefix("test_").split("_")
    if subject != USER_POOLS:
        return " ".join(words)
    if words[:2] == ["sign", "up"]:
        return "sign-up"
    return FAMILIES.get(words[0], words[0])


def counts() -> dict[tuple[str, str], Counter[str]]:
    """Return how many tests of each family rest on each kind of evidence."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for folder, subject in FOLDERS.items():
        for path in sorted((ROOT / "tests" / folder).rglob("test_*.py")):
            marks = Counter(_marks(ast.parse(path.read_text())))
            if marks:
                found.setdefault((subject, _family(path, subject)), Counter()).update(marks)
    return found


def files() -> dict[Path, str]:
    """Return the text of the page."""
    found = counts()
    rows = [_row(subject, family, marks) for (subject, family), marks in sorted(found.items())]
    whole = sum(found.values(), Counter())
    return {PAGE: HEADER + "".join(rows) + _row("**all**", "", whole)}


def _row(subject: str, family: str, marks: Counter[str]) -> str:
    numbers = " | ".join(str(marks[mark]) for mark in MARKS)
    return f"| {subject} | {family} | {numbers} |\n"
