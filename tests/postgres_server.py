"""A real PostgreSQL for a session of tests: every way to log in, TLS, a role for each test."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from certificates import Authority
from ports import kept_port
from psycopg import sql
from steps import wait_until

PROGRAMS: Final = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/nowhere"))
"""Where Debian has the server's own programs: not in the PATH."""

METHODS: Final = ("scram-sha-256", "md5", "password", "trust")
_HBA: Final = "local all all trust\n" + "".join(
    f'host all +"by {method}" 127.0.0.0/8 {method}\n' for method in METHODS
)
_SETTINGS: Final = {
    # Speed, for data that nobody needs tomorrow.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "150",
    "shared_buffers": "16MB",
    "listen_addresses": "127.0.0.1,127.0.0.2",
    "log_connections": "on",
    "ssl": "on",
    "ssl_cert_file": "server.pem",
    "ssl_key_file": "server-key.pem",
}


@dataclass
class PostgresServer:
    """One running server.

    Attributes:
        port: On 127.0.0.1, for which its certificate is, and on 127.0.0.2, for which it is not.
        authority: Who has signed its certificate.
    """

    folder: Path
    port: int
    authority: Authority = field(repr=False)
    _number: int = 0

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """As the superuser, through the socket in its folder."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="owner", dbname=database, autocommit=True
        )

    def visits(self) -> int:
        """How often somebody has come over the network so far."""
        return (self.folder / "log").read_text().count("connection received: host=127.")

    def role(self, password: str, method: str = "scram-sha-256") -> str:
        """A new role that logs in with that password by that method; its name."""
        self._number += 1
        name = f"role_{self._number}"
        stored = "md5" if method == "md5" else "scram-sha-256"
        with self.connect() as owner:
            owner.execute(sql.SQL("SET password_encryption = {}").format(stored))
            owner.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                    sql.Identifier(name), password, sql.Identifier(f"by {method}")
                )
            )
        return name


@contextlib.contextmanager
def running(folder: Path) -> Iterator[PostgresServer]:
    """Serve until left.

    Args:
        folder: An empty one, whose path is short enough for a socket.
    """
    initdb = [PROGRAMS / "initdb", "-D", folder / "data", "-U", "owner", "--no-sync", "-E", "UTF8"]
    subprocess.run([*initdb, "--locale=C", "-A", "trust"], check=True, capture_output=True)
    authority = Authority()
    authority.server_context(folder / "data")
    (folder / "data/server-key.pem").chmod(0o600)
    (folder / "data/pg_hba.conf").write_text(_HBA)
    with kept_port() as port:
        server = PostgresServer(folder, port, authority)
        process = _started(folder, port)
        try:
            wait_until(lambda: _answers(server, process), seconds=30)
        except BaseException:
            _end(process)
            raise
    try:
        with server.connect() as owner:
            for method in METHODS:
                owner.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(f"by {method}")))
        yield server
    finally:
        _end(process)


def _started(folder: Path, port: int) -> subprocess.Popen[bytes]:
    words = [PROGRAMS / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder]
    settings = [word for item in _SETTINGS.items() for word in ("-c", "=".join(item))]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([*words, *settings], stdout=log, stderr=log)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
    process.send_signal(3)  # SIGQUIT: at once, whoever is still connected
    process.wait(10)


def _answers(server: PostgresServer, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, (server.folder / "log").read_text()
    try:
        server.connect().close()
    except psycopg.OperationalError:
        return False
    return True
