"""How long one way out stays open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_agent.broker import way as rooms
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.way import Way
from jupyter_agent.broker.way_permits import Permitted

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ORIGIN = "postgresql://me@db.example.com/sales"
HOUR = Grant(
    "1", "A", "2030-01-01T00:00:00Z", script=f"egress {ORIGIN}", until="2030-01-01T01:00:00Z"
)


class Calendar:
    """In the place of ``datetime``: what the wall clock says is set by the test."""

    def __init__(self) -> None:
        self.says, self.looks = NOW, 0
        self.looked_thrice = asyncio.Event()

    def now(self, _zone: object) -> datetime:
        self.looks += 1
        if self.looks == 3:
            self.looked_thrice.set()
        return self.says

    fromisoformat = datetime.fromisoformat


@pytest.mark.parametrize("jump", [timedelta(hours=2), timedelta(days=-1)])
async def test_a_connection_ends_when_the_clock_jumps_out_of_what_was_permitted(monkeypatch, jump):
    calendar = Calendar()
    monkeypatch.setattr(rooms, "datetime", calendar)
    monkeypatch.setattr(rooms, "_LOOK_AGAIN", 0.001)
    way = open_way(HOUR)
    over = asyncio.ensure_future(way.until_over())
    await calendar.looked_thrice.wait()
    assert not over.done()
    calendar.says = NOW + jump  # an hour of this loop's own time has not passed
    await asyncio.wait_for(over, 30)


async def test_a_connection_that_is_permitted_without_an_end_is_not_looked_at_again(monkeypatch):
    calendar = Calendar()
    monkeypatch.setattr(rooms, "datetime", calendar)
    way = open_way(replace(HOUR, until=None))
    over = asyncio.ensure_future(way.until_over())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(over, 0.05)
    assert calendar.looks == 1


def open_way(grant: Grant) -> Way:
    request = Request(("A",), f"egress {ORIGIN}", "/", None, shell="egress")  # noqa: S604  (no process)
    permitted = Permitted(request, "grant", (grant.id,))

    async def use(work: Callable[[Any], Any]) -> Any:
        return work(SimpleNamespace(grants=lambda: [grant.record()]))

    async def of(_origin: str, _place: str) -> Permitted:
        return permitted

    kind: Any = SimpleNamespace(label="A", labels=("A",), origin=ORIGIN, place="login")
    permits, safe = SimpleNamespace(of=of), SimpleNamespace(use=use)
    parts: Any = {"safe": safe, "screener": None}
    caller: Any = SimpleNamespace()
    return Way(kind, caller, permits, **parts, closed=asyncio.Event())  # type: ignore[arg-type]
