"""The body of a signed request on its way out. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from jupyter_agent.egress.aws.claims import refused


class Hashed:
    """A body whose hash is signed: the last piece waits until the hash is seen to be right.

    Args:
        said: The hash, in hexadecimal digits.
    """

    def __init__(self, said: bytes) -> None:
        self._said = said
        self._hash = hashlib.sha256()
        self._last = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The piece before this one."""
        data = bytes(data)
        self._hash.update(data)
        before, self._last = self._last, data
        if before:
            yield before

    def finish(self) -> Iterator[bytes]:
        """The last piece.

        Raises:
            EgressRefused: The body is another one; a service does not get the end of it.
        """
        if not hmac.compare_digest(self._hash.hexdigest().encode(), self._said):
            raise refused("body", "The body is not the one that was signed.", "Try again.")
        if self._last:
            yield self._last
