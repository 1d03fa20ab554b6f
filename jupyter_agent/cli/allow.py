"""``jupyter agent allow``: what a person has said is no secret, listed and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal, printable

_SCOPES: Final = {"once": "once", "value": "this value", "rule": "this rule"}


def add(commands: Family) -> None:
    """Add the commands to the command line."""
    family = commands.family("allow", "What you have said is no secret, although a rule finds it.")
    family.command("list", list_, "List what you have said is no secret.")
    remove = family.command("remove", remove_, "Have it stopped again.")
    remove.add_argument("id", metavar="ID")


def list_(_arguments: Arguments, terminal: Terminal) -> int:
    """List allowances. None of them holds its value."""
    with open_as_person() as client:
        allowed = client.call("allow.list")["allowances"]
    empty = ["Nothing is allowed: everything that a rule finds is stopped."]
    terminal.answer({"allowed": allowed}, _table(terminal, allowed) if allowed else empty)
    return 0


def remove_(arguments: Arguments, terminal: Terminal) -> int:
    """Take one back."""
    with open_as_person() as client:
        client.call("allow.remove", allowance=arguments.id)
    terminal.answer({"removed": arguments.id}, ["It is stopped again."])
    return 0


def _table(terminal: Terminal, allowed: Iterable[Mapping[str, Any]]) -> list[str]:
    from jupyter_agent.cli.times import local  # noqa: PLC0415  (startup time)

    rows = [
        [
            one["id"],
            _SCOPES.get(one["scope"], one["scope"]),
            one["rule"],
            printable(one["folder"]) or "anywhere",
            local(one["expires"]),
            printable(one["reason"]),
        ]
        for one in allowed
    ]
    return terminal.table(("ID", "WHAT", "RULE", "WHERE", "ENDS", "WHY"), rows)
