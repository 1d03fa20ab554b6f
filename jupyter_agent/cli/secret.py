"""``jupyter agent secret …``: save, list, show, replace, rename and remove secrets."""

from __future__ import annotations

from typing import Any, Final

from jupyter_agent.cli import importing
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, Parser
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.cli.value import how_long_it_lasts, save, typed_label, value_in_arguments
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import KINDS, check_label, reminder

_NEVER: Final = "never"


def add(commands: Family) -> None:
    """Add the family to the command line."""
    secrets = commands.family("secret", "Save, list and remove secrets.")
    parser = secrets.command(
        "set",
        set_secret,
        "Save a secret under a label. The value is asked for and not shown.",
        examples="""\
  jupyter agent secret set GITHUB_TOKEN
  jupyter agent secret set DB_PASSWORD --kind password --expires 90d
  pass show work/db | jupyter agent secret set DB_PASSWORD --stdin
  jupyter agent secret set DEPLOY_KEY --kind private-key --file ~/.ssh/deploy""",
        refusal=value_in_arguments,
    )
    _add_value_arguments(parser)
    parser.add_argument("--replace", action="store_true", help="replace the value if there is one")
    secrets.command(
        "list",
        list_secrets,
        "List labels, never values.",
        examples="  jupyter agent secret list --json",
    )
    parser = secrets.command("show", show, "Show what is known about a secret, never its value.")
    parser.add_argument("label", metavar="LABEL")
    parser = secrets.command(
        "replace",
        replace,
        "Give a label a new value, for instance after rotation.",
        examples="  jupyter agent secret replace GITHUB_TOKEN --expires 30d",
        refusal=value_in_arguments,
    )
    _add_value_arguments(parser)
    parser = secrets.command(
        "edit",
        edit,
        "Change what is noted about a secret; its value stays.",
        examples="""\
  jupyter agent secret edit GITHUB_TOKEN --expires 90d --rotate-every 30d
  jupyter agent secret edit GITHUB_TOKEN --expires never""",
    )
    parser.add_argument("label", metavar="LABEL")
    _add_lifecycle_arguments(parser)
    importing.add(secrets)
    parser = secrets.command("rename", rename, "Give a secret another label.")
    parser.add_argument("label", metavar="OLD")
    parser.add_argument("to", metavar="NEW")
    parser = secrets.command("remove", remove, "Remove a secret and its grants, for good.")
    parser.add_argument("label", metavar="LABEL")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def set_secret(arguments: Arguments, terminal: Terminal) -> int:
    """Save a value under a label."""
    label = typed_label(arguments.label)
    with open_as_person() as client:
        saved = save(client, label, arguments, replace=arguments.replace)
        lasting = how_long_it_lasts(client)
    terminal.answer({"secret": saved}, [f"Saved {label}.", *lasting, *_next_steps(saved)])
    return 0


def replace(arguments: Arguments, terminal: Terminal) -> int:
    """Give a label that exists a new value."""
    label = typed_label(arguments.label)
    with open_as_person() as client:
        client.call("secret.show", label=label)  # a typing error must not make a new secret
        saved = save(client, label, arguments, replace=True)
        lasting = how_long_it_lasts(client)
    terminal.answer({"secret": saved}, [f"Replaced {label}.", *lasting, *_next_steps(saved)])
    return 0


def list_secrets(_arguments: Arguments, terminal: Terminal) -> int:
    """List labels."""
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    with open_as_person() as client:
        secrets = client.call("secret.list")["secrets"]
    rows = [
        [
            meta["label"],
            meta["kind"] or "-",
            local(meta["last_used"]),
            str(meta["uses"]),
            local(meta["expires"]),
            _remark(meta),
        ]
        for meta in secrets
    ]
    head = ("LABEL", "KIND", "LAST USED", "USES", "EXPIRES", "NOTE")
    empty = ["No secrets yet. Save one: jupyter agent secret set GITHUB_TOKEN"]
    terminal.answer({"secrets": secrets}, terminal.table(head, rows) if rows else empty)
    return 0


def show(arguments: Arguments, terminal: Terminal) -> int:
    """Show what is known about one label."""
    from jupyter_agent.cli.grant import grant_table  # noqa: PLC0415
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    with open_as_person() as client:
        answer = client.call("secret.show", label=check_label(arguments.label))
    meta, grants = answer["secret"], answer["grants"]
    facts = [
        ("label", meta["label"]),
        ("kind", meta["kind"] or "-"),
        ("note", meta["note"] or "-"),
        ("created", local(meta["created"])),
        ("replaced", local(meta["replaced"])),
        ("last used", f"{local(meta['last_used'])}, {_times(meta['uses'])}"),
        ("expires", local(meta["expires"])),
        ("rotate", _rotation(meta)),
    ]
    lines = [f"{name:<10} {printable(fact)}" for name, fact in facts]
    if meta.get("due"):
        lines.append(f"{'due':<10} {reminder(meta['due'])}")
    if meta.get("weak"):
        lines.append("A short value: its output is scrubbed only in runs that are granted it.")
    lines += [_exposure(exposure) for exposure in meta.get("exposed", ())]
    if meta.get("revoke"):
        lines.append(f"Rotate or revoke it at {meta['revoke']}")
    lines += ["", *(grant_table(terminal, grants) if grants else ["No grants."])]
    terminal.answer({"secret": meta, "grants": grants}, lines)
    return 0


