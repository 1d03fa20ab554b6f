"""Paths that are not ours alone, and disks that say no."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from vaults import VALUES, connection_of, open_vault

from jupyter_agent.errors import AgentError, VaultError, VaultUnsafe
from jupyter_agent.secret import Secret

# --- Paths that are not ours alone ---


def _link_to_elsewhere(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


PATH_ATTACKS: dict[str, Callable[[Path], None]] = {
    "the store is a link": lambda home: _link_to_elsewhere(home / "data/vault.db"),
    "the store has a second name": lambda home: os.link(home / "data/vault.db", home / "second"),
    "the store is open to the group": lambda home: (home / "data/vault.db").chmod(0o640),
    "the store is open to all": lambda home: (home / "data/vault.db").chmod(0o644),
    "the data folder is open to all": lambda home: (home / "data").chmod(0o755),
    "the state folder is open to all": lambda home: (home / "state").chmod(0o755),
    "the data folder is a link": lambda home: _link_to_elsewhere(home / "data"),
    "the key is a link": lambda home: _link_to_elsewhere(home / "state/vault.key"),
    "the key has a second name": lambda home: os.link(home / "state/vault.key", home / "second"),
    "the key is open to all": lambda home: (home / "state/vault.key").chmod(0o644),
    "the anchor is a link": lambda home: _link_to_elsewhere(home / "state/vault.anchor"),
    "the journal is a link": lambda home: (home / "data/vault.db-journal").symlink_to("/dev/null"),
    "the journal is open to all": lambda home: (home / "data/vault.db-journal").touch(0o644),
}


@pytest.fixture
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("wide_umask")
@pytest.mark.parametrize("attack", PATH_ATTACKS.values(), ids=PATH_ATTACKS.keys())
def test_a_path_that_is_not_ours_alone_is_refused(
    home: Path, attack: Callable[[Path], None]
) -> None:
    attack(home)
    with pytest.raises(VaultUnsafe):
        open_vault(home)


def test_a_link_that_leads_nowhere_is_refused_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data/vault.db").symlink_to(tmp_path / "target")
    with pytest.raises(VaultUnsafe):
        open_vault(tmp_path)
    assert not (tmp_path / "target").exists()


@pytest.mark.root
@pytest.mark.parametrize("name", ["data", "state", "data/vault.db", "state/vault.key"])
def test_a_path_of_somebody_else_is_refused(home: Path, name: str) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(home / name, 65534, 65534)
    with pytest.raises(VaultUnsafe):
        open_vault(home)


@pytest.mark.usefixtures("wide_umask")
def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    modes = {}
    with vault._change() as change:
        change.put("secret", "A", b"x")
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes.pop("data") == modes.pop("state") == 0o700
    assert set(modes) == {"vault.db", "vault.db-journal", "vault.key", "vault.anchor"}
    assert set(modes.values()) == {0o600}


# --- The disk says no ---


def test_a_full_disk_is_an_error_and_changes_nothing(home: Path) -> None:
    vault = open_vault(home)
    (pages,) = connection_of(vault).execute("PRAGMA page_count").fetchone()
    connection_of(vault).execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(VaultError, match="disk is full") as caught:
        vault.put(Secret("LARGE", bytes(60_000)))
    assert caught.value.code == "vault_error"
    assert [meta.label for meta in vault.list()] == sorted(VALUES)
    assert [meta.label for meta in open_vault(home).list()] == sorted(VALUES)


def test_a_store_that_can_not_be_written_is_an_error_and_still_readable(home: Path) -> None:
    vault = open_vault(home)
    connection_of(vault).execute("PRAGMA query_only = ON")
    with pytest.raises(VaultError, match="can't be written"):
        vault.put(Secret("DELTA", b"x"))
    assert vault.get("ALPHA").reveal() == VALUES["ALPHA"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_can_still_be_read(home: Path) -> None:
    for path in ("data/vault.db", "state/vault.key", "state/vault.anchor"):
        (home / path).chmod(0o400)
    for path in ("data", "state"):
        (home / path).chmod(0o500)
    try:
        vault = open_vault(home)
        assert vault.get("ALPHA").reveal() == VALUES["ALPHA"]
        with pytest.raises(VaultError):
            vault.put(Secret("DELTA", b"x"))
    finally:
        for path in ("data", "state"):
            (home / path).chmod(0o700)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_what_can_be_written_again_is_written_without_opening_the_vault_anew(home: Path) -> None:
    (home / "data/vault.db").chmod(0o400)  # as on a disk that is mounted for reading
    vault = open_vault(home)
    with pytest.raises(VaultError, match="can't be written"):
        vault.put(Secret("DELTA", b"x"))
    (home / "data/vault.db").chmod(0o600)
    vault.put(Secret("DELTA", b"x"))
    assert open_vault(home).get("DELTA").reveal() == b"x"


@pytest.mark.parametrize("name", ["vault.anchor", "vault.key"])
def test_a_file_that_the_disk_does_not_give_is_named_and_says_what_to_do(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = (home / "state" / name).stat().st_ino
    read = os.read

    def failing(handle: int, size: int) -> bytes:
        if os.fstat(handle).st_ino == wanted:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(handle, size)

    with monkeypatch.context() as broken:
        broken.setattr(os, "read", failing)
        with pytest.raises(AgentError, match=f"{name} can't be read: Input/output error") as told:
            open_vault(home)
    assert told.value.hint
    assert open_vault(home).get("ALPHA").reveal() == VALUES["ALPHA"]


def test_a_change_that_is_made_and_perhaps_not_for_good_is_not_denied(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = open_vault(home)
    with vault._ledger() as ledger:
        monkeypatch.setattr(ledger._store, "_connection", _Unsynced(connection_of(vault)))
    with pytest.raises(VaultError, match="was changed, but") as told:
        vault.put(Secret("DELTA", b"x"))
    assert told.value.hint
    monkeypatch.undo()
    assert vault.get("DELTA").reveal() == b"x"


class _Unsynced:
    """A connection whose journal's folder can't be synced, as sqlite says it behind a commit."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, statement: str, *rest: Any) -> Any:
        done = self._real.execute(statement, *rest)
        if statement == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_DIR_FSYNC
            raise error
        return done


