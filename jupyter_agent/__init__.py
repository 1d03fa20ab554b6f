"""Work with AI agents in notebooks; no credential reaches a chat, a notebook, a kernel or a model.

Importing this package is cheap on purpose: every adapter loads only what it needs.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the prebuilt JupyterLab extension lies; called by ``jupyter labextension develop``."""
    return [{"src": "labextension_dist", "dest": "jupyter-agent"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Which module Jupyter Server loads; called while the server starts."""
    return [{"module": "jupyter_agent.server.extension"}]


def load_ipython_extension(shell: Any) -> None:
    """Load the magics and the guard (``%load_ext jupyter_agent``).

    Args:
        shell: The running ``InteractiveShell``.
    """
    from jupyter_agent.kernel.extension import load  # noqa: PLC0415  (keeps the import cheap)

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take magics and guard out again (``%unload_ext``, ``%reload_ext``).

    Args:
        shell: The running ``InteractiveShell``.
    """
    from jupyter_agent.kernel.extension import unload  # noqa: PLC0415  (keeps the import cheap)

    unload(shell)
