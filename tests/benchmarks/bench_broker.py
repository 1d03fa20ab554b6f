"""How long the first caller waits for a broker, and how much memory the broker takes.

    python tests/benchmarks/bench_broker.py [--runs 15]

Beside it, in the same run: a Python that starts with the same flags and only imports asyncio, which
is the least that any such process costs. Expected: ready within 200 ms, at most 40 MB with an open
vault and some runs behind it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from steps import run, save

from jupyter_agent import person
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders


def _start(folders: Folders) -> float:
    """Seconds from the first call until the broker has answered hello."""
    began = time.perf_counter()
    with Client(folders, Hello()) as client:
        seconds = time.perf_counter() - began
        pid = client.welcome["pid"]
    _end(pid)
    return seconds


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        while True:  # until its lock is free
            os.kill(pid, 0)
            time.sleep(0.005)


def _bare() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", "import asyncio"], check=True, cwd="/")
    return time.perf_counter() - began


def _round_trip(client: Client) -> float:
    began = time.perf_counter()
    for _ in range(200):
        client.call("stop", run=-1)  # the smallest request there is
    return (time.perf_counter() - began) / 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"JUPYTER_AGENT_HOME": home, "JUPYTER_AGENT_KEY_SOURCE": "file"}
        folders = Folders.of()
        _start(folders)  # makes folders and key
        pairs = [(_start(folders), _bare()) for _ in range(runs)]
        ready, bare = (sorted(column) for column in zip(*pairs, strict=True))
        print(
            f"broker ready: p50 {1e3 * statistics.median(ready):.0f} ms, "
            f"worst {1e3 * ready[-1]:.0f} ms; a bare python with asyncio: "
            f"p50 {1e3 * statistics.median(bare):.0f} ms "
            f"(ratio {statistics.median(ready) / statistics.median(bare):.1f})"
        )
        with person.open_client(folders) as client:
            fresh = client.call("status")["memory"]
            save(client, "A", "a value that nobody guesses")
            client.call("grant.add", label="A", any_command=True)
            for _ in range(50):
                run(client, "true", "A")
            used = client.call("status")["memory"]
            print(f"memory: {fresh / 1e6:.1f} MB fresh, {used / 1e6:.1f} MB after 50 runs")
            print(f"round trip: {1e3 * _round_trip(client):.2f} ms")
            _end(client.welcome["pid"])
    print("load average: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))


if __name__ == "__main__":
    main()
