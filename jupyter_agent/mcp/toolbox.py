"""The tools of one agent, with the broker behind them; which SDK carries the calls is not known."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.chat.door import State
from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.tools import Outcome, Tool, tools
from jupyter_agent.client import Hello
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.client.model_door import ModelDoor
from jupyter_agent.folders import Folders
from jupyter_agent.mcp import host as hosts
from jupyter_agent.mcp.entries import PATIENCE, Entries, Site
from jupyter_agent.mcp.host import Host, Progress
from jupyter_agent.screen.cell import Screens

INSTRUCTIONS: Final = (
    "Work with credentials that you never see: name them by label. list_secret_labels says which "
    "there are, run_command and http_request use them, request_secret asks the user for one that "
    "is missing. For a website that wants a login, open_desktop, then desktop_wait: the user signs "
    "in where you can't see it. Never ask for a secret in the conversation and never write one "
    "into a tool. The user reads each command with your reason, and may say no; then ask how to "
    "go on."
)

_BEAT: Final = 15.0
"""Seconds between two signs of life while a person is asked or a command runs."""

_SAID: Final[Mapping[State, str]] = {
    "asking": "Waiting for the user's answer",
    "running": "Running",
}


class Toolbox:
    """What one agent may call.

    Args:
        folders: Whose broker.
        hello: The agent, proven by its token.
        site: Serves forms for secrets.
        screener: Finds what the rules know.
        cwd: Absolute folder that commands run in.
        env: What commands are given of an environment.
        patience: Seconds that a call waits for a person to enter a secret.
    """

    def __init__(  # noqa: PLR0913  (what it consists of)
        self,
        folders: Folders,
        hello: Hello,
        site: Site,
        screener: Screens,
        *,
        cwd: str,
        env: Mapping[str, str],
        patience: float = PATIENCE,
    ) -> None:
        self._folders = folders
        self._hello = hello
        self._kept: AsyncClient | None = None
        self._entries = Entries(self.open_client, site, patience)
        self._door = ModelDoor(self.open_client, self._entries.ask, cwd, env, keeps=True)
        passage = Passage(screener, self._door.match)
        made = tools(self._door, passage, desktops=self._door)
        self._tools = {tool.name: tool for tool in made}

    async def open_client(self) -> AsyncClient:
        """A conversation with the broker, as this agent.

        Raises:
            BrokerRefused: The agent is not known, or was forgotten.
            AgentError: See ``AsyncClient.open``.
        """
        return await AsyncClient.open(self._folders, self._hello)

    async def check(self) -> None:
        """Look whether the agent is still let in: at no cost as long as it was not sent away.

        Raises:
            BrokerRefused: It is not.
            AgentError: See ``AsyncClient.open``.
        """
        if self._kept is None or self._kept.closed:
            self._kept = await self.open_client()

    async def name(self) -> str:
        """How the broker calls the agent.

        Raises:
            AgentError: See ``check``.
        """
        await self.check()
        return "" if self._kept is None else str(self._kept.welcome.get("agent"))

    @property
    def tools(self) -> list[Tool]:
        """The tools, in the order in which they are listed."""
        return list(self._tools.values())

    async def call(self, name: str, given: Mapping[str, Any], host: Host) -> Outcome:
        """Call a tool. Never raises, but for a cancelled task.

        Args:
            name: Its name.
            given: The arguments, as the model wrote them.
            host: Who called.
        """
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(self._tools)
            error = {"code": "request_invalid", "message": "There is no such tool."}
            return Outcome({"error": {**error, "next_step": f"There are: {known}"}}, failed=True)
        hosts.current.set(host)
        life = _SignsOfLife(host)
        try:
            outcome = await tool.call(given, life.told)
        finally:
            await life.end()
        return self._with_link(name, given, outcome)

    async def close(self) -> None:
        """End the agent's conversations."""
        await self._entries.close()
        await self._door.close()
        if self._kept is not None:
            await self._kept.close()

    def _with_link(self, name: str, given: Mapping[str, Any], outcome: Outcome) -> Outcome:
        """The address of a form beside ``pending``.

        Only now: on its way through the rules an address with a nonce would be masked. It is ours,
        opens a form, and holds no secret.
        """
        if name != "request_secret" or outcome.failed or outcome.data.get("state") != "pending":
            return outcome
        link = self._entries.links.get(str(given.get("label")))
        if link is None:
            note = "The user was asked in JupyterLab and has not answered yet; ask again later."
            return Outcome({**outcome.data, "note": note})
        note = (
            "Show the user this link, which opens a form on their machine; it works for ten "
            "minutes. Do not open it yourself. Then call this again."
        )
        return Outcome({**outcome.data, "url": link, "note": note})


class _SignsOfLife:
    """Tells the host how a call goes on: it shall not give up, or leave a person guessing."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._said = ""
        self._count = 0.0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def told(self, state: State) -> None:
        self._said = _SAID[state]
        self._changed.set()
        if self._task is None and self._host.progress is not None:
            self._task = asyncio.create_task(self._tell(self._host.progress))

    async def end(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _tell(self, progress: Progress) -> None:
        while True:
            self._changed.clear()
            self._count += 1
            await progress(self._count, self._said)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BEAT):
                    await self._changed.wait()
