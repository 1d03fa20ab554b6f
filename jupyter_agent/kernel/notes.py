"""Our own words below a cell's output: small, and told apart from what the command says."""

from __future__ import annotations

import html
import sys
from collections.abc import Mapping
from typing import Any

from jupyter_agent.kernel.identity import has_terminal


def show(shell: Any, note: str) -> None:
    """Show a note.

    Args:
        shell: The running ``InteractiveShell``.
        note: One sentence, plain text.
    """
    if has_terminal(shell):
        print(f"\x1b[2m{note}\x1b[0m", file=sys.stderr)  # noqa: T201  (the magic's own output)
        return
    style = "color:var(--jp-ui-font-color2,gray);font-size:85%"
    bundle = {"text/plain": note, "text/html": f'<span style="{style}">{html.escape(note)}</span>'}
    shell.display_pub.publish(data=bundle)


def show_hits(shell: Any, result: Mapping[str, Any]) -> None:
    """Say which values were replaced in the output, and what follows from that.

    Args:
        shell: The running ``InteractiveShell``.
        result: Of the run (docs/protocol.md).
    """
    hits, seen = result.get("hits") or {}, result.get("seen") or []
    if hits:
        times = ", ".join(f"{label} ({count})" for label, count in sorted(hits.items()))
        show(shell, f"scrubbed from the output: {times}")
    for each in seen:
        if each["where"] != "run":
            at = f" Revoke it at {each['revoke']}" if each.get("revoke") else ""
            note = "was not granted to this run, and it printed it: treat it as exposed, rotate it."
            show(shell, f"{each['label']} {note}{at}")


def show_withheld(shell: Any, result: Mapping[str, Any]) -> None:
    """Say why nothing is shown of what the command printed."""
    if labels := result.get("withheld"):
        sizes = result["bytes"]
        show(
            shell,
            f"output not shown ({sizes['stdout']} + {sizes['stderr']} bytes): {', '.join(labels)} "
            "is too short to be replaced in every form; show it all the same: --show-output",
        )
