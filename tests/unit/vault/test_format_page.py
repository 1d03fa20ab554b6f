"""docs/vault-format.md says what the code does."""

from __future__ import annotations

import inspect
import sqlite3
from contextlib import closing
from pathlib import Path

from vaults import open_vault

from jupyter_agent.entry import PURPOSE
from jupyter_agent.vault import seal

PAGE = (Path(__file__).parents[3] / "docs/vault-format.md").read_text(encoding="utf-8")


def test_the_page_shows_the_very_schema_of_a_store(tmp_path: Path) -> None:
    open_vault(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "data/vault.db")) as connection:
        tables = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema")]
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (form,) = connection.execute("PRAGMA user_version").fetchone()
    assert len(tables) == 2
    assert not [sql for sql in tables if sql not in PAGE]
    assert f"0x{application:X}" in PAGE
    assert PAGE.startswith(f"# Vault format {form}\n")


def test_the_page_names_every_constant_of_the_key_derivation() -> None:
    constants = [
        value.decode()
        for name, value in inspect.getmembers(seal)
        if isinstance(value, bytes) and value.startswith(b"jupyter_agent/")
    ]
    assert len(constants) == 6
    assert not [each for each in (*constants, PURPOSE) if f'"{each}"' not in PAGE]
