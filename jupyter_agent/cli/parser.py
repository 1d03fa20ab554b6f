"""What the arguments mean.

One rule stands over everything here: no argument is ever repeated in a message. People paste a
value where a label, a command or an option belongs, and terminals are recorded.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid

PROGRAM = "jupyter agent"

Arguments = argparse.Namespace
Command = Callable[[Arguments, Terminal], int]
_FAMILIES: Final = {
    "secret": ("secret",),
    "run": ("run",),
    "runs": ("runs",),
    "egress": ("egress",),
    "grant": ("grant",),
    "approve": ("approvals", "approve"),
    "screen": ("screen",),
    "allow": ("allow",),
    "audit": ("audit",),
    "lock": ("lock", "unlock", "status"),
    "agents": ("agents",),
    "model": ("model",),
    "doctor": ("doctor",),
    "vault": ("vault",),
    "completion": ("completion",),
    "mcp": ("mcp",),
    "desktop": ("desktop",),
}
"""Module of this package → the commands it adds."""

_ELSEWHERE: Final = {
    **{name: f"secret {name}" for name in ("set", "list", "show", "replace", "rename", "remove")},
    "add": "secret set",
    "import": "secret import",
    "help": "--help",
    "version": "--version",
}
"""What people type first that is a word further down."""

Refusal = Callable[[Sequence[str]], RequestInvalid]
"""Makes the error for words that a command does not know."""

_DESCRIPTION = """\
Use secrets by their label: a command gets the value, everybody else only the name.
"""

_EXAMPLES = """\
examples:
  jupyter agent secret set GITHUB_TOKEN          save a secret (hidden prompt)
  jupyter agent run -s GITHUB_TOKEN -- gh api user
  jupyter agent grant GITHUB_TOKEN --command 'gh api *' --until 8h
  jupyter agent screen notebooks/                look for secrets in files
  jupyter agent doctor                           is everything in place?
"""


class Asked:
    """One call, understood.

    Args:
        failure: The exit code that says "we failed", as opposed to the command that was run.
        command: What to do, or None when parsing did it already (``--help``, ``--version``).
        arguments: For the command.
        code: The exit code when there is no command.
    """

    def __init__(
        self,
        *,
        failure: int,
        command: Command | None = None,
        arguments: Arguments | None = None,
        code: int = 0,
    ) -> None:
        self.failure = failure
        self._command = command
        self._arguments = arguments or Arguments()
        self._code = code

    def do(self, terminal: Terminal) -> int:
        """Do it and return the exit code."""
        return self._command(self._arguments, terminal) if self._command else self._code


class Parser(argparse.ArgumentParser):
    """``argparse`` without abbreviations and without echoes of what was typed."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and exiting, so that one door decides how errors look."""
        if commands := self._commands_missing(message):
            raise usage(f"Say what to do: {', '.join(commands)}.", self.prog)
        # The one message of argparse that quotes a word and does not come through `_check_value`.
        sentence = re.sub(
            r"ignored explicit argument .*", "takes no value", message, flags=re.DOTALL
        )
        raise usage(f"{sentence[:1].upper()}{sentence[1:]}.", self.prog)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            raise argparse.ArgumentError(action, "that can't be read") from None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  (it has no other name)
                raise _no_command(self.prog, str(value), _shown(action))
            known = ", ".join(str(choice) for choice in action.choices)
            raise argparse.ArgumentError(action, f"choose one of {known}")

    def _commands_missing(self, message: str) -> list[str]:
        """The commands of a family of which none was named."""
        actions = self._subparsers._group_actions if self._subparsers else []  # noqa: SLF001
        return _shown(actions[0]) if actions and message.endswith("required: COMMAND") else []


