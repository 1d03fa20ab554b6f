"""Vaults in a test's own folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_agent.folders import Folders
from jupyter_agent.spawn import HelperResult
from jupyter_agent.vault.keyring_source import KeyringSource
from jupyter_agent.vault.machine import Machine
from jupyter_agent.vault.vault import Vault

MACHINE = Machine(b"1f" * 16, container=False)
VALUES = {"ALPHA": b"value of alpha", "BETA": b"value of beta", "GAMMA": b"g" * 400}
OTHER_MACHINE = Machine(b"2e" * 16, container=False)
CONTAINER = Machine(b"", container=True)


def folders_in(home: Path) -> Folders:
    return Folders.of({"JUPYTER_AGENT_HOME": str(home)})


def no_keyring() -> KeyringSource:
    """A machine on which no helper can be started, so a test never meets a real keyring."""

    def refuse(
        argv: list[str], *, stdin: bytes, timeout: float, env: Mapping[str, str]
    ) -> HelperResult:
        raise FileNotFoundError(2, "no such program")

    return KeyringSource(refuse, bus=lambda: "unix:path=/nowhere")


def open_vault(home: Path, **changed: Any) -> Vault:
    """Open the vault under ``home`` as its owner would on a machine without a keyring."""
    arguments = {"key_source": "file", "keyring": no_keyring(), "machine": MACHINE}
    return Vault.open(folders_in(home), **(arguments | changed))


def connection_of(vault: Vault) -> sqlite3.Connection:
    """The vault's own connection, for what no other program could do to it."""
    with vault._ledger() as ledger:
        return ledger._store._connection
