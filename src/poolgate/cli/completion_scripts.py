"""The completion scripts for bash, zsh and fish, from the words that may stand at each place."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Where the names of profiles are read from while somebody types.
_PROFILES: Final = '"${POOLGATE_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/poolgate}"/profiles'


@dataclass(frozen=True, slots=True)
class Word:
    """A flag or a subcommand; `takes_value` where another word follows it."""

    text: str
    explanation: str
    takes_value: bool = False

    @property
    def short_explanation(self) -> str:
        """The explanation's first sentence, in a line."""
        return self.explanation.partition(". ")[0].rstrip(".").replace(":", " -")


@dataclass(frozen=True, slots=True)
class Place:
    """What may come after some subcommands; `path` is their words.

    `choices` are the values of a flag, and under the empty name those of an argument.
    """

    path: str
    words: tuple[Word, ...]
    choices: Mapping[str, tuple[str, ...]]

    @property
    def flags_with_value(self) -> str:
        """The flags that another word follows, with a blank around each."""
        return f" {' '.join(word.text for word in self.words if word.takes_value)} "


def bash_script(places: Sequence[Place]) -> str:
    """Return the script for bash."""

    def listed(place: Place) -> str:
        words = " ".join((*(word.text for word in place.words), *place.choices.get("", ())))
        return f"words={shlex.quote(words)}"

    return f"""\
# bash completion of poolgate
_poolgate_place() {{
  case "$1" in
{_cases(places, listed)}    *) return 1;;
  esac
}}
_poolgate() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="" path="" word words values
  COMPREPLY=()
  _poolgate_place ""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ -n "$before" ]]; then before=""; continue; fi
    if [[ "$values" == *" $word "* ]]; then before="$word"; continue; fi
    if [[ "$word" != -* ]] && _poolgate_place "${{path:+$path }}$word"; then
      path="${{path:+$path }}$word"
    fi
  done
  case "$path $before" in
    *" --profile") words="$(cd {_PROFILES} 2>/dev/null &&
      for word in *.toml; do echo "${{word%.toml}}"; done)";;
{_chosen(places, "words='{}'")}    *) if [[ -n "$before" ]]; then return; fi;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _poolgate poolgate
"""


def zsh_script(places: Sequence[Place]) -> str:
    """Return the script for zsh."""

    def listed(place: Place) -> str:
        described = [f"{word.text}:{word.short_explanation}" for word in place.words]
        words = (*described, *place.choices.get("", ()))
        return f"listed=({' '.join(map(shlex.quote, words))})"

    return f"""\
#compdef poolgate
_poolgate_place() {{
  case "$1" in
{_cases(places, listed)}    *) return 1;;
  esac
}}
_poolgate() {{
  local -a listed
  local before="" place="" word values
  _poolgate_place ""
  for word in "${{words[@]:1:$((CURRENT-2))}}"; do
    if [[ -n "$before" ]]; then before=""; continue; fi
    if [[ "$values" == *" $word "* ]]; then before="$word"; continue; fi
    if [[ "$word" != -* ]] && _poolgate_place "${{place:+$place }}$word"; then
      place="${{place:+$place }}$word"
    fi
  done
  case "$place $before" in
    *" --profile") listed=({_PROFILES}/*.toml(N:t:r));;
{_chosen(places, "listed=({})")}    *) if [[ -n "$before" ]]; then _files; return; fi;;
  esac
  _describe 'poolgate' listed || _files
}}
compdef _poolgate poolgate
"""


def fish_script(places: Sequence[Place]) -> str:
    """Return the script for fish."""
    lines = []
    for place in places:
        below = [word.text for word in place.words if not word.text.startswith("-")]
        when = [f"__fish_seen_subcommand_from {name}" for name in place.path.split()]
        if below:
            when.append(f"not __fish_seen_subcommand_from {' '.join(below)}")
        condition = f" -n {shlex.quote('; and '.join(when))}" if when else ""
        lines += [_fish_line(word, condition, place.choices.get(word.text)) for word in place.words]
        if "" in place.choices:
            values = " ".join(place.choices[""])
            lines.append(f"complete -c poolgate -f{condition} -a {shlex.quote(values)}\n")
    return f"""\
# fish completion of poolgate
function __poolgate_profiles
  set -l folder $HOME/.config/poolgate
  set -q XDG_CONFIG_HOME; and set folder $XDG_CONFIG_HOME/poolgate
  set -q POOLGATE_CONFIG_DIR; and set folder $POOLGATE_CONFIG_DIR
  for file in $folder/profiles/*.toml
    string replace -r '.*/(.*)\\.toml$' '$1' $file
  end
end
{"".join(lines)}"""


def _cases(places: Sequence[Place], listed: Callable[[Place], str]) -> str:
    return "".join(
        f"    {shlex.quote(place.path)}) {listed(place)}"
        f" values={shlex.quote(place.flags_with_value)};;\n"
        for place in places
    )


def _chosen(places: Sequence[Place], listed: str) -> str:
    return "".join(
        f"    {shlex.quote(f'{place.path} {flag}')}) {listed.format(' '.join(values))};;\n"
        for place in places
        for flag, values in place.choices.items()
        if flag
    )


def _fish_line(word: Word, condition: str, listed: tuple[str, ...] | None) -> str:
    explained = f" -d {shlex.quote(word.short_explanation)}"
    if not word.text.startswith("-"):
        return f"complete -c poolgate -f{condition} -a {word.text}{explained}\n"
    kind = "-l" if word.text.startswith("--") else "-s"
    value = ""
    if word.text == "--profile":
        value = " -x -a '(__poolgate_profiles)'"
    elif listed is not None:
        value = f" -x -a {shlex.quote(' '.join(listed))}"
    elif word.takes_value:
        value = " -r"
    return f"complete -c poolgate{condition} {kind} {word.text.lstrip('-')}{value}{explained}\n"


SCRIPTS: Final[Mapping[str, Callable[[Sequence[Place]], str]]] = {
    "bash": bash_script,
    "zsh": zsh_script,
    "fish": fish_script,
}
