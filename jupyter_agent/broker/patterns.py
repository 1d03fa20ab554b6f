"""Patterns: commands that a person permits without seeing each of them. Pure.

A pattern is written like a command. Unquoted, ``*`` stands for any text within one argument and
``?`` for one character; quoted they mean themselves. It covers a script whose every pipeline is one
of its own, command by command and argument by argument, with the same number of arguments. A
wildcard never stands for an option, a variable, a line break or a way up the folders, and in a
program that sends things somewhere never for where to (``network_tools``).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jupyter_agent.broker import commands
from jupyter_agent.broker.commands import Command, Pipeline, Word, text_of
from jupyter_agent.broker.network_tools import (
    INTERPRETERS,
    NETWORK_TOOLS,
    RUN_OTHERS,
    Tool,
)
from jupyter_agent.errors import RequestInvalid

_MOST_WILDCARDS: Final = 8  # in one word; trying them costs time
_NAME: Final = re.compile(r"\$(?:\{)?([A-Za-z_][A-Za-z0-9_]*)")

_ANY_WORD: Final[Word] = (("wild", "*"),)
_ANY: Final = re.compile(r"[ -~]*")
_ANY_SENT: Final = re.compile(
    r"[ -?A-\[\]-~]*"
)  # no @ (a file of curl's), no \ (a command of psql's)
_UP: Final = re.compile(r"(?:^|[/=:])(?:\.|%2[eE]){2}(?:$|/)")

_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[^/?#@\s]*@)?(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d+)?/"
)
"""What an address has to say before its first wildcard: scheme, host, and the slash behind them."""
_THERE: Final = re.compile(r"(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9.-]+:/?[A-Za-z0-9_.-]")
"""The same for ``user@host:path``."""
_HOST: Final = re.compile(r"(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read.

    Attributes:
        pipelines: Each of them may run, alone or behind others.
        has_wildcards: Whether it covers more than its own text.
    """

    pipelines: tuple[Pipeline, ...]
    has_wildcards: bool

    def programs(self) -> list[str]:
        """The files it runs, as it names them: see ``programs_of``."""
        found = [name for line in self.pipelines for command in line for name in _files(command)]
        return list(dict.fromkeys(found))


