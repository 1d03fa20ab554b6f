"""A kernel client that screens what it sends, and answers for the kernel where that is stopped.

An IPython kernel gets the stub in place of a cell, so whoever waits reads what the kernel says.
For other kernels, and for requests that are no cells, the answers of ``answers`` are put into the
client's own channels. Nobody waits for a reply that does not come.

The rules decide at once about a short message. A long one, and one about which the broker could say
more, takes its turn (``asking``).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from logging import Logger
from typing import Any, ClassVar, Final

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.client import KernelClient
from jupyter_core.utils import run_sync
from traitlets import HasTraits, validate

from jupyter_agent.errors import SecretBlocked
from jupyter_agent.long_texts import is_long
from jupyter_agent.screen.box import Stop
from jupyter_agent.server import answers, envelope, stub
from jupyter_agent.server.asking import Asking, Question, Turns
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.inbox import deliver_to
from jupyter_agent.server.judge import spends
from jupyter_agent.server.outgoing import Outgoing
from jupyter_agent.server.screened_session import SendOn, kept, screened
from jupyter_agent.server.seen import SeenInOutput
from jupyter_agent.server.told import tell

Json = dict[str, Any]

_CODE: Final = "execute_request"

_LINGER: Final = 2000
"""Milliseconds that a message sent on closing gets to reach the kernel; nobody waits for it."""


class GuardedClient(HasTraits):
    """The mixin. Made concrete by ``guarded_client``.

    It relies on what ``jupyter_client.KernelClient`` documents: ``session``, ``parent``, and
    ``shell_channel`` and its sisters.
    """

    jupyter_agent_gate: ClassVar[Gate]
    jupyter_agent_asking: ClassVar[Asking]
    jupyter_agent_seen: ClassVar[SeenInOutput]
    jupyter_agent_log: ClassVar[Logger]

    # Set by client classes.
    session: Any
    parent: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._inboxes: dict[str, Any] = {}
        self._asked: Json | None = None
        # Whether execute_interactive is at work in this task: it reads sockets, not channels.
        self._interactive: ContextVar[_Decided | None] = ContextVar(
            "jupyter_agent_interactive", default=None
        )
        self._turns = Turns(self.jupyter_agent_asking)
        self._outgoing = Outgoing()
        super().__init__(*args, **kwargs)
        self.session = self.session  # a session made by default is not validated by itself

    @validate("session")
    def _screen_session(self, proposal: Json) -> Any:
        return screened(proposal["value"], self._leave, self._heard, self._said)

    def _said(self, parts: list[Any]) -> list[Any] | None:
        """A message of the kernel without stored values: who runs cells here may save outputs."""
        known = self.jupyter_agent_seen.fingerprinted.known
        if not known:
            return None
        parts, labels = self._outgoing.scrub(parts, known)
        if not labels:
            return None
        self.jupyter_agent_seen.report_soon(labels, str(getattr(self.parent, "kernel_id", "")))
        return parts

    def stop_channels(self) -> None:
        """Send what still waits, and close."""
        for name in self._turns.send_all():
            # Jupyter drops what a closed channel has not yet handed to the kernel. Without the
            # guard that message would have left long ago, so it gets its time now.
            channel, _ = self._inboxes.get(name, (None, None))
            socket = getattr(channel, "socket", None)
            if isinstance(socket, zmq.Socket):
                socket.close(linger=_LINGER)
        super().stop_channels()  # type: ignore[misc]

    @property
    def shell_channel(self) -> Any:
        """The channel, with our answers in it; as for the others."""
        return self._prepared("shell", super().shell_channel)  # type: ignore[misc]

    @property
    def control_channel(self) -> Any:
        """See ``shell_channel``."""
        return self._prepared("control", super().control_channel)  # type: ignore[misc]

    @property
    def stdin_channel(self) -> Any:
        """See ``shell_channel``."""
        return self._prepared("stdin", super().stdin_channel)  # type: ignore[misc]

    @property
    def iopub_channel(self) -> Any:
        """See ``shell_channel``."""
        return self._prepared("iopub", super().iopub_channel)  # type: ignore[misc]

    async def _async_execute_interactive(self, *args: Any, **kwargs: Any) -> Any:
        asked = _SIGNATURE.bind(self, *args, **kwargs).arguments
        decided = await self._decide_on_cell(asked)
        before = self._interactive.set(decided)
        try:
            return await super()._async_execute_interactive(*args, **kwargs)  # type: ignore[misc]
        except _Stopped as stopped:
            given = stopped.messages
        finally:
            self._interactive.reset(before)
            later, decided.later = decided.later or [], None
            for parent, answered in later:
                self._deliver(parent, answered)
        hook = asked.get("output_hook") or self._output_hook_default  # type: ignore[attr-defined]
        for channel, message in given:
            if channel == "iopub":
                hook(message)
        return next(message for channel, message in given if channel != "iopub")

    async def _decide_on_cell(self, asked: Json) -> _Decided:
        """The verdict on a cell before it is sent: who sends it reads sockets, not our answers."""
        content = {name: asked[name] for name in _IN_CELL if asked.get(name)}
        asked_about = self._question(_CODE, content, (), {})
        return _Decided(await self._turns.turn("shell", asked_about))

    def _question(self, kind: str, content: Json, buffers: Any, beside: Json) -> Question:
        look = functools.partial(self.jupyter_agent_gate.look, kind, content, buffers, beside)
        long = is_long(content, *buffers, beside)
        return Question(look, self._kernel_id, is_long=long, spend=spends(kind))

    @property
    def _kernel_id(self) -> str:
        return str(getattr(self.parent, "kernel_id", None) or "")

    def _prepared(self, name: str, channel: Any) -> Any:
        known = self._inboxes.get(name)
        if known is None or known[0] is not channel:
            self._inboxes[name] = (channel, deliver_to(channel))
            if hasattr(channel, "put_nowait"):
                self._ask_before_sending(channel)
        return channel

    def _ask_before_sending(self, channel: Any) -> None:
        # A gateway's channel sends JSON over a websocket, without the session.
        send = channel.send

        def asking_send(message: Json) -> None:
            message = kept(message)
            self._leave(channel, message, message.get("buffers") or (), send)

        channel.send = asking_send

    def _heard(self, parent: Json, content: Json) -> None:
        """The kernel asks for a line of input."""
        self._asked = {"parent_header": parent, "content": content}

    def _leave(self, stream: Any, message: Json, buffers: Any, send_on: SendOn) -> Any:
        """See ``screened_session.Leaving``."""
        header, content = message["header"], message["content"]
        kind, question = header["msg_type"], None
        lane = self._lane(stream)
        if self.jupyter_agent_gate.passed:
            return self._turns.take(stream, lane, None, lambda _: send_on(message))
        if kind == "input_reply":
            question, self._asked = self._asked, None
            if question is not None and question["content"].get("password") is True:
                content, buffers = {}, ()  # the person's own masked entry, shown nowhere

        def then(stop: Stop | None) -> Any:
            if stop is None:
                return send_on(message)
            return self._stop(stream, {**message, "content": content}, question, stop, send_on)

        beside = envelope.unusual(header, message.get("parent_header"), message.get("metadata"))
        decided = self._interactive.get() if kind == _CODE else None
        if decided is not None and not decided.request:
            decided.request = header["msg_id"]
            stop = self.jupyter_agent_gate.check("", {}, (), beside) if beside else None
            return then(stop or decided.stop)
        asked = self._question(kind, content, buffers, beside)
        may_wait = self._can_answer(kind, lane)
        return self._turns.take(stream, lane, asked, then, may_wait=may_wait)

    def _stop(
        self, stream: Any, message: Json, question: Json | None, stop: Stop, send_on: SendOn
    ) -> Any:
        header, content = message["header"], message["content"]
        kind = header["msg_type"]
        tell(self.jupyter_agent_log, kind, stop)
        if (beside := envelope.unusual(header, None, None)) and (
            is_long(beside) or self.jupyter_agent_gate.check("", {}, (), beside) is not None
        ):
            header = envelope.bare(header)
        instead = self._instead(kind, content, stop)
        if instead is not None:
            if question is not None:
                self._deliver(
                    question["parent_header"], [("iopub", "display_data", answers.display(stop))]
                )
            return send_on({**message, "header": header, "content": instead, **_EMPTY})
        self._answer(stream, {**message, "header": header}, stop)
        return None

    def _lane(self, stream: Any) -> str:
        """The name of the channel that a socket belongs to."""
        for name, (channel, _) in self._inboxes.items():
            if stream is channel or stream is getattr(channel, "socket", None):
                return name
        return "shell"

    def _can_answer(self, kind: str, lane: str) -> bool:
        """Whether a message may be answered later, when an error could reach nobody any more."""
        if kind == "input_reply" or (kind == _CODE and stub.runs_ipython(self.parent)):
            return True
        channel = "control" if lane == "control" else "shell"
        return all(self._inboxes.get(name, (0, None))[1] for name in (channel, "iopub"))

    def _instead(self, kind: str, content: Json, stop: Stop) -> Json | None:
        """The content that goes on in place of what was stopped, or None where nothing does."""
        if kind == "input_reply":
            return {"status": "ok", "value": ""}  # without it input() would wait for ever
        if kind == _CODE and stub.runs_ipython(self.parent):
            return stub.content(stop, content)
        return None

    def _answer(self, stream: Any, message: Json, stop: Stop) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        control = self._inboxes.get("control", (None,))[0]
        is_control = control is not None and stream in (control, getattr(control, "socket", None))
        channel = "control" if is_control else "shell"
        if kind != _CODE:
            given = answers.stopped(channel, kind, content)
        else:
            given = [*answers.execution_begun(stop), *answers.execution_ended(channel, stop)]
            decided = self._interactive.get()
            if decided is not None and decided.request == message["header"].get("msg_id"):
                raise _Stopped(self._messages(message["header"], given))
            if decided is not None and decided.later is not None:
                decided.later.append((message["header"], given))
                return
        self._deliver(message["header"], given)

    def _deliver(self, parent: Json, given: list[answers.Answer]) -> None:
        for channel, message in self._messages(parent, given):
            _, put = self._inboxes.get(channel) or (None, None)
            if put is None:
                raise SecretBlocked(
                    "A message for a kernel holds a secret, so it was not sent.",
                    "Take the secret out, or save it and use it by its label.",
                )
            put(message)

    def _messages(self, parent: Json, given: list[answers.Answer]) -> list[tuple[str, Json]]:
        return [
            (channel, {**self.session.msg(kind, content, parent=parent), "buffers": []})
            for channel, kind, content in given
        ]


@dataclass(slots=True)
class _Decided:
    """The verdict on one cell that is about to be sent.

    Attributes:
        stop: The verdict.
        request: The cell's message, once it has left. Others that are sent meanwhile, by whoever
            is told of its output, are asked about like any other.
        later: Our answers to those. Until the cell has ended nobody but it reads, and it would
            throw them away. None once it has.
    """

    stop: Stop | None
    request: str = ""
    later: list[tuple[Json, list[answers.Answer]]] | None = field(default_factory=list)


class _Stopped(Exception):
    """A cell was stopped whose caller reads sockets. Holds answers of ours, nothing of the cell."""

    def __init__(self, messages: list[tuple[str, Json]]) -> None:
        super().__init__("stopped")
        self.messages = messages


_EMPTY: Final[Json] = {"parent_header": {}, "metadata": {}, "buffers": []}
_SIGNATURE: Final = inspect.signature(KernelClient._async_execute_interactive)  # noqa: SLF001
_STOCK: Final = (AsyncKernelClient.execute_interactive, BlockingKernelClient.execute_interactive)


_IN_CELL: Final = ("code", "user_expressions")


def _blocking(interactive: Callable[..., Any], asking: Asking) -> Callable[..., Any]:
    """``execute_interactive`` of a client that blocks."""
    waiting = run_sync(interactive)

    @functools.wraps(interactive)
    def execute_interactive(self: Any, *args: Any, **kwargs: Any) -> Any:
        with asking.blocking():
            return waiting(self, *args, **kwargs)

    return execute_interactive


def guarded_client(
    client_class: type, gate: Gate, asking: Asking, seen: SeenInOutput, log: Logger
) -> type:
    """The client class with the guard in front of it.

    Args:
        client_class: What a kernel manager makes its clients of.
        gate: Decides by the rules.
        asking: Decides by all there is, where somebody can be asked.
        seen: Knows what is replaced in output, and is told where that was done.
        log: Told what was stopped, never what it said.
    """
    if issubclass(client_class, GuardedClient) or not issubclass(client_class, KernelClient):
        return client_class
    namespace: Json = {
        "jupyter_agent_gate": gate,
        "jupyter_agent_asking": asking,
        "jupyter_agent_seen": seen,
        "jupyter_agent_log": log,
        "__module__": __name__,
    }
    interactive = getattr(client_class, "execute_interactive", None)
    if interactive in _STOCK:
        ours = GuardedClient._async_execute_interactive  # noqa: SLF001
        is_async = inspect.iscoroutinefunction(interactive)
        namespace["execute_interactive"] = ours if is_async else _blocking(ours, asking)
    return type(f"Guarded{client_class.__name__}", (GuardedClient, client_class), namespace)
