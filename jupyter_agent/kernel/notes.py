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


def show_hits(shell: Any, hits: Mapping[str, int]) -> None:
    """Say which values were replaced in the output: a reason to rotate them."""
    if hits:
        times = ", ".join(f"{label} ({count})" for label, count in sorted(hits.items()))
        show(shell, f"scrubbed from the output: {times}")