def read_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        Unreadable: It is no plain command; nothing but its own text could ever be meant.
    """
    # Whatever variable it names: only what the run supplies under that name will fit.
    names = frozenset(_NAME.findall(text))
    pipelines = commands.read(text, names, wildcards=True)
    wild = any(
        kind == "wild"
        for line in pipelines
        for command in line
        for word in command
        for kind, _ in word
    )
    return Pattern(pipelines, wild)


def check(pattern: Pattern) -> None:
    """Look whether a pattern is narrow enough to be permitted.

    Raises:
        RequestInvalid: It would cover what its author can't foresee; the hint says what to change.
    """
    for line in pattern.pipelines:
        for command in line:
            if any(kind == "wild" for word in command for kind, _ in word):
                _check_command(command)


def check_name(word: str, path: str) -> None:
    """Look whether a program is what its name says.

    Args:
        word: As the pattern names it.
        path: The file's real path.

    Raises:
        RequestInvalid: It is one of those that the rules know, under another name.
    """
    real, name = _short(path), _short(word)
    known = NETWORK_TOOLS.keys() | RUN_OTHERS | INTERPRETERS
    if real != name and real in known and name not in known:
        raise _too_wide(f"{word} is really {path}: call it by that name.")


def covers(pattern: Pattern, pipeline: Pipeline) -> bool:
    """Whether one of a pattern's pipelines stands for a script's. Every doubt is a no."""
    return any(_fits(own, pipeline) for own in pattern.pipelines)


def programs_of(pipelines: Sequence[Pipeline]) -> list[str]:
    """The files that pipelines run, each once: programs, and the script behind an interpreter.

    A script's file has a slash in its name here, so that it is not looked for on the PATH.
    """
    found = [name for line in pipelines for command in line for name in _files(command)]
    return list(dict.fromkeys(found))


def contains(pattern: Pattern, pipelines: Sequence[Pipeline]) -> bool:
    """Whether any command has the words of one of the pattern's, in their order, among its own.

    For rules that forbid: what stands between and behind does not help, nor does another program in
    front.
    """
    return any(
        _in_order(own, command)
        for line in pattern.pipelines
        for own in line
        for theirs in pipelines
        for command in theirs
    )


def suggested(pipelines: Sequence[Pipeline]) -> str:
    """A pattern for these pipelines, for a person to edit: the command itself, its address open."""
    return "; ".join(" | ".join(_written(command) for command in line) for line in pipelines)


# -- covering


def _fits(own: Pipeline, theirs: Pipeline) -> bool:
    return len(own) == len(theirs) and all(
        _command_fits(mine, given) for mine, given in zip(own, theirs, strict=True)
    )


def _command_fits(own: Command, theirs: Command) -> bool:
    if len(own) != len(theirs) or text_of(own[0]) != text_of(theirs[0]):
        return False
    allowed = _ANY_SENT if _tool(own) is not None else _ANY
    return all(
        _word_fits(mine, given, allowed) for mine, given in zip(own[1:], theirs[1:], strict=True)
    )


def _word_fits(own: Word, theirs: Word, allowed: re.Pattern[str]) -> bool:
    if not any(kind == "wild" for kind, _ in own):
        return own == theirs
    given, exact = _flat(theirs), _flat(own[:1])
    if given.startswith("-") and not exact.startswith("-"):
        return False  # it would be an option
    stood_for = _glob(own, given)
    return (
        stood_for is not None
        and all(allowed.fullmatch(text) for text in stood_for)
        and ("://" not in "".join(stood_for) or allowed is _ANY)
        and not _UP.search(given)
    )


def _glob(own: Word, given: str) -> list[str] | None:
    """What each wildcard stands for, taking as little as it can; None where it does not fit.

    The parts between ``*`` have a fixed length, so that the first place where each fits is as good
    as any other, and the time grows with the lengths only.
    """
    first, *rest = _parts(own)
    found = first.expression.match(given)
    if found is None:
        return None
    stood_for, at = list(found.groups()), found.end()
    for number, part in enumerate(rest, 1):
        if number < len(rest):
            found = part.expression.search(given, at)
        else:
            found = part.expression.match(given, max(at, len(given) - part.length))
        if found is None:
            return None
        stood_for += [given[at : found.start()], *found.groups()]
        at = found.end()
    return stood_for if at == len(given) else None


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between two ``*``: an expression for texts of one length."""

    expression: re.Pattern[str]
    length: int


def _parts(own: Word) -> list[_Part]:
    found, expression, length = [], "", 0
    for kind, text in own:
        if (kind, text) == ("wild", "*"):
            found.append(_Part(re.compile(expression), length))
            expression, length = "", 0
        elif kind == "wild":
            expression, length = expression + "([^\0\n])", length + 1
        else:
            flat = _flat(((kind, text),))
            expression, length = expression + re.escape(flat), length + len(flat)
    return [*found, _Part(re.compile(expression), length)]


def _flat(word: Word) -> str:
    """A word as one text, its variables in marks that no script can hold."""
    return "".join(text if kind == "text" else f"\0{text}\0" for kind, text in word)


# -- forbidding


def _in_order(own: Command, theirs: Command) -> bool:
    given = iter(theirs)
    return all(any(_alike(mine, word) for word in given) for mine in own if mine != _ANY_WORD)


def _alike(own: Word, word: Word) -> bool:
    given = _flat(word)
    if own == word or _glob(own, given) is not None:
        return True
    return _glob(own, given.rpartition("/")[2]) is not None  # /usr/bin/gh is gh


# -- how wide


