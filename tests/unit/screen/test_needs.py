"""What a rule asks for before it is tried never costs a finding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.screen import load_rules
from jupyter_agent.screen.compiled import OVERLAP
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.need import Need
from jupyter_agent.screen.needs import Needs
from jupyter_agent.screen.rule import Rule

NEAR = [rule for rule in load_rules() if rule.shape]
# One rule for each shape that values have.
SHAPES = list({rule.shape: rule for rule in NEAR}.values())
GAPS = st.text(st.sampled_from("ab_ .:='\"\n\\\u00e9\u65e5\U0001f511/-"), max_size=24)
VALUES = st.one_of(
    st.integers(0, 999).map(lambda seed: assemble("{alnum:32}", seed)),
    st.integers(0, 999).map(
        lambda seed: assemble("{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}", seed)
    ),
    st.text(st.sampled_from("aZ9bY8-_."), min_size=14, max_size=90),
    st.from_regex("[a-z]{1,60}[0-9]{1,3}[a-z]{0,60}", fullmatch=True),
)


def _need(rule: Rule) -> Need:
    (need,) = Needs.of([rule]).by_rule
    assert need is not None
    return need


@given(st.sampled_from(SHAPES), st.lists(st.tuples(GAPS, VALUES), min_size=1, max_size=3), GAPS)
def test_a_rule_that_matches_has_what_it_needs(
    rule: Rule, values: list[tuple[str, str]], before: str
) -> None:
    text = before + " " + rule.keywords[0] + "".join(gap + value for gap, value in values)
    at = len(before) + 1
    if rule.regex.match(text, at):
        data, byte = text.encode(), len(before.encode()) + 1
        assert _need(rule).stands(data, byte, text.isascii())


@given(st.sampled_from(SHAPES), st.lists(st.one_of(VALUES, GAPS, st.none()), max_size=12))
def test_keywords_that_share_a_search_get_the_same_answer(
    rule: Rule, pieces: list[str | None]
) -> None:
    word = rule.keywords[0]
    data = " ".join(word if piece is None else piece for piece in pieces).encode()
    places = [match.start() for match in re.finditer(re.escape(word.encode()), data)]
    need = _need(rule)
    kept = need.kept(data, places, data.isascii(), Deadline(lambda: 0.0, 0))
    alone = [at for at in places if need.stands(data, at, data.isascii())]
    assert list(kept) == alone


def test_every_example_of_a_vendor_whose_name_stands_beside_has_what_its_rule_needs() -> None:
    for rule in NEAR:
        words = [keyword.encode() for keyword in rule.keywords]
        for template in rule.match:
            data = assemble(template).encode()
            places = [data.lower().find(word.lower()) for word in words]
            assert any(_need(rule).stands(data, at, data.isascii()) for at in places if at >= 0), (
                rule.id
            )


def test_what_a_vendors_name_needs_lies_in_one_of_two_overlapping_pieces() -> None:
    assert max(max(rule.within) for rule in NEAR) < OVERLAP


@pytest.mark.parametrize("name", ["facebook", "seed"])
def test_ordinary_code_beside_a_name_needs_no_look(name: str) -> None:
    rule = next(rule for rule in NEAR if name in rule.keywords)
    text = f"{name} = np.random.default_rng(np.linalg.norm(model.state_dictionary['weights']))"
    assert not _need(rule).stands(text.encode(), 0, True)


def test_what_a_value_apart_from_its_keyword_needs_may_stand_before_it() -> None:
    numbers = [rule for rule in load_rules(["prose-codes"]) if rule.needs.startswith("[0-9A-Z")]
    apart = [rule for rule in numbers if rule.apart]
    assert apart
    for rule in apart:
        need = _need(rule)
        assert rule.window is not None
        data = b"482193" + b" " * (rule.window[0] - 8) + b"code" + b" " * 400 + b"code"
        places = [data.index(b"code"), data.rindex(b"code")]
        assert need.kept(data, places, True, Deadline(lambda: 0.0, 0)) == places[:1], rule.id
