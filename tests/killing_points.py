"""Acts on a vault, each killed at each of its durable points: python tests/killing_points.py HOME

A program of its own for the same reason as ``killing``. Points are what Python does to the disk,
and each statement that sqlite is given.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from killing import QUICK, WORDS, held, opened, trail_of, typed
from vaults import folders_in, no_keyring, open_vault

from jupyter_agent.broker import files
from jupyter_agent.errors import VaultError, VaultRolledBack
from jupyter_agent.secret import Secret
from jupyter_agent.vault.portable import open_export, seal_export
from jupyter_agent.vault.purging import purge
from jupyter_agent.vault.store import Store


def killed_at(point: int, action: Callable[[], None]) -> bool:
    """Fork, and kill the child right before its n-th durable act; False where it has fewer.

    Those acts are what Python does to the disk, and each statement that sqlite is given.
    """
    pid = os.fork()
    if pid == 0:
        left = [point]

        def count() -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        for name in ("fsync", "rename", "unlink", "link", "replace"):
            setattr(os, name, _counting(getattr(os, name), count))
        status = 1
        try:
            _count_statements(count)
            action()
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(pid, 0)
    if os.WIFSIGNALED(ended):
        return True
    if os.WEXITSTATUS(ended):
        raise AssertionError(f"the child failed at point {point}")
    return False


def _counting(real: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        count()
        return real(*arguments, **named)

    return counted


def _count_statements(count: Callable[[], None]) -> None:
    connect = Store._connect

    def connected(store: Store) -> None:
        connect(store)
        store._connection.set_trace_callback(lambda _statement: count())

    Store._connect = connected  # type: ignore[method-assign]


# --- Every point of one act ---


def rekey(home: Path) -> None:
    """New keys in the same file."""
    vault = opened(home)
    vault.rekey(vault.source("file"), chain=trail_of(home, vault).handed_over(vault.chain()))


def move(home: Path) -> None:
    """From a file to a passphrase."""
    vault = opened(home)
    vault.rekey(typed(home, WORDS[0]), chain=trail_of(home, vault).handed_over(vault.chain()))


def move_to_disk(home: Path) -> None:
    """From memory to a file."""
    vault = open_vault(home, key_source="memory")
    vault.put(Secret("L0", b"only in memory"))
    vault.rekey(vault.source("file"))


def accept(home: Path) -> None:
    """Take what lies here as the newest."""
    open_vault(home, accept_restored=True)


def give_up(home: Path) -> None:
    """Destroy it."""
    purge(folders_in(home), no_keyring(), typed(home, WORDS[0]))


def export(home: Path) -> None:
    """Copy it into a file."""
    passphrase = Secret("VAULT_PASSPHRASE", WORDS[0].encode())
    files.write_new(home / "copy", seal_export(opened(home).entries(), passphrase, QUICK))


def each_point(
    act: Callable[[Path], None], good: Path, check: Callable[[Path], None], *, step: int = 1
) -> int:
    """Kill an act at each of its points, and check what it leaves; returns how many it tried.

    Args:
        act: What is done to a vault.
        good: A vault as it was before.
        check: Raises where something was lost.
        step: Take every n-th point only, where another act goes the same way.
    """
    point = 1 - step
    with tempfile.TemporaryDirectory(dir=good.parent) as folder:
        while True:
            point += step
            home = Path(folder) / str(point)
            shutil.copytree(good, home)
            killed = killed_at(point, lambda home=home: act(home))
            check(home)
            if not killed:
                return 1 + point // step


def is_whole(home: Path) -> None:
    """Everything is there, whichever keys it is under, and nothing is left to clear away."""
    vault = opened(home)
    assert held(vault) == {"L0": "value zero", "L1": "value one"}
    assert trail_of(home, vault).verify(vault.chain())[1] is None
    assert vault.left_over() == ""
    assert b"rekeying" not in (home / "state/vault.anchor").read_bytes()
    vault.put(Secret("L2", b"written afterwards"))
    assert unfinished(home) == []


def unfinished(home: Path) -> list[str]:
    """Files that were being written; a key in one of them would outlive its vault."""
    return [path.name for path in home.rglob(".vault.*")]


def is_accepted_or_asks(home: Path) -> None:
    """It opens, or says that it is old; accepting it once more opens it."""
    with contextlib.suppress(VaultRolledBack):
        opened(home).close()
    accept(home)
    is_whole(home)


def is_whole_or_gone(home: Path) -> None:
    """It is as it was, or can be given up again and begun anew; it never comes back in part."""
    (home / "state/.vault.key.0123456789abcdef").write_bytes(b"of a writer that was killed")
    try:
        vault = opened(home)
    except VaultError:
        pass
    else:
        assert held(vault) in ({"L0": "value zero", "L1": "value one"}, {})
        vault.close()
    give_up(home)
    assert unfinished(home) == []
    assert held(open_vault(home)) == {}


def is_exported_or_not(home: Path) -> None:
    """There is a whole export, or none."""
    is_whole(home)
    if (home / "copy").exists():
        passphrase = Secret("VAULT_PASSPHRASE", WORDS[0].encode())
        assert len(open_export((home / "copy").read_bytes(), passphrase)) == 2


def is_moved_or_empty(home: Path) -> None:
    """What was in memory is on the disk, or nothing is, and a vault can be made."""
    assert held(open_vault(home)) in ({"L0": "only in memory"}, {})


def every_act(home: Path) -> dict[str, int]:
    """Kill each act at each point; returns how many points each has."""
    good, none = home / "good", home / "none"
    for folder in (good, none):
        folder.mkdir(mode=0o700)
    vault = open_vault(good)
    vault.put(Secret("L0", b"value zero"))
    vault.put(Secret("L1", b"value one"))
    trail = trail_of(good, vault)
    trail.append({"did": "something"})
    vault.record_uses({}, trail.advance)
    vault.close()
    old = home / "old"
    shutil.copytree(good, old)
    newer = open_vault(good)
    newer.put(Secret("L1", b"value two"), replace=True)
    newer.put(Secret("L1", b"value one"), replace=True)
    newer.close()
    shutil.copy2(good / "state/vault.anchor", old / "state/vault.anchor")
    return {
        "rekey": each_point(rekey, good, is_whole),
        "move": each_point(move, good, is_whole, step=3),
        "move to disk": each_point(move_to_disk, none, is_moved_or_empty, step=3),
        "accept": each_point(accept, old, is_accepted_or_asks),
        "purge": each_point(give_up, good, is_whole_or_gone),
        "export": each_point(export, good, is_exported_or_not),
    }


if __name__ == "__main__":
    print(json.dumps(every_act(Path(sys.argv[1]))))
