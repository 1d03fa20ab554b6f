"""Guard A: every message from a page is screened before it reaches a kernel.

A mixin over whatever websocket connection class won the race for
``settings["kernel_websocket_connection_class"]``. Jupyter Server calls its
``handle_incoming_message`` for each message of each client, whatever the kernel's language.

Messages keep their order: while the broker is asked about one of them, or a long one is screened in
a thread, those behind it wait (``lanes``). Nothing here logs a message or quotes one in an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from jupyter_client.session import DELIM
from tornado.websocket import WebSocketClosedError

from jupyter_agent.long_texts import LONG, in_thread, is_long
from jupyter_agent.screen.box import Stop
from jupyter_agent.scrub.fingerprints import Fingerprints
from jupyter_agent.server import answers, messages, stub
from jupyter_agent.server.endings import Endings
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.guarded_client import GuardedClient
from jupyter_agent.server.judge import Judge, spends
from jupyter_agent.server.lanes import Lanes
from jupyter_agent.server.outbox import Outbox
from jupyter_agent.server.outgoing import Outgoing, scrub_text
from jupyter_agent.server.seen import SeenInOutput
from jupyter_agent.server.told import tell

ABORT_GAP: Final = 0.2
"""Seconds of quiet that end a Run All for kernels that get no stub.

