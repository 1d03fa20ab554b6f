"""Every figure that screening is to reach, with its goal and whether it does, in one run.

    python tests/benchmarks/bench_reach.py --corpus DIR

``DIR`` as for ``bench_recall.py``. Beside p50 and p99 stands the least of all rounds, which is what
the work takes where nothing else runs; rates are by CPU time of this thread. Two threads share the
scan of 10 MB, so there the rate is by the clock, and that by the CPU time of both stands below it.
"Cold" is the first time that a process sees these texts, with the compiled rules from the cache.
Verdicts on times mean something on a machine that does nothing else: the load is printed first.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import bench_match
from bench_recall import rows
from bench_screen import CELL, HOSTILE, MESSAGES, peers

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Screener
from jupyter_agent.screen.catalogue import with_expressions
from jupyter_agent.screen.examples import assemble

TWO = {
    "two secrets in a sentence": (
        "use this token gh{+}p_{alnum:36} for the repo, and for the database my password is "
        "Tulip-Harbor{digit:2}, please check that both work"
    ),
    "two settings": (
        "OPENAI_API_KEY=sk-{+}proj-{word:60}\nDB_PASSWORD=Kettle&{alnum:6}\nprint('both are there')"
    ),
}

READY = """
import os, resource, time
from jupyter_agent import rulecache
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener
def used():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before, began = used(), time.process_time()
screener = Screener()
if {cached}:
    rulecache.load(Folders.of(), screener)
screener.screen("my password is Tulip-Harbor42")
print(1000 * (time.process_time() - began), (used() - before) / 1e6, int(screener.compiled))
"""


def show(name: str, value: float, unit: str, goal: float | None, *, least: bool = True) -> None:
    """One row. ``least``: the goal is the most that it may be; otherwise the least."""
    if goal is None:
        verdict = ""
    else:
        reached = value <= goal if least else value >= goal
        verdict = f"{'<=' if least else '>='} {goal:g}  {'ok' if reached else 'NOT REACHED'}"
    print(f"{name:44} {value:9.2f} {unit:14} {verdict}")


def found(screener: Screener, folder: Path) -> None:
    """Recall, false alarms and spans."""
    secret, hits = Counter[str](), Counter[str]()
    for case in rows(folder, "scanner_cases"):
        if case["label"] == "secret":
            secret[case["source"].partition("/")[0]] += 1
            hits[case["source"].partition("/")[0]] += bool(screener.screen(str(case["text"])))
    show("recall, all scanners' cases", 100 * hits.total() / secret.total(), "%", 93, least=False)
    worst = min(secret, key=lambda source: hits[source] / secret[source])
    share = 100 * hits[worst] / secret[worst]
    show(f"recall, lowest source ({worst})", share, "%", 85, least=False)
    chat = [(case, screener.screen(str(case["text"]))) for case in rows(folder, "chat_cases")]
    for label, goal in (("secret", 96), ("clean", 1)):
        some = [bool(findings) for case, findings in chat if case["label"] == label]
        rate = 100 * sum(some) / len(some)
        show(f"chat, {label}, flagged", rate, "%", goal, least=label == "clean")
    spans = [
        tuple(span) in {(f.start, f.end) for f in findings}
        for case, findings in chat
        for span in case["spans"]
    ]
    show("chat, span exactly the secret", 100 * sum(spans) / len(spans), "%", 97, least=False)


def notebooks(screener: Screener, texts: list[str]) -> None:
    """By cell, cold and warm, and as one text."""
    megabytes = sum(map(len, texts)) / 1e6

    def one_by_one() -> int:
        return sum(bool(screener.screen(text)) for text in texts)

    def together() -> int:
        return sum(bool(screener.screen(texts[number])) for number in screener.doubtful(texts))

    began = time.thread_time()
    flagged = together()
    cold = time.thread_time() - began
    show("notebook texts flagged", 1000 * flagged / len(texts), "per 1,000", 0.2)
    assert one_by_one() == flagged
    show("notebook texts by cell, cold", megabytes / cold, "MB/s", None)
    # In turns, because how busy the machine is changes from one second to the next.
    rounds = [(cpu(together, 1), cpu(one_by_one, 1)) for _ in range(8)]
    warm, alone = (megabytes / min(times) for times in zip(*rounds, strict=True))
    show("notebook texts by cell, warm", warm, "MB/s", 80, least=False)
    show("... asked about one by one", alone, "MB/s", None)
    whole = "\n\n".join(texts * 2)[:10_000_000]
    as_one("10 MB of notebooks", screener, whole)


def as_one(name: str, screener: Screener, text: str) -> None:
    """A long text, beside the fastest of the others, where it is installed, and encoding alone."""
    size = len(text) / 1e6
    took, cost = by_the_clock(lambda: screener.screen(text), 8)
    ours = size / took
    show(f"{name} as one text", ours, "MB/s", 150, least=False)
    show("... by CPU time of both threads", size / cost, "MB/s", None)
    rates = {"encoding": size / by_the_clock(lambda: text.encode("utf-8", "surrogatepass"), 4)[0]}
    if scan := peers().get("kingfisher"):
        rates["kingfisher"] = size / by_the_clock(lambda: scan(text), 2)[0]
    for other, rate in rates.items():
        print(f"  {other + ' ' + name:42} {rate:9.2f} MB/s           ours x{ours / rate:.2f}")


def by_the_clock(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The least time of a few rounds, and the least CPU time of all threads, in seconds."""
    took, cost = [], []
    for _ in range(times):
        began, so_far = time.perf_counter(), time.process_time()
        work()
        took.append(time.perf_counter() - began)
        cost.append(time.process_time() - so_far)
    return min(took), min(cost)


