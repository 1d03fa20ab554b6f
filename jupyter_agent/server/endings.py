"""What waits to be screened while a person interrupts or restarts its kernel does not run after it.

Without a guard such a cell would have reached the kernel before the person's hand did: an interrupt
ends it and what is queued behind it, and a restart ends everything.
"""

from __future__ import annotations

import functools
from typing import Any, Final
from weakref import WeakKeyDictionary

_METHODS: Final = ("interrupt_kernel", "restart_kernel")


class Endings:
    """How often the kernels of this server were interrupted or restarted."""

    def __init__(self) -> None:
        self._counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()

    def count(self, manager: Any) -> int:
        """How often that was done to one kernel so far.

        Args:
            manager: The kernel's.
        """
        return self._counts.get(manager, 0)

    def add(self, manager: Any) -> None:
        """It is being done now."""
        self._counts[manager] = self.count(manager) + 1

    def watch(self, manager: Any) -> None:
        """Count what is done to a kernel by its manager from now on, whoever asks for it."""
        for name in _METHODS:
            if (method := getattr(manager, name, None)) is not None:
                setattr(manager, name, self._counting(manager, method))

    def _counting(self, manager: Any, method: Any) -> Any:
        @functools.wraps(method)
        def counting(*args: Any, **kwargs: Any) -> Any:
            self.add(manager)
            return method(*args, **kwargs)

        return counting
