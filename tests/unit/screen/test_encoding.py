"""Places of an encoded text, counted in characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.screen.encoding import encoded, points

# Long enough to be encoded slice by slice, with characters of every width where slices meet.
LONG = "a" * 4_090 + "\u00e9\u65e5\U0001f511\ud83d" * 4 + "b" * 70_000
WIDE = st.text(st.characters(), max_size=40)


@given(WIDE, WIDE, st.lists(st.integers(0, 120_000), max_size=8), st.sampled_from(["", LONG]))
def test_a_place_is_as_many_characters_from_the_start_as_were_encoded_before_it(
    before: str, after: str, places: list[int], between: str
) -> None:
    text = before + between + after
    inside = encoded(text)
    assert inside[0] == text.encode("utf-8", "surrogatepass")
    at = sorted({min(place, len(text)) for place in [*places, len(before), len(text)]})
    bytes_before = [len(text[:point].encode("utf-8", "surrogatepass")) for point in at]
    assert list(points(inside, bytes_before)) == at