A page sends a Run All as one burst, and a kernel aborts what is queued when a cell fails. So a
stopped cell fails only once no further cell has come for this long; those that came are aborted. A
client that waits for each reply is never aborted.
"""


class Guarded:
    """The mixin. Made concrete by ``guarded``.

    It relies on what ``BaseKernelWebsocketConnection`` documents: ``websocket_handler``,
    ``kernel_manager``, ``session``, ``log`` and the two ``handle_…_message`` methods.
    """

    jupyter_agent_gate: ClassVar[Gate]
    jupyter_agent_judge: ClassVar[Judge | None] = None
    jupyter_agent_seen: ClassVar[SeenInOutput | None] = None
    jupyter_agent_endings: ClassVar[Endings] = Endings()

    # Set by connection classes.
    websocket_handler: Any
    kernel_manager: Any
    session: Any
    log: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._failing: dict[_Lane, _Failing] = {}
        self._lanes = Lanes(self.log)
        self._outgoing = Outgoing()
        self._outbox: Outbox | None = None
        if (seen := self.jupyter_agent_seen) is not None:
            self._outbox = Outbox(seen.fingerprinted, self._scrubbed, self._pass_out, self.log)

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
        if request.type == "input_reply" and isinstance(
            getattr(self, "_client", None), GuardedClient
        ):
            # jupyter_server_documents: its client has heard the question, and screens the answer.
            super().handle_incoming_message(message)  # type: ignore[misc]
            return
        question = self._question_answered_by(request)
        what = (request.type, request.content, request.buffers)
        if question is not None and question.password:
            what = (request.type, {}, [])  # a getpass: the person's own masked entry, shown nowhere
        judge, look = self.jupyter_agent_judge, self.jupyter_agent_gate.look
        looked = None if len(incoming_msg) > LONG else look(*what, request.beside)
        asks = looked is None or (judge is not None and judge.may_ask(looked))
        endings = self.jupyter_agent_endings.count(self.kernel_manager)
        may_go = not asks and (self._lanes.idle(request.channel) or request.type in _ENDING)
        if looked is not None and may_go:
            self._deal_with(request, message, looked.stop, question, endings)
            return

        async def ask() -> Stop | None:
            by_rules = looked
            if by_rules is None:
                by_rules = await in_thread(lambda: look(*what, request.beside))
            if judge is None or not judge.may_ask(by_rules):
                return by_rules.stop
            kernel_id = str(getattr(self, "kernel_id", ""))
            return await judge.verdict(by_rules, kernel_id, spend=spends(request.type))

        def then(verdict: Stop | None) -> None:
            self._deal_with(request, message, verdict, question, endings)

        self._lanes.put(request.channel, ask(), then)

    def disconnect(self) -> None:
        """Drop what waits, and close."""
        self._lanes.close()
        if self._outbox is not None:
            self._outbox.close()
        super().disconnect()  # type: ignore[misc]

    def _deal_with(
        self,
        request: messages.Request,
        message: str | bytes,
        stop: Stop | None,
        question: _Question | None,
        endings: int,
    ) -> None:
        if not getattr(self, "channels", True):
            return  # closed while it waited
        if request.type in _ENDING:
            self.jupyter_agent_endings.add(self.kernel_manager)
        is_cell = request.type == "execute_request"
        if is_cell and endings != self.jupyter_agent_endings.count(self.kernel_manager):
            self._answer(request.header, answers.execution_aborted(request.channel))
        elif stop is not None:
            self._stop(request, stop, question)
        elif is_cell and _lane(request) in self._failing:
            self._abort(request)
        else:
            self._hand_on(message)

    def handle_outgoing_message(self, *message: Any) -> None:
        """Remember what the kernel asks on stdin, and replace stored values in what it says.

        Args:
            message: A stream and the message's parts, or the JSON text that a gateway sends.
        """
        if len(message) == 1:
            if isinstance(message[0], str) and '"input_request"' in message[0]:
                self._ask(_question_in(message[0]))
        else:
            stream, parts = message
            if (stream if isinstance(stream, str) else getattr(stream, "channel", None)) == "stdin":
                self._ask(self._question(parts))
        if self._outbox is None:
            self._pass_out(message)
        else:
            self._outbox.put(message)

    def _pass_out(self, message: tuple[Any, ...]) -> None:
        super().handle_outgoing_message(*message)  # type: ignore[misc]

    def _scrubbed(self, message: tuple[Any, ...], known: Fingerprints) -> tuple[Any, ...]:
        """A message without the stored values in it, for ``Outbox``; not only on the loop."""
        if len(message) == 1:
            text, seen = scrub_text(message[0], known)
            changed: tuple[Any, ...] = (text,)
        else:
            identities, (_, *parts) = self.session.feed_identities(message[1])
            parts, seen = self._outgoing.scrub(parts, known)
            signature = self.session.sign(parts[:_SIGNED])
            changed = (message[0], [*identities, DELIM, signature, *parts])
        if not seen:
            return message
        assert self.jupyter_agent_seen is not None  # noqa: S101  (else there is no outbox)
        self.jupyter_agent_seen.report_soon(seen, str(getattr(self, "kernel_id", "")))
        return changed

    def _question_answered_by(self, request: messages.Request) -> _Question | None:
        if request.type != "input_reply":
            return None
        return _OPEN.get(self.kernel_manager, {}).pop(self.session.session, None)

    def _ask(self, question: _Question | None) -> None:
        # By the page's own name, under which it comes back after a lost line, and answers then.
        _OPEN.setdefault(self.kernel_manager, {})[self.session.session] = question

    def _question(self, message: list[Any]) -> _Question | None:
        try:
            _, parts = self.session.feed_identities(message)
            # Parts are signature, header, parent header, metadata, content.
            content = self.session.unpack(parts[4])
            return _Question(self.session.unpack(parts[2]), content.get("password") is True)
        except Exception:  # noqa: BLE001  (an unknown question: its answer is screened)
            return None

    def _stop(self, request: messages.Request, stop: Stop, question: _Question | None) -> None:
        tell(self.log, request.type, stop)
        if (header := request.beside.get("header")) and (
            is_long(header)  # nobody's header is
            or self.jupyter_agent_gate.check("", {}, (), {"header": header}) is not None
        ):
            request = request.with_bare_header()  # kernels repeat a header to all their clients
        if request.type == "input_reply":
            # Dropping it would leave input() waiting for ever.
            self._forward(request, {"status": "ok", "value": ""})
            if question is not None:
                shown = ("iopub", "display_data", answers.display(stop))
                self._answer(question.parent, [shown])
        elif request.type != "execute_request":
            given = answers.stopped(request.channel, request.type, request.content)
            self._answer(request.header, given)
        elif stub.runs_ipython(self.kernel_manager):
            self._forward(request, stub.content(stop, request.content))
        elif _lane(request) in self._failing:
            self._abort(request)
        else:
            self._fail(request, stop)

    def _forward(self, request: messages.Request, content: dict[str, Any]) -> None:
        self._hand_on(request.with_content(content))

    def _hand_on(self, message: str | bytes) -> None:
        with self.jupyter_agent_gate.passing():
            super().handle_incoming_message(message)  # type: ignore[misc]

    def _answer(self, parent: dict[str, Any], given: list[answers.Answer]) -> None:
        for channel, kind, content in given:
            self._write(channel, self.session.msg(kind, content, parent=parent))
        if given and given[-1][2].get("execution_state") == "idle":
            self._stay_busy()

    def _stay_busy(self) -> None:
        # A page takes every state for the kernel's own; it may still be at work on something else.
        if getattr(self.kernel_manager, "execution_state", None) == "busy":
            self._write("iopub", self.session.msg("status", {"execution_state": "busy"}))

    def _write(self, channel: str, message: dict[str, Any]) -> None:
        encoded = messages.write(
            message, channel, self.websocket_handler.selected_subprotocol, self.session.pack
        )
        with contextlib.suppress(WebSocketClosedError):
            self.websocket_handler.write_message(encoded, binary=isinstance(encoded, bytes))

    def _fail(self, request: messages.Request, stop: Stop) -> None:
        """Answer for a kernel that can't run the stub."""
        self._answer(request.header, answers.execution_begun(stop))
        failing = _Failing(request, stop)
        if request.content.get("stop_on_error", True):
            self._failing[_lane(request)] = failing
            self._end_after_quiet(failing)
        else:
            self._end(failing)

    def _abort(self, request: messages.Request) -> None:
        failing = self._failing[_lane(request)]
        failing.queued.append(request)
        self._end_after_quiet(failing)

    def _end_after_quiet(self, failing: _Failing) -> None:
        if failing.timer is not None:
            failing.timer.cancel()
        loop = asyncio.get_running_loop()
        failing.timer = loop.call_later(ABORT_GAP, self._end, failing)

    def _end(self, failing: _Failing) -> None:
        stopped = failing.request
        self._failing.pop(_lane(stopped), None)
        self._answer(stopped.header, answers.execution_ended(stopped.channel, failing.stop))
        for request in failing.queued:
            self._answer(request.header, answers.execution_aborted(request.channel))


