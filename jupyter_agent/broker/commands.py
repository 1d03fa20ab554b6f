"""What a script runs, where that can be said for sure. Pure.

A pattern permits commands that nobody has read, so everything depends on reading a script exactly
as the shell does. This reads a small part of the shell's language and gives up on all the rest:
plain words, quotes, the run's own variables inside double quotes, `|`, `&&`, `;` and line ends. The
grammar is that of POSIX.1-2024, Shell Command Language, 2.2 to 2.10, as far as bash and dash agree;
`tests/property/test_patterns.py` holds it against the real shells.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Piece = tuple[Literal["text", "variable", "wild"], str]
Word = tuple[Piece, ...]
Command = tuple[Word, ...]
Pipeline = tuple[Command, ...]

LONGEST: Final = 20_000
"""Characters of a script that is read at all."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HARMLESS: Final = frozenset(("echo", "printf", "true", "false", "pwd", ":"))
"""Builtins that change nothing in the shell, so that what comes behind them is as it stands."""

BUILTINS: Final = _words(
    """. : [ alias bg bind break builtin caller cd chdir command compgen complete compopt continue
    declare dirs disown echo enable eval exec exit export false fc fg getopts hash help history
    jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return set
    shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait"""
)
"""Of bash and dash: the shell runs them itself, whatever file has that name."""

KEYWORDS: Final = _words(
    """! [[ ]] { } case coproc do done elif else esac fi for function if in select then time until
    while"""
)

# Every character here means itself in every shell, wherever it stands in a word. Not here, although
# it often does: ~ # ! ^ and whatever globs, because what they do depends on what is around them.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_BLANK: Final = re.compile(r"(?:[ \t]|\\\n)+")
_SINGLE: Final = re.compile(r"'([ -&(-~\n\t]*)'")
_IN_DOUBLE: Final = re.compile(r"[ !#%-\[\]-_a-~\n\t]+")  # printable, but no " $ \ `
_VARIABLE: Final = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_./:][A-Za-z0-9_./:@+,-]*")
_SEPARATORS: Final = ";&|()\n"
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_MOST_NAMED: Final = 12

_FORMAT: Final = re.compile(r"(?!-)(?:[^%]|%s|%%)*")


class Unreadable(Exception):
    """A script that only a shell can read."""


@dataclass(slots=True)
class _Reader:
    text: str
    variables: Collection[str]
    wildcards: bool
    at: int = 0

    def take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def starts(self, text: str) -> bool:
        return self.text.startswith(text, self.at)


def read(
    script: str, variables: Collection[str], *, wildcards: bool = False
) -> tuple[Pipeline, ...]:
    """The pipelines that a script runs one after the other.

    Args:
        script: For bash or sh.
        variables: Names whose values the run supplies. Only they are read, and only in double
            quotes: a shell would cut an unquoted value into words.
        wildcards: Read a pattern, in which an unquoted ``*`` or ``?`` stands for text.

    Raises:
        Unreadable: It is anything but plain commands, so it might run something else.
    """
    if len(script) > LONGEST:
        raise Unreadable
    reader = _Reader(script, variables, wildcards)
    pipelines: list[Pipeline] = []
    _skip_lines(reader)
    while reader.at < len(script):
        pipelines.append(_pipeline(reader))
        if reader.starts(";") or reader.starts("\n"):
            reader.at += 1
            _skip_lines(reader)
        elif reader.at < len(script):  # `&&`: a command has to follow
            if not reader.starts("&&"):
                raise Unreadable
            reader.at += 2
            _skip_lines(reader)
            if reader.at == len(script):
                raise Unreadable
    if not pipelines:
        raise Unreadable
    return tuple(pipelines)


def of_argv(argv: Sequence[str]) -> tuple[Pipeline, ...]:
    """A command that no shell reads: every word is what it is."""
    return (((tuple((("text", word),) for word in argv)),),)


def named(script: str) -> list[str]:
    """The first word of each command in any script, each once, as far as a reader can see.

    For showing, and for asking again when one of them has become another file. What is permitted is
    the exact script, never this list: a script can start programs in ways that no reader sees.
    """
    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t"
    words: list[str] = []
    at_start = True
    try:
        for token in lexer:
            if set(token) <= set(_SEPARATORS):
                at_start = True
            elif at_start and not _ASSIGNMENT.match(token):
                words.append(token)
                at_start = False
    except ValueError:
        pass  # an open quote: what was read so far
    return list(dict.fromkeys(words))[:_MOST_NAMED]


def text_of(word: Word) -> str | None:
    """A word without variables and wildcards; None where it has any."""
    if any(kind != "text" for kind, _ in word):
        return None
    return "".join(text for _, text in word)


def _skip_lines(reader: _Reader) -> None:
    while reader.take(_BLANK) or reader.starts("\n"):
        reader.at += reader.starts("\n")


def _pipeline(reader: _Reader) -> Pipeline:
    commands = [_command(reader)]
    while reader.starts("|") and not reader.starts("||") and not reader.starts("|&"):
        reader.at += 1
        _skip_lines(reader)
        commands.append(_command(reader))
    return tuple(commands)


def _command(reader: _Reader) -> Command:
    words: list[Word] = []
    while (word := _word(reader)) is not None:
        words.append(word)
        reader.take(_BLANK)
    if not words:
        raise Unreadable
    _check_program(words)
    return tuple(words)


def _check_program(words: Sequence[Word]) -> None:
    program = text_of(words[0])
    if program is None or not _PROGRAM.fullmatch(program) or program in KEYWORDS:
        raise Unreadable  # also NAME=VALUE, which is no program
    if program in BUILTINS and program not in HARMLESS:
        raise Unreadable
    if program == "printf":
        shown = text_of(words[1]) if len(words) > 1 else None
        if shown is None or not _FORMAT.fullmatch(shown):
            raise Unreadable  # `-v NAME` and `%n` set variables


def _word(reader: _Reader) -> Word | None:
    pieces: list[Piece] = []
    begun = False
    while True:
        if found := reader.take(_PLAIN):
            pieces.append(("text", found[0]))
        elif found := reader.take(_SINGLE):
            pieces.append(("text", found[1]))
        elif reader.starts('"'):
            _double_quoted(reader, pieces)
        elif reader.wildcards and (reader.starts("*") or reader.starts("?")):
            pieces.append(("wild", reader.text[reader.at]))
            reader.at += 1
        elif reader.starts("\\\n"):
            # The shell takes both characters away before it looks for words.
            reader.at += 2
            continue
        elif _ends_word(reader):
            return _joined(pieces) if begun else None
        else:
            raise Unreadable
        begun = True


def _ends_word(reader: _Reader) -> bool:
    return (
        reader.at == len(reader.text) or reader.text[reader.at] in " \t\n;|" or reader.starts("&&")
    )


def _double_quoted(reader: _Reader, pieces: list[Piece]) -> None:
    reader.at += 1
    while not reader.starts('"'):
        if found := reader.take(_IN_DOUBLE):
            pieces.append(("text", found[0]))
        elif (found := reader.take(_VARIABLE)) and (found[1] or found[2]) in reader.variables:
            pieces.append(("variable", found[1] or found[2]))
        else:
            raise Unreadable
    reader.at += 1


def _joined(pieces: Sequence[Piece]) -> Word:
    word: list[Piece] = []
    for kind, text in pieces:
        if kind == "text" and word and word[-1][0] == "text":
            word[-1] = ("text", word[-1][1] + text)
        elif kind != "text" or text:
            word.append((kind, text))
    return tuple(word)
