from __future__ import annotations

import re
from collections.abc import Sequence
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener, load_rules, mask, to_json
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.spans import Span
from jupyter_agent.screen.trial import Trial

RULES = load_rules()
PLAIN = Screener(rules=RULES)
COMPILED = Screener(PLAIN.compile(), rules=RULES)
TEMPLATES = [template for rule in RULES for template in (*rule.match, *rule.skip)]
KEYWORDS = sorted({keyword for rule in RULES for keyword in rule.keywords})

examples = st.builds(assemble, st.sampled_from(TEMPLATES), st.integers(0, 999))
SEPARATORS = [
    "",
    " ",
    "\n",
    ", ",
    ": ",
    " is ",
    "=",
    '"',
    "'",
    "-",
    "_",
    ".",
    "/",
    "@",
    "://",
    "\\",
]
MARKERS = ["[secret:DB_PASSWORD]", "[secret:github-token]"]
# Bytes, code points and UTF-16 units differ here; the last two fold to ASCII outside ASCII rules.
ODD = ["\x00", "\u00e9", "\u5bc6\u7801", "\U0001f511", "\ud83d", "\u0130", "\u212a"]
glue = st.sampled_from([*SEPARATORS, *MARKERS, *ODD])
anything = st.text(st.characters(), max_size=30)
pieces = st.one_of(
    examples, glue, st.sampled_from(KEYWORDS), st.sampled_from(KEYWORDS).map(str.upper), anything
)
texts = st.lists(pieces, max_size=8).map("".join)


@settings(max_examples=100, deadline=None)
@given(texts)
def test_spans_lie_inside_the_text_in_order_and_apart(text: str) -> None:
    done = 0
    for finding in PLAIN.screen(text):
        assert done <= finding.start < finding.end <= len(text)
        done = finding.end


@settings(max_examples=150, deadline=None)
@given(texts)
def test_a_masked_text_is_clean(text: str) -> None:
    assert PLAIN.screen(mask(text, PLAIN.screen(text))) == []


@settings(max_examples=150, deadline=None)
@given(texts)
def test_both_engines_find_the_same(text: str) -> None:
    assert PLAIN.screen(text) == COMPILED.screen(text)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([(rule, template) for rule in RULES for template in rule.match]),
    st.integers(0, 999),
    st.lists(
        st.sampled_from(("please", "look", "at", "this", "plot", "and", "tell", "me", "more")),
        max_size=8,
    ),
    st.lists(st.sampled_from(("thanks", "so", "much", "for", "your", "help", "today")), max_size=8),
)
def test_findings_do_not_depend_on_the_prose_around(
    case: tuple[object, str], seed: int, before: list[str], after: list[str]
) -> None:
    text = assemble(case[1], seed)
    lead = " ".join(before) + "\n\n"
    around = lead + text + "\n\n" + " ".join(after)
    assert [(f.rule, f.start + len(lead), f.end + len(lead)) for f in PLAIN.screen(text)] == [
        (f.rule, f.start, f.end) for f in PLAIN.screen(around)
    ]


@settings(max_examples=60, deadline=None)
@given(texts)
@example("s2_apilicense_key: VT425-KU3MP-9NHT6-GX9VX_")
def test_judging_a_secret_once_more_for_another_rule_changes_nothing(text: str) -> None:
    judged = Trial.accepted

    def judged_each_time(
        trial: Trial, text: str, match: re.Match[str], found: Sequence[Span], **_: bool
    ) -> Sequence[Span]:
        return judged(trial, text, match, found)

    with mock.patch.object(Trial, "accepted", judged_each_time):
        expected = COMPILED.screen(text)
    assert COMPILED.screen(text) == expected


@settings(max_examples=100, deadline=None)
@given(texts)
def test_a_browser_cuts_out_the_same_characters(text: str) -> None:
    units = text.encode("utf-16-le", "surrogatepass")
    for finding in PLAIN.screen(text):
        shown = to_json(finding, text, PLAIN.rule(finding.rule))
        cut = units[2 * shown["start"] : 2 * shown["end"]]
        assert cut == text[finding.start : finding.end].encode("utf-16-le", "surrogatepass")
