"""Screening as machine code beside its own sources, in turns: what compiling them is worth.

    python tests/benchmarks/bench_machine_code.py [--corpus DIR]

Two processes of this Python, one with the installed package and one with the checkout's sources,
are asked in turns, so that a busy machine weighs on both alike. CPU time of the thread; least and
median of all rounds, and the median of each pair's ratio. ``DIR`` as for ``bench_recall.py``;
without it there are messages only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
ROUNDS = 15


def works(corpus: str) -> dict[str, tuple[Callable[[], object], float, str]]:
    """What is timed: by its name the work, what one round is divided by, and the unit."""
    from bench_recall import rows  # noqa: PLC0415  (from where the worker was told to)
    from bench_screen import MESSAGES  # noqa: PLC0415

    from jupyter_agent.screen import Screener  # noqa: PLC0415
    from jupyter_agent.screen.catalogue import with_expressions  # noqa: PLC0415
    from jupyter_agent.screen.examples import assemble  # noqa: PLC0415

    screener = Screener(with_expressions(Screener().compile()))

    def message(text: str) -> Callable[[], object]:
        return lambda: [screener.screen(text) for _ in range(500)]

    found: dict[str, tuple[Callable[[], object], float, str]] = {
        name: (message(assemble(template)), 500 / 1e6, "us") for name, template in MESSAGES.items()
    }
    if corpus:
        texts = [str(row["text"]) for row in rows(Path(corpus), "notebook_texts")]
        whole = "\n\n".join(texts * 2)[:10_000_000]
        cells = sum(map(len, texts)) / 1e6

        def by_cell() -> object:
            return [screener.screen(texts[number]) for number in screener.doubtful(texts)]

        found["notebooks, by cell"] = by_cell, cells / 1e3, "ms for each MB"
        found["notebooks, 10 MB in one"] = (
            lambda: screener.screen(whole),
            len(whole) / 1e9,
            "ms for each MB",
        )
    return found


def answer(corpus: str) -> None:
    """The worker: for each line with a name, how long that took."""
    from jupyter_agent.screen import look  # noqa: PLC0415

    there = works(corpus)
    for work, _, _ in there.values():
        work()
    print(look.__file__)
    for name, (_, _, unit) in there.items():
        print(f"{name}\t{unit}")
    print(flush=True)
    for line in sys.stdin:
        work, amount, _ = there[line.strip()]
        began = time.thread_time()
        work()
        print((time.thread_time() - began) / amount, flush=True)


def worker(corpus: str, *first: str) -> subprocess.Popen[str]:
    """A process that answers, with these folders before all others."""
    path = [*first, str(Path(__file__).parent)]
    program = (
        f"import sys; sys.path[:0] = {path!r}; import bench_machine_code as b; b.answer({corpus!r})"
    )
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def asked(process: subprocess.Popen[str], name: str) -> float:
    """How long something took in a process."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{name}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="")
    corpus = parser.parse_args().corpus
    corpus = str(Path(corpus).resolve()) if corpus else ""
    print("load average", *(f"{load:.2f}" for load in os.getloadavg()))
    sources, machine_code = worker(corpus, str(ROOT)), worker(corpus)
    names: list[list[str]] = []
    for process in (sources, machine_code):
        assert process.stdout is not None
        print(process.stdout.readline().strip())
        names = [line.rstrip("\n").split("\t") for line in iter(process.stdout.readline, "\n")]
    for name, unit in names:
        pairs = [(asked(sources, name), asked(machine_code, name)) for _ in range(ROUNDS)]
        before, after = zip(*pairs, strict=True)
        print(
            f"{name:26} {min(before):7.1f} ({median(before):7.1f}) -> "
            f"{min(after):7.1f} ({median(after):7.1f}) {unit:15} "
            f"x{median(b / a for a, b in pairs):.2f}"
        )
    for process in (sources, machine_code):
        process.terminate()


if __name__ == "__main__":
    main()
