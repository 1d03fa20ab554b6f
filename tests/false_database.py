"""A server that pretends to be a database: says what a test tells it to, keeps what it hears."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class FalseDatabase:
    """One running server.

    Attributes:
        port: On 127.0.0.1.
        heard: All that it was sent, connection by connection.
    """

    port: int = 0
    heard: list[bytearray] = field(default_factory=list)


def message(kind: bytes, body: bytes) -> bytes:
    """A message of the protocol, written without the product's code."""
    return kind + struct.pack("!i", len(body) + 4) + body


def authentication(code: int, data: bytes = b"") -> bytes:
    """A server's request for a proof."""
    return message(b"R", struct.pack("!i", code) + data)


@contextlib.contextmanager
def false_database(says: Callable[[int, bytes], bytes]) -> Iterator[FalseDatabase]:
    """Serve until left.

    Args:
        says: What it answers to the n-th thing it hears in a connection, from 0 on; nothing ends
            the connection.
    """
    server = FalseDatabase()
    listening = socket.create_server(("127.0.0.1", 0))
    server.port = listening.getsockname()[1]

    def serve(connection: socket.socket) -> None:
        heard = bytearray()
        server.heard.append(heard)
        with connection, contextlib.suppress(OSError):
            number = 0
            while data := connection.recv(65536):
                heard.extend(data)
                answer = says(number, data)
                if not answer:
                    return
                connection.sendall(answer)
                number += 1

    def welcome() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=welcome, daemon=True).start()
    with listening:
        yield server
        listening.shutdown(socket.SHUT_RDWR)
