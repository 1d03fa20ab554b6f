"""How much longer a command takes when it is called over MCP than as a run of the same agent.

    python tests/benchmarks/bench_mcp.py [ROUNDS]

Both in turn, in one process, with the same broker: `true` with one secret, as a `run` and as a
`tools/call` of a stateless HTTP request (the SDK's parsing, our screening and matching of arguments
and results included). Prints the least and the median of both with the CPU time of this process and
of the broker (without the command's own), their difference, and the load.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["JUPYTER_AGENT_HOME"] = tempfile.mkdtemp()
os.environ["JUPYTER_AGENT_KEY_SOURCE"] = "file"

import steps

from jupyter_agent import person
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener
from jupyter_agent.server.agents import Agents

SCRIPT = "true"


async def measure(rounds: int) -> None:
    folders = Folders.of()
    with person.open_client(folders) as owner:
        steps.save(owner, "DEMO_TOKEN", "a value for a benchmark 0123456789")
        token = owner.call("agent.register", name="bench")["token"]
        owner.call("grant.add", label="DEMO_TOKEN", script=SCRIPT, who="agent")

        async def nobody(*_: object, **__: object) -> dict:
            return {"below": False}

        agents = Agents(folders, Screener(), root="/", check=nobody)
        http = await agents.http()
        box = await agents.toolbox(token, "http://localhost/")
        fields = steps.request(SCRIPT, "DEMO_TOKEN")
        arguments = {"command": SCRIPT, "secrets": ["DEMO_TOKEN"], "why": "to measure it"}
        params = {"name": "run_command", "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        body = json.dumps(message).encode()
        headers = [("Content-Type", "application/json"), ("Host", "localhost"),
                   ("Accept", "application/json, text/event-stream")]  # fmt: skip

        pid = owner.call("status")["pid"]

        def brokers() -> float:
            """Milliseconds of CPU that the broker has had (proc(5), schedstat: nanoseconds)."""
            each = Path(f"/proc/{pid}/task").glob("*/schedstat")
            return sum(int(one.read_text().split()[0]) for one in each) / 1e6

        async def run() -> None:
            client: AsyncClient = await box.open_client()
            await client.call("run", **fields)
            await client.close()

        async def call() -> None:
            answer = await http.answer("POST", headers, body, box)
            assert b'"exit\\":0' in answer.body.replace(b" ", b""), answer.body

        times: dict[str, list[float]] = {"run": [], "tools/call": []}
        worked: dict[str, list[float]] = {"run": [], "tools/call": []}
        served: dict[str, list[float]] = {"run": [], "tools/call": []}
        for number in range(rounds + 3):
            for name, act in (("run", run), ("tools/call", call)):
                before = brokers()
                begun, busy = time.perf_counter(), time.process_time()
                await act()
                if number >= 3:
                    times[name].append(1000 * (time.perf_counter() - begun))
                    worked[name].append(1000 * (time.process_time() - busy))
                    await asyncio.sleep(0.02)  # the last line of the record
                    served[name].append(brokers() - before)
        await agents.close()
    for name, taken in times.items():
        low, half = min(taken), statistics.median(taken)
        cpu, theirs = statistics.median(worked[name]), statistics.median(served[name])
        print(
            f"{name:11} min {low:6.1f} ms   p50 {half:6.1f} ms   own CPU {cpu:6.1f} ms   "
            f"broker's CPU {theirs:6.1f} ms"
        )
    over = [b - a for a, b in zip(times["run"], times["tools/call"], strict=True)]
    least, half = min(times["tools/call"]) - min(times["run"]), statistics.median(over)
    load = os.getloadavg()[0]
    print(f"over a run  min {least:6.1f} ms   p50 {half:6.1f} ms   load {load:.1f}")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
