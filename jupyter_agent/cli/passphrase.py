"""A passphrase on its way to the broker: typed, or from a pipe, and sealed before it leaves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.parser import Arguments, Parser
from jupyter_agent.errors import PassphraseRequired, RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_agent.client import Client

_ORIGIN: Final = "terminal"
_LONGEST: Final = 1024  # bytes; nobody types more


def add_arguments(parser: Parser, *, chosen: bool) -> None:
    """Where a passphrase comes from.

    Args:
        parser: The command's.
        chosen: Whether a new one may be chosen, and with it what a guess costs.
    """
    parser.add_argument(
        "--stdin",
        action="store_true",
        help="read the passphrase from stdin; one final newline is cut",
    )
    if chosen:
        parser.add_argument(
            "--memory",
            type=int,
            metavar="MIB",
            help="memory that a guess at the passphrase costs; 256 is usual, 64 for small machines",
        )


def sealed(client: Client, question: str, arguments: Arguments, *, new: bool) -> dict[str, Any]:
    """Ask for a passphrase and seal it to the broker.

    Args:
        client: The broker.
        question: What it is for.
        arguments: With ``stdin``.
        new: It is chosen now: a typing error would lock everybody out, so it is asked for twice.

    Raises:
        RequestInvalid: There is nobody to ask, or the two are not the same.
    """
    import base64  # noqa: PLC0415  (startup time)

    from jupyter_agent.entry import Offer, seal  # noqa: PLC0415
    from jupyter_agent.processes.linux import forbid_inspection  # noqa: PLC0415

    forbid_inspection()  # a core file would hold what is typed
    # From a terminal nobody pipes anything, and it would show what is typed.
    piped = arguments.stdin and not sys.stdin.isatty()
    typed = _from_stdin() if piped else _typed(question, new=new)
    offer = Offer.from_json(client.call("vault.offer", origin=_ORIGIN)["offer"])
    return {
        "kid": offer.kid,
        "ticket": offer.ticket,
        "origin": _ORIGIN,
        "sealed": base64.b64encode(seal(offer, typed)).decode("ascii"),
    }


def call_with_passphrase(
    client: Client, call: Callable[..., dict[str, Any]], arguments: Arguments
) -> dict[str, Any]:
    """Call, and once more with the vault's passphrase if the vault asks for it.

    Args:
        client: The broker.
        call: Takes ``passphrase``, or nothing.
        arguments: With ``stdin``.

    Raises:
        AgentError: What the call raises.
    """
    try:
        return call()
    except PassphraseRequired as wanted:
        new = wanted.data.get("new") is True
        question = "A new passphrase for the vault" if new else "Passphrase of the vault"
        return call(passphrase=sealed(client, question, arguments, new=new))


def _typed(question: str, *, new: bool) -> bytes:
    from jupyter_agent.cli.prompts import Tty  # noqa: PLC0415

    tty = Tty.open()
    if tty is None:
        raise RequestInvalid(
            "There is no terminal to ask for the passphrase.", "Give it on standard input: --stdin"
        )
    with tty:
        first = tty.ask_hidden(f"{question} (not shown): ")
        if new and tty.ask_hidden("Once more: ") != first:
            raise RequestInvalid("The two are not the same; nothing was done.")
    return first


def _from_stdin() -> bytes:
    typed = sys.stdin.buffer.readline(_LONGEST + 2)
    typed = typed.removesuffix(b"\n").removesuffix(b"\r")
    if not 0 < len(typed) <= _LONGEST:
        raise RequestInvalid("There is no passphrase on standard input, or it is too long.")
    return typed
