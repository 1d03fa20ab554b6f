"""A value on its way in: from prompt, pipe or file, sealed before it leaves this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.parser import Arguments, usage
from jupyter_agent.cli.terminal import printable
from jupyter_agent.errors import ConsentRequired, RequestInvalid
from jupyter_agent.secret import MAX_VALUE, check_label, without_line_end

if TYPE_CHECKING:
    from jupyter_agent.client import Client
    from jupyter_agent.entry import Offer

_ORIGIN: Final = "terminal"


def save(client: Client, label: str, arguments: Arguments, *, replace: bool) -> dict[str, Any]:
    """Take in the value, seal it to an offer and save it; returns what is known about it.

    Args:
        client: The broker.
        label: Checked.
        arguments: Say where the value comes from and what to note about it.
        replace: Put it in place of one that is there.

    Raises:
        AgentError: There is no value, or it could not be saved.
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from jupyter_agent.cli.times import ahead, whole_days  # noqa: PLC0415

    details: dict[str, Any] = {"kind": arguments.kind, "note": arguments.note}
    if arguments.expires:
        details["expires"] = ahead(arguments.expires, datetime.now(UTC))
    if arguments.rotate_every:
        details["rotate_every"] = whole_days(arguments.rotate_every)
    # Before the question: nobody should paste a value only to hear that the label is taken.
    offer = _offer(client, label, replace=replace)
    value = _value(label, arguments)
    if offer.expired(datetime.now(UTC)):
        offer = _offer(client, label, replace=replace)
    return _save_sealed(client, offer, value, details)


def seal_and_save(client: Client, label: str, value: bytes) -> dict[str, Any]:
    """Save a value that is already at hand under a label that is free.

    Raises:
        AgentError: It could not be saved.
    """
    return _save_sealed(client, _offer(client, label, replace=False), value, {})


def how_long_it_lasts(client: Client) -> list[str]:
    """What to say of a vault that ends with the broker; nothing of any other."""
    vault = client.call("status")["vault"]
    if vault["tier"] != "memory":
        return []
    return [printable(vault[name]) for name in ("promise", "better") if vault[name]]


def _save_sealed(
    client: Client, offer: Offer, value: bytes, details: dict[str, Any]
) -> dict[str, Any]:
    import base64  # noqa: PLC0415

    from jupyter_agent.entry import seal  # noqa: PLC0415

    saved: dict[str, Any] = client.call(
        "secret.save",
        kid=offer.kid,
        ticket=offer.ticket,
        label=offer.label,
        origin=_ORIGIN,
        sealed=base64.b64encode(seal(offer, value)).decode("ascii"),
        **{name: detail for name, detail in details.items() if detail is not None},
    )["secret"]
    return saved


def _offer(client: Client, label: str, *, replace: bool) -> Offer:
    from jupyter_agent.entry import Offer  # noqa: PLC0415

    wanted = {"label": label, "origin": _ORIGIN, "replace": replace}
    try:
        answer = client.call("secret.offer", **wanted)
    except ConsentRequired as error:
        if client.welcome["role"] != "person" or not _consents(error):
            raise
        client.call("vault.create", key_source="file")
        answer = client.call("secret.offer", **wanted)
    return Offer.from_json(answer["offer"])


def _consents(wanted: ConsentRequired) -> bool:
    """Ask for the one decision that comes before the first secret; a no where nobody is there."""
    from jupyter_agent.cli.prompts import confirmed  # noqa: PLC0415

    return confirmed(
        f"{wanted.message}\nWhoever copies your whole home folder then has both. For a passphrase "
        "instead say no,\nand set JUPYTER_AGENT_KEY_SOURCE=provided. Keep the key in that file?"
    )


def _value(label: str, arguments: Arguments) -> bytes:
    from jupyter_agent.cli.prompts import Tty  # noqa: PLC0415
    from jupyter_agent.processes.linux import forbid_inspection  # noqa: PLC0415

    forbid_inspection()  # Ctrl-\\ would leave the value in a core file in the current folder
    # From a terminal nobody pipes anything, and it would show what is typed.
    if arguments.stdin and not sys.stdin.isatty():
        return _without_newline(sys.stdin.buffer.read(MAX_VALUE + 3), label)
    if arguments.file is not None:
        try:
            with open(arguments.file, "rb") as file:  # noqa: PTH123  (no Path: startup time)
                return _checked(without_line_end(file.read(MAX_VALUE + 3)), label)
        except OSError as error:
            raise RequestInvalid(
                f"The file with the value can't be read: {os.strerror(error.errno or 0)}.",
                "Check its path and its mode.",
            ) from None
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
    return _checked(value, label)


def _checked(value: bytes, label: str) -> bytes:
    if not 0 < len(value) <= MAX_VALUE:
        raise RequestInvalid(
            f"The value for {label} is {'too long' if value else 'empty'}; nothing was saved.",
            f"A value has 1 to {MAX_VALUE} bytes.",
        )
    return value


def typed_label(typed: str) -> str:
    """The label; ``LABEL=VALUE`` is a value in the wrong place.

    Raises:
        RequestInvalid: There is a value, or this is no label.
    """
    if "=" in typed:
        raise value_in_arguments([])
    return check_label(typed)


def value_in_arguments(words: Sequence[str]) -> RequestInvalid:
    """The refusal of ``secret set LABEL VALUE``."""
    if words and all(word.startswith("--") and "=" not in word for word in words):
        return usage("There is an option that this command does not know.")
    return RequestInvalid(
        "A value does not belong on the command line; nothing was saved.",
        "If that was the real value, treat it as exposed, because shell history and process lists "
        "have it now: rotate it, then run the command with the label alone and type the new one.",
    )