def _check_command(command: Command) -> None:
    program = _base(command)
    for word in command:
        if sum(kind == "wild" for kind, _ in word) > _MOST_WILDCARDS:
            raise _too_wide(f"One argument has at most {_MOST_WILDCARDS} wildcards.")
    if program in RUN_OTHERS:
        raise _too_wide(f"{program} runs what its arguments say, so they are written out.")
    if program in INTERPRETERS and not any(map(_is_file, command[1:2])):
        raise _too_wide(f"For {program}, the script stands first and is written out.")
    tool = _tool(command)
    if tool is not None and not tool.has_home:
        _check_addresses(program, tool, command)


def _check_addresses(program: str, tool: Tool, command: Command) -> None:
    has_host = False
    for number, word in enumerate(command[1:], 1):
        before = text_of(command[number - 1]) or ""
        exact = _before_wildcard(word)
        whole = text_of(word) is not None or not any(kind == "wild" for kind, _ in word)
        if _ADDRESS.match(exact) or _THERE.match(exact):
            has_host = True
        elif whole:
            has_host |= _names_host(tool, before, exact)
        elif not (
            before in tool.sent
            or ("=" in exact and exact.partition("=")[0] in tool.sent)
            or (tool.runs_behind_host and has_host)
        ):
            raise _too_wide(
                f"{program} could send it anywhere: write out the host, as in "
                "https://api.example.com/*, or the option whose text may differ."
            )
    if not has_host:
        raise _too_wide(f"{program} sends things somewhere: the pattern has to say to which host.")


def _names_host(tool: Tool, before: str, exact: str) -> bool:
    option, equals, value = exact.partition("=")
    if tool.hosts:
        named = exact if before in tool.hosts else value if equals and option in tool.hosts else ""
        return _HOST.fullmatch(named) is not None
    if _ADDRESS.match(exact + "/"):
        return True
    # `ssh deploy@db uptime`, `nc db 80`: a word of its own that is no option and no option's.
    return tool.runs_behind_host and not before.startswith("-") and bool(_HOST.fullmatch(exact))


def _before_wildcard(word: Word) -> str:
    text = ""
    for kind, piece in word:
        if kind != "text":
            break
        text += piece
    return text


def _tool(command: Command) -> Tool | None:
    return NETWORK_TOOLS.get(_base(command))


def _base(command: Command) -> str:
    return _short(text_of(command[0]) or "")


def _short(program: str) -> str:
    """A program's name without its folder and version: python3.12 is python."""
    name = program.rpartition("/")[2]
    if name in NETWORK_TOOLS or name in RUN_OTHERS:
        return name
    return re.sub(r"(?<=[a-z])[0-9.]+$", "", name) or name


def _is_file(word: Word) -> bool:
    name = text_of(word)
    return name is not None and bool(name) and not name.startswith("-")


def _files(command: Command) -> Iterator[str]:
    program = text_of(command[0]) or ""
    yield program
    if _base(command) in INTERPRETERS | {"bash", "sh", "zsh", "fish"} and len(command) > 1:
        name = text_of(command[1])
        if name and not name.startswith("-"):
            yield name if "/" in name else f"./{name}"


def _written(command: Command) -> str:
    return " ".join(_quoted(word, number) for number, word in enumerate(command))


def _quoted(word: Word, number: int) -> str:
    text = text_of(word)
    if text is None:
        if any(kind == "text" and re.search(r'["\\`$]', piece) for kind, piece in word):
            return _in_parts(word)
        inside = (f"${{{piece}}}" if kind == "variable" else piece for kind, piece in word)
        return f'"{"".join(inside)}"'
    address = _ADDRESS.match(text) if number else None
    if address is not None and len(address[0]) < len(text) and _ANY_SENT.fullmatch(text):
        return f"{address[0]}*"
    return shlex.quote(text)


def _in_parts(word: Word) -> str:
    return "".join(
        f'"${{{piece}}}"' if kind == "variable" else shlex.quote(piece) for kind, piece in word
    )


def _too_wide(why: str) -> RequestInvalid:
    return RequestInvalid(f"That pattern is too wide. {why}", "Permit the exact command instead.")
