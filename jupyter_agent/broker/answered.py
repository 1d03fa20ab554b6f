"""The grants that a person's answer makes, and whether an answer fits what was asked."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jupyter_agent import wire
from jupyter_agent.broker import grants, permitting
from jupyter_agent.broker.approvals import Answer
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permitting import Request
from jupyter_agent.errors import RequestInvalid

_MINUTES: Final = timedelta(minutes=10)


def made(answer: Answer, request: Request, labels: list[str]) -> list[Grant]:
    """The grants that an answer makes: none for ``once``."""
    if answer.kind == "once":
        return []
    return [_grant(answer, request, label) for label in labels]


def check_pattern(pattern: str, request: Request) -> None:
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
