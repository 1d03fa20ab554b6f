"""Expressions of ``re`` that were compiled once, in the form that carries them between processes.

Compiling one takes a millisecond, as much as screening a hundred cells; making it from the code
that ``re`` compiled takes ten microseconds. That code belongs to one version of Python, so whoever
keeps it keeps ``dialect`` beside it. ``_sre.compile`` checks code before it uses it, but it is no
place for bytes of unknown origin: they must come from this process or have been authenticated.

Format, for one expression: a line of JSON (flags, groups, group names by number), a line break, the
code as unsigned 32-bit words of this machine; all of it deflated. Nothing at all where this Python
has no such code; then the expression is compiled when it is needed.
"""

from __future__ import annotations

import json
import re
import sys
from array import array
from functools import cache
from importlib import import_module
from typing import Any
from zlib import compress, decompress


@cache
def dialect() -> str:
    """Whose code this is: empty where nothing can be kept."""
    try:
        engine: Any = import_module("_sre")
        if array("I").itemsize != engine.CODESIZE:
            return ""
    except (ImportError, AttributeError):
        return ""
    return f"{sys.implementation.cache_tag} {sys.version} {engine.MAGIC}"


@cache
def at_need(pattern: str) -> re.Pattern[str]:
    """Compile, once, an expression that few texts ask for, so that not each process pays for it."""
    return re.compile(pattern)


def deflated(pattern: str | bytes, flags: int = 0) -> bytes:
    """The code of an expression, to be kept.

    Args:
        pattern: The expression.
        flags: As for ``re.compile``.
    """
    if not dialect():
        return b""
    compiler: Any = import_module("re._compiler")
    parser: Any = import_module("re._parser")
    tree = parser.parse(pattern, flags)
    code = compiler._code(tree, flags)  # noqa: SLF001  (what re.compile does, in two steps)
    names: list[str | None] = [None] * tree.state.groups
    for name, number in tree.state.groupdict.items():
        names[number] = name
    head = json.dumps([flags | tree.state.flags, tree.state.groups - 1, names])
    return compress(head.encode() + b"\n" + array("I", code).tobytes(), level=1)


def inflated(pattern: str | bytes, flags: int, kept: bytes) -> re.Pattern[Any]:
    """The expression again.

    Args:
        pattern: The expression.
        flags: As for ``re.compile``.
        kept: What ``deflated`` gave for them, in this dialect.
    """
    if not kept:
        return re.compile(pattern, flags)
    head, _, words = decompress(kept).partition(b"\n")
    all_flags, groups, names = json.loads(head)
    numbers = {name: number for number, name in enumerate(names) if name is not None}
    code = memoryview(words).cast("I").tolist()
    engine: Any = import_module("_sre")
    expression: re.Pattern[Any] = engine.compile(
        pattern, all_flags, code, groups, numbers, tuple(names)
    )
    return expression
