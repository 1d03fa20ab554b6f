"""A kernel client that screens what it sends, and answers for the kernel where that is stopped.

An IPython kernel gets the stub in place of a cell, so whoever waits reads what the kernel says.
For other kernels, and for requests that are no cells, the answers of ``answers`` are put into the
client's own channels. Nobody waits for a reply that does not come.
"""

from __future__ import annotations

import inspect
from contextvars import ContextVar
from logging import Logger
from typing import Any, ClassVar, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.client import KernelClient
from jupyter_core.utils import run_sync
from traitlets import HasTraits, validate

from jupyter_agent.errors import SecretBlocked
from jupyter_agent.screen.box import Stop
from jupyter_agent.server import answers, envelope, stub
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.inbox import deliver_to
from jupyter_agent.server.screened_session import screened
from jupyter_agent.server.told import tell

Json = dict[str, Any]

_CODE: Final = "execute_request"


class GuardedClient(HasTraits):
    """The mixin. Made concrete by ``guarded_client``.

    It relies on what ``jupyter_client.KernelClient`` documents: ``session``, ``parent``, and
    ``shell_channel`` and its sisters.
    """

    jupyter_agent_gate: ClassVar[Gate]
    jupyter_agent_log: ClassVar[Logger]

    # Set by client classes.
    session: Any
    parent: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._inboxes: dict[str, Any] = {}
        self._asked: Json | None = None
        # Whether execute_interactive is at work in this task: it reads sockets, not channels.
        self._interactive: ContextVar[bool] = ContextVar("jupyter_agent_interactive", default=False)
        super().__init__(*args, **kwargs)
        self.session = self.session  # a session made by default is not validated by itself

    @validate("session")
    def _screen_session(self, proposal: Json) -> Any:
        return screened(proposal["value"], self._sendable, self._heard)

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
        before = self._interactive.set(True)
        try:
            return await super()._async_execute_interactive(*args, **kwargs)  # type: ignore[misc]
        except _Stopped as stopped:
            given = stopped.messages
        finally:
            self._interactive.reset(before)
        asked = _SIGNATURE.bind(self, *args, **kwargs).arguments
        hook = asked.get("output_hook") or self._output_hook_default  # type: ignore[attr-defined]
        for channel, message in given:
            if channel == "iopub":
                hook(message)
        return next(message for channel, message in given if channel != "iopub")

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
            onward = self._sendable(channel, message, message.get("buffers") or ())
            if onward is not None:
                send(onward)

        channel.send = asking_send

    def _heard(self, parent: Json, content: Json) -> None:
        """The kernel asks for a line of input."""
        self._asked = {"parent_header": parent, "content": content}

    def _sendable(self, stream: Any, message: Json, buffers: Any) -> Json | None:
        """See ``screened_session.Sendable``."""
        if self.jupyter_agent_gate.passed:
            return message
        header, content = message["header"], message["content"]
        kind, question = header["msg_type"], None
        if kind == "input_reply":
            question, self._asked = self._asked, None
            if question is not None and question["content"].get("password") is True:
                content, buffers = {}, ()  # the person's own masked entry, shown nowhere
        beside = envelope.unusual(header, message.get("parent_header"), message.get("metadata"))
        stop = self.jupyter_agent_gate.check(kind, content, buffers, beside)
        if stop is None:
            return message
        tell(self.jupyter_agent_log, kind, stop)
        if self.jupyter_agent_gate.check("", {}, (), {"header": beside.get("header")}) is not None:
            header = envelope.bare(header)
        instead = self._instead(kind, content, stop)
        if instead is not None:
            if question is not None:
                self._deliver(
                    question["parent_header"], [("iopub", "display_data", answers.display(stop))]
                )
            return {**message, "header": header, "content": instead, **_EMPTY}
        self._answer(stream, {**message, "header": header}, stop)
        return None

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
            if self._interactive.get():
                raise _Stopped(self._messages(message["header"], given))
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


class _Stopped(Exception):
    """A cell was stopped whose caller reads sockets. Holds answers of ours, nothing of the cell."""

    def __init__(self, messages: list[tuple[str, Json]]) -> None:
        super().__init__("stopped")
        self.messages = messages


_EMPTY: Final[Json] = {"parent_header": {}, "metadata": {}, "buffers": []}
_SIGNATURE: Final = inspect.signature(KernelClient._async_execute_interactive)  # noqa: SLF001
_STOCK: Final = (AsyncKernelClient.execute_interactive, BlockingKernelClient.execute_interactive)


def guarded_client(client_class: type, gate: Gate, log: Logger) -> type:
    """The client class with the guard in front of it.

    Args:
        client_class: What a kernel manager makes its clients of.
        gate: Decides.
        log: Told what was stopped, never what it said.
    """
    if issubclass(client_class, GuardedClient) or not issubclass(client_class, KernelClient):
        return client_class
    namespace: Json = {"jupyter_agent_gate": gate, "jupyter_agent_log": log, "__module__": __name__}
    interactive = getattr(client_class, "execute_interactive", None)
    if interactive in _STOCK:
        ours = GuardedClient._async_execute_interactive  # noqa: SLF001
        is_async = inspect.iscoroutinefunction(interactive)
        namespace["execute_interactive"] = ours if is_async else run_sync(ours)
    return type(f"Guarded{client_class.__name__}", (GuardedClient, client_class), namespace)
