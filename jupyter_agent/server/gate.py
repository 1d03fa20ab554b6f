"""What is screened in a kernel message, and the verdict.

Everything fails closed: a text that can't be screened counts as one that holds a secret.
"""

from __future__ import annotations

import codecs
import json
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Finding
from jupyter_agent.screen.box import Found, Stop
from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.stored import found
from jupyter_agent.server import envelope

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


@dataclass(slots=True, eq=False, repr=False)
class Text:
    """A text of a message. No repr: it may hold anything.

    Attributes:
        text: What it says.
        in_cell: Whether it is the cell's own.
        findings: What the rules find in it; None where what they found in one before was enough.
    """

    text: str
    in_cell: bool = False
    findings: list[Finding] | None = None

    def shown(self, findings: Iterable[Finding], screener: Screens) -> tuple[Found, ...]:
        """Findings in it, as the box shows them."""
        every = found(findings, self.text, screener)
        if self.in_cell:
            return every
        # Places count in the cell's text; one beside it gets an empty span, not a misleading one.
        return tuple(Found({**each.body, "start": 0, "end": 0}, each.label) for each in every)


@dataclass(slots=True, eq=False, repr=False)
class Looked:
    """What the rules say about a message; kept as long as somebody is asked about it.

    Attributes:
        stop: The reason to stop it, or None where it may go on.
        texts: What somebody else can be asked about, the cell's own text first; nothing where the
            rules have the last word.
    """

    stop: Stop | None
    texts: Sequence[Text] = ()


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
        """``look``, for where nobody else is asked: the reason to stop a message, or None."""
        return self.look(kind, content, buffers, beside).stop

    def look(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: Sequence[Any],
        beside: dict[str, Any] | None = None,
    ) -> Looked:
        """What the rules say about a message; in any thread.

        Args:
            kind: Its message type. Types that nobody knows yet are screened like any other.
            content: Its content.
            buffers: The bytes beside it, of any size.
            beside: What its headers and metadata hold beyond the ordinary (``envelope.unusual``).
        """
        try:
            if beside and (stop := self._stop(_texts(beside, ()))) is not None:
                return Looked(stop)  # nobody is asked about headers
            return self._look(kind, content, buffers, beside or {})
        except ScreenTimeout:
            return Looked(Stop(late=True))
        except Exception:  # noqa: BLE001  (fail closed, whatever went wrong)
            return Looked(Stop())

    def _look(
        self, kind: str, content: dict[str, Any], buffers: Sequence[Any], beside: dict[str, Any]
    ) -> Looked:
        code, elsewhere = _split(kind, content)
        texts: list[Text] = []
        if code is not None:
            if kind == "execute_request" and code in self._held:
                return Looked(self._held.pop(code))
            texts.append(Text(code, in_cell=True))
        if elsewhere or buffers:
            texts += _texts(elsewhere, buffers)
        stop = self._stop(texts)
        if noted := beside.get("metadata"):  # a cell's own, as its tags, travels with it
            for text in _texts({"metadata": noted}, ()):
                text.findings = []  # as part of what is beside the message it has been screened
                texts.append(text)
        return Looked(stop, texts)

    def _stop(self, texts: Iterable[Text]) -> Stop | None:
        for text in texts:
            text.findings = self._screener.screen(text.text)
            if text.findings:
                return Stop(text.shown(text.findings, self._screener))
        return None


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
        if name != field and not envelope.says_nothing(name, value)
    }


def _texts(value: dict[str, Any], buffers: Sequence[Any]) -> Iterator[Text]:
    """The value as JSON, so that names stand beside what they name, and its strings unescaped."""
    # default: clients in this process put times and the like into messages, which go out as texts.
    yield Text(json.dumps(value, ensure_ascii=False, default=str))
    yield from map(Text, _escaped_strings(value))
    for buffer in buffers:
        if (text := _text_of(memoryview(buffer).tobytes())) is not None:
            yield Text(text)


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
