"""What ``%%agent_run`` costs, beside ``%%bash`` in the same kernel in the same minute.

    python tests/benchmarks/bench_run.py [--runs 100] [--megabytes 100] [--bash-megabytes 1]

Prints p50 and p95 of ``true`` through both, and the rate of much output through both until the
last byte is with the client, each with its ratio. ``%%bash`` reads 100 bytes at a time and sends a
message for each, so it gets less to do by default. Expected: p50 at most 5 ms above ``%%bash``;
output at least as fast.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

_LATENCY = """
import json, time
shell = get_ipython()
def once(magic):
    start = time.perf_counter()
    shell.run_cell_magic(magic, "", "true\\n")
    return time.perf_counter() - start
taken = {"agent_run": [], "bash": []}
for magic in taken:
    once(magic)  # broker, event loop and imports are there before it counts
for _ in range(%d):
    for magic in taken:
        taken[magic].append(once(magic))
print(json.dumps(taken))
"""
_LINE = "the quick brown fox jumps over the lazy dog and runs away from it as fast as it can"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--bash-megabytes", type=float, default=1)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "JUPYTER_AGENT_HOME": f"{folder}/home",
            "JUPYTER_AGENT_KEY_SOURCE": "memory",
            "IPYTHONDIR": f"{folder}/ipython",
        }
        os.environ.update(env)
        manager, client = start_new_kernel(env=env)
        try:
            _cell(client, "%load_ext jupyter_agent")
            _latency(client, options.runs)
            _output(client, {"agent_run": options.megabytes, "bash": options.bash_megabytes})
        finally:
            _stop_broker(client)
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    print(f"load average {os.getloadavg()[0]:.1f}")


def _latency(client: BlockingKernelClient, runs: int) -> None:
    taken: dict[str, list[float]] = json.loads(_cell(client, _LATENCY % runs)[1])
    print(f"\n`true`, {runs} runs each      p50        p95")
    for magic, seconds in taken.items():
        p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(f"  %%{magic:<12} {p50 * 1000:10.1f} ms {p95 * 1000:7.1f} ms")
    ours, theirs = (statistics.median(taken[magic]) for magic in ("agent_run", "bash"))
    print(f"  ratio {ours / theirs:.2f}, difference {(ours - theirs) * 1000:+.1f} ms")


def _output(client: BlockingKernelClient, megabytes: dict[str, float]) -> None:
    print("\nmany lines of output, until the client has the last byte")
    rates = {}
    for magic, wanted in megabytes.items():
        size = int(wanted * 1_000_000)
        seconds, text, messages = _cell(client, f"%%{magic}\nyes '{_LINE}' | head -c {size}")
        rates[magic] = size / seconds / 1e6
        print(
            f"  %%{magic:<12} {wanted:5g} MB {seconds:7.2f} s {rates[magic]:7.2f} MB/s "
            f"{messages:8} messages, {len(text) / size:.0%} received"
        )
    print(f"  ratio {rates['agent_run'] / rates['bash']:.1f} times as fast")


def _cell(client: BlockingKernelClient, code: str) -> tuple[float, str, int]:
    pieces: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            pieces.append(message["content"]["text"])

    start = time.perf_counter()
    answer = client.execute_interactive(code, output_hook=keep, timeout=3600)
    seconds = time.perf_counter() - start
    if answer["content"]["status"] != "ok":
        raise SystemExit("\n".join(answer["content"]["traceback"]))
    return seconds, "".join(pieces), len(pieces)


def _stop_broker(client: BlockingKernelClient) -> None:
    code = (
        "from jupyter_agent.kernel.identity import open_client\n"
        "with open_client(get_ipython()) as c: print(c.call('status')['pid'])"
    )
    pid = int(_cell(client, code)[1])
    if Path(f"/proc/{pid}").exists():
        os.kill(pid, 15)


if __name__ == "__main__":
    main()
