"""How long the broker takes to look for stored values in a text, over the socket.

    python tests/benchmarks/bench_match.py [--secrets 100]

Beside it, in the same run and in turns: a question that has nothing to answer, and ``status``.
Least, p50 and p99: the least is what the work takes, the rest is the machine. Expected: a
text of 2 kB against 100 values within 0.5 ms.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).parents[1]))

from steps import save

from jupyter_agent import person
from jupyter_agent.client import Client, Hello
from jupyter_agent.client.matching import find
from jupyter_agent.folders import Folders
from jupyter_agent.scrub.matcher import Matcher
from jupyter_agent.vault.strength import estimated_bits

LINE = "summary = frame.groupby('station')['value'].agg(['mean', 'std'])  # by station\n"
ESCAPED = 'print("\\n\\t50%% of", path, sep="\\n")  # &amp; more of it\n'
TARGET = 0.5
"""Milliseconds for a text of 2 kB."""

ALPHABETS = (
    string.ascii_letters + string.digits,
    "0123456789abcdef",
    string.ascii_letters + string.digits + "+/-_!#$%&",
)


def made_up(rng: random.Random) -> str:
    """A value as long and as mixed as real ones are."""
    return "".join(rng.choices(rng.choice(ALPHABETS), k=rng.choice((16, 20, 24, 32, 40, 51, 64))))


def in_turns(*works: Callable[[], object], times: int) -> list[tuple[float, float, float]]:
    """The least, p50 and p99 of each, in milliseconds."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, column in zip(works, took, strict=True):
            began = time.perf_counter_ns()
            work()
            column.append((time.perf_counter_ns() - began) / 1e6)
    cuts = [quantiles(column, n=100) for column in took]
    return [(min(column), cut[49], cut[98]) for column, cut in zip(took, cuts, strict=True)]


def over_the_socket(count: int) -> dict[str, tuple[float, float, float]]:
    """Least, p50 and p99 of a question, in milliseconds, by its name; with a broker of its own.

    Args:
        count: How many secrets it holds.
    """
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"JUPYTER_AGENT_HOME": home, "JUPYTER_AGENT_KEY_SOURCE": "file"}
        with person.open_client(Folders.of()) as owner:
            for number in range(count):
                save(owner, f"SECRET_{number}", made_up(rng))
            find(owner, "")
            plain = (LINE * 40)[:2000]
            took = in_turns(
                lambda: owner.call("stop", run=-1), lambda: find(owner, plain), times=500
            )
    return dict(zip(("nothing", "2 kB"), took, strict=True))


def _named(values: list[str]) -> dict[str, bytes]:
    return {f"SECRET_{number}": value.encode() for number, value in enumerate(values)}


def _cpu(work: Callable[[], object], times: int = 300) -> float:
    """Milliseconds of this thread, p50: what a busy machine does not change."""
    took = []
    for _ in range(times):
        began = time.thread_time_ns()
        work()
        took.append((time.thread_time_ns() - began) / 1e6)
    return sorted(took)[times // 2]


def _both_cpu(broker: int, work: Callable[[], object], times: int = 500) -> float:
    """Milliseconds a question of processor time, here and in the broker, from the scheduler."""

    def spent() -> int:
        ours = time.process_time_ns()
        return ours + int(Path(f"/proc/{broker}/schedstat").read_text().split()[0])

    before = spent()
    for _ in range(times):
        work()
    return (spent() - before) / 1e6 / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--secrets", type=int, default=100)
    count = parser.parse_args().secrets
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"JUPYTER_AGENT_HOME": home, "JUPYTER_AGENT_KEY_SOURCE": "file"}
        folders = Folders.of()
        with person.open_client(folders) as owner, Client(folders, Hello()) as guest:
            fresh = owner.call("status")["memory"]
            values = [made_up(rng) for _ in range(count)]
            for number, value in enumerate(values):
                save(owner, f"SECRET_{number}", value)
            began = time.perf_counter()
            assert find(owner, "").matches == []
            print(f"first question, {count} values read: {time.perf_counter() - began:.3f} s")
            plain, escaped = (LINE * 40)[:2000], (ESCAPED * 60)[:2000]
            hidden = plain[:1000] + base64.b64encode(values[0].encode()).decode() + plain[1000:]
            rows = in_turns(
                lambda: owner.call("stop", run=-1),
                lambda: owner.call("status"),
                lambda: find(owner, plain),
                lambda: find(owner, escaped),
                lambda: find(owner, hidden),
                times=500,
            )
            names = ("nothing", "status", "2 kB", "2 kB, escapes", "2 kB, a value in base64")
            for name, (least, half, worst) in zip(names, rows, strict=True):
                verdict = "  ok" if least <= TARGET else f"  over {TARGET}"
                verdict = verdict if name == "2 kB" else ""
                times = f"{least:8.3f} / {half:7.3f} / {worst:7.3f} ms"
                print(f"{name:26}{times}   nothing x{least / rows[0][0]:.1f}{verdict}")
            broker = owner.call("status")["pid"]
            for name, work in (
                ("nothing", lambda: owner.call("stop", run=-1)),
                ("2 kB", lambda: find(owner, plain)),
            ):
                print(f"{name:26}{_both_cpu(broker, work):8.3f} ms of CPU in both processes")
            known = _named(values)
            matcher = Matcher(known, {label: estimated_bits(v) for label, v in known.items()})
            for name, text in (("2 kB", plain), ("2 kB, escapes", escaped)):
                spent = _cpu(lambda t=text: matcher.first(t.encode()))
                print(f"{name:26}{spent:8.3f} ms of CPU for the match itself")
            for text in (plain * 500, escaped * 500, plain * 5000):
                began = time.perf_counter()
                find(owner, text)
                seconds = time.perf_counter() - began
                print(f"{len(text) / 1e6:.0f} MB: {len(text) / 1e6 / seconds:.1f} MB/s")
            assert guest.call("match", text=values[0])["label"] is not None
            used = owner.call("status")["memory"]
            print(f"memory: {fresh / 1e6:.1f} MB fresh, {used / 1e6:.1f} MB now")
    print("load average: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))


if __name__ == "__main__":
    main()
