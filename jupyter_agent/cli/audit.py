"""``jupyter agent audit``: what used which secret, and whether the record is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:
    from jupyter_agent.client import Client

_MOST: Final = 1000
"""Events that are shown where nobody asks for more."""


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "audit",
        audit,
        "Show what used which secret, and check that the record is whole.",
        examples="""\
  jupyter agent audit --label GITHUB_TOKEN --since 7d
  jupyter agent audit verify""",
    )
    parser.add_argument("what", nargs="?", choices=("verify",), metavar="verify")
    parser.add_argument("--label", metavar="LABEL", help="only uses of this secret")
    parser.add_argument("--since", metavar="TIME", help="2h, 7d, a date, or RFC 3339")
    parser.add_argument("--limit", type=int, metavar="N", help="the newest N; 1000, if not given")


def audit(arguments: Arguments, terminal: Terminal) -> int:
    """Show or check the record."""
    if arguments.what == "verify":
        return _verify(terminal)
    with open_as_person() as client:
        events = _events(client, _wanted(arguments))
    # What a model has said is its own words: at the end, and under a name that says so.
    said = any(event.get("why") for event in events)
    rows = [[*_row(event), *([_said(event)] if said else [])] for event in events]
    head = ["TIME", "WHO", "LABELS", "DECISION", "EXIT", "SECONDS", "COMMAND"]
    head += ["THE AGENT SAYS (NOT CHECKED)"] if said else []
    terminal.answer(
        {"events": events}, terminal.table(head, rows) if rows else ["No uses are recorded."]
    )
    return 0


def _events(client: Client, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """As many of the newest events as were asked for, read page by page."""
    events: list[dict[str, Any]] = []
    most = wanted.get("limit", _MOST)
    more: dict[str, int] = {}
    while len(events) < most:
        page = client.call("audit.read", **{**wanted, "limit": most - len(events), **more})
        events = page["events"] + events
        if page["earlier"] is None:
            break
        more = {"before": page["earlier"]}
    return events


def _verify(terminal: Terminal) -> int:
    with open_as_person() as client:
        found = client.call("audit.verify")
    if found["ok"]:
        terminal.answer(found, [f"The record is whole: {found['events']} entries."])
        return 0
    terminal.answer(
        found, [f"The record is broken at entry {found['broken_at']} of {found['events']}."]
    )
    return 1


def _wanted(arguments: Arguments) -> dict[str, Any]:
    from datetime import UTC, datetime  # noqa: PLC0415

    from jupyter_agent.cli.times import back  # noqa: PLC0415

    if arguments.limit is not None and arguments.limit < 1:
        raise RequestInvalid("The limit is a whole number from 1.")
    fields = {
        "label": check_label(arguments.label) if arguments.label else None,
        "since": back(arguments.since, datetime.now(UTC)) if arguments.since else None,
        "limit": arguments.limit,
    }
    return {name: field for name, field in fields.items() if field is not None}


def _said(event: dict[str, Any]) -> str:
    return f"“{event['why']}”" if event.get("why") else ""


def _row(event: dict[str, Any]) -> list[str]:
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    return [
        local(event["time"]),
        event["notebook"] or event["actor"],
        ", ".join(event["labels"]),
        event["decision"],
        "-" if event["exit"] is None else str(event["exit"]),
        "-" if event["seconds"] is None else f"{event['seconds']:.1f}",
        event["command"],
    ]
