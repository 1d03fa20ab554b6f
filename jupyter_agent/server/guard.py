"""Guard A: every message from a page is screened before it reaches a kernel.

A mixin over whatever websocket connection class won the race for
``settings["kernel_websocket_connection_class"]``. Jupyter Server calls its
``handle_incoming_message`` for each message of each client, whatever the kernel's language.

Screening is synchronous, so messages keep their order. Nothing here logs a message or quotes one
in an error.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, ClassVar, Final

from tornado.websocket import WebSocketClosedError

from jupyter_agent.server import answers, messages, stub
from jupyter_agent.server.gate import Gate, Stop

ABORT_GAP: Final = 0.25
"""Seconds of quiet that end a Run All for kernels that get no stub.

A page sends a Run All as one burst. Requests that follow a stopped one more closely than this were
already on their way, so they are aborted like those queued in a kernel.
"""


class Guarded:
    """The mixin. Made concrete by ``guarded``.

    It relies on what ``BaseKernelWebsocketConnection`` documents: ``websocket_handler``,
    ``kernel_manager``, ``session``, ``log`` and the two ``handle_…_message`` methods.
    """

    jupyter_agent_gate: ClassVar[Gate]

    # Set by connection classes.
    websocket_handler: Any
    kernel_manager: Any
    session: Any
    log: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked: _Question | None = None
        self._aborting_until: dict[str, float] = {}

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Screen a message from the page and hand it on, or answer it here."""
        if not getattr(self, "channels", True):
            return  # closed; the class below would log the message
        subprotocol = self.websocket_handler.selected_subprotocol
        try:
            request, message = messages.read(incoming_msg, subprotocol)
        except messages.UnreadableMessage:
            self.log.warning("Dropped a websocket message that could not be read.")
            return
        question = self._question_answered_by(request)
        if question is not None and question.password:
            stop = None  # a getpass: the person's own masked entry, never shown or stored
        else:
            stop = self.jupyter_agent_gate.check(request.type, request.content, request.buffers)
        if stop is not None:
            self._stop(request, stop, question)
        elif request.type == "execute_request" and self._is_aborting(request):
            self._answer(request.header, answers.execution_aborted(request.channel))
        else:
            super().handle_incoming_message(message)  # type: ignore[misc]

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Remember what the kernel asks on stdin; change nothing."""
        if (stream if isinstance(stream, str) else getattr(stream, "channel", None)) == "stdin":
            self._asked = self._question(outgoing_msg)
        super().handle_outgoing_message(stream, outgoing_msg)  # type: ignore[misc]

    def _question_answered_by(self, request: messages.Request) -> _Question | None:
        if request.type != "input_reply":
            return None
        question, self._asked = self._asked, None
        return question

    def _question(self, message: list[Any]) -> _Question | None:
        try:
            _, parts = self.session.feed_identities(message)
            # Parts are signature, header, parent header, metadata, content.
            content = self.session.unpack(parts[4])
            return _Question(self.session.unpack(parts[2]), content.get("password") is True)
        except Exception:  # noqa: BLE001  (an unknown question: its answer is screened)
            return None

    def _stop(self, request: messages.Request, stop: Stop, question: _Question | None) -> None:
        self.log.warning(
            "Stopped a %s on its way to a kernel: %s.",
            request.type if request.type in _NAMED_TYPES else "message",
            ", ".join(sorted({found.body["rule"] for found in stop.found})) or "not screened",
        )
        if request.type == "input_reply":
            # Dropping it would leave input() waiting for ever.
            self._forward(request, {**request.content, "value": ""})
            if question is not None:
                shown = ("iopub", "display_data", answers.display(stop))
                self._answer(question.parent, [shown])
        elif request.type == "execute_request" and self._runs_ipython():
            self._forward(request, stub.content(stop, request.content))
        else:
            self._answer(
                request.header,
                answers.stopped(request.channel, request.type, request.content, stop),
            )
            if request.type == "execute_request" and request.content.get("stop_on_error", True):
                self._abort_what_follows(request)

    def _forward(self, request: messages.Request, content: dict[str, Any]) -> None:
        super().handle_incoming_message(request.with_content(content))  # type: ignore[misc]

    def _answer(self, parent: dict[str, Any], given: list[answers.Answer]) -> None:
        for channel, kind, content in given:
            self._write(channel, self.session.msg(kind, content, parent=parent))
        if given and getattr(self.kernel_manager, "execution_state", None) == "busy":
            # A page takes every state for the kernel's own; the kernel is still at work.
            self._write("iopub", self.session.msg("status", {"execution_state": "busy"}))

    def _write(self, channel: str, message: dict[str, Any]) -> None:
        encoded = messages.write(
            message, channel, self.websocket_handler.selected_subprotocol, self.session.pack
        )
        with contextlib.suppress(WebSocketClosedError):
            self.websocket_handler.write_message(encoded, binary=isinstance(encoded, bytes))

    def _abort_what_follows(self, request: messages.Request) -> None:
        self._aborting_until = {request.session: time.monotonic() + ABORT_GAP}

    def _is_aborting(self, request: messages.Request) -> bool:
        if time.monotonic() >= self._aborting_until.get(request.session, 0.0):
            return False
        self._abort_what_follows(request)
        return True

    def _runs_ipython(self) -> bool:
        """Whether the kernel behind this connection can run the stub.

        What the kernel says of itself (kernel_info_reply) counts; a kernel that has not answered
        yet is known by how it is started.
        """
        future = getattr(self.kernel_manager, "_kernel_info_future", None)
        if future is not None and future.done() and future.exception() is None:
            info = future.result() or {}
            if "implementation" in info:
                return bool(info["implementation"] == "ipython")
        spec = getattr(self.kernel_manager, "kernel_spec", None)
        return bool({"ipykernel_launcher", "ipykernel"} & set(getattr(spec, "argv", ())))


class _Question:
    """An ``input_request`` that waits for its answer."""

    __slots__ = ("parent", "password")

    def __init__(self, parent: dict[str, Any], password: bool) -> None:  # noqa: FBT001  (a value)
        self.parent = parent
        self.password = password


# Other type names are the page's own words and stay out of the log.
_NAMED_TYPES: Final = frozenset(
    {
        "execute_request",
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "history_request",
        "input_reply",
        "comm_open",
        "comm_msg",
        "comm_close",
        "debug_request",
    }
)


def guarded(connection_class: type, gate: Gate) -> type:
    """The connection class with the guard in front of it.

    Args:
        connection_class: What ``settings["kernel_websocket_connection_class"]`` holds.
        gate: Decides.
    """
    if issubclass(connection_class, Guarded):
        return connection_class
    return type(
        f"Guarded{connection_class.__name__}",
        (Guarded, connection_class),
        {"jupyter_agent_gate": gate, "__module__": __name__},
    )