_Lane = tuple[str, str]
"""A client's session and a channel: a kernel aborts what waits behind a cell on its own channel."""


def _lane(request: messages.Request) -> _Lane:
    return request.session, request.channel


@dataclass(frozen=True, slots=True)
class _Question:
    """An ``input_request`` that waits for its answer."""

    parent: dict[str, Any]
    password: bool


_OPEN: Final[WeakKeyDictionary[Any, dict[str, _Question | None]]] = WeakKeyDictionary()
"""Kernel's manager → page → what it was asked and has not answered yet."""


def _question_in(text: str) -> _Question | None:
    try:
        fields = json.loads(text)
        if fields["header"]["msg_type"] != "input_request":
            return None
        return _Question(fields["parent_header"], fields["content"].get("password") is True)
    except Exception:  # noqa: BLE001  (as above)
        return None


@dataclass(slots=True, repr=False)
class _Failing:
    """A stopped cell whose failure is not told yet, and the cells that came behind it."""

    request: messages.Request
    stop: Stop
    queued: list[messages.Request] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


_SIGNED: Final = 4  # header, parent header, metadata, content

_ENDING: Final = frozenset({"interrupt_request"})
"""Waits for nothing: it ends what others have begun."""


def guarded(
    connection_class: type,
    gate: Gate,
    judge: Judge | None = None,
    seen: SeenInOutput | None = None,
    endings: Endings | None = None,
) -> type:
    """The connection class with the guard in front of it.

    Args:
        connection_class: What ``settings["kernel_websocket_connection_class"]`` holds.
        gate: Decides by the rules.
        judge: Decides by all there is, where somebody can be asked.
        seen: Knows what is replaced in output, and is told where that was done.
        endings: Knows when a kernel was interrupted or restarted.
    """
    if issubclass(connection_class, Guarded):
        return connection_class
    return type(
        f"Guarded{connection_class.__name__}",
        (Guarded, connection_class),
        {
            "jupyter_agent_gate": gate,
            "jupyter_agent_judge": judge,
            "jupyter_agent_seen": seen,
            "jupyter_agent_endings": endings or Endings(),
            "__module__": __name__,
        },
    )
