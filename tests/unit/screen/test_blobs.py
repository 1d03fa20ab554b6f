"""Pictures in a text: what is in the middle of one is no finding, what stands beside one is."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener, load_rules, mask
from jupyter_agent.screen.blobs import MARGIN, blobs, outside

RULES = load_rules(("cloud-tokens", "prose"))
PLAIN = Screener(rules=RULES)
COMPILED = Screener(PLAIN.compile(), rules=RULES)
ALPHABET = string.ascii_letters + string.digits + "+/"
SAID = "my password is Tulip-Harbor42"
DRAWN = random.Random(7)


def picture(size: int) -> str:
    return "".join(DRAWN.choices(ALPHABET, k=size))


PICTURE = picture(30_000)
# Shorter than it, longer than a piece of a text, and in a text with wide characters.
AROUND = st.sampled_from(
    ["", "x" * 4_000, "naïve ☃ " * 200, "a = 1\n" * 700, "import os\n" * 9_000]
)


@given(st.integers(0, 9_000), st.integers(0, 20_000))
def test_which_bytes_are_in_the_middle_depends_on_the_run_alone(before: int, size: int) -> None:
    text = ("=" * before + PICTURE[:size] + "=").encode()
    there = [(before + MARGIN, before + size - MARGIN)] if size >= 8_192 else []
    assert list(blobs(text)) == there


def test_places_at_both_ends_of_a_picture_stay() -> None:
    middles = blobs(b"=" + PICTURE.encode() + b"=" + PICTURE.encode())
    (begin, end), (second, _) = middles
    places = [0, begin - 1, begin, begin + 9, end - 1, end, second - 1, second]
    assert outside(places, middles) == [0, begin - 1, end, second - 1]
    assert [outside([place], middles) for place in places[:5]] == [[0], [begin - 1], [], [], []]


@settings(max_examples=8, deadline=None)
@given(AROUND, AROUND, st.sampled_from(["", PICTURE]))
def test_a_secret_beside_pictures_is_found_by_both_engines(
    before: str, after: str, more: str
) -> None:
    text = f"{before}\n![](data:image/png;base64,{PICTURE})\n{SAID}\n{more}\n{SAID}\n{after}"
    found = COMPILED.screen(text)
    assert [text[one.start : one.end] for one in found] == ["Tulip-Harbor42"] * 2
    assert found == PLAIN.screen(text)
    assert COMPILED.screen(mask(text, found)) == []


@pytest.mark.parametrize("screener", [PLAIN, COMPILED])
def test_what_chance_draws_in_the_middle_of_a_picture_is_no_finding(screener: Screener) -> None:
    drawn = "".join(random.Random(11).choices(string.ascii_letters + string.digits, k=20))
    chance = f"/LTAI{drawn}+"
    assert screener.screen(f"key{chance}")
    assert not screener.screen(PICTURE[:9_000] + chance + PICTURE[9_000:])