def edit(arguments: Arguments, terminal: Terminal) -> int:
    """Change what is noted about a secret."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from jupyter_agent.cli.times import ahead, whole_days  # noqa: PLC0415

    label = check_label(arguments.label)
    changes: dict[str, Any] = {
        name: change
        for name, change in (("kind", arguments.kind), ("note", arguments.note))
        if change is not None
    }
    if (expires := arguments.expires) is not None:
        changes["expires"] = None if expires == _NEVER else ahead(expires, datetime.now(UTC))
    if (days := arguments.rotate_every) is not None:
        changes["rotate_every"] = None if days == _NEVER else whole_days(days)
    if not changes:
        raise RequestInvalid(
            "Nothing to change was named.", "Name one: --kind, --note, --expires, --rotate-every."
        )
    with open_as_person() as client:
        meta = client.call("secret.describe", label=label, **changes)["secret"]
    terminal.answer({"secret": meta}, [f"Noted for {label}."])
    return 0


def rename(arguments: Arguments, terminal: Terminal) -> int:
    """Give a secret another label."""
    old, new = check_label(arguments.label), check_label(arguments.to)
    with open_as_person() as client:
        meta = client.call("secret.rename", label=old, to=new)["secret"]
    terminal.answer({"secret": meta}, [f"{old} is now {new}."])
    return 0


def remove(arguments: Arguments, terminal: Terminal) -> int:
    """Remove a secret, after a question."""
    from jupyter_agent.cli.prompts import agree  # noqa: PLC0415

    label = check_label(arguments.label)
    with open_as_person() as client:
        client.call("secret.show", label=label)  # no question about a label that is not there
        if not arguments.yes:
            agree(f"Remove {label} for good?", f"{label} was not removed.")
        client.call("secret.remove", label=label)
    terminal.answer({"removed": label}, [f"Removed {label}."])
    return 0


def _add_value_arguments(parser: Parser) -> None:
    parser.add_argument(
        "label", metavar="LABEL", help="capital letters, digits and _: GITHUB_TOKEN"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--stdin", action="store_true", help="read the value from stdin; one final newline is cut"
    )
    source.add_argument(
        "--file",
        metavar="PATH",
        help="read it from a file; one of several lines is kept byte for byte",
    )
    _add_lifecycle_arguments(parser)


def _add_lifecycle_arguments(parser: Parser) -> None:
    parser.add_argument("--kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--note", metavar="TEXT", help="a word to yourself, shown in lists")
    parser.add_argument("--expires", metavar="DATE", help="2030-12-31, RFC 3339 or 90d")
    parser.add_argument(
        "--rotate-every", metavar="DAYS", help="be reminded to replace it: 90d, 12w"
    )


def _next_steps(meta: dict[str, Any]) -> list[str]:
    label = meta["label"]
    steps = [f"Use it: jupyter agent run -s {label} -- COMMAND, or %%agent_run -s {label}"]
    if meta.get("short"):
        steps.append(
            f"{label} has fewer than 8 bytes: in output it is replaced only as it is, in no other "
            "form. A run that uses it shows no output, unless you say --show-output."
        )
    elif meta.get("weak"):
        steps.append(
            "It is short or easy to guess: output is scrubbed of it only where it is used."
        )
    return steps


def _remark(meta: dict[str, Any]) -> str:
    """The most pressing thing there is to say about a secret."""
    if any(each["where"] != "run" for each in meta.get("exposed") or ()):
        return "exposed: rotate it"
    return reminder(meta.get("due")) or meta.get("note") or ""


def _rotation(meta: dict[str, Any]) -> str:
    days = meta.get("rotate_every")
    return "never" if days is None else f"every {days} days"


def _times(uses: int) -> str:
    return "1 use" if uses == 1 else f"{uses} uses"


def _exposure(exposure: dict[str, Any]) -> str:
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    where = printable(str(exposure.get("notebook") or exposure.get("where") or "somewhere"))
    time = local(exposure.get("time"))
    if exposure.get("where") == "run":
        place = "by a command" if where == "run" else f"by a command in {where}"
        return f"Printed {place}, {time}, and scrubbed: rotate it if the command logs it, too."
    return f"Seen in {where}, {time}: rotate it."
