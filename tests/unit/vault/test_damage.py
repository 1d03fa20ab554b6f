"""Disks that lie, fill up or say no: never a wrong value, and always a clear word."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from vaults import VALUES, folders_in, open_vault

from jupyter_agent.errors import AgentError, VaultError, VaultTampered, VaultUnsafe
from jupyter_agent.folders import Folders
from jupyter_agent.secret import Secret
from jupyter_agent.vault.vault import Vault

# --- Damage at every page ---

DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "zeros": lambda page, _chance: bytes(len(page)),
    "ones": lambda page, _chance: b"\xff" * len(page),
    "noise": lambda page, chance: chance.randbytes(len(page)),
    "half": lambda page, _chance: page[: len(page) // 2] + bytes(len(page) // 2),
    "shifted": lambda page, _chance: page[7:] + page[:7],
}


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """A vault of some thirty pages: inner pages, leaves, overflow pages, and free ones."""
    values = {f"L{n}": b"%d " % n * (20 if n % 3 else 5000) for n in range(12)}
    vault = open_vault(tmp_path)
    for label, value in values.items():
        vault.put(Secret(label, value))
    vault.put(Secret("GONE", bytes(20_000)))
    vault.remove("GONE")  # leaves free pages
    vault.close()
    return tmp_path, values


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_to_any_page_is_refused_or_harmless_and_never_a_wrong_value(
    large: tuple[Path, dict[str, bytes]], damage: Callable[[bytes, random.Random], bytes]
) -> None:
    home, values = large
    store = home / "data/vault.db"
    good, size = store.read_bytes(), _page_size(store)
    chance, refused = random.Random(20261122), 0
    pages = len(good) // size
    assert pages > 20
    for start in range(0, len(good), size):
        page = damage(good[start : start + size], chance)
        store.write_bytes(good[:start] + page + good[start + size :])
        refused += _is_refused(home, values)
    assert refused > pages // 2


def test_a_page_that_is_a_copy_of_another_one_never_gives_a_wrong_value(
    large: tuple[Path, dict[str, bytes]],
) -> None:
    home, values = large
    store = home / "data/vault.db"
    good, size = store.read_bytes(), _page_size(store)
    pages = [good[start : start + size] for start in range(0, len(good), size)]
    for number, page in enumerate(pages):
        other = pages[(number + 7) % len(pages)]
        store.write_bytes(b"".join([*pages[:number], other, *pages[number + 1 :]]))
        _is_refused(home, values)
        assert page != other or number == 0


def _page_size(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        return int(connection.execute("PRAGMA page_size").fetchone()[0])


def _is_refused(home: Path, values: dict[str, bytes]) -> bool:
    """Whether opening or reading says so; where it does not, everything must be right."""
    try:
        with closing(open_vault(home)) as vault:
            found = {meta.label: vault.get(meta.label).reveal() for meta in vault.list()}
    except VaultError:
        return True
    assert found == values
    return False


def test_a_policy_that_was_widened_is_refused_even_if_the_manifest_is_forged(
    home: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE record SET policy = 'any' WHERE name = 'ALPHA'")
    monkeypatch.setattr("hmac.compare_digest", lambda _a, _b: True)
    with pytest.raises(VaultTampered):
        open_vault(home).get("ALPHA")


# --- A disk that is really full ---


@contextmanager
def full_from(size: int) -> Iterator[None]:
    """No file grows beyond so many bytes: what a full disk or a quota does to a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def put(vault: Vault) -> None:
    vault.put(Secret("LARGE", bytes(60_000)))


def rekey(vault: Vault) -> None:
    vault.rekey(vault.source("file"))


@pytest.mark.parametrize("act", [put, rekey])
@pytest.mark.parametrize("size", [0, 10, 100, 512, 4096, 9000, 20_000, 40_000])
def test_a_disk_that_is_full_loses_nothing_and_says_so(
    home: Path, act: Callable[[Vault], None], size: int
) -> None:
    vault = open_vault(home)
    told = None
    with full_from(size):
        try:
            act(vault)
        except AgentError as error:
            told = error
    assert told is not None or size > 4096
    assert told is None or (told.hint and told.code != "tampered"), repr(told)
    for each in (vault, open_vault(home)):
        found = {meta.label: each.get(meta.label).reveal() for meta in each.list()}
        assert {label: found[label] for label in VALUES} == VALUES
        assert (home / "state/vault.key").stat().st_mode & 0o777 == 0o600
    act(open_vault(home))  # with room again, it works


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("folder", ["data", "state"])
def test_new_keys_on_a_disk_that_can_not_be_written_change_nothing(home: Path, folder: str) -> None:
    vault = open_vault(home)
    (home / folder).chmod(0o500)
    try:
        with pytest.raises(AgentError) as caught:
            vault.rekey(vault.source("file"))
        assert caught.value.hint
        assert vault.get("ALPHA").reveal() == VALUES["ALPHA"]
    finally:
        (home / folder).chmod(0o700)
    assert open_vault(home).get("ALPHA").reveal() == VALUES["ALPHA"]


@pytest.mark.skipif(os.getuid() == 0, reason="for root nothing belongs to somebody else")
@pytest.mark.parametrize("whose", ["data", "state"])
def test_a_folder_of_another_user_is_refused(home: Path, whose: str) -> None:
    folders = folders_in(home)
    theirs = {"data": folders.data, "state": folders.state, whose: Path("/etc")}
    with pytest.raises(VaultUnsafe):
        Vault.open(Folders(**theirs, run=folders.run), key_source="file")
