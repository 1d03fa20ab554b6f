"""Lines: whatever goes in comes out whole, and nothing is longer than a line may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid


@given(sizes=st.lists(st.integers(0, 400_000), max_size=12))
def test_a_long_list_comes_in_parts_that_fit_and_lose_nothing(sizes: list[int]) -> None:
    items = [{"n": n, "text": "x" * size} for n, size in enumerate(sizes)]
    parts = wire.parts({"items": items})
    gathered = wire.Gathered()
    for part in parts[:-1]:
        gathered.take({"event": "more", "more": part})
    gathered.take({"result": parts[-1]})
    assert gathered.result == {"items": items}
    assert all(len(wire.encode({"id": 1, "result": part})) <= wire.MAX_LINE for part in parts)
    assert all(part["items"] for part in parts[1:])


@pytest.mark.parametrize(
    "result",
    [
        {"text": "x" * wire.MAX_LINE},
        {"items": ["x" * wire.MAX_LINE]},
        {"items": ["x"] * wire.MAX_LINE, "other": 1},
    ],
)
def test_what_can_not_be_cut_is_an_error(result: wire.Message) -> None:
    with pytest.raises(RequestInvalid):
        wire.parts(result)


def test_a_result_that_fits_is_sent_as_it_is() -> None:
    result = {"text": "x", "items": [1, 2], "other": None}
    assert wire.parts(result) == [result]
