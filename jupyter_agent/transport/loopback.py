"""Loopback TCP, for systems whose sockets don't say who is at their other end: Windows.

Everybody on a machine can connect to a port of it, and may listen on one that was let go of. So
neither side says a word of the protocol before the other has proven that it can read a file of this
person's (``handshake``): the key of this broker, made anew by each, beside the number of its port.
Which process is at the other end is asked of the system afterwards, as it is for a Unix socket.

What it is not: encrypted. Who may capture the packets of the loopback interface, administrators as
a rule, reads the conversation (docs/threat-model.md).

Run by us on Linux, where the tests have a real broker and a real client meet here, and under Wine;
not on Windows itself.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.errors import BrokerRefused
from jupyter_agent.folders import Folders, check_private_dir, read_private, write_private
from jupyter_agent.processes import loopback
from jupyter_agent.transport import handshake

if TYPE_CHECKING:
    import asyncio

_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128
_PATIENCE: Final = 5.0
"""Seconds for all of the handshake, on either side."""


class Loopback:
    """See ``Transport``.

    Args:
        folders: Whose.
        patience: Seconds for the handshake.
    """

    def __init__(self, folders: Folders, patience: float = _PATIENCE) -> None:
        self._folders = folders
        self._patience = patience
        self._port = 0
        self._key = b""

    @property
    def place(self) -> Path:
        """The file with port and key, mode 0600: its only proof is that one can read it."""
        return self._folders.socket.with_suffix(".port")

    def listen(self) -> socket.socket:
        """A listening socket on a port of the system's choice, and a fresh key for it."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if sys.platform == "win32":
            # There a second process may bind the same port with SO_REUSEADDR, but for this.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind((_HOST, 0))
        listener.listen(_BACKLOG)
        self._port = listener.getsockname()[1]
        self._key = secrets.token_bytes(handshake.KEY)
        said = {"port": self._port, "key": self._key.hex()}
        write_private(self.place, json.dumps(said).encode())
        return listener

    def connect(self) -> socket.socket:
        """A connected socket whose other end has proven that it has the key.

        A process that can't prove it counts as none: a broker that was killed leaves its file, and
        its port may be anybody's by now. The next broker has another port and another key.
        """
        port, key = self.known()
        raw = socket.create_connection((_HOST, port), timeout=self._patience)
        try:
            # Or the first words would wait for the other side to acknowledge the proof.
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._greet(raw, port, key)
            raw.settimeout(None)
        except BaseException:
            raw.close()
            raise
        return raw

    def known(self) -> tuple[int, bytes]:
        """Port and key of the broker that has come up last.

        Raises:
            OSError: There is none, or its file is damaged.
            VaultUnsafe: Somebody else could have written it.
        """
        if not self._folders.run.exists():
            raise FileNotFoundError(self._folders.run.name)
        check_private_dir(self._folders.run, make=False)
        content = read_private(self.place)
        if content is None:
            raise FileNotFoundError(self.place.name)
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said: Any = json.loads(content)
            port, key = int(said["port"]), bytes.fromhex(said["key"])
            if 0 < port < 1 << 16 and len(key) == handshake.KEY:
                return port, key
        raise ConnectionRefusedError(f"{self.place.name} is damaged")

    def _greet(self, raw: socket.socket, port: int, key: bytes) -> None:
        ends = time.monotonic() + self._patience
        ours = secrets.token_bytes(handshake.NONCE)
        raw.sendall(ours)
        answer = _exactly(raw, handshake.NONCE + handshake.PROOF, ends)
        theirs, shown = answer[: handshake.NONCE], answer[handshake.NONCE :]
        nonces = {"client_nonce": ours, "broker_nonce": theirs}
        if not handshake.holds(shown, handshake.proof(key, "broker", port, **nonces)):
            raise ConnectionRefusedError("what listens there is not this person's broker")
        raw.sendall(handshake.proof(key, "client", port, **nonces))

    def answers(self) -> bool:
        """Whether a broker that has the key takes connections."""
        with contextlib.suppress(OSError):
            self.connect().close()
            return True
        return False

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        """The pid of the other end, once it has proven that it has the key.

        Whoever has not is told one random number, and a proof that is good for nothing else.
        """
        import asyncio  # noqa: PLC0415  (a terminal has no use for it)

        try:
            async with asyncio.timeout(self._patience):
                theirs = await reader.readexactly(handshake.NONCE)
                ours = secrets.token_bytes(handshake.NONCE)
                nonces = {"client_nonce": theirs, "broker_nonce": ours}
                writer.write(ours + handshake.proof(self._key, "broker", self._port, **nonces))
                await writer.drain()
                shown = await reader.readexactly(handshake.PROOF)
        except (TimeoutError, EOFError):
            raise ConnectionAbortedError("it has proven nothing") from None
        if not handshake.holds(shown, handshake.proof(self._key, "client", self._port, **nonces)):
            raise ConnectionAbortedError("it has not the key")
        there, here = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        pid = await asyncio.to_thread(loopback.pid_of, there, here)
        if pid is None:
            raise BrokerRefused("This broker can't see which process you are.", "Try again.")
        return pid

    def is_there(self) -> bool:
        """Whether the file with port and key is there."""
        return self.place.exists()

    def withdraw(self) -> None:
        """Remove the file with port and key."""
        self.place.unlink()


def _exactly(raw: socket.socket, size: int, ends: float) -> bytes:
    """So many bytes, before a moment of the clock that nobody sets."""
    got = b""
    while len(got) < size:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        raw.settimeout(left)
        piece = raw.recv(size - len(got))
        if not piece:
            raise ConnectionAbortedError("it has hung up")
        got += piece
    return got
