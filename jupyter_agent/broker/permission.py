"""From a wanted run to a permitted one: deny rules, then grants, then a person, then no."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from jupyter_agent import wire
from jupyter_agent.broker import grants, permitting, policy
from jupyter_agent.broker.approvals import Answer, Approvals, Asked, Question
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.confirming import confirmation
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.policy import Policy
from jupyter_agent.broker.reasons import Reasons
from jupyter_agent.broker.requests import asker, details, details_of_way, request_of
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import GrantDenied, GrantRequired, LabelNotFound, RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.vault.vault import Vault

Emit = Callable[[wire.Message], Awaitable[None]]

_MOST_SAID: Final = 2000
"""Longest script that is repeated in the line that grants it, in characters."""
_MINUTES: Final = timedelta(minutes=10)


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

    async def for_run(self, caller: Caller, wanted: Wanted, emit: Emit) -> str:
        """Return how a run was permitted: ``grant``, or a person's answer.

        Raises:
            LabelNotFound: A label is not stored.
            GrantRequired: Nobody has permitted it, and nobody is there to ask.
            GrantDenied: A rule or a person said no, or nobody answered in time, or what it was
                asked under was taken back meanwhile.
        """
        if not wanted.labels:
            if not wanted.confirmed:
                return "grant"  # it uses no secret: nothing a caller could not do by itself
            there = self._approvals.watchers
            plain = await confirmation(caller, wanted, self._executables, self._reasons, there)
            return (await self._ask(caller, plain, emit, asks=wanted.asks)).kind
        request = request_of(caller, wanted, self._executables)
        while True:
            missing, version = await self._safe.use(lambda vault: _take(vault, request))
            if not missing:
                return "grant"
            if not wanted.asks and not self._approvals.watchers:
                self._remember(request)
                raise _required(request, missing)
            answer = await self._ask_for_run(caller, wanted, request, version, emit)
            if answer.kind == "again":
                continue
            made = _made(answer, request, missing)
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
        why: object = None,
    ) -> tuple[str, tuple[str, ...]]:
        """How a way out was permitted, and the ids of the grants it rests on.

        Args:
            caller: Who asks.
            request: As ``requests.request_of_way`` makes it.
            place: Where in its requests the value goes, for the person who decides.
            emit: Tells the caller that somebody is being asked.
            asks: The caller asks the person itself.
            why: What an agent says about it.

        Raises:
            LabelNotFound: The label is not stored.
            GrantRequired: Nobody has permitted it, and nobody is there to ask.
            GrantDenied: As in ``for_run``.
        """
        while True:
            resting, (missing, version) = await self._safe.use(
                lambda vault: (_covering(vault, request), _take(vault, request))
            )
            if not missing:
                return "grant", resting
            if not asks and not self._approvals.watchers:
                self._remember(request)
                raise _required(request, missing)
            said = await self._reasons.shown(why)
            question = Question(
                details={**details_of_way(caller, request, place, said), "policy": version},
                asker=f"{caller.name} {caller.claimed}",
                key=f"{caller.name} {caller.claimed} {request.identity} {asks} {said}",
                is_settled=lambda standing: _is_settled(standing, request),
            )
            answer = await self._ask(caller, question, emit, asks=asks)
            if answer.kind == "again":
                continue
            made = _made(answer, request, missing)
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

    async def _ask_for_run(
        self, caller: Caller, wanted: Wanted, request: Request, version: int, emit: Emit
    ) -> Answer:
        # Reading programs may take a moment, and the loop has others to serve.
        why = await self._reasons.shown(wanted.why)
        shown = await asyncio.to_thread(details, caller, wanted, request, why)
        question = Question(
            details={**shown, "policy": version},
            asker=f"{caller.name} {caller.claimed}",
            key=repr((caller.name, caller.claimed, _asked_for(request), wanted.asks, why)),
            check=lambda pattern: _check_pattern(pattern, request),
            is_settled=lambda standing: _is_settled(standing, request),
        )
        return await self._ask(caller, question, emit, asks=wanted.asks)

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
        standing = await self._safe.use(lambda vault: _settle(vault, request, version, made))
        if made:
            self._changed()
            self._approvals.look_again(standing)

    def _remember(self, request: Request) -> None:
        for label in request.labels:
            self._refused[label] = request


def _take(vault: Vault, request: Request) -> tuple[list[str], int]:
    """Use the grants that cover a request.

    Returns:
        The labels that none covers, and the version of the policy under which that is so.

    Raises:
        GrantDenied: A rule of the person's forbids it.
        LabelNotFound: A label is not stored.
    """
    check_stored(request.labels, [meta.label for meta in vault.list()])
    version = Policy.of(vault).version
    now = datetime.now(UTC)
    standing = policy.all_grants(vault)
    _check_not_forbidden(standing, request, now)
    missing = permitting.missing(standing, request, now)
    if not missing:
        for grant in permitting.used(standing, request, now):
            vault.put_grant(grant.id, grant.record())
    return missing, version


def check_stored(labels: Sequence[str], known: Sequence[str]) -> None:
    """Return if all of these labels are among those that there are.

    Raises:
        LabelNotFound: One is not.
    """
    for label in labels:
        if label not in known:
            there = f"There are: {', '.join(known)}." if known else "None is stored yet."
            raise LabelNotFound(
                f"No secret is stored under {label}.",
                f"{there} Add it in the Secrets panel, with %secret set {label}, "
                f"or with: jupyter agent secret set {label}",
            )


def _covering(vault: Vault, request: Request) -> tuple[str, ...]:
    now = datetime.now(UTC)
    return tuple(
        grant.id
        for grant in policy.all_grants(vault)
        if any(permitting.permits(grant, label, request, now) for label in request.labels)
    )


def _settle(vault: Vault, request: Request, version: int, made: list[Grant]) -> list[Grant]:
    """Let an answer count, in the same breath as it is looked whether it still may.

    Returns:
        Every grant there is now.

    Raises:
        GrantDenied: Meanwhile something was denied or taken back.
        LabelNotFound: A label is gone: the grant would count for whatever comes to stand under it.
    """
    if not Policy.of(vault).holds(version):
        raise GrantDenied(
            "This was asked before a grant was taken back or something was denied, so the answer "
            "does not count.",
            "Run it again to be asked under the present rules.",
        )
    now = datetime.now(UTC)
    _check_not_forbidden(policy.all_grants(vault), request, now)
    for grant in made:
        vault.meta(grant.label)
    if made:
        policy.add(vault, made, now)
    return policy.all_grants(vault)


def _check_not_forbidden(standing: Sequence[Grant], request: Request, now: datetime) -> None:
    rule = permitting.forbidding(standing, request, now)
    if rule is not None:
        raise GrantDenied(
            f"A rule denies this command the use of {rule.label}.",
            f"Take the rule back, if it should run: jupyter agent grant --remove {rule.id}",
        )


def _asked_for(request: Request) -> tuple[object, ...]:
    return request.labels, request.script, request.cwd, request.shell, request.identity


def _is_settled(standing: Sequence[Grant], request: Request) -> bool:
    now = datetime.now(UTC)
    return (
        permitting.forbidding(standing, request, now) is not None
        or permitting.missing(standing, request, now) == []
    )


def _made(answer: Answer, request: Request, labels: list[str]) -> list[Grant]:
    """The grants that an answer makes: none for ``once``."""
    if answer.kind == "once":
        return []
    return [_grant(answer, request, label) for label in labels]


def _grant(answer: Answer, request: Request, label: str) -> Grant:
    grant = Grant(
        id=secrets.token_hex(8),
        label=label,
        created=wire.timestamp(),
        notebook=request.notebook,
        who=request.actor if request.role == "agent" or not request.notebook else None,
        cwd=request.cwd,
    )
    if answer.kind == "pattern":
        pattern = answer.pattern or ""
        into = request.into.get(label, ())
        made = grants.new_grant(
            {"label": label, "pattern": pattern}, id=grant.id, created=grant.created
        )
        grant = replace(grant, pattern=made.pattern, script=made.script, into=tuple(into))
        return grants.with_programs(grant, request.look)
    until = wire.timestamp(datetime.now(UTC) + _MINUTES) if answer.kind == "minutes" else None
    return replace(
        grant,
        script=request.script,
        identity=request.identity,
        programs=request.programs(request.named()),
        until=until,
    )


def _check_pattern(pattern: str, request: Request) -> None:
    """Look whether a pattern that a person has written answers what was asked.

    Raises:
        RequestInvalid: It is too wide, or does not cover this very command.
    """
    if request.role == "agent":
        raise RequestInvalid("An agent is permitted exact commands only.")
    answer = Answer("pattern", pattern)
    made = [_grant(answer, request, label) for label in request.labels]
    if permitting.missing(made, request, datetime.now(UTC)):
        raise RequestInvalid(
            "That pattern does not cover this command.",
            "Each argument needs one of its own; * and ? stand for text where they are unquoted.",
        )


def _required(request: Request, missing: list[str]) -> GrantRequired:
    lines = [_granting(request, label) for label in missing]
    return GrantRequired(
        f"This command has no permission to use {', '.join(missing)}.",
        f"Permit it in a terminal: {' && '.join(lines)}",
        data={"grant": lines, "labels": missing},
    )


def _granting(request: Request, label: str) -> str:
    """The line that permits this very run, as short as it can be."""
    where = f" --notebook {shlex.quote(request.notebook)}" if request.notebook else ""
    who = request.actor if request.role == "agent" else None
    where += f" --who {who}" if who else ""
    line = f"jupyter agent grant {label}{where}"
    if len(request.script) > _MOST_SAID:
        return line  # nobody types that; without --command it is the run that was refused last
    for option in ("--command", "--script"):
        field = "pattern" if option == "--command" else "script"
        try:
            made = grants.new_grant({"label": label, field: request.script}, id="", created="")
        except RequestInvalid:
            continue
        alone = replace(made, notebook=request.notebook, who=who)
        if made.script and permitting.permits(alone, label, request, datetime.now(UTC)):
            return f"{line} {option} {shlex.quote(request.script)}"
    return line
