"""What a command has printed is read to its end, however slow whoever takes it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("nothing is run on Windows", allow_module_level=True)

from jupyter_agent.shell import process

F_SETPIPE_SZ = 1031
SIZE = 600_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a pipe that holds all of it")


def test_a_sink_that_is_done_as_a_wait_ends_gets_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_DRAIN", 0)  # so that every chunk meets the end of a wait
    reading, writing = os.pipe()
    fcntl.fcntl(writing, F_SETPIPE_SZ, 1 << 20)
    os.write(writing, bytes(SIZE))
    os.close(writing)
    got = bytearray()

    async def sink(_: str, chunk: bytes) -> None:
        got.extend(chunk)
        await asyncio.sleep(0)

    async def drained() -> None:
        output = process._Output(reading)
        reader = asyncio.create_task(output.hand_to("stdout", sink))
        await asyncio.sleep(0)
        await process._drain({reader: output})
        output.close()

    asyncio.run(drained())
    assert len(got) == SIZE


def test_what_sudo_has_left_behind_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_DRAIN", 0)
    reading, writing = os.pipe()
    os.write(writing, b"more")

    async def sink(_: str, chunk: bytes) -> None:
        os.write(writing, chunk)
        await asyncio.sleep(0)

    async def drained() -> None:
        output = process._Output(reading)
        reader = asyncio.create_task(output.hand_to("stdout", sink))
        await process._drain({reader: output}, others=True)
        await asyncio.wait({reader})
        assert reader.cancelled()
        output.close()

    asyncio.run(drained())
    os.close(writing)
