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


def runs_ipython(kernel_manager: Any) -> bool:
    """Whether the kernel behind a manager can run the stub.

    What the kernel says of itself (kernel_info_reply) counts; one that has not answered yet is
    known by how it is started.

    Args:
        kernel_manager: The kernel's manager, of whatever class.
    """
    if hasattr(kernel_manager, "kernels_url"):
        return False  # a gateway's: this server has no kernelspec of it
    future = getattr(kernel_manager, "_kernel_info_future", None)
    if future is not None and future.done() and future.exception() is None:
        info = future.result() or {}
        if "implementation" in info:
            return bool(info["implementation"] == "ipython")
    spec = getattr(kernel_manager, "kernel_spec", None)
    return bool({"ipykernel_launcher", "ipykernel"} & set(getattr(spec, "argv", ())))
