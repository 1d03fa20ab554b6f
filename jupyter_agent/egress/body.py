"""The body of an answer on its way back: unpacked, scrubbed, passed on as it comes. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from jupyter_agent.errors import EgressFailed
from jupyter_agent.scrub import Scrubber

_PIECE: Final = 256 * 1024
"""Most bytes unpacked at a time: a small packed body may hold gigabytes."""


class Body:
    """One body.

    Args:
        scrubber: For it alone.
        encoding: What it is packed with: ``gzip``, ``x-gzip``, ``deflate`` or nothing
            (RFC 9110, section 8.4.1).
    """

    def __init__(self, scrubber: Scrubber, encoding: bytes) -> None:
        self._scrubber = scrubber
        self._encoding = encoding
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if b"gzip" in encoding else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What may go on of the next bytes.

        Raises:
            EgressFailed: They are not packed as the answer says.
        """
        for plain in self._unpacked(bytes(data)) if self._encoding else (bytes(data),):
            if clean := self._scrubber.feed(plain):
                yield clean

    def finish(self) -> Iterator[bytes]:
        """The rest, once the body is over.

        Raises:
            EgressFailed: It ended in the middle.
        """
        if self._unpack is not None and not self._unpack.eof:
            raise _not_packed()
        if clean := self._scrubber.finish():
            yield clean

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self._unpack is None:
            # "deflate" means zlib's format, and some servers send the bare stream inside it.
            bare = data[0] & 0x0F != zlib.DEFLATED
            self._unpack = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
        while True:
            try:
                plain = self._unpack.decompress(data, _PIECE)
            except zlib.error:
                raise _not_packed() from None
            if plain:
                yield plain
            data = self._unpack.unconsumed_tail
            if self._unpack.eof:
                # gzip may go on with another member (RFC 1952, section 2.2).
                data = self._unpack.unused_data
                if data and b"gzip" in self._encoding:
                    self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
                else:
                    return
            elif not data and len(plain) < _PIECE:  # else there may be more in its hands
                return


def _not_packed() -> EgressFailed:
    return EgressFailed("The answer is not packed as it says.", "Try again.")
