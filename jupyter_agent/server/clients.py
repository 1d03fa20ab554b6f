"""Guard B: what a kernel client inside this server sends is screened before it reaches a kernel.

Executors that run cells on the server, tools for agents and MCP servers do not come through a
page's websocket. They ask a kernel's manager for a client, so that is where every client gets its
guard. The screening itself is done where messages leave: in the client's session.

A client that connects to a kernel's sockets by itself, and one that another library makes without
the server's managers, are not seen here; an IPython kernel has a guard of its own for those.
"""

from __future__ import annotations

import functools
from logging import Logger
from typing import Any, Final

from jupyter_agent.server.asking import Asking
from jupyter_agent.server.endings import Endings
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.guarded_client import guarded_client
from jupyter_agent.server.seen import SeenInOutput

_CLASSES: Final = ("client_factory", "blocking_class")
"""Traits of a kernel's manager that hold the classes of its clients."""

_FACTORY: Final = "kernel_manager_factory"
"""Trait of the server's ``MultiKernelManager``: makes each kernel's manager."""


class GuardedClients:
    """Gives every kernel manager of this server guarded clients.

    Args:
        gate: Decides by the rules.
        asking: Decides by all there is, where somebody can be asked.
        seen: Knows what is replaced in output, and is told where that was done.
        log: Told what was stopped, never what it said.
        endings: Told when a kernel is interrupted or restarted.
    """

    def __init__(
        self, gate: Gate, asking: Asking, seen: SeenInOutput, log: Logger, endings: Endings
    ) -> None:
        self._gate = gate
        self._asking = asking
        self._seen = seen
        self._log = log
        self._endings = endings

    def watch(self, kernel_manager: Any) -> None:
        """Guard the clients of all kernels, now and later.

        Args:
            kernel_manager: The server's ``MultiKernelManager``.
        """
        if not hasattr(kernel_manager, _FACTORY):
            self._log.warning("jupyter_agent: clients of these kernels can't be guarded here.")
            return
        for kernel_id in kernel_manager.list_kernel_ids():
            self._guard(kernel_manager.get_kernel(kernel_id))
        # What the factory's trait is set to later is wrapped as well.
        kernel_manager.observe(lambda _: self._wrap_factory(kernel_manager), _FACTORY)
        self._wrap_factory(kernel_manager)

    def _wrap_factory(self, kernel_manager: Any) -> None:
        make = getattr(kernel_manager, _FACTORY)
        if getattr(make, "jupyter_agent_guards", False):
            return

        @functools.wraps(make)
        def factory(*args: Any, **kwargs: Any) -> Any:
            manager = make(*args, **kwargs)
            self._guard(manager)
            return manager

        factory.jupyter_agent_guards = True  # type: ignore[attr-defined]
        setattr(kernel_manager, _FACTORY, factory)

    def _guard(self, manager: Any) -> None:
        self._endings.watch(manager)
        for name in _CLASSES:
            if manager.has_trait(name):
                self._guard_class(manager, name)
                # Whoever sets another class gets that one guarded; `client_class` sets it, too.
                manager.observe(lambda change: self._guard_class(manager, change["name"]), name)

    def _guard_class(self, manager: Any, name: str) -> None:
        given = getattr(manager, name)
        guarded = guarded_client(given, self._gate, self._asking, self._seen, self._log)
        if guarded is not given:
            setattr(manager, name, guarded)
