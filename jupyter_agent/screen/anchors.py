"""Stage 1: where do keywords stand in a text?

Two engines give the same answer. ``PlainAnchors`` needs nothing and is ready at once;
``CompiledAnchors`` is hyperscan, one pass whatever the number of keywords. Both look at UTF-8
bytes without regard to ASCII case and report every occurrence, overlapping ones too. Because
stages 2 and 3 only see these places, both engines lead to the same findings by construction.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Anchors(Protocol):
    """Finds keywords."""

    def hits(self, data: bytes, check_time: Callable[[], None]) -> list[tuple[int, int]]:
        """Every occurrence of every keyword, sorted.

        Args:
            data: UTF-8, with surrogates passed through.
            check_time: Raises when the text's time is used up.

        Returns:
            Pairs of byte offset of the keyword's start and index of the keyword.
        """
        ...


class PlainAnchors:
    """One search per keyword: tens of microseconds a cell, and always there.

    Args:
        keywords: UTF-8, lower-case.
    """

    def __init__(self, keywords: Sequence[bytes]) -> None:
        self._keywords = tuple(keywords)

    def hits(self, data: bytes, check_time: Callable[[], None]) -> list[tuple[int, int]]:
        """See ``Anchors.hits``."""
        found: list[tuple[int, int]] = []
        # bytes.lower folds ASCII only and so keeps every offset; str.lower would not.
        folded = data.lower()
        for index, keyword in enumerate(self._keywords):
            at = folded.find(keyword)
            while at >= 0:
                found.append((at, index))
                at = folded.find(keyword, at + 1)
            check_time()
        found.sort()
        return found


class CompiledAnchors:
    """A hyperscan database of literals: about two microseconds for 2,000 characters.

    Args:
        keywords: UTF-8, lower-case; the same, in the same order, that were compiled.
        database: What ``compile_keywords`` gave. hyperscan trusts these bytes, so they must come
            from this process or have been authenticated.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan does not accept the database, for instance from another CPU.
    """

    def __init__(self, keywords: Sequence[bytes], database: bytes) -> None:
        import hyperscan  # noqa: PLC0415  (50 ms that a cell without it must not pay)

        self._lengths = tuple(len(keyword) for keyword in keywords)
        try:
            self._database = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
            spare = hyperscan.Scratch(self._database)
        except hyperscan.error as problem:
            raise ValueError("hyperscan does not accept this database") from problem
        # Scratch space belongs to one scan at a time; list.pop and append are atomic, so threads
        # take one each without a lock.
        self._scratches: list[Any] = [spare]
        self._new_scratch = hyperscan.Scratch

    def hits(self, data: bytes, check_time: Callable[[], None]) -> list[tuple[int, int]]:
        """See ``Anchors.hits``."""
        found: list[tuple[int, int]] = []
        lengths = self._lengths

        def on_match(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((end - lengths[index], index))

        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = self._new_scratch(self._database)
        try:
            self._database.scan(data, on_match, scratch=scratch)
        finally:
            self._scratches.append(scratch)
        check_time()
        found.sort()
        return found


def compile_keywords(keywords: Sequence[bytes]) -> bytes:
    """Compile keywords into a serialized hyperscan database (about 15 ms for 200).

    Args:
        keywords: UTF-8, lower-case.

    Raises:
        ImportError: hyperscan can't be imported here.
    """
    import hyperscan  # noqa: PLC0415

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(keywords),
        ids=list(range(len(keywords))),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(keywords),
        literal=True,
    )
    return bytes(hyperscan.dumpb(database))


def fingerprint_keywords(keywords: Sequence[bytes]) -> str:
    """A digest that changes whenever a database compiled elsewhere or earlier would not fit.

    It covers the keywords, and what hyperscan writes into a database and checks when it loads one:
    its engine's version and the CPU features it chose here.
    """
    from hashlib import sha256  # noqa: PLC0415
    from platform import machine  # noqa: PLC0415

    try:
        import hyperscan  # noqa: PLC0415

        probe = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        probe.compile(expressions=[b"probe"], ids=[0], flags=[0], literal=True)
        engine = repr(probe.info())
    except ImportError:
        engine = "none"
    digest = sha256(f"{engine} {sys.platform} {machine()}".encode())
    for keyword in keywords:
        digest.update(len(keyword).to_bytes(4) + keyword)
    return digest.hexdigest()
