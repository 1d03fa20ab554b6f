"""What a person may ask about the record of uses (docs/protocol.md, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker.callers import require
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.trail import Trail

if TYPE_CHECKING:
    from jupyter_agent.broker.ask import Ask, Operation

_LIMIT: Final = 1000


class AuditOperations:
    """The operations ``audit.…``.

    Args:
        safe: Holds the record.
    """

    def __init__(self, safe: Safe) -> None:
        self._safe = safe
        self.table: Mapping[str, Operation] = {
            "audit.read": self._read,
            "audit.verify": self._verify,
        }

    async def _read(self, ask: Ask) -> wire.Message:
        require(ask.caller, "person")
        label = wire.optional_text(ask.message, "label")
        since = wire.optional_text(ask.message, "since")
        events = await self._safe.read_audit(Trail.events)
        return page(
            events,
            wanted=lambda event: (
                (label is None or label in event.get("labels", ()))
                and (since is None or str(event.get("time", "")) >= since)
            ),
            before=_number(ask.message, "before", len(events)),
            limit=_number(ask.message, "limit", _LIMIT),
        )

    async def _verify(self, ask: Ask) -> wire.Message:
        require(ask.caller, "person")
        count, broken = await self._safe.read_audit(Trail.verify)
        return {"ok": broken is None, "events": count, "broken_at": broken}


def page(events: list[dict[str, Any]], *, wanted: Any, before: int, limit: int) -> wire.Message:
    """The newest of the events that are wanted, as many as fit into one line.

    Args:
        events: Every event, oldest first; each is known by its place, which never changes, because
            the record only grows.
        wanted: Says which count.
        before: Only those in front of this place.
        limit: At most so many.

    Returns:
        ``{"events": [...], "earlier": n|null}``: oldest first, and where to go on (``before``) if
        there are more.
    """
    chosen: list[dict[str, Any]] = []
    size, first = 0, before
    for place in range(min(before, len(events)) - 1, -1, -1):
        event = events[place]
        if not wanted(event):
            continue
        size += len(wire.encode(event))
        if len(chosen) == limit or (chosen and size > wire.PAGE):
            return {"events": chosen[::-1], "earlier": first}
        chosen.append(event)
        first = place
    return {"events": chosen[::-1], "earlier": None}


def _number(message: wire.Message, name: str, default: int) -> int:
    number = message.get(name)
    return number if isinstance(number, int) and number > 0 else default