class Family:
    """Commands under one name.

    Args:
        parser: The parser they belong to.
    """

    def __init__(self, parser: Parser) -> None:
        self._commands = parser.add_subparsers(
            metavar="COMMAND", required=True, parser_class=Parser, title="commands"
        )

    def family(self, name: str, summary: str) -> Family:
        """A family inside this one."""
        parser = self._commands.add_parser(name, help=summary, description=summary)
        return Family(parser)

    def command(  # noqa: PLR0913  (what a command consists of)
        self,
        name: str,
        command: Command,
        summary: str,
        *,
        examples: str = "",
        hidden: bool = False,
        answers_json: bool = True,
        failure: int = 1,
        refusal: Refusal | None = None,
    ) -> Parser:
        """Add a command and return its parser, for its arguments.

        Args:
            name: What people type.
            command: What it does.
            summary: One sentence.
            examples: Lines shown below the help.
            hidden: Leave it out of the list of commands.
            answers_json: Whether it takes ``--json``.
            failure: The exit code of our own failures.
            refusal: Makes the error for words it does not know.
        """
        shown: dict[str, Any] = {} if hidden else {"help": summary}
        parser: Parser = self._commands.add_parser(
            name,
            description=summary,
            epilog=f"examples:\n{examples}" if examples else None,
            **shown,
        )
        if answers_json:
            parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.set_defaults(
            command=command, failure=failure, refusal=refusal or _unknown(parser.prog)
        )
        return parser


def parse(words: Sequence[str]) -> Asked:
    """Understand the arguments.

    Raises:
        RequestInvalid: They make no sense. The words themselves are not repeated.
    """
    if not words:
        whole_parser().print_help()
        return Asked(failure=1, code=1)
    # What stands after `--` belongs to the command that is run, word for word; argparse has had
    # several opinions about `--` over the years, so it never sees it.
    ours, theirs = _split(words)
    try:
        arguments, unknown = _build(words[0] if words else "").parse_known_args(ours)
    except SystemExit as done:  # --help and --version
        return Asked(failure=1, code=int(done.code or 0))
    if unknown:
        raise arguments.refusal(unknown)
    arguments.words = theirs
    if theirs and not getattr(arguments, "takes_words", False):
        raise arguments.refusal(theirs)
    # A hook's host takes 1 for "go on", and that must not follow from a failure of ours.
    failure = 2 if getattr(arguments, "hook", None) else arguments.failure
    return Asked(failure=failure, command=arguments.command, arguments=arguments)


def whole_parser() -> Parser:
    """The parser with every command in it."""
    return _build("")


def usage(message: str, program: str = PROGRAM) -> RequestInvalid:
    """The error for arguments that make no sense."""
    return RequestInvalid(message, f"See: {program} --help")


def _shown(commands: argparse.Action) -> list[str]:
    """The names of a family's commands, without those that are hidden."""
    return [action.dest for action in commands._choices_actions]  # type: ignore[attr-defined]  # noqa: SLF001


def _no_command(program: str, typed: str, known: Sequence[str]) -> RequestInvalid:
    """The error for a word where a command belongs; it names commands that there are, never it."""
    from difflib import get_close_matches  # noqa: PLC0415  (startup time)

    if program == PROGRAM and typed in _ELSEWHERE:
        meant = _ELSEWHERE[typed]
    else:
        meant = next(iter(get_close_matches(typed, known, 1)), "")
    if meant:
        return RequestInvalid("There is no such command.", f"Did you mean: {program} {meant}")
    return usage(f"There is no such command. There are: {', '.join(known)}.", program)


def _split(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str] | None]:
    if "--" not in words:
        return words, None
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _unknown(program: str) -> Refusal:
    return lambda _words: usage(
        "There is a word or option that this command does not know.", program
    )


def _build(first: str) -> Parser:
    """The parser for a call that begins with this word.

    Only the family that is asked for is loaded; all of them where the whole list may be shown.
    """
    from jupyter_agent import __version__  # noqa: PLC0415  (families import this module)

    parser = Parser(prog=PROGRAM, description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"jupyter-agent {__version__}")
    commands = Family(parser)
    wanted = [name for name, words in _FAMILIES.items() if first in words]
    for name in wanted or _FAMILIES:
        if first != "--version":
            import_module(f"jupyter_agent.cli.{name}").add(commands)
    return parser
