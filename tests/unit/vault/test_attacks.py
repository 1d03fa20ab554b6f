"""Somebody changes, exchanges or copies the vault's files. Each attack gets a clear refusal."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from vaults import OTHER_MACHINE, VALUES, connection_of, open_vault

from jupyter_agent.errors import (
    AgentError,
    KeySourceUnavailable,
    VaultError,
    VaultRolledBack,
    VaultTampered,
    VaultTooNew,
    VaultUnsafe,
    WrongMachine,
)
from jupyter_agent.secret import Secret
from jupyter_agent.vault import seal
from jupyter_agent.vault.store import _TABLES


def change(store: Path, *statements: str) -> None:
    """What another program that has sqlite can do to the file."""
    with closing(sqlite3.connect(store)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# --- The content is changed ---


CONTENT_ATTACKS = {
    "two ciphertexts are swapped": (
        "CREATE TEMP TABLE t AS SELECT kind AS k, name AS n, envelope AS e FROM record",
        "UPDATE t SET n = iif(n = 'ALPHA', 'BETA', 'ALPHA') WHERE n != 'GAMMA'",
        "UPDATE record SET envelope = e FROM t WHERE (k, n) = (kind, name)",
    ),
    "a secret is removed": ("DELETE FROM record WHERE name = 'ALPHA'",),
    "a grant is removed": ("DELETE FROM record WHERE kind = 'grant'",),
    "everything is removed": ("DELETE FROM record",),
    "a label is renamed": ("UPDATE record SET name = 'OTHER' WHERE name = 'ALPHA'",),
    "a version is changed": ("UPDATE record SET version = 2 WHERE name = 'ALPHA'",),
    "a version is negative": ("UPDATE record SET version = -1 WHERE name = 'ALPHA'",),
    "a policy is widened": ("UPDATE record SET policy = 'any' WHERE name = 'ALPHA'",),
    "a grant is copied": (
        "INSERT INTO record SELECT kind, 'g-2', 1, '', envelope FROM record WHERE kind = 'grant'",
    ),
    "an envelope is emptied": ("UPDATE record SET envelope = x'' WHERE name = 'ALPHA'",),
    "the epoch is raised": ("UPDATE head SET epoch = epoch + 1",),
    "the epoch is lowered": ("UPDATE head SET epoch = epoch - 1",),
    "the epoch is negative": ("UPDATE head SET epoch = -1",),
    "the manifest is emptied": ("UPDATE head SET manifest = x''",),
    "the root is exchanged": ("UPDATE head SET root = randomblob(60)",),
    "the root is emptied": ("UPDATE head SET root = x''",),
    "the head is removed": ("DELETE FROM head",),
    "a trigger is planted": (
        "CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END",
    ),
    "a trigger is planted under a table's name": (
        "CREATE TABLE kept AS SELECT * FROM head",
        "DROP TABLE head",
        "CREATE TRIGGER head AFTER INSERT ON record BEGIN DELETE FROM record; END",
        _TABLES["head"],
        "INSERT INTO head SELECT * FROM kept",
        "DROP TABLE kept",
    ),
    "a view is planted": ("CREATE VIEW v AS SELECT 1",),
    "a table is missing": ("DROP TABLE record",),
    "it is marked as another program's": ("PRAGMA application_id = 1",),
    "it claims an older format": ("PRAGMA user_version = 0",),
}


@pytest.mark.parametrize("attack", CONTENT_ATTACKS.values(), ids=CONTENT_ATTACKS.keys())
def test_changed_content_is_refused_when_the_vault_opens(
    home: Path, store: Path, attack: tuple[str, ...]
) -> None:
    change(store, *attack)
    with pytest.raises(VaultTampered):
        open_vault(home)


@pytest.mark.parametrize("attack", CONTENT_ATTACKS.values(), ids=CONTENT_ATTACKS.keys())
def test_changed_content_is_refused_by_a_vault_that_is_open(
    home: Path, store: Path, attack: tuple[str, ...]
) -> None:
    vault = open_vault(home)
    assert vault.get("ALPHA").reveal() == VALUES["ALPHA"]
    change(store, *attack)
    with pytest.raises(VaultTampered):
        vault.get("ALPHA")
    with pytest.raises(VaultTampered):
        vault.list()
    with pytest.raises(VaultTampered):
        vault.put(Secret("DELTA", b"x"))


def test_swapped_ciphertexts_are_refused_even_if_the_manifest_is_forged(
    home: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(store, *CONTENT_ATTACKS["two ciphertexts are swapped"])
    monkeypatch.setattr("hmac.compare_digest", lambda _a, _b: True)
    vault = open_vault(home)
    with pytest.raises(VaultTampered):
        vault.get("ALPHA")
    assert vault.get("GAMMA").reveal() == VALUES["GAMMA"]


def test_an_old_row_put_back_is_refused(home: Path, store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT * FROM record WHERE name = 'ALPHA'").fetchall()
    open_vault(home).put(Secret("ALPHA", b"newer value"), replace=True)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?)", rows)
    with pytest.raises(VaultTampered):
        open_vault(home)


def test_an_old_row_that_sqlite_does_not_report_as_a_change_is_refused_too(home: Path) -> None:
    """An open vault relies on its last full check only for rows that are still the same."""
    vault = open_vault(home)
    rows = connection_of(vault).execute("SELECT * FROM record WHERE name = 'ALPHA'").fetchall()
    vault.put(Secret("ALPHA", b"newer value"), replace=True)
    assert vault.get("ALPHA").reveal() == b"newer value"
    # The vault's own connection: its data_version stays as it is.
    connection_of(vault).executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?)", rows)
    with pytest.raises(VaultTampered):
        vault.get("ALPHA")
    with pytest.raises(VaultTampered):
        vault.list()
    connection_of(vault).execute("DELETE FROM record WHERE name = 'ALPHA'")
    with pytest.raises(VaultTampered):
        vault.get("ALPHA")


def test_four_hundred_flipped_bits_never_give_a_wrong_value(home: Path, store: Path) -> None:
    good = store.read_bytes()
    chance = random.Random(20261122)  # the same bits in every run
    refused = 0
    for _ in range(400):
        bit = chance.randrange(len(good) * 8)
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        store.write_bytes(changed)
        try:
            vault = open_vault(home)
            found = {meta.label: vault.get(meta.label).reveal() for meta in vault.list()}
            grants = vault.grants()
            vault.close()
        except VaultError:
            refused += 1
        else:
            # Unused bytes of a page may change without harm; everything else was noticed.
            assert found == VALUES
            assert grants == [b"{}"]
    assert refused > 50


@pytest.mark.parametrize("size", [1, 100, 4096, 5000])
def test_a_file_that_is_cut_short_is_refused(home: Path, store: Path, size: int) -> None:
    os.truncate(store, size)
    with pytest.raises((VaultTampered, VaultRolledBack)):  # sqlite takes one byte for an empty file
        open_vault(home)


def test_a_file_that_is_no_database_is_refused(home: Path, store: Path) -> None:
    store.write_bytes(b"not a database at all" * 500)
    with pytest.raises(VaultTampered):
        open_vault(home)


def test_a_store_of_a_newer_release_is_left_alone(home: Path, store: Path) -> None:
    change(store, "PRAGMA user_version = 2")
    before = store.read_bytes()
    with pytest.raises(VaultTooNew):
        open_vault(home)
    assert store.read_bytes() == before


# --- The whole file is exchanged ---


def _copy(store: Path) -> Path:
    return Path(shutil.copy2(store, store.with_name("copy")))


def test_an_old_copy_of_the_whole_file_is_refused(home: Path, store: Path) -> None:
    old = _copy(store)
    open_vault(home).put(Secret("ALPHA", b"newer value"), replace=True)
    old.rename(store)
    with pytest.raises(VaultRolledBack):
        open_vault(home)


def test_an_old_copy_under_an_open_vault_is_refused(home: Path, store: Path) -> None:
    vault = open_vault(home)
    old = _copy(store)
    vault.put(Secret("ALPHA", b"newer value"), replace=True)
    old.rename(store)
    with pytest.raises(VaultRolledBack):
        vault.get("ALPHA")
    with pytest.raises(VaultRolledBack):
        vault.put(Secret("DELTA", b"x"))


def test_an_old_copy_is_refused_even_if_its_anchor_was_put_back_under_an_open_vault(
    home: Path, store: Path
) -> None:
    vault = open_vault(home)
    anchor = home / "state/vault.anchor"
    old, old_anchor = _copy(store), anchor.read_bytes()
    vault.put(Secret("ALPHA", b"newer value"), replace=True)
    old.rename(store)
    anchor.write_bytes(old_anchor)
    with pytest.raises(VaultRolledBack):
        vault.get("ALPHA")


def test_a_planted_journal_that_brings_old_pages_back_is_refused(home: Path, store: Path) -> None:
    """sqlite takes a journal that lies there for one of a crash, and rolls the file back to it."""
    journal = store.with_name("vault.db-journal")
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("PRAGMA synchronous = OFF")
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE head SET epoch = epoch + 1")
        other.execute("UPDATE record SET version = version + 1")
        other.execute("PRAGMA cache_spill = ON")
        planted = journal.read_bytes()
        other.execute("ROLLBACK")
    assert len(planted) > 4096
    vault = open_vault(home)
    vault.put(Secret("ALPHA", b"newer value"), replace=True)
    vault.close()
    newest = store.read_bytes()
    journal.write_bytes(planted)
    journal.chmod(0o600)
    with pytest.raises((VaultRolledBack, VaultTampered)):
        open_vault(home)
    assert store.read_bytes() != newest, "sqlite did not take it for one of a crash"
    store.write_bytes(newest)
    assert open_vault(home).get("ALPHA").reveal() == b"newer value"


def test_a_restored_copy_that_is_the_newest_one_opens(home: Path, store: Path) -> None:
    copy = _copy(store)
    store.unlink()
    copy.rename(store)
    assert open_vault(home).get("ALPHA").reveal() == VALUES["ALPHA"]


def test_an_open_vault_follows_a_file_that_was_exchanged_for_a_good_one(
    home: Path, store: Path
) -> None:
    vault = open_vault(home)
    _copy(store).rename(store)
    vault.put(Secret("DELTA", b"written after the exchange"))
    assert open_vault(home).get("DELTA").reveal() == b"written after the exchange"


def test_an_open_vault_goes_on_once_a_bad_exchange_was_undone(home: Path, store: Path) -> None:
    vault = open_vault(home)
    good = store.rename(store.with_name("good"))
    store.write_bytes(b"not a database at all" * 500)
    store.chmod(0o600)
    with pytest.raises(VaultTampered):
        vault.get("ALPHA")
    store.chmod(0o644)
    with pytest.raises((VaultTampered, VaultUnsafe)):
        vault.put(Secret("DELTA", b"x"))
    good.rename(store)
    assert vault.get("ALPHA").reveal() == VALUES["ALPHA"]
    vault.put(Secret("DELTA", b"x"))


def test_a_vault_without_its_anchor_is_refused(home: Path) -> None:
    (home / "state/vault.anchor").unlink()
    with pytest.raises(VaultRolledBack):
        open_vault(home)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"store": "zz", "epoch": 1}'])
def test_a_damaged_anchor_is_refused(home: Path, content: bytes) -> None:
    (home / "state/vault.anchor").write_bytes(content)
    with pytest.raises(VaultRolledBack):
        open_vault(home)


def test_an_anchor_that_fell_behind_is_healed(home: Path) -> None:
    anchor = home / "state/vault.anchor"
    newest = anchor.read_bytes()
    anchor.write_bytes(newest.replace(b'"epoch": 5', b'"epoch": 3'))
    assert anchor.read_bytes() != newest
    open_vault(home).close()
    assert anchor.read_bytes() == newest


def test_a_vault_that_is_gone_does_not_come_back_empty(home: Path, store: Path) -> None:
    vault = open_vault(home)
    store.unlink()
    for call in (lambda: open_vault(home), lambda: vault.get("ALPHA")):
        with pytest.raises(VaultRolledBack) as caught:
            call()
        assert "vault purge" in caught.value.hint
    (home / "state/vault.anchor").unlink()  # the explicit act that the hint names
    assert open_vault(home).list() == []


def test_a_vault_that_was_emptied_to_nothing_does_not_start_afresh(home: Path, store: Path) -> None:
    store.write_bytes(b"")
    with pytest.raises(VaultRolledBack):
        open_vault(home)


def test_a_start_that_was_interrupted_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "state").mkdir(mode=0o700)
    for name, content in (
        ("data/vault.db", b""),
        ("state/vault.anchor", b'{"store":"00","epoch":0}'),
    ):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_bytes(content)
    open_vault(tmp_path).put(Secret("ALPHA", b"x"))
    assert open_vault(tmp_path).get("ALPHA").reveal() == b"x"


# --- The vault is taken to another place ---


def test_a_copy_on_another_machine_says_so_even_with_the_key_file(home: Path) -> None:
    with pytest.raises(WrongMachine) as caught:
        open_vault(home, machine=OTHER_MACHINE)
    assert caught.value.code == "wrong_machine"


def test_a_forged_machine_tag_does_not_open_the_copy(home: Path, store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        (store_id,) = connection.execute("SELECT store_id FROM head").fetchone()
        tag = seal.machine_tag(store_id, seal.machine_hash(OTHER_MACHINE.identity))
        connection.execute("UPDATE head SET machine_tag = ?", (tag,))
    with pytest.raises(VaultTampered):
        open_vault(home, machine=OTHER_MACHINE)


def test_a_store_with_another_vaults_key_does_not_open(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    open_vault(other).close()
    shutil.copy(other / "state/vault.key", home / "state/vault.key")
    with pytest.raises(VaultTampered):
        open_vault(home)


def test_a_store_without_its_key_says_that_the_key_is_gone(home: Path) -> None:
    (home / "state/vault.key").unlink()
    with pytest.raises(KeySourceUnavailable):
        open_vault(home)
    assert not (home / "state/vault.key").exists()


def test_a_key_source_that_was_exchanged_in_the_file_does_not_open(home: Path, store: Path) -> None:
    change(store, "UPDATE head SET source = 'memory'")
    with pytest.raises(KeySourceUnavailable):
        open_vault(home)
    change(store, "UPDATE head SET source = 'a newer one'")
    with pytest.raises(KeySourceUnavailable):
        open_vault(home)


def test_no_error_of_the_vault_holds_a_value_or_a_path(home: Path, store: Path) -> None:
    errors: list[AgentError] = []
    for prepare, machine in (
        (lambda: None, OTHER_MACHINE),
        (lambda: store.chmod(0o644), None),
        (lambda: (store.chmod(0o600), store.write_bytes(b"x" * 5000)), None),
    ):
        prepare()
        with pytest.raises(AgentError) as caught:
            open_vault(home, **({"machine": machine} if machine else {}))
        errors.append(caught.value)
    for error in errors:
        assert str(home) not in repr(error) + str(error)
        assert error.hint
