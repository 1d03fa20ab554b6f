"""``jupyter agent approvals`` and ``approve``: answer requests from a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import GrantDenied, GrantRequired

if TYPE_CHECKING:
    from jupyter_agent.client import Client


def add(commands: Family) -> None:
    """Add the commands to the command line."""
    commands.command("approvals", approvals, "List the requests that wait for an answer.")
    parser = commands.command(
        "approve", approve, "Show a request that waits, and answer it.", hidden=True
    )
    parser.add_argument("approval_id", metavar="APPROVAL_ID")


def approvals(_arguments: Arguments, terminal: Terminal) -> int:
    """List what waits for an answer."""
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    with open_as_person() as client:
        waiting = [_without_nonce(approval) for approval in _open(client)]
    rows = [
        [
            approval["approval_id"],
            approval["kind"],
            ", ".join(approval["labels"]),
            local(approval["expires"]),
            approval["notebook"] or approval.get("agent") or approval["role"],
            approval["script"],
        ]
        for approval in waiting
    ]
    lines = ["Nothing waits for an answer."]
    if rows:
        head = ("ID", "KIND", "LABELS", "UNTIL", "FROM", "COMMAND")
        lines = [*terminal.table(head, rows), "Answer one: jupyter agent approve ID"]
    terminal.answer({"approvals": waiting}, lines)
    return 0


def approve(arguments: Arguments, terminal: Terminal) -> int:
    """Show one request and answer it on the terminal."""
    from jupyter_agent.cli.asking import ask, settled  # noqa: PLC0415
    from jupyter_agent.cli.prompts import Tty  # noqa: PLC0415

    tty = Tty.open()
    if tty is None:
        # An answer on a pipe would be a program's answer, and this asks for a person's.
        raise GrantRequired("Approving needs a terminal with a person at it.")
    with tty, open_as_person() as client:
        wanted = [one for one in _open(client) if one["approval_id"] == arguments.approval_id]
        if not wanted:
            raise GrantDenied(
                "No such request waits for an answer.", "See: jupyter agent approvals"
            )
        answer = settled(tty, client, wanted[0], ask(tty, wanted[0]))
    terminal.answer({"answer": answer}, [f"Answered: {answer}."])
    return 0


def _open(client: Client) -> list[dict[str, Any]]:
    waiting: list[dict[str, Any]] = client.call("approval.list")["approvals"]
    return waiting


def _without_nonce(approval: dict[str, Any]) -> dict[str, Any]:
    """A listing ends up in logs, and the nonce is what an answer needs."""
    return {name: field for name, field in approval.items() if name != "nonce"}
