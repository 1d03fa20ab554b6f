"""A run from permission to ending: values in, bytes scrubbed, everything written down."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from typing import Final

from jupyter_agent import wire
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.exposures import Exposures
from jupyter_agent.broker.opened import OpenedValues, Values
from jupyter_agent.broker.permission import Emit, Permission
from jupyter_agent.broker.run import Run
from jupyter_agent.broker.run_record import RunRecord, written
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.terminals import Prompts
from jupyter_agent.broker.turns import Turns
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import (
    CommandNotStarted,
    GrantDenied,
    GrantRequired,
    RunLost,
)
from jupyter_agent.screen import Screener
from jupyter_agent.scrub import Scrubber, too_short
from jupyter_agent.shell.files import Files, Places
from jupyter_agent.shell.process import Ending, Process, Stream

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as shells say it
_TIMED_OUT: Final = 124  # as timeout(1) says it
_STOP_WAIT: Final = 2.5  # seconds; a stop kills after 1.4
_LAST_WAIT: Final = 3.0  # seconds more, for runs whose caller does not read what they say
_REFUSED: Final[dict[type[BaseException], str]] = {GrantRequired: "required", GrantDenied: "denied"}
_MUCH: Final = 8 * 1024  # bytes in one read; who prints as much can wait for its turn
_LOST: Final = 137  # as shells say it: ended by SIGKILL


class Runs:
    """Every run of this broker.

    Args:
        safe: Vault and audit.
        permission: Says yes or no.
        values: Every value, also those that a run was not granted.
        exposures: Remembers that a command has printed one.
        screener: Finds what must not stand in the record of uses.
        runner: The early child's socket; None where nothing can be run.
        places: Where private files may lie.

    Attributes:
        on_change: Called when a run has begun or ended.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (the broker's rooms)
        self,
        safe: Safe,
        permission: Permission,
        values: OpenedValues,
        exposures: Exposures,
        screener: Screener,
        runner: socket.socket | None,
        places: Places,
    ) -> None:
        self._safe = safe
        self._places = places
        self._permission = permission
        self._opened = values
        self._exposures = exposures
        self._screener = screener
        self._runner = runner
        self.on_change: Callable[[], None] = lambda: None
        self._turns = Turns()
        self._live: dict[Run, None] = {}  # in the order in which they came
        self._closed = False
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._live)

    def live(self) -> list[Run]:
        """Those that are not over, oldest first."""
        return list(self._live)

    async def end_all(self) -> None:
        """End every run and wait until it is over."""
        await self.end(*self._live)

    async def end(self, *runs: Run) -> None:
        """End these runs and wait until they are over."""
        for end, seconds in ((Run.stop, _STOP_WAIT), (Run.abandon, _LAST_WAIT)):
            left = [run for run in runs if run in self._live]
            for run in left:
                end(run)
            if tasks := {run.task for run in left if run.task is not None}:
                await asyncio.wait(tasks, timeout=seconds)

    async def close(self) -> None:
        """End every run, for good: nothing is run any more."""
        self._closed = True
        await self.end_all()

    async def until_none(self) -> None:
        """Wait until no run is left."""
        await self._none.wait()

    async def carry_out(self, caller: Caller, wanted: Wanted, run: Run, emit: Emit) -> wire.Message:
        """Run a command, if it is permitted, and return how it ended.

        Args:
            caller: Who asks.
            wanted: What.
            run: Its handle; whoever holds it can stop it.
            emit: Takes events for the caller; while it waits, the command waits.

        Raises:
            AgentError: It was not permitted, or could not be started.
        """
        if self._closed:
            raise RunLost("The broker is ending; nothing was run.", "Run it again.")
        if self._runner is None:
            raise CommandNotStarted(
                "On Windows jupyter agent runs no commands, so far.",
                "Run JupyterLab inside WSL: wsl --install",
            )
        run.task = asyncio.current_task()
        self._live[run] = None
        self._none.clear()
        try:
            if run.stopped:  # before it came this far
                raise _stopped_early()
            return await self._permitted(caller, wanted, run, emit, self._runner)
        except asyncio.CancelledError:
            if not run.stopped:
                raise
            raise _stopped_early() from None
        finally:
            del self._live[run]
            if run.shown is not None:
                self.on_change()
            if not self._live:
                self._none.set()

    async def _permitted(
        self, caller: Caller, wanted: Wanted, run: Run, emit: Emit, runner: socket.socket
    ) -> wire.Message:
        asked = wanted.labels or wanted.confirmed  # else nobody is, and nothing is written down
        why = await self._permission.said(caller, wanted.why) if asked else ""
        record = RunRecord(self._safe, caller, wanted, why)
        try:
            decision = await self._permission.for_run(caller, wanted, emit, why=why)
        except (GrantRequired, GrantDenied, asyncio.CancelledError) as refusal:
            record.command = written(wanted.command, Scrubber({}), self._screener)
            await record.refused(_REFUSED.get(type(refusal), "stopped"))
            raise
        values = await self._values(wanted)
        scrubber = self._opened.scrubber(values)
        scrubbers: dict[Stream, Scrubber] = {}
        stored: Values | None = None
        record.command = written(wanted.command, scrubber, self._screener)
        files, env = self._prepared(wanted, values)
        stdin = values[wanted.injection.stdin] if wanted.injection.stdin else None
        typed = wanted.terminal.lines(values) if wanted.terminal else []
        withheld = [] if wanted.shows_output else too_short(values)
        del values
        started = time.monotonic()
        ending, how = Ending(_LOST, None), "lost"
        try:
            await record.started(decision)
            run.starting = True
            process = await Process.start(
                runner,
                wanted.argv,
                env=env,
                cwd=wanted.cwd,
                stdin=stdin,
                files=files,
                terminal=wanted.terminal.open() if wanted.terminal else None,
            )
            run.started(process)
            del env, stdin, files
            run.shown = record.shown(background=wanted.background)
            self.on_change()
            # Only now: what else is stored is read while the command starts.
            stored = await self._opened.for_output()
            others = stored.others if stored else None
            scrubbers = {stream: scrubber.sibling(others) for stream in run.sent}
            await emit({"event": "started", "run_id": record.run_id})
            shown = _without_output(emit) if withheld else emit
            ending = await self._pump(run, process, wanted, scrubbers, typed, shown)
            how = _how(run)
        except CommandNotStarted as error:
            how = "not started"
            missing = error.data.get("errno") == errno.ENOENT
            ending = Ending(_NOT_FOUND if missing else _NOT_EXECUTABLE, None)
            raise
        finally:
            # However it ends, the record says that it has: also when it is given up.
            if run.process is not None:
                run.process.close()
            result: wire.Message = {
                "exit": _TIMED_OUT if run.timed_out else ending.exit,
                "signal": ending.signal,
                "timed_out": run.timed_out,
                "stopped": run.stopped,
                "seconds": round(time.monotonic() - started, 3),
                "bytes": run.sent,
                "hits": _hits(scrubbers),
            }
            await record.ended(result, how)
            seen = self._remember(caller, wanted, _hits(scrubbers), stored)
        result["withheld"] = withheld
        return {**result, "seen": [await self._advised(label, where) for label, where in seen]}

    async def _values(self, wanted: Wanted) -> dict[str, bytes]:
        if not wanted.labels:
            return {}
        found = await self._safe.use(lambda vault: [vault.get(label) for label in wanted.labels])
        self._safe.count_use(list(wanted.labels))
        return {secret.label: secret.reveal() for secret in found}

    def _remember(
        self, caller: Caller, wanted: Wanted, hits: dict[str, int], stored: Values | None
    ) -> list[tuple[str, str]]:
        """Mark the labels whose values were printed; docs/scrubbing.md says why both kinds count.

        Returns:
            Each label, and where it counts as seen: ``run``, if it was granted, or ``output``.
        """
        notebook = caller.notebook or caller.claimed or ""
        seen = [(label, "run" if label in wanted.labels else "output") for label in sorted(hits)]
        for label, where in seen:
            self._exposures.soon([label], where, notebook, stored)
        return seen

    async def _advised(self, label: str, where: str) -> dict[str, str]:
        revoke = await self._exposures.revoke_page(label)
        return {"label": label, "where": where, "revoke": revoke}

    def _prepared(
        self, wanted: Wanted, values: dict[str, bytes]
    ) -> tuple[Files | None, dict[str, str]]:
        """What holds values: the private files and the environment."""
        contents = wanted.injection.contents(values)
        files = self._places.new(contents) if contents else None
        return files, wanted.environment(values, files.folder if files else None)

    async def _pump(  # noqa: PLR0913, PLR0917  (what meets in a run)
        self,
        run: Run,
        process: Process,
        wanted: Wanted,
        scrubbers: dict[Stream, Scrubber],
        typed: list[bytes],
        emit: Emit,
    ) -> Ending:
        async def send(stream: Stream, clean: bytes) -> None:
            run.sent[stream] += len(clean)
            for start in range(0, len(clean), wire.OUTPUT_CHUNK):
                data = wire.to_base64(clean[start : start + wire.OUTPUT_CHUNK])
                await emit({"event": "output", "stream": stream, "data": data})

        async def sink(stream: Stream, chunk: bytes) -> None:
            if prompts is not None:
                prompts.saw(chunk)
            if len(chunk) >= _MUCH:
                await self._turns.take()
            await send(stream, scrubbers[stream].feed(chunk))

        async def unanswered() -> None:
            await emit({"event": "hidden_prompt"})

        loop = asyncio.get_running_loop()
        clock = loop.call_later(wanted.timeout, run.run_out) if wanted.timeout else None
        prompts = Prompts(process.terminal, typed, unanswered) if process.terminal else None
        watching = asyncio.create_task(prompts.watch()) if prompts else None
        try:
            ending = await process.pump(sink)
            for stream, scrubber in scrubbers.items():
                await send(stream, scrubber.finish())
        finally:
            if clock is not None:
                clock.cancel()
            if watching is not None:
                watching.cancel()
        return ending


def _without_output(emit: Emit) -> Emit:
    """Everything but the output: a value that short can be told from what is left of it."""

    async def emit_the_rest(event: wire.Message) -> None:
        if event.get("event") != "output":
            await emit(event)

    return emit_the_rest


def _how(run: Run) -> str:
    if run.timed_out:
        return "timed out"
    return "stopped" if run.stopped else "exited"


def _stopped_early() -> GrantDenied:
    return GrantDenied("It was stopped before it was permitted.")


def _hits(scrubbers: dict[Stream, Scrubber]) -> dict[str, int]:
    total: dict[str, int] = {}
    for scrubber in scrubbers.values():
        for label, count in scrubber.hits.items():
            if count:
                total[label] = total.get(label, 0) + count
    return total
