"""Owners and access lists of Windows, from their bytes; pure, so it runs everywhere."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.windows import descriptor
from jupyter_agent.windows.descriptor import Descriptor, Entry

ME = "S-1-5-21-11-22-33-1001"
SOMEBODY = "S-1-5-21-11-22-33-1002"
EVERYBODY = "S-1-1-0"
FULL = 0x001F_01FF
READ = 0x0012_00A9
ADD_ONLY = 0x0000_0004
DELETE = 0x0001_0000
HANDED_ON = 0x0B  # OBJECT_INHERIT | CONTAINER_INHERIT | INHERIT_ONLY

entries = st.builds(
    Entry,
    kind=st.sampled_from([0, 1]),
    flags=st.integers(0, 31),
    rights=st.integers(0, (1 << 32) - 1),
    who=st.sampled_from([ME, SOMEBODY, EVERYBODY, descriptor.SYSTEM]),
)
descriptors = st.builds(
    Descriptor,
    owner=st.sampled_from([ME, SOMEBODY, descriptor.SYSTEM]),
    entries=st.none() | st.lists(entries, max_size=5).map(tuple),
)


def sid(written: str) -> bytes:
    _, _, authority, *parts = written.split("-")
    head = bytes([1, len(parts)]) + int(authority).to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *map(int, parts))


def as_bytes(said: Descriptor) -> bytes:
    acl = b""
    for entry in said.entries or ():
        who = sid(entry.who)
        acl += struct.pack("<BBHI", entry.kind, entry.flags, 8 + len(who), entry.rights) + who
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(acl), len(said.entries or ()), 0) + acl
    owner = sid(said.owner)
    dacl_at = 0 if said.entries is None else 20 + len(owner)
    head = struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 0, 0, dacl_at)
    return head + owner + (acl if said.entries is not None else b"")


def closed(*others: Entry) -> Descriptor:
    mine = (Entry(0, 3, FULL, descriptor.SYSTEM), Entry(0, 3, FULL, ME))
    return Descriptor(ME, (*mine, *others))


@given(descriptors)
def test_what_was_written_is_read(said: Descriptor) -> None:
    assert descriptor.read(as_bytes(said)) == said


@given(descriptors, st.integers(0, 200), st.binary(max_size=4))
def test_a_damaged_one_is_refused_or_read_but_never_anything_else(
    said: Descriptor, at: int, instead: bytes
) -> None:
    whole = as_bytes(said)
    damaged = whole[:at] + instead
    with contextlib.suppress(ValueError):
        descriptor.read(damaged)


def test_mine_alone_is_closed_with_the_system_and_administrators_let_in() -> None:
    admins = Entry(0, 0, FULL, descriptor.ADMINISTRATORS)
    assert closed(admins).is_closed_to_others(ME)
    assert closed().belongs_to(ME)
    assert not closed().belongs_to(SOMEBODY)
    assert not closed().can_be_exchanged_by_others(ME)


@pytest.mark.parametrize(
    "other",
    [
        Entry(0, 0, READ, EVERYBODY),
        Entry(0, HANDED_ON, READ, SOMEBODY),  # every new file would let them in
        Entry(5, 0, READ, ""),  # a kind of which only its number is known
        Entry(9, 0, READ, ""),
    ],
)
def test_whoever_else_is_let_in_opens_it(other: Entry) -> None:
    assert not closed(other).is_closed_to_others(ME)


def test_to_deny_somebody_something_opens_nothing() -> None:
    assert closed(Entry(1, 0, READ, EVERYBODY)).is_closed_to_others(ME)


def test_no_access_list_at_all_lets_everybody_in_and_an_empty_one_nobody() -> None:
    assert not Descriptor(ME, None).is_closed_to_others(ME)
    assert Descriptor(ME, None).can_be_exchanged_by_others(ME)
    assert Descriptor(ME, ()).is_closed_to_others(ME)


def test_a_folder_above_may_be_added_to_but_nothing_in_it_be_exchanged() -> None:
    of_the_drive = Descriptor(
        descriptor.TRUSTED_INSTALLER,
        (
            Entry(0, 0, ADD_ONLY, "S-1-5-11"),
            Entry(0, HANDED_ON, FULL, "S-1-5-11"),
            Entry(0, 3, READ, "S-1-5-32-545"),
        ),
    )
    assert not of_the_drive.can_be_exchanged_by_others(ME)
    for right in (DELETE, 0x40, 0x4_0000, 0x8_0000, 0x1000_0000):
        assert closed(Entry(0, 0, right, EVERYBODY)).can_be_exchanged_by_others(ME)
    assert Descriptor(SOMEBODY, ()).can_be_exchanged_by_others(ME)
