"""An agent asks for a secret that is not stored yet: a person enters it, masked, or says no.

The agent gives a label and a reason and is told one word. Nothing here takes or gives a value: the
person's form seals it and saves it as it saves any other (``secret.offer``, ``secret.save``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.broker.approvals import Approvals, Asked, Question
from jupyter_agent.broker.ask import Ask, Operation
from jupyter_agent.broker.callers import require
from jupyter_agent.broker.reasons import Reasons
from jupyter_agent.broker.requests import asker
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import GrantDenied
from jupyter_agent.secret import check_label

SECONDS: Final = 600.0
"""How long a person has: the key may have to be made first, on a website."""


class SecretRequests:
    """The operation ``secret.request``.

    Args:
        safe: The vault.
        approvals: Reaches persons.
        reasons: Prepares what the agent says.
    """

    def __init__(self, safe: Safe, approvals: Approvals, reasons: Reasons) -> None:
        self._safe = safe
        self._approvals = approvals
        self._reasons = reasons
        self.table: Mapping[str, Operation] = {"secret.request": self._request}

    async def _request(self, ask: Ask) -> wire.Message:
        """Answers ``stored``, ``declined``, ``unanswered``, or ``nobody`` where none is there."""
        require(ask.caller, "agent", "kernel")
        label = check_label(wire.text(ask.message, "label"))
        why = await self._reasons.shown(ask.message.get("why"))
        if await self._is_stored(label):
            return {"outcome": "stored"}
        if not self._approvals.watchers:
            return {"outcome": "nobody"}
        question = Question(
            details=_details(ask, label, why),
            asker=f"{ask.caller.name} {ask.caller.claimed}",
            key=repr(("entry", ask.caller.name, label)),
            seconds=SECONDS,
        )

        async def show(asked: Asked) -> None:
            await ask.emit(
                {"event": "asking", "approval_id": asked.approval_id, "expires": asked.expires}
            )

        try:
            # Every save of that label ends the question, wherever it came from (``fulfil``).
            await self._approvals.ask(question, show)
        except GrantDenied as refusal:
            return {"outcome": "unanswered" if refusal.data.get("unanswered") else "declined"}
        return {"outcome": "stored" if await self._is_stored(label) else "declined"}

    async def _is_stored(self, label: str) -> bool:
        if self._safe.stamp() is None:
            return False  # nothing is stored, and looking must not make a vault
        return label in await self._safe.use(lambda vault: [meta.label for meta in vault.list()])


def _details(ask: Ask, label: str, why: str) -> dict[str, Any]:
    return {
        **asker(ask.caller, why),
        "kind": "entry",
        "labels": [label],
        "script": "",
        "argv": None,
        "shell": "",
        "cwd": "",
        "secrets": [],
        "exports": {},
        "executables": [],
        "pattern": None,
        "choices": ["deny"],
    }
