"""``jupyter agent screen``: look for secrets in files or in a text from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.cli.texts import Text, texts_of
from jupyter_agent.errors import AgentError, RequestInvalid, ScreenTimeout

if TYPE_CHECKING:
    from jupyter_agent.screen import Finding, Screener

CLEAN, FAILED, FOUND = 0, 1, 2
_STDIN: Final = "-"
_LARGEST: Final = 64 * 2**20
"""Bytes of a file that is still screened."""
_LOOK: Final = 8192
"""Bytes at a file's beginning that tell a text from other things, as git does it."""
_PASSED_OVER: Final = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".tox", ".mypy_cache"}
)
"""Folders that hold copies and other people's files; name one to have it screened."""


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "screen",
        screen,
        "Look for secrets in files, notebooks and folders, or in standard input.",
        examples="""\
  jupyter agent screen notebooks/ README.md
  git diff --cached | jupyter agent screen -

exit codes: 0 clean, 2 secrets found, 1 something could not be screened""",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="- is standard input")


def screen(arguments: Arguments, terminal: Terminal) -> int:
    """Screen each text and say where secrets are, never what they are."""
    paths = arguments.paths or [_STDIN]
    screener = _screener(many=any(os.path.isdir(path) for path in paths))  # noqa: PTH112  (startup)
    found: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    screened = passed_over = 0
    for path, is_named in _files(paths):
        try:
            raw = _read(path)
            if not is_named and b"\0" in raw[:_LOOK]:
                passed_over += 1  # a picture, an archive: no text that anybody would send
                continue
            for text in texts_of("stdin" if path == _STDIN else path, raw):
                found += _findings(screener, text)
            screened += 1
        except AgentError as error:
            failures.append({"path": path, **error.to_json()})
    for failure in failures:
        terminal.notice(f"not screened: {printable(failure['path'])}: {failure['message']}")
    body = {
        "findings": found,
        "screened": screened,
        "passed_over": passed_over,
        "failures": failures,
    }
    terminal.answer(body, [_line(finding) for finding in found])
    terminal.notice(_summary(len(found), screened, passed_over))
    if found:
        return FOUND
    return FAILED if failures else CLEAN


def _screener(*, many: bool) -> Screener:
    """A screener; for many files the fast engine, which is compiled once and kept."""
    from jupyter_agent import rulecache  # noqa: PLC0415  (startup time)
    from jupyter_agent.folders import Folders  # noqa: PLC0415
    from jupyter_agent.screen import Screener  # noqa: PLC0415

    screener = Screener()
    prepare = rulecache.warm if many else rulecache.load
    prepare(Folders.of(), screener)
    return screener


def _files(paths: list[str]) -> Iterator[tuple[str, bool]]:
    """Every file, and whether it was named or just lies below a folder that was."""
    for path in paths:
        if path == _STDIN or not os.path.isdir(path):  # noqa: PTH112  (no Path: startup time)
            yield path, True
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(set(folders) - _PASSED_OVER)
            for name in sorted(files):
                file = os.path.join(folder, name)  # noqa: PTH118  (as above)
                if os.path.isfile(file):  # noqa: PTH113  (a pipe would be waited for for ever)
                    yield file, False


def _read(path: str) -> bytes:
    """A file's bytes.

    Raises:
        RequestInvalid: It can't be read, or is too large to be screened in a sensible time.
    """
    try:
        if path == _STDIN:
            raw = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with open(path, "rb") as file:  # noqa: PTH123  (as above)
                raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise RequestInvalid(f"{os.strerror(error.errno or 0)}.") from None
    if len(raw) > _LARGEST:
        raise RequestInvalid(f"It is larger than {_LARGEST // 2**20} MiB.", "Split it.")
    return raw


def _findings(screener: Screener, text: Text) -> Iterator[dict[str, Any]]:
    """What a text holds, as JSON has it: places and names, never the value.

    Raises:
        ScreenTimeout: It could not be screened in its time.
    """
    try:
        findings = screener.screen(text.content)
    except ScreenTimeout:
        raise ScreenTimeout("It could not be screened in its time.") from None
    for finding in findings:
        yield _described(screener, text, finding)


def _described(screener: Screener, text: Text, finding: Finding) -> dict[str, Any]:
    from jupyter_agent.screen import preview  # noqa: PLC0415

    rule = screener.rule(finding.rule)
    line, column = text.place(finding.start)
    return {
        "path": text.path,
        "cell": text.cell,
        "part": text.part,
        "line": line,
        "column": column,
        "start": finding.start,
        "end": finding.end,
        "rule": finding.rule,
        "kind": finding.kind,
        "title": rule.title,
        "preview": preview(text.content, finding, rule),
    }


def _line(finding: dict[str, Any]) -> str:
    cell = "" if finding["cell"] is None else f":cell {finding['cell']} {finding['part']}"
    place = f"{printable(finding['path'])}{cell}:{finding['line']}:{finding['column']}"
    return f"{place} {finding['title']} {finding['preview']}"


def _summary(found: int, screened: int, passed_over: int) -> str:
    what = "1 secret" if found == 1 else f"{found or 'no'} secrets"
    where = "1 text" if screened == 1 else f"{screened} texts"
    besides = f"; {passed_over} binary files passed over" if passed_over else ""
    return f"{what} in {where}{besides}"
