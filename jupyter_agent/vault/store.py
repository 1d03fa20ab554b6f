"""The vault's file: sqlite, its settings, and the checks before it is touched. No keys live here.

Rollback journal, not WAL: WAL needs shared memory, which network homes don't have. EXTRA syncs the
folder after each commit too, so an acknowledged write survives a power cut. Writers queue up at
``BEGIN IMMEDIATE``, within this process and between processes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jupyter_agent.errors import VaultBusy, VaultError, VaultRolledBack, VaultTooNew
from jupyter_agent.folders import check_private_dir, check_private_path
from jupyter_agent.opening import open_unfollowed
from jupyter_agent.vault.seal import FORMAT, RecordId, head_digest, tampered

_APPLICATION: Final = 0x6A61_7661  # sqlite's application_id: "java", for jupyter_agent vault
_BUSY_SECONDS: Final = 10.0

_SETTINGS: Final = (
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "journal_mode = DELETE",
    "synchronous = EXTRA",
    "secure_delete = ON",
    "fullfsync = ON",  # macOS: as ``folders.sync``; nothing elsewhere
)
_TABLES: Final = {
    "head": (
        "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), store_id BLOB NOT NULL, "
        "source TEXT NOT NULL, machine_tag BLOB NOT NULL, root BLOB NOT NULL, "
        "epoch INTEGER NOT NULL, manifest BLOB NOT NULL) STRICT"
    ),
    "record": (
        "CREATE TABLE record (kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, "
        "policy TEXT NOT NULL, envelope BLOB NOT NULL, PRIMARY KEY (kind, name)) "
        "STRICT, WITHOUT ROWID"
    ),
}


@dataclass(frozen=True, slots=True)
class Head:
    """What the file says about itself. Nothing of it is believed before it has authenticated."""

    store_id: bytes
    source: str
    machine_tag: bytes
    root: bytes
    epoch: int
    manifest: bytes

    @property
    def digest(self) -> bytes:
        """What the manifest says of the head."""
        return head_digest(self.source, self.machine_tag, self.root)


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One sealed record."""

    record: RecordId
    envelope: bytes


class Store:
    """One open store. Use ``Store.at`` or ``Store.in_memory``.

    Every method but ``reading``, ``writing`` and ``close`` belongs inside one of the first two.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connections = 0
        self._place = (0, 0)
        self._connect()

    @classmethod
    def at(cls, path: Path) -> Store:
        """Open a file, or make an empty one, mode 0600.

        Raises:
            VaultUnsafe: The file, its journal or its folder is a link, somebody else's, linked
                twice or open to others.
            VaultTooNew: A newer release wrote it.
            VaultTampered: It is not a vault.
            VaultBusy: Another process is writing to it.
            VaultError: It can't be read or made.
        """
        check_private_dir(path.parent)
        # Made here and not by sqlite, which would go by the caller's umask. The journal then
        # inherits the file's mode: https://www.sqlite.org/src/file/src/os_unix.c; on Windows the
        # folder's access list.
        with _plainly(), suppress(FileExistsError):
            os.close(open_unfollowed(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        return cls(path)

    @classmethod
    def in_memory(cls) -> Store:
        """A store that ends with this process."""
        return cls(None)

    @property
    def view(self) -> tuple[int, int]:
        """Changes whenever somebody else changed the file since this store last looked."""
        return (self._connections, int(self._one("PRAGMA data_version")))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent view of the file."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; what is written in it is durable when it ends, or not there at all."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    def reread(self) -> None:
        """Forget what was read: a file that was changed behind sqlite's back looks unchanged."""
        if self._path is None:
            return
        old = self._connection
        self._connect()
        old.close()

    def head(self) -> Head | None:
        """The store's head, or None where nothing has been written yet.

        Raises:
            VaultTooNew: A newer release wrote it.
            VaultTampered: It is not a vault, or was given tables of somebody else's.
        """
        schema = self._connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
        form = self._one("PRAGMA user_version")
        if not schema and form == 0:
            return None
        application = self._one("PRAGMA application_id")
        if application == _APPLICATION and form > FORMAT:
            raise VaultTooNew(
                "The vault was written by a newer release.", "Update jupyter-agent-secrets."
            )
        # The tables, word for word, and sqlite's own index for none: a planted trigger or view
        # would run at our next write. Row by row: a trigger may have the name of a table.
        ours = {("table", name, sql) for name, sql in _TABLES.items()}
        is_ours = set(schema) == ours and len(schema) == len(ours)
        if application != _APPLICATION or form != FORMAT or not is_ours:
            raise tampered()
        query = "SELECT store_id, source, machine_tag, root, epoch, manifest FROM head"
        found = self._connection.execute(query).fetchall()
        if len(found) != 1:
            raise tampered()
        head = Head(*_typed(found[0], (bytes, str, bytes, bytes, int, bytes)))
        if head.epoch < 0:
            raise tampered()
        return head

    def make(self, head: Head) -> None:
        """Lay out an empty store."""
        for statement in _TABLES.values():
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        self._connection.execute(
            "INSERT INTO head VALUES (1, ?, ?, ?, ?, ?, ?)",
            (head.store_id, head.source, head.machine_tag, head.root, head.epoch, head.manifest),
        )

    def set_epoch(self, epoch: int, manifest: bytes) -> None:
        """Write the number of this write, and the tag over the whole store."""
        self._connection.execute("UPDATE head SET epoch = ?, manifest = ?", (epoch, manifest))

    def set_head(self, head: Head) -> None:
        """Write another head: the store goes on under new keys."""
        self._connection.execute(
            "UPDATE head SET store_id = ?, source = ?, machine_tag = ?, root = ?, epoch = ?, "
            "manifest = ?",
            (head.store_id, head.source, head.machine_tag, head.root, head.epoch, head.manifest),
        )

    def rows(self, kind: str | None = None) -> list[Row]:
        """Every record, or every one of a kind."""
        query = "SELECT kind, name, version, policy, envelope FROM record"
        found = (
            self._connection.execute(query)
            if kind is None
            else self._connection.execute(f"{query} WHERE kind = ? ORDER BY name", (kind,))
        )
        return [_row(columns) for columns in found]

    def row(self, kind: str, name: str) -> Row | None:
        """One record, or None."""
        query = (
            "SELECT kind, name, version, policy, envelope FROM record WHERE kind = ? AND name = ?"
        )
        columns = self._connection.execute(query, (kind, name)).fetchone()
        return None if columns is None else _row(columns)

    def put_row(self, row: Row) -> None:
        """Write one record, in place of the one of the same kind and name."""
        record = row.record
        self._connection.execute(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?)",
            (record.kind, record.name, record.version, record.policy, row.envelope),
        )

    def remove_row(self, kind: str, name: str) -> None:
        """Remove one record; ``secure_delete`` overwrites its bytes."""
        self._connection.execute("DELETE FROM record WHERE kind = ? AND name = ?", (kind, name))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _connect(self) -> None:
        with _plainly():
            place = (0, 0) if self._path is None else self._check_files(self._path)
            uri = f"{self._path.as_uri()}?mode=rw" if self._path else "file::memory:"
            connection = sqlite3.connect(
                uri,
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,  # transactions begin and end where this file says so
                check_same_thread=False,  # the vault holds a lock around every call
            )
            try:
                for setting in _SETTINGS:
                    connection.execute(f"PRAGMA {setting}")
            except BaseException:
                connection.close()
                raise
        self._connection, self._place = connection, place
        self._connections += 1

    def _check_files(self, path: Path) -> tuple[int, int]:
        """Check file and journal; return what identifies the file."""
        for each in (path.with_name(f"{path.name}-journal"), path):
            try:
                info = check_private_path(each)
            except FileNotFoundError:
                if each == path:
                    raise gone() from None
        return (info.st_dev, info.st_ino)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._follow_replacement()
        with _plainly():
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if _kind(error) == sqlite3.SQLITE_READONLY:
                    # Where a file can't be written when it is opened, sqlite opens it for reading
                    # and stays with that; the next look shall find what a person has changed.
                    self._place = (0, 0)
                raise

    def _follow_replacement(self) -> None:
        """Open the file anew if another one lies in its place: the old one is written by nobody."""
        if self._path is None:
            return
        try:
            info = self._path.lstat()
        except FileNotFoundError:
            raise gone() from None
        if (info.st_dev, info.st_ino) != self._place:
            old = self._connection
            self._connect()
            old.close()

    def _one(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])


