"""``jupyter agent grant``: permit a command beforehand, list grants, take one back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:
    from jupyter_agent.client import Client

_WHAT: Final = "Say what may use it: --command 'PATTERN' for one command, or --any-command for all."
_WHO: Final = {"terminal": "person"}
"""What people call a role, where it is not its name."""


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "grant",
        grant,
        "Permit a command to use a secret without being asked each time, or forbid it.",
        examples="""\
  jupyter agent grant GITHUB_TOKEN --command 'gh api *' --until 8h
  jupyter agent grant API_KEY --command 'curl -s -H "X-Key: $API_KEY" https://api.example.com/*'
  jupyter agent grant DB_PASSWORD --as PGPASSWORD --command 'psql -h db.example.com -c *' --cwd .
  jupyter agent grant DEMO_TOKEN --notebook tour.ipynb --any-command --uses 5
  jupyter agent grant GITHUB_TOKEN --deny --command 'gh auth *'
  jupyter agent grant --list
  jupyter agent grant --remove ID
  jupyter agent grant --revoke-all

In a pattern an unquoted * stands for any text within one argument and ? for one character; quote
whatever else should stand as it is. The program is written out, and it is the file that it is now.
What sends things over the network has to say where to. `|` joins commands that are permitted
together, `;` such as may also run alone. Where a command can't be read that way (redirections,
$(...), loops) its exact text is permitted, as with --script. Without --command, --script and
--any-command it is the command that was refused last.""",
    )
    parser.add_argument("label", metavar="LABEL", nargs="?")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--command", dest="pattern", metavar="PATTERN", help="what may run")
    what.add_argument("--script", metavar="TEXT", help="exactly this text may run")
    what.add_argument("--any-command", action="store_true", help="whatever it is: a strong grant")
    parser.add_argument("--deny", action="store_true", help="forbid it; this wins over every grant")
    parser.add_argument("--notebook", metavar="PATH", help="only for this notebook's kernel")
    parser.add_argument(
        "--who", metavar="WHO", help="only for terminal, kernel, guest, agent or agent:NAME"
    )
    parser.add_argument("--cwd", metavar="DIR", help="only in this folder")
    parser.add_argument("--uses", type=int, metavar="N", help="only so many times")
    parser.add_argument("--until", metavar="TIME", help="30m, 2h, 7d, a date, or RFC 3339")
    parser.add_argument(
        "--as",
        dest="into",
        action="append",
        metavar="ENV",
        help="the variable that may hold it, where its name does not say so; or - for stdin",
    )
    parser.add_argument("--list", action="store_true", help="list grants (of LABEL, if given)")
    parser.add_argument("--remove", metavar="ID", help="take a grant or a rule back")
    parser.add_argument(
        "--revoke-all", action="store_true", help="take every grant back; what is denied stays so"
    )


def grant(arguments: Arguments, terminal: Terminal) -> int:
    """Add, list or remove grants."""
    label = check_label(arguments.label) if arguments.label else None
    if arguments.list:
        return _list(label, terminal)
    if arguments.remove:
        return _remove(arguments.remove, terminal)
    if arguments.revoke_all:
        return _revoke_all(label, terminal)
    if label is None:
        raise usage("Say which secret: grant LABEL.", "jupyter agent grant")
    fields = _fields(label, arguments)
    with open_as_person() as client:
        added = _add(client, fields)
    verb = "Denied" if added["deny"] else "Granted"
    lines = [f"{verb}. {label}: {_sentence(added)}.", *_files(added), _undo(added)]
    terminal.answer({"grant": added}, lines)
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
            one["notebook"] or _who(one) or "any",
            one["cwd"] or "any",
            _what(one),
        ]
        for one in grants
    ]
    return terminal.table(("ID", "LABEL", "USES", "ENDS", "WHO", "FOLDER", "COMMAND"), rows)


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


def _revoke_all(label: str | None, terminal: Terminal) -> int:
    if label is not None:
        raise usage("--revoke-all is about every secret.", "jupyter agent grant")
    with open_as_person() as client:
        revoked = client.call("grant.revoke_all")["revoked"]
    terminal.answer({"revoked": revoked}, [f"Taken back: {revoked}. Each use is asked for again."])
    return 0


def _fields(label: str, arguments: Arguments) -> dict[str, Any]:
    """The fields of the `grant.add` request; what was not given is left out."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from jupyter_agent.cli.times import ahead  # noqa: PLC0415

    if arguments.uses is not None and arguments.uses < 1:
        raise RequestInvalid("The number of uses is a whole number from 1.")
    if arguments.pattern is not None and not arguments.pattern.strip():
        raise RequestInvalid("The pattern is empty.", _WHAT)
    who = arguments.who
    fields = {
        "label": label,
        "pattern": arguments.pattern,
        "script": arguments.script,
        "deny": arguments.deny or None,
        "who": _WHO.get(who, who),
        "into": [_place(name) for name in arguments.into] if arguments.into else None,
        "any_command": arguments.any_command or None,
        "notebook": _absolute(arguments.notebook),
        "cwd": _absolute(arguments.cwd),
        "uses": arguments.uses,
        "until": ahead(arguments.until, datetime.now(UTC)) if arguments.until else None,
        # Which programs are meant is what they are here and now.
        "path": os.environ.get("PATH"),
        "here": os.getcwd(),  # noqa: PTH109  (no Path: startup time)
    }
    return {name: field for name, field in fields.items() if field is not None}


def _add(client: Client, fields: dict[str, Any]) -> dict[str, Any]:
    """Add the grant; where it does not say for what, for the command that was refused last."""
    if not fields.keys() & {"pattern", "script", "any_command"}:
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
    return {name: refused[name] for name in ("script", "cwd", "notebook", "identity")}


def _absolute(path: str | None) -> str | None:
    return os.path.abspath(path) if path else None  # noqa: PTH100  (no Path: startup time)


def _place(name: str) -> str:
    return "stdin" if name == "-" else f"env:{name}"


def _what(one: Mapping[str, Any]) -> str:
    denied = "not: " if one.get("deny") else ""
    if one["any_command"]:
        return f"{denied}any command"
    return denied + str(one["pattern"] or one["script"])


def _who(one: Mapping[str, Any]) -> str:
    called = {role: name for name, role in _WHO.items()}
    return called.get(one.get("who") or "", one.get("who") or "")


def _files(one: Mapping[str, Any]) -> list[str]:
    """Which files a pattern is bound to."""
    from jupyter_agent.cli.terminal import printable  # noqa: PLC0415

    return [
        printable(f"  {word} is {file['path']}")
        for word, file in (one.get("programs") or {}).items()
        if file["path"]
    ]


def _sentence(one: Mapping[str, Any]) -> str:
    from jupyter_agent.cli.terminal import printable  # noqa: PLC0415
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    parts = [_what(one)]
    if one["notebook"]:
        parts.append(f"in the notebook {one['notebook']}")
    if _who(one):
        parts.append(f"for {_who(one)}")
    if one["cwd"]:
        parts.append(f"in {one['cwd']}")
    if one["uses"] is not None:
        parts.append(f"{one['uses']} times" if one["uses"] != 1 else "once")
    if one["until"]:
        parts.append(f"until {local(one['until'])}")
    return printable(", ".join(parts))


def _undo(one: Mapping[str, Any]) -> str:
    return f"Take it back: jupyter agent grant --remove {one['id']}"
