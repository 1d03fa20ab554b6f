"""Many runs at once: is each of them served, how long do small ones wait, how much memory is it?

    python tests/benchmarks/bench_many_runs.py [--floods 49] [--seconds 5] [--secrets 5]

Some runs print as fast as they can, and their callers read as fast as they can. Meanwhile `true` is
run again and again, and a run that prints a moment (its own clock's) every 20 ms tells how late its
output comes. Both are measured without the floods first, in the same minute. Then the shares of the
floods: the least beside the mean. Expected: `true` at most 150 ms later (p95) than without, the
least share at least half of the mean, less than 60 MB more for 50 runs.
"""

from __future__ import annotations

import argparse
import base64
import os
import statistics
import tempfile
import threading
import time

from jupyter_agent import entry, person
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

_CLOCK = (
    "import time\nfor _ in range(%d):\n print(time.monotonic_ns(), flush=True)\n time.sleep(0.02)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--floods", type=int, default=49)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--secrets", type=int, default=5)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({"JUPYTER_AGENT_HOME": home, "JUPYTER_AGENT_KEY_SOURCE": "memory"})
        folders = Folders.of()
        with person.open_client(folders) as owner:
            try:
                labels = [_saved(owner, number) for number in range(options.secrets)]
                _measure(folders, owner, labels, options)
            finally:
                os.kill(owner.welcome["pid"], 15)
    print(f"load average {os.getloadavg()[0]:.1f}")


def _measure(
    folders: Folders, owner: Client, labels: list[str], options: argparse.Namespace
) -> None:
    alone = _small_runs(folders, labels, options.seconds)
    memory = owner.call("status")["memory"]
    stop = threading.Event()
    read = [0] * options.floods
    floods = [
        threading.Thread(target=_flood, args=(folders, labels, number, read, stop))
        for number in range(options.floods)
    ]
    for flood in floods:
        flood.start()
    # Not before each has printed so much that everything is compiled and prepared.
    while min(read) < 500_000:
        time.sleep(0.05)
    began = time.monotonic()
    before = list(read)
    beside = _small_runs(folders, labels, options.seconds)
    passed = time.monotonic() - began
    shares = [now - then for now, then in zip(read, before, strict=True)]
    more = owner.call("status")["memory"] - memory
    stop.set()
    for flood in floods:
        flood.join()
    for what in alone:
        print(f"\n{what:28} p50        p95")
        for name, seconds in (("alone", alone[what]), ("beside the floods", beside[what])):
            p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
            print(f"  {name:22} {p50 * 1000:8.1f} ms {p95 * 1000:7.1f} ms  ({len(seconds)})")
    mean = statistics.mean(shares)
    print(f"\n{options.floods} floods: {sum(shares) / passed / 1e6:.0f} MB/s on the wire, ", end="")
    print(
        f"the least share {min(shares) / mean:.2f} of the mean, the most {max(shares) / mean:.2f}"
    )
    print(f"memory of the broker: {more / 2**20:+.1f} MB")


def _small_runs(folders: Folders, labels: list[str], seconds: float) -> dict[str, list[float]]:
    late: list[float] = []
    clock = threading.Thread(target=_clock, args=(folders, labels, int(seconds / 0.02), late))
    clock.start()
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        with Client(folders, Hello()) as client:
            for _ in client.events("run", **_request("true", labels)):
                pass
        taken.append(time.perf_counter() - start)
    clock.join()
    return {"`true`, start to end": taken, "first byte after the write": late}


def _clock(folders: Folders, labels: list[str], rounds: int, late: list[float]) -> None:
    with Client(folders, Hello()) as client:
        argv = ["python3", "-I", "-c", _CLOCK % rounds]
        for message in client.events("run", **{**_request(None, labels), "argv": argv}):
            now = time.monotonic_ns()
            if message.get("event") == "output":
                said = base64.b64decode(message["data"]).split()
                late += [(now - int(moment)) / 1e9 for moment in said[:1]]


def _flood(
    folders: Folders, labels: list[str], number: int, read: list[int], stop: threading.Event
) -> None:
    with Client(folders, Hello()) as client:
        client.begin("run", **_request("yes 'an ordinary line of some program'", labels))
        while not stop.is_set():
            read[number] += len(os.read(client.fileno(), 1 << 18))  # not decoded: that is no news


def _request(script: str | None, labels: list[str]) -> dict[str, object]:
    secrets = [{"label": label, "env": label} for label in labels]
    env = {"PATH": os.environ["PATH"]}
    return {"script": script, "secrets": secrets, "cwd": "/", "env": env}


def _saved(owner: Client, number: int) -> str:
    label = f"SECRET_{number}"
    offer = owner.call("secret.offer", label=label, origin="bench", replace=False)["offer"]
    sealed = entry.seal(entry.Offer.from_json(offer), os.urandom(18).hex().encode())
    fields = {name: offer[name] for name in ("kid", "ticket", "label", "origin")}
    owner.call("secret.save", **fields, sealed=base64.b64encode(sealed).decode())
    owner.call("grant.add", label=label, any_command=True)
    return label


if __name__ == "__main__":
    main()
