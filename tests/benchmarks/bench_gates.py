"""Each gate by itself: the slowest ones, beside the usual one.

    python tests/benchmarks/bench_gates.py

hyperscan chooses an engine for all expressions of a database together, and one alternative more in
a long gate may make it choose one forty times slower, for every text. Alone in a database such a
gate stands out. Least CPU time of five scans of this repository's own sources, a megabyte of them.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median

import hyperscan

from jupyter_agent.screen import load_rules

ROOT = Path(__file__).parents[2]
SHOWN = 5


def ordinary(size: int = 1_000_000) -> bytes:
    """Sources and documentation of this repository."""
    files = sorted((ROOT / "jupyter_agent").rglob("*.py")) + sorted((ROOT / "docs").rglob("*.md"))
    return b"\n".join(file.read_bytes() for file in files)[:size]


def seconds(gate: bytes, data: bytes) -> float:
    """The least that one scan took."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[gate], ids=[0], flags=[0])
    scratch = hyperscan.Scratch(database)
    least = float("inf")
    for _ in range(5):
        begin = time.process_time()
        database.scan(data, match_event_handler=lambda *_: None, scratch=scratch)
        least = min(least, time.process_time() - begin)
    return least


def main() -> None:
    data = ordinary()
    gates = {rule.gate.encode("latin-1"): rule.id for rule in load_rules() if rule.gate}
    took = {name: seconds(gate, data) for gate, name in gates.items()}
    usual = median(took.values())
    load = os.getloadavg()[0]
    print(f"{len(took)} gates, load {load:.1f}; the usual one: {usual * 1e3:.2f} ms for each MB")
    for name in sorted(took, key=took.__getitem__, reverse=True)[:SHOWN]:
        print(f"{took[name] / usual:8.1f} times the usual: {name}")


if __name__ == "__main__":
    main()
