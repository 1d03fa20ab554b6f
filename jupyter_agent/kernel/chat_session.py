"""What a kernel remembers of its chat cells: the conversation, who answers, and the way there."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_agent import rulecache
from jupyter_agent.chat import model, remembered
from jupyter_agent.chat.answering import Answering, Usage
from jupyter_agent.chat.choice import Choice
from jupyter_agent.chat.conversation import Attachment, Conversation, Turn
from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.tools import Tool, tools
from jupyter_agent.client import run_fields
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.client.model_door import ModelDoor
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders
from jupyter_agent.kernel import identity, paths
from jupyter_agent.kernel.chat_cell import ChatCell, Here
from jupyter_agent.kernel.chat_display import GAP, TurnDisplay
from jupyter_agent.kernel.chat_thread import ChatThread
from jupyter_agent.kernel.chat_way import ModelWay
from jupyter_agent.kernel.permission import Permission
from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener

if TYPE_CHECKING:
    from jupyter_agent.chat.acp_agent import AcpAgent

_BUDGETS = {"local": 3_000}
"""Characters that are sent again, for models that can take less than usual."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Asking:
    """A person is asked whether the model's key may be used."""


class ChatSession:
    """The chat cells of one shell.

    Args:
        shell: The running ``InteractiveShell``.

    Attributes:
        conversation: What was said so far.
        chosen: Who answers; None where nobody has chosen.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._thread = ChatThread()
        self.conversation = Conversation()
        self.chosen: Choice | None = remembered.recall(Folders.of())
        self._way: ModelWay | None = None
        self._door: ModelDoor | None = None
        self._passage: Passage | None = None
        self._agent: AcpAgent | None = None

    def close(self) -> None:
        """Close the way to the model, and end the agent that answers."""

        async def work(_tell: Callable[[Any], None]) -> None:
            for each in (self._agent, self._way, self._door):
                if each is not None:
                    await each.close()

        self._thread.follow(work, lambda _: None, lambda: None, GAP)
        self._thread.end()

    def choose(self, chosen: Choice) -> None:
        """Let another model answer from now on, in this kernel and in those to come."""
        self.chosen = chosen
        remembered.remember(Folders.of(), chosen)

    def ask(
        self,
        chosen: Choice,
        message: str,
        attachments: list[Attachment],
        *,
        with_tools: bool = True,
    ) -> tuple[Turn, Usage, float]:
        """Send a message, and show the answer while it comes.

        Args:
            chosen: Who answers.
            message: What the person wrote.
            attachments: What goes along.
            with_tools: Whether the model may use tools.

        Returns:
            The turn, what it took, and how many seconds.

        Raises:
            AgentError: There is no answer.
            KeyboardInterrupt: It was stopped; what came is kept.
        """
        began = time.monotonic()
        model.check_installed()
        display = TurnDisplay(self._shell)
        permission = Permission(self._shell, f"let {chosen} use {chosen.key}")
        before = self.conversation.sent(_BUDGETS.get(chosen.api, 120_000))
        current: list[Answering] = []

        async def work(tell: Callable[[Any], None]) -> Turn:
            answering = await self._answering(chosen, tell, with_tools=with_tools)
            current.append(answering)
            return await answering.answer(message, attachments, before)

        def show(event: Any) -> None:
            if isinstance(event, _Asking):
                permission.ask({"where": ["jupyterlab"]})
            elif isinstance(event, Here):
                event()
            else:
                permission.answered()
                display.show(event)

        try:
            turn = self._thread.follow(work, show, display.flush, GAP)
        except BaseException as error:
            self._ended_early(current[0] if current else None, display, error)
            raise
        finally:
            permission.answered()
        self.conversation.add(turn)
        display.finish(turn)
        return turn, current[0].usage, time.monotonic() - began

    def ask_agent(
        self, name: str, message: str, attachments: list[Attachment], *, new: bool
    ) -> tuple[Turn, Usage, float]:
        """Send a message to an agent that speaks ACP; as ``ask``.

        Args:
            name: A known name, or a command line.
            message: What the person wrote.
            attachments: What goes along.
            new: Begin a new session with it.

        Raises:
            AgentError: There is no answer.
            KeyboardInterrupt: It was stopped, with everything that it had started.
        """
        from jupyter_agent.chat import acp_agent  # noqa: PLC0415  (seldom used)

        began = time.monotonic()
        argv = acp_agent.argv_of(name)
        display = TurnDisplay(self._shell)
        current: list[AcpAgent] = []

        async def work(tell: Callable[[Any], None]) -> Turn:
            cell = ChatCell(self._shell, tell)
            door, passage = self._ready_door(cell)
            if self._agent is not None and (new or self._agent.argv != argv):
                await self._agent.close()
                self._agent = None
            if self._agent is None:
                self._agent = acp_agent.AcpAgent(name, argv, door, passage, door.cwd, _nobody)
            self._agent.ask = cell.typed
            current.append(self._agent)
            return await self._agent.answer(message, attachments, tell)

        def show(event: Any) -> None:
            if isinstance(event, Here):
                event()
            else:
                display.show(event)

        try:
            turn = self._thread.follow(work, show, display.flush, GAP)
        except BaseException as error:
            self._ended_early(current[0] if current else None, display, error)
            raise
        self.conversation.add(turn)
        display.finish(turn)
        return turn, Usage(ended=current[0].ended), time.monotonic() - began

    async def _answering(
        self, chosen: Choice, tell: Callable[[Any], None], *, with_tools: bool
    ) -> Answering:
        cell = ChatCell(self._shell, tell)
        door, passage = self._ready_door(cell)
        answers = await self._ready_way(chosen, cell).ready(lambda: tell(_Asking()))
        offered: list[Tool] = []
        if with_tools and chosen.api != "local":  # it invents labels, so it gets none
            # A kernel that no server of ours has started has no server with desktops either.
            served = identity.agent_hello(self._shell).role == "agent"
            offered = tools(door, passage, cell, door if served else None)
        return Answering(answers, str(chosen), passage, offered, tell, chosen.key)

    def _ended_early(
        self,
        answering: Answering | AcpAgent | None,
        display: TurnDisplay,
        error: BaseException,
    ) -> None:
        """Show of a turn that broke off what may be shown, and keep it where a person ended it."""
        if answering is None or not (answering.said or answering.steps):
            display.flush()
            return
        stopped = isinstance(error, KeyboardInterrupt)

        async def work(_tell: Callable[[Any], None]) -> Turn:
            return await answering.turn(stopped=stopped)

        try:
            turn = self._thread.follow(work, lambda _: None, lambda: None, GAP)
        except (AgentError, KeyboardInterrupt):
            display.withhold()  # nobody has screened it
            return
        if stopped:
            self.conversation.add(turn)
        display.finish(turn)

    def _ready_way(self, chosen: Choice, cell: ChatCell) -> ModelWay:
        if self._way is None or self._way.chosen != chosen:
            before, self._way = self._way, ModelWay(chosen, self._open, cell.approving())
            if before is not None:
                asyncio.ensure_future(before.close())  # noqa: RUF006  (nobody waits for it)
        return self._way

    def _ready_door(self, cell: ChatCell) -> tuple[ModelDoor, Passage]:
        if self._door is None or self._passage is None:
            screener = Screener()
            rulecache.load(Folders.of(), screener)
            self._door = ModelDoor(
                self._open,
                None,
                cwd=str(paths.absolute(".")),
                env=run_fields.handed_on(os.environ),
                confirms=True,
            )
            self._passage = Passage(CellScreener(screener), self._door.match)
        self._door.cwd = str(paths.absolute("."))
        self._door.ask_here = cell.approving()
        return self._door, self._passage

    async def _open(self) -> AsyncClient:
        return await AsyncClient.open(Folders.of(), identity.agent_hello(self._shell))


async def _nobody(_prompt: str) -> None:
    """Before a cell has said who sits at it."""
