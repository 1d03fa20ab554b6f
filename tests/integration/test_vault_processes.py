"""Several processes on one vault, and processes that are killed while they write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vaults import open_vault

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from vaults import open_vault
from jupyter_agent.secret import Secret
vault = open_vault(Path({home!r}))
for number in range({count}):
    vault.put(Secret(f"{name}_{{number}}", b"value %d" % number * 40))
    print(number, flush=True)
"""


def _writer(home: Path, name: str, count: int) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[1])
    program = WRITER.format(tests=tests, home=str(home), name=name, count=count)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def _found(home: Path, name: str) -> set[int]:
    vault = open_vault(home)
    numbers = set()
    for meta in vault.list():
        its_name, _, number = meta.label.rpartition("_")
        if its_name == name:
            assert vault.get(meta.label).reveal() == b"value %d" % int(number) * 40
            numbers.add(int(number))
    vault.close()
    return numbers


def test_thirty_killed_writers_lose_no_acknowledged_write(tmp_path: Path) -> None:
    for round_ in range(30):
        writer = _writer(tmp_path, f"W{round_}", 10_000)
        assert writer.stdout is not None
        # Killed after a different number of acknowledged writes each time, mostly in mid-write.
        acknowledged = {int(writer.stdout.readline()) for _ in range(1 + round_ % 5)}
        writer.kill()
        acknowledged |= {int(line) for line in writer.stdout if line.endswith("\n")}
        writer.wait()
        writer.stdout.close()
        found = _found(tmp_path, f"W{round_}")
        assert acknowledged <= found
        # At most the one write that was under way is there without having been acknowledged.
        assert len(found - acknowledged) <= 1


def test_four_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    names = ["A", "B", "C", "D"]
    writers = [_writer(tmp_path, name, 15) for name in names]  # they also race to make the vault
    for writer in writers:
        output, _ = writer.communicate(timeout=100)
        assert writer.returncode == 0
        assert len(output.split()) == 15
    for name in names:
        assert _found(tmp_path, name) == set(range(15))
