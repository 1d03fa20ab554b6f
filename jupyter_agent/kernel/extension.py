"""Loading into IPython, and unloading again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.kernel import manual
from jupyter_agent.kernel.completion import Completion
from jupyter_agent.kernel.guard import Guard

_MAGICS: Final = (
    ("cell", "agent_run"),
    ("line", "secret"),
    ("line", "agent_egress"),
    ("line", "desktop"),
    ("cell", "agent_chat"),
    ("line", "agent_chat"),
)
_SHORT: Final = "chat"
"""A shorter name for ``%%agent_chat``, where nobody else has it."""
_KEY: Final = "jupyter_agent"


@dataclass(frozen=True, slots=True)
class _Loaded:
    guard: Guard
    completion: Completion


def load(shell: Any) -> None:
    """Put guard, magics and completion into a shell. Doing it twice is doing it once.

    Args:
        shell: The running ``InteractiveShell``.
    """
    if _KEY in shell.meta:
        return
    loaded = _Loaded(Guard(shell), Completion(shell))
    # The guard first: whatever fails after it, cells are screened.
    loaded.guard.install()
    shell.meta[_KEY] = loaded
    _register_magics(shell)
    shell.input_transformers_cleanup.append(manual.with_body)
    loaded.completion.install()


def unload(shell: Any) -> None:
    """Take everything out again that ``load`` put in.

    Args:
        shell: The running ``InteractiveShell``.
    """
    loaded = shell.meta.pop(_KEY, None)
    if loaded is None:
        return
    loaded.completion.uninstall()
    if manual.with_body in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(manual.with_body)
    cells = shell.magics_manager.magics["cell"]
    if _SHORT in cells and cells[_SHORT] == cells.get("agent_chat"):
        del cells[_SHORT]
    for kind, name in _MAGICS:
        shell.magics_manager.magics[kind].pop(name, None)
    for name in ("ChatMagics", "EgressMagics"):  # they hold something open
        if magics := shell.magics_manager.registry.pop(name, None):
            magics.close()
    loaded.guard.uninstall()


def _register_magics(shell: Any) -> None:
    from jupyter_agent.kernel.chat_magic import ChatMagics  # noqa: PLC0415
    from jupyter_agent.kernel.desktop_magic import DesktopMagics  # noqa: PLC0415
    from jupyter_agent.kernel.egress_magic import EgressMagics  # noqa: PLC0415
    from jupyter_agent.kernel.run_magic import RunMagics  # noqa: PLC0415
    from jupyter_agent.kernel.secret_magic import SecretMagics  # noqa: PLC0415

    shell.register_magics(ChatMagics, DesktopMagics, EgressMagics, RunMagics, SecretMagics)
    cells = shell.magics_manager.magics["cell"]
    cells.setdefault(_SHORT, cells["agent_chat"])
