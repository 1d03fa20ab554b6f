"""Asking a person: open approvals, who watches them, and the answer.

An approval is bound to exactly what was asked: its id and nonce name one request that waits here,
and an answer settles that request and nothing else. Nobody answering is a no.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from jupyter_agent import wire
from jupyter_agent.errors import AgentError, GrantDenied, RequestInvalid

Answer = Literal["once", "always", "deny"]
ANSWERS: Final = ("once", "always", "deny")
SECONDS_TO_ANSWER: Final = 120.0
_MOST_OPEN: Final = 64
_MOST_UNREAD: Final = 256  # events; a watcher that does not read must not fill the memory


@dataclass(frozen=True, slots=True)
class Asked:
    """One open approval.

    Attributes:
        approval_id: Its public name.
        nonce: Has to come back with the answer; only persons get to see it.
        details: What is shown: labels, script, folder, notebook and so on; never a value.
        expires: When silence becomes a no, RFC 3339 UTC.
        answer: Where the answer will be.
    """

    approval_id: str
    nonce: str
    details: dict[str, Any]
    expires: str
    answer: asyncio.Future[Answer]

    def to_json(self) -> dict[str, Any]:
        """As a person sees it."""
        own = {"approval_id": self.approval_id, "nonce": self.nonce, "expires": self.expires}
        return {**self.details, **own}


class Watcher:
    """One approver's events.

    Attributes:
        behind: It has not read for too long, and gets no more.
    """

    def __init__(self) -> None:
        self._events: asyncio.Queue[wire.Message] = asyncio.Queue(_MOST_UNREAD)
        self.behind = False

    def tell(self, event: wire.Message) -> None:
        """Add an event."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.behind = True

    async def next(self) -> wire.Message:
        """The next event.

        Raises:
            AgentError: Some were lost, because it read too slowly.
        """
        if self.behind:
            raise AgentError("Events were lost, because nobody read them.", "Watch again.")
        return await self._events.get()


class Approvals:
    """The open approvals and the persons who watch them.

    Args:
        seconds: How long a person has for an answer.
    """

    def __init__(self, seconds: float = SECONDS_TO_ANSWER) -> None:
        self._seconds = seconds
        self._open: dict[str, Asked] = {}
        self._watchers: set[Watcher] = set()

    @property
    def watchers(self) -> int:
        """How many approvers there are."""
        return len(self._watchers)

    def to_json(self) -> list[dict[str, Any]]:
        """Every open approval."""
        return [asked.to_json() for asked in self._open.values()]

    def tell(self, event: wire.Message) -> None:
        """Send an event to everyone who watches."""
        for watcher in self._watchers.copy():
            watcher.tell(event)
            if watcher.behind:  # who does not listen can't be asked
                self._watchers.discard(watcher)

    @contextmanager
    def watch(self) -> Iterator[Watcher]:
        """Be an approver; what is open comes first."""
        watcher = Watcher()
        for asked in self._open.values():
            watcher.tell(_opened(asked))
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def ask(
        self, details: dict[str, Any], show: Callable[[Asked], Awaitable[None]]
    ) -> Answer:
        """Ask everyone who watches, and wait for the answer.

        Args:
            details: What is shown.
            show: Tells the caller that somebody is being asked. The time runs meanwhile: a caller
                that does not listen must not keep a question open.

        Raises:
            RequestInvalid: It is too long to be shown whole.
            GrantDenied: A person said no, or nobody answered in time; or too many questions are
                open: asking without end must not wear a person down.
        """
        asked = self._ask(details)
        outcome: str = "deny"
        try:
            async with asyncio.timeout(self._seconds):
                await show(asked)
                answer = await asked.answer
            outcome = answer
        except TimeoutError:
            outcome = "timeout"
            raise GrantDenied(
                f"Nobody answered within {self._seconds:g} seconds, which counts as no.",
                "Run it again and answer in JupyterLab, or grant it beforehand.",
            ) from None
        finally:
            del self._open[asked.approval_id]
            self.tell(
                {
                    "event": "approval_closed",
                    "approval_id": asked.approval_id,
                    "answer": outcome,
                }
            )
        if answer == "deny":
            raise GrantDenied("A person denied this.", "Ask them, or change what is run.")
        return answer

    def _ask(self, details: dict[str, Any]) -> Asked:
        if len(self._open) >= _MOST_OPEN:
            raise GrantDenied(
                "Too many requests wait for an answer.", "Answer them in JupyterLab first."
            )
        asked = Asked(
            approval_id=secrets.token_hex(8),
            nonce=secrets.token_urlsafe(32),
            details=details,
            expires=wire.timestamp(datetime.now(UTC) + timedelta(seconds=self._seconds)),
            answer=asyncio.get_running_loop().create_future(),
        )
        if not wire.fits(_opened(asked)):
            # A person decides on what they see, so a part of it is not enough.
            raise RequestInvalid(
                "That command is too long to ask a person about.",
                "Put it into a file and run that, or have it granted beforehand.",
            )
        self._open[asked.approval_id] = asked
        self.tell(_opened(asked))
        return asked

    def withdraw(self, label: str) -> None:
        """Deny what is open about a label: what stands under it is not what was asked about."""
        for asked in self._open.values():
            if label in asked.details["labels"] and not asked.answer.done():
                asked.answer.set_result("deny")

    def settle(self, approval_id: str, nonce: str, answer: Answer) -> None:
        """Answer an open approval.

        Raises:
            GrantDenied: It is closed already, or the nonce is another one's.
        """
        asked = self._open.get(approval_id)
        if (
            asked is None
            or asked.answer.done()
            or not hmac.compare_digest(asked.nonce.encode(), nonce.encode())
        ):
            raise GrantDenied(
                "That request is closed: it was answered, or it waited too long.",
                "Run the command again to be asked again.",
            )
        asked.answer.set_result(answer)


def _opened(asked: Asked) -> wire.Message:
    return {"event": "approval", "approval": asked.to_json()}
