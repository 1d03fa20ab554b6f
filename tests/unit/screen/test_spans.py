"""Where findings stand: of very many only those near a line are asked about."""

from __future__ import annotations

from jupyter_agent.screen import load_rules
from jupyter_agent.screen.spans import Places, Span

RULE = load_rules(["prose-told"])[0]


def test_of_very_many_spans_only_those_near_a_line_are_asked_whether_they_overlap_it() -> None:
    # In no order, as rules find them one after another; and one goes on over many lines.
    long = Span(50_000, 60_000, RULE)
    spans = [long]
    places = Places()
    for offset in (0, 40, 20):
        spans += [Span(at, at + 9, RULE) for at in range(offset, 100_000, 60)]
        for begin in range(0, 100_000, 170):
            end = begin + 200
            near = places.near(spans, begin, end)
            there = {span for span in spans if span.start < end and begin < span.end}
            assert there <= set(near)
            assert len(near) < 60
