"""A turn as a cell shows it: Markdown that grows, and what the model does with its tools."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final

from jupyter_agent.chat.answering import ASKS, Called, Event, Said
from jupyter_agent.chat.conversation import Turn
from jupyter_agent.chat.fetching import fetches
from jupyter_agent.chat.halves import whole
from jupyter_agent.chat.plain import plain
from jupyter_agent.kernel.identity import is_kernel

GAP: Final = 0.1
"""Seconds between two changes of what is shown: a page renders Markdown anew each time."""

_SHOWN_OUTPUT: Final = 1_500
_SHOWN_ARGUMENT: Final = 120
_PLAIN: Final = re.compile(r"\w[\w ]*")
_STATES: Final = {
    "called": "…",
    "asking": "… waiting for your permission in JupyterLab",
    "running": "▶ running",
    "done": "✓",
    "refused": "✗ not permitted",
    "declined": "✗ declined",
    "failed": "✗ failed",
}
_WITHHELD: Final = "*What was said is not shown: it could not be screened for secrets.*"
_WAITS_FOR_YOU: Final = "… until you hand the desktop back: take over in its panel, then hand back"


class TurnDisplay:
    """Shows one turn while it comes.

    Args:
        shell: The running ``InteractiveShell``.
        clock: Seconds.
    """

    def __init__(self, shell: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._shell = shell
        self._clock = clock
        self._parts: list[str | Called] = []
        self._handle: Any = None
        self._shown_at = float("-inf")
        self._due = False
        self._is_page = is_kernel(shell)

    def show(self, event: Event) -> None:
        """Take something that happened."""
        if not self._is_page:
            # A terminal can't change what it has shown.
            print(plain(_line(event)), end="", flush=True)  # noqa: T201  (the magic's own output)
        if isinstance(event, Said):
            if self._parts and isinstance(self._parts[-1], str):
                self._parts[-1] += event.text
            else:
                self._parts.append(event.text.lstrip("\n"))
        else:
            self._take_call(event)
        self._due = True
        if self._clock() - self._shown_at >= GAP or isinstance(event, Called):
            self.flush()

    def flush(self) -> None:
        """Show what has come."""
        if not self._due:
            return
        self._due = False
        self._shown_at = self._clock()
        if self._is_page:
            self._display(self.markdown)

    def finish(self, turn: Turn) -> None:
        """Show the whole turn, as it is kept."""
        said = "".join(part for part in self._parts if isinstance(part, str))
        if turn.answer.replace("\n", "") != said.replace("\n", ""):
            # Something in the answer was recognised: what was shown so far is replaced.
            calls = [part for part in self._parts if isinstance(part, Called)]
            self._parts = [*calls, turn.answer]
            self._due = True
        self.flush()
        if not self._is_page:
            print(flush=True)  # noqa: T201  (the magic's own output)

    def withhold(self) -> None:
        """Show nothing of what was said: it could not be screened to its end."""
        self._parts = [part for part in self._parts if isinstance(part, Called)] + [_WITHHELD]
        self._due = True
        self.flush()

    @property
    def markdown(self) -> str:
        """All of it."""
        said = "\n\n".join(part for part in self._parts if isinstance(part, str))
        say = _as_text if fetches(said) else str
        return "\n\n".join(
            say(part) if isinstance(part, str) else _called(part) for part in self._parts
        )

    def _take_call(self, called: Called) -> None:
        for at, part in enumerate(self._parts):
            if isinstance(part, Called) and part.number == called.number:
                self._parts[at] = called
                return
        self._parts.append(called)

    def _display(self, markdown: str) -> None:
        markdown = whole(markdown)
        data = {"text/markdown": markdown, "text/plain": markdown}
        if self._handle is None:
            from IPython.display import DisplayHandle  # noqa: PLC0415  (not in plain terminals)

            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self._handle.display(data, raw=True)
        else:
            self._handle.update(data, raw=True)


def _line(event: Event) -> str:
    if isinstance(event, Said):
        return event.text
    return f"\n[{event.tool} {_about(event)} {_state(event)}]\n"


def _called(called: Called) -> str:
    # What an agent calls its tool is its own text, and no Markdown of ours.
    tool = called.tool if _PLAIN.fullmatch(called.tool) else _code(called.tool)
    line = " ".join(filter(None, (f"**{tool}**", _about(called), _state(called))))
    script = called.arguments.get("command")
    parts = [line, _fenced(str(script), "bash")] if script else [line]
    if called.outcome is not None:
        parts.append(_came_of(called))
    return "\n\n".join(part for part in parts if part)


def _about(called: Called) -> str:
    arguments = called.arguments
    if called.tool == "http_request":
        method = str(arguments.get("method") or "GET")
        return f"{_code(method + ' ' + str(arguments.get('url', '')))} {_labels(called)}"
    if called.tool in ("run_command", "request_secret"):
        return _labels(called)
    if "number" in arguments:
        return _code(f"[{arguments['number']}]")
    if {"x", "y"} <= arguments.keys():
        return _code(f"{arguments['x']}, {arguments['y']}")
    named = next((name for name in ("url", "key", "text") if arguments.get(name)), "")
    return _code(str(arguments[named])[:_SHOWN_ARGUMENT]) if named else ""


def _state(called: Called) -> str:
    if called.tool == ASKS and called.state == "asking":
        return "… answer below"
    if called.tool == "desktop_wait" and called.state == "running":
        return _WAITS_FOR_YOU
    return _STATES.get(called.state, called.state)


def _labels(called: Called) -> str:
    arguments = called.arguments
    found = arguments.get("secrets") or [arguments.get("secret") or arguments.get("label")]
    return ", ".join(_code(str(each)) for each in found if each) if isinstance(found, list) else ""


def _came_of(called: Called) -> str:
    outcome = called.outcome
    if outcome is None or not isinstance(outcome.data, dict):
        return ""
    if outcome.failed:
        return str(outcome.data["error"]["message"])
    if called.tool == "run_command":
        output = f"{outcome.data.get('stdout', '')}{outcome.data.get('stderr', '')}".rstrip()
        ended = f"exit {outcome.data.get('exit')} after {outcome.data.get('seconds')} s"
        return f"{ended}\n\n{_fenced(output[-_SHOWN_OUTPUT:], '')}" if output else ended
    if called.tool == "http_request":
        return f"status {outcome.data.get('status')}"
    return str(outcome.data.get("state", ""))


def _as_text(part: str) -> str:
    note = "*Shown as text: the page would fetch something from elsewhere for it.*"
    return f"{_fenced(part, '')}\n\n{note}" if part.strip() else ""


def _fenced(text: str, language: str) -> str:
    # A fence longer than any in the text: what a command prints must not end it.
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _code(text: str) -> str:
    return "`" + " ".join(text.replace("`", "'").split()) + "`"
