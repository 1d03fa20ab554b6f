"""An answer for which a page would fetch something from elsewhere is shown as text."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from jupyter_agent.chat.answering import Called, Said
from jupyter_agent.chat.fetching import fetches
from jupyter_agent.kernel.chat_display import TurnDisplay


@pytest.mark.parametrize(
    "markdown",
    [
        "![x](http://e.example/?d=1)",
        "![x](//e.example/?d=1)",
        "![a[b]c](<https://e.example/>)",
        "![x](HTTP:\\\\e.example\\x)",
        "![x](&#104;ttp&colon;e.example)",
        "![x](https:e.example)",
        "![x][1]\n\n[1]: https://e.example",
        "[1]: https://e.example\n\nsee ![1]",
        "- > [1]: https://e.example\n\nsee ![1][]",
        "<img src=https://e.example>",
        "<IMG\nsrc='/\t/e.example'>",
        "<div>\n```\n<img src=//e.example>\n```\n</div>",
        '<video poster="//e.example">',
        '<b style="background:url(//e.example)">',
        "<td background=//e.example>",
        "<svg><image href=//e.example>",
    ],
)
def test_a_picture_from_elsewhere_is_seen_however_it_is_written(markdown):
    assert fetches(f"Here you are:\n\n{markdown}")


@pytest.mark.parametrize(
    "markdown",
    [
        "see https://e.example and [this](https://e.example)",
        "![x](attachment:plot.png) and ![y](data:image/png;base64,AAAA)",
        "if (![1, 2].includes(x)) {} // no picture",
        "a < b and c / d, `List<int>`",
        "[1]: https://e.example\n\nsee [1]",
    ],
)
def test_other_answers_stay_markdown(markdown):
    assert not fetches(markdown)


@pytest.mark.parametrize("piece", ["![", "![a]\n", "<", "! [//", "[a]: x\n", "> [", "/ ", "h t "])
def test_long_answers_are_looked_at_in_no_time(piece):
    began = time.perf_counter()
    fetches(f"{piece * (200_000 // len(piece))} ![ //")
    assert time.perf_counter() - began < 2


def test_it_is_shown_as_text_whole_and_what_was_done_as_ever():
    display = TurnDisplay(SimpleNamespace())
    display._is_page, display._display = True, lambda _: None
    display.show(Said("See ![x][1] and ```code```"))
    display.show(Called(0, "run_command", {}, "done"))
    assert display.markdown.startswith("See ![x][1]")
    display.show(Said("\n\n[1]: https://e.example/?d=all-of-it"))
    first, called, second = (
        display.markdown.split("\n\n*Shown as text")[0],
        "**run_command** ✓",
        ("```\n[1]: https://e.example/?d=all-of-it\n```"),
    )
    assert first == "````\nSee ![x][1] and ```code```\n````"
    assert called in display.markdown
    assert second in display.markdown
