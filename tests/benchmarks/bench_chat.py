"""How long a chat cell takes before its request to the model leaves.

    python tests/benchmarks/bench_chat.py [--runs 40]

A real broker with 20 stored secrets, a model service in this process, and everything that a chat
cell does, warm: opening nothing anew, the message screened and matched, a history of 20 turns
matched again, the request built and sent. The time ends when the service has the whole request.
The baseline is the same request, sent by the model's library alone. Expected: at most 15 ms more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chat_service import ChatService, chat_service
from conftest import end_brokers
from steps import save

from jupyter_agent import person as person_door
from jupyter_agent import rulecache
from jupyter_agent.chat import model
from jupyter_agent.chat.answering import Answering
from jupyter_agent.chat.choice import choose
from jupyter_agent.chat.conversation import Conversation, Turn
from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.tools import tools
from jupyter_agent.client import Client, Hello
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.client.model_door import ModelDoor
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener

MESSAGE = "Which of my repositories changed this week, and who changed them? Use GITHUB_TOKEN. " * 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        folders = Folders.of({"JUPYTER_AGENT_HOME": home})
        hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "file"})
        rng = random.Random(1)
        with Client(folders, hello) as person, chat_service(lambda _: True) as service:
            for number in range(20):
                save(person, f"LABEL_{number}", rng.randbytes(20).hex())
            asyncio.run(_measure(folders, service, runs))
        end_brokers(Path(home))


async def _measure(folders: Folders, service: ChatService, runs: int) -> None:
    screener = Screener()
    rulecache.load(folders, screener)
    door = ModelDoor(lambda: AsyncClient.open(folders, Hello()), None, cwd="/")
    passage = Passage(screener, door.match)
    asked = model.built(choose("m-1", service.url), service.url, model.NO_KEY)
    conversation = Conversation()
    for number in range(20):
        conversation.add(Turn(f"question {number} " * 20, answer=f"answer {number} " * 60))
    before, offered = conversation.sent(), tools(door, passage)

    class Bare(Passage):
        """Lets everything pass: what the model's library takes by itself."""

        async def check(self, value: object, what: str) -> None:
            pass

        async def clean(self, value: object) -> object:
            return value

        async def is_clear(self, value: object) -> bool:
            return True

    bare = Bare(screener, door.match)
    taken: dict[str, list[float]] = {"whole": [], "the library alone": []}
    processor = dict.fromkeys(taken, 0.0)
    for number in range(2 * (runs + 3)):
        name = "whole" if number % 2 else "the library alone"
        through = passage if number % 2 else bare
        began, used = time.perf_counter(), time.process_time()
        answering = Answering(asked, "m-1", through, offered, lambda _: None)
        await answering.answer(MESSAGE, (), before)
        if number >= 6:
            taken[name].append((service.arrived[-1] - began) * 1000)
            processor[name] += (time.process_time() - used) * 1000 / runs
    await door.close()
    size = len(service.requests[-1])
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {runs} messages of {size} bytes"
    )
    for name, each in taken.items():
        median = statistics.median(each)
        print(
            f"  {name:<18} min {min(each):6.1f} ms  p50 {median:6.1f} ms, CPU {processor[name]:.0f}"
        )
    least = min(taken["whole"]) - min(taken["the library alone"])
    middle = statistics.median(taken["whole"]) - statistics.median(taken["the library alone"])
    print(f"  ours               min {least:6.1f} ms  p50 {middle:6.1f} ms  (at most 15)")


if __name__ == "__main__":
    main()
