"""A private file in the state folder that says, for each store, how its key is got at.

Nothing in it opens a store by itself: a salt, a path, a blob that only one chip can open.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.folders import clear_unfinished, read_private, sync_folder, write_private

Way = dict[str, Any]


class KeptBeside:
    """Store id → the way to its key.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def ways(self) -> dict[bytes, Way]:
        """All of them.

        Raises:
            KeySourceUnavailable: The file is damaged.
            VaultUnsafe: It is a link, somebody else's or open to others.
        """
        content = read_private(self.path)
        if content is None:
            return {}
        try:
            body = json.loads(content)
            return {bytes.fromhex(store): dict(way) for store, way in body.items()}
        except (ValueError, TypeError, AttributeError):
            raise self.damaged() from None

    def way(self, store_id: bytes) -> Way:
        """The way to one store's key.

        Raises:
            KeySourceUnavailable: It is not known.
            VaultUnsafe: See ``ways``.
        """
        found = self.ways().get(store_id)
        if found is None:
            raise KeySourceUnavailable(
                f"This machine no longer knows how to get at the vault's key: {self.path.name} "
                "does not say so.",
                "Put it back from a backup of the state folder.",
            )
        return found

    def add(self, store_id: bytes, way: Way) -> None:
        """Remember a way.

        Raises:
            KeySourceUnavailable: It can't be written.
        """
        self._write(self.ways() | {store_id: way})

    def forget(self, store_id: bytes) -> None:
        """Forget a way, if it is known.

        Raises:
            KeySourceUnavailable: It can't be written.
        """
        clear_unfinished(self.path)
        ways = self.ways()
        if ways.pop(store_id, None) is None:
            return
        if ways:
            self._write(ways)
            return
        self.path.unlink(missing_ok=True)
        sync_folder(self.path.parent)

    def damaged(self) -> KeySourceUnavailable:
        """The error for a file that can't be read as one of ours."""
        return KeySourceUnavailable(
            f"{self.path.name}, which says how to get at the vault's key, is damaged.",
            "Put it back from a backup of the state folder.",
        )

    def _write(self, ways: dict[bytes, Way]) -> None:
        body = {store.hex(): way for store, way in ways.items()}
        try:
            clear_unfinished(self.path)
            write_private(self.path, json.dumps(body).encode() + b"\n")
        except OSError as error:
            raise KeySourceUnavailable(
                f"{self.path.name} can't be written: {os.strerror(error.errno or 0)}.",
                "Make room, or make the state folder writable.",
            ) from None
