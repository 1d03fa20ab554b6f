"""A vault says which of its secrets would be lost with its machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from vaults import CONTAINER, open_vault

from jupyter_agent.secret import Secret
from jupyter_agent.vault.copies import Copied
from jupyter_agent.vault.file_source import FileSource
from jupyter_agent.vault.vault import Vault

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(tmp_path: Path, clock: Clock) -> Vault:
    vault = open_vault(tmp_path, clock=clock)
    for label in ("ALPHA", "BETA"):
        vault.put(Secret(label, b"a value"))
    return vault


def said(vault: Vault) -> Copied:
    copied = vault.copied()
    assert copied is not None
    return copied


def test_without_any_export_it_says_so_and_an_empty_vault_has_nothing_to_lose(
    vault: Vault, tmp_path: Path
) -> None:
    assert said(vault).last is None
    assert "no export was ever made" in said(vault).reminder
    assert said(open_vault(tmp_path / "empty")) == Copied(None, 0, "")


def test_after_an_export_it_is_silent_for_ninety_days(vault: Vault, clock: Clock) -> None:
    vault.note_export(["ALPHA", "BETA"])
    assert said(vault) == Copied("2026-11-28T12:00:00Z", 0, "")
    clock.now += timedelta(days=90)
    assert said(vault).reminder == ""
    clock.now += timedelta(days=1)
    assert "91 days old" in said(vault).reminder


def test_what_is_new_or_replaced_since_is_counted(vault: Vault, clock: Clock) -> None:
    vault.note_export(["ALPHA", "BETA"])
    clock.now += timedelta(hours=1)
    vault.put(Secret("BETA", b"newer"), replace=True)
    assert (said(vault).missing, "1 secret is in no" in said(vault).reminder) == (1, True)
    vault.put(Secret("GAMMA", b"new"))
    assert "2 secrets are in no" in said(vault).reminder
    vault.note_export(["BETA"])  # an export of one label says nothing of the others
    assert said(vault).missing == 1
    vault.remove("GAMMA")
    assert said(vault).reminder == ""


def test_a_label_that_was_removed_and_came_back_is_another_secret(
    vault: Vault, clock: Clock
) -> None:
    vault.note_export(["ALPHA", "BETA"])
    vault.remove("ALPHA")
    clock.now += timedelta(seconds=1)
    vault.put(Secret("ALPHA", b"another"))
    assert said(vault).missing == 1


def test_what_was_taken_in_from_an_export_is_in_one(vault: Vault, tmp_path: Path) -> None:
    other = open_vault(tmp_path / "other", clock=lambda: NOON)
    other.put(Secret("BETA", b"kept as it is here"))
    other.merge(vault.entries(), replace=False)
    assert (said(other).missing, said(other).last) == (1, "2026-11-28T12:00:00Z")
    other.merge(vault.entries(), replace=True)
    assert said(other).missing == 0


def test_a_clock_that_was_wrong_when_it_was_made_does_not_silence_it(
    vault: Vault, clock: Clock
) -> None:
    clock.now += timedelta(days=20_000)
    vault.note_export(["ALPHA", "BETA"])
    clock.now = NOON
    assert "no export was ever made" in said(vault).reminder


def test_it_is_remembered_through_new_keys_and_restarts(
    vault: Vault, tmp_path: Path, clock: Clock
) -> None:
    vault.note_export(["ALPHA", "BETA"])
    vault.rekey(vault.source("file"))
    vault.close()
    assert said(open_vault(tmp_path, clock=clock)).last == "2026-11-28T12:00:00Z"


def test_a_vault_in_memory_is_not_about_machines(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, key_source="memory", machine=CONTAINER)
    vault.put(Secret("ALPHA", b"x"))
    assert vault.copied() is None
    vault.rekey(FileSource(tmp_path / "state/vault.key"))
    assert "no export" in said(vault).reminder
