"""Questions at the terminal: asked on standard error, answered on standard input."""

import getpass
import sys
from collections.abc import Sequence

from poolgate.cli.client_flags import tell
from poolgate.client.failures import ClientFailure
from poolgate.client.prompts import Choice
from poolgate.foundation.secret import Secret


class NobodyAnswers(ClientFailure):
    """Standard input has ended."""


class TerminalPrompts:
    """A person at a terminal, or the lines of a pipe."""

    def ask(self, question: str) -> str:
        """Return a line; raise NobodyAnswers."""
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise NobodyAnswers("there was no answer")
        return line.rstrip("\r\n")

    def ask_hidden(self, question: str) -> Secret:
        """Return a line that the terminal does not show; raise NobodyAnswers."""
        if not sys.stdin.isatty():
            return Secret(self.ask(question))
        try:
            return Secret(getpass.getpass(question, sys.stderr))
        except EOFError as error:
            raise NobodyAnswers("there was no answer") from error

    def choose(self, question: str, choices: Sequence[Choice]) -> str:
        """Return the choice whose number was typed."""
        tell(question)
        for number, choice in enumerate(choices, start=1):
            tell(f"  {number}) {choice.words}")
        while True:
            typed = self.ask(f"1-{len(choices)}: ").strip()
            if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(choices):
                return choices[int(typed) - 1].answer
            tell(f"Type a number from 1 to {len(choices)}.")

    def tell(self, sentence: str) -> None:
        """Show a sentence."""
        tell(sentence)
