"""A cell is screened for what the rules know, and for values behind `%secret set`."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Finding, Screener, mask
from jupyter_agent.screen.cell import ON_THE_LINE, CellScreener
from jupyter_agent.screen.examples import assemble

CELL = CellScreener(Screener())
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 8)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("%secret set DOOR open-sesame", "open-sesame"),
        ("secret set DOOR open-sesame", "open-sesame"),
        ("%secret set DOOR --file", "--file"),
        ("%secret set DOOR open-sesame --file x", "open-sesame --file x"),
        (f"%secret set DOOR --file {TOKEN}", TOKEN),
        ("  %secret replace DOOR  open sesame  ", "open sesame"),
        ("x = 1\n%secret set DOOR 1\ny = 2", "1"),
        ("the secret\n\tsecret set DOOR open\tsesame \t\n", "open\tsesame"),
        (f"%secret set DOOR {TOKEN}", TOKEN),
        (f"%secret set DOOR '{TOKEN}'", f"'{TOKEN}'"),
    ],
)
def test_a_value_behind_the_magic_is_one_finding_whatever_it_looks_like(line, value):
    (finding,) = CELL.screen(line)

    assert line[finding.start : finding.end] == value
    is_path = "DOOR --file " in line  # then a rule has found it
    assert (CELL.rule(finding.rule) is ON_THE_LINE) is not is_path


@pytest.mark.parametrize(
    "line",
    [
        "%secret set DOOR",
        "%secret set DOOR   ",
        "%secret list",
        "%secret show DOOR",
        "print('secret set DOOR open-sesame')",
        "%secret set DOOR [secret:value-on-secret-line]",
        "%secret set DOOR --file ~/.ssh/id_ed25519",
    ],
)
def test_other_lines_with_the_word_are_clean(line):
    assert CELL.screen(line) == []


def test_findings_of_the_rules_stay_and_the_order_is_that_of_the_text():
    text = f"a = '{TOKEN}'\n%secret set DOOR open-sesame\nb = '{TOKEN}'"

    findings = CELL.screen(text)

    assert [finding.rule for finding in findings] == [
        "anthropic-api-key",
        ON_THE_LINE.id,
        "anthropic-api-key",
    ]
    assert CELL.screen(mask(text, findings)) == []


def test_such_a_line_is_doubtful_whatever_the_rules_say_of_it():
    class Nothing:
        def doubtful(self, texts):
            return []

    assert CellScreener(Nothing()).doubtful(["x = 1", "%secret set DOOR open-sesame"]) == [1]


def test_a_row_of_blanks_behind_the_magic_is_read_once():
    """Read anew from each of its blanks, it would take hours, and nobody counts this time."""
    value = "open" + " " * 1_000_000 + "sesame"
    line = f"%secret set DOOR {value}"

    (finding,) = CellScreener(Finds([])).screen(line)

    assert line[finding.start : finding.end] == value


def test_many_such_lines_and_many_findings_are_not_all_compared_with_each_other():
    text = "%secret set DOOR open-sesame\n" * 100_000
    others = [Finding("a-rule", "password", at, at + 1) for at in range(0, len(text), 29)]

    findings = CellScreener(Finds(others)).screen(text)

    assert len(findings) == 2 * len(others)


class Finds:
    def __init__(self, findings):
        self._findings = findings

    def screen(self, text):
        return self._findings
