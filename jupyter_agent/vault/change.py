"""Reading and writing sealed records within one transaction; see ``ledger``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyter_agent.vault.seal import (
    Keys,
    RecordId,
    open_record,
    row_digest,
    seal_record,
    tampered,
)
from jupyter_agent.vault.store import Row, Store

Digests = dict[tuple[str, str], bytes]
"""Kind and name → ``row_digest``."""
Contents = Mapping[tuple[str, str], bytes]
"""Kind and name → content."""


class Change:
    """What may be done within one write; see ``Ledger.change``."""

    def __init__(self, store: Store, keys: Keys, digests: Digests) -> None:
        self._store = store
        self._keys = keys
        self.digests = digests

    def names(self, kind: str) -> set[str]:
        """The names of a kind's records."""
        return {name for its_kind, name in self.digests if its_kind == kind}

    def read(self, kind: str, name: str) -> bytes | None:
        """One record's content, or None."""
        return open_one(self._store, self._keys, self.digests, kind, name)

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


def put_all(
    store: Store, keys: Keys, contents: Contents, versions: Mapping[tuple[str, str], int]
) -> Iterable[bytes]:
    """Seal and write records; returns their digests.

    Args:
        store: Inside a write.
        keys: To seal under.
        contents: All of them.
        versions: Of the records that are there already.
    """
    digests = []
    for (kind, name), content in contents.items():
        record = RecordId(kind, name, versions.get((kind, name), 0) + 1)
        envelope = seal_record(keys, record, content)
        store.put_row(Row(record, envelope))
        digests.append(row_digest(record, envelope))
    return digests


def open_one(store: Store, keys: Keys, digests: Digests, kind: str, name: str) -> bytes | None:
    """One record's content, or None, if the manifest vouched for it.

    Raises:
        VaultTampered: It is another one, or gone, or was not there.
    """
    row = store.row(kind, name)
    if row is None:
        if (kind, name) in digests:
            raise tampered()
        return None
    vouched_for(row, digests)
    return open_record(keys, row.record, row.envelope)


def vouched_for(row: Row, digests: Digests) -> bytes:
    """The row's digest, if the manifest vouched for it: the file may have changed under us."""
    digest = row_digest(row.record, row.envelope)
    if digests.get((row.record.kind, row.record.name)) != digest:
        raise tampered()
    return digest
