"""How much variety a value has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.screen.candidate import entropy, is_varied

VALUES = st.text(st.sampled_from("abcdeF1234-"), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 6))
def test_a_value_is_varied_where_its_entropy_says_so(value: str, least: float) -> None:
    assert is_varied(value, least) == (entropy(value) >= least)


@given(VALUES)
def test_a_value_has_at_least_the_entropy_it_has(value: str) -> None:
    assert is_varied(value, entropy(value))
