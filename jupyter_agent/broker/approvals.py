"""Asking a person: open approvals, who watches them, and the answer.

An approval is bound to exactly what was asked: its id and nonce name one request that waits here,
and an answer settles that request and nothing else. Nobody answering is a no.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from jupyter_agent import wire
from jupyter_agent.errors import GrantDenied

Answer = Literal["once", "always", "deny"]
ANSWERS: Final = ("once", "always", "deny")
SECONDS_TO_ANSWER: Final = 120.0
_MOST_OPEN: Final = 64


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


class Approvals:
    """The open approvals and the persons who watch them.

    Args:
        seconds: How long a person has for an answer.
    """

    def __init__(self, seconds: float = SECONDS_TO_ANSWER) -> None:
        self._seconds = seconds
        self._open: dict[str, Asked] = {}
        self._watchers: set[asyncio.Queue[wire.Message]] = set()

    @property
    def watchers(self) -> int:
        """How many approvers there are."""
        return len(self._watchers)

    def to_json(self) -> list[dict[str, Any]]:
        """Every open approval."""
        return [asked.to_json() for asked in self._open.values()]

    def tell(self, event: wire.Message) -> None:
        """Send an event to everyone who watches."""
        for queue in self._watchers:
            queue.put_nowait(event)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[wire.Message]]:
        """Be an approver: a queue of events, what is open first."""
        queue: asyncio.Queue[wire.Message] = asyncio.Queue()
        for asked in self._open.values():
            queue.put_nowait({"event": "approval", "approval": asked.to_json()})
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def ask(self, details: dict[str, Any]) -> Asked:
        """Open an approval and show it to everyone who watches.

        Raises:
            GrantDenied: Too many are open; asking without end must not wear a person down.
        """
        if len(self._open) >= _MOST_OPEN:
            raise GrantDenied(
                "Too many requests wait for an answer.", "Answer them in JupyterLab first."
            )
        asked = Asked(
            approval_id=secrets.token_urlsafe(12),
            nonce=secrets.token_urlsafe(32),
            details=details,
            expires=wire.timestamp(datetime.now(UTC) + timedelta(seconds=self._seconds)),
            answer=asyncio.get_running_loop().create_future(),
        )
        self._open[asked.approval_id] = asked
        self.tell({"event": "approval", "approval": asked.to_json()})
        return asked

    async def wait(self, asked: Asked) -> Answer:
        """Wait for the answer.

        Raises:
            GrantDenied: A person said no, or nobody answered in time.
        """
        outcome: str = "deny"
        try:
            async with asyncio.timeout(self._seconds):
                answer = await asked.answer
            outcome = answer
        except TimeoutError:
            outcome = "timeout"
            raise GrantDenied(
                f"Nobody answered within {self._seconds:g} seconds, which counts as no.",
                "Run it again and answer in JupyterLab, or grant it beforehand.",
            ) from None
        finally:
            self._open.pop(asked.approval_id, None)
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
