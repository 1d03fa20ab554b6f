"""Asking a person: open approvals, who watches them, and the answer.

An approval is bound to exactly what was asked: its id and nonce name one request that waits here,
and an answer settles that request and nothing else. Nobody answering is a no.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from jupyter_agent import wire
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.watching import Watcher
from jupyter_agent.errors import GrantDenied, RequestInvalid

Kind = Literal["once", "minutes", "always", "pattern", "deny", "again"]
ANSWERS: Final = ("once", "minutes", "always", "pattern", "deny")
SECONDS_TO_ANSWER: Final = 120.0
_MOST_OPEN: Final = 128
_MOST_OF_ONE: Final = 64  # of one asker: nobody keeps the others from being heard


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    Attributes:
        kind: A person's answer; ``again`` where it has to be looked at anew, because the grants
            have changed, or the same question was answered for another run.
        pattern: For ``pattern``: what the person permits.
    """

    kind: Kind
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask a person.

    Attributes:
        details: What is shown: labels, script, folder, notebook and so on; never a value.
        asker: Who wants it.
        key: Two questions with the same key are the same question.
        check: Looks whether a pattern fits; raises ``RequestInvalid`` where it does not.
        is_settled: Whether these grants answer it.
        seconds: How long a person has, where it is not as long as usual.
    """

    details: dict[str, Any]
    asker: str
    key: str
    check: Callable[[str], None] | None = None
    is_settled: Callable[[Sequence[Grant]], bool] | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One open approval.

    Attributes:
        approval_id: Its public name.
        nonce: Has to come back with the answer; only persons get to see it.
        question: What is asked.
        expires: When silence becomes a no, RFC 3339 UTC.
        answer: Where the answer will be.
        closed: Where what came of it will be, for others who have the same question.
    """

    approval_id: str
    nonce: str
    question: Question
    expires: str
    answer: asyncio.Future[Answer] = field(compare=False)
    closed: asyncio.Future[str] = field(compare=False)

    def to_json(self) -> dict[str, Any]:
        """As a person sees it."""
        own = {"approval_id": self.approval_id, "nonce": self.nonce, "expires": self.expires}
        return {**self.question.details, **own}


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

    async def ask(self, question: Question, show: Callable[[Asked], Awaitable[None]]) -> Answer:
        """Ask everyone who watches, and wait for the answer.

        A question that is open already is not asked twice: who asks it waits for what comes of it.
        A no holds for both, and a yes for one run only, so that the other looks again.

        Args:
            question: What to ask.
            show: Tells the caller that somebody is being asked. The time runs meanwhile: a caller
                that does not listen must not keep a question open.

        Raises:
            RequestInvalid: It is too long to be shown whole.
            GrantDenied: A person said no, or nobody answered in time; or too many questions are
                open: asking without end must not wear a person down.
        """
        same = next((one for one in self._open.values() if one.question.key == question.key), None)
        if same is not None:
            return await self._wait_for(same, show)
        seconds = self._seconds if question.seconds is None else question.seconds
        asked = self._ask(question, seconds)
        outcome = "withdrawn"
        try:
            async with asyncio.timeout(seconds):
                await show(asked)
                answer = await asked.answer
            outcome = answer.kind
        except TimeoutError:
            outcome = "timeout"
            raise _unanswered(seconds) from None
        finally:
            del self._open[asked.approval_id]
            asked.closed.set_result(outcome)
            self.tell(
                {
                    "event": "approval_closed",
                    "approval_id": asked.approval_id,
                    "answer": outcome,
                }
            )
        if answer.kind == "deny":
            raise _denied()
        return answer

    async def _wait_for(self, asked: Asked, show: Callable[[Asked], Awaitable[None]]) -> Answer:
        await show(asked)
        outcome = await asyncio.shield(asked.closed)  # which its own time ends
        if outcome == "deny":
            raise _denied()
        if outcome == "timeout":
            raise _unanswered(asked.question.seconds or self._seconds)
        return Answer("again")

    def _ask(self, question: Question, seconds: float) -> Asked:
        theirs = sum(one.question.asker == question.asker for one in self._open.values())
        if len(self._open) >= _MOST_OPEN or theirs >= _MOST_OF_ONE:
            raise GrantDenied(
                "Too many requests wait for an answer.", "Answer them in JupyterLab first."
            )
        loop = asyncio.get_running_loop()
        asked = Asked(
            approval_id=secrets.token_hex(8),
            nonce=secrets.token_urlsafe(32),
            question=question,
            expires=wire.timestamp(datetime.now(UTC) + timedelta(seconds=seconds)),
            answer=loop.create_future(),
            closed=loop.create_future(),
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

    def withdraw(self, label: str | None = None) -> None:
        """Deny what is open about a label: what stands under it is not what was asked about.

        Args:
            label: Which; None for all, because the whole vault is another one.
        """
        for asked in self._open.values():
            meant = label is None or label in asked.question.details["labels"]
            if meant and not asked.answer.done():
                asked.answer.set_result(Answer("deny"))

    def fulfil(self, label: str) -> None:
        """End the questions for a secret that is stored now."""
        for asked in self._open.values():
            details = asked.question.details
            meant = details["kind"] == "entry" and label in details["labels"]
            if meant and not asked.answer.done():
                asked.answer.set_result(Answer("again"))

    def look_again(self, grants: Sequence[Grant] | None = None) -> None:
        """Have runs that wait looked at anew, because the grants have changed.

        Args:
            grants: What there is now, where something came to it: the runs that this answers go on.
                None where something was taken away: every run is then asked about again, under what
                holds now, and its old nonce is worth nothing.
        """
        for asked in self._open.values():
            is_settled = asked.question.is_settled
            if is_settled is None or asked.answer.done():
                continue
            if grants is None or is_settled(grants):
                asked.answer.set_result(Answer("again"))

    def settle(self, approval_id: str, nonce: str, answer: Answer) -> None:
        """Answer an open approval.

        Raises:
            GrantDenied: It is closed already, or the nonce is another one's.
            RequestInvalid: The answer is none to this question; it stays open.
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
        if answer.kind not in asked.question.details["choices"]:
            raise RequestInvalid("That is no answer to this question.", "Allow it once, or deny.")
        if answer.kind == "pattern":
            if answer.pattern is None or asked.question.check is None:
                raise RequestInvalid("The pattern is empty.")
            asked.question.check(answer.pattern)
        asked.answer.set_result(answer)


def _unanswered(seconds: float) -> GrantDenied:
    return GrantDenied(
        f"Nobody answered within {seconds:g} seconds, which counts as no.",
        "Run it again and answer in JupyterLab, or grant it beforehand.",
        data={"unanswered": True},
    )


def _denied() -> GrantDenied:
    return GrantDenied("A person denied this.", "Ask them, or change what is run.")


def _opened(asked: Asked) -> wire.Message:
    return {"event": "approval", "approval": asked.to_json()}
