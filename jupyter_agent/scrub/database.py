"""Many texts looked for in one pass, by hyperscan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Database:
    """A hyperscan database in this process's memory. It is never serialized: it holds values.

    Args:
        texts: What to look for → whether in any case (ASCII letters only).
        expressions: Regular expressions to look for, too; they are numbered behind the texts.
        once: Whether one hit of each is enough.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan refuses to compile this. Says nothing of what it was.
    """

    __slots__ = ("_database", "_new_scratch", "_scratches", "_stopped")

    def __init__(
        self,
        texts: Mapping[bytes, bool],
        *,
        expressions: Sequence[bytes] = (),
        once: bool = False,
    ) -> None:
        import hyperscan  # noqa: PLC0415  (32 ms and 3 MB that a few lines of output must not pay)

        always = hyperscan.HS_FLAG_SINGLEMATCH if once else 0
        flags = [
            always | (hyperscan.HS_FLAG_CASELESS if caseless else 0) for caseless in texts.values()
        ]
        flags += [always] * len(expressions)
        wanted = [*map(_quoted, texts), *expressions]
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            # Equal ids would make hyperscan compare every two of them: seconds instead of 0.1 s.
            self._database.compile(expressions=wanted, ids=list(range(len(wanted))), flags=flags)
        except hyperscan.error:
            raise ValueError("hyperscan refused to compile a database") from None
        # Scratch space belongs to one scan at a time; list.pop and append are atomic, so threads
        # take one each without a lock.
        self._scratches: list[Any] = [hyperscan.Scratch(self._database)]
        self._new_scratch = hyperscan.Scratch
        self._stopped = hyperscan.ScanTerminated

    def __repr__(self) -> str:
        return "<Database>"

    def hits(self, data: bytes, most: int) -> list[tuple[int, int]]:
        """What is in ``data``: its number, in the order of ``texts``, and where it ends.

        Args:
            data: Any bytes.
            most: Stop after so many.
        """
        found: list[tuple[int, int]] = []

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            found.append((number, end))
            return len(found) >= most

        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = self._new_scratch(self._database)
        try:
            self._database.scan(data, on_match, scratch=scratch)
        except self._stopped:
            pass
        finally:
            self._scratches.append(scratch)
        return found


def _quoted(text: bytes) -> bytes:
    """An expression for just this text; as it is, hyperscan would stop reading it at a zero."""
    return b"".join(b"\\x%02x" % byte for byte in text)
