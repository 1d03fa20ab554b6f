"""``jupyter agent grant``: permit a command beforehand, list grants, take one back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:
    from jupyter_agent.client import Client

_WHAT = "Say what may use it: --command 'PATTERN' for one command, or --any-command for all."


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "grant",
        grant,
        "Permit a command to use a secret without being asked each time.",
        examples="""\
  jupyter agent grant GITHUB_TOKEN --command 'gh api user'
  jupyter agent grant GITHUB_TOKEN --command 'gh api *' --cwd . --until 8h
  jupyter agent grant DEMO_TOKEN --notebook tour.ipynb --any-command --uses 5
  jupyter agent grant --list
  jupyter agent grant --remove ID

In a pattern * ? [abc] stand for parts of one argument; the program itself is written out. A
pattern covers one plain command, never a pipe or a second command behind it; a script of several
lines is permitted by its exact text. Without --command and --any-command the command that was
refused last is permitted.""",
    )
    parser.add_argument("label", metavar="LABEL", nargs="?")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--command", dest="pattern", metavar="PATTERN", help="what may run")
    what.add_argument("--any-command", action="store_true", help="whatever it is: a strong grant")
    parser.add_argument("--notebook", metavar="PATH", help="only for this notebook's kernel")
    parser.add_argument("--cwd", metavar="DIR", help="only in this folder")
    parser.add_argument("--uses", type=int, metavar="N", help="only so many times")
    parser.add_argument("--until", metavar="TIME", help="30m, 2h, 7d, a date, or RFC 3339")
    parser.add_argument("--list", action="store_true", help="list grants (of LABEL, if given)")
    parser.add_argument("--remove", metavar="ID", help="take a grant back")


def grant(arguments: Arguments, terminal: Terminal) -> int:
    """Add, list or remove grants."""
    label = check_label(arguments.label) if arguments.label else None
    if arguments.list:
        return _list(label, terminal)
    if arguments.remove:
        return _remove(arguments.remove, terminal)
    if label is None:
        raise usage("Say which secret: grant LABEL.", "jupyter agent grant")
    fields = _fields(label, arguments)
    with open_as_person() as client:
        added = _add(client, fields)
    terminal.answer({"grant": added}, [f"Granted. {label}: {_sentence(added)}.", _undo(added)])
    return 0


def grant_table(terminal: Terminal, grants: Iterable[Mapping[str, Any]]) -> list[str]:
    """Grants for people."""
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    rows = [
        [
            one["id"],
            one["label"],
            "any" if one["uses"] is None else str(one["uses"]),
            local(one["until"]),
            one["notebook"] or "any",
            one["cwd"] or "any",
            _what(one),
        ]
        for one in grants
    ]
    return terminal.table(("ID", "LABEL", "USES", "ENDS", "NOTEBOOK", "FOLDER", "COMMAND"), rows)


def _list(label: str | None, terminal: Terminal) -> int:
    with open_as_person() as client:
        grants = client.call("grant.list", **({"label": label} if label else {}))["grants"]
    empty = ["No grants. Each use of a secret is asked for."]
    terminal.answer({"grants": grants}, grant_table(terminal, grants) if grants else empty)
    return 0


def _remove(grant_id: str, terminal: Terminal) -> int:
    with open_as_person() as client:
        client.call("grant.remove", grant=grant_id)
    terminal.answer({"removed": grant_id}, ["The grant is taken back."])
    return 0


def _fields(label: str, arguments: Arguments) -> dict[str, Any]:
    """The fields of the `grant.add` request; what was not given is left out."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from jupyter_agent.cli.times import ahead  # noqa: PLC0415

    if arguments.uses is not None and arguments.uses < 1:
        raise RequestInvalid("The number of uses is a whole number from 1.")
    if arguments.pattern is not None and not arguments.pattern.strip():
        raise RequestInvalid("The pattern is empty.", _WHAT)
    fields = {
        "label": label,
        "pattern": arguments.pattern,
        "any_command": arguments.any_command or None,
        "notebook": _absolute(arguments.notebook),
        "cwd": _absolute(arguments.cwd),
        "uses": arguments.uses,
        "until": ahead(arguments.until, datetime.now(UTC)) if arguments.until else None,
    }
    return {name: field for name, field in fields.items() if field is not None}


def _add(client: Client, fields: dict[str, Any]) -> dict[str, Any]:
    """Add the grant; where it does not say for what, for the command that was refused last."""
    if "pattern" not in fields and "any_command" not in fields:
        fields = {**_refused_last(client, fields["label"]), **fields}
    added: dict[str, Any] = client.call("grant.add", **fields)["grant"]
    return added


def _refused_last(client: Client, label: str) -> dict[str, Any]:
    """What a grant without --command permits: exactly what a person at the terminal has seen.

    Raises:
        RequestInvalid: There is nothing to permit, or the person says no.
    """
    from jupyter_agent.cli.prompts import confirmed, has_person  # noqa: PLC0415
    from jupyter_agent.cli.terminal import printable  # noqa: PLC0415

    refused = client.call("grant.refused", label=label)["refused"]
    if refused is None:
        raise RequestInvalid(f"No command has been refused {label} yet.", _WHAT)
    shown = f"Refused last, in {printable(refused['cwd'])}: {printable(refused['script'])}"
    if has_person() and not confirmed(f"{shown}\nPermit exactly this command?"):
        raise RequestInvalid("Nothing was granted.", _WHAT)
    return {name: refused[name] for name in ("script", "cwd", "notebook")}


def _absolute(path: str | None) -> str | None:
    return os.path.abspath(path) if path else None  # noqa: PTH100  (no Path: startup time)


def _what(one: Mapping[str, Any]) -> str:
    if one["any_command"]:
        return "any command"
    return str(one["pattern"] or one["script"])


def _sentence(one: Mapping[str, Any]) -> str:
    from jupyter_agent.cli.terminal import printable  # noqa: PLC0415
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    parts = [_what(one)]
    if one["notebook"]:
        parts.append(f"in the notebook {one['notebook']}")
    if one["cwd"]:
        parts.append(f"in {one['cwd']}")
    if one["uses"] is not None:
        parts.append(f"{one['uses']} times" if one["uses"] != 1 else "once")
    if one["until"]:
        parts.append(f"until {local(one['until'])}")
    return printable(", ".join(parts))


def _undo(one: Mapping[str, Any]) -> str:
    return f"Take it back: jupyter agent grant --remove {one['id']}"