def cpu(work: Callable[[], object], times: int) -> float:
    """The least CPU time of a few rounds, in seconds."""
    took = []
    for _ in range(times):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)


def long_texts(screener: Screener) -> None:
    """Code, and texts made to be slow."""
    code = (CELL * 50_000)[:10_000_000]
    as_one("10 MB of code", screener, code)
    slowest = 1e9
    for piece in HOSTILE:
        text = piece * (1_000_000 // len(piece))
        began = time.thread_time()
        with contextlib.suppress(ScreenTimeout):  # given up cleanly: counts as blocked
            screener.screen(text)
        slowest = min(slowest, len(text) / 1e6 / (time.thread_time() - began))
    show("hostile text of 1 MB, the slowest", slowest, "MB/s", 2, least=False)


def messages(screener: Screener) -> None:
    """Microseconds for what people type."""
    two = assemble("api_key = 'sk-{+}proj-{word:120}'\nmy password is T-{alnum:9}")
    texts = {
        "clean, 200 characters": (CELL[:200], 8.0, None),
        "clean, 2,000 characters": ((CELL * 10)[:2000], 20.0, None),
        **{name: (assemble(template), 60.0, 300.0) for name, template in MESSAGES.items()},
        # The goal was set by a message of 153 characters with two.
        **{name: (assemble(template), 60.0, 300.0) for name, template in TWO.items()},
        "two secrets in 300 characters": ((CELL + two)[-300:], None, None),
    }
    for name, (text, half, most) in texts.items():
        took = []
        for _ in range(4000):
            began = time.perf_counter_ns()
            screener.screen(text)
            took.append((time.perf_counter_ns() - began) / 1000)
        cuts = quantiles(took, n=100)
        show(f"{name}, p50", cuts[49], f"us ({min(took):.1f})", half)
        show(f"{name}, p99", cuts[98], "us", most)


def start() -> None:
    """A fresh process: with the cache, and without."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"JUPYTER_AGENT_HOME": home}
        warm = (
            "from jupyter_agent import rulecache; from jupyter_agent.folders import Folders;"
            "from jupyter_agent.screen import Screener; screener = Screener();"
            "rulecache.warm(Folders.of(), screener);"
            "rulecache.keep_expressions(Folders.of(), screener, lambda: None)"
        )
        subprocess.run([sys.executable, "-P", "-c", warm], env=environment, check=True)
        for cached, name, goal in (
            (1, "ready after import, warm", 60.0),
            (0, "... no cache", None),
        ):
            runs = []
            for _ in range(5):
                done = subprocess.run(
                    [sys.executable, "-P", "-c", READY.format(cached=cached)],
                    env=environment,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                runs.append(tuple(map(float, done.stdout.split())))
            assert {run[2] for run in runs} == {float(cached)}
            show(f"{name}: first finding, CPU", min(run[0] for run in runs), "ms", goal)
            if cached:
                show("memory added", min(run[1] for run in runs), "MB", 25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    folder = parser.parse_args().corpus
    random.seed(5)
    print("load average", *(f"{load:.2f}" for load in os.getloadavg()))
    screener = Screener(with_expressions(Screener().compile()))
    screener.warm()
    notebooks(screener, [str(row["text"]) for row in rows(folder, "notebook_texts")])
    found(screener, folder)
    messages(screener)
    long_texts(screener)
    start()
    least, half, _ = bench_match.over_the_socket(100)["2 kB"]
    show(
        "stored-value match, 2 kB, 100 secrets, p50", half, f"ms ({least:.2f})", bench_match.TARGET
    )


if __name__ == "__main__":
    main()
