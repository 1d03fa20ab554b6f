"""Several processes on one vault, and processes that are killed while they write."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def _killing(program: str, *arguments: object) -> dict[str, Any]:
    path = str(Path(__file__).parents[1] / program)
    done = subprocess.run(
        [sys.executable, path, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return json.loads(done.stdout)


def test_two_hundred_kills_at_any_moment_lose_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    """Values, new keys, passphrases, merges and the audit; what it does stands in the program."""
    found = _killing("killing.py", tmp_path, 200, random.Random().getrandbits(32))
    assert found["rounds"] == 200
    assert found["tiers"].keys() == {"file", "provided"}


def test_a_kill_at_any_durable_point_of_a_move_or_a_copy_loses_nothing(tmp_path: Path) -> None:
    points = _killing("killing_points.py", tmp_path)
    assert points.keys() == {"rekey", "move", "move to disk", "accept", "purge", "export"}
    assert sum(points.values()) > 150


def test_four_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    names = ["A", "B", "C", "D"]
    writers = [_writer(tmp_path, name, 15) for name in names]  # they also race to make the vault
    for writer in writers:
        output, _ = writer.communicate(timeout=100)
        assert writer.returncode == 0
        assert len(output.split()) == 15
    for name in names:
        assert _found(tmp_path, name) == set(range(15))


REKEYER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from vaults import open_vault
vault = open_vault(Path({home!r}))
for number in range({count}):
    vault.rekey(vault.source("file"))
    print(number, flush=True)
"""


def test_writers_go_on_while_another_process_gives_the_vault_new_keys(tmp_path: Path) -> None:
    open_vault(tmp_path).close()
    writers = [_writer(tmp_path, name, 12) for name in ("A", "B")]
    program = REKEYER.format(tests=str(Path(__file__).parents[1]), home=str(tmp_path), count=6)
    rekeyer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    for process, count in ((writers[0], 12), (writers[1], 12), (rekeyer, 6)):
        output, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        assert len(output.split()) == count
    for name in ("A", "B"):
        assert _found(tmp_path, name) == set(range(12))
    # One key is left: those of the five times before are cleared away.
    assert len((tmp_path / "state/vault.key").read_bytes().splitlines()) == 1
