"""What is screened in a kernel message, and the verdict.

Everything fails closed: a text that can't be screened counts as one that holds a secret.
"""

from __future__ import annotations

import codecs
import json
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Finding, to_json
from jupyter_agent.screen.box import Found, Stop
from jupyter_agent.screen.cell import Screens

_LOOKED_AT: Final = 8000
"""Bytes at the beginning of a buffer that tell text from other things, as git tells them."""

_MOST_HELD: Final = 1000
"""Cells that were stopped and are still on their way through another extension's queue."""

_MARKS: Final = {
    codecs.BOM_UTF32_LE: "utf-32",  # first: it begins with the one of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PLAIN: Final = bytes([*b"\t\n\r\x1b", *range(32, 127)])

CHAT: Final = "chat_message"
"""Not Jupyter's: the type that a frame of a chat is screened as."""

# Fields that hold program text, or a message, as the person typed it.
_CODE_FIELDS: Final = {
    "execute_request": "code",
    "complete_request": "code",
    "inspect_request": "code",
    "is_complete_request": "code",
    "input_reply": "value",
    CHAT: "body",
}


class Gate:
    """Says of a message whether it may go on.

    Args:
        screener: Finds the secrets.
    """

    def __init__(self, screener: Screens) -> None:
        self._screener = screener
        self._held: OrderedDict[str, Stop] = OrderedDict()
        self._passed = ContextVar("jupyter_agent_passed", default=False)

    def hold(self, stop: Stop) -> str:
        """A text that may stand for a cell that was stopped on its way to this gate.

        When it comes here as a cell's code, it is stopped for the same reason.
        """
        ticket = f"# jupyter_agent stopped this cell ({secrets.token_hex(8)})"
        self._held[ticket] = stop
        if len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return ticket

    @contextmanager
    def passing(self) -> Iterator[None]:
        """What is sent inside has been screened: nobody asks the person's masked entry twice."""
        before = self._passed.set(True)
        try:
            yield
        finally:
            self._passed.reset(before)

    @property
    def passed(self) -> bool:
        """Whether ``passing`` is going on right here."""
        return self._passed.get()

    def check(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: Sequence[Any],
        beside: dict[str, Any] | None = None,
    ) -> Stop | None:
        """The reason to stop a message, or None where it may go on.

        Args:
            kind: Its message type. Types that nobody knows yet are screened like any other.
            content: Its content.
            buffers: The bytes beside it, of any size.
            beside: What its headers and metadata hold beyond the ordinary (``envelope.unusual``).
        """
        try:
            if beside and (stop := self._check("", beside, ())) is not None:
                return stop
            return self._check(kind, content, buffers)
        except ScreenTimeout:
            return Stop(late=True)
        except Exception:  # noqa: BLE001  (fail closed, whatever went wrong)
            return Stop()

    def texts(
        self, kind: str, content: dict[str, Any], buffers: Sequence[Any]
    ) -> Iterator[tuple[str, bool]]:
        """What ``check`` screens, each with whether it is the cell's own text, which comes first.

        Args:
            kind: The message's type.
            content: Its content.
            buffers: The bytes beside it.
        """
        code, elsewhere = _split(kind, content)
        if code is not None:
            yield code, True
        if elsewhere or buffers:
            for text in _texts(elsewhere, buffers):
                yield text, False

    def _check(self, kind: str, content: dict[str, Any], buffers: Sequence[Any]) -> Stop | None:
        code, elsewhere = _split(kind, content)
        if kind == "execute_request" and code is not None and code in self._held:
            return self._held.pop(code)
        if code is not None and (findings := self._screener.screen(code)):
            return Stop(tuple(self._found(finding, code) for finding in findings))
        if not elsewhere and not buffers:
            return None
        for text in _texts(elsewhere, buffers):
            if findings := self._screener.screen(text):
                return Stop(tuple(self._found_elsewhere(finding, text) for finding in findings))
        return None

    def _found(self, finding: Finding, text: str) -> Found:
        rule = self._screener.rule(finding.rule)
        return Found(to_json(finding, text, rule), rule.label)

    def _found_elsewhere(self, finding: Finding, text: str) -> Found:
        # Places count in the cell's text; one beside it gets an empty span, not a misleading one.
        found = self._found(finding, text)
        return Found({**found.body, "start": 0, "end": 0}, found.label)


def _split(kind: str, content: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The cell's text, if the message has one, and what else is in its content."""
    field = _CODE_FIELDS.get(kind)
    if field is None:
        return None, content
    code = content.get(field, "")
    if not isinstance(code, str):
        raise TypeError
    # user_expressions, and whatever else somebody put beside the code.
    return code, {
        name: value
        for name, value in content.items()
        if name != field and value and isinstance(value, str | dict | list)
    }


def _texts(value: dict[str, Any], buffers: Sequence[Any]) -> Iterator[str]:
    """The value as JSON, so that names stand beside what they name, and its strings unescaped."""
    # default: clients in this process put times and the like into messages, which go out as texts.
    yield json.dumps(value, ensure_ascii=False, default=str)
    yield from _escaped_strings(value)
    for buffer in buffers:
        if (text := _text_of(memoryview(buffer).tobytes())) is not None:
            yield text


def _text_of(data: bytes) -> str | None:
    """A buffer's text, or None where it is none.

    A file that a person drops on a widget comes this way. One byte that is no UTF-8 does not make
    it something else, and neither does its size: the screener's own time budget grows with it. Nor
    do zero bytes among plain letters: so look UTF-16 and UTF-32 without a mark, and lists whose
    items end in one.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    head = data[:_LOOKED_AT]
    if zeros := head.count(0):
        letters = len(head) - zeros
        if not letters or 10 * len(head.translate(None, _PLAIN + b"\0")) > letters:
            return None
        data = data.replace(b"\0", b"" if 3 * zeros >= letters else b"\n")
    return data.decode("utf-8", "replace")


def _escaped_strings(value: Any) -> Iterator[str]:
    """Strings that look different inside JSON: with line breaks, quotes or backslashes."""
    if isinstance(value, str):
        if not value.isprintable() or '"' in value or "\\" in value:
            yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _escaped_strings(key)
            yield from _escaped_strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _escaped_strings(member)
