"""How flags are declared: each can be given as an environment variable instead."""

import argparse
from collections.abc import Mapping
from typing import Any


class Flags:
    """Declares flags whose default is their environment variable, else a constant."""

    def __init__(self, parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
        self._parser = parser
        self._environment = environment

    def add(self, flag: str, *, default: Any = None, help: str = "", **more: Any) -> None:  # noqa: A002, ANN401  argparse's own words and values
        """Declare a flag with one value; argparse converts text defaults like given values."""
        variable = _variable(flag)
        self._parser.add_argument(
            flag,
            default=self._environment.get(variable, default),
            help=f"{help} [{variable}]".strip(),
            **more,
        )

    def add_list(self, flag: str, *, default: str = "", help: str) -> None:  # noqa: A002  argparse's own word
        """Declare a flag whose values are separated by commas."""
        self.add(flag, default=default, type=_comma_list, help=f"{help}, separated by commas")

    def add_switch(self, flag: str, *, help: str) -> None:  # noqa: A002  argparse's own word
        """Declare a flag without a value; `1` or `true` in the environment sets it."""
        variable = _variable(flag)
        self._parser.add_argument(
            flag,
            action="store_true",
            default=self._environment.get(variable, "").lower() in {"1", "true"},
            help=f"{help} [{variable}]",
        )


def _variable(flag: str) -> str:
    return "DCE_" + flag.removeprefix("--").replace("-", "_").upper()


def _comma_list(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)
