"""Tab completion in bash, zsh and fish, with argcomplete.

A shell calls the program itself for what fits (``_ARGCOMPLETE`` in its environment). Labels are
asked of a broker that is there: a Tab starts none, and opens no vault with a question to a person.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any, Final

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, Parser, whole_parser
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import AgentError

SHELLS: Final = ("bash", "zsh", "fish")
PROGRAMS: Final = ("jupyter", "jupyter-agent")

Completer = Callable[..., list[str]]


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "completion",
        completion,
        "Print what a shell needs to complete commands, options and labels.",
        examples="""\
  eval "$(jupyter agent completion bash)"       in ~/.bashrc
  eval "$(jupyter agent completion zsh)"        in ~/.zshrc, after compinit
  jupyter agent completion fish | source        in ~/.config/fish/config.fish
""",
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def completion(arguments: Arguments, terminal: Terminal) -> int:
    """Print the lines for a shell."""
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415  (only needed here)

    # argcomplete serves bash and zsh with the same lines.
    shell = "fish" if arguments.shell == "fish" else "bash"
    lines = shellcode(PROGRAMS, shell=shell).splitlines()
    terminal.answer({"shell": arguments.shell, "lines": lines}, lines)
    return 0


def answer() -> None:
    """Write what fits the words that a shell has given, and end the process."""
    import argcomplete  # noqa: PLC0415  (as above)

    parser = whole_parser()
    for action in _actions(parser):
        completer = _COMPLETERS.get(str(action.metavar))
        if completer is not None and not action.choices:
            action.completer = completer
    argcomplete.autocomplete(parser, always_complete_options=False)


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    for action in parser._actions:  # noqa: SLF001  (argcomplete reads it, too)
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                if isinstance(inner, Parser):
                    yield from _actions(inner)


def _listed(operation: str, rows: str, field: str) -> list[str]:
    """One field of all that the broker lists; nothing where none runs: Tab starts nothing."""
    try:
        with open_as_person(start=False) as client:
            return [row[field] for row in client.call(operation)[rows]]
    except (AgentError, OSError):
        return []


def _labels(**_: Any) -> list[str]:
    return _listed("secret.list", "secrets", "label")


def _services(**_: Any) -> list[str]:
    return _listed("egress.services", "services", "name")


def _kept_profiles(**_: Any) -> list[str]:
    return _listed("profile.list", "profiles", "provider")


def _agents(**_: Any) -> list[str]:
    return _listed("agent.list", "agents", "name")


def _who(**_: Any) -> list[str]:
    return ["terminal", "kernel", "guest", "agent", *(f"agent:{name}" for name in _agents())]


def _waiting(**_: Any) -> list[str]:
    return _listed("approval.list", "approvals", "approval_id")


def _programs(**_: Any) -> list[str]:
    from jupyter_agent.cli.mcp_programs import PROGRAMS as KNOWN  # noqa: PLC0415  (startup time)

    return list(KNOWN)


def _named_labels(prefix: str, **_: Any) -> list[str]:
    """``LABEL``, or ``ENV=LABEL``."""
    name, equals, _label = prefix.rpartition("=")
    return [name + equals + label for label in _labels()]


def _nothing(**_: Any) -> list[str]:
    """Names of files would be no help here."""
    return []


_COMPLETERS: Final[dict[str, Completer]] = {
    "LABEL": _named_labels,
    "ENV=LABEL": _named_labels,
    "OLD": _labels,
    "SERVICE": _services,
    "PROVIDER": _kept_profiles,
    "PROGRAM": _programs,
    "NAME": _agents,
    "WHO": _who,
    "APPROVAL_ID": _waiting,
    **dict.fromkeys(("NEW", "DATE", "DAYS", "TIME", "TEXT", "PATTERN", "N", "MIB"), _nothing),
    **dict.fromkeys(("HOST", "LINE", "FIELD", "REGION", "DATABASE", "USER"), _nothing),
    **dict.fromkeys(("ID", "SCRIPT", "ENV"), _nothing),
}
