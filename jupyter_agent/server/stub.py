"""The request that goes to an IPython kernel in place of one that was stopped."""

from __future__ import annotations

from typing import Any

from jupyter_agent.screen import stub
from jupyter_agent.screen.box import Stop


def content(stop: Stop, asked: dict[str, Any]) -> dict[str, Any]:
    """The ``execute_request`` content that goes to the kernel.

    Args:
        stop: Why the cell was stopped.
        asked: The content that was stopped; only its ``stop_on_error`` is taken over.
    """
    return {
        "code": stub.code(stop),
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": asked.get("stop_on_error", True) is not False,
    }
