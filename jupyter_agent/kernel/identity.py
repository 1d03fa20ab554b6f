"""Who this IPython is when it calls the broker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

CAPABILITY: Final = "JUPYTER_AGENT_CAPABILITY"
"""Set by the server for each kernel it starts; useless to any other process."""


def hello(shell: Any, environ: Mapping[str, str] | None = None) -> Hello:
    """A kernel, where our server gave it a capability; else a guest.

    A capability that the broker refuses is an error the person sees. Calling again as a guest
    would work, and hide that something took another kernel's place.

    Args:
        shell: The running ``InteractiveShell``.
        environ: Where the capability stands; ours, if none is given.
    """
    environ = os.environ if environ is None else environ
    claims = {"program": "IPython kernel" if is_kernel(shell) else "IPython"}
    if notebook := _notebook(shell, environ):
        claims["notebook"] = notebook
    if capability := environ.get(CAPABILITY):
        return Hello(role="kernel", proof={"capability": capability}, claims=claims)
    return Hello(role="guest", claims=claims)


def agent_hello(shell: Any, environ: Mapping[str, str] | None = None) -> Hello:
    """This shell as its chat cells are: an agent, for which every use is asked.

    Without a capability there is no agent to be: then a guest, as the rest of the shell.

    Args:
        shell: The running ``InteractiveShell``.
        environ: As in ``hello``.
    """
    mine = hello(shell, environ)
    claims = {**mine.claims, "program": "chat cell"}
    return Hello("agent" if mine.role == "kernel" else mine.role, mine.proof, claims)


def open_client(shell: Any, *, start: bool = True, seconds: float | None = None) -> Client:
    """A conversation with the broker; close it as soon as its answer is there.

    One for each use, because a closed conversation is what ends a run for certain.

    Args:
        shell: The running ``InteractiveShell``.
        start: Start a broker where none answers.
        seconds: The longest wait for anything it is to say; None waits for ever.

    Raises:
        AgentError: See ``Client``.
    """
    return Client(Folders.of(), hello(shell), start=start, seconds=seconds)


def is_kernel(shell: Any) -> bool:
    """Whether this shell serves Jupyter messages (a notebook, a console, nbclient)."""
    return hasattr(getattr(shell, "kernel", None), "shell_handlers")


def has_terminal(shell: Any) -> bool:
    """Whether a person sits at this shell's own terminal and can be asked there."""
    # By name: importing IPython.terminal into a kernel would load prompt_toolkit.
    names = {kind.__name__ for kind in type(shell).__mro__}
    return "TerminalInteractiveShell" in names and os.isatty(0) and os.isatty(2)


def _notebook(shell: Any, environ: Mapping[str, str]) -> str:
    # Jupyter Server and VS Code each say it their own way. Both are claims: anything in the
    # kernel can change them, so the broker shows them and trusts neither.
    claimed = environ.get("JPY_SESSION_NAME") or shell.user_ns.get("__vsc_ipynb_file__")
    return claimed if isinstance(claimed, str) else ""
