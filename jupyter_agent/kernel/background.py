"""``--bg NAME``: runs that go on after their cell, and the handles that people hold.

Each has a conversation of its own with the broker, and a thread that reads it. When the kernel
ends, however it ends, the conversation does, and with it the run.
"""

from __future__ import annotations

import codecs
import html
import re
import threading
import time
from contextlib import suppress
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.client import Client
from jupyter_agent.errors import AgentError, RequestInvalid
from jupyter_agent.kernel import failures, permission, terminal
from jupyter_agent.kernel.arguments import RunArguments
from jupyter_agent.kernel.identity import is_kernel, open_client
from jupyter_agent.kernel.interrupts import Interrupts
from jupyter_agent.kernel.permission import Permission

MOST_KEPT: Final = 1_000_000
"""Characters of output that a handle keeps: the last ones."""

_ESCAPES: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)", re.DOTALL)
"""Control sequences, see ECMA-48."""

_SHOWN_LINES: Final = 5
_SHOW_GAP: Final = 1.0  # seconds between two changes of what is shown


class BackgroundRuns:
    """The runs that one shell has in the background.

    Args:
        shell: The running ``InteractiveShell``.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._started: dict[str, BackgroundRun] = {}

    def start(self, arguments: RunArguments, request: wire.Message) -> None:
        """Start one and bind it to a Python name; returns once it was permitted and runs.

        Args:
            arguments: What the magic was asked for.
            request: The fields of the broker's ``run``.

        Raises:
            RequestInvalid: What was started under this name is not over.
            AgentError: It was not permitted, or could not be started.
        """
        name = arguments.background
        if name in self._started and self._started[name].running:
            raise RequestInvalid(
                f"{name} still runs.",
                f"Wait for it: {name}.wait(). End it: {name}.stop(). Or choose another name.",
            )
        client = open_client(self._shell)
        try:
            number = _begin(client, request, permission.for_run(self._shell, arguments.labels))
        except BaseException:
            client.close()
            raise
        run = BackgroundRun(name, client, number)
        self._started[name] = self._shell.user_ns[name] = run
        run.begin(_Shown(run) if is_kernel(self._shell) else None)


class BackgroundRun:
    """A run in the background.

    Attributes:
        name: The Python name it was bound to first.
    """

    def __init__(self, name: str, client: Client, number: int) -> None:
        self.name = name
        self._client = client
        self._number = number
        self._output = _Tail()
        self._result: wire.Message | None = None
        self._lost = ""
        self._note = ""
        self._started = time.monotonic()
        self._seconds = 0.0
        self._over = threading.Event()
        self._sending = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether it is not over."""
        return not self._over.is_set()

    @property
    def exit(self) -> int | None:
        """Its exit code as shells count; None while it runs, or if it was lost."""
        return int(self._result["exit"]) if self._result else None

    @property
    def seconds(self) -> float:
        """How long it has been running, or took."""
        return time.monotonic() - self._started if self.running else self._seconds

    @property
    def status(self) -> str:
        """Where it stands, in a few words."""
        if self.running:
            return f"running for {_span(self.seconds)}"
        if self._result is None:
            return f"lost after {_span(self.seconds)}: {self._lost}"
        how = f"exit code {self.exit}"
        if self._result["timed_out"]:
            how = "timed out"
        elif self._result["stopped"]:
            how = "stopped"
        return f"ended after {_span(self.seconds)}: {how}"

    def tail(self, lines: int = 20) -> str:
        """The last lines of what it has printed so far, scrubbed; both streams, as they came.

        Args:
            lines: How many; of the last million characters.
        """
        return self._output.last(lines)

    def stop(self) -> None:
        """End it with everything it has started, within two seconds; does not wait for that."""
        with self._sending, suppress(AgentError):  # it is over
            self._client.begin("stop", run=self._number)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it is over and return its exit code, None if it was lost.

        Args:
            timeout: Seconds; None waits for as long as it takes.

        Raises:
            TimeoutError: It still runs.
            KeyboardInterrupt: ■ was pressed; it still runs.
        """
        try:
            over = self._over.wait(timeout)
        except KeyboardInterrupt:
            raise failures.KeyboardInterrupt(
                f"{self.name} goes on in the background. End it: {self.name}.stop()"
            ) from None
        if not over:
            raise TimeoutError(f"{self.name} still runs.")
        return self.exit

    def __repr__(self) -> str:
        return f"<{self.name}: {self.status}>"

    def _repr_html_(self) -> str:
        colour = "--jp-info-color0,#1976d2" if self.running else "--jp-success-color0,#2e7d32"
        if not self.running and self.exit != 0:
            colour = "--jp-error-color0,#c62828"
        status = f'<span style="color:var({colour})">●</span> <b>{html.escape(self.name)}</b> '
        status += html.escape(self.status)
        if self._note:
            status += f"<br><small>{html.escape(self._note)}</small>"
        tail = self._output.last(_SHOWN_LINES)
        return status + (f"<pre>{html.escape(_plain(tail))}</pre>" if tail else "")

    def begin(self, shown: _Shown | None) -> None:
        """Follow it from now on.

        Args:
            shown: Where its state is to be seen, or None.
        """
        if shown is not None:
            shown.first()
        threading.Thread(
            target=self._follow, args=(shown,), name=f"agent_run {self.name}", daemon=True
        ).start()

    def _follow(self, shown: _Shown | None) -> None:
        try:
            while True:
                if shown is not None and shown.due and not self._client.ready(shown.pause):
                    shown.update()
                message = self._client.receive(self._number)
                if "result" in message:
                    self._result = message["result"]
                    break
                self._take(message)
                if shown is not None:
                    shown.changed()
        except AgentError as error:
            self._lost = error.message
        finally:
            self._seconds = time.monotonic() - self._started
            with self._sending:
                self._client.close()
            self._output.finish()
            self._over.set()
            if shown is not None:
                shown.update()

    def _take(self, message: wire.Message) -> None:
        if message.get("event") == "output":
            self._output.feed(wire.data(message, "data"), str(message.get("stream")))
        elif message.get("event") == "hidden_prompt":
            self._note = terminal.UNANSWERED


class _Shown:
    """A cell's output that shows how a run in the background stands."""

    def __init__(self, run: BackgroundRun) -> None:
        self._run = run
        self._handle: Any = None
        self._at = float("-inf")
        self.due = False

    def first(self) -> None:
        from IPython.display import DisplayHandle  # noqa: PLC0415  (not in plain terminals)

        self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
        self._handle.display(self._run)
        self._at = time.monotonic()

    @property
    def pause(self) -> float:
        return max(0.0, self._at + _SHOW_GAP - time.monotonic())

    def changed(self) -> None:
        """There is something new; shown at most once a second, however much is printed."""
        self.due = True
        if self.pause == 0:
            self.update()

    def update(self) -> None:
        self.due = False
        self._at = time.monotonic()
        self._handle.update(self._run)


