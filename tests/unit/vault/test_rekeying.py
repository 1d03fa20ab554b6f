"""New keys, another place for them, a restored copy: all of it, or nothing of it happened."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from vaults import CONTAINER, VALUES, folders_in, open_vault

from jupyter_agent.errors import (
    AgentError,
    KeySourceUnavailable,
    PassphraseRequired,
    RequestInvalid,
    VaultError,
    VaultRolledBack,
    VaultTampered,
)
from jupyter_agent.secret import Secret
from jupyter_agent.vault.file_source import FileSource
from jupyter_agent.vault.memory_source import MemorySource
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.provided_source import ProvidedSource
from jupyter_agent.vault.vault import Vault

QUICK = Work(memory=32, passes=1, lanes=1)


def contents(vault: Vault) -> dict[str, bytes]:
    return {meta.label: vault.get(meta.label).reveal() for meta in vault.list()}


def typed(home: Path, words: str) -> ProvidedSource:
    path = folders_in(home).state / "vault.provided"
    passphrase = Secret("VAULT_PASSPHRASE", words.encode())
    return ProvidedSource(path, mounted=Path("/nowhere"), passphrase=passphrase, work=QUICK)


# --- New keys ---


def test_new_keys_change_every_byte_that_is_sealed_and_no_content(home: Path, store: Path) -> None:
    before, key = store.read_bytes(), (home / "state/vault.key").read_bytes()
    vault = open_vault(home)
    metas = vault.list()
    vault.rekey(vault.source("file"))
    for each in (vault, open_vault(home)):
        assert contents(each) == VALUES
        assert each.list() == metas
        assert each.grants() == [b"{}"]
    assert (home / "state/vault.key").read_bytes() != key
    after = store.read_bytes()
    assert not [n for n in range(0, len(before) - 32, 16) if _is_sealed(before[n : n + 32], after)]


def _is_sealed(piece: bytes, other: bytes) -> bool:
    """Whether a piece that looks like ciphertext stands in the other file too."""
    return len(set(piece)) > 24 and piece in other


def test_an_older_copy_is_useless_after_new_keys_even_with_the_older_anchor(
    home: Path, store: Path
) -> None:
    anchor = home / "state/vault.anchor"
    old, old_anchor = store.read_bytes(), anchor.read_bytes()
    vault = open_vault(home)
    vault.rekey(vault.source("file"))
    vault.close()
    store.write_bytes(old)
    with pytest.raises(VaultRolledBack):
        open_vault(home)
    anchor.write_bytes(old_anchor)
    with pytest.raises(KeySourceUnavailable):
        open_vault(home)


def test_the_old_key_does_not_open_the_new_store(home: Path, store: Path) -> None:
    key = home / "state/vault.key"
    old = key.read_bytes()
    vault = open_vault(home)
    vault.rekey(vault.source("file"))
    vault.close()
    key.write_bytes(old)
    with pytest.raises(VaultTampered):
        open_vault(home)


def test_a_vault_that_is_open_elsewhere_goes_on_under_the_new_keys(home: Path) -> None:
    first, second = open_vault(home), open_vault(home)
    assert contents(second) == VALUES
    for _ in range(3):
        first.rekey(first.source("file"))
        assert second.get("ALPHA").reveal() == VALUES["ALPHA"]
        second.put(Secret("DELTA", b"written by the second"), replace=True)
        assert first.get("DELTA").reveal() == b"written by the second"


def test_keys_are_new_as_often_as_one_likes(home: Path) -> None:
    vault = open_vault(home)
    for _ in range(5):
        vault.rekey(vault.source("file"))
    assert contents(open_vault(home)) == VALUES
    assert len((home / "state/vault.key").read_bytes().splitlines()) == 1


# --- Another place for the key ---


def test_a_vault_moves_to_a_passphrase_and_back(home: Path) -> None:
    vault = open_vault(home)
    vault.rekey(typed(home, "six words nobody would guess"))
    assert (vault.tier, vault.typed) == ("provided", True)
    assert not (home / "state/vault.key").exists()
    vault.close()
    with pytest.raises(PassphraseRequired):
        open_vault(home)
    again = open_vault(home, provided=typed(home, "six words nobody would guess"))
    assert contents(again) == VALUES
    again.rekey(again.source("file"))
    assert again.tier == "file"
    assert not (home / "state/vault.provided").exists()
    assert contents(open_vault(home)) == VALUES


def test_a_passphrase_is_changed_by_moving_to_another_one(home: Path) -> None:
    vault = open_vault(home)
    vault.rekey(typed(home, "the first passphrase of all"))
    vault.rekey(typed(home, "the second passphrase of all"))
    vault.close()
    with pytest.raises(PassphraseRequired):
        open_vault(home, provided=typed(home, "the first passphrase of all"))
    again = open_vault(home, provided=typed(home, "the second passphrase of all"))
    assert contents(again) == VALUES


def test_a_vault_moves_out_of_memory_with_all_that_is_in_it(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, key_source="memory", machine=CONTAINER)
    for label, value in VALUES.items():
        vault.put(Secret(label, value), note=f"about {label}")
    vault.put_grant("g-1", b"{}")
    metas = vault.list()
    vault.rekey(FileSource(folders_in(tmp_path).state / "vault.key"))
    assert vault.tier == "file"
    again = open_vault(tmp_path, machine=CONTAINER)
    for each in (vault, again):
        assert contents(each) == VALUES
        assert each.list() == metas
        assert each.grants() == [b"{}"]


def test_a_vault_in_memory_does_not_move_over_another_one(home: Path, tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "other", key_source="memory")
    vault.put(Secret("ALPHA", b"only in memory"))
    vault._folders = folders_in(home)
    with pytest.raises(VaultError):
        vault.rekey(FileSource(folders_in(home).state / "vault.key"))
    assert vault.tier == "memory"
    assert vault.get("ALPHA").reveal() == b"only in memory"
    assert contents(open_vault(home)) == VALUES


def test_a_vault_on_a_disk_does_not_move_into_memory(home: Path) -> None:
    vault = open_vault(home)
    with pytest.raises(RequestInvalid):
        vault.rekey(MemorySource())
    assert contents(open_vault(home)) == VALUES


def test_a_place_that_can_not_keep_the_key_leaves_everything_as_it_was(home: Path) -> None:
    vault = open_vault(home)
    key, anchor = _state(home)
    nothing = ProvidedSource(home / "state/vault.provided", mounted=Path("/nowhere"))
    with pytest.raises(PassphraseRequired):
        vault.rekey(nothing)
    assert vault.tier == "file"
    assert _state(home) == (key, anchor)
    for each in (vault, open_vault(home)):
        assert contents(each) == VALUES


def _state(home: Path) -> tuple[bytes, bytes]:
    return (home / "state/vault.key").read_bytes(), (home / "state/vault.anchor").read_bytes()


# --- A copy that was put back ---


def put_back(store: Path, change: Callable[[], object]) -> None:
    copy = shutil.copy2(store, store.with_name("copy"))
    change()
    shutil.move(copy, store)


def test_a_restored_copy_opens_once_a_person_accepts_it(home: Path, store: Path) -> None:
    put_back(store, lambda: open_vault(home).put(Secret("ALPHA", b"newer"), replace=True))
    with pytest.raises(VaultRolledBack) as caught:
        open_vault(home)
    assert "accept-restored" in caught.value.hint
    assert contents(open_vault(home, accept_restored=True)) == VALUES
    assert contents(open_vault(home)) == VALUES


def test_what_was_replaced_by_a_restored_copy_can_not_come_back(home: Path, store: Path) -> None:
    newest = store.with_name("newest")

    def write() -> None:
        open_vault(home).put(Secret("ALPHA", b"newer"), replace=True)
        shutil.copy2(store, newest)

    put_back(store, write)
    open_vault(home, accept_restored=True).close()
    newest.rename(store)
    with pytest.raises(VaultRolledBack):
        open_vault(home)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_lost_or_damaged_anchor_is_made_anew_by_accepting(
    home: Path, damage: Callable[[Path], object]
) -> None:
    damage(home / "state/vault.anchor")
    with pytest.raises(VaultRolledBack):
        open_vault(home)
    open_vault(home, accept_restored=True).close()
    assert contents(open_vault(home)) == VALUES


def test_accepting_takes_nothing_that_was_changed(home: Path, store: Path) -> None:
    content = store.read_bytes()
    at = content.index(b"ALPHA")
    store.write_bytes(content[:at] + b"OMEGA" + content[at + 5 :])
    with pytest.raises(AgentError) as caught:
        open_vault(home, accept_restored=True)
    assert caught.value.code == "tampered"
