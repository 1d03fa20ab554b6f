"""What guards ask the broker about a text, and what a person says to it (docs/protocol.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from jupyter_agent import wire
from jupyter_agent.broker.allowances import Allowances, check_request
from jupyter_agent.broker.callers import require
from jupyter_agent.broker.exposures import Exposures
from jupyter_agent.broker.matching import Matching
from jupyter_agent.broker.opened import OpenedValues
from jupyter_agent.broker.permission import Permission
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import AgentError
from jupyter_agent.scrub import Fingerprints

if TYPE_CHECKING:
    from jupyter_agent.broker.ask import Ask, Operation

_IN_A_LINE: Final = 2000


class GuardOperations:
    """The operations ``match`` and ``allow.…``.

    Args:
        safe: Vault and audit.
        values: Every value.
        exposures: Remembers where one was seen.
        permission: Asks a person, for a kernel.
        changed: Called with ``allowances`` when these have changed.
    """

    def __init__(
        self,
        safe: Safe,
        values: OpenedValues,
        exposures: Exposures,
        permission: Permission,
        changed: Callable[[str], None],
    ) -> None:
        self._permission = permission
        self._values = values
        self._matching = Matching(safe, values, exposures)
        self._allowances = Allowances(safe, self._matching.pace, lambda: changed("allowances"))
        self.table: Mapping[str, Operation] = {
            "match": self._match,
            "values.watch": self._watch_values,
            "allow.check": self._check,
            "allow.add": self._add,
            "allow.list": self._list,
            "allow.remove": self._remove,
        }

    def forget(self) -> None:
        """Drop every value: the vault was locked."""
        self._values.forget()

    async def _match(self, ask: Ask) -> wire.Message:
        text = ask.texts.take(ask.message)
        return {} if text is None else await self._matching.answer(ask.caller, text)

    async def _watch_values(self, ask: Ask) -> wire.Message:
        require(ask.caller, "person")
        told: object = self  # nothing yet
        async for values in self._values.watch():
            if isinstance(values, AgentError):
                told = self
                await ask.emit({"event": "values", "problem": values.message})
                continue
            name = values.name if values else ""
            if name != told:  # else something was written that is no value
                told = name
                for part in _parts(values.fingerprints if values else Fingerprints.of({})):
                    await ask.emit({"event": "values", **part})
        return {}

    async def _check(self, ask: Ask) -> wire.Message:
        return await self._allowances.check(ask.caller, ask.message)

    async def _add(self, ask: Ask) -> wire.Message:
        message = ask.message
        if ask.caller.role != "person":
            # Where it stands is what the broker knows, not what a kernel says.
            message = {**message, "notebook": ask.caller.notebook or ""}
            check_request(message)  # what can't be kept asks nobody
            change = {
                "op": "allow",
                "label": wire.text(message, "rule"),
                "scope": wire.text(message, "scope"),
                "to": wire.text(message, "reason"),
            }
            await self._permission.for_change(ask.caller, change, "", ask.emit)
        return {"allowance": (await self._allowances.add(message)).to_json()}

    async def _list(self, ask: Ask) -> wire.Message:
        require(ask.caller, "person")
        return {"allowances": [one.to_json() for one in await self._allowances.every()]}

    async def _remove(self, ask: Ask) -> wire.Message:
        require(ask.caller, "person")
        await self._allowances.remove(wire.text(ask.message, "allowance"))
        return {}


def _parts(known: Fingerprints) -> Iterator[wire.Message]:
    """Fingerprints in pieces that each fit into a line; ``more`` says that it was not the last."""
    message = known.to_json()
    every = message["values"]
    for at in range(0, max(1, len(every)), _IN_A_LINE):
        more = at + _IN_A_LINE < len(every)
        yield {**message, "values": every[at : at + _IN_A_LINE], "more": more}
