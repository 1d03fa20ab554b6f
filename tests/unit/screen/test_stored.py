"""Findings as the box shows them."""

from __future__ import annotations

from typing import Any

from jupyter_agent.screen import Finding, Screener
from jupyter_agent.screen.stored import found


class Counted(str):
    """A text that knows how many of its characters were taken out of it."""

    __slots__ = ()
    taken = 0

    def __getitem__(self, key: Any) -> str:
        Counted.taken += len(part := super().__getitem__(key))
        return part


def test_many_findings_of_a_text_have_their_places_counted_once() -> None:
    """Counted from the text's beginning for each of them, they would hold up everybody."""
    screener = Screener()
    text = Counted("\U0001f511 kept 6 é\n" * 500)
    findings = [
        Finding("password-sentence", "password", at, at + 1) for at in range(7, len(text), 11)
    ]

    shown = found(findings, text, screener)

    assert [(each.body["start"], each.body["end"]) for each in shown[:2]] == [(8, 9), (20, 21)]
    assert shown[-1].body["end"] == len(text) + 500 - 3
    assert Counted.taken <= len(text)


def test_of_more_findings_than_anybody_reads_the_first_are_told() -> None:
    findings = [Finding("password-sentence", "password", at, at + 1) for at in range(1001)]

    shown = found(findings, "x" * 1001, Screener())

    assert [each.body["start"] for each in shown] == list(range(1000))


def test_findings_in_any_order_have_their_own_places() -> None:
    screener = Screener()
    findings = [Finding("password-sentence", "password", at, at + 2) for at in (9, 2, 5)]

    shown = found(findings, "\U0001f511" * 20, screener)

    assert [each.body["start"] for each in shown] == [18, 4, 10]
    assert [each.body["end"] for each in shown] == [22, 8, 14]
