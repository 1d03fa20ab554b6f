"""The question about a command without secrets: one that a model wants to run."""

from __future__ import annotations

import asyncio
import secrets

from jupyter_agent.broker.approvals import Question
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.requests import details, request_of
from jupyter_agent.broker.shown_programs import ShownPrograms
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import GrantRequired


async def confirmation(
    caller: Caller, wanted: Wanted, executables: Executables, why: str, watchers: int
) -> tuple[Question, ShownPrograms]:
    """The question, and the programs in it; each is its own, and there are no grants for them.

    Args:
        caller: Who asks.
        wanted: What.
        executables: Looks programs up.
        why: What an agent says about it, as ``Permission.said`` gives it.
        watchers: How many persons are there.

    Raises:
        GrantRequired: Nobody is there to ask.
    """
    if not wanted.asks and not watchers:
        raise GrantRequired(
            "This command needs a person's yes, and none is there to ask.",
            "Open this notebook in JupyterLab, and answer there.",
        )
    request = request_of(caller, wanted, executables)
    # Reading programs may take a moment, and the loop has others to serve.
    programs = await asyncio.to_thread(ShownPrograms, request)
    shown = await asyncio.to_thread(details, caller, wanted, request, programs, why)
    question = Question(
        details={**shown, "choices": ["once", "deny"], "pattern": None},
        asker=f"{caller.name} {caller.claimed}",
        key=secrets.token_hex(8),
    )
    return question, programs
