"""The vault: secrets by label, grants and the like by id (``papers``), and keys for other rooms.

``copies`` has what goes from one vault to another.

Synchronous, and safe to call from several threads and processes. Only the broker opens one.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import replace as with_changes
from datetime import datetime, timedelta
from typing import Any

from jupyter_agent import wire
from jupyter_agent.errors import LabelTaken
from jupyter_agent.folders import Folders
from jupyter_agent.secret import Secret, check_label
from jupyter_agent.vault.change import Change
from jupyter_agent.vault.copies import Copies
from jupyter_agent.vault.meta import (
    MAX_EXPOSED,
    Exposure,
    Meta,
    check_days,
    check_kind,
    check_note,
    check_time,
)
from jupyter_agent.vault.open_vault import Advance, OpenVault, utc_now
from jupyter_agent.vault.opening import Opened
from jupyter_agent.vault.papers import Papers
from jupyter_agent.vault.records import ABOUT, VALUE, not_found
from jupyter_agent.vault.strength import is_weak


class Vault(OpenVault, Papers, Copies):
    """Secrets by label and papers by id, in an open vault. Use ``Vault.open``.

    Args:
        folders: Of this person.
        opened: From ``opening.open_ledger``.
        clock: Says what time it is.
    """

    def __init__(
        self, folders: Folders, opened: Opened, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(folders, opened, clock)
        self._read: dict[tuple[str, bytes], Meta] = {}  # what ``list`` has parsed the last time

    def put(  # noqa: PLR0913  (what a person says about a secret)
        self,
        secret: Secret,
        *,
        kind: str = "",
        note: str = "",
        expires: str | None = None,
        rotate_every: int | None = None,
        exposed: Mapping[str, str] | None = None,
        replace: bool = False,
    ) -> Meta:
        """Save a secret; when this returns, it is on the disk.

        Args:
            secret: Label and value.
            kind: One of ``secret.KINDS`` or "".
            note: At most 1,000 characters.
            expires: RFC 3339 with a zone, or None.
            rotate_every: Days after which it should be replaced, or None.
            exposed: ``where``, ``notebook`` and perhaps ``time`` of a place it was already seen.
            replace: Put the value in place of one that is there. The label keeps its age, its
                count, and its kind, note and rotation where no new ones are given. Where the old
                value was seen is forgotten: it is no longer the value.

        Raises:
            LabelTaken: The label is in use and ``replace`` was not asked for.
            LabelInvalid: The label is none.
            RequestInvalid: Kind, note or time can't be read.
            VaultError: It could not be saved.
        """
        label = check_label(secret.label)
        check_kind(kind)
        check_note(note)
        now = wire.timestamp(self._clock())
        value = secret.reveal()
        meta = Meta(
            label=label,
            kind=kind,
            note=note,
            created=now,
            replaced=None,
            last_used=None,
            uses=0,
            expires=check_time(expires) if expires else None,
            weak=is_weak(value),
            exposed=(_exposure(exposed, now),) if exposed else (),
            rotate_every=check_days(rotate_every),
        )
        with self._change() as change:
            old = _about(change, label)
            if old is not None and not replace:
                raise _taken(label)
            if old is not None:
                meta = with_changes(
                    meta,
                    kind=kind or old.kind,
                    note=note or old.note,
                    created=old.created,
                    replaced=now,
                    last_used=old.last_used,
                    uses=old.uses,
                    rotate_every=meta.rotate_every or old.rotate_every,
                )
            change.put(VALUE, label, value)
            change.put(ABOUT, label, meta.to_bytes())
        return meta

    def get(self, label: str) -> Secret:
        """The secret under a label.

        Raises:
            LabelNotFound: There is none.
            VaultError: It can't be read, or does not authenticate.
        """
        with self._ledger() as ledger:
            value = ledger.read(VALUE, label)
            if value is None:
                raise not_found(label, ledger.read_all(ABOUT))
        return Secret(label, value)

    def list(self) -> builtins.list[Meta]:
        """What is known of every secret, by label.

        Raises:
            VaultError: It can't be read, or does not authenticate.
        """
        with self._ledger() as ledger:
            found = ledger.read_all(ABOUT).items()
            # Content that authenticated is the same content: parsing it again would tell nothing.
            self._read = {each: self._read.get(each) or Meta.from_bytes(*each) for each in found}
            return [*self._read.values()]

    def meta(self, label: str) -> Meta:
        """What is known of one secret.

        Raises:
            LabelNotFound: There is none.
            VaultError: It can't be read, or does not authenticate.
        """
        with self._ledger() as ledger:
            content = ledger.read(ABOUT, label)
            if content is None:
                raise not_found(label, ledger.read_all(ABOUT))
        return Meta.from_bytes(label, content)

    def describe(self, label: str, changes: Mapping[str, Any]) -> Meta:
        """Change what is known of a secret; the value stays.

        Args:
            label: Whose.
            changes: Any of ``kind``, ``note``, ``expires`` and ``rotate_every``; the last two may
                be None.

        Raises:
            LabelNotFound: There is no such secret.
            RequestInvalid: One of them can't be read.
            VaultError: It could not be saved.
        """
        known = {
            "kind": check_kind,
            "note": check_note,
            "expires": lambda time: check_time(time) if time else None,
            "rotate_every": check_days,
        }
        checked: dict[str, Any] = {name: known[name](change) for name, change in changes.items()}
        with self._change() as change:
            meta = with_changes(_about_or_raise(change, label), **checked)
            change.put(ABOUT, label, meta.to_bytes())
        return meta

    def rename(self, label: str, to: str) -> Meta:
        """Give a secret another label; value and history stay.

        Raises:
            LabelInvalid: The new label is none.
            LabelNotFound: There is no secret under the old one.
            LabelTaken: There is one under the new one.
            VaultError: It could not be saved.
        """
        check_label(to)
        with self._change() as change:
            meta = with_changes(_about_or_raise(change, label), label=to)
            if to in change.names(VALUE):
                raise _taken(to)
            value = change.read(VALUE, label) or b""
            self._forget(change, label)
            # Sealed anew: an envelope is bound to its label.
            change.put(VALUE, to, value)
            change.put(ABOUT, to, meta.to_bytes())
        return meta

    def remove(self, label: str) -> None:
        """Remove a secret; its bytes in the file are overwritten.

        Raises:
            LabelNotFound: There is none.
            VaultError: It could not be removed.
        """
        with self._change() as change:
            _about_or_raise(change, label)
            self._forget(change, label)

    def mark_exposed(self, label: str, where: str, notebook: str, time: str | None = None) -> Meta:
        """Remember a place where the value was seen. The same place twice counts once.

        Args:
            label: Whose value.
            where: In the product's words: ``cell``, ``output``, ``chat``.
            notebook: Path of the notebook, or "".
            time: RFC 3339 with a zone; now, if none is given.

        Raises:
            LabelNotFound: There is no such secret.
            VaultError: It could not be saved.
        """
        now = wire.timestamp(self._clock())
        place = _exposure({"where": where, "notebook": notebook, "time": time or now}, now)
        with self._change() as change:
            meta = _about_or_raise(change, label)
            others = tuple(
                each
                for each in meta.exposed
                if (each.where, each.notebook) != (place.where, place.notebook)
            )
            meta = with_changes(meta, exposed=(*others, place)[-MAX_EXPOSED:])
            change.put(ABOUT, label, meta.to_bytes())
        return meta

    def record_uses(
        self, uses: Mapping[str, tuple[int, str]], advance: Advance | None = None
    ) -> None:
        """Add up uses, in one write. Labels that are gone by now are passed over.

        Args:
            uses: Label → how often since the last time, and when last (RFC 3339 with a zone).
            advance: From what was last put down about the audit to what shall be put down now, or
                to None.

        Raises:
            VaultError: It could not be saved.
        """
        if not uses and advance is None:
            return
        tomorrow = wire.timestamp(self._clock() + timedelta(days=1))
        with self._change() as change:
            if advance is not None:
                self._advance(change, advance)
            for label, (count, last_used) in uses.items():
                meta = _about(change, label)
                if meta is None:
                    continue
                # Our way of writing times sorts as text. What lies far ahead comes from a clock
                # that was wrong; it must not stay the last use until then.
                before = meta.last_used or ""
                latest = max(before if before < tomorrow else "", check_time(last_used))
                meta = with_changes(meta, uses=meta.uses + count, last_used=latest)
                change.put(ABOUT, label, meta.to_bytes())

    @staticmethod
    def _forget(change: Change, label: str) -> None:
        change.remove(VALUE, label)
        change.remove(ABOUT, label)


def _about(change: Change, label: str) -> Meta | None:
    content = change.read(ABOUT, label)
    return None if content is None else Meta.from_bytes(label, content)


def _about_or_raise(change: Change, label: str) -> Meta:
    meta = _about(change, label)
    if meta is None:
        raise not_found(label, change.names(ABOUT))
    return meta


def _exposure(place: Mapping[str, str], now: str) -> Exposure:
    return Exposure(
        where=check_note(place.get("where", "")),
        notebook=check_note(place.get("notebook", "")),
        time=check_time(place.get("time") or now),
    )


def _taken(label: str) -> LabelTaken:
    return LabelTaken(
        f"A secret is already stored under {label}.", "Replace it, or choose another label."
    )
