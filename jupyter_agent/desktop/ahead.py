"""What is typed before the browser takes it waits, in its order, and nothing else does.

A page may never paint: one that does not answer, or the empty one of a refusal. Its person still
goes to another address, answers what is asked, or clicks, and from then on nothing waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from jupyter_agent.desktop.listening import Listening

_TYPED: Final = frozenset(("key", "text"))
_LEAVES: Final = frozenset(("go", "tab", "close", "new"))


class Ahead:
    """What one viewer has typed ahead.

    Args:
        listening: Whether what is typed arrives.
        carry_out: Does what a message says.
    """

    def __init__(
        self, listening: Listening, carry_out: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        self._listening = listening
        self._carry_out = carry_out
        self._held: deque[dict[str, Any]] = deque()

    @property
    def is_held(self) -> bool:
        """Whether something waits."""
        return bool(self._held)

    async def take(self, message: dict[str, Any]) -> None:
        """Carry a message of the viewer out, or keep it until it arrives."""
        if _has(message, _TYPED) and not self._listening.is_open:
            self._held.append(message)
            return
        if _has(message, _LEAVES):
            self._held.clear()  # it was meant for the page that is left
        elif message.get("mouse") == "mousePressed":
            self._listening.open()
        await self.catch_up()
        await self._carry_out(message)

    async def catch_up(self) -> None:
        """Carry out what waits, if it arrives now."""
        while self._held and self._listening.is_open:
            await self._carry_out(self._held.popleft())


def _has(message: Mapping[str, Any], names: frozenset[str]) -> bool:
    return not names.isdisjoint(message)
