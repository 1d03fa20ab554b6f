"""From a wanted run to a permitted one: grants first, then a person, then no."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker import grants
from jupyter_agent.broker.approvals import Approvals, Asked
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.grants import Grant, Request
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import GrantRequired, LabelNotFound

if TYPE_CHECKING:
    from jupyter_agent.vault.vault import Vault

Emit = Callable[[wire.Message], Awaitable[None]]


_MOST_SAID: Final = 2000
"""Longest script that is repeated in the line that grants it, in characters."""


class Permission:
    """Decides on runs and on changes, and remembers what was refused last.

    Args:
        safe: Holds the grants.
        approvals: Reaches persons.
    """

    def __init__(self, safe: Safe, approvals: Approvals) -> None:
        self._safe = safe
        self._approvals = approvals
        self._refused: dict[str, Request] = {}

    async def for_run(self, caller: Caller, wanted: Wanted, emit: Emit) -> str:
        """Return how a run was permitted: ``grant``, ``once`` or ``always``.

        Raises:
            LabelNotFound: A label is not stored.
            GrantRequired: Nobody has permitted it, and nobody is there to ask.
            GrantDenied: A person said no, or nobody answered in time.
        """
        if not wanted.labels:
            return "grant"  # it uses no secret: nothing a caller could not do by itself
        request = Request(wanted.labels, wanted.command, wanted.cwd, caller.notebook)
        missing = await self._safe.use(lambda vault: _take(vault, request))
        if not missing:
            return "grant"
        if not wanted.asks and not self._approvals.watchers:
            self._remember(request)
            raise _required(request, missing)
        answer = await self._ask(
            caller, {**_details(caller, wanted), "kind": "run"}, emit, asks=wanted.asks
        )
        if answer == "always":
            await self._safe.use(lambda vault: _grant_all(vault, request, missing))
        return answer

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
        details = {
            **_who(caller),
            "kind": "change",
            "labels": [] if allows else [change["label"]],
            "script": "",
            "argv": None,
            "shell": "",
            "cwd": "",
            "executables": [],
            "change": change,
        }
        await self._ask(caller, details, emit, asks=False)

    def last_refused(self, label: str) -> Request | None:
        """The run that was refused last for want of a grant on this label."""
        return self._refused.get(label)

    async def _ask(self, caller: Caller, details: dict[str, Any], emit: Emit, *, asks: bool) -> str:
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

        return await self._approvals.ask(details, show)

    def _remember(self, request: Request) -> None:
        for label in request.labels:
            self._refused[label] = request


def _take(vault: Vault, request: Request) -> list[str]:
    """Use the grants that cover a request, and return the labels that none covers."""
    known = [meta.label for meta in vault.list()]
    for label in request.labels:
        if label not in known:
            there = f"There are: {', '.join(known)}." if known else "None is stored yet."
            raise LabelNotFound(
                f"No secret is stored under {label}.",
                f"{there} Add it in the Secrets panel, with %secret set {label}, "
                f"or with: jupyter agent secret set {label}",
            )
    now = datetime.now(UTC)
    standing = [Grant.from_record(record) for record in vault.grants()]
    missing = grants.missing(standing, request, now)
    if not missing:
        for grant in grants.spent(standing, request, now):
            vault.put_grant(grant.id, grant.record())
    return missing


def _grant_all(vault: Vault, request: Request, labels: list[str]) -> None:
    for label in labels:
        vault.meta(label)  # no grant for a label that is gone: it would count for its successor
        grant = Grant(
            id=secrets.token_hex(8),
            label=label,
            created=wire.timestamp(),
            notebook=request.notebook,
            script=request.script,
            cwd=request.cwd,
        )
        vault.put_grant(grant.id, grant.record())


def _who(caller: Caller) -> dict[str, Any]:
    return {
        "role": caller.role,
        "notebook": caller.notebook or caller.claimed,
        "claimed": caller.notebook is None and caller.claimed is not None,
    }


def _details(caller: Caller, wanted: Wanted) -> dict[str, Any]:
    return {
        **_who(caller),
        "labels": list(wanted.labels),
        "script": wanted.command,
        "argv": None if wanted.shell else list(wanted.argv),
        "shell": wanted.shell,
        "cwd": wanted.cwd,
        "answers": list(wanted.answers),
        "executables": wanted.programs(),
        **wanted.injection.shown(),
    }


def _required(request: Request, missing: list[str]) -> GrantRequired:
    where = f" --notebook {shlex.quote(request.notebook)}" if request.notebook else ""
    lines = [
        f"jupyter agent grant {label}{where} --command {shlex.quote(request.script)}"
        for label in missing
    ]
    if len(request.script) > _MOST_SAID:
        # Nobody types that; without --command it is the run that was refused last.
        lines = [f"jupyter agent grant {label}{where}" for label in missing]
    return GrantRequired(
        f"This command has no permission to use {', '.join(missing)}.",
        f"Permit it in a terminal: {' && '.join(lines)}",
        data={"grant": lines, "labels": missing},
    )
