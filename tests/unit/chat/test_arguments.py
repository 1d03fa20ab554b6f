"""What models write into tools is held to the schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.chat import arguments
from jupyter_agent.errors import RequestInvalid

SCHEMA = arguments.parameters(
    ("name",),
    name=arguments.text("A name.", maxLength=5),
    method=arguments.text("One of two.", enum=["GET", "POST"]),
    count=arguments.number("How many.", 1, 3),
    many=arguments.texts("Some."),
    named=arguments.named_texts("By name."),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def test_what_fits_passes_and_null_is_left_out() -> None:
    fits: dict[str, Any] = {"name": "a", "count": 3, "many": ["x"], "named": {"k": "v"}}
    assert arguments.checked(SCHEMA, {**fits, "method": None}) == fits


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": None},
        {"name": 1},
        {"name": "longer"},
        {"name": "a", "count": True},
        {"name": "a", "count": 4},
        {"name": "a", "method": "STEAL"},
        {"name": "a", "many": [1]},
        {"name": "a", "named": {"k": 1}},
        {"name": "a", "other": 1},
        ["name"],
    ],
)
def test_what_does_not_fit_is_refused(wrong: object) -> None:
    with pytest.raises(RequestInvalid):
        arguments.checked(SCHEMA, wrong)


@given(JSON | st.dictionaries(st.sampled_from(["name", "count", "many", "named"]), JSON))
def test_whatever_it_is_it_fits_or_is_refused(anything: object) -> None:
    try:
        found = arguments.checked(SCHEMA, anything)
    except RequestInvalid:
        return
    assert isinstance(found["name"], str)
    assert found.keys() <= SCHEMA["properties"].keys()