def named_in(path: Path) -> tuple[bytes, str] | None:
    """Store id and key source that a file names, for giving it up: nothing of it is believed.

    Args:
        path: A store, or anything else.
    """
    if path.is_symlink() or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT store_id, source FROM head").fetchone()
            return bytes(found[0]), str(found[1])
    except (sqlite3.Error, TypeError):
        return None


def gone() -> VaultRolledBack:
    """The file is not where it was: an empty vault in its place would be a silent loss."""
    return VaultRolledBack(
        "The vault file is gone, although this machine has used it before.",
        "Put vault.db back; or give it up and begin an empty vault: jupyter agent vault purge",
    )


def _typed(columns: tuple[Any, ...], types: tuple[type, ...]) -> tuple[Any, ...]:
    """The columns, if they are what STRICT tables promise: a damaged page can hold anything."""
    if tuple(map(type, columns)) != types:
        raise tampered()
    return columns


def _row(columns: tuple[Any, ...]) -> Row:
    kind, name, version, policy, envelope = _typed(columns, (str, str, int, str, bytes))
    if version < 1:
        raise tampered()
    return Row(RecordId(kind, name, version, policy), envelope)


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn what sqlite and the system say into errors that people can act on."""
    try:
        yield
    except UnicodeDecodeError:  # of a text in the file
        raise tampered() from None
    except sqlite3.Error as error:
        raise _plain(error) from None
    except OSError as error:
        raise VaultError(
            f"The vault can't be used: {os.strerror(error.errno or 0)}.",
            "Check the disk: whether there is room, and whether its files can be read and written.",
        ) from None


def _kind(error: BaseException) -> int:
    # The low byte is the kind, the rest says more: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return int(code) & 0xFF


def _plain(error: sqlite3.Error) -> VaultError:
    code = _kind(error)
    # Behind the commit: the journal is gone.
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_DIR_FSYNC:
        return VaultError(
            "The vault was changed, but the disk does not say that it is written for good.",
            "Check the disk, then look whether the change is there.",
            data={"done": True},
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return VaultBusy("The vault is in use by another process.", "Try again in a moment.")
    if code == sqlite3.SQLITE_FULL:
        return VaultError("The disk is full; the vault was not changed.", "Make room, then retry.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return VaultError(
            "The vault can't be written; it was not changed.", "Make its folder writable."
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return VaultError(
            "The vault's file can't be read or written; it was not changed.",
            "Check the disk and the data folder's permissions.",
        )
    return tampered()
