"""An agent that speaks ACP as the brain of a chat cell: Claude Code, Codex, Gemini CLI, goose.

We are its client (https://agentclientprotocol.com): the terminals, the files and the permissions
that it asks for are ours. A command runs through the broker, with labels, once a person has said
yes; its output is scrubbed. What such an agent does by itself, without asking its client, is its
own.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from jupyter_agent import __version__, spawn
from jupyter_agent.chat import acp_forms, acp_sdk, acp_terminals
from jupyter_agent.chat.answering import ASKS, CUT, Called, Event, Said
from jupyter_agent.chat.choice import AGENTS
from jupyter_agent.chat.conversation import Attachment, Step, Turn
from jupyter_agent.chat.cutting import start_of
from jupyter_agent.chat.door import Command, Door
from jupyter_agent.chat.halves import Halves, whole
from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.plain import plain
from jupyter_agent.chat.tools import Outcome
from jupyter_agent.errors import AgentError, ModelFailed, ModelMissing, RequestInvalid

Ask = Callable[[str], Awaitable[str | None]]

_MOST_FILE: Final = 1_000_000
_MOST_LINES: Final = 1_000
_MOST_TITLE: Final = 200
_NOBODY: Final = "Nobody can type an answer here, so it was declined."
_STATES: Final = {
    "pending": "called",
    "in_progress": "running",
    "completed": "done",
    "failed": "failed",
}
_ENDED: Final = {
    "max_tokens": CUT,
    "max_turn_requests": "stopped after as many requests as it makes for one message",
    "refusal": "declined to go on",
}


def argv_of(name: str) -> list[str]:
    """The command that starts an agent.

    Args:
        name: A name of ``AGENTS``, or a command line.

    Raises:
        ModelMissing: It is not there, or the package for ACP is not.
    """
    if importlib.util.find_spec("acp") is None:
        raise ModelMissing(
            "Agents as the brain of a chat cell need a package that is not installed here.",
            'Install it where this kernel runs: pip install "jupyter-agent-secrets[acp]"',
        )
    for line in AGENTS.get(name, (name,)):
        argv = shlex.split(line)
        if argv and (program := shutil.which(argv[0])):
            return [program, *argv[1:]]
    looked = ", ".join(shlex.split(line)[0] for line in AGENTS.get(name, ())) or "that command"
    raise ModelMissing(
        f"No such agent is installed here (looked for {looked}).",
        f"Install it, or name its command: --agent COMMAND. Known names: {', '.join(AGENTS)}",
    )


@dataclass(slots=True)
class AcpAgent:
    """One running agent, and its session; made and used on one event loop.

    Attributes:
        name: As people call it.
        argv: What starts it.
        door: The way to the broker.
        passage: Stands between it and everybody else.
        cwd: Absolute folder it works in.
        ask: Puts a question to the person where the cell runs; None where nobody can type.
        ended: Why its last answer is not whole, for people; "" where it is.
    """

    name: str
    argv: Sequence[str]
    door: Door
    passage: Passage
    cwd: str
    ask: Ask
    show: Callable[[Event], None] = lambda _event: None
    said: str = ""
    steps: list[Step] = field(default_factory=list)
    ended: str = ""
    _asked: Turn = field(default_factory=lambda: Turn(""))
    _halves: Halves = field(default_factory=Halves)
    _order: asyncio.Lock = field(default_factory=asyncio.Lock)
    _process: Any = None
    _life: int | None = None
    _connection: Any = None
    _client: Any = None
    _session: str = ""
    _calls: dict[str, Called] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def answer(
        self, message: str, attachments: Sequence[Attachment], show: Callable[[Event], None]
    ) -> Turn:
        """Send a message, and return the whole turn.

        Raises:
            SecretBlocked: The message holds a secret.
            ModelFailed: The agent could not be started, or broke off.
        """
        self.said, self.steps, self._calls, self.show = "", [], {}, show
        self._halves, self.ended = Halves(), ""
        await self.passage.check(message, "Your message")
        cleaned = [
            Attachment(each.name, str(await self.passage.clean(each.text))) for each in attachments
        ]
        self._asked = Turn(message, tuple(cleaned), model=self.name)
        try:
            await self._begin()
            await self._prompt(self._asked.prompt)
        except AgentError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it says may repeat the message)
            await self.close()
            raise ModelFailed(
                f"{self.name} broke off ({type(error).__name__}).",
                "Does it work in a terminal, and are you signed in there?",
            ) from None
        async with self._order:  # what it has told of by now
            self._tell(self._halves.finish())
        return await self.turn()

    async def turn(self, *, stopped: bool = False) -> Turn:
        """The turn as far as it has come; see ``Answering.turn``."""
        answer = str(await self.passage.clean(self.said))
        return replace(self._asked, steps=tuple(self.steps), answer=answer, stopped=stopped)

    async def close(self) -> None:
        """End it, and what runs in our terminals for it."""
        if self._client is not None:
            await self._client.end()
        if self._connection is not None:
            with suppress(Exception):
                await self._connection.close()
        if self._life is not None:
            os.close(self._life)  # which ends all that has come of it
            self._life = None
        elif self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
        if self._process is not None:
            await self._process.wait()
        self._client = self._connection = self._process = None
        self._session = ""

    async def _begin(self) -> None:
        import acp  # noqa: PLC0415
        from acp import schema  # noqa: PLC0415

        if self._process is not None and self._process.returncode is None:
            return
        await self.close()
        acp_sdk.silence()
        # Without the capability: what an agent starts by itself is no part of this notebook's.
        env = {name: text for name, text in os.environ.items() if not name.startswith("JUPYTER_")}
        if sys.platform == "win32":
            self._process = await spawn.start_agent(self.argv, cwd=self.cwd, env=env)
        else:
            theirs, self._life = os.pipe()
            kept = spawn.python("jupyter_agent.chat.agent_keeper", str(theirs), *self.argv)
            try:
                self._process = await spawn.start_agent(kept, cwd=self.cwd, env=env, life=theirs)
            finally:
                os.close(theirs)
        self._client = acp_terminals.AcpClient(self)
        streams = (self._process.stdin, self._process.stdout)
        self._connection = acp.connect_to_agent(
            self._client,
            *streams,
            use_unstable_protocol=True,  # what the SDK calls it: elicitation, among others
        )
        await self._connection.initialize(
            protocol_version=acp.PROTOCOL_VERSION,
            client_capabilities=schema.ClientCapabilities(
                fs=schema.FileSystemCapabilities(read_text_file=True, write_text_file=True),
                terminal=True,
                elicitation=schema.ElicitationCapabilities(
                    form=schema.ElicitationFormCapabilities(),
                    url=schema.ElicitationUrlCapabilities(),
                ),
            ),
            client_info=schema.Implementation(name="jupyter_agent", version=__version__),
        )
        session = await self._connection.new_session(cwd=self.cwd, mcp_servers=[])
        self._session = session.session_id

    async def _prompt(self, prompt: str) -> None:
        import acp  # noqa: PLC0415

        asked = asyncio.ensure_future(
            self._connection.prompt(session_id=self._session, prompt=[acp.text_block(prompt)])
        )
        gone = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise ModelFailed(f"{self.name} ended in the middle.", "Run it again.")
            self.ended = _ENDED.get(str(asked.result().stop_reason), "")
        except asyncio.CancelledError:
            # Stop: the agent with everything it has started, which is the only sure way.
            await self.close()
            raise
        finally:
            gone.cancel()
            asked.cancel()

    def say(self, text: str) -> None:
        """The agent said something more."""
        self._tell(self._halves.feed(text))

    def _tell(self, text: str) -> None:
        if text:
            self.said += text
            self.show(Said(text))

    async def seen(self, call: Any) -> None:
        """The agent told of something it does."""
        async with self._order:  # one after the other, as they came: each is screened meanwhile
            before = self._calls.get(call.tool_call_id)
            told = " ".join(whole(call.title or "").split())
            title = str(await self.passage.clean(told or (before.tool if before else "a tool")))
            title = title[:_MOST_TITLE]
            state = _STATES.get(call.status or "", before.state if before else "called")
            number = before.number if before else next(self._numbers)
            called = Called(number, title, {}, state)
            self._calls[call.tool_call_id] = called
            self.show(called)
            over = ("done", "failed")
            if state in over and not (before and before.state in over):
                self.steps.append(Step(title, "{}", state, state == "failed"))

    async def permitted(self, title: str, detail: str) -> bool:
        """Ask a person whether the agent may do something by itself."""
        told = f"{title}\n{detail}".splitlines()
        lines = [f"# {self.name} asks to do this itself, outside of our terminals:"]
        lines += [f"#   {line}" for line in told]
        await self.passage.check("\n".join(lines), f"What {self.name} wants to do")
        if len(told) > _MOST_LINES:
            return False  # nobody would read it
        try:
            ended = await self.door.run(
                Command("\n".join([*lines, "true"]), why=title[:400]), lambda _: None
            )
        except AgentError:
            return False
        return ended.exit == 0

    async def led(self, message: str, url: str, number: str) -> bool:
        """Show an address that the agent wants a person to open; whether they want to."""
        asked = await self._begun(number, {"url": url, "text": message})
        try:
            await self.passage.check({"message": message, "url": url}, f"What {self.name} asks")
            host = acp_forms.address(url)
            prompt = f"{self.name} wants you to open {url} (at {host}). Will you? [y/n]: "
            typed = await self.ask(prompt)
            if typed is None:
                raise RequestInvalid(_NOBODY)
            if typed.strip().lower() not in ("y", "yes"):
                raise RequestInvalid("You declined it.")
        except AgentError as error:
            self._declined(asked, error)
            return False
        self._update(number, asked, "running")
        return True

    async def answered(self, message: str, form: Mapping[str, Any]) -> dict[str, Any] | None:
        """Put a form's questions to a person; None where it is declined."""
        number = f"form {message}"
        asked = await self._begun(number, {"text": message})
        given: dict[str, Any] = {}
        try:
            await self.passage.check([message, form], f"What {self.name} asks")
            for question in acp_forms.questions(message, form):
                typed = await self.ask(f"{self.name} asks: {plain(message)}\n{question.prompt}")
                if typed is None:
                    raise RequestInvalid(_NOBODY)
                if (found := question.read(typed)) is not None:
                    given[question.name] = found
                elif question.required:
                    raise RequestInvalid("You left out what it needs, so it was declined.")
            await self.passage.check(given, "Your answer")
        except AgentError as error:
            self._declined(asked, error)
            return None
        self._update(number, asked, "done")
        return given

    def over(self, number: str) -> None:
        """The agent says that what a person was led to is over."""
        if asked := self._calls.get(number):
            self._update(number, asked, "done")

    async def _begun(self, number: str, about: dict[str, Any]) -> Called:
        shown = await self.passage.clean(about)
        about = shown if isinstance(shown, dict) else {}
        called = Called(next(self._numbers), ASKS, about, "asking")
        self._calls[number] = called
        self.show(called)
        return called

    def _update(self, number: str, called: Called, state: str) -> None:
        self._calls[number] = replace(called, state=state)
        self.show(self._calls[number])

    def _declined(self, called: Called, error: AgentError) -> None:
        said = f"{error.message} {error.hint}".strip()
        outcome = Outcome({"error": {"code": error.code, "message": said}}, failed=True)
        self.show(replace(called, state="declined", outcome=outcome))

    async def read(self, path: str, line: int | None, limit: int | None) -> str:
        """A file, as the agent may see it: masked."""

        def look() -> str:
            with Path(path).open(encoding="utf-8", errors="replace") as file:
                return start_of(file.read(_MOST_FILE + 1), _MOST_FILE)

        lines = str(await self.passage.clean(await asyncio.to_thread(look))).splitlines(True)
        start = max(0, (line or 1) - 1)
        return "".join(lines[start : start + limit] if limit else lines[start:])

    async def write(self, path: str, content: str) -> None:
        """Write a file, once a person has read what will be in it.

        Raises:
            AgentError: It holds a secret, or was not permitted.
        """
        await self.passage.check({"path": path, "content": content}, f"What {self.name} writes")
        script = f"printf %s {shlex.quote(content)} > {shlex.quote(path)}"
        ended = await self.door.run(Command(script, why=f"to write {path}"), lambda _: None)
        if ended.exit:
            raise ModelFailed(f"{path} could not be written.")
