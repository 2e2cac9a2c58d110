"""The texts of the pages: every language has all of them, and code names none that is missing."""

import re
import string
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from poolgate.login.texts import FALLBACK, LANGUAGES, texts_in
from poolgate.login.wording import FIELDS, TEXTS

ROOM = resources.files("poolgate.login")
OTHERS = sorted(set(LANGUAGES) - {FALLBACK})
NAMED = re.compile(r"\btexts\.([A-Z][A-Z_]+)\b")
QUOTED = re.compile(r"\"([A-Z][A-Z_]+)\"")


def entries(language):
    """Return the texts by name; those of tables by `TABLE.key`."""
    told = tomllib.loads((ROOM / "languages" / f"{language}.toml").read_text("utf-8"))
    flat = {}
    for name, value in told.items():
        if isinstance(value, str):
            flat[name] = value
        else:
            flat |= {f"{name}.{key}": text for key, text in value.items()}
    return flat


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def sources():
    for path in Path(str(ROOM)).rglob("*"):
        if path.suffix in {".py", ".html"}:
            yield path.read_text("utf-8")


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_text_with_the_same_placeholders(language):
    told, fallback = entries(language), entries(FALLBACK)
    assert set(told) == set(fallback)
    assert {name: placeholders(text) for name, text in told.items()} == {
        name: placeholders(text) for name, text in fallback.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_has_markup(language):
    assert texts_in(language).language == language
    for name, text in entries(language).items():
        assert text.strip(), name
        assert not set("<>&\n") & set(text), name


def test_what_code_and_templates_name_is_there_and_nothing_else_is():
    there = {name for name in entries(FALLBACK) if "." not in name}
    named = {name for source in sources() for name in NAMED.findall(source)}
    quoted = {name for source in sources() for name in QUOTED.findall(source)}
    assert named <= there
    assert there <= named | quoted


def test_what_goes_wrong_is_worded_with_texts_that_are_there():
    there = set(entries(FALLBACK))
    assert set(TEXTS.values()) <= there
    assert set(FIELDS) <= there


def test_a_text_that_is_missing_is_no_attribute():
    with pytest.raises(AttributeError):
        _ = texts_in(FALLBACK).NO_SUCH_TEXT
