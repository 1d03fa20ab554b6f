"""What is stored, where the broker's word comes while this server is busy with something else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

from jupyter_agent.scrub.fingerprints import Fingerprints
from jupyter_agent.server.fingerprinted import Fingerprinted
from jupyter_agent.server.stored import StoredValues

PATIENCE = 60.0
WORDS = ("marmalade-bicycle-umbrella", "tangerine-violin-quarry")


class Line:
    """A line on which the broker's answer is a byte that has to be read and handed on."""

    def __init__(self, read: socket.socket) -> None:
        self._read = read
        self.asked = asyncio.Event()

    async def call(self, op: str, **_fields: Any) -> dict[str, Any]:
        assert op == "match"
        loop = asyncio.get_running_loop()
        reading = asyncio.create_task(loop.sock_recv(self._read, 1))  # as the link's reader does
        await asyncio.sleep(0)  # it has looked, and nothing was there
        self.asked.set()
        await reading
        found = {"label": "A_KEY", "kind": "", "start": 0, "end": 4, "exact": True}
        return {"matches": [found], "values": "1"}


async def test_an_answer_that_came_while_this_loop_was_blocked_counts(monkeypatch) -> None:
    loop = asyncio.get_running_loop()
    clock, ahead = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: clock() + ahead, raising=False)
    read, broker = socket.socketpair()
    read.setblocking(False)
    told: list[bool] = []
    with read, broker:
        line = Line(read)
        stored = StoredValues(line, lambda on, _why: told.append(on), PATIENCE)
        finding = asyncio.create_task(stored.find("text"))
        await line.asked.wait()
        # Somebody holds this loop for longer than a cell waits; the answer comes meanwhile.
        broker.send(b"!")
        ahead = PATIENCE + 1

        matches = await finding

        assert [match.label for match in matches or ()] == ["A_KEY"]
        assert told == []
        await stored.close()


class Watched:
    """A broker that has told what is stored, and goes on to watch."""

    @contextlib.asynccontextmanager
    async def own_conversation(self) -> AsyncIterator[Watched]:
        yield self

    async def events(self, _op: str) -> AsyncIterator[dict[str, Any]]:
        yield {**Fingerprints.of({}).to_json(), "more": False}
        await asyncio.Event().wait()


async def test_fingerprints_that_were_begun_earlier_and_are_ready_later_do_not_replace_newer(
    monkeypatch,
) -> None:
    begun, go, hasten = threading.Event(), threading.Event(), Fingerprints.hasten

    def first_late(these: Fingerprints) -> None:
        if not begun.is_set() and these:
            begun.set()
            assert go.wait(30)
        hasten(these)

    monkeypatch.setattr(Fingerprints, "hasten", first_late)
    found = Fingerprinted(Watched(), lambda _on, _why: None, PATIENCE)
    assert not found.settled  # it begins to find out
    await found.until_settled()
    earlier = asyncio.create_task(found.add("PAGE", WORDS[:1]))
    assert await asyncio.to_thread(begun.wait, 30)
    await found.add("PAGE", WORDS[1:])
    go.set()
    await earlier

    assert found.known is not None
    assert all(found.known.spans(words) for words in WORDS)
    await found.close()
