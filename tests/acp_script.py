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
        return acp.PromptResponse(stop_reason="end_turn")

    def tell(self) -> None:
        Path(sys.argv[1]).write_text(self.heard)

    async def step(self, step: dict[str, Any]) -> str:
        do = step.pop("do")
        if do == "run":
            env = [schema.EnvVariable(name=n, value=v) for n, v in step.pop("env", {}).items()]
            made = await self.client.create_terminal(session_id="s", env=env, **step)
            await self.client.wait_for_terminal_exit(session_id="s", terminal_id=made.terminal_id)
            out = await self.client.terminal_output(session_id="s", terminal_id=made.terminal_id)
            return f"{out.exit_status.exit_code}: {out.output}"
        if do == "read":
            return (await self.client.read_text_file(session_id="s", **step)).content
        if do == "write":
            await self.client.write_text_file(session_id="s", **step)
            return "written"
        if do == "permission":
            option = schema.PermissionOption(option_id="y", name="yes", kind="allow_once")
            call = schema.ToolCallUpdate(tool_call_id="1", title=step["title"])
            answer = await self.client.request_permission(
                session_id="s", tool_call=call, options=[option]
            )
            return answer.outcome.outcome
        return str(step.get("text"))


if __name__ == "__main__":
    asyncio.run(acp.run_agent(Scripted()))
