"""``jupyter agent vault …``: where the key is, new keys, copies for another machine, the end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli import passphrase
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.lock import vault_lines
from jupyter_agent.cli.parser import Arguments, Family, Parser
from jupyter_agent.cli.terminal import Terminal, printable, secrets_of
from jupyter_agent.errors import RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.client import Client

TIERS: Final = ("hardware", "provided", "os-keyring", "file")
_STYLE: Final = {"ok": "green", "warn": "yellow", "fail": "red"}


def add(commands: Family) -> None:
    """Add the family to the command line."""
    vault = commands.family("vault", "Where the vault's key is; new keys; copies; the end.")
    vault.command("status", status, "Show where the key lies and what that promises.")
    vault.command("verify", verify, "Check everything about the vault; changes nothing.")
    parser = vault.command(
        "move",
        move,
        "Keep the vault's key at another place. Everything is sealed anew.",
        examples="""\
  jupyter agent vault move os-keyring
  jupyter agent vault move provided --passphrase
  jupyter agent vault move provided --key-file /run/secrets/my-key""",
    )
    parser.add_argument("to", choices=TIERS, metavar="TIER", help=", ".join(TIERS))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--passphrase", action="store_true", help="provided: by a passphrase")
    how.add_argument("--key-file", metavar="PATH", help="provided: by a file from outside")
    passphrase.add_arguments(parser, chosen=True)
    _add_yes(parser)
    parser = vault.command(
        "rekey",
        rekey,
        "Give the vault new keys at the place where they are. Everything is sealed anew.",
    )
    passphrase.add_arguments(parser, chosen=True)
    _add_yes(parser)
    parser = vault.command(
        "export",
        export,
        "Write secrets into a file that a passphrase opens, for another machine or a bad day.",
        examples="  jupyter agent vault export ~/secrets.export",
    )
    parser.add_argument("path", metavar="FILE", help="a new file")
    parser.add_argument(
        "--label", action="append", metavar="LABEL", help="only this one; may be repeated"
    )
    passphrase.add_arguments(parser, chosen=True)
    parser = vault.command(
        "import",
        import_,
        "Take in the secrets of such a file, once you have seen what would happen.",
        examples="""\
  jupyter agent vault import ~/secrets.export --dry-run
  jupyter agent vault import ~/secrets.export --replace""",
    )
    parser.add_argument("path", metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="only show what would happen")
    parser.add_argument(
        "--replace", action="store_true", help="the file's values win where they differ"
    )
    passphrase.add_arguments(parser, chosen=False)
    _add_yes(parser)
    parser = vault.command(
        "accept-restored",
        accept_restored,
        "Go on with an older vault file, after you have put back a copy.",
    )
    passphrase.add_arguments(parser, chosen=False)
    _add_yes(parser)
    parser = vault.command(
        "purge", purge, "Destroy the vault, its keys and its audit, whatever state they are in."
    )
    _add_yes(parser)


def status(_arguments: Arguments, terminal: Terminal) -> int:
    """Show where the key lies and what that promises."""
    with open_as_person() as client:
        vault = client.call("status")["vault"]
    terminal.answer({"vault": vault}, vault_lines(vault))
    return 0


def verify(_arguments: Arguments, terminal: Terminal) -> int:
    """Make every check and return 1 where one failed."""
    with open_as_person() as client:
        checks = client.call("vault.verify")["checks"]
    lines = []
    for check in checks:
        state = terminal.styled(f"{check['state']:<4}", _STYLE[check["state"]])
        lines.append(f"{state}  {check['id']:<14}  {printable(check['message'])}")
        if check["hint"]:
            lines.append(f"{'':<20}  → {printable(check['hint'])}")
    terminal.answer({"checks": checks}, lines)
    return 1 if any(check["state"] == "fail" for check in checks) else 0


def move(arguments: Arguments, terminal: Terminal) -> int:
    """Keep the key at another place."""
    by_file = arguments.key_file is not None
    if arguments.to != "provided" and (by_file or arguments.passphrase):
        raise RequestInvalid("--passphrase and --key-file belong to `provided`.")
    question = "Seal everything anew? Older copies of the vault become useless."
    if arguments.to == "file":
        question = "Keep the key in a file that only you can read? Whoever copies both has both."
    with open_as_person() as client:
        _agreed(question, arguments)
        fields: dict[str, Any] = {"to": arguments.to, **_memory(arguments)}
        if by_file:
            fields["key_file"] = os.path.abspath(arguments.key_file)  # noqa: PTH100  (startup time)
        if arguments.passphrase:
            words = "A new passphrase for the vault"
            fields["passphrase"] = passphrase.sealed(client, words, arguments, new=True)
        return _moved(client, fields, arguments, terminal)


def rekey(arguments: Arguments, terminal: Terminal) -> int:
    """New keys at the same place."""
    with open_as_person() as client:
        _agreed("Seal everything anew? Older copies of the vault become useless.", arguments)
        return _moved(client, _memory(arguments), arguments, terminal)


def export(arguments: Arguments, terminal: Terminal) -> int:
    """Write secrets into a file that a passphrase opens."""
    path = os.path.abspath(os.path.expanduser(arguments.path))  # noqa: PTH100, PTH111  (startup time)
    with open_as_person() as client:
        client.call("secret.list")  # a vault that is closed says so before anything is asked
        if os.path.lexists(path):
            raise RequestInvalid(
                "There is a file of that name already.", "Choose another name, or remove that file."
            )
        words = passphrase.sealed(client, "A passphrase for this file", arguments, new=True)
        exported = client.call(
            "vault.export",
            path=path,
            labels=arguments.label,
            passphrase=words,
            **_memory(arguments),
        )["exported"]
    lines = [
        f"Exported {secrets_of(len(exported))} to {printable(path)}.",
        "Without its passphrase nobody can read it, you included. Grants are not in it.",
    ]
    terminal.answer({"exported": exported, "path": path}, lines)
    return 0


def import_(arguments: Arguments, terminal: Terminal) -> int:
    """Show what is in such a file, and take it in."""
    # Links are followed here, because the broker follows none.
    path = os.path.realpath(os.path.expanduser(arguments.path))  # noqa: PTH111  (startup time)
    try:
        os.stat(path)  # noqa: PTH116  (startup time)
    except OSError as error:  # nobody should type a passphrase only to hear this
        raise RequestInvalid(
            f"That file can't be read: {os.strerror(error.errno or 0)}.",
            "Check its path and its mode.",
        ) from None
    with open_as_person() as client:
        words = passphrase.sealed(client, "Passphrase of this file", arguments, new=False)
        answer = client.call("vault.import", path=path, passphrase=words)
        plan = _actions(answer["plan"], replace=arguments.replace)
        if arguments.dry_run:
            terminal.answer({"plan": plan, "imported": []}, _plan_lines(plan, terminal))
            return 0
        wanted = [step for step in plan if step["action"] in ("add", "replace")]
        for line in _plan_lines(plan, terminal):
            terminal.notice(line)
        if wanted:
            _agreed(f"Take in {secrets_of(len(wanted))}?", arguments)
        imported = client.call(
            "vault.merge", **{"import": answer["import"]}, replace=arguments.replace
        )["imported"]
    lines = [f"Took in {len(imported)} of {secrets_of(len(plan))}."]
    if any(step["action"] == "keep ours" for step in plan):
        lines.append("What differs stayed as it is here; the file's instead: --replace")
    terminal.answer({"plan": plan, "imported": imported}, lines)
    return 0


def accept_restored(arguments: Arguments, terminal: Terminal) -> int:
    """Take the vault and its audit as they lie here."""
    with open_as_person() as client:
        _agreed(
            "Go on with the vault as it lies here? What was saved after that copy is lost.",
            arguments,
        )
        answer = passphrase.call_with_passphrase(
            client, lambda **more: client.call("vault.accept_restored", **more), arguments
        )
    terminal.answer(answer, ["Accepted.", *vault_lines(answer["vault"])])
    return 0


def purge(arguments: Arguments, terminal: Terminal) -> int:
    """Destroy the vault."""
    with open_as_person() as client:
        _agreed("Destroy the vault and every secret in it, for good?", arguments)
        client.call("vault.purge")
    terminal.answer({"purged": True}, ["The vault is gone. The next secret begins a new one."])
    return 0


def _moved(client: Client, fields: dict[str, Any], arguments: Arguments, terminal: Terminal) -> int:
    answer = passphrase.call_with_passphrase(
        client, lambda **more: client.call("vault.move", **fields, **more), arguments
    )
    lines = ["Sealed anew.", *vault_lines(answer["vault"])]
    terminal.answer(answer, [*lines, "Copies from before are useless now; make new ones."])
    return 0


_SAID: Final = {"skip": "nothing, it is the same"}


def _actions(plan: list[dict[str, Any]], *, replace: bool) -> list[dict[str, Any]]:
    action = {"new": "add", "same": "skip", "differs": "replace" if replace else "keep ours"}
    return [{**step, "action": action[step["state"]]} for step in plan]


def _plan_lines(plan: list[dict[str, Any]], terminal: Terminal) -> list[str]:
    from jupyter_agent.cli.times import local  # noqa: PLC0415

    rows = [
        [
            step["label"],
            _SAID.get(step["action"], step["action"]),
            local(step["theirs"], "-"),
            local(step["ours"], "-"),
        ]
        for step in plan
    ]
    if not rows:
        return ["There is nothing in it."]
    return terminal.table(("LABEL", "WHAT HAPPENS", "IN THE FILE SINCE", "HERE SINCE"), rows)


def _memory(arguments: Arguments) -> dict[str, Any]:
    return {} if arguments.memory is None else {"memory": arguments.memory}


def _add_yes(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _agreed(question: str, arguments: Arguments) -> None:
    from jupyter_agent.cli.prompts import agree  # noqa: PLC0415

    if not arguments.yes:
        agree(question, "Nothing was done.")
