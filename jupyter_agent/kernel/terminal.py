"""What ``--pty`` asks for in a notebook: a terminal without a keyboard."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, Final

ENVIRONMENT: Final = {"TERM": "xterm-256color"}
"""What JupyterLab and nbconvert show: 256 colours. Kernels say another one of themselves."""

UNANSWERED: Final = (
    "The script waits for something hidden, such as a password. "
    "Stop it, and let it be typed by label: --answer LABEL"
)

_ROWS, _COLS = 24, 100  # as wide as a cell's output in a usual window


def wanted(answers: tuple[str, ...]) -> dict[str, Any]:
    """The field `terminal` of the `run` request.

    Args:
        answers: Labels that are typed at hidden prompts.
    """
    rows, cols = _ROWS, _COLS
    with suppress(OSError):  # IPython in a terminal; a kernel's own output is none
        cols, rows = os.get_terminal_size(1)
    return {"rows": rows, "cols": cols, "keyboard": False, "answers": list(answers)}
