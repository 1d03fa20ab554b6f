"""Findings as the command line tells them: places and names, never the value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_agent.cli.screening.texts import Lines, Text
from jupyter_agent.errors import ScreenTimeout

if TYPE_CHECKING:
    from jupyter_agent.screen import Finding
    from jupyter_agent.screen.cell import Screens


@dataclass(frozen=True, slots=True)
class Found:
    """One finding and where it stands.

    Attributes:
        path: The file.
        cell: Number of the notebook's cell, from 1, or None.
        part: Part of the notebook, or None.
        line: From 1, within that part.
        column: From 1, in code points.
        start: First code point of the secret in its text.
        end: One past its last.
        rule: Id of the rule.
        kind: One of ``jupyter_agent.secret.KINDS``.
        title: What it is, for people.
        preview: At most the vendor's public prefix, then eight dots.
        label: A label that would suit it, or "".
        revoke: The vendor's page to rotate or revoke it, or "".
        file_line: Line of the file; in a notebook another one than ``line``.
        file_column: Column of the file.
        tag: What a baseline remembers of it, or None where there is no baseline.
    """

    path: str
    cell: int | None
    part: str | None
    line: int
    column: int
    start: int
    end: int
    rule: str
    kind: str
    title: str
    preview: str
    label: str
    revoke: str
    file_line: int
    file_column: int
    tag: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` answers it; names are fixed in docs/interfaces.md."""
        return {
            "path": self.path,
            "cell": self.cell,
            "part": self.part,
            "line": self.line,
            "column": self.column,
            "file_line": self.file_line,
            "start": self.start,
            "end": self.end,
            "rule": self.rule,
            "kind": self.kind,
            "title": self.title,
            "preview": self.preview,
            "label": self.label,
        }


class Looker:
    """Looks for secrets in texts.

    Args:
        screener: Knows the rules.
        tag: What a baseline remembers of a value; None where there is no baseline.
        stand_at: Told the file before each text, for rules that are allowed in a folder.
    """

    def __init__(
        self,
        screener: Screens,
        tag: Callable[[str], str] | None = None,
        stand_at: Callable[[str], None] = lambda _path: None,
    ) -> None:
        self._screener = screener
        self._tag = tag
        self._stand_at = stand_at

    def look(self, text: Text) -> Iterator[Found]:
        """What a text holds, in order.

        Raises:
            ScreenTimeout: It could not be screened in its time.
        """
        self._stand_at(text.path)
        try:
            findings = self._screener.screen(text.content)
        except ScreenTimeout:
            raise ScreenTimeout(_late(text)) from None
        lines = Lines(text.content) if findings else None
        for finding in findings:
            assert lines is not None  # noqa: S101  (there are findings)
            yield self._described(text, finding, lines)

    def _described(self, text: Text, finding: Finding, lines: Lines) -> Found:
        from jupyter_agent.screen import preview  # noqa: PLC0415  (startup time)
        from jupyter_agent.screen.stored import rule_of  # noqa: PLC0415

        rule = rule_of(finding, self._screener)
        line, column = lines.place(finding.start)
        return Found(
            path=text.path,
            cell=text.cell,
            part=text.part,
            line=line,
            column=column,
            start=finding.start,
            end=finding.end,
            rule=finding.rule,
            kind=finding.kind,
            title=rule.title,
            preview=preview(text.content, finding, rule),
            label=rule.label,
            revoke=rule.revoke,
            file_line=line,
            file_column=column,
            tag=self._tag(text.content[finding.start : finding.end]) if self._tag else None,
        )


def _late(text: Text) -> str:
    where = f"Cell {text.cell}" if text.cell else "It"
    return f"{where} could not be screened in its time."
