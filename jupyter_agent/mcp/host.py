"""What one call knows of the program that made it: whether it can show a person an address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal

Action = Literal["accept", "decline", "cancel", "later"]
"""What a person said to an address. ``later``: the host asks when this call has ended, and calls
again. ``accept`` is consent to go there and says nothing about what became of it."""

ShowAddress = Callable[[str, str, str], Awaitable[Action]]


Progress = Callable[[float, str], Awaitable[None]]


@dataclass(slots=True)
class Host:
    """The host of one call.

    Attributes:
        show_address: Has a person asked to open an address (message, address, id of the entry);
            None where the host did not say that it can (URL mode elicitation).
        progress: Tells how it goes on; None where the host did not ask to be told.
        wanted: The address that the host is to show after this call, with its message.
    """

    show_address: ShowAddress | None = None
    progress: Progress | None = None
    wanted: tuple[str, str] | None = field(default=None)


current: Final[ContextVar[Host]] = ContextVar("jupyter_agent_mcp_host")
"""The host of the call that this task answers."""
