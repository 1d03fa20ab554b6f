"""What an ACP agent asks its client for: terminals with labels, files, permissions."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acp import RequestError, schema

from jupyter_agent.chat.door import Command, Ended
from jupyter_agent.chat.printed import Printed, cut_to
from jupyter_agent.errors import AgentError
from jupyter_agent.secret import check_variable

if TYPE_CHECKING:
    from jupyter_agent.chat.acp_agent import AcpAgent

_LABEL: Final = re.compile(r"\{\{([A-Z][A-Z0-9_]{0,63})\}\}")
_SECONDS: Final = 3600.0
_WHY: Final = "it gives a command and no reason"
_HELD_BACK: Final = 1024
"""Characters: longer than a value of 256 bytes in any form that scrubbing knows."""


@dataclass(frozen=True, slots=True)
class _Terminal:
    """One command.

    Attributes:
        task: Its run.
        printed: What it has printed so far, in the order in which it came.
        most: Bytes of it that the agent wants at most.
    """

    task: asyncio.Task[Ended]
    printed: Printed
    most: int | None


class AcpClient:
    """Our side of the conversation (``acp.interfaces.Client``).

    Args:
        agent: Whom it serves.
    """

    def __init__(self, agent: AcpAgent) -> None:
        self._agent = agent
        self._numbers = itertools.count(1)
        self._running: dict[str, _Terminal] = {}

    async def end(self) -> None:
        """End every command that runs."""
        tasks = [each.task for each in self._running.values()]
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def on_connect(self, _connection: Any) -> None:
        """Nothing to do: the agent keeps its connection."""

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """Something that the agent says or does."""
        if isinstance(update, schema.AgentMessageChunk):
            if isinstance(update.content, schema.TextContentBlock):
                self._agent.say(update.content.text)
        elif isinstance(update, schema.ToolCallStart | schema.ToolCallProgress):
            await self._agent.seen(update)

    async def request_permission(
        self, session_id: str, tool_call: Any, options: list[Any], **_: Any
    ) -> schema.RequestPermissionResponse:
        """Asked of a person, once; "always" is nothing that an agent is given here."""
        once = next((each for each in options if each.kind == "allow_once"), None)
        denied = schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))
        try:
            detail = _detail(tool_call)
            if once is None or not await self._agent.permitted(tool_call.title or "", detail):
                return denied
        except AgentError:
            return denied
        return schema.RequestPermissionResponse(
            outcome=schema.AllowedOutcome(outcome="selected", option_id=once.option_id)
        )

    async def create_terminal(  # noqa: PLR0913, PLR0917  (the protocol's)
        self,
        session_id: str,
        command: str,
        args: list[str] | None = None,
        env: list[Any] | None = None,
        cwd: str | None = None,
        output_byte_limit: int | None = None,
        **_: Any,
    ) -> schema.CreateTerminalResponse:
        """A command through the broker: ``{{LABEL}}`` in it, or as a variable, is a label."""
        agent = self._agent
        try:
            asked = _command(command, args or [], env or [], cwd or agent.cwd)
            await agent.passage.check([asked.script], f"What {agent.name} wants to run")
        except AgentError as error:
            raise _refused(error) from None
        name = f"terminal-{next(self._numbers)}"
        printed = Printed()
        task = asyncio.ensure_future(agent.door.run(asked, lambda _: None, printed.add))
        self._running[name] = _Terminal(task, printed, output_byte_limit)
        return schema.CreateTerminalResponse(terminal_id=name)

    async def terminal_output(
        self, session_id: str, terminal_id: str, **_: Any
    ) -> schema.TerminalOutputResponse:
        """What it has printed so far, scrubbed and masked, but for its newest part.

        The newest part is held back, because a value that nobody granted is recognised whole: an
        agent that reads it piece by piece would have all of it but the end.
        """
        terminal = self._one(terminal_id)
        if terminal.task.done():
            code, output = await self._came(terminal_id)
            status = schema.TerminalExitStatus(exit_code=code)
        else:
            so_far = terminal.printed.text[:-_HELD_BACK]
            output = str(await self._agent.passage.clean(so_far[: so_far.rfind("\n") + 1]))
            status = None
        output, cut = cut_to(output, terminal.most)
        return schema.TerminalOutputResponse(output=output, truncated=cut, exit_status=status)

    async def wait_for_terminal_exit(
        self, session_id: str, terminal_id: str, **_: Any
    ) -> schema.WaitForTerminalExitResponse:
        """Wait until it is over."""
        code, _output = await self._came(terminal_id)
        return schema.WaitForTerminalExitResponse(exit_code=code)

    async def kill_terminal(self, session_id: str, terminal_id: str, **_: Any) -> None:
        """End it, with everything it has started."""
        self._one(terminal_id).task.cancel()

    async def release_terminal(self, session_id: str, terminal_id: str, **_: Any) -> None:
        """End it, and forget it."""
        terminal = self._running.pop(terminal_id, None)
        if terminal is not None:
            terminal.task.cancel()

    async def read_text_file(
        self,
        session_id: str,
        path: str,
        line: int | None = None,
        limit: int | None = None,
        **_: Any,
    ) -> schema.ReadTextFileResponse:
        """A file, masked."""
        try:
            return schema.ReadTextFileResponse(content=await self._agent.read(path, line, limit))
        except AgentError as error:
            raise _refused(error) from None
        except OSError:
            raise RequestError.resource_not_found(path) from None

    async def write_text_file(
        self, session_id: str, path: str, content: str, **_: Any
    ) -> schema.WriteTextFileResponse:
        """A file, once a person has said yes to what will be in it."""
        try:
            await self._agent.write(path, content)
        except AgentError as error:
            raise _refused(error) from None
        return schema.WriteTextFileResponse()

    async def create_elicitation(
        self, message: str, mode: Any, **_: Any
    ) -> schema.AcceptElicitationResponse | schema.DeclineElicitationResponse:
        """A question for the person: put here, or declined with a reason (``acp_forms``)."""
        asked = getattr(mode, "root", mode)
        url = getattr(asked, "url", None)
        form = getattr(asked, "requested_schema", None)
        content: dict[str, Any] | None = None
        if url is not None:
            if await self._agent.led(message, str(url), str(asked.elicitation_id)):
                content = {}
        elif form is not None:
            given = form.model_dump(by_alias=True, exclude_none=True)
            content = await self._agent.answered(message, given)
        if content is None:
            return schema.DeclineElicitationResponse(action="decline")
        return schema.AcceptElicitationResponse(action="accept", content=content or None)

    async def complete_elicitation(self, elicitation_id: str, **_: Any) -> None:
        """What the person did at an address is over."""
        self._agent.over(elicitation_id)

    async def ext_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """There are none."""
        raise RequestError.method_not_found(method)

    async def ext_notification(self, method: str, params: dict[str, Any]) -> None:
        """Passed over."""

    def _one(self, name: str) -> _Terminal:
        if name not in self._running:
            raise RequestError.invalid_params({"terminalId": "there is no such terminal"})
        return self._running[name]

    async def _came(self, name: str) -> tuple[int, str]:
        """Exit code and output; a refusal is an exit code of 126 that says why."""
        terminal = self._one(name)
        task = terminal.task
        with suppress(asyncio.CancelledError, AgentError):
            await asyncio.wait({task})
        if task.cancelled():
            return 130, ""
        error = task.exception()
        if isinstance(error, AgentError):
            return 126, f"{error.message} {error.hint}\n"
        if error is not None:
            return 125, "It could not be run.\n"
        output = await self._agent.passage.clean(terminal.printed.text)
        return task.result().exit, str(output)


def _command(command: str, args: list[str], env: list[Any], cwd: str) -> Command:
    """What an agent wants to run, as one script that a person reads.

    Raises:
        AgentError: A variable has a name that steers programs.
    """
    secrets: dict[str, str] = {}
    lines = [f"cd {shlex.quote(cwd)}"]
    for each in env:
        if label := _LABEL.fullmatch(each.value):
            secrets[check_variable(each.name)] = label[1]
        else:
            lines.append(f"export {check_variable(each.name)}={shlex.quote(each.value)}")
    lines.append(" ".join([command, *map(_word, args)]) if args else command)
    return Command("\n".join(lines), secrets, why=_WHY, timeout=_SECONDS)


def _detail(tool_call: Any) -> str:
    """What an agent wants to do by itself, exactly: the command as it stands, or all there is."""
    given = tool_call.raw_input
    parts: list[str] = []
    if isinstance(given, dict) and isinstance(given.get("command"), str):
        parts.append(given["command"])
        given = {name: each for name, each in given.items() if name != "command"}
    if given:
        text = json.dumps(given, indent=1, ensure_ascii=False, default=str)
        parts.append(given if isinstance(given, str) else text)
    parts += [
        f"{each.path} becomes:\n{each.new_text}"
        for each in tool_call.content or ()
        if isinstance(each, schema.FileEditToolCallContent)
    ]
    return "\n".join(parts)


def _word(text: str) -> str:
    # A marker is to stay one: in single quotes no shell would expand what it becomes.
    if _LABEL.search(text):
        return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'
    return shlex.quote(text)


def _refused(error: AgentError) -> RequestError:
    return RequestError(-32000, error.message, {"code": error.code, "hint": error.hint})
