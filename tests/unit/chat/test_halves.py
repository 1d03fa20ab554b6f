"""Characters that come in two halves."""

from __future__ import annotations

import pytest

from jupyter_agent.chat.halves import Halves, whole


@pytest.mark.parametrize(
    ("pieces", "read"),
    [
        (("smile \ud83d", "\ude00 done"), ("smile ", "\U0001f600 done", "")),
        (("one \ud83d two",), ("one \ufffd two", "")),
        (("one \ude00 two", ""), ("one \ufffd two", "", "")),
        (("one \ud83d",), ("one ", "\ufffd")),
        (("caf\u00e9 \U0001f600", ""), ("caf\u00e9 \U0001f600", "", "")),
    ],
)
def test_halves_are_joined_over_pieces_or_replaced(pieces, read):
    halves = Halves()
    assert (*map(halves.feed, pieces), halves.finish()) == read
    assert whole("".join(pieces)) == "".join(read)
