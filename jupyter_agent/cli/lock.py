"""``jupyter agent lock``, ``unlock`` and ``status``."""

from __future__ import annotations

from typing import Any, Final

from jupyter_agent.cli import passphrase
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.secret import reminder

MAKE_AN_EXPORT: Final = "Make one: jupyter agent vault export FILE"


def add(commands: Family) -> None:
    """Add the commands to the command line."""
    commands.command(
        "lock", lock, "Close the vault and end every run; it stays closed until `unlock`."
    )
    parser = commands.command(
        "unlock", unlock, "Let the vault be opened again; asks for its passphrase if it has one."
    )
    passphrase.add_arguments(parser, chosen=True)
    commands.command("status", status, "Show the state of broker and vault.")


def lock(_arguments: Arguments, terminal: Terminal) -> int:
    """Close the vault and end runs."""
    with open_as_person() as client:
        ended = client.call("lock")["ended"]
    said = {0: "Locked.", 1: "Locked; one run was ended."}
    first = said.get(ended, f"Locked; {ended} runs were ended.")
    terminal.answer({"ended": ended}, [first, "Open it again: jupyter agent unlock"])
    return 0


def unlock(arguments: Arguments, terminal: Terminal) -> int:
    """Let the vault be opened again."""
    memory = {} if arguments.memory is None else {"memory": arguments.memory}
    with open_as_person() as client:
        passphrase.call_with_passphrase(
            client, lambda **more: client.call("unlock", **memory, **more), arguments
        )
    terminal.answer({"unlocked": True}, ["Unlocked."])
    return 0


def status(_arguments: Arguments, terminal: Terminal) -> int:
    """Show the state of broker and vault."""
    with open_as_person() as client:
        body = client.call("status")
        # Only where it costs nobody a question: a keyring may ask before the vault opens.
        is_open = body["vault"]["state"] == "open"
        secrets = client.call("secret.list")["secrets"] if is_open else []
    due = [{"label": meta["label"], **meta["due"]} for meta in secrets if meta.get("due")]
    terminal.answer({**body, "due": due}, [*_lines(body), *_due(due)])
    return 0


def vault_lines(vault: dict[str, Any]) -> list[str]:
    """What there is to say about the vault."""
    tier = f", key source {vault['tier']}" if vault["tier"] else ""
    lines = [f"vault     {vault['state']}{tier}"]
    lines += [f"          {printable(vault[name])}" for name in ("promise", "note") if vault[name]]
    if vault.get("better"):
        lines.append(f"          Better: {printable(vault['better'])}")
    if reminder_ := export_reminder(vault):
        lines.append(f"          {printable(reminder_)} {MAKE_AN_EXPORT}")
    if error := vault.get("error"):
        lines.append(f"          {printable(error['message'])} {printable(error['hint'])}".rstrip())
    return lines


def export_reminder(vault: dict[str, Any]) -> str:
    """Why it is time for an export, or ""."""
    return str((vault.get("export") or {}).get("reminder") or "")


def _lines(body: dict[str, Any]) -> list[str]:
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    process = f"process {body['pid']}, {body['memory'] / 2**20:.0f} MB"
    return [
        f"broker    {body['version']}, {process}, since {local(body['started'])}",
        *vault_lines(body["vault"]),
        f"runs      {body['runs']}",
        f"answers   {_approvers(body['approvers'])}",
    ]


def _due(due: list[dict[str, Any]]) -> list[str]:
    ordered = sorted(due, key=lambda each: str(each["on"]))
    return [f"due       {printable(each['label'])} {reminder(each)}" for each in ordered]


def _approvers(number: int) -> str:
    return "asked for in JupyterLab" if number else "asked for in a terminal only"
