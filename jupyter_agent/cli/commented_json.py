"""JSON with comments, as editors keep their settings: one place changes, all else stays as it is.

Form: JSON (RFC 8259) with ``//`` and ``/* */`` comments and a comma before a closing bracket, which
VS Code calls "JSON with Comments". Unquoted names and single quotes (JSON5) are no part of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")
      | (?P<mark>[{}\[\],:])
      | (?P<plain>[^\s{}\[\],:"/]+)""",
    re.DOTALL | re.VERBOSE,
)
_INDENT: Final = re.compile(r'\n([ \t]+)"')
_DEEPEST: Final = 100


class Unclear(ValueError):
    """It can't be read, or changed, with certainty.

    Attributes:
        line: Where, counted from 1.
    """

    def __init__(self, text: str, at: int) -> None:
        self.line = text.count("\n", 0, at) + 1
        super().__init__(f"line {self.line}")


@dataclass(slots=True)
class _Value:
    """A value, where it stands, and what an object has; in a list only that there are some."""

    begins: int
    ends: int = 0
    read: Any = None
    members: dict[str, _Member] | None = None


@dataclass(slots=True)
class _Member:
    """A name with its value: where it begins, and the comma behind it."""

    begins: int
    value: _Value = field(default_factory=lambda: _Value(0))
    comma: int | None = None


def load(text: str) -> Any:
    """What a text says; one without anything says ``{}``.

    Raises:
        Unclear: It is no JSON with comments, or names something twice.
    """
    return _Reader(text).all().read


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with a value under a path of names; what is missing on the way is made.

    Args:
        text: As it is.
        path: At least one name.
        value: JSON.

    Raises:
        Unclear: It can't be read, or there is something else than an object on the way.
    """
    inside = _Reader(text).all()
    if inside.begins == inside.ends:  # nothing but blanks and comments
        text = f"{text.rstrip()}\n{{}}\n".lstrip("\n")
        inside = _Reader(text).all()
    for depth, name in enumerate(path):
        if inside.members is None:
            raise Unclear(text, inside.begins)
        found = inside.members.get(name)
        if found is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            return _with_member(text, inside, name, value, depth)
        inside = found.value
    if inside.read == value:
        return text
    return text[: inside.begins] + _shown(text, value, len(path)) + text[inside.ends :]


def remove(text: str, path: Sequence[str]) -> str:
    """The text without what stands under a path; as it is, where nothing does.

    Raises:
        Unclear: It can't be read.
    """
    holder = inside = _Reader(text).all()
    for name in path:
        if inside.members is None or name not in inside.members:
            return text
        holder, inside = inside, inside.members[name].value
    members = list((holder.members or {}).values())
    gone = (holder.members or {})[path[-1]]
    spare = gone.comma
    if spare is None and len(members) > 1:  # the last one: the comma before it separates nothing
        spare = members[-2].comma
    begins, ends = gone.begins, inside.ends
    if spare is None:
        return _without_line(text, begins, ends)
    if spare < begins:
        shorter = _without_line(text, begins, ends)
        return shorter[:spare] + shorter[spare + 1 :]
    return _without_line(text[:spare] + text[spare + 1 :], begins, ends)


def _without_line(text: str, begins: int, ends: int) -> str:
    """Cut, and with it the line that would be left blank."""
    left = text[:begins].rstrip(" \t")
    right = text[ends:].lstrip(" \t\r")
    if left.endswith("\n") and right.startswith("\n"):
        return left + right[1:]
    return text[:begins] + text[ends:]


def _with_member(text: str, holder: _Value, name: str, value: Any, depth: int) -> str:
    last = list((holder.members or {}).values())[-1:]
    begins, close = last[0].value.ends if last else holder.begins + 1, holder.ends - 1
    comma = "," if last and last[0].comma is None else ""
    trailing = "," if last and not comma else ""  # as it was written before
    unit, line = _unit(text), _line(text)
    return (
        f"{text[:begins]}{comma}{text[begins:close].rstrip()}"
        f"{line}{unit * (depth + 1)}{json.dumps(name)}: {_shown(text, value, depth + 1)}"
        f"{trailing}{line}{unit * depth}{text[close:]}"
    )


def _shown(text: str, value: Any, depth: int) -> str:
    unit = _unit(text)
    lines = json.dumps(value, indent=unit, ensure_ascii=False).split("\n")
    return (_line(text) + unit * depth).join(lines)


def _unit(text: str) -> str:
    found = _INDENT.search(text)
    return found.group(1) if found else "  "


def _line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


class _Reader:
    """Reads one text, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = int(text.startswith("\ufeff"))  # as some editors begin a file
        self._kind = self._seen = ""
        self._begins = 0
        self._next()

    def all(self) -> _Value:
        """The whole of it; without anything in it a value of no length."""
        if not self._kind:
            return _Value(self._begins, self._begins, {})
        value = self._value(0)
        if self._kind:
            raise self._unclear()
        return value

    def _next(self) -> None:
        kind = "blank"
        while kind == "blank" and self._at < len(self._text):
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                self._begins = self._at
                raise self._unclear()
            kind, self._seen = str(found.lastgroup), found.group()
            self._begins, self._at = found.span()
        if kind == "blank":
            kind, self._seen, self._begins = "", "", self._at
        self._kind = kind

    def _value(self, depth: int) -> _Value:
        if depth > _DEEPEST:
            raise self._unclear()
        value = _Value(self._begins)
        if self._seen == "{":
            self._object(value, depth)
        elif self._seen == "[":
            self._list(value, depth)
        else:
            value.ends, value.read = self._at, self._plain()
            self._next()
        return value

    def _object(self, value: _Value, depth: int) -> None:
        value.members, value.read = {}, {}
        self._next()
        while self._seen != "}":
            if self._kind != "text":
                raise self._unclear()
            member, name = _Member(self._begins), self._plain()
            if name in value.members:
                raise self._unclear()
            self._next()
            self._take(":")
            member.value = self._value(depth + 1)
            value.members[name], value.read[name] = member, member.value.read
            member.comma = self._comma("}")
        value.ends = self._at
        self._next()

    def _list(self, value: _Value, depth: int) -> None:
        value.read = []
        self._next()
        while self._seen != "]":
            value.read.append(self._value(depth + 1).read)
            self._comma("]")
        value.ends = self._at
        self._next()

    def _comma(self, closing: str) -> int | None:
        if self._seen == closing:
            return None
        at = self._begins
        self._take(",")
        return at

    def _take(self, mark: str) -> None:
        if self._seen != mark:
            raise self._unclear()
        self._next()

    def _plain(self) -> Any:
        if self._kind not in ("text", "plain"):
            raise self._unclear()
        try:
            return json.loads(self._seen, parse_constant=self._no_constant)
        except ValueError:
            raise self._unclear() from None

    def _no_constant(self, _name: str) -> Any:
        raise ValueError

    def _unclear(self) -> Unclear:
        return Unclear(self._text, self._begins)
