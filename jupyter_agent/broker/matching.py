"""The broker's exact recognition of stored values in a text (docs/architecture.md, "No oracles").

A person is told every value and where it stands. A kernel or a guest gets one answer for a text,
a label or nothing, about strong values only, so many times a second, and its hits are written down.
Guests may ask too, because the guard in a kernel that no server of ours has started is a guest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from jupyter_agent import wire
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.exposures import Exposures
from jupyter_agent.broker.opened import OpenedValues, Values
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import AgentError, RequestInvalid
from jupyter_agent.scrub.matcher import Match

T = TypeVar("T")

MAX_TEXT: Final = 16 * 1024 * 1024
"""Longest text, in bytes of UTF-8."""

MAX_MATCHES: Final = 1000
"""Most matches in one answer. Whoever masks them asks again until there is none."""

_MOST_BEGUN: Final = 8  # texts of one conversation that are not complete yet
_AT_ONCE: Final = 16 * 1024  # bytes that are quicker matched here than handed to a thread

_TICKETS: Final = 300.0
_TICKETS_A_SECOND: Final = 60.0
_BYTES_A_TICKET: Final = 64 * 1024


class Texts:
    """Texts that one conversation sends in parts, because a line is too short for them."""

    def __init__(self) -> None:
        self._begun: dict[int, list[str]] = {}
        self._size = 0

    def take(self, message: wire.Message) -> str | None:
        """The whole text, once its last part is here.

        Args:
            message: With ``text``, and for a part ``of`` (a number that the caller has chosen) and,
                unless it is the last one, ``more``.

        Raises:
            RequestInvalid: It is too long, or too many are begun.
        """
        part = wire.text(message, "text")
        number = message.get("of")
        if number is None:
            return part
        if not isinstance(number, int) or (
            number not in self._begun and len(self._begun) >= _MOST_BEGUN
        ):
            raise RequestInvalid("Too many texts are begun at once.", "Send them one by one.")
        parts = self._begun.setdefault(number, [])
        parts.append(part)
        self._size += len(part)
        if self._size > MAX_TEXT:
            self._forget(number)
            raise _too_long()
        if message.get("more") is True:
            return None
        self._forget(number)
        return "".join(parts)

    def _forget(self, number: int) -> None:
        self._size -= sum(map(len, self._begun.pop(number)))


class Pace:
    """So many texts a second for each caller that could use answers to guess.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def spend(self, who: str, size: int) -> None:
        """Count a text.

        Args:
            who: A kernel's own name; all guests together have one, because anybody can be many.
            size: Bytes.

        Raises:
            RequestInvalid: It is one too many.
        """
        now = self._clock()
        left, then = self._left.get(who, (_TICKETS, now))
        left = min(_TICKETS, left + (now - then) * _TICKETS_A_SECOND)
        price = 1 + size / _BYTES_A_TICKET
        if price > left:
            self._left[who] = (left, now)
            raise RequestInvalid(
                "Too many texts were sent to be matched.", "Wait a moment, then try again."
            )
        self._left[who] = (left - price, now)


class Matching:
    """Answers ``match``.

    Args:
        safe: Holds the record of uses.
        values: Every value.
        exposures: Remembers where one was seen.

    Attributes:
        pace: Held by everybody who is no person.
    """

    def __init__(self, safe: Safe, values: OpenedValues, exposures: Exposures) -> None:
        self._safe = safe
        self._values = values
        self._exposures = exposures
        self.pace = Pace()
        self._large = asyncio.Lock()  # one at a time: they are what takes memory

    async def answer(self, caller: Caller, text: str) -> wire.Message:
        """What a caller gets to know of a text.

        Returns:
            For a person ``{"matches": [...], "values"}``, for others ``{"label"}``.

        Raises:
            RequestInvalid: It is too long, or one of too many.
            VaultLocked: A person has locked the vault.
            AgentError: The vault can't be opened.
        """
        raw = text.encode("utf-8", "surrogatepass")
        if len(raw) > MAX_TEXT:
            raise _too_long()
        if caller.role == "person":
            known = await self._values.recognising()
            found = [] if known is None else await self._work(raw, known.matcher.every)
            return {
                "matches": _in_code_points(found[:MAX_MATCHES], raw, known),
                "values": "" if known is None else known.name,
            }
        self.pace.spend(caller.kernel_id or caller.name, len(raw))
        known = await self._values.recognising()
        label = None if known is None else await self._work(raw, known.matcher.first)
        if label is not None:
            await self._record(caller, label)
        return {"label": label}

    async def _work(self, raw: bytes, ask: Callable[[bytes], T]) -> T:
        if len(raw) <= _AT_ONCE:
            return ask(raw)
        async with self._large:
            return await asyncio.to_thread(ask, raw)

    async def _record(self, caller: Caller, label: str) -> None:
        """A hit is written down, and the value counts as exposed."""
        notebook = caller.notebook or caller.claimed or ""
        with suppress(AgentError, OSError):  # the answer does not wait for a disk to have room
            await self._safe.record(
                {
                    "time": wire.timestamp(),
                    "actor": caller.name,
                    "notebook": caller.notebook,
                    "labels": [label],
                    "command": "",
                    "decision": "matched",
                    "exit": None,
                    "seconds": None,
                    "bytes": None,
                    "hits": {label: 1},
                }
            )
            await self._exposures.seen([label], "cell", notebook)


def _in_code_points(found: list[Match], raw: bytes, known: Values | None) -> list[dict[str, Any]]:
    """Matches as they are told, counted in code points of the text."""
    told: list[dict[str, Any]] = []
    at_byte = at_point = 0
    for match in found:
        start = at_point + len(_text(raw[at_byte : match.start]))
        end = start + len(_text(raw[match.start : match.end]))
        at_byte, at_point = match.end, end
        kind = known.kinds[match.label] if known else ""
        place = {"start": start, "end": end, "exact": match.exact}
        told.append({"label": match.label, "kind": kind, **place})
    return told


def _text(raw: bytes) -> str:
    # A value of any bytes may begin or end inside a character.
    return raw.decode("utf-8", "replace")


def _too_long() -> RequestInvalid:
    return RequestInvalid(
        "That text is too long to be matched.", f"A text has at most {MAX_TEXT // 2**20} MiB."
    )
