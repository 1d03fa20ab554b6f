"""A vault with something in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from vaults import VALUES, open_vault

from jupyter_agent.secret import Secret


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A vault with three secrets and a grant, closed."""
    vault = open_vault(tmp_path)
    for label, value in VALUES.items():
        vault.put(Secret(label, value))
    vault.put_grant("g-1", b"{}")
    vault.close()
    return tmp_path


@pytest.fixture
def store(home: Path) -> Path:
    return home / "data/vault.db"
