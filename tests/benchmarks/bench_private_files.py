"""Private files: what they cost, and what is left when everything is killed at a random moment.

    python tests/benchmarks/bench_private_files.py [--rounds 1000] [--runs 200]

Each round starts a runner, a keeper and a command with two private files, and kills all three with
SIGKILL after up to twice the time that a command takes to start here, so that some die before the
folder is made, some while it is written and some long after. Then the places are swept, as the next
broker does. Expected: 0 folders after the sweep; a run with files takes at most 1.5 times as long
as one without.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import socket
import statistics
import tempfile
import time
from pathlib import Path

from jupyter_agent.processes import linux, tree
from jupyter_agent.shell import runner
from jupyter_agent.shell.files import Files, Places
from jupyter_agent.shell.process import Process, _wanted

_CONTENTS = {"KEY/KEY": b"x" * 4000, "CONF/app.toml": b"y" * 4000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    linux.adopt_orphans()  # so that what lost its runner is collected here
    os.umask(0o077)
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="ja-bench-") as folder:
        places = Places(Path(folder))
        _killing(places, Path(folder) / "files", options.rounds, random.Random(options.seed))
        _cost(places, options.runs)
    print(f"load average {os.getloadavg()[0]:.1f}")


def _killing(places: Places, base: Path, rounds: int, rng: random.Random) -> None:
    start = statistics.median(_round(places.new(_CONTENTS), None) for _ in range(9))
    begun, started = 0, time.perf_counter()
    for _ in range(rounds):
        begun += _round(places.new(_CONTENTS), rng.uniform(0, 2 * start)) > 0
    left = len(list(base.iterdir()))
    swept, seconds = places.sweep(), time.perf_counter() - started
    after = len(list(base.iterdir()))
    print(
        f"\n{rounds} rounds of kill -9 in {seconds:.0f} s: {begun} had begun their command, "
        f"{left} left a folder, {swept} swept, {after} left after the sweep"
    )
    if after:
        raise SystemExit("the sweep has left something")


def _round(files: Files, pause: float | None) -> float:
    """Start one run and kill everything after a pause, or once its command was started.

    Returns:
        Seconds until then; 0 where the command had not been started.
    """
    before = time.perf_counter()
    pid, door = runner.fork_runner()
    ours, theirs = socket.socketpair()
    with door, ours, theirs, Path(os.devnull).open("r+b") as nowhere:
        runner.hand_over(door, [theirs.fileno(), *[nowhere.fileno()] * 3], files.folder)
        message = _wanted(["/bin/sleep", "60"], {}, "/", files, on_terminal=False)
        ours.sendall(len(message).to_bytes(4, "big") + message)
        if pause is None:
            ours.recv(4096, socket.MSG_PEEK)
        else:
            time.sleep(pause)
        seconds = time.perf_counter() - before
        doomed = [pid, *(below for below, _ in tree.descendants(pid))]
        for each in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        ours.setblocking(False)
        try:
            begun = b"started" in ours.recv(4096)
        except OSError:
            begun = False
    # One that was forked meanwhile loses its life line with these sockets, and ends by itself.
    while tree.reap()[1]:
        for below, _ in tree.descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(below, signal.SIGKILL)
    return seconds if begun else 0.0


def _cost(places: Places, runs: int) -> None:
    pid, door = runner.fork_runner()
    taken = asyncio.run(_timed(door, places, runs))
    door.close()
    os.waitpid(pid, 0)
    print(f"\n`true`, {runs} runs each     p50")
    for name, seconds in taken.items():
        print(f"  {name:<20} {statistics.median(seconds) * 1000:7.2f} ms")
    without, with_files = (statistics.median(seconds) for seconds in taken.values())
    print(f"  ratio {with_files / without:.2f}")


async def _timed(door: socket.socket, places: Places, runs: int) -> dict[str, list[float]]:
    async def ignore(_stream: str, _chunk: bytes) -> None:
        return

    taken: dict[str, list[float]] = {"without files": [], "with two files": []}
    for _ in range(runs):
        for name, seconds in taken.items():
            start = time.perf_counter()
            files = places.new(_CONTENTS) if name.startswith("with ") else None
            process = await Process.start(door, ["/bin/true"], env={}, cwd="/", files=files)
            await process.pump(ignore)
            seconds.append(time.perf_counter() - start)
    return taken


if __name__ == "__main__":
    main()
