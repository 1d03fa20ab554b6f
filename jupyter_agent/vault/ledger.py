"""Sealed records, and the manifest and epoch that hold them together.

Nothing is handed out before the whole store has authenticated: each row by the manifest, the
manifest by the root key, the epoch by the anchor. A look at an unchanged file relies on the last
full check; every write repeats it inside its own transaction, because other processes write too.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_agent.errors import VaultError, VaultRolledBack
from jupyter_agent.vault.anchor import Anchor
from jupyter_agent.vault.seal import (
    Keys,
    RecordId,
    manifest,
    open_record,
    row_digest,
    seal_record,
    tampered,
)
from jupyter_agent.vault.store import Head, Row, Store

_Digests = dict[tuple[str, str], bytes]


class Ledger:
    """The records of one open store.

    Args:
        store: Open, and made.
        keys: The store's.
        anchor: Where its epoch is remembered.
    """

    def __init__(self, store: Store, keys: Keys, anchor: Anchor) -> None:
        self._store = store
        self._keys = keys
        self._anchor = anchor
        self._epoch = 0  # of the last full check: no later one may be smaller
        self._digests: _Digests = {}
        self._view: tuple[int, int] | None = None
        self._opened: dict[bytes, bytes] = {}  # digest → content, of what read_all was asked for

    @property
    def keys(self) -> Keys:
        """The open vault's keys."""
        return self._keys

    def check(self) -> None:
        """Authenticate the whole store.

        Raises:
            VaultTampered: A row was changed, removed, added or put back.
            VaultRolledBack: The whole file is older than what this machine has seen.
        """
        with self._store.reading():
            head = self._check()
            place = self._anchor.read()
        # Only then, so that a vault on a read-only disk can still be read.
        if place is not None and place[1] < head.epoch:
            self._settle()

    def read(self, kind: str, name: str) -> bytes | None:
        """One record's content, or None.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
        """
        with self._store.reading():
            self._check_if_changed()
            return _open(self._store, self._keys, self._digests, kind, name)

    def read_all(self, kind: str) -> dict[str, bytes]:
        """Every record of a kind by its name.

        Their contents are kept in memory, so that a long list is quick the next time. Values are
        never asked for in this way.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
        """
        with self._store.reading():
            self._check_if_changed()
            rows = self._store.rows(kind)
            if {row.record.name for row in rows} != {n for k, n in self._digests if k == kind}:
                raise tampered()
            found = {row.record.name: self._open_once(row) for row in rows}
        current = set(self._digests.values())
        self._opened = {key: each for key, each in self._opened.items() if key in current}
        return found

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One write: all of it is durable when the block ends, or none of it happened.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
            VaultError: The file is busy, full or read-only.
        """
        with self._store.writing():
            head = self._check()
            change = Change(self._store, self._keys, dict(self._digests))
            yield change
            epoch = head.epoch + 1
            tag = manifest(self._keys, epoch, head.digest, change.digests.values())
            self._store.set_epoch(epoch, tag)
            self._view = None  # what was checked is no longer what is there
        self._epoch = epoch
        self._settle()

    def _open_once(self, row: Row) -> bytes:
        digest = _vouched_for(row, self._digests)
        if digest not in self._opened:
            self._opened[digest] = open_record(self._keys, row.record, row.envelope)
        return self._opened[digest]

    def _check_if_changed(self) -> None:
        if self._view is None or self._store.view != self._view:
            self._check()

    def _check(self) -> Head:
        self._view = None
        head = self._store.head()
        if head is None or head.store_id != self._keys.store_id:
            raise tampered()
        rows = self._store.rows()
        digests = {(r.record.kind, r.record.name): row_digest(r.record, r.envelope) for r in rows}
        expected = manifest(self._keys, head.epoch, head.digest, digests.values())
        if not hmac.compare_digest(expected, head.manifest):
            raise tampered()
        self._check_epoch(head)
        self._epoch, self._digests = head.epoch, digests
        self._view = self._store.view
        return head

    def _check_epoch(self, head: Head) -> None:
        place = self._anchor.read()
        if place is None or place[0] != head.store_id:
            raise VaultRolledBack(
                "This machine no longer knows how new the vault must be, so it may be an old copy.",
                "Put vault.anchor back into the state folder.",
            )
        if head.epoch < max(place[1], self._epoch):
            raise VaultRolledBack(
                "The vault file is older than what this machine has already seen.",
                "Put the newest vault.db back.",
            )

    def _settle(self) -> None:
        """Move the anchor up to the file.

        After the commit, so that a crash in between leaves a file that is ahead, which is fine.
        Under the write lock, so that a slower process can't move it back.
        """
        with self._store.writing():
            head = self._store.head()
            place = self._anchor.read()
            if head is None or place is None or place[1] >= head.epoch:
                return
            try:
                self._anchor.write(head.store_id, head.epoch)
            except OSError as error:
                raise VaultError(
                    "The write is done, but the state folder can't be written: "
                    f"{os.strerror(error.errno or 0)}.",
                    "Make room, or make the state folder writable.",
                ) from None


class Change:
    """What may be done within one write; see ``Ledger.change``."""

    def __init__(self, store: Store, keys: Keys, digests: _Digests) -> None:
        self._store = store
        self._keys = keys
        self.digests = digests

    def names(self, kind: str) -> set[str]:
        """The names of a kind's records."""
        return {name for its_kind, name in self.digests if its_kind == kind}

    def read(self, kind: str, name: str) -> bytes | None:
        """One record's content, or None."""
        return _open(self._store, self._keys, self.digests, kind, name)

    def put(self, kind: str, name: str, content: bytes) -> None:
        """Seal and write one record."""
        old = self._store.row(kind, name)
        record = RecordId(kind, name, old.record.version + 1 if old else 1)
        envelope = seal_record(self._keys, record, content)
        self._store.put_row(Row(record, envelope))
        self.digests[kind, name] = row_digest(record, envelope)

    def remove(self, kind: str, name: str) -> None:
        """Remove one record, if it is there."""
        self._store.remove_row(kind, name)
        self.digests.pop((kind, name), None)


def _open(store: Store, keys: Keys, digests: _Digests, kind: str, name: str) -> bytes | None:
    row = store.row(kind, name)
    if row is None:
        if (kind, name) in digests:
            raise tampered()
        return None
    _vouched_for(row, digests)
    return open_record(keys, row.record, row.envelope)


def _vouched_for(row: Row, digests: _Digests) -> bytes:
    """The row's digest, if the manifest vouched for it: the file may have changed under us."""
    digest = row_digest(row.record, row.envelope)
    if digests.get((row.record.kind, row.record.name)) != digest:
        raise tampered()
    return digest
