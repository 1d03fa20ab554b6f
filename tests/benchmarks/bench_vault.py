"""What a vault costs: python tests/benchmarks/bench_vault.py [--kills N]

Prints milliseconds (median, best, worst), and the goal where there is one; each put against a bare
fsync of the same disk, because that is what a durable write costs at least. ``--kills 2000`` kills
a writer so often and checks each time that nothing was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from vaults import folders_in, no_keyring, open_vault

from jupyter_agent import person as person_door
from jupyter_agent.broker.trail import Trail
from jupyter_agent.secret import Secret
from jupyter_agent.vault.passphrase import Work, stretch
from jupyter_agent.vault.portable import Entry, open_export, seal_export
from jupyter_agent.vault.vault import Vault

_IMPORT = """
import time
def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
before, started = resident(), time.perf_counter()
import jupyter_agent.vault.vault
middle = time.perf_counter()
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf import hkdf
print(f"{(middle - started) * 1e3:.0f} ms, with its cryptography "
      f"{(time.perf_counter() - started) * 1e3:.0f} ms, {resident() - before:.1f} MB")
"""


def timed(action: Callable[[int], object], rounds: int) -> list[float]:
    """Milliseconds of each round."""
    times = []
    for round_ in range(rounds):
        started = time.perf_counter()
        action(round_)
        times.append((time.perf_counter() - started) * 1e3)
    return times


def show(
    name: str, times: list[float], against: float | None = None, goal: float | None = None
) -> None:
    ratio = f"  ({median(times) / against:.1f} times one fsync)" if against else ""
    aim = f"  goal {goal:g}" if goal else ""
    spread = f"best {min(times):8.2f}, worst {max(times):8.2f}"
    print(f"{name:34} {median(times):8.2f} ms, {spread}{aim}{ratio}", flush=True)


def fill(vault: Vault, count: int) -> None:
    """Labels in one write: a thousand single ones would be a thousand fsyncs."""
    meta = vault.put(Secret("L0", b"v" * 40))
    entries = [
        Entry(type(meta).from_bytes(f"L{n}", meta.to_bytes()), Secret(f"L{n}", b"v" * 40))
        for n in range(1, count)
    ]
    vault.merge(entries, replace=False)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        home = Path(folder)

        def sync(_round: int) -> None:
            with (home / "one").open("ab") as file:
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())

        fsync = timed(sync, 50)
        show("fsync of 4 KiB", fsync)
        one = median(fsync)
        show("make a vault (file)", timed(lambda n: open_vault(home / f"new{n}").close(), 5))
        vault = open_vault(home / "v")
        show("put", timed(lambda n: vault.put(Secret(f"P{n}", b"v" * 40)), 50), one, goal=40)
        show("get", timed(lambda n: vault.get(f"P{n % 50}"), 500), goal=1)
        fill(vault, 950)
        show("put, 1,000 labels", timed(lambda n: vault.put(Secret(f"M{n}", b"v")), 20), one)
        vault.get("L1")
        show("get, 1,000 labels", timed(lambda n: vault.get(f"L{n}"), 500), goal=1)
        show("list, 1,000 labels", timed(lambda _: vault.list(), 20), goal=20)
        show("new keys, 1,000 labels", timed(lambda _: vault.rekey(vault.source("file")), 3))
        trail = Trail(folders_in(home).state, None, first="audit.jsonl", key=bytes(32))
        (home / "state").mkdir(mode=0o700, exist_ok=True)
        show(
            "a line of the audit", timed(lambda n: trail.append({"n": n, "command": "x" * 80}), 300)
        )
        record = trail.advance(None)
        trail.append({"n": -1})
        show("how far the audit has got", timed(lambda _: trail.advance(record), 50), one)
        words = Secret("VAULT_PASSPHRASE", b"six words nobody would guess")
        show("a guess at a passphrase", timed(lambda _: stretch(words, bytes(16), Work()), 3))
        entries, cheap = vault.entries(), Work(memory=32, passes=1, lanes=1)
        show(
            "export, 1,000 labels, no guess", timed(lambda _: seal_export(entries, words, cheap), 3)
        )
        file = seal_export(entries, words, cheap)
        show("read that export", timed(lambda _: open_export(file, words), 3))
        vault.close()
        show("open, 1,000 labels", timed(lambda _: open_vault(home / "v").close(), 10), goal=150)
        # Its machine is a made-up one, so the broker gets a vault of its own.
        own = Vault.open(folders_in(home / "w"), key_source="file", keyring=no_keyring())
        fill(own, 1000)
        own.close()
        through_the_broker(home / "w")
    done = subprocess.run(
        [sys.executable, "-I", "-c", _IMPORT], capture_output=True, text=True, check=True
    )
    print(f"{'import':34} {done.stdout.strip()}")


def through_the_broker(home: Path) -> None:
    """What a person waits for: a broker's own unlock, after its cryptography was loaded once."""
    os.environ |= {"JUPYTER_AGENT_HOME": str(home), "JUPYTER_AGENT_KEY_SOURCE": "file"}
    folders = folders_in(home)
    with person_door.open_client(folders) as person:
        started = time.perf_counter()
        person.call("secret.list")
        show("first use of a new broker", [(time.perf_counter() - started) * 1e3])
        times = []
        for _ in range(10):
            person.call("lock")
            times += timed(lambda _: person.call("unlock"), 1)
        show("unlock, 1,000 labels, broker", times, goal=150)
        show("list, 1,000 labels, broker", timed(lambda _: person.call("secret.list"), 10))
        os.kill(person.welcome["pid"], signal.SIGKILL)


def kill(rounds: int) -> None:
    """Kill a writer so often; the program says when something was lost."""
    killing = str(Path(__file__).parents[1] / "killing.py")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        argv = [sys.executable, killing, folder, str(rounds), "20261122"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    print(f"{'killed and nothing lost':34} {json.loads(done.stdout)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What a vault costs.")
    parser.add_argument("--kills", type=int, default=0, metavar="N")
    asked = parser.parse_args()
    if asked.kills:
        kill(asked.kills)
    else:
        main()
