"""What a way to a database costs, beside the same done straight with the same PostgreSQL over TLS.

    python tests/benchmarks/bench_egress_postgres.py [--megabytes 200]

Needs Debian's postgresql, and a user other than root. Prints p50 and p95 of a login and of a small
query, the rates of a long COPY out and in and of rows, and the broker's memory meanwhile.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

sys.path.insert(0, str(Path(__file__).parents[1]))
import steps
from postgres_server import PostgresServer, running

Connect = Callable[[], psycopg.Connection[Any]]
_LINE = "the quick brown fox jumps over the lazy dog and runs away from it all"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=200)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="ja-") as folder, running(Path(folder)) as server:
        _measure(server, options.megabytes)
    print(f"load average {os.getloadavg()[0]:.1f}")


def _measure(server: PostgresServer, megabytes: int) -> None:
    value = secrets.token_hex(16)
    role = server.role(value)
    with tempfile.TemporaryDirectory() as home:
        folders = Folders.of({"JUPYTER_AGENT_HOME": home})
        hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "memory"})
        with Client(folders, hello) as person, Client(folders, Hello()) as caller:
            steps.save(person, "DB", value)
            person.call("grant.add", label="DB", any_command=True)
            person.call("egress.trust", certificates=server.authority.pem)
            number = caller.begin(
                "egress.open", label="DB", postgres=f"127.0.0.1:{server.port}/postgres", user=role
            )
            address = steps.until(caller, number, "open")["variables"]["DATABASE_URL"]
            broker = int(person.call("status")["pid"])

            def straight() -> psycopg.Connection[Any]:
                return psycopg.connect(
                    f"host=127.0.0.1 port={server.port} dbname=postgres sslmode=require",
                    user=role,
                    password=value,
                    autocommit=True,
                )

            def ours() -> psycopg.Connection[Any]:
                return psycopg.connect(address, autocommit=True)

            sides = {"straight": straight, "through us": ours}
            _times("login", sides, 40, lambda connect: connect().close())
            kept = {name: connect() for name, connect in sides.items()}
            same = {name: (lambda db=db: db) for name, db in kept.items()}
            _times("small query", same, 300, lambda db: db().execute("SELECT 1").fetchone())
            _rates(same, megabytes, broker)
            for db in kept.values():
                db.close()
            os.kill(broker, signal.SIGTERM)
            steps.wait_until(lambda: not Path(f"/proc/{broker}").exists())


def _times(what: str, sides: dict[str, Connect], number: int, work: Callable[[Any], Any]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(number):
        for name, connect in sides.items():
            began = time.perf_counter()
            work(connect)
            taken[name].append(time.perf_counter() - began)
    print(f"\n{what}, {number} each             min        p50        p95")
    for name, seconds in taken.items():
        p95 = statistics.quantiles(seconds, n=20)[-1]
        shown = [
            f"{each * 1000:7.2f} ms" for each in (min(seconds), statistics.median(seconds), p95)
        ]
        print(f"  {name:<22} {' '.join(shown)}")
    before, after = (min(seconds) for seconds in taken.values())
    print(f"  {(after - before) * 1000:+.2f} ms at best")


def _rates(sides: dict[str, Connect], megabytes: int, broker: int) -> None:
    rows = megabytes * 1_000_000 // 140
    series = f"SELECT n, '{_LINE}', '{_LINE[:40]}' FROM generate_series(1, {rows}) n"  # noqa: S608
    before = _memory(broker)

    def out(db: psycopg.Connection[Any]) -> int:
        with db.cursor().copy(f"COPY ({series}) TO STDOUT") as copy:  # type: ignore[arg-type]
            return sum(map(len, copy))

    def into(db: psycopg.Connection[Any]) -> int:
        db.execute("CREATE TEMP TABLE IF NOT EXISTS t (a text)")
        line = (_LINE + "\n").encode() * 900
        with db.cursor().copy("COPY t FROM STDIN") as copy:
            for _ in range(megabytes * 1_000_000 // len(line)):
                copy.write(line)
        db.execute("DROP TABLE t")
        return megabytes * 1_000_000

    def fetch(db: psycopg.Connection[Any]) -> int:
        size = 0
        with db.transaction(), db.cursor("by_the_server") as cursor:
            cursor.itersize = 5000
            cursor.execute(f"{series} LIMIT {rows // 4}")  # type: ignore[arg-type]
            for row in cursor:
                size += len(row[1]) + len(row[2]) + 4
        return size

    for what, work in (("COPY out", out), ("COPY in", into), ("rows", fetch)):
        rates = []
        print(f"\n{what}")
        for name, connect in sides.items():
            began = time.perf_counter()
            size = work(connect())
            rates.append(size / (time.perf_counter() - began) / 1e6)
            print(f"  {name:<22} {rates[-1]:7.0f} MB/s")
        print(f"  ratio {rates[1] / rates[0]:.2f}")
    print(f"\nthe broker grew by {(_memory(broker) - before) / 1e6:.0f} MB at its peak")


def _memory(pid: int) -> int:
    """Most bytes so far (VmHWM, proc_pid_status(5))."""
    line = next(
        each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in each
    )
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
