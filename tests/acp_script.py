"""A real ACP agent, in a process of its own, that does what its prompt says (a line of JSON)."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import acp
from acp import schema


class Scripted:
    """Does each step, and tells what came of it."""

    heard = ""
    reason: Any = "end_turn"

    def on_connect(self, client: Any) -> None:
        self.client = client

    async def initialize(self, protocol_version: int, **_: Any) -> acp.InitializeResponse:
        return acp.InitializeResponse(protocol_version=protocol_version)

    async def new_session(self, cwd: str, **_: Any) -> acp.NewSessionResponse:
        return acp.NewSessionResponse(session_id="s")

    async def cancel(self, session_id: str, **_: Any) -> None:
        pass

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> acp.PromptResponse:
        for step in json.loads(prompt[0].text):
            try:
                said = await self.step(dict(step))
            except acp.RequestError as error:
                said = f"refused: {error}"
            self.heard += f"{said}\n"
            self.tell()
            await self.client.session_update("s", acp.update_agent_message_text(f"{said}\n"))
        return acp.PromptResponse(stop_reason=self.reason)

    def tell(self) -> None:
        Path(sys.argv[1]).write_text(self.heard)

    async def step(self, step: dict[str, Any]) -> str:
        return str(await getattr(self, f"_{step.pop('do')}")(**step))

    async def _run(self, env: dict[str, str] | None = None, **step: Any) -> str:
        given = [schema.EnvVariable(name=n, value=v) for n, v in (env or {}).items()]
        made = await self.client.create_terminal(session_id="s", env=given, **step)
        await self.client.wait_for_terminal_exit(session_id="s", terminal_id=made.terminal_id)
        out = await self.client.terminal_output(session_id="s", terminal_id=made.terminal_id)
        return f"{out.exit_status.exit_code}: {out.output}"

    async def _end(self, reason: str) -> str:
        """Say why the turn ends."""
        self.reason = reason
        return reason

    async def _raw(self, line: str) -> str:
        """Write what the SDK on the other side can't read."""
        print(line, flush=True)
        return "written"

    async def _leave(self, path: str, *, waits: bool) -> str:
        """Tell what stands in a file that it reads by itself, and go, or wait for its end."""
        said = await asyncio.to_thread(Path(path).read_text)
        await self.client.session_update("s", acp.update_agent_message_text(said))
        if waits:
            await asyncio.Event().wait()
        sys.exit(3)

    async def _start(self, script: str) -> str:
        """Run a command by itself, without asking its client, and say when it is there."""
        started = await asyncio.create_subprocess_exec("bash", "-c", script)
        await self.client.session_update("s", acp.update_agent_message_text("started"))
        return str(await started.wait())

    async def _watch(self, command: str) -> str:
        """Look at the output until there is some, and end the command."""
        made = await self.client.create_terminal(session_id="s", command=command)
        while True:
            told = await self.client.terminal_output("s", made.terminal_id)
            if told.output:
                break
            await asyncio.sleep(0.05)
        await self.client.kill_terminal("s", made.terminal_id)
        return f"{told.exit_status} {len(told.output)} {told.output[-9:].strip()}"

    async def _read(self, **step: Any) -> str:
        return (await self.client.read_text_file(session_id="s", **step)).content

    async def _write(self, **step: Any) -> str:
        await self.client.write_text_file(session_id="s", **step)
        return "written"

    async def _lead(self, url: str) -> str:
        mode = schema.ElicitationUrlSessionMode(session_id="s", elicitation_id="e", url=url)
        return (await self.client.create_elicitation("Sign in there", mode)).action

    async def _form(self, message: str, form: dict[str, Any]) -> str:
        wanted = schema.ElicitationSchema.model_validate(form)
        mode = schema.ElicitationFormSessionMode(session_id="s", requested_schema=wanted)
        answer = await self.client.create_elicitation(message, mode)
        return f"{answer.action} {getattr(answer, 'content', None)}"

    async def _permission(self, title: str, input: Any = None) -> str:  # noqa: A002  (the step's)
        option = schema.PermissionOption(option_id="y", name="yes", kind="allow_once")
        call = schema.ToolCallUpdate(tool_call_id="1", title=title, raw_input=input)
        answer = await self.client.request_permission(
            session_id="s", tool_call=call, options=[option]
        )
        return answer.outcome.outcome


if __name__ == "__main__":
    asyncio.run(acp.run_agent(Scripted(), use_unstable_protocol=True))
