"""A first look at many texts, which is all that most of them need. See ``Engine`` for the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.look import Look

if TYPE_CHECKING:
    from jupyter_agent.screen.engine import Engine


def doubtful(engine: Engine, texts: Sequence[str], clock: Callable[[], float]) -> list[int]:
    """Which of many texts need the engine's whole attention; the rest are clean.

    A text is clean if nothing is found at the places that stage 1 reports, and nothing is even
    noticed where its disguises are undone. It may be called doubtful for less.

    Args:
        engine: The rules.
        texts: The texts.
        clock: Seconds, for their time.

    Returns:
        Their numbers, in order.
    """
    found: set[int] = set()
    hidden: list[tuple[int, str]] = []
    for number, reports in engine.anchors.among(texts):
        if reports is None:
            found.add(number)
            continue
        try:
            undone = _undone(engine, texts[number], reports, clock)
        except ScreenTimeout:
            undone = None  # to be said by its own look
        if undone is None:
            found.add(number)
        else:
            hidden += ((number, text) for text in undone)
    noticed = engine.anchors.among([text for _, text in hidden])
    return sorted(found.union(hidden[place][0] for place, _ in noticed))


def _undone(
    engine: Engine, text: str, reports: object, clock: Callable[[], float]
) -> Collection[str] | None:
    """The text's stretches in which something may be disguised; None where something is found."""
    deadline = Deadline(clock, len(text), engine.anchors.patience)
    data = text.encode("utf-8", "surrogatepass")
    hits, signs = engine.anchors.seen(data, reports, deadline)
    look = Look(engine, text, deadline, (data, ()))
    if hits and look.spans(hits):
        return None
    if not signs and not look.suspects:
        return ()
    return [view.text for view, _ in engine.undone(look, signs)]
