"""What is known about Jupyter AI's chat, ``jupyterlab-chat``: for the server and for ``doctor``."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

PACKAGE: Final = "jupyterlab_chat"

TRIED: Final = ("0.25",)
"""Versions that messages were screened in, up to the second number. Those before it know real-time
collaboration only."""

COLLABORATION: Final = ("jupyter_server_documents", "jupyter_server_ydoc")
"""Server extensions under which a page writes messages into a shared document by itself."""

MCP: Final = "jupyter_server_mcp"
MCP_PORT: Final = 3001
"""Where it listens, unless it is told otherwise; it asks nobody for a token."""


def installed() -> str:
    """The version of the chat in this environment, or "" where there is none."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return ""


def is_tried(number: str) -> bool:
    """Whether a version is one of those that were tried."""
    return ".".join(number.split(".")[:2]) in TRIED
