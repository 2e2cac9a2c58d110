"""`poolgate completion`: scripts that complete the command's own flags in bash, zsh and fish.

The scripts are made from the parser, so that they never miss a flag; they hold every word and start
no program while somebody types.
"""

import argparse
from collections.abc import Iterator

from poolgate.cli.completion_scripts import SCRIPTS, Place, Word
from poolgate.cli.subcommands import Subcommands

_EPILOG = """\
  bash   echo 'eval "$(poolgate completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(poolgate completion zsh)"' >> ~/.zshrc       (after compinit)
  fish   poolgate completion fish > ~/.config/fish/completions/poolgate.fish
"""


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "completion",
        help="print a script that completes flags in your shell",
        description="Print a completion script for a shell.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=sorted(SCRIPTS), help="Which shell.")
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the script."""
    # Imported here: it imports this module.
    from poolgate.cli.commands import parser_of  # noqa: PLC0415

    print(SCRIPTS[chosen.shell](list(places_of(parser_of(())))), end="")
    return 0


def places_of(parser: argparse.ArgumentParser, path: str = "") -> Iterator[Place]:
    """Give every place of a parser, the outermost first."""
    words: list[Word] = []
    choices: dict[str, tuple[str, ...]] = {}
    below: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask a parser
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            explained = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001 - as above
            words += [Word(name, explained.get(name, "")) for name in action.choices]
            below += list(action.choices.items())
            continue
        takes_value = action.nargs != 0
        flags = action.option_strings
        explanation = (action.help or "") % vars(action) if action.help else ""
        words += [Word(flag, explanation, takes_value) for flag in flags]
        if action.choices is not None:
            listed = tuple(str(each) for each in action.choices)
            choices |= dict.fromkeys(flags or [""], listed)
    yield Place(path, tuple(words), choices)
    for name, subparser in below:
        yield from places_of(subparser, f"{path} {name}".strip())
