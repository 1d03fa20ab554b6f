"""Screening many files: what was found, what could not be screened, how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from jupyter_agent.cli.screening import files, git
from jupyter_agent.cli.screening.found import Found, Looker
from jupyter_agent.cli.screening.positions import Positions
from jupyter_agent.cli.screening.texts import decoded, texts_of
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import AgentError

_STDIN_NAME: Final = "stdin"
_PROGRESS_EVERY: Final = 4 * 2**20
"""Bytes between two signs of life; opening a file counts as some of them."""
_OPENING: Final = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Survey:
    """What came of screening.

    Attributes:
        found: Findings, in the order of the files.
        screened: The files that were screened.
        passed_over: How many binary files were not.
        failures: Files that could not be screened: ``path`` and the error's JSON.
        known: How many findings a baseline accepts; they are not in ``found``.
    """

    found: list[Found] = field(default_factory=list)
    screened: list[str] = field(default_factory=list)
    passed_over: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    known: int = 0

    def with_left(self, left: list[Found]) -> Survey:
        """The same with only these findings left; a baseline accepts the others."""
        return replace(self, found=left, known=len(self.found) - len(left))


def survey(paths: list[str], looker: Looker, terminal: Terminal) -> Survey:
    """Screen files, folders and standard input.

    Args:
        paths: As they were given; ``-`` is standard input.
        looker: Looks into each text.
        terminal: Told how far it has come.
    """
    sofar = _Sofar(looker)
    work = 0
    for file in files.files_of(paths):
        name = _STDIN_NAME if file.path == files.STDIN else file.path
        try:
            raw = (files.read if file.is_named else files.read_text)(file.path)
        except AgentError as error:
            sofar.failed(name, error)
            continue
        if raw is None:
            sofar.passed_over += 1
            continue
        sofar.add(name, raw)
        work += len(raw) + _OPENING
        if work > _PROGRESS_EVERY:
            work = 0
            terminal.progress(f"{len(sofar.screened)} texts screened, {len(sofar.found)} findings")
    terminal.progress("")
    return sofar.done()


def survey_staged(folder: str, looker: Looker) -> Survey:
    """Screen what is staged in the repository that a folder lies in.

    Raises:
        RequestInvalid: It lies in none, or git refused.
    """
    sofar = _Sofar(looker)
    small: list[git.Staged] = []
    for file in git.staged(folder):
        if file.size <= files.LARGEST:
            small.append(file)
        elif files.is_binary(git.beginning(folder, file, files.LOOK)):
            sofar.passed_over += 1  # as below a folder, however large it is
        else:
            sofar.failed(file.path, files.too_large())
    for file, raw in git.contents(folder, small):
        if files.is_binary(raw):
            sofar.passed_over += 1
        else:
            sofar.add(file.path, raw)
    return sofar.done()


class _Sofar:
    """A survey under way."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._failures: list[dict[str, Any]] = []
        self.found: list[Found] = []
        self.screened: list[str] = []
        self.passed_over = 0

    def add(self, path: str, raw: bytes) -> None:
        try:
            self.found += self._look(path, raw)
        except AgentError as error:
            self.failed(path, error)
        else:
            self.screened.append(path)

    def _look(self, path: str, raw: bytes) -> list[Found]:
        texts = texts_of(path, raw)
        found = [
            (number, finding)
            for number, text in enumerate(texts)
            for finding in self._looker.look(text)
        ]
        if not found or texts[0].part is None:
            return [finding for _, finding in found]
        try:
            positions = Positions(decoded(raw))
        except RecursionError:
            return [finding for _, finding in found]  # without lines of the file, but told
        placed: list[Found] = []
        for number, finding in found:
            line, column = positions.place(number, finding.start)
            placed.append(replace(finding, file_line=line, file_column=column))
        return placed

    def failed(self, path: str, error: AgentError) -> None:
        self._failures.append({"path": path, **error.to_json()})

    def done(self) -> Survey:
        return Survey(self.found, self.screened, self.passed_over, self._failures)
