"""The second look: what a mask uncovers is found, and what it can't change is not tried again."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]  (as re.compile reads expressions)

import pytest

from jupyter_agent.screen import Screener, load_rules, mask
from jupyter_agent.screen.again import name_begins, pieces
from jupyter_agent.screen.candidate import Candidate
from jupyter_agent.screen.checksums import CHECKSUMS
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.filters import FILTERS
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.spans import COVER, covered
from jupyter_agent.screen.structure import STRUCTURE
from jupyter_agent.screen.surroundings import LOOKING_BACK
from jupyter_agent.screen.trial import LOOKS_BACK

PLAIN = Screener()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("password = 'V", "password"),
        ('{"api-key": "V', "api-key"),
        ("%env TOKEN=V", "TOKEN"),
        ("<secret>\n    V", "secret"),
        ("use V", "use"),
        # Glued to it: this may be the value's own beginning.
        ("sk-V", ""),
        # So long that it may be a value itself.
        ("a" * 40 + " = V", ""),
        ("password" + " " * 20 + "V", ""),
    ],
)
def test_the_name_of_a_value_is_the_word_to_which_only_signs_lead(text: str, name: str) -> None:
    start = len(text) - 1
    assert text[name_begins(text, start) : start].startswith(name)
    assert (name_begins(text, start) == start) is (name == "")


@pytest.mark.parametrize(
    "template",
    [
        # The second value is seen once the first one no longer runs into it.
        'X-Api-Key: {alnum:20}_api_key = "{alnum:20}"',
        "password = '{alnum:8}!{digit:2}'\nconnect(user='ana', password='{alnum:8}?{digit:2}')",
        "my password is Tulip-{digit:2}x and the token = '{alnum:32}' and pw: Kite-{digit:3}!",
    ],
)
def test_what_a_mask_uncovers_is_found_and_a_masked_text_is_clean(template: str) -> None:
    for seed in range(4):
        text = assemble(template, seed)
        findings = PLAIN.screen(text)
        assert len(findings) > 1
        assert PLAIN.screen(mask(text, findings)) == []


# What ends the line of one of them lets its neighbour be told, and so on to the line's beginning.
TOLD = [
    ("open with {} ssh ", "gr33n" + "4x"),
    ("open with {}. ssh. ", "gr33n" + "4x"),
    # Here every second keyword in a row is read in vain.
    ("{} . open with ", "marigold" + "58"),
    ("answer with {} ssh asks ", "gr4vel" + ".pit"),
    ("open with {} ssh\u200b ", "gr33n" + "4x"),
    ("\u00fcber ssh open with {} ", "gr33n" + "4x"),
]


def readings(text: str) -> int:
    """How often the time of a text is looked at, which is every few steps of work."""
    read = 0

    def clock() -> float:
        nonlocal read
        read += 1
        return 0.0

    screener = Screener(clock=clock)
    screener.screen(text)
    read = 0
    screener.screen(text)
    return read


@pytest.mark.parametrize(("told", "value"), TOLD)
def test_a_line_of_many_told_passwords_is_work_in_proportion_to_its_length(
    told: str, value: str
) -> None:
    sentence = told.format(value)
    # Each look at all of the line again would make it sixteen times as much.
    assert readings(sentence * 160) < 8 * readings(sentence * 40)


@pytest.mark.parametrize(("told", "value"), TOLD)
@pytest.mark.parametrize("before", ["", "\u00fcber \U0001f600 nothing " * 60, "a line\n" * 200])
def test_every_password_of_such_a_line_is_found_wherever_it_stands(
    told: str, value: str, before: str
) -> None:
    text = before + told.format(value) * 60 + "and so on"
    findings = Screener(clock=lambda: 0.0).screen(text)
    assert {text[finding.start : finding.end] for finding in findings} == {value}
    assert len(findings) == 60
    assert Screener(clock=lambda: 0.0).screen(mask(text, findings)) == []


def test_each_piece_holds_what_was_masked_last_and_enough_of_what_stands_around_it() -> None:
    drawn = random.Random(7)
    for gap in (4, 60, 900, 4_000):
        found: list[Finding] = []
        at = drawn.randrange(3_000)
        for _ in range(drawn.randrange(1, 60)):
            end = at + drawn.choice((6, 40, 3_000))
            found.append(Finding("told-entry", "password", at, end))
            at = end + drawn.randrange(1, gap)
        text = "abcdefghij" * ((at + drawn.randrange(3_000)) // 10)
        fresh = sorted(drawn.sample(found, (len(found) + 1) // 2), key=lambda one: one.start)
        held: list[Finding] = []
        done = 0
        for piece in pieces(len(text), found, fresh):
            inside = [one for one in fresh if piece.begin <= one.start and one.end <= piece.end]
            masked = covered(text[piece.begin : piece.end], piece.masked)
            ends = (inside[0].start, inside[-1].end)
            there = [one for one in found if ends[0] <= one.start and one.end <= ends[1]]
            assert masked.count(COVER) == len(piece.masked) >= len(there)
            assert masked[piece.first : piece.last].count(COVER) == len(there)
            assert masked.startswith(COVER, piece.first)
            assert piece.first >= 760 or piece.begin == 0
            assert len(masked) - piece.last >= 760 or piece.end == len(text)
            assert done <= piece.begin
            done = piece.end
            held += inside
        assert held == fresh


def lookbehinds(pattern: str) -> Iterator[str]:
    """What stands inside the lookbehinds of an expression."""
    for begin in re.finditer(r"\(\?<[=!]", pattern):
        end = begin.end()
        while True:
            inside = pattern[begin.end() : end]
            try:
                _parser.parse(inside)
            except re.error:
                end += 1
                continue
            if pattern[end] == ")":
                break
            end += 1
        yield inside


def test_no_expression_looks_further_back_than_the_second_look_takes_for_granted() -> None:
    widths = {
        inside: _parser.parse(inside).getwidth()[1]
        for inside in {one for rule in load_rules() for one in lookbehinds(rule.pattern)}
    }
    assert 0 < max(widths.values()) <= LOOKS_BACK


# Those that know a format are asked about values that their rules let through only.
@pytest.mark.parametrize("name", sorted(FILTERS.keys() - {*LOOKING_BACK, *STRUCTURE, *CHECKSUMS}))
def test_what_stands_before_a_match_is_nothing_to_most_filters(name: str) -> None:
    for value in ("Kettle&4821x", "a3f9" * 8, "changeme", "eyJhbGciOiJIUzI1NiJ9.e30.x"):
        answers = set()
        for before in ("", "public ", "commit ", "build ", "https://", "$", "A" * 60 + "/"):
            text = f"{before}key = '{value}'"
            match = re.compile(r"key = (?P<q>')(?P<secret>[^']+)").search(text)
            assert match is not None
            candidate = Candidate(text, *match.span("secret"), match, quoted=True)
            answers.add(FILTERS[name](candidate))
        assert len(answers) == 1
