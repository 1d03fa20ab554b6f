"""Commands whose names are fixed and whose work comes with a later version."""

from __future__ import annotations

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.lock import vault_lines
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid


def add(commands: Family) -> None:
    """Add the commands to the command line."""
    vault = commands.family("vault", "Show how the vault is kept.")
    vault.command("status", vault_status, "Show where the key lies and what that promises.")
    for name, summary in (
        ("export", "Copy secrets into a file with a passphrase (later)."),
        ("import", "Read such a file (later)."),
        ("rotate", "Change the vault's keys (later)."),
    ):
        vault.command(name, _later, summary, hidden=True).add_argument("rest", nargs="*")
    for name, summary in (
        ("desktop", "Open a remote browser for website logins (later)."),
        ("mcp", "Serve the tools to other agents (later)."),
    ):
        commands.command(name, _later, summary).add_argument("rest", nargs="*")


def vault_status(_arguments: Arguments, terminal: Terminal) -> int:
    """Show where the key lies and what that promises."""
    with open_as_person() as client:
        vault = client.call("status")["vault"]
    terminal.answer({"vault": vault}, vault_lines(vault))
    return 0


def _later(_arguments: Arguments, _terminal: Terminal) -> int:
    raise RequestInvalid("This comes with a later version.")
