"""Which session bus may be handed the vault's key."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.vault.keyring_source import session_bus

NAME = "DBUS_SESSION_BUS_ADDRESS"


@pytest.fixture
def listen() -> Iterator[Callable[[Path], Path]]:
    sockets = []

    def make(path: Path) -> Path:
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].bind(str(path))
        return path

    yield make
    for each in sockets:
        each.close()


def test_the_login_sessions_bus_comes_first(tmp_path: Path, listen: Callable[[Path], Path]) -> None:
    login, other = listen(tmp_path / "login"), listen(tmp_path / "other")
    environ = {NAME: f"unix:path={other}"}
    assert session_bus(environ, login) == f"unix:path={login}"


def test_without_a_login_session_our_own_socket_counts(
    tmp_path: Path, listen: Callable[[Path], Path]
) -> None:
    other = listen(tmp_path / "with space")
    address = f"unix:path={str(other).replace(' ', '%20')},guid=0123"
    assert session_bus({NAME: address}, tmp_path / "none") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "unix:abstract=/tmp/dbus-x",
        "tcp:host=evil.example,port=1",
        "unix:path={path}/missing",
        "unix:path={path}/file",
        "unix:path={path}/link",
        "unix:path={path}/bus;tcp:host=evil.example,port=1",
        "unixexec:path={path}/bus",
    ],
)
def test_an_address_that_can_not_be_checked_is_refused(
    tmp_path: Path, listen: Callable[[Path], Path], address: str
) -> None:
    listen(tmp_path / "bus")
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "bus")
    with pytest.raises(KeySourceUnavailable):
        session_bus({NAME: address.format(path=tmp_path)}, tmp_path / "none")


@pytest.mark.root
def test_a_bus_of_somebody_else_is_refused(tmp_path: Path, listen: Callable[[Path], Path]) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a socket away")
    bus = listen(tmp_path / "bus")
    os.chown(bus, 65534, 65534)
    with pytest.raises(KeySourceUnavailable):
        session_bus({NAME: f"unix:path={bus}"}, bus)
