"""What guard A costs a message, beside the handler without it, and how it holds up the event loop.

    python tests/benchmarks/bench_guard.py

Both are Jupyter Server's real connection class; only the ZMQ socket behind it takes everything and
does nothing. The two are timed in turns, so that a busy machine weighs on both alike. Pauses of the
loop are told in CPU time of the process, because only then has somebody here held it up.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable
from statistics import quantiles
from types import SimpleNamespace
from typing import Any

from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from jupyter_agent.long_texts import LONG
from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.server.blocks import Blocks
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.guard import guarded
from jupyter_agent.server.judge import Judge
from jupyter_agent.server.messages import V1

LINE = "summary = frame.groupby('station')['value'].agg(['mean', 'std'])  # by station\n"
PROSE = "The pass for the bank was sent to the café; see https://example.org/a?b=c for the token.\n"
HOSTILE = "password = hunter2Tulip!\n"
TARGET = 50.0
"""Microseconds the guard may add to a cell of 200 characters."""


class _Nowhere:
    def send_multipart(self, *_: Any, **__: Any) -> None:
        """Take everything."""


def connection(kind: type, subprotocol: str | None) -> Any:
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)
    handler.ws_connection = SimpleNamespace(selected_subprotocol=subprotocol)
    kernel = ServerKernelManager(parent=AsyncMappingKernelManager())
    made = kind(parent=kernel, websocket_handler=handler)
    made.session.key = b"key"
    made.channels = {"shell": _Nowhere()}
    return made


def message(code: str, subprotocol: str | None) -> str | bytes:
    header = {"msg_id": "0" * 36, "msg_type": "execute_request", "session": "0" * 36}
    metadata = {"cellId": "0" * 36, "trusted": True, "deletedCells": [], "recordTiming": False}
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": True,
        "stop_on_error": True,
    }
    if subprotocol == V1:
        parts = [json.dumps(part).encode() for part in (header, {}, metadata, content)]
        return serialize_msg_to_ws_v1(parts, "shell")
    fields = {"header": header, "parent_header": {}, "metadata": metadata, "content": content}
    return json.dumps({"channel": "shell", **fields})


def in_turns(*works: Callable[[], object], times: int = 3000) -> list[tuple[float, float]]:
    took: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, times_of_one in zip(works, took, strict=True):
            began = time.perf_counter_ns()
            work()
            times_of_one.append((time.perf_counter_ns() - began) / 1000)
    cuts = [quantiles(one, n=100) for one in took]
    return [(cut[49], cut[98]) for cut in cuts]


class _Known:
    """The broker, which knows no value."""

    values = ""

    async def find(self, _text: str) -> list[Any]:
        return []


async def longest_pause(screener: CellScreener, text: str) -> float:
    """Milliseconds for which the loop does nothing else when a page sends a cell."""
    gate = Gate(screener)
    judge = Judge(gate, screener, _Known(), Blocks())  # type: ignore[arg-type]
    ours = connection(guarded(ZMQChannelsWebsocketConnection, gate, judge), V1)
    longest, last = 0.0, time.process_time()
    ours.handle_incoming_message(message(text, V1))
    while True:
        now = time.process_time()
        longest, last = max(longest, now - last), now
        if ours._lanes.idle("shell"):
            return longest * 1000
        await asyncio.sleep(0.0005)


def pauses(screener: CellScreener) -> None:
    logging.disable()  # of what is stopped
    print(f"\n{'the longest pause of the event loop':48}{'ms':>8}")
    for name, line in (
        ("code", LINE),
        ("prose", PROSE),
        ("passwords", "password = hunter2Tulip!\n"),
    ):
        for length in (LONG // 2, 1_000_000, 9_900_000):
            text = (line * (length // len(line) + 1))[:length]
            least = min(asyncio.run(longest_pause(screener, text)) for _ in range(3))
            print(f"{name:38}{length:>10}{least:8.1f}")


def main() -> None:
    rules = Screener()
    rules.adopt(rules.compile())
    plain_rules = Screener()
    print(f"load average {os.getloadavg()[0]:.1f}; microseconds p50 / p99")
    print(f"{'':28}{'unguarded':>16}{'guarded':>16}{'guard adds':>12}")
    for engine, screener in (("compiled", rules), ("plain", plain_rules)):
        kind = guarded(ZMQChannelsWebsocketConnection, Gate(CellScreener(screener)))
        for name, subprotocol in (("v1", V1), ("json", None)):
            for length in (200, 2_000, 20_000):
                text = message((LINE * (length // len(LINE) + 1))[:length], subprotocol)
                bare = connection(ZMQChannelsWebsocketConnection, subprotocol)
                ours = connection(kind, subprotocol)
                times = 3000 if length < 20_000 else 500
                without, with_guard = in_turns(
                    lambda c=bare, t=text: c.handle_incoming_message(t),
                    lambda c=ours, t=text: c.handle_incoming_message(t),
                    times=times,
                )
                added = with_guard[0] - without[0]
                verdict = ""
                if length == 200 and engine == "compiled":
                    verdict = "  ok" if added <= TARGET else f"  over {TARGET:.0f}"
                print(
                    f"{engine:9}{name:5}{length:>8} chars {without[0]:8.1f} /{without[1]:6.0f}"
                    f" {with_guard[0]:8.1f} /{with_guard[1]:6.0f} {added:10.1f}{verdict}"
                )
    pauses(CellScreener(rules))


if __name__ == "__main__":
    main()
