"""``jupyter agent screen``: look for secrets in files or in a text from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.errors import AgentError, RequestInvalid, ScreenTimeout

if TYPE_CHECKING:
    from jupyter_agent.cli.texts import Text
    from jupyter_agent.screen import Finding, Screener

CLEAN, FAILED, FOUND = 0, 1, 2
_STDIN: Final = "-"
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
    from jupyter_agent.screen import Screener  # noqa: PLC0415

    screener = Screener()
    found: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    screened = 0
    for path in _files(arguments.paths or [_STDIN]):
        try:
            for text in _texts(path):
                found += _findings(screener, text)
            screened += 1
        except AgentError as error:
            failures.append({"path": path, **error.to_json()})
    if failures and terminal.as_json is False:
        for failure in failures:
            terminal.notice(f"not screened: {printable(failure['path'])}: {failure['message']}")
    body = {"findings": found, "screened": screened, "failures": failures}
    terminal.answer(body, [_line(finding) for finding in found])
    terminal.notice(_summary(len(found), screened))
    if found:
        return FOUND
    return FAILED if failures else CLEAN


def _files(paths: list[str]) -> Iterator[str]:
    """Every file that is named, or lies below a folder that is named."""
    for path in paths:
        if path == _STDIN or not os.path.isdir(path):  # noqa: PTH112  (no Path: startup time)
            yield path
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(set(folders) - _PASSED_OVER)
            for name in sorted(files):
                yield os.path.join(folder, name)  # noqa: PTH118  (as above)


def _texts(path: str) -> list[Text]:
    from jupyter_agent.cli.texts import texts_of  # noqa: PLC0415

    try:
        if path == _STDIN:
            return texts_of("stdin", sys.stdin.buffer.read())
        with open(path, "rb") as file:  # noqa: PTH123  (as above)
            return texts_of(path, file.read())
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it can't be read"
        raise RequestInvalid(f"{reason}.") from None


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


def _summary(found: int, screened: int) -> str:
    what = "1 secret" if found == 1 else f"{found or 'no'} secrets"
    return f"{what} in {screened} {'text' if screened == 1 else 'texts'}"
