"""What the pages say, in every language that they speak.

One file a language (`languages/*.toml`), all with the same names and the same {placeholders}. Code
and templates name a text (`texts.SIGN_IN`); which language it comes in is the page's affair.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

# SPEC HTML lang: BCP 47 tags. Each language by its own name, as a reader of it looks for it.
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
}
FALLBACK = "en"
_FILES = resources.files("poolgate.login") / "languages"


class Texts:
    """The texts of one language, each as an attribute; tables of texts by name and key."""

    __slots__ = ("_entries", "language")

    def __init__(self, language: str, entries: Mapping[str, Any]) -> None:
        self.language = language
        self._entries = entries

    def __getattr__(self, name: str) -> str:
        try:
            text: str = self._entries[name]
        except KeyError:
            raise AttributeError(name) from None
        return text

    def table(self, name: str) -> Mapping[str, str]:
        """Return a table of texts."""
        table: Mapping[str, str] = self._entries[name]
        return table

    def label_of(self, attribute: str) -> str:
        """Return what an attribute is called; a pool's own one by its own name."""
        return self.table("NAMES").get(attribute, attribute.removeprefix("custom:"))

    def listed(self, words: list[str]) -> str:
        """Return the words as a list in a sentence."""
        separator: str = self._entries["LIST_SEPARATOR"]
        return separator.join(words)


@cache
def texts_in(language: str) -> Texts:
    """Return the texts of one of LANGUAGES."""
    return Texts(language, tomllib.loads((_FILES / f"{language}.toml").read_text("utf-8")))
