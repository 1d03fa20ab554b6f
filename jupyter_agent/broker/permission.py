"""From a wanted run to a permitted one: deny rules, then grants, then a person, then no."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from jupyter_agent import wire
from jupyter_agent.broker import answered, standing
from jupyter_agent.broker.approvals import Answer, Approvals, Asked, Question
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.confirming import confirmation
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.reasons import Reasons
from jupyter_agent.broker.requests import asker, details, details_of_way, request_of
from jupyter_agent.broker.required import required
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.shown_programs import ShownPrograms
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import GrantRequired

Emit = Callable[[wire.Message], Awaitable[None]]


class Permission:
    """Decides on runs and on changes, and remembers what was refused last.

    Args:
        safe: Holds the grants.
        approvals: Reaches persons.
        executables: Looks programs up.
        reasons: Prepares what agents say about why.
        changed: Called when there is another grant.
    """

    def __init__(
        self,
        safe: Safe,
        approvals: Approvals,
        executables: Executables,
        reasons: Reasons,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._safe = safe
        self._approvals = approvals
        self._executables = executables
        self._reasons = reasons
        self._changed = changed
        self._refused: dict[str, Request] = {}

    async def said(self, caller: Caller, why: object) -> str:
        """What an agent says about why, fit to be shown and written down; "" of anybody else.

        Raises:
            RequestInvalid: It is no text.
        """
        return await self._reasons.shown(why) if caller.role == "agent" else ""

    async def for_run(self, caller: Caller, wanted: Wanted, emit: Emit, *, why: str) -> str:
        """Return how a run was permitted: ``grant``, or a person's answer.

        Args:
            caller: Who asks.
            wanted: What.
            emit: Tells the caller that somebody is being asked.
            why: What an agent says about it, as ``said`` gives it.

        Raises:
            LabelNotFound: A label is not stored.
            GrantRequired: Nobody has permitted it, and nobody is there to ask.
            GrantDenied: A rule or a person said no, or nobody answered in time, or what it was
                asked under was taken back, or a program exchanged, meanwhile.
        """
        if not wanted.labels:
            if not wanted.confirmed:
                return "grant"  # it uses no secret: nothing a caller could not do by itself
            there = self._approvals.watchers
            plain, programs = await confirmation(caller, wanted, self._executables, why, there)
            kind = (await self._ask(caller, plain, emit, asks=wanted.asks)).kind
            await asyncio.to_thread(programs.check)
            return kind
        request = request_of(caller, wanted, self._executables)
        while True:
            missing, version = await self._safe.use(lambda vault: standing.take(vault, request))
            if not missing:
                return "grant"
            if not wanted.asks and not self._approvals.watchers:
                self._remember(request)
                raise required(request, missing)
            # Reading programs may take a moment, and the loop has others to serve.
            programs = await asyncio.to_thread(ShownPrograms, request)
            question = await self._question(caller, wanted, request, programs, version, why)
            answer = await self._ask(caller, question, emit, asks=wanted.asks)
            if answer.kind == "again":
                continue
            made = answered.made(answer, request, missing)
            await asyncio.to_thread(programs.check)  # behind this, so that it holds for the grants
            await self._settle(request, version, made)
            return answer.kind

    async def for_way(  # noqa: PLR0913  (what a person decides on)
        self,
        caller: Caller,
        request: Request,
        place: str,
        emit: Emit,
        *,
        asks: bool,
        why: str = "",
    ) -> tuple[str, tuple[str, ...]]:
        """How a way out was permitted, and the ids of the grants it rests on.

        Args:
            caller: Who asks.
            request: As ``requests.request_of_way`` makes it.
            place: Where in its requests the value goes, for the person who decides.
            emit: Tells the caller that somebody is being asked.
            asks: The caller asks the person itself.
            why: As in ``for_run``.

        Raises:
            LabelNotFound: The label is not stored.
            GrantRequired: Nobody has permitted it, and nobody is there to ask.
            GrantDenied: As in ``for_run``.
        """
        while True:
            resting, (missing, version) = await self._safe.use(
                lambda vault: (standing.covering(vault, request), standing.take(vault, request))
            )
            if not missing:
                return "grant", resting
            if not asks and not self._approvals.watchers:
                self._remember(request)
                raise required(request, missing)
            question = Question(
                details={**details_of_way(caller, request, place, why), "policy": version},
                asker=f"{caller.name} {caller.claimed}",
                key=f"{caller.name} {caller.claimed} {request.identity} {asks} {why}",
                is_settled=lambda grants: standing.is_settled(grants, request),
            )
            answer = await self._ask(caller, question, emit, asks=asks)
            if answer.kind == "again":
                continue
            made = answered.made(answer, request, missing)
            await self._settle(request, version, made)
            return answer.kind, (*resting, *(grant.id for grant in made))

    async def for_change(
        self, caller: Caller, change: dict[str, str], command: str, emit: Emit
    ) -> None:
        """Return if a person lets a kernel change a secret, or what counts as one.

        Args:
            caller: Who asks.
            change: ``op``, ``label`` and, for a rename, ``to``; for ``allow`` the rule as
                ``label``, its ``scope``, and the reason as ``to``.
            command: The terminal command with which the person does it without being asked, or "".
            emit: Tells the caller that somebody is being asked.

        Raises:
            GrantRequired: Nobody is there to ask.
            GrantDenied: A person said no, or nobody answered in time.
        """
        allows = change["op"] == "allow"
        if not self._approvals.watchers:
            how = f"Do it yourself in a terminal: {command}" if command else "Open JupyterLab."
            what = "Allowing a finding of" if allows else "Changing"
            raise GrantRequired(
                f"{what} {change['label']} needs a person, and none is there to ask.", how
            )
        question = Question(
            details={
                **asker(caller),
                "kind": "change",
                "labels": [] if allows else [change["label"]],
                "script": "",
                "argv": None,
                "shell": "",
                "cwd": "",
                "secrets": [],
                "exports": {},
                "executables": [],
                "pattern": None,
                "choices": ["once", "deny"],
                "change": change,
            },
            asker=f"{caller.name} {caller.claimed}",
            key=secrets.token_hex(8),  # each change is its own
        )
        await self._ask(caller, question, emit, asks=False)

    def last_refused(self, label: str) -> Request | None:
        """The run that was refused last for want of a grant on this label."""
        return self._refused.get(label)

    async def _question(  # noqa: PLR0913, PLR0917  (what a person decides on)
        self,
        caller: Caller,
        wanted: Wanted,
        request: Request,
        programs: ShownPrograms,
        version: int,
        why: str,
    ) -> Question:
        shown = await asyncio.to_thread(details, caller, wanted, request, programs, why)
        return Question(
            details={**shown, "policy": version},
            asker=f"{caller.name} {caller.claimed}",
            key=repr((caller.name, caller.claimed, _asked_for(request), wanted.asks, why)),
            check=lambda pattern: answered.check_pattern(pattern, request),
            is_settled=lambda grants: standing.is_settled(grants, request),
        )

    async def _ask(self, caller: Caller, question: Question, emit: Emit, *, asks: bool) -> Answer:
        async def show(asked: Asked) -> None:
            await emit(
                {
                    "event": "asking",
                    "approval_id": asked.approval_id,
                    "expires": asked.expires,
                    "where": ["terminal"] if asks else ["jupyterlab"],
                    "approval": asked.to_json() if caller.role == "person" else None,
                }
            )

        return await self._approvals.ask(question, show)

    async def _settle(self, request: Request, version: int, made: list[Grant]) -> None:
        grants = await self._safe.use(lambda vault: standing.settle(vault, request, version, made))
        if made:
            self._changed()
            self._approvals.look_again(grants)

    def _remember(self, request: Request) -> None:
        for label in request.labels:
            self._refused[label] = request


def _asked_for(request: Request) -> tuple[object, ...]:
    return request.labels, request.script, request.cwd, request.shell, request.identity
