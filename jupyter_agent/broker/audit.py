"""The append-only record of uses: labels, commands, endings; never a value.

One JSON object a line. Each line's MAC covers its event and the MAC before it, keyed from the
vault's root key, so that nobody without that key can change, drop or insert a line in the middle
unnoticed. How far the record has got is sealed in the vault now and then (``trail``), so that lines
cut off its end are missed too. The file is always on the disk before the vault says how long it is:
a crash leaves a record that is longer than that, never a shorter one.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import NoneType
from typing import IO, Any, Final

from jupyter_agent import locks
from jupyter_agent.errors import VaultUnsafe
from jupyter_agent.folders import check_private_file, sync, sync_folder
from jupyter_agent.opening import open_unfollowed

_FIRST: Final = "0" * 64
_STEP: Final = 64 * 1024  # bytes read at a time from the end
_UNKNOWN: Final[dict[str, Any]] = {
    "time": "",
    "actor": "unknown",
    "notebook": None,
    "labels": [],
    "command": "",
    "decision": "unknown",
    "exit": None,
    "seconds": None,
    "bytes": None,
    "hits": {},
}
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "notebook": (str, NoneType),
    "exit": (int, NoneType),
    "seconds": (int, float, NoneType),
    "bytes": (int, NoneType),
}
"""What else than the kind of the above a field may be."""
_NO_FILE: Final = frozenset({errno.ELOOP, errno.EISDIR})  # a link or a folder stands in its place


@dataclass(frozen=True, slots=True)
class Head:
    """How far a record has got.

    Attributes:
        lines: How many lines there are.
        size: In bytes; it ends behind the last of them.
        mac: Of the last of them.
    """

    lines: int = 0
    size: int = 0
    mac: str = _FIRST

    def to_json(self) -> dict[str, Any]:
        """As the vault keeps it."""
        return asdict(self)


class Audit:
    """The record of one vault.

    Args:
        path: The file, in a folder that is ours alone.
        key: 32 bytes, from the vault.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._written = (0, 0, _FIRST)  # inode and size behind our last line, and its MAC

    def append(self, event: dict[str, Any]) -> None:
        """Add an event.

        The lock lets several brokers share the file; the last line is read anew where the file does
        not end behind ours, because another one has written there.

        Raises:
            OSError: The disk is full or read-only.
            VaultUnsafe: The file is a link, somebody else's or open to others.
        """
        with self._open() as file:
            locks.take(file.fileno())
            inode, end = os.fstat(file.fileno()).st_ino, file.seek(0, os.SEEK_END)
            if (inode, end) == self._written[:2]:
                before = self._written[2]
            else:
                _cut_torn_line(file)
                before = _last_mac(file)
                end = file.seek(0, os.SEEK_END)
            mac = self._mac(before, event)
            line = _canonical({"event": event, "mac": mac}) + b"\n"
            file.write(line)
            file.flush()
            self._written = (inode, end + len(line), mac)

    def events(self, runs: dict[str, dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """Every event, oldest first; a run's start and end are one event.

        Args:
            runs: Those begun in earlier files, which may have ended in this one; those begun here
                are added.
        """
        runs = {} if runs is None else runs
        found: list[dict[str, Any]] = []
        for line in self._lines():
            event = line.get("event")
            if not isinstance(event, dict):
                continue
            run = event.pop("run", None)
            if isinstance(run, str) and run in runs:
                runs[run].update(_readable({**runs[run], **event}))
                continue
            event = _readable(event)
            if isinstance(run, str):
                runs[run] = event
            found.append(event)
        return found

    def verify(self, head: Head = Head()) -> tuple[int, int | None]:
        """Check the chain, and that it leads through the head that was put down.

        Returns:
            How many lines there are, and the number of the first bad one (from 1) or None. A number
            behind the last line says that lines are missing there.
        """
        before, number = _FIRST, 0
        for number, line in enumerate(self._lines(), start=1):
            event, mac = line.get("event"), line.get("mac")
            if not isinstance(event, dict) or not isinstance(mac, str):
                return number, number
            if not hmac.compare_digest(mac, self._mac(before, event)):
                return number, number
            if number == head.lines and mac != head.mac:
                return number, number
            before = mac
        return number, number + 1 if number < head.lines else None

    def advance(self, head: Head) -> Head | None:
        """How far the record has got since; it is on the disk when this returns.

        Args:
            head: How far it had got.

        Returns:
            The new head, or None where the record does not lead through the old one: then that one
            must stay, or what is missing would never be missed again.

        Raises:
            OSError: The disk does not say that it is written.
            VaultUnsafe: The file is a link, somebody else's or open to others.
        """
        if not self._path.exists():
            return None if head.lines else head
        with self._open() as file:
            locks.take(file.fileno(), shared=True)
            if head.lines and not _leads_through(file, head):
                return None
            sync(file.fileno())
            file.seek(head.size)
            reached = self._reached(file, head)
        if not head.lines:
            sync_folder(self._path.parent)  # the file itself is new
        return reached

    def _reached(self, file: IO[bytes], head: Head) -> Head:
        for raw in file:
            line = _parsed(raw)
            event, mac = line.get("event"), line.get("mac")
            if not raw.endswith(b"\n") or not isinstance(event, dict) or not isinstance(mac, str):
                break
            if not hmac.compare_digest(mac, self._mac(head.mac, event)):
                break  # `verify` says so
            head = Head(head.lines + 1, head.size + len(raw), mac)
        return head

    def _mac(self, before: str, event: dict[str, Any]) -> str:
        return hmac.new(self._key, before.encode() + _canonical(event), hashlib.sha256).hexdigest()

    def _open(self) -> IO[bytes]:
        try:
            handle = open_unfollowed(self._path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            if error.errno not in _NO_FILE:
                raise
            name = self._path.name
            raise VaultUnsafe(f"{name} is not a file of ours.", "Move it away.") from None
        try:
            check_private_file(handle, self._path.name)
            return os.fdopen(handle, "r+b")
        except BaseException:
            os.close(handle)
            raise

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        with self._open() as file:
            # Nothing that is there changes, so it is enough to know how far the last line went.
            locks.take(file.fileno(), shared=True)
            size = file.seek(0, os.SEEK_END)
            locks.let_go(file.fileno())
            file.seek(0)
            while size > 0 and (raw := file.readline()):
                size -= len(raw)
                yield _parsed(raw)


def _readable(event: dict[str, Any]) -> dict[str, Any]:
    """An event with all that an event has, each of its kind.

    It has not where its start was cut off, or where somebody else wrote the line: `verify` says so,
    and nobody who reads the events stumbles over it.
    """
    strange = {
        name: unknown
        for name, unknown in _UNKNOWN.items()
        if not isinstance(event.get(name), _KINDS.get(name, (type(unknown),)))
    }
    whole = {**_UNKNOWN, **event, **strange}
    return {**whole, "labels": [each for each in whole["labels"] if isinstance(each, str)]}


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        line = {}  # a broken line is reported by its number, never passed over
    return line if isinstance(line, dict) else {}


def _leads_through(file: IO[bytes], head: Head) -> bool:
    if file.seek(0, os.SEEK_END) < head.size:
        return False
    file.seek(head.size - 1)
    return file.read(1) == b"\n" and _last_mac(file, head.size) == head.mac


def _cut_torn_line(file: IO[bytes]) -> None:
    """Take away a last line that was not written to its end.

    Nobody was told that it is written: its run was never started, so nothing is lost. Left there,
    it would swallow the line after it.
    """
    size = end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - _STEP)
        file.seek(start)
        piece = file.read(end - start)
        if (newline := piece.rfind(b"\n")) >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        file.truncate(end)


def _last_mac(file: IO[bytes], size: int | None = None) -> str:
    size = file.seek(0, os.SEEK_END) if size is None else size
    tail = b""
    while size > 0 and tail.count(b"\n", 0, -1) < 1:
        start = max(0, size - _STEP)
        file.seek(start)
        tail = file.read(size - start) + tail
        size = start
    lines = tail.splitlines()
    if not lines:
        return _FIRST
    try:
        return str(json.loads(lines[-1])["mac"])
    except (ValueError, KeyError, TypeError):
        return _FIRST  # the chain is broken there already, and `verify` says so


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
