"""A first look at many texts, which is all that most of them need. See ``Engine`` for the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.look import Look

if TYPE_CHECKING:
    from jupyter_agent.screen.engine import Engine

Signs = Collection[tuple[int, int]]


def doubtful(engine: Engine, texts: Sequence[str], clock: Callable[[], float]) -> list[int]:
    """Which of many texts need the engine's whole attention; the rest are clean.

    A text is clean if nothing is found at the places that stage 1 reports, neither in it nor where
    its disguises are undone. It may be called doubtful for less.

    Args:
        engine: The rules.
        texts: The texts.
        clock: Seconds, for their time.

    Returns:
        Their numbers, in order.
    """
    found: set[int] = set()
    hidden: list[tuple[int, str]] = []
    # All reports first: in turns, hyperscan and the rules would each find the processor's caches
    # full of what the other one needs, which takes a fifth more time.
    for number, reports in list(engine.anchors.among(texts)):
        undone = _undone(engine, texts[number], reports, clock)
        if undone is None:
            found.add(number)
        else:
            hidden += ((number, text) for text in undone)
    for place, reports in engine.anchors.among([text for _, text in hidden]):
        number, text = hidden[place]
        if number not in found and _looked_at(engine, text, reports, clock) is None:
            found.add(number)
    return sorted(found)


def _undone(
    engine: Engine, text: str, reports: object, clock: Callable[[], float]
) -> Collection[str] | None:
    """The text's stretches in which something may be disguised; None where something is found."""
    looked = _looked_at(engine, text, reports, clock)
    if looked is None:
        return None
    look, signs = looked
    if not signs and not look.suspects:
        return ()
    try:
        return [view.text for view, _ in engine.undone(look, signs)]
    except ScreenTimeout:
        return None  # to be said by its own look


def _looked_at(
    engine: Engine, text: str, reports: object, clock: Callable[[], float]
) -> tuple[Look, Signs] | None:
    """What was noticed in looking at a text, and its signs; None where something is found."""
    if reports is None:
        return None  # nobody has said what there is to see
    deadline = Deadline(clock, len(text), engine.anchors.patience)
    data = text.encode("utf-8", "surrogatepass")
    try:
        hits, signs = engine.anchors.seen(data, reports, deadline)
        look = Look(engine, text, deadline, (data, ()))
        if hits and look.spans(hits):
            return None
    except ScreenTimeout:
        return None  # to be said by its own look
    return look, signs
