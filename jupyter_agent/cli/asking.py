"""Showing a person what wants to happen, and taking the answer, on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from jupyter_agent.cli.prompts import Tty
from jupyter_agent.cli.terminal import printable

Answer = Literal["once", "always", "deny"]

_LONGEST: Final = 120.0
"""Seconds for an answer when the broker does not say; after them it is a no."""
_RUN_ANSWERS: Final[Mapping[str, Answer]] = {
    "o": "once",
    "once": "once",
    "a": "always",
    "always": "always",
}
_ALLOWED: Final = {
    "once": "a value, once,",
    "value": "a value, always,",
    "rule": "everything in this folder",
}
_CHANGE_ANSWERS: Final[Mapping[str, Answer]] = {"y": "once", "yes": "once"}


def ask(tty: Tty, approval: Mapping[str, Any], *, unless: int | None = None) -> Answer | None:
    """Put an open approval to the person.

    Args:
        tty: Where the person is.
        approval: As docs/protocol.md has it.
        unless: A descriptor that becomes readable when the question has settled itself.

    Returns:
        The answer; everything but a clear yes is a no. None when it was settled elsewhere.
    """
    is_change = approval["kind"] == "change"
    choices = "[y]es, [d]eny" if is_change else "[o]nce, [a]lways this command here, [d]eny"
    seconds = _seconds_left(approval.get("expires"))
    tty.say("\n".join(["", *described(approval), "", ""]))
    question = f"{choices} (no answer in {seconds:.0f} s is a no): "
    typed = tty.ask(question, timeout=seconds, unless=unless)
    if typed is False:
        tty.say("Answered elsewhere.\n")
        return None
    if typed is None:
        tty.say("No answer: denied.\n")
        return "deny"
    return (_CHANGE_ANSWERS if is_change else _RUN_ANSWERS).get(typed, "deny")


def described(approval: Mapping[str, Any]) -> list[str]:
    """What a person has to know to decide, as printable lines.

    Nothing is left out or cut: what is not shown can't be agreed to.
    """
    if approval["kind"] == "change":
        return _change(approval)
    labels = ", ".join(approval["labels"])
    command = _command(approval)
    lines = [
        f"May this command use {printable(labels)}?",
        "",
        f"  command   {command[0]}",
        *(f"            {line}" for line in command[1:]),
        f"  folder    {printable(approval['cwd'])}",
    ]
    programs = approval.get("executables") or ()
    for number, program in enumerate(programs):
        name = "programs" if number == 0 else ""
        path = program["path"] or "a shell builtin, or not there"
        lines.append(f"  {name:<8}  {printable(program['word'])} = {printable(path)}")
    lines += _origin(approval)
    lines += ["", "It can do whatever it is told to do with the value; its output is scrubbed."]
    return lines


def _command(approval: Mapping[str, Any]) -> list[str]:
    argv = approval.get("argv")
    text = shlex.join(argv) if argv else str(approval["script"])
    # Not splitlines(): it also breaks at characters that a shell does not take for a line's end.
    return [printable(line) for line in text.rstrip("\n").split("\n")]


def _change(approval: Mapping[str, Any]) -> list[str]:
    change = approval.get("change") or {}
    target = f" to {printable(str(change['to']))}" if change.get("to") else ""
    operation = printable(str(change.get("op", "change"))).removeprefix("secret.")
    label = printable(str(change.get("label", ", ".join(approval["labels"]))))
    if operation == "allow":
        what = _ALLOWED.get(str(change.get("scope")), "it")
        reason = printable(str(change.get("to")))
        return [
            f"May {what} found by {label} pass as no secret?",
            *_origin(approval),
            f"  why       {reason}",
        ]
    if operation == "save_file":
        path = printable(str(change.get("to", "")))
        return [
            f"May what this file holds be saved as {label}?",
            f"  file      {path}",
            *_origin(approval),
        ]
    return [f"May {operation} {label}{target}?", *_origin(approval)]


def _origin(approval: Mapping[str, Any]) -> list[str]:
    if not approval.get("notebook"):
        return [f"  asked by  {printable(str(approval.get('role', 'unknown')))}"]
    claimed = " (it says so itself; not checked)" if approval.get("claimed") else ""
    return [f"  notebook  {printable(str(approval['notebook']))}{claimed}"]


def _seconds_left(expires: str | None) -> float:
    try:
        left = (datetime.fromisoformat(expires or "") - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return _LONGEST
    return min(max(left, 0.0), _LONGEST)
