"""One request on its way through, and what answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from jupyter_agent import wire
from jupyter_agent.broker.callers import Caller, require
from jupyter_agent.broker.matching import Texts
from jupyter_agent.broker.permission import Emit
from jupyter_agent.broker.run import Run


@dataclass(slots=True)
class Ask:
    """One request on its way through.

    Attributes:
        caller: Who asks.
        message: The request.
        emit: Sends an event about it.
        runs: The runs of this conversation, by request id; its own is there from the beginning.
        texts: What this conversation has sent of texts that come in parts.
    """

    caller: Caller
    message: wire.Message
    emit: Emit
    runs: dict[int, Run] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)


Operation = Callable[[Ask], Awaitable[wire.Message]]


def for_persons(operation: Operation) -> Operation:
    """The operation, for nobody but a person."""

    async def checked(ask: Ask) -> wire.Message:
        require(ask.caller, "person")
        return await operation(ask)

    return checked
