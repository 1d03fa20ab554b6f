"""A port for a program that can't be told to take any."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def kept_port() -> Iterator[int]:
    """A free port of this machine, kept until the block is left: let the program listen by then.

    One that was only looked up may be anybody's before a slow program has come to it. This one is
    bound, so that nobody gets it who asks for any; and not listened on, so that a program still
    may which asks for this one and, as servers do, for an address in use (socket(7), SO_REUSEADDR).
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("", 0))
        yield int(kept.getsockname()[1])
