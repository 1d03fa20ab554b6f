"""Seals what is too large for a record, such as a browser's profile, in pieces.

Format 1:

    magic (8) ‖ salt (32) ‖ pieces
    key    = HKDF(the stream's own key, salt, "jupyter_agent/stream/v1"): new for every writing
    piece  = AES-256-GCM(key, nonce, 65,536 bytes, aad); the last one has 0 to 65,536
    nonce  = u64 number of the piece, from 0 ‖ 3 zero bytes ‖ 1 for the last piece, else 0
    aad    = joined(magic, what it is)

A piece that was changed, moved, left out or comes from another writing does not open, and neither
does a stream that was cut off: its last piece is not marked as such. (STREAM, Hoang, Reyhanitabar,
Rogaway and Vizár 2015, https://eprint.iacr.org/2015/189.)
"""

from __future__ import annotations

import io
import secrets
from typing import BinaryIO, Final

from jupyter_agent.vault.seal import KEY_BYTES, decrypt, encrypt, hkdf, joined, number, tampered

MAGIC: Final = b"JASTRM\x00\x01"
PIECE: Final = 65536

_SALT: Final = 32
_TAG: Final = 16
_INFO: Final = b"jupyter_agent/stream/v1"


class Sealing(io.RawIOBase):
    """A file to write plain bytes to. ``finish`` writes the last piece; without it nothing opens.

    Args:
        out: Where it goes.
        key: 32 bytes, kept by the vault.
        what: Names what is in it; another name does not open it.
    """

    def __init__(self, out: BinaryIO, key: bytes, what: str) -> None:
        salt = secrets.token_bytes(_SALT)
        out.write(MAGIC + salt)
        self._out = out
        self._pieces = _Pieces(key, salt, what)
        self._waiting = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take plain bytes."""
        self._waiting += data
        while len(self._waiting) > PIECE:  # what may be the last one waits
            piece = bytes(self._waiting[:PIECE])
            del self._waiting[:PIECE]
            self._out.write(self._pieces.seal(piece, last=False))
        return len(data)

    def finish(self) -> None:
        """Write what waits, as the last piece."""
        self._out.write(self._pieces.seal(bytes(self._waiting), last=True))
        self._waiting.clear()


class Opening(io.RawIOBase):
    """A file to read plain bytes from. What it gives has authenticated.

    ``read`` raises ``VaultTampered`` for a piece that does not, or an end that is none.

    Args:
        source: What was sealed.
        key: As it was sealed with.
        what: As it was called then.

    Raises:
        VaultTampered: It is no such stream.
    """

    def __init__(self, source: BinaryIO, key: bytes, what: str) -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise tampered()
        self._pieces = _Pieces(key, source.read(_SALT), what)
        self._source = source
        self._next = source.read(PIECE + _TAG)
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; none at the end, once the last piece has authenticated."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            sealed, self._next = self._next, self._source.read(PIECE + _TAG)
            self._ended = not self._next
            self._ready += self._pieces.open(sealed, last=self._ended)
        size = len(self._ready) if size < 0 else size
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken


class _Pieces:
    def __init__(self, key: bytes, salt: bytes, what: str) -> None:
        if len(key) != KEY_BYTES or len(salt) != _SALT:
            raise tampered()
        self._key = hkdf(key, salt, _INFO)
        self._context = joined(MAGIC, what.encode())
        self._count = 0

    def seal(self, plain: bytes, *, last: bool) -> bytes:
        return encrypt(self._key, self._nonce(last=last), plain, self._context)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        return bytes(decrypt(self._key, self._nonce(last=last), sealed, self._context))

    def _nonce(self, *, last: bool) -> bytes:
        nonce = number(self._count) + bytes((0, 0, 0, last))
        self._count += 1
        return nonce
