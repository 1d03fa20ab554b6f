"""Who decides about each use of a value on a way, and what there is to say about one. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from jupyter_agent.errors import EgressRefused
from jupyter_agent.scrub import Scrubber


@dataclass(slots=True)
class Seen:
    """What there is to say about one use: a request and its answer, or a connection.

    Attributes:
        method: What was done, in one word of the protocol: ``GET``, ``CONNECT``.
        path: Behind the origin, without a query, in which values may stand.
        origin: Where it goes, where a way leads to more than one place; else "".
        place: Where in it the value goes, in words; likewise.
        status: Of the answer, or None where there was none.
        sent: Bytes that went out, without heads.
        received: Bytes that went to the caller, scrubbed.
        hits: How often the value was replaced on the way back.
    """

    method: str
    path: str
    origin: str = ""
    place: str = ""
    status: int | None = None
    sent: int = 0
    received: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Granted:
    """What one use may have.

    Attributes:
        values: Label → value, in the order of the way's labels.
        scrubber: Knows them, in every form.
    """

    values: Mapping[str, bytes] = field(repr=False)
    scrubber: Scrubber

    @property
    def value(self) -> bytes:
        """The value of the way's first label."""
        return next(iter(self.values.values()))

    def __repr__(self) -> str:
        return "<Granted>"


class Warden(Protocol):
    """Who decides about each use, and writes it down. The broker is one."""

    async def begin(self, seen: Seen) -> Granted:
        """Permit one use, in writing, or raise what stands against it."""
        ...

    def end(self, seen: Seen) -> None:
        """Write down soon how it ended."""
        ...

    async def until_over(self) -> None:
        """Return when what permitted this way was taken back, or its time is over.

        For uses that last: a connection that was permitted an hour ago.
        """
        ...


Admit = Callable[[tuple[str, int], tuple[str, int]], Awaitable[bool]]
"""Whether the program at the other end of a connection may use it; takes its address and ours."""


def not_yours() -> EgressRefused:
    """What a program is told that a way was not opened for."""
    return EgressRefused(
        "This way out belongs to another program.",
        "Open one of your own: %agent_egress LABEL, or jupyter agent egress LABEL. It is for what "
        "was started there and is still a descendant, which a daemon is not.",
        data={"rule": "program"},
    )
