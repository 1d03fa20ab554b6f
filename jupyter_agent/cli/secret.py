"""``jupyter agent secret …``: save, list, show, replace, rename and remove secrets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, Parser, usage
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import KINDS, MAX_VALUE, check_label

if TYPE_CHECKING:
    from jupyter_agent.client import Client

_ORIGIN = "terminal"


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
        refusal=_value_in_arguments,
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
        refusal=_value_in_arguments,
    )
    _add_value_arguments(parser)
    parser = secrets.command("rename", rename, "Give a secret another label.")
    parser.add_argument("label", metavar="OLD")
    parser.add_argument("to", metavar="NEW")
    parser = secrets.command("remove", remove, "Remove a secret and its grants, for good.")
    parser.add_argument("label", metavar="LABEL")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def set_secret(arguments: Arguments, terminal: Terminal) -> int:
    """Save a value under a label."""
    label = _label(arguments.label)
    with open_as_person() as client:
        saved = _save(client, label, arguments, replace=arguments.replace)
    terminal.answer({"secret": saved}, [f"Saved {label}.", *_next_steps(saved)])
    return 0


def replace(arguments: Arguments, terminal: Terminal) -> int:
    """Give a label that exists a new value."""
    label = _label(arguments.label)
    with open_as_person() as client:
        client.call("secret.show", label=label)  # a typing error must not make a new secret
        saved = _save(client, label, arguments, replace=True)
    terminal.answer({"secret": saved}, [f"Replaced {label}.", *_next_steps(saved)])
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
            "exposed: rotate it" if meta.get("exposed") else (meta.get("note") or ""),
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
    from jupyter_agent.cli.terminal import printable  # noqa: PLC0415
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
    ]
    lines = [f"{name:<10} {printable(fact)}" for name, fact in facts]
    if meta.get("weak"):
        lines.append("A short value: its output is scrubbed only in runs that are granted it.")
    lines += [_exposure(exposure) for exposure in meta.get("exposed", ())]
    lines += ["", *(grant_table(terminal, grants) if grants else ["No grants."])]
    terminal.answer({"secret": meta, "grants": grants}, lines)
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
    from jupyter_agent.cli.prompts import confirmed  # noqa: PLC0415

    label = check_label(arguments.label)
    with open_as_person() as client:
        client.call("secret.show", label=label)  # no question about a label that is not there
        if not arguments.yes and not confirmed(f"Remove {label} for good?"):
            raise RequestInvalid(
                f"{label} was not removed.", f"Without a question: secret remove {label} --yes"
            )
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
    source.add_argument("--file", metavar="PATH", help="read it from a file, like --stdin")
    parser.add_argument("--kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--note", metavar="TEXT", help="a word to yourself, shown in lists")
    parser.add_argument("--expires", metavar="DATE", help="2030-12-31, RFC 3339 or 90d")


def _label(typed: str) -> str:
    if "=" in typed:
        raise _value_in_arguments([])
    return check_label(typed)


def _value_in_arguments(words: Sequence[str]) -> RequestInvalid:
    """The refusal of ``secret set LABEL VALUE``."""
    if words and all(word.startswith("--") and "=" not in word for word in words):
        return usage("There is an option that this command does not know.")
    return RequestInvalid(
        "A value does not belong on the command line; nothing was saved.",
        "If that was the real value, treat it as exposed, because shell history and process lists "
        "have it now: rotate it, then run the command with the label alone and type the new one.",
    )


def _save(client: Client, label: str, arguments: Arguments, *, replace: bool) -> dict[str, Any]:
    """Ask for the value, seal it to an offer and save it."""
    import base64  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    from jupyter_agent.cli.times import ahead  # noqa: PLC0415
    from jupyter_agent.entry import seal  # noqa: PLC0415

    details = {"kind": arguments.kind, "note": arguments.note}
    if arguments.expires:
        details["expires"] = ahead(arguments.expires, datetime.now(UTC))
    # Before the question: nobody should paste a value only to hear that the label is taken.
    offer = _offer(client, label, replace=replace)
    value = _value(label, arguments)
    if offer.expired(datetime.now(UTC)):
        offer = _offer(client, label, replace=replace)
    saved: dict[str, Any] = client.call(
        "secret.save",
        kid=offer.kid,
        ticket=offer.ticket,
        label=label,
        origin=_ORIGIN,
        sealed=base64.b64encode(seal(offer, value)).decode("ascii"),
        **{name: detail for name, detail in details.items() if detail is not None},
    )["secret"]
    return saved


def _offer(client: Client, label: str, *, replace: bool) -> Any:
    from jupyter_agent.entry import Offer  # noqa: PLC0415

    answer = client.call("secret.offer", label=label, origin=_ORIGIN, replace=replace)
    return Offer.from_json(answer["offer"])


def _value(label: str, arguments: Arguments) -> bytes:
    from jupyter_agent.cli.prompts import Tty  # noqa: PLC0415

    if arguments.stdin:
        return _without_newline(sys.stdin.buffer.read(MAX_VALUE + 3), label)
    if arguments.file:
        try:
            with open(arguments.file, "rb") as file:  # noqa: PTH123  (no Path: startup time)
                return _without_newline(file.read(MAX_VALUE + 3), label)
        except OSError:
            raise RequestInvalid("The file with the value can't be read.") from None
    tty = Tty.open()
    if tty is None:
        raise RequestInvalid(
            f"There is no terminal to ask for the value of {label}.",
            "Give it on standard input: --stdin",
        )
    with tty:
        return tty.ask_hidden(f"Value of {label} (not shown): ")


def _without_newline(value: bytes, label: str) -> bytes:
    """The value without the one line break that editors and ``echo`` put behind it."""
    value = value.removesuffix(b"\n").removesuffix(b"\r") if value.endswith(b"\n") else value
    if not 0 < len(value) <= MAX_VALUE:
        raise RequestInvalid(
            f"The value for {label} is {'too long' if value else 'empty'}; nothing was saved.",
            f"A value has 1 to {MAX_VALUE} bytes.",
        )
    return value


def _next_steps(meta: dict[str, Any]) -> list[str]:
    label = meta["label"]
    steps = [f"Use it: jupyter agent run -s {label} -- COMMAND, or %%agent_run -s {label}"]
    if meta.get("weak"):
        steps.append("It is short: what a command prints of it is scrubbed only in its own runs.")
    return steps


def _times(uses: int) -> str:
    return "1 use" if uses == 1 else f"{uses} uses"


def _exposure(exposure: dict[str, Any]) -> str:
    from jupyter_agent.cli.terminal import printable  # noqa: PLC0415
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    where = exposure.get("notebook") or exposure.get("where") or "somewhere"
    return f"Exposed in {printable(str(where))}, {local(exposure.get('time'))}: rotate it."
