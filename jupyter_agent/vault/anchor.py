"""How far the vault had got, remembered outside the vault file.

An old copy of the whole file authenticates perfectly: nothing inside it can tell that it is old.
So the number of its last write, the epoch, is also kept beside the tier secret. A file that is
ahead of its anchor is fine (a crash between the two); one that is behind was rolled back.

New keys come with a new store id. While they are being made, the anchor names both ids, so that
whatever is killed in between, the file is known, and the keys that nobody needs are cleared away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jupyter_agent.errors import VaultRolledBack
from jupyter_agent.folders import clear_unfinished, read_private, write_private


@dataclass(frozen=True, slots=True)
class Rekeying:
    """New keys on their way.

    Attributes:
        store_id: The id that the store will have.
        source: The key source that will hold its key.
        left: The key source that holds the old one.
    """

    store_id: bytes
    source: str
    left: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a store had got.

    Attributes:
        store_id: Which store.
        epoch: The number of its last write.
        rekeying: New keys on their way, or None.
    """

    store_id: bytes
    epoch: int
    rekeying: Rekeying | None = None

    def knows(self, store_id: bytes) -> bool:
        """Whether a file with this id is the one that is remembered, before or after new keys."""
        return store_id == self.store_id or (
            self.rekeying is not None and store_id == self.rekeying.store_id
        )


class Anchor(Protocol):
    """Remembers one store and its epoch."""

    def read(self) -> Place | None:
        """What is remembered, or None."""

    def write(self, place: Place) -> None:
        """Remember this instead, durably."""


class FileAnchor:
    """An anchor in a private file.

    Args:
        path: In the state folder, so that a backup of the data folder does not carry it along.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Place | None:
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
            return Place(bytes.fromhex(body["store"]), int(body["epoch"]), _rekeying(body))
        except (ValueError, TypeError, KeyError):
            raise VaultRolledBack(
                f"{self._path.name}, which says how new the vault must be, is damaged.",
                "Put it back from a backup, or, if you know that the vault is the newest: "
                "jupyter agent vault accept-restored",
            ) from None

    def write(self, place: Place) -> None:
        """See ``Anchor``."""
        body: dict[str, Any] = {"store": place.store_id.hex(), "epoch": place.epoch}
        if (rekeying := place.rekeying) is not None:
            body["rekeying"] = {
                "store": rekeying.store_id.hex(),
                "source": rekeying.source,
                "left": rekeying.left,
            }
        clear_unfinished(self._path)  # one process at a time is here, under the store's write lock
        write_private(self._path, json.dumps(body).encode() + b"\n")


class MemoryAnchor:
    """An anchor for a store that ends with this process."""

    def __init__(self) -> None:
        self._place: Place | None = None

    def read(self) -> Place | None:
        """See ``Anchor``."""
        return self._place

    def write(self, place: Place) -> None:
        """See ``Anchor``."""
        self._place = place


def known(anchor: Anchor, store_id: bytes) -> Place:
    """What this machine remembers of the store that lies here.

    Raises:
        VaultRolledBack: Nothing: it is another one, or an older one with older keys.
    """
    place = anchor.read()
    if place is None or not place.knows(store_id):
        raise VaultRolledBack(
            "This machine no longer knows how new the vault must be, so it may be an old copy.",
            "Put vault.anchor back into the state folder, or, if you know that the vault is "
            "the newest: jupyter agent vault accept-restored",
        )
    return place


def _rekeying(body: dict[str, Any]) -> Rekeying | None:
    found = body.get("rekeying")
    if found is None:
        return None
    return Rekeying(bytes.fromhex(found["store"]), str(found["source"]), str(found["left"]))
