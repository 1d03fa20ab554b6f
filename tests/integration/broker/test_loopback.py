"""Client and broker on loopback TCP, as on Windows: a real broker, and who does not get through.

Run on Linux, where only the choice of the way is turned.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Self

import pytest
from steps import save

from jupyter_agent import person as person_door
from jupyter_agent import transport
from jupyter_agent.client import Client, Hello, connecting
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import BrokerUnreachable, RunLost
from jupyter_agent.folders import Folders, read_private, write_private
from jupyter_agent.transport import handshake
from jupyter_agent.transport.loopback import Loopback

BROKER = """
import sys
from jupyter_agent import transport
from jupyter_agent.transport.loopback import Loopback
transport.of = lambda folders: Loopback(folders, patience=float(sys.argv[4]))
from jupyter_agent.broker.__main__ import main
sys.exit(main())
"""
PATIENCE = 30.0


def _start(folders: Folders, patience: float = PATIENCE) -> None:
    words = [str(folder) for folder in (folders.data, folders.state, folders.run)]
    done = subprocess.run(
        [sys.executable, "-I", "-c", BROKER, *words, str(patience)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    assert done.stdout == b'{"ready": true}\n'


@pytest.fixture
def on_loopback(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Clients meet their broker on loopback, and start it so where none answers."""
    folders.make()
    monkeypatch.setattr(transport, "of", Loopback)
    monkeypatch.setattr(connecting, "_start", _start)
    yield Loopback(folders)
    with Client(folders, Hello()) as last:
        os.kill(last.welcome["pid"], 15)


def _hung_up(connection: socket.socket) -> bytes:
    """What the other end says before it hangs up."""
    connection.settimeout(PATIENCE)
    said = b""
    with connection:
        while piece := connection.recv(4096):
            said += piece
    return said


