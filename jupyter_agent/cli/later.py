"""Commands whose names are fixed and whose work comes with a later version."""

from __future__ import annotations

from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid


def add(commands: Family) -> None:
    """Add the commands to the command line."""
    for name, summary in (("desktop", "Open a remote browser for website logins (later)."),):
        commands.command(name, _later, summary).add_argument("rest", nargs="*")


def _later(_arguments: Arguments, _terminal: Terminal) -> int:
    raise RequestInvalid("This comes with a later version.")
