"""Sealed records, and the manifest and epoch that hold them together.

Nothing is handed out before the whole store has authenticated: each row by the manifest, the
manifest by the root key, the epoch by the anchor. A look at an unchanged file relies on the last
full check; every write repeats it inside its own transaction, because other processes write too.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Protocol

from jupyter_agent.errors import (
    AgentError,
    KeySourceUnavailable,
    VaultBusy,
    VaultError,
    VaultRolledBack,
)
from jupyter_agent.vault.anchor import Anchor, Place, Rekeying, known
from jupyter_agent.vault.change import (
    Change,
    Contents,
    Digests,
    open_one,
    put_all,
    vouched_for,
)
from jupyter_agent.vault.key_source import KeySource
from jupyter_agent.vault.seal import (
    Keys,
    manifest,
    open_record,
    row_digest,
    tampered,
)
from jupyter_agent.vault.store import Head, Row, Store


class Unlocker(Protocol):
    """Knows the key sources; see ``keys.KeyRing``."""

    def keys_of(self, head: Head) -> Keys:
        """The keys of a store, from the key source that its head names.

        Raises:
            VaultError: They can't be had, or don't fit.
        """

    def new_head(self, source: KeySource, store_id: bytes, epoch: int) -> tuple[Head, Keys]:
        """A head, still without manifest, and new keys, of which the source keeps the secret.

        Raises:
            VaultError: The source can't keep it.
        """

    def adopt(self, source: KeySource) -> None:
        """Remember that this source now keeps the store's key."""

    def forget(self, source: str, store_id: bytes, *, fresh: bool) -> None:
        """Drop what a key source keeps for a store.

        Raises:
            KeySourceUnavailable: It can't be dropped now.
        """


