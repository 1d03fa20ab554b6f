"""Who owns a file on Windows and whom its access list lets in: pure, from a descriptor's bytes.

Format: self-relative security descriptors, MS-DTYP sections 2.4.6 (``SECURITY_DESCRIPTOR``), 2.4.5
(``ACL``), 2.4.4 (``ACE``) and 2.4.2 (``SID``). Every field is little-endian but for a SID's
authority.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

SYSTEM: Final = "S-1-5-18"
ADMINISTRATORS: Final = "S-1-5-32-544"
TRUSTED_INSTALLER: Final = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
OWNER_RIGHTS: Final = "S-1-3-4"

_ALWAYS: Final = frozenset({SYSTEM, ADMINISTRATORS})
"""Who may do everything on the machine anyway, as root may elsewhere."""

_ALLOWS: Final = 0
_DENIES: Final = 1
_INHERIT_ONLY: Final = 0x08
_HAS_DACL: Final = 0x0004

# Who has one of these for a folder can exchange what lies in it, or let themselves do so.
_DELETE: Final = 0x0001_0000
_DELETE_CHILD: Final = 0x0000_0040
_CHANGE_RIGHTS: Final = 0x0004_0000
_CHANGE_OWNER: Final = 0x0008_0000
_ALL: Final = 0x1000_0000
_EXCHANGES: Final = _DELETE | _DELETE_CHILD | _CHANGE_RIGHTS | _CHANGE_OWNER | _ALL


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an access list.

    Attributes:
        kind: 0 allows, 1 denies; every other is read as one that allows.
        flags: How it is inherited.
        rights: What it is about, a bit each.
        who: A SID, written out.
    """

    kind: int
    flags: int
    rights: int
    who: str


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Owner and access list.

    Attributes:
        owner: A SID, written out; "" where none is named.
        entries: The access list, or None where there is none: everybody may do everything then.
    """

    owner: str
    entries: tuple[Entry, ...] | None

    def belongs_to(self, me: str) -> bool:
        """Whether its owner is this person, or an administrator (who owns what was made as one)."""
        return self.owner == me or self.owner in _ALWAYS

    def is_closed_to_others(self, me: str) -> bool:
        """Whether nobody but this person, the system and administrators is let in, for anything.

        Entries that are only handed on count, too: they are what a new file is made with.
        """
        known = _ALWAYS | {me, OWNER_RIGHTS}
        return self.entries is not None and all(
            entry.kind == _DENIES or not entry.rights or entry.who in known
            for entry in self.entries
        )

    def can_be_exchanged_by_others(self, me: str) -> bool:
        """Whether somebody else may take a folder away, or what lies in it.

        To add something is harmless: nothing that is there can be replaced by it.
        """
        known = _ALWAYS | {me, OWNER_RIGHTS, TRUSTED_INSTALLER}
        if self.owner not in known or self.entries is None:
            return True
        return any(
            entry.kind != _DENIES
            and not entry.flags & _INHERIT_ONLY
            and entry.rights & _EXCHANGES
            and entry.who not in known
            for entry in self.entries
        )


def read(content: bytes) -> Descriptor:
    """What a self-relative descriptor says.

    Raises:
        ValueError: It is cut, or of a form that is not known here: then nobody may rely on it.
    """
    try:
        revision, _, control, owner, _, _, dacl = struct.unpack_from("<BBHIIII", content)
        if revision != 1:
            raise ValueError("a descriptor of another revision")
        named = _sid(content, owner)[0] if owner else ""
        entries = _entries(content, dacl) if control & _HAS_DACL and dacl else None
    except struct.error:
        raise ValueError("a descriptor that is cut") from None
    return Descriptor(named, entries)


def _entries(content: bytes, start: int) -> tuple[Entry, ...]:
    revision, _, size, count, _ = struct.unpack_from("<BBHHH", content, start)
    if revision not in (2, 4) or start + size > len(content):
        raise ValueError("an access list of another form")
    found = []
    place, end = start + 8, start + size
    for _ in range(count):
        kind, flags, length, rights = struct.unpack_from("<BBHI", content, place)
        if length < 8 or place + length > end:
            raise ValueError("an entry that is cut")
        # Of the kinds with more than a SID nothing is known but that they are there: nobody's.
        who = _sid(content, place + 8)[0] if kind in (_ALLOWS, _DENIES) else ""
        found.append(Entry(kind, flags, rights, who))
        place += length
    return tuple(found)


def _sid(content: bytes, start: int) -> tuple[str, int]:
    revision, count = struct.unpack_from("<BB", content, start)
    if revision != 1 or count > 15:
        raise ValueError("an identity of another form")
    authority = int.from_bytes(content[start + 2 : start + 8], "big")
    parts = struct.unpack_from(f"<{count}I", content, start + 8)
    return "-".join(("S", "1", str(authority), *map(str, parts))), start + 8 + 4 * count
