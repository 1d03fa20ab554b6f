"""What a vault costs: python tests/benchmarks/bench_vault.py

Prints milliseconds, median and worst; each put against a bare fsync of the same disk, because that
is what a durable write costs at least.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from vaults import open_vault

from jupyter_agent.secret import Secret

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


def show(name: str, times: list[float], against: float | None = None) -> None:
    ratio = f"  ({median(times) / against:.1f} times one fsync)" if against else ""
    print(f"{name:34} {median(times):8.2f} ms, worst {max(times):8.2f}{ratio}")


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
        show("put", timed(lambda n: vault.put(Secret(f"L{n}", b"v" * 40)), 100), one)
        show("get", timed(lambda n: vault.get(f"L{n % 100}"), 500))
        for number in range(100, 1000):
            if number % 100 == 0:
                print(f"… {number} labels", end="\r", flush=True)
            vault.put(Secret(f"L{number}", b"v" * 40))
        show("put, 1,000 labels", timed(lambda n: vault.put(Secret(f"M{n}", b"v")), 20), one)
        vault.get("L1")
        show("get, 1,000 labels", timed(lambda n: vault.get(f"L{n}"), 500))
        show("list, 1,000 labels", timed(lambda _: vault.list(), 20))
        vault.close()
        show("open, 1,000 labels", timed(lambda _: open_vault(home / "v").close(), 10))
    done = subprocess.run(
        [sys.executable, "-I", "-c", _IMPORT], capture_output=True, text=True, check=True
    )
    print(f"{'import':34} {done.stdout.strip()}")


if __name__ == "__main__":
    main()
