"""How far a shell's quoting reaches: in what context each marker of a script stands. Pure.

It reads only what decides about that: quotes, backslashes, comments, here-documents and what nests.
Whatever it can't be sure about is a context of its own, in which a marker is refused. See "Shell
Command Language" in POSIX.1-2017, the manuals of bash(1) and zshmisc(1), and fish-language(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from jupyter_agent.broker.markers import BARE

CODE: Final = "code"
"""Outside of all quotes."""
QUOTED: Final = "quoted"
"""Where variables are expanded and blanks do not matter: double quotes, a here-document."""
ESCAPED: Final = "escaped"
"""A backslash in front makes it ordinary text."""
COMMENT: Final = "comment"
"""Nobody reads it."""

_SINGLE = "between single quotes"
_LITERAL = "in a here-document whose end mark is quoted"
_PARAMETER = "inside ${…}"
_BACKTICKS = "between backticks"
_ARITHMETIC = "in arithmetic"
_DOLLAR = "right behind a dollar sign"
_UNSURE = "behind something that can't be read with certainty"

_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:\\.|'[^']*'|\"[^\"]*\"|[^\s;&|<>()'\"\\])+)")
_CASE = re.compile(r"case\b")


@dataclass(frozen=True, slots=True)
class Place:
    """A marker.

    Attributes:
        start: Where it begins; with its backslash, if it is escaped.
        end: Just behind it.
        label: The name between its braces.
        context: One of the four above, or in words why no variable works there.
    """

    start: int
    end: int
    label: str
    context: str


@dataclass(slots=True)
class _Heredoc:
    end: str
    tabs: bool
    literal: bool


@dataclass(slots=True)
class _Frame:
    """Something that has been opened.

    Attributes:
        context: What a marker in it is.
        closer: What closes it; "" at the top, where nothing does.
        waiting: Here-documents that begin on the next line.
    """

    context: str
    closer: str
    waiting: list[_Heredoc] = field(default_factory=list)


def places(text: str, shell: str) -> list[Place]:
    """Every marker of a script, in order.

    Args:
        text: The script.
        shell: ``bash``, ``sh``, ``zsh`` or ``fish``.
    """
    reader = _Reader(text, shell)
    reader.read()
    seen = {place.end for place in reader.found}
    # One that was read over, as part of something else, has no context that anybody knows.
    lost = [
        Place(*marker.span(), marker[1], _UNSURE)
        for marker in BARE.finditer(text)
        if marker.end() not in seen
    ]
    return sorted([*reader.found, *lost], key=lambda place: place.start)


class _Reader:
    def __init__(self, text: str, shell: str) -> None:
        self.found: list[Place] = []
        self._text = text
        self._shell = shell
        self._at = 0
        self._frames = [_Frame(CODE, "")]
        self._unsure = False

    def read(self) -> None:
        while self._at < len(self._text):
            frame = self._frames[-1]
            if self._take_marker(frame.context):
                continue
            if frame.context == CODE:
                self._code(frame)
            elif frame.context == _SINGLE:
                self._single(frame)
            else:
                self._quoted(frame)

    def _take_marker(self, context: str) -> bool:
        text, at = self._text, self._at
        escaped = text[at] == "\\"
        found = BARE.match(text, at + escaped)
        if not found:
            return False
        if not escaped and self._unsure:
            context = _UNSURE
        elif not escaped and text[at - 1 : at] == "$" and context != _SINGLE:
            context = _DOLLAR
        self.found.append(Place(at, found.end(), found[1], ESCAPED if escaped else context))
        self._at = found.end()
        return True

    def _code(self, frame: _Frame) -> None:
        """What all four shells have in common; the rest is ``_posix_code``."""
        character = self._text[self._at]
        if character == "\\":
            self._at += 2
        elif character == "'":
            self._single_quote()
        elif character == '"':
            self._open(QUOTED, '"', 1)
        elif character == "#" and self._word_starts():
            self._comment()
        elif character == frame.closer:
            self._close()
        elif self._shell != "fish":
            self._posix_code(frame)
        elif character == "(":
            self._open(CODE, ")", 1)
        else:
            self._at += 1

    def _posix_code(self, frame: _Frame) -> None:
        text, at = self._text, self._at
        if text.startswith("((", at):
            self._open(_ARITHMETIC, "))", 2)
        elif text[at] == "(":
            self._open(CODE, ")", 1)
        elif text[at] == "`" or text.startswith("${", at):
            self._expansion()
        elif text.startswith("<<<", at):
            self._at += 3
        elif text.startswith("<<", at) and (found := _HEREDOC.match(text, at)):
            end = re.sub(r"\\(.)|['\"]", r"\1", found[2])
            frame.waiting.append(_Heredoc(end, bool(found[1]), end != found[2]))
            self._at = found.end()
        elif text[at] == "\n":
            self._at += 1
            self._heredocs(frame)
        else:
            # In $(case x in y) …) a bracket closes nothing, and no simple rule says which.
            if frame.closer and _CASE.match(text, at) and self._word_starts():
                self._unsure = True
            self._at += 1

    def _quoted(self, frame: _Frame) -> None:
        """Between double quotes, in a here-document, and in what is refused anyway."""
        text, at = self._text, self._at
        if text[at] == "\\":
            self._at += 2
        elif frame.closer and text.startswith(frame.closer, at):
            self._close()
        elif text.startswith("$((", at) and self._shell != "fish":
            self._open(_ARITHMETIC, "))", 3)
        elif text.startswith("$(", at):
            self._open(CODE, ")", 2)
        elif self._shell != "fish" and (text[at] == "`" or text.startswith("${", at)):
            self._expansion()
        else:
            self._refused_anyway(frame)

    def _refused_anyway(self, frame: _Frame) -> None:
        """Inside of ``${…}``, ``$((…))`` and backticks only the end has to be found."""
        character = self._text[self._at]
        if frame.context == _ARITHMETIC and character == "(":
            self._open(_ARITHMETIC, ")", 1)
        elif frame.context == _PARAMETER and character == '"':
            self._open(_PARAMETER, '"', 1)
        else:
            # Single quotes mean one thing or another there.
            if character == "'" and frame.context in (_PARAMETER, _BACKTICKS):
                self._unsure = True
            self._at += 1

    def _expansion(self) -> None:
        if self._text[self._at] == "`":
            self._open(_BACKTICKS, "`", 1)
        else:
            self._open(_PARAMETER, "}", 2)

    def _single(self, frame: _Frame) -> None:
        # fish and $'…' know a backslash between single quotes, the others do not.
        if self._text[self._at] == "\\" and (self._shell == "fish" or frame.closer == "$'"):
            self._at += 2
        elif self._text[self._at] == "'":
            self._close()
        else:
            self._at += 1

    def _single_quote(self) -> None:
        ansi = self._text[self._at - 1 : self._at] == "$" and self._shell != "fish"
        if ansi and self._shell == "sh":
            self._unsure = True  # $'…' is this in one sh, and that in another
        self._frames.append(_Frame(_SINGLE, "$'" if ansi else "'"))
        self._at += 1

    def _comment(self) -> None:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        self.found += [
            Place(*marker.span(), marker[1], COMMENT)
            for marker in BARE.finditer(self._text, self._at, end)
        ]
        self._at = end

    def _word_starts(self) -> bool:
        before = self._text[max(self._at - 1, 0) : self._at]
        if before == "(" and self._shell == "zsh":
            return False  # (#i) is a flag of a pattern
        return before == "" or before in " \t\n;&|()"

    def _heredocs(self, frame: _Frame) -> None:
        """Read the bodies that begin here."""
        while frame.waiting:
            document = frame.waiting.pop(0)
            end, after = self._end_of(document)
            if document.literal:
                self.found += [
                    Place(*marker.span(), marker[1], _LITERAL)
                    for marker in BARE.finditer(self._text, self._at, end)
                ]
            else:
                self._body(end)
            self._at = after

    def _end_of(self, document: _Heredoc) -> tuple[int, int]:
        """Where a body ends, and where the script goes on."""
        at = self._at
        while at < len(self._text):
            newline = self._text.find("\n", at)
            stop = newline if newline >= 0 else len(self._text)
            line = self._text[at:stop]
            if (line.lstrip("\t") if document.tabs else line) == document.end:
                return at, stop
            at = stop + 1
        return len(self._text), len(self._text)

    def _body(self, end: int) -> None:
        body = _Reader(self._text[:end], self._shell)
        body._at, body._unsure = self._at, self._unsure
        body._frames = [_Frame(QUOTED, "")]
        body.read()
        self.found += body.found
        self._unsure = body._unsure

    def _open(self, context: str, closer: str, length: int) -> None:
        self._frames.append(_Frame(context, closer))
        self._at += length

    def _close(self) -> None:
        frame = self._frames.pop()
        self._at += 1 if frame.context == _SINGLE else len(frame.closer)
