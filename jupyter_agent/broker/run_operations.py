"""What can be asked of runs: start one, stop it, and, as a person, see and end all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.run import Run
from jupyter_agent.broker.runs import Runs
from jupyter_agent.broker.wanted import read_wanted
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.shell import tree

_SETTLE: Final = 0.3
"""Seconds before persons are told that runs came or went: most are over by then."""


class RunOperations:
    """The operations about runs.

    Args:
        runs: Carries commands out.
        changed: Tells persons that there is something new to look at.
    """

    def __init__(self, runs: Runs, changed: Callable[[str], None]) -> None:
        self._runs = runs
        self._changed = changed
        self._telling: asyncio.TimerHandle | None = None
        runs.on_change = self._tell_soon
        self.table: Mapping[str, Operation] = {
            "run": self._run,
            "stop": self._stop,
            "runs.list": for_persons(self._list),
            "runs.stop": for_persons(self._end),
        }

    async def _run(self, ask: Ask) -> wire.Message:
        wanted = read_wanted(ask.message)
        return await self._runs.carry_out(ask.caller, wanted, ask.runs[ask.message["id"]], ask.emit)

    async def _stop(self, ask: Ask) -> wire.Message:
        if run := _own(ask):
            run.stop()
        return {}

    async def _list(self, _ask: Ask) -> wire.Message:
        found = [(run, run.shown) for run in self._runs.live() if run.shown is not None]
        keepers = [run.process.keeper if run.process else 0 for run, _ in found]
        sizes = await asyncio.to_thread(tree.sizes, keepers)
        return {
            "runs": [
                {**shown, "processes": size} for (_, shown), size in zip(found, sizes, strict=True)
            ]
        }

    async def _end(self, ask: Ask) -> wire.Message:
        """One run by its id, or all of them, those that still wait for an answer included."""
        chosen = wire.optional_text(ask.message, "run_id")
        if chosen is None:
            ended = len(self._runs)
            await self._runs.end_all()
            return {"ended": ended}
        for run in self._runs.live():
            if run.shown is not None and run.shown["run_id"] == chosen:
                await self._runs.end(run)
                return {"ended": 1}
        raise RequestInvalid("No such run: it is over, or never was.", "See: jupyter agent runs")

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_SETTLE, self._tell)

    def _tell(self) -> None:
        self._telling = None
        self._changed("runs")


def _own(ask: Ask) -> Run | None:
    """The run that a request names; only runs of the same conversation can be named."""
    number = ask.message.get("run")
    return ask.runs.get(number) if isinstance(number, int) else None
