"""How far the vault had got, remembered outside the vault file.

An old copy of the whole file authenticates perfectly: nothing inside it can tell that it is old.
So the number of its last write, the epoch, is also kept beside the tier secret. A file that is
ahead of its anchor is fine (a crash between the two); one that is behind was rolled back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from jupyter_agent.errors import VaultRolledBack
from jupyter_agent.folders import read_private, write_private


class Anchor(Protocol):
    """Remembers one store and its epoch."""

    def read(self) -> tuple[bytes, int] | None:
        """Store id and epoch, or None where nothing is remembered."""

    def write(self, store_id: bytes, epoch: int) -> None:
        """Remember this store and epoch instead, durably."""


class FileAnchor:
    """An anchor in a private file.

    Args:
        path: In the state folder, so that a backup of the data folder does not carry it along.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[bytes, int] | None:
        """See ``Anchor``.

        Raises:
            VaultUnsafe: The file is a link, somebody else's or open to others.
            VaultRolledBack: It can't be read as an anchor: not knowing is no reason to trust.
        """
        content = read_private(self._path)
        if content is None:
            return None
        try:
            body = json.loads(content)
            return bytes.fromhex(body["store"]), int(body["epoch"])
        except (ValueError, TypeError, KeyError):
            raise VaultRolledBack(
                f"{self._path.name}, which says how new the vault must be, is damaged.",
                "Put it back from a backup.",
            ) from None

    def write(self, store_id: bytes, epoch: int) -> None:
        """See ``Anchor``."""
        body = {"store": store_id.hex(), "epoch": epoch}
        write_private(self._path, json.dumps(body).encode() + b"\n")


class MemoryAnchor:
    """An anchor for a store that ends with this process."""

    def __init__(self) -> None:
        self._place: tuple[bytes, int] | None = None

    def read(self) -> tuple[bytes, int] | None:
        """See ``Anchor``."""
        return self._place

    def write(self, store_id: bytes, epoch: int) -> None:
        """See ``Anchor``."""
        self._place = (store_id, epoch)