def _knock(port: int, nonce: bytes) -> tuple[socket.socket, bytes, bytes]:
    """Begin a conversation; gives the broker's nonce and proof."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(nonce)
    answer = connection.recv(64, socket.MSG_WAITALL)
    return connection, answer[:32], answer[32:]


async def test_a_secret_is_saved_and_its_label_listed(
    on_loopback: Loopback, folders: Folders, value: str
):
    with person_door.open_client(folders) as owner:
        save(owner, "OVER_TCP", value)
        assert owner.welcome["role"] == "person"
        guest = await AsyncClient.open(folders, Hello())
        assert guest.welcome["role"] == "guest"
        assert [s["label"] for s in (await guest.call("secret.list"))["secrets"]] == ["OVER_TCP"]
        await guest.close()
    assert not folders.socket.exists()
    assert on_loopback.place.stat().st_mode & 0o777 == 0o600


def test_who_has_not_the_key_gets_no_word(on_loopback: Loopback, folders: Folders):
    with Client(folders, Hello()):
        pass
    port, key = on_loopback.known()
    nonce = b"n" * 32

    stranger, ours, _ = _knock(port, nonce)
    wrong = handshake.proof(b"k" * 32, "client", port, client_nonce=nonce, broker_nonce=ours)
    stranger.sendall(wrong + b'{"id":0,"op":"hello","protocol":[1],"role":"guest"}\n')
    assert _hung_up(stranger) == b""

    mirror, _, proof = _knock(port, nonce)
    mirror.sendall(proof)  # the broker's own
    assert _hung_up(mirror) == b""

    honest, ours, proof = _knock(port, nonce)
    assert proof == handshake.proof(key, "broker", port, client_nonce=nonce, broker_nonce=ours)
    seen = handshake.proof(key, "client", port, client_nonce=nonce, broker_nonce=ours)
    honest.sendall(seen + b'{"id":0,"op":"hello","protocol":[1],"role":"guest"}\n')
    assert b'"role":"guest"' in honest.recv(4096).replace(b" ", b"")
    honest.close()
    replaying, _, _ = _knock(port, nonce)
    replaying.sendall(seen)
    assert _hung_up(replaying) == b""

    content = read_private(on_loopback.place)
    assert content is not None
    write_private(on_loopback.place, content.replace(key.hex().encode(), b"ab" * 32))
    with pytest.raises(BrokerUnreachable, match="No broker is running"):
        Client(folders, Hello(), start=False)
    write_private(on_loopback.place, content)


def test_a_port_that_another_process_has_taken_gives_it_nothing(
    on_loopback: Loopback, folders: Folders
):
    with Client(folders, Hello()) as first:
        broker = int(first.welcome["pid"])
        os.kill(broker, signal.SIGKILL)
        with pytest.raises(RunLost):
            first.call("status")
    _, key = on_loopback.known()
    # Its own port rests for a minute after its last connection, so this one stands for it.
    with _Thief(0, b"x" * 64) as thief:
        said = {"port": thief.port, "key": key.hex()}
        write_private(on_loopback.place, json.dumps(said).encode())
        with Client(folders, Hello()) as again:
            assert again.welcome["pid"] != broker
        assert on_loopback.known()[0] != thief.port
        assert on_loopback.known()[1] != key
    assert [len(heard) for heard in thief.heard] == [32] * len(thief.heard)
    assert thief.heard


@pytest.mark.parametrize("says", [b"", b"x" * 63, b"x" * 64, b"x" * 200], ids=len)
def test_a_listener_that_proves_nothing_hears_one_random_number(folders: Folders, says: bytes):
    folders.make()
    with _Thief(0, says) as thief:
        there = Loopback(folders, patience=0.1 if len(says) < 64 else PATIENCE)
        said = {"port": thief.port, "key": "ab" * 32}
        write_private(there.place, json.dumps(said).encode())
        with pytest.raises(OSError, match=r"^$|not this person's|timed out"):
            there.connect()
        assert not there.answers()
    assert [len(heard) for heard in thief.heard] == [32, 32]
    assert len({*thief.heard}) == 2  # never the same one


def test_an_answer_that_was_recorded_proves_nothing(folders: Folders):
    folders.make()
    there = Loopback(folders, patience=PATIENCE)
    key = b"k" * 32
    with _Thief(0) as thief:
        nonces = {"client_nonce": b"c" * 32, "broker_nonce": b"b" * 32}
        thief.says = b"b" * 32 + handshake.proof(key, "broker", thief.port, **nonces)
        write_private(there.place, json.dumps({"port": thief.port, "key": key.hex()}).encode())
        with pytest.raises(ConnectionRefusedError):
            there.connect()
    assert [len(heard) for heard in thief.heard] == [32]


async def test_who_says_nothing_or_too_little_is_hung_up_on(folders: Folders):
    folders.make()
    here = Loopback(folders, patience=0.1)
    ended: asyncio.Queue[BaseException | None] = asyncio.Queue()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await here.admit(reader, writer)
        except OSError as error:
            await ended.put(error)
        else:
            await ended.put(None)
        finally:
            writer.close()

    server = await asyncio.start_server(welcome, sock=here.listen())
    for said in (b"", b"n" * 31, b"n" * 32, b"n" * 63):
        reader, writer = await asyncio.open_connection("127.0.0.1", here.known()[0])
        writer.write(said)
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        assert len(answer) == (64 if len(said) >= 32 else 0)
        assert isinstance(await ended.get(), ConnectionAbortedError)
        writer.close()
    server.close()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"port": 1, "key": "ab"}', b"\xff"])
def test_a_damaged_file_is_no_broker(folders: Folders, content: bytes):
    folders.make()
    there = Loopback(folders)
    assert not there.answers()
    write_private(there.place, content)
    with pytest.raises(ConnectionRefusedError, match="damaged"):
        there.connect()


class _Thief:
    """A process that listens where a broker did.

    Attributes:
        heard: What each connection has said before it ended.
    """

    def __init__(self, port: int, says: bytes = b"") -> None:
        self.says = says
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        socket.create_connection(("127.0.0.1", self.port)).close()  # says nothing: the end
        self._thread.join(PATIENCE)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with contextlib.suppress(OSError):
                connection.settimeout(PATIENCE)
                heard = connection.recv(4096)
                if not heard:
                    connection.close()
                    return
                connection.sendall(self.says)
                while piece := connection.recv(4096):
                    heard += piece
            self.heard.append(heard)
            connection.close()
