"""The refusal of what nobody has permitted, with the line that permits it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from jupyter_agent.broker import grants, permitting
from jupyter_agent.broker.permitting import Request
from jupyter_agent.errors import GrantRequired, RequestInvalid

_MOST_SAID: Final = 2000
"""Longest script that is repeated in the line that grants it, in characters."""


def required(request: Request, missing: list[str]) -> GrantRequired:
    """What a caller is told whom nobody has permitted this.

    Args:
        request: What it wanted.
        missing: The labels that no grant covers.
    """
    lines = [_granting(request, label) for label in missing]
    return GrantRequired(
        f"This command has no permission to use {', '.join(missing)}.",
        f"Permit it in a terminal: {' && '.join(lines)}",
        data={"grant": lines, "labels": missing},
    )


def _granting(request: Request, label: str) -> str:
    """The line that permits this very run, as short as it can be."""
    where = f" --notebook {shlex.quote(request.notebook)}" if request.notebook else ""
    who = request.actor if request.role == "agent" else None
    where += f" --who {who}" if who else ""
    line = f"jupyter agent grant {label}{where}"
    if len(request.script) > _MOST_SAID:
        return line  # nobody types that; without --command it is the run that was refused last
    for option in ("--command", "--script"):
        field = "pattern" if option == "--command" else "script"
        try:
            made = grants.new_grant({"label": label, field: request.script}, id="", created="")
        except RequestInvalid:
            continue
        alone = replace(made, notebook=request.notebook, who=who)
        if made.script and permitting.permits(alone, label, request, datetime.now(UTC)):
            return f"{line} {option} {shlex.quote(request.script)}"
    return line
