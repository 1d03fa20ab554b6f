"""What can be asked of runs: start one, stop it, and, as a person, see and end all of them."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.run import Run
from jupyter_agent.broker.runs import Runs
from jupyter_agent.broker.terminals import read_size
from jupyter_agent.broker.wanted import read_wanted
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.processes import tree
from jupyter_agent.processes.exits import exit_of
from jupyter_agent.shell.terminal import Terminal

_SETTLE: Final = 0.3
"""Seconds before persons are told that runs came or went: most are over by then."""

_MOST_TYPED: Final = 64 * 1024


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
            "type": self._type,
            "resize": self._resize,
            "runs.list": for_persons(self._list),
            "runs.stop": for_persons(self._end),
        }

    async def _run(self, ask: Ask) -> wire.Message:
        wanted, run = read_wanted(_narrowed(ask)), ask.runs[ask.message["id"]]
        with _ends_with(ask.caller.pid, run):
            return await self._runs.carry_out(ask.caller, wanted, run, ask.emit)

    async def _stop(self, ask: Ask) -> wire.Message:
        if run := _own(ask):
            run.stop()
        return {}

    async def _type(self, ask: Ask) -> wire.Message:
        """What a person types into the run's terminal; answered once it is written."""
        data = wire.data(ask.message, "data")
        if len(data) > _MOST_TYPED:
            raise RequestInvalid(f"At most {_MOST_TYPED} bytes are typed at once.")
        if terminal := _terminal(ask):
            await terminal.type(data)
        return {}

    async def _resize(self, ask: Ask) -> wire.Message:
        size = read_size(ask.message)
        if terminal := _terminal(ask):
            terminal.resize(size)
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


def _narrowed(ask: Ask) -> wire.Message:
    """A run's request; an agent's without what only makes sense with a person at the keyboard.

    Raises:
        RequestInvalid: An agent wants to type: a shell that was permitted once could be told
            anything afterwards.
    """
    if ask.caller.role != "agent":
        return ask.message
    terminal = ask.message.get("terminal")
    if isinstance(terminal, dict) and terminal.get("keyboard"):
        raise RequestInvalid("An agent has no keyboard.", "Put what is to be typed into a script.")
    # It never asks the person itself, and never has a short value's output shown.
    return {**ask.message, "approve": False, "show_output": False}


@contextlib.contextmanager
def _ends_with(caller: int, run: Run) -> Iterator[None]:
    """Stop a run when its caller is gone, although a child of the caller still holds the socket."""
    if sys.platform == "win32":  # nothing there has such children
        yield
        return
    with contextlib.ExitStack() as watching:
        try:
            watched = watching.enter_context(exit_of(caller))
        except ProcessLookupError:
            run.stop()
            yield
            return
        loop = asyncio.get_running_loop()

        def stop() -> None:
            loop.remove_reader(watched)
            run.stop()

        loop.add_reader(watched, stop)
        watching.callback(loop.remove_reader, watched)
        yield


def _terminal(ask: Ask) -> Terminal | None:
    run = _own(ask)
    return run.process.terminal if run and run.process else None


def _own(ask: Ask) -> Run | None:
    """The run that a request names; only runs of the same conversation can be named."""
    number = ask.message.get("run")
    return ask.runs.get(number) if isinstance(number, int) else None
