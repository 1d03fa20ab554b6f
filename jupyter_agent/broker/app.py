"""The broker: listens, recognises callers, and ends when nobody needs it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
from typing import Any, Final

from jupyter_agent import __version__, locks, wire
from jupyter_agent.broker import callers
from jupyter_agent.broker.agents import Agents
from jupyter_agent.broker.approvals import SECONDS_TO_ANSWER, Approvals
from jupyter_agent.broker.ask import Operation
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.conversation import Conversation
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.exposures import Exposures
from jupyter_agent.broker.installed import Installed
from jupyter_agent.broker.kernels import Kernels
from jupyter_agent.broker.opened import OpenedValues
from jupyter_agent.broker.operations import Operations
from jupyter_agent.broker.permission import Permission
from jupyter_agent.broker.reasons import Reasons
from jupyter_agent.broker.runs import Runs
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import AgentError, BrokerRefused, ProtocolMismatch, VaultUnsafe
from jupyter_agent.folders import Folders, check_private_file, read_private, write_private
from jupyter_agent.opening import NONBLOCK, open_unfollowed
from jupyter_agent.processes.exits import end_command
from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.shell.files import Places
from jupyter_agent.transport import Transport

_IDLE_SECONDS: Final = 3600.0
_IDLE_CHECK: Final = 60.0
_KEY_CHARACTERS: Final = 43  # 32 bytes in base64
_RULES: Final = ("ai", "cloud", "code", "commands", "keys", "services", "settings", "web")
"""The families of rules for the audit and for vendors' pages. A cell's guard has looked for all of
them before; here the common ones are looked for once more, in a process that stays small."""

log = logging.getLogger(__name__)


class Broker:
    """One broker.

    Args:
        folders: Whose.
        transport: The way between clients and this broker.
        listener: Its listening socket.
        lock: The descriptor that holds the lock.
        runner_pid: The early child; below it everything is a run.
        runner: Its socket; None where there is none, and nothing can be run: on Windows.
        seconds_to_answer: How long a person has for an approval.
    """

    def __init__(  # noqa: PLR0913  (what __main__ has made)
        self,
        folders: Folders,
        transport: Transport,
        listener: socket.socket,
        *,
        lock: int,
        runner_pid: int,
        runner: socket.socket | None,
        seconds_to_answer: float = SECONDS_TO_ANSWER,
    ) -> None:
        self._folders = folders
        self._transport = transport
        self._listener = listener
        self._lock = lock
        self._runner_pid = runner_pid
        self._runner = runner
        self._person_key = _person_key(folders)
        self._installed = Installed()
        self._approvals = Approvals(seconds_to_answer)
        self._safe = Safe(folders, self._secrets_changed)
        self._kernels = Kernels()
        self._agents = Agents(folders.state / "agents.json", folders.state / "agents-seen")
        executables = Executables()
        values = OpenedValues(self._safe)
        screener = Screener(rules=load_rules(_RULES))
        reasons = Reasons(screener, values)
        permission = Permission(
            self._safe,
            self._approvals,
            executables,
            reasons,
            lambda: self._approvals.tell({"event": "changed", "what": "grants"}),
        )
        self._places = Places(folders.run)
        exposures = Exposures(self._safe, values, screener, self._secrets_changed)
        self._runs = Runs(self._safe, permission, values, exposures, screener, runner, self._places)
        self._operations = Operations(
            data=folders.data,
            state=folders.state,
            safe=self._safe,
            values=values,
            exposures=exposures,
            approvals=self._approvals,
            permission=permission,
            executables=executables,
            runs=self._runs,
            kernels=self._kernels,
            agents=self._agents,
            reasons=reasons,
            started=wire.timestamp(),
            installed=self._installed,
        )
        self._conversations = 0
        self._over = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._leaving: asyncio.Task[None] | None = None

    def _secrets_changed(self) -> None:
        self._approvals.tell({"event": "changed", "what": "secrets"})

    def serve(self) -> None:
        """Serve until a signal, a newer broker's wish, or an hour without anyone."""
        _log_to(self._folders)
        asyncio.run(self.serve_here())

    def end(self) -> None:
        """End soon, runs first."""
        self._over.set()

    async def serve_here(self) -> None:
        """Serve on the running event loop until the end."""
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":
            # Ctrl-C and Ctrl-Break of a console, which it has only where a person starts it so.
            for event in (signal.SIGINT, signal.SIGBREAK):
                signal.signal(event, lambda *_: loop.call_soon_threadsafe(self._over.set))
        else:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._over.set)
        if self._runner is not None:
            # Without its runner a broker could run nothing and clean up nothing: better a new one.
            loop.add_reader(self._runner.fileno(), self._over.set)
        self._server = await asyncio.start_server(
            self._welcome, sock=self._listener, limit=wire.MAX_LINE
        )
        idle = asyncio.create_task(self._end_when_idle())
        sweep = asyncio.create_task(asyncio.to_thread(self._places.sweep))
        await self._over.wait()
        idle.cancel()
        await asyncio.wait({sweep})
        self._leave()
        await self._runs.close()
        await self._safe.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._conversations += 1
        try:
            try:
                pid = await self._transport.admit(reader, writer)
            except AgentError as error:
                writer.write(wire.encode({"id": 0, "error": error.to_json()}))
                await writer.drain()
                return
            if await self._makes_room(pid):
                return  # nothing was answered, so whoever it is greets our successor

            with contextlib.ExitStack() as until_the_end:

                async def greet(hello: wire.Message) -> tuple[Caller, wire.Message]:
                    caller, welcome = await self._greet(hello, pid)
                    if caller.role == "agent" and caller.kernel_id is None and caller.agent:
                        # Nothing awaits between the look at its token and this.
                        talking = self._agents.talking(caller.agent, conversation.end)
                        until_the_end.enter_context(talking)
                    return caller, welcome

                conversation = Conversation(reader, writer, greet, self._find)
                await conversation.hold()
        except OSError:
            pass  # the client is gone
        finally:
            self._conversations -= 1
            writer.close()

    def _find(self, name: str) -> Operation | None:
        return self._operations.table.get(name)

    async def _greet(self, hello: wire.Message, pid: int) -> tuple[Caller, wire.Message]:
        # First, whatever it speaks: a run must not even make us leave.
        line = callers.refuse_runs(pid, self._runner_pid)
        protocol = await self._agree(hello.get("protocol"))
        caller = await callers.recognise(
            hello,
            pid,
            line,
            person_key=self._person_key,
            kernels=self._kernels,
            agents=self._agents,
        )
        if caller.role == "person":
            self._take_settings(hello.get("settings"))
        return caller, {
            "protocol": protocol,
            "version": __version__,
            "role": caller.role,
            "agent": caller.agent,
            "notebook": caller.notebook,
            "pid": os.getpid(),
        }

    def _take_settings(self, settings: object) -> None:
        self._safe.take_settings(settings)
        if isinstance(settings, dict) and settings.get("private_files") == "disk":
            self._places.on_disk = True

    async def _agree(self, offered: Any) -> int:
        numbers = [n for n in offered if isinstance(n, int)] if isinstance(offered, list) else []
        common = set(numbers) & set(wire.PROTOCOLS)
        if common:
            return max(common)
        if numbers and min(numbers) > max(wire.PROTOCOLS):
            if await self._safe.keeps_memory():
                raise ProtocolMismatch(
                    "An older broker is running, and its secrets live in its memory only.",
                    f"They are lost when it ends: {end_command(os.getpid())}, then try again.",
                )
            # A newer release is here: make room for its broker.
            self._leave_after_runs()
            raise ProtocolMismatch("An older broker is running; it ends now.", "Try again.")
        raise ProtocolMismatch(
            "The broker and this program speak no common protocol.",
            "Update jupyter-agent-secrets where this program is installed.",
        )

    async def _makes_room(self, pid: int) -> bool:
        """Whether we leave, because an upgrade has put other files in the place of ours.

        Else what an upgrade mends would go on, and we would import what does not fit. We stay while
        something can't be had again without a person: a way out, or a vault in our memory only.
        """
        if not self._installed.is_replaced() or self._operations.ways:
            return False
        if await self._safe.must_stay():
            return False
        try:
            callers.refuse_runs(pid, self._runner_pid)
        except BrokerRefused:
            return False  # a run must not make us leave; it is told no in a moment
        self._leave_after_runs()
        return True

    def _leave_after_runs(self) -> None:
        self._leave()
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._end_after_runs())

    def _leave(self) -> None:
        """Take no new conversation, and let another broker take our place."""
        if self._server is not None:
            # Whoever is connected but not accepted yet is told so at once, and tries again.
            self._server.close()
        # Only while we hold the lock is the way to us surely ours.
        if self._lock >= 0:
            with contextlib.suppress(OSError):
                self._transport.withdraw()
            locks.let_go(self._lock)
            os.close(self._lock)
            self._lock = -1

    async def _end_after_runs(self) -> None:
        await self._runs.until_none()
        self._over.set()

    async def _end_when_idle(self) -> None:
        quiet = 0.0
        while quiet < _IDLE_SECONDS:
            await asyncio.sleep(_IDLE_CHECK)
            talking = self._conversations or self._runs
            if not talking and not self._transport.is_there():
                break  # our folder was removed: nobody can ever reach us again
            busy = talking or await self._safe.must_stay()
            quiet = 0.0 if busy else quiet + _IDLE_CHECK
        self._over.set()


def _person_key(folders: Folders) -> str:
    """The person key, made at the first start, and anew where what is there is none.

    Half of one, or nothing at all, would be a key that is easily shown.
    """
    key = read_private(folders.person_key)
    if key is None or not key.isascii() or len(key) < _KEY_CHARACTERS:
        key = secrets.token_urlsafe(32).encode()
        write_private(folders.person_key, key)
    return key.decode("ascii")


def _log_to(folders: Folders) -> None:
    """Failures go to one small file: class and place, never a message that may hold a value."""
    path = folders.state / "broker.log"
    # Not waiting: a pipe in its place would be opened once somebody reads it, or never.
    with contextlib.suppress(OSError, VaultUnsafe):
        handle = open_unfollowed(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NONBLOCK)
        stream = os.fdopen(handle, "a", encoding="utf-8")
        check_private_file(handle, path.name)
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        root = logging.getLogger("jupyter_agent")
        root.addHandler(handler)
        root.propagate = False
    logging.getLogger("asyncio").disabled = True  # its messages repeat exceptions in full