def test_a_vault_that_somebody_else_holds_is_an_error_that_says_to_try_again(
    home: Path, store: Path
) -> None:
    vault = open_vault(home)
    connection_of(vault).execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(VaultError, match="in use") as caught:
            vault.put(Secret("DELTA", b"x"))
        assert caught.value.hint
        assert vault.get("ALPHA").reveal() == VALUES["ALPHA"]
    vault.put(Secret("DELTA", b"x"))


def test_a_write_that_is_on_the_disk_is_no_error_although_another_process_is_writing(
    home: Path, store: Path
) -> None:
    """Told to try again, a person would only hear that the label is taken."""
    vault, anchor = open_vault(home), home / "state/vault.anchor"
    before = anchor.read_bytes()
    connection_of(vault).execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        begun: list[str] = []

        def between_commit_and_anchor(statement: str) -> None:
            begun.append(statement)
            if begun.count("BEGIN IMMEDIATE") == 2 and not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")

        connection_of(vault).set_trace_callback(between_commit_and_anchor)
        vault.put(Secret("DELTA", b"x"))
        connection_of(vault).set_trace_callback(None)
        assert other.in_transaction
    assert anchor.read_bytes() == before
    assert open_vault(home).get("DELTA").reveal() == b"x"
    assert anchor.read_bytes() != before  # moved up by whoever came next


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_write_that_the_state_folder_can_not_note_says_that_it_was_done(home: Path) -> None:
    vault = open_vault(home)
    (home / "state").chmod(0o500)
    try:
        with pytest.raises(VaultError, match="It was done, but") as caught:
            vault.put(Secret("DELTA", b"x"))
        assert "older copy" in caught.value.hint
        assert vault.get("DELTA").reveal() == b"x"
        # The file is ahead of its anchor, and the anchor can't be moved: it still opens.
        assert open_vault(home).get("DELTA").reveal() == b"x"
    finally:
        (home / "state").chmod(0o700)
    assert open_vault(home).get("DELTA").reveal() == b"x"


# --- What a power cut or a kill leaves ---


def test_every_folder_that_is_made_is_on_the_disk_before_what_lies_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut takes the folder away, and with it a write that was acknowledged."""
    synced, fsync = set(), os.fsync

    def watched(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    home = tmp_path / "a" / "new" / "home"
    open_vault(home).put(Secret("ALPHA", b"x"))
    made = [home / "data", home / "state", home, home.parent, home.parent.parent]
    assert [path for path in made if path.parent.stat().st_ino not in synced] == []


def test_a_key_that_was_being_written_when_its_writer_was_killed_is_cleared_away(
    home: Path,
) -> None:
    left = home / "state/.vault.key.0123456789abcdef"
    left.write_bytes(b"a key that is to be had nowhere else any more")
    other = home / "state/.vault.key.of somebody else"
    other.touch()
    vault = open_vault(home)
    vault.rekey(vault.source("file"))
    assert not left.exists()
    assert other.exists()