class Ledger:
    """The records of one open store.

    Args:
        store: Open, and made.
        unlocker: Where its keys come from.
        anchor: Where its epoch is remembered.
        head: The store's, as it is now.

    Raises:
        VaultError: Its keys can't be had.
    """

    def __init__(self, store: Store, unlocker: Unlocker, anchor: Anchor, head: Head) -> None:
        self._store = store
        self._unlocker = unlocker
        self._anchor = anchor
        self._keys = unlocker.keys_of(head)
        self._root = head.root
        self._epoch = 0  # of the last full check: no later one may be smaller
        self._digests: Digests = {}
        self._view: tuple[int, int] | None = None
        self._is_looking = False  # inside ``together``
        self._lists: dict[str, dict[str, bytes]] = {}  # by kind, of the store as it was checked
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
        if place is not None and (place.epoch < head.epoch or place.rekeying is not None):
            # Another process is at it just now, or the disk is read-only: the vault can still be
            # read, and what is behind is moved up by the next one that can.
            with suppress(VaultError):
                self._settle()

    def accept(self) -> None:
        """Take the file as the newest there is, although this machine has seen a newer one.

        It is given a number above all that was seen, so that what it replaces can't come back.

        Raises:
            VaultTampered: It does not authenticate; being old is all that is accepted.
        """
        with self._store.writing():
            head = self._authenticate()
            seen, place = head.epoch, None
            with suppress(VaultRolledBack):  # a damaged anchor is one more reason to be asked
                place = self._anchor.read()
                if place is not None and place.knows(head.store_id):
                    seen = max(seen, place.epoch)
            self._epoch = seen + 1
            tag = manifest(self._keys, self._epoch, head.digest, self._digests.values())
            self._store.set_epoch(self._epoch, tag)
            self._view = None
        with self._store.writing():
            if place is not None and place.rekeying is not None and place.knows(head.store_id):
                self._clear_away(place, place.rekeying, head)
            self._remember(Place(head.store_id, self._epoch))

    def rekey(self, source: KeySource, also: Contents) -> None:
        """Seal every record anew under new keys, all of it or nothing.

        The store gets another id with its new keys, so that the old and the new secret can lie side
        by side while it is written. What killing leaves behind is cleared away by the next check.

        Args:
            source: Keeps the new secret.
            also: Records to be written together with it.

        Raises:
            VaultError: It could not be done; everything is as before.
        """
        store_id = secrets.token_bytes(len(self._keys.store_id))
        try:
            with self._store.writing():
                head = self._check()
                rekeying = Rekeying(store_id, source.name, left=head.source)
                self._remember(Place(head.store_id, head.epoch, rekeying))
                new, keys = self._unlocker.new_head(source, store_id, head.epoch + 1)
                contents = {**self.contents(), **also}
                digests = put_all(self._store, keys, contents, self._versions())
                tag = manifest(keys, new.epoch, new.digest, digests)
                self._store.set_head(replace(new, manifest=tag))
                self._view = None
        except AgentError:
            with suppress(AgentError):
                self._settle()  # the key that was made for nothing
            raise
        self._keys, self._root, self._epoch = keys, new.root, new.epoch
        self._unlocker.adopt(source)
        self._settle_what_was_written()

    def contents(self) -> dict[tuple[str, str], bytes]:
        """Every record; only for sealing them anew. Inside a transaction, and checked."""
        rows = self._store.rows()
        return {
            (row.record.kind, row.record.name): open_record(self._keys, row.record, row.envelope)
            for row in rows
        }

    def read_contents(self) -> dict[tuple[str, str], bytes]:
        """Every record, for a store that moves to another place; values are among them.

        Raises:
            VaultTampered: See ``check``.
        """
        with self._store.reading():
            self._check()
            return self.contents()

    def refresh(self) -> None:
        """Notice what other processes wrote, new keys among it.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
        """
        with self._looking():
            pass

    @contextmanager
    def together(self) -> Iterator[None]:
        """While entered, everything is read as of one moment, and checked once. Not for writing."""
        with self._looking():
            was, self._is_looking = self._is_looking, True
            try:
                yield
            finally:
                self._is_looking = was

    @contextmanager
    def _looking(self) -> Iterator[None]:
        if self._is_looking:
            yield
            return
        with self._store.reading():
            self._check_if_changed()
            yield

    def read(self, kind: str, name: str) -> bytes | None:
        """One record's content, or None.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
        """
        with self._looking():
            return open_one(self._store, self._keys, self._digests, kind, name)

    def read_together(
        self, kinds: Collection[str], names: Collection[str] | None = None
    ) -> dict[tuple[str, str], bytes]:
        """Records of several kinds as they were at one moment.

        Args:
            kinds: Which.
            names: Whose; everybody's, if None.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
        """
        with self._looking():
            found = {
                (kind, name): open_one(self._store, self._keys, self._digests, kind, name)
                for kind, name in self._digests
                if kind in kinds and (names is None or name in names)
            }
        return {record: content for record, content in found.items() if content is not None}

    def read_all(self, kind: str) -> dict[str, bytes]:
        """Every record of a kind by its name.

        Their contents are kept in memory, so that a long list is quick the next time. Values are
        never asked for in this way.

        Raises:
            VaultTampered: See ``check``.
            VaultRolledBack: See ``check``.
        """
        with self._looking():
            if (known := self._lists.get(kind)) is not None:
                return dict(known)  # the same store as it was authenticated: nothing was written
            rows = self._store.rows(kind)
            if {row.record.name for row in rows} != {n for k, n in self._digests if k == kind}:
                raise tampered()
            found = {row.record.name: self._open_once(row) for row in rows}
            self._lists[kind] = dict(found)
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
        self._settle_what_was_written()

    def _open_once(self, row: Row) -> bytes:
        digest = vouched_for(row, self._digests)
        if digest not in self._opened:
            self._opened[digest] = open_record(self._keys, row.record, row.envelope)
        return self._opened[digest]

    def _check_if_changed(self) -> None:
        if self._view is None or self._store.view != self._view:
            self._check()

    def _check(self) -> Head:
        head = self._authenticate(lambda head: known(self._anchor, head.store_id))
        self._check_epoch(head)
        self._epoch = head.epoch
        self._view = self._store.view
        return head

    def _versions(self) -> dict[tuple[str, str], int]:
        return {(r.record.kind, r.record.name): r.record.version for r in self._store.rows()}

    def _authenticate(self, check_first: Callable[[Head], object] = lambda _head: None) -> Head:
        self._view = None
        self._lists = {}
        head = self._store.head()
        if head is None:
            raise tampered()
        if (head.store_id, head.root) != (self._keys.store_id, self._root):
            # Another process has given the store new keys; or somebody put another store here.
            check_first(head)
            self._keys, self._root = self._unlocker.keys_of(head), head.root
        rows = self._store.rows()
        digests = {(r.record.kind, r.record.name): row_digest(r.record, r.envelope) for r in rows}
        expected = manifest(self._keys, head.epoch, head.digest, digests.values())
        if not hmac.compare_digest(expected, head.manifest):
            raise tampered()
        self._digests = digests
        return head

    def _check_epoch(self, head: Head) -> None:
        if head.epoch < max(known(self._anchor, head.store_id).epoch, self._epoch):
            raise VaultRolledBack(
                "The vault file is older than what this machine has already seen.",
                "Put the newest vault.db back, or go on with this one: "
                "jupyter agent vault accept-restored",
            )

    def _settle_what_was_written(self) -> None:
        """Settle after a commit, which nothing that fails here takes back.

        Raises:
            VaultError: It was written, but this machine could not take note of that.
        """
        try:
            self._settle()
        except VaultBusy:
            pass  # whoever writes just now moves the anchor past us, or else the next check does
        except VaultError as error:
            raise VaultError(
                f"It was done, but: {error.message}",
                f"{error.hint} Until then an older copy of the vault could come back unnoticed.",
                data={"done": True},
            ) from None

    def _settle(self) -> None:
        """Move the anchor up to the file.

        After the commit, so that a crash in between leaves a file that is ahead, which is fine.
        Under the write lock, so that a slower process can't move it back, and so that whoever sees
        new keys on their way here knows that nobody is making them any more.
        """
        with self._store.writing():
            head = self._store.head()
            place = self._anchor.read()
            if head is None or place is None or not place.knows(head.store_id):
                return
            if place.epoch >= head.epoch and place.rekeying is None:
                return
            if place.rekeying is not None:
                self._clear_away(place, place.rekeying, head)
            self._remember(Place(head.store_id, max(head.epoch, place.epoch)))

    def _clear_away(self, place: Place, rekeying: Rekeying, head: Head) -> None:
        """Drop the key that nothing is sealed under: the old one, or the one that was not used.

        Before the anchor forgets about it, so that killing us leaves it to the next check. A
        keyring that is locked just now keeps its key; it opens no file that is still there.
        """
        with suppress(KeySourceUnavailable):
            if head.store_id == rekeying.store_id:
                self._unlocker.forget(rekeying.left, place.store_id, fresh=False)
            else:
                self._unlocker.forget(rekeying.source, rekeying.store_id, fresh=True)

    def _remember(self, place: Place) -> None:
        try:
            self._anchor.write(place)
        except OSError as error:
            raise VaultError(
                f"The state folder can't be written: {os.strerror(error.errno or 0)}.",
                "Make room, or make the state folder writable.",
            ) from None
