"""Secrets on their way to another vault, and which of them are in no export yet.

A lost machine loses its vault, because the key does not leave with a backup. So the vault remembers
when each label's value was last exported, and says when it is time for another export.
"""

from __future__ import annotations

import builtins
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.secret import Secret
from jupyter_agent.vault.change import Change
from jupyter_agent.vault.key_source import MEMORY
from jupyter_agent.vault.ledger import Ledger
from jupyter_agent.vault.meta import Meta
from jupyter_agent.vault.portable import Entry
from jupyter_agent.vault.records import ABOUT, VALUE, not_found

OLD: Final = timedelta(days=90)
"""After this time an export is called old, although every secret is in it."""

_EXPORTED: Final = ("export", "last")
_CLOCK_SLACK: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Copied:
    """How much of a vault would survive its machine.

    Attributes:
        last: When an export was last made or taken in, RFC 3339 UTC, or None.
        missing: How many secrets are in no export as they are now.
        reminder: A sentence for the person, or "".
    """

    last: str | None
    missing: int
    reminder: str

    def to_json(self) -> dict[str, Any]:
        """The names of docs/protocol.md."""
        return asdict(self)


def copied(exported: Mapping[str, str], metas: Iterable[Meta], now: datetime) -> Copied:
    """What there is to say about exports.

    Args:
        exported: Label → when its value was last in an export.
        metas: Every secret there is.
        now: The time, with a zone.
    """
    # A time that lies ahead was written by a clock that was wrong: it proves nothing.
    latest = wire.timestamp(now + _CLOCK_SLACK)
    known = {label: time for label, time in exported.items() if time <= latest}
    secrets = list(metas)
    missing = [
        meta for meta in secrets if known.get(meta.label, "") < (meta.replaced or meta.created)
    ]
    last = max(known.values(), default=None)
    return Copied(last, len(missing), _reminder(len(secrets), len(missing), last, now))


def _reminder(secrets: int, missing: int, last: str | None, now: datetime) -> str:
    lost = "A lost machine loses this vault, and"
    if not secrets:
        return ""
    if last is None:
        return f"{lost} no export was ever made."
    if missing:
        are = "1 secret is" if missing == 1 else f"{missing} secrets are"
        return f"{lost} {are} in no export yet."
    age = now - datetime.fromisoformat(last)
    return f"{lost} the last export is {age.days} days old." if age > OLD else ""


class Copies(ABC):
    """The part of a vault that copies secrets. Its methods raise ``VaultError`` where they fail."""

    _clock: Callable[[], datetime]

    def entries(self, labels: builtins.list[str] | None = None) -> builtins.list[Entry]:
        """Secrets with their values as they were at one moment, for an export.

        Args:
            labels: Which; all of them, if None. One that is named twice counts once.

        Raises:
            LabelNotFound: One of them is not there.
            VaultError: They can't be read, or don't authenticate.
        """
        with self._ledger() as ledger:
            found = ledger.read_together((VALUE, ABOUT), labels)
            known = () if labels is None else ledger.read_all(ABOUT)
        entries = []
        wanted = sorted(name for _, name in found) if labels is None else labels
        for label in dict.fromkeys(wanted):
            if (ABOUT, label) not in found:
                raise not_found(label, known)
            meta = Meta.from_bytes(label, found[ABOUT, label])
            entries.append(Entry(meta, Secret(label, found[VALUE, label])))
        return entries

    def compare(self, entries: Sequence[Entry]) -> builtins.list[dict[str, Any]]:
        """What merging would do, by label: ``new``, ``same`` or ``differs``.

        Raises:
            VaultError: The vault can't be read, or does not authenticate.
        """
        ours = {meta.label: meta for meta in self.list()}
        return [
            {
                "label": (label := entry.meta.label),
                "state": _state(self.get(label) if label in ours else None, entry.secret),
                "theirs": entry.meta.replaced or entry.meta.created,
                "ours": (ours[label].replaced or ours[label].created) if label in ours else None,
            }
            for entry in entries
        ]

    def merge(self, entries: Sequence[Entry], *, replace: bool) -> builtins.list[str]:
        """Take in secrets, all of them in one write; returns the labels that were written.

        Args:
            entries: From an export.
            replace: Whether theirs take the place of ours where the values differ.

        Raises:
            VaultError: They could not be saved; nothing was.
        """
        written, in_the_file = [], []
        with self._change() as change:
            for entry in entries:
                label = entry.meta.label
                old = change.read(VALUE, label)
                state = _state(None if old is None else Secret(label, old), entry.secret)
                if state == "differs" and not replace:
                    continue
                in_the_file.append(label)
                if state == "same":
                    continue
                change.put(VALUE, label, entry.secret.reveal())
                change.put(ABOUT, label, entry.meta.to_bytes())
                written.append(label)
            self._remember(change, in_the_file)
        return written

    def note_export(self, labels: Sequence[str]) -> None:
        """Remember that these values are in an export, as they are now.

        Raises:
            VaultError: It could not be saved.
        """
        with self._change() as change:
            self._remember(change, labels)

    def copied(self) -> Copied | None:
        """How much of this vault would survive its machine; None for one in memory.

        Raises:
            VaultError: It can't be read, or does not authenticate.
        """
        if self.tier == MEMORY:
            return None  # it does not even survive its broker, and says so
        with self._ledger() as ledger:
            exported = _read(ledger.read(*_EXPORTED))
        return copied(exported, self.list(), self._clock())

    def _remember(self, change: Change, labels: Sequence[str]) -> None:
        if not labels:
            return
        now = wire.timestamp(self._clock())
        there = change.names(VALUE)
        exported = _read(change.read(*_EXPORTED)) | dict.fromkeys(labels, now)
        kept = {label: time for label, time in exported.items() if label in there}
        change.put(*_EXPORTED, json.dumps(kept, separators=(",", ":"), sort_keys=True).encode())

    @property
    @abstractmethod
    def tier(self) -> str:
        """The name of the vault's key source."""

    @abstractmethod
    def get(self, label: str) -> Secret:
        """The secret under a label."""

    @abstractmethod
    def list(self) -> builtins.list[Meta]:
        """What is known of every secret."""

    @abstractmethod
    def _ledger(self) -> AbstractContextManager[Ledger]: ...

    @abstractmethod
    def _change(self) -> AbstractContextManager[Change]: ...


def _read(record: bytes | None) -> dict[str, str]:
    exported: dict[str, str] = {} if record is None else json.loads(record)
    return exported


def _state(ours: Secret | None, theirs: Secret) -> str:
    if ours is None:
        return "new"
    return "same" if ours == theirs else "differs"
