"""One way out: decides about each request on it, and writes it down."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker import permitting, policy
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.run_record import spoken
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.trail import Trail
from jupyter_agent.broker.way_permits import Permits, Permitted
from jupyter_agent.errors import AgentError, GrantDenied, VaultError
from jupyter_agent.screen import Screener, mask
from jupyter_agent.scrub import Scrubber

if TYPE_CHECKING:  # loading TLS and HTTP costs 40 ms, which is for the first use
    from jupyter_agent.egress.kind import Kind
    from jupyter_agent.egress.warden import Granted, Seen
    from jupyter_agent.vault.vault import Vault

_LAST_WORDS: Final = 1.0  # seconds
_LOOK_AGAIN: Final = 20.0  # seconds


def again(label: str) -> str:
    """How a way is opened once more, in a notebook and in a terminal.

    Args:
        label: Whose.
    """
    return f"%agent_egress {label}, or jupyter agent egress {label}, with the options it had."


class Way:
    """One open way, of whatever kind: decides about each use, and writes it down.

    Args:
        kind: Where it leads, and how.
        caller: Whose it is.
        permits: What it was permitted.
        safe: Vault and audit.
        screener: For what the audit says of a path.
    """

    def __init__(  # noqa: PLR0913  (what a way consists of)
        self,
        kind: Kind,
        caller: Caller,
        permits: Permits,
        *,
        safe: Safe,
        screener: Screener,
        closed: asyncio.Event,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.kind = kind
        self.caller = caller
        self.opened = wire.timestamp()
        self.requests = 0
        self.gone = asyncio.Event()
        self._permits = permits
        self._safe = safe
        self._screener = screener
        self._closed = closed
        self._again = asyncio.Event()
        self._scrubber: tuple[dict[str, bytes], Scrubber] | None = None
        self._begun: dict[int, tuple[str, float]] = {}
        self._writing: set[asyncio.Future[None]] = set()

    def close(self) -> None:
        """End it."""
        self._closed.set()

    def reconsider(self) -> None:
        """Look again whether it is still permitted, where something lasts on it."""
        self._again.set()
        self._again = asyncio.Event()

    def to_json(self) -> wire.Message:
        """As a person sees it."""
        return {
            "id": self.id,
            "label": self.kind.label,
            "origin": self.kind.origin or self.kind.title,
            "place": self.kind.place,
            "notebook": self.caller.notebook or self.caller.claimed,
            "actor": self.caller.name,
            "opened": self.opened,
            "requests": self.requests,
        }

    async def begin(self, seen: Seen) -> Granted:
        """Permit one request, in writing.

        Raises:
            VaultLocked: The vault is closed.
            GrantRequired: Nobody has permitted it, and nobody is there to ask.
            GrantDenied: It was denied, or what permitted it was taken back, or its time is over.
            VaultError: The audit can't be written; nothing is sent.
        """
        from jupyter_agent.egress.warden import Granted  # noqa: PLC0415

        run = secrets.token_hex(8)
        seen.origin, seen.place = seen.origin or self.kind.origin, seen.place or self.kind.place
        permitted = await self._permits.of(seen.origin, seen.place)
        try:
            values = await self._safe.use_with_trail(
                lambda vault, trail: self._values_in_writing(run, seen, permitted, vault, trail)
            )
        except GrantDenied:
            if self.kind.origin:  # there is no other that it may still lead to
                self._close_soon()
            else:
                self._permits.forget(seen.origin)
            raise
        except OSError:
            raise VaultError(
                "Nothing is sent: the audit can't be written.",
                "Make room on the disk; see: jupyter agent doctor",
            ) from None
        self.requests += 1
        self._begun[id(seen)] = run, time.monotonic()
        self._safe.count_use(list(self.kind.labels))
        return Granted(values, self._scrubber_for(values).sibling())

    def _values_in_writing(
        self, run: str, seen: Seen, permitted: Permitted, vault: Vault, trail: Trail
    ) -> dict[str, bytes]:
        values = self._values(vault, permitted)
        trail.append(
            self._line(run, permitted.decision, self._written(seen, self._scrubber_for(values)))
        )
        return values

    def _line(self, run: str, decision: str, command: str) -> dict[str, Any]:
        return {
            "run": run,
            "time": wire.timestamp(),
            "actor": self.caller.name,
            "notebook": self.caller.notebook,
            "labels": list(self.kind.labels),
            **spoken(self._permits.why),
            "command": command,
            "decision": decision,
            "exit": None,
            "seconds": None,
            "bytes": None,
            "hits": {},
        }

    async def until_over(self) -> None:
        """Return when what permitted this way was taken back, or its time is over."""
        permitted = await self._permits.of(self.kind.origin, self.kind.place)
        while True:
            again = self._again  # before the look: a change meanwhile is not missed
            try:
                left = await self._safe.use(lambda vault: self._seconds_left(vault, permitted))
            except AgentError:
                self._close_soon()
                return
            with contextlib.suppress(TimeoutError):
                # Grants end by the calendar, which goes on while this loop's clock stands still
                # (the machine sleeps) and may be set.
                async with asyncio.timeout(None if left is None else min(left, _LOOK_AGAIN)):
                    await again.wait()

    def _close_soon(self) -> None:
        # Not at once: the caller shall still read why.
        asyncio.get_running_loop().call_later(_LAST_WORDS, self.close)

    def end(self, seen: Seen) -> None:
        """Write down soon how it ended."""
        run, began = self._begun.pop(id(seen))
        event = {
            "run": run,
            "exit": seen.status,
            "seconds": round(time.monotonic() - began, 3),
            "bytes": seen.received,
            "hits": {self.kind.label: seen.hits} if seen.hits else {},
        }
        writing = asyncio.ensure_future(self._write(event))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def _write(self, event: dict[str, Any]) -> None:
        # What was sent is written down already; a disk that is full by now can't take that back.
        with contextlib.suppress(OSError, AgentError):
            await self._safe.record(event)

    async def written(self) -> None:
        """Return when every end is written down."""
        await asyncio.gather(*self._writing)

    def _values(self, vault: Vault, permitted: Permitted) -> dict[str, bytes]:
        # Again for each use: a grant that was taken back, or is over, counts no more.
        self._seconds_left(vault, permitted)
        return {label: vault.get(label).reveal() for label in self.kind.labels}

    def _seconds_left(self, vault: Vault, permitted: Permitted) -> float | None:
        """For how long it is still permitted; None for as long as nobody takes it back."""
        standing = {grant.id: grant for grant in policy.all_grants(vault)}
        now = datetime.now(UTC)
        rests = [standing.get(each) for each in permitted.grants]
        untils = [
            (datetime.fromisoformat(grant.until) - now).total_seconds()
            for grant in rests
            if grant is not None and grant.until is not None
        ]
        if any(grant is None or grant.is_over(now) for grant in rests) or permitting.forbidding(
            standing.values(), permitted.request, now
        ):
            raise GrantDenied(
                f"The permission to use {self.kind.label} here is over.",
                f"Ask again: {again(self.kind.label)}",
            )
        return min(untils, default=None)

    def _scrubber_for(self, values: dict[str, bytes]) -> Scrubber:
        if self._scrubber is None or self._scrubber[0] != values:
            scrubber = Scrubber(self.kind.forms(values))
            # At once and not after much output, as runs do it: a way lives long.
            threading.Thread(target=scrubber.hasten, name="scrub-compile", daemon=True).start()
            self._scrubber = values, scrubber
        return self._scrubber[1]

    def _written(self, seen: Seen, scrubber: Scrubber) -> str:
        # Some services put keys into paths; the query is never written at all.
        one = scrubber.sibling()
        path = (one.feed(seen.path.encode()) + one.finish()).decode(errors="replace")
        line = f"{seen.method} {seen.origin}{path}"
        try:
            return mask(line, self._screener.screen(line))
        except AgentError:
            return f"{seen.method} {seen.origin}/[not screened in time]"
