"""From a store's head to its keys, by whatever key source the head names."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.vault.key_source import KeySource
from jupyter_agent.vault.machine import Machine
from jupyter_agent.vault.seal import (
    KEY_BYTES,
    Keys,
    machine_hash,
    machine_tag,
    unwrap_root,
    wrap_root,
    wrapping_key,
)
from jupyter_agent.vault.store import Head


class KeyRing:
    """The key sources of this version, on this machine. See ``ledger.Unlocker``.

    Args:
        sources: One of each name.
        machine: The one we run on.
    """

    def __init__(self, sources: Iterable[KeySource], machine: Machine) -> None:
        self._sources = {source.name: source for source in sources}
        self._machine = machine_hash(machine.identity)
        self._used: KeySource | None = None

    @property
    def used(self) -> KeySource:
        """The source that the last keys came from."""
        assert self._used is not None  # noqa: S101  (a ledger asks for keys before anything else)
        return self._used

    def source(self, name: str) -> KeySource:
        """The source of this name.

        Raises:
            KeySourceUnavailable: There is none in this version.
        """
        found = self._sources.get(name)
        if found is None:
            raise KeySourceUnavailable(
                "The vault's key comes from a source that is not in this version.",
                "Update jupyter-agent-secrets.",
            )
        return found

    def keys_of(self, head: Head) -> Keys:
        """See ``ledger.Unlocker``."""
        source = self.source(head.source)
        kek = wrapping_key(source.load(head.store_id), self._machine, head.store_id)
        keys = Keys.of(unwrap_root(head.root, kek, head.store_id, head.source), head.store_id)
        self._used = source
        return keys

    def new_head(
        self, source: KeySource, store_id: bytes, epoch: int, *, fresh: bool = True
    ) -> tuple[Head, Keys]:
        """See ``ledger.Unlocker``.

        Args:
            source: Keeps the tier secret.
            store_id: The store's, 16 random bytes.
            epoch: The number of the write that this head comes with.
            fresh: See ``KeySource.make``.
        """
        root = secrets.token_bytes(KEY_BYTES)
        kek = wrapping_key(source.make(store_id, fresh=fresh), self._machine, store_id)
        head = Head(
            store_id=store_id,
            source=source.name,
            machine_tag=machine_tag(store_id, self._machine),
            root=wrap_root(root, kek, store_id, source.name),
            epoch=epoch,
            manifest=b"",
        )
        return head, Keys.of(root, store_id)

    def adopt(self, source: KeySource) -> None:
        """See ``ledger.Unlocker``."""
        self._sources[source.name] = self._used = source

    def forget(self, source: str, store_id: bytes, *, fresh: bool) -> None:
        """See ``ledger.Unlocker``."""
        self.source(source).forget(store_id, fresh=fresh)
