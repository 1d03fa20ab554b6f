"""What screening costs a message.

    python tests/benchmarks/bench_screen.py [--corpus DIR]

Prints microseconds (p50, p99) for both engines, beside what the same process needs to parse the
message the text arrives in: a ratio that means the same on a slow or busy machine.
``--corpus`` names a folder with ``notebook_texts.jsonl.gz`` and ``chat_cases.jsonl.gz``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble

CELL = (
    "import pandas as pd\n"
    "df = pd.read_csv('data/measurements.csv', parse_dates=['day'])\n"
    "summary = df.groupby('station')['value'].agg(['mean', 'std'])\n"
    "summary.plot.bar(figsize=(9, 4), title='Mean by station')\n"
)


def microseconds(work: Callable[[], object], times: int = 4000) -> tuple[float, float]:
    took = []
    for _ in range(times):
        began = time.perf_counter_ns()
        work()
        took.append((time.perf_counter_ns() - began) / 1000)
    cuts = quantiles(took, n=100)
    return cuts[49], cuts[98]


def message(text: str) -> str:
    return json.dumps(
        {
            "header": {"msg_id": "0" * 36, "msg_type": "execute_request", "session": "0" * 36},
            "content": {"code": text, "silent": False, "store_history": True},
            "metadata": {"cellId": "0" * 36},
            "parent_header": {},
        }
    )


def compare_speed(engines: dict[str, Screener]) -> None:
    secret = (CELL + assemble("api_key = 'sk-{+}proj-{word:120}'\nmy password is T-{alnum:9}"))[
        -300:
    ]
    for name, text in (
        ("clean, 200 characters", CELL[:200]),
        ("clean, 2,000 characters", (CELL * 10)[:2000]),
        ("300 characters, two secrets", secret),
    ):
        whole = message(text)
        base, _ = microseconds(lambda whole=whole: json.loads(whole))
        for engine, screener in engines.items():
            p50, p99 = microseconds(lambda s=screener, t=text: s.screen(t))
            print(
                f"{name:28} {engine:9} p50 {p50:7.1f}  p99 {p99:7.1f} us  {p50 / base:5.1f} x json"
            )


def start(engines: dict[str, Screener]) -> None:
    began = time.perf_counter()
    plain = Screener()
    plain.screen("hello")
    engines["plain"] = plain
    ready = time.perf_counter()
    database = plain.compile()
    compiled = time.perf_counter()
    engines["compiled"] = Screener(database)
    adopted = time.perf_counter()
    print(
        f"first screen {1000 * (ready - began):.0f} ms (rules read), "
        f"compile {1000 * (compiled - ready):.0f} ms with hyperscan's import, "
        f"adopt {1000 * (adopted - compiled):.0f} ms, database {len(database) / 1000:.0f} kB"
    )


def measure_corpus(folder: Path, screener: Screener) -> None:
    def rows(name: str) -> list[dict[str, object]]:
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    texts = [str(row["text"]) for row in rows("notebook_texts.jsonl.gz")]
    began = time.perf_counter()
    flagged = sum(bool(screener.screen(text)) for text in texts)
    took = time.perf_counter() - began
    size = sum(map(len, texts)) / 1e6
    print(
        f"notebook texts: {1000 * flagged / len(texts):.2f} per 1,000 flagged, "
        f"{size / took:.0f} MB/s"
    )
    cases = [(row, screener.screen(str(row["text"]))) for row in rows("chat_cases.jsonl.gz")]
    for label in ("secret", "clean"):
        found = [bool(findings) for row, findings in cases if row["label"] == label]
        print(f"chat {label}: {100 * sum(found) / len(found):.1f} % of {len(found)} flagged")
    wanted = [
        (span, {(f.start, f.end) for f in found}) for row, found in cases for span in row["spans"]
    ]
    exact = sum(tuple(span) in found for span, found in wanted)
    print(f"chat spans exact: {100 * exact / len(wanted):.1f} % of {len(wanted)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path)
    arguments = parser.parse_args()
    print("load average", *(f"{load:.2f}" for load in os.getloadavg()))
    engines: dict[str, Screener] = {}
    start(engines)
    compare_speed(engines)
    if arguments.corpus:
        measure_corpus(arguments.corpus, engines["compiled"])


if __name__ == "__main__":
    main()