class _Tail:
    """The end of a text, in bounded memory. Written by one thread, read by others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text = ""
        self._new: list[str] = []
        self._size = 0
        new_decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: new_decoder(errors="replace") for name in ("stdout", "stderr")}

    def feed(self, data: bytes, stream: str) -> None:
        self._add(self._decoders["stderr" if stream == "stderr" else "stdout"].decode(data))

    def finish(self) -> None:
        for decoder in self._decoders.values():
            self._add(decoder.decode(b"", final=True))

    def _add(self, text: str) -> None:
        with self._lock:
            self._new.append(text)
            self._size += len(text)
            if self._size > 2 * MOST_KEPT:  # seldom, so that each character is copied once or twice
                self._gather()

    def _gather(self) -> None:
        self._text = (self._text + "".join(self._new))[-MOST_KEPT:]
        self._new = []
        self._size = len(self._text)

    def last(self, lines: int) -> str:
        with self._lock:
            self._gather()
            text = self._text
        return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""


def _begin(client: Client, request: wire.Message, question: Permission) -> int:
    """Ask for the run, and return its number once it was permitted and has started."""
    number = client.begin("run", **request)
    try:
        with Interrupts(client, number):  # ■ raises: nothing has started
            while (message := client.receive(number)).get("event") != "started":
                if message.get("event") == "asking":
                    question.ask(message)
    finally:
        question.answered()
    return number


def _span(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"


def _plain(text: str) -> str:
    """As a terminal shows it in the end: without colours, and of a line only its last version."""
    lines = _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
