"""``jupyter agent doctor``: is everything in place, and what to do where it is not."""

from __future__ import annotations

from typing import Final

from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal, printable

_STYLE: Final = {"ok": "green", "warn": "yellow", "fail": "red"}


def add(commands: Family) -> None:
    """Add the command to the command line."""
    commands.command(
        "doctor",
        doctor,
        "Check the installation: folders, broker, vault, extensions. Starts the broker.",
        examples="  jupyter agent doctor --json",
    )


def doctor(_arguments: Arguments, terminal: Terminal) -> int:
    """Make every check and return 1 where one failed."""
    from jupyter_agent.cli.checks import every_check  # noqa: PLC0415

    checks = every_check()
    width = max(len(check["id"]) for check in checks)
    lines = []
    for check in checks:
        state = terminal.styled(f"{check['state']:<4}", _STYLE[check["state"]])
        lines.append(f"{state}  {check['id']:<{width}}  {printable(check['message'])}")
        if check["hint"]:
            lines.append(f"{'':<{width + 6}}  → {printable(check['hint'])}")
    terminal.answer({"checks": checks}, lines)
    return 1 if any(check["state"] == "fail" for check in checks) else 0
