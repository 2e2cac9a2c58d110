"""The house keeps its own rules: charters, failures worded, evidence marks, truthful documents."""

import ast
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import poolgate
from poolgate.foundation.failure import Failure

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
SOURCE = ROOT / "src" / "poolgate"
ROOMS = sorted(path.parent for path in SOURCE.glob("*/__init__.py"))
EVIDENCE = {"recorded", "documented", "model", "assumed"}
# Tests that say how an AWS operation behaves. Those of our own limits and doors say nothing of AWS.
WIRE_TESTS = sorted(
    path
    for folder in ("operations/idp", "operations/iam", "operations/sts", "conformance/aws")
    for path in (ROOT / "tests" / folder).rglob("test_*.py")
    if path.name != "test_guard_keys.py"  # a protocol of our own
)
BANNED_MODULE_NAMES = {"utils", "helpers", "common", "misc", "manager", "base", "util", "helper"}
# Failures without an entry: named per protocol by the pipeline; of the guard door; of the queue; of
# lines that an operator imports, which `server/maintenance.py` words; of uploaded files; of
# references to pushed requests, which `oauth/pushed.py` words; of codes at the page for devices.
NOT_WORDED_BY_THE_AWS_DOOR = {
    "AccessDenied",
    "GuardScopeRefused",
    "DeliveryFailed",
    "GroupNameMalformed",
    "HeaderUnfit",
    "LineMalformed",
    "MfaRecordContradictory",
    "PasswordTimeWithoutPassword",
    "SubMalformed",
    "UploadIncomplete",
    "UploadTooLarge",
    "UploadTooLate",
    "UploadUrlExpired",
    "UploadUrlInvalid",
    "PushedRequestInvalid",
    "UserCodeInvalid",
    # Told by the failure of the step that they end.
    "OtherIssuer",
    "RoleDenied",
    "RoleNotSet",
}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_room_has_a_charter(room):
    charter = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    for line in ("Lives here:", "May import:", "May enter", "leave"):
        assert line in charter, f"{room.name} does not say {line!r}"


def test_modules_are_named_for_topics():
    names = {path.stem for path in SOURCE.rglob("*.py")}
    assert not names & BANNED_MODULE_NAMES


def test_every_module_of_some_size_says_what_it_owns():
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCE.rglob("*.py")
        if len(path.read_text().splitlines()) > 60
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def all_failures():
    for found in pkgutil.walk_packages(poolgate.__path__, "poolgate."):
        if ".migrations" not in found.name:  # Alembic runs those itself
            importlib.import_module(found.name)
    waiting, seen = [Failure], set()
    while waiting:
        for cls in waiting.pop().__subclasses__():
            if cls not in seen:
                seen.add(cls)
                waiting.append(cls)
    return seen


def test_every_failure_of_the_domains_is_worded_by_a_door():
    tables = [
        importlib.import_module(name)
        for name in (
            "poolgate.operations.idp.errors",
            "poolgate.operations.idp.import_errors",
            "poolgate.operations.iam.errors",
            "poolgate.oauth.errors",
            "poolgate.oauth.federation_errors",
            "poolgate.operations.sts.errors",
            "poolgate.operations.identity.errors",
            "poolgate.operations.secretsmanager.errors",
        )
    ]
    worded = set().union(
        *(table for module in tables for table in vars(module).values() if isinstance(table, dict))
    )
    missing = {
        cls.__name__
        for cls in all_failures()
        if cls.__module__.startswith(
            (
                "poolgate.userpools",
                "poolgate.iam",
                "poolgate.identitypools",
                "poolgate.secrets",
                "poolgate.delivery",
            )
        )
        and not any(parent in worded for parent in cls.__mro__)
    }
    assert missing == NOT_WORDED_BY_THE_AWS_DOOR


def marks_of(decorators):
    for decorator in decorators:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr in EVIDENCE:
            yield call.attr


def module_marks(tree):
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            values = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from marks_of(values)


def wire_tests():
    for path in WIRE_TESTS:
        tree = ast.parse(path.read_text())
        shared = list(module_marks(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, node.name, [*shared, *marks_of(node.decorator_list)]


def test_every_wire_test_names_its_evidence_once():
    wrong = [
        f"{path.relative_to(ROOT)}::{name} {marks}"
        for path, name, marks in wire_tests()
        if len(marks) != 1
    ]
    assert not wrong, "\n".join(wrong)


def test_every_guess_is_told_in_the_divergences():
    told = (ROOT / "docs/divergences.md").read_text()
    guesses = set()
    for path in WIRE_TESTS:
        guesses |= set(re.findall(r'mark\.assumed\(\s*"([^"]+)"', path.read_text()))
    assert not [guess for guess in sorted(guesses) if guess not in told]


def test_documents_point_at_what_exists():
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        broken += [
            f"{page.relative_to(ROOT)} -> {target}"
            for target in targets
            if not (page.parent / target).exists()
        ]
    assert not broken


def test_no_registry_or_machine_is_named():
    registry = r"https?://(pypi|registry|files\.pythonhosted|deb\.debian)[^\s\"']*"
    pattern = re.compile(rf"{registry}|/(?:root|home)/[a-z]|{re.escape(str(ROOT))}/")
    named = [
        str(path.relative_to(ROOT))
        for folder in ("src", "docs", "apps", "demo", "benchmarks", "requirements", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "node_modules" not in path.parts
        and path.suffix in {".py", ".md", ".toml", ".txt", ".json", ".mjs"}
        and path != Path(__file__)
        and pattern.search(path.read_text(errors="ignore"))
    ]
    assert not named


def test_every_test_that_the_security_page_names_exists():
    page = (ROOT / "docs/security.md").read_text()
    named = set(re.findall(r"`(tests/[\w/.]+)`", page))
    assert len(named) > 20
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_folder_with_tests_is_run():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in TESTS}
    assert sorted(f"tests/{name}" for name in folders if f"tests/{name}" not in run) == []
