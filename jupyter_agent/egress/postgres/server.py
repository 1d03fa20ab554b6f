"""How the broker logs in to a database: TLS first, then the password, never the other way."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from jupyter_agent.egress.connection import READ
from jupyter_agent.egress.postgres import messages, scram
from jupyter_agent.egress.postgres.database import Database
from jupyter_agent.egress.postgres.messages import Malformed
from jupyter_agent.egress.postgres.streams import read_message
from jupyter_agent.egress.upstream import who_it_is, why_not
from jupyter_agent.errors import EgressFailed

_SECONDS: Final = 30.0
"""For a connection, and again for a login."""

_NOTHING_SENT: Final = "Nothing was sent. Check the network, and try again."


class LoginRefused(Exception):
    """The database has refused the login.

    Attributes:
        error: Its message; it may repeat what it was sent.
    """

    def __init__(self, error: bytes) -> None:
        super().__init__("the database has refused the login")
        self.error = error


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database is, and whom to believe there.

    Args:
        database: Which.
        context: Whose certificates to believe; None where the database is ``plain``.
    """

    database: Database
    context: ssl.SSLContext | None

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[Session]:
        """A connection, encrypted, to the server that it should be.

        Raises:
            EgressFailed: It can't be reached, offers no TLS, or could not prove who it is.
        """
        assert self.database.plain == (self.context is None)  # noqa: S101  (no TLS, no password)
        try:
            async with asyncio.timeout(_SECONDS):
                session = await self._connect()
        except ssl.SSLCertVerificationError as error:
            raise EgressFailed(
                f"{self._name} could not prove who it is: {who_it_is(error)}",
                "Nothing was sent. If it has a certificate of your own: "
                "jupyter agent egress --trust FILE",
            ) from None
        except ssl.SSLError:
            raise EgressFailed(f"{self._name} could not begin TLS.", _NOTHING_SENT) from None
        except TimeoutError:
            raise EgressFailed(
                f"{self._name} did not answer within {_SECONDS:g} seconds.", _NOTHING_SENT
            ) from None
        except OSError as error:
            raise EgressFailed(
                f"{self._name} can't be reached: {why_not(error)}.", _NOTHING_SENT
            ) from None
        try:
            yield session
        finally:
            session.writer.close()

    async def cancel(self, key: bytes) -> None:
        """End what another connection is doing.

        Raises:
            EgressFailed: As for ``connected``.
        """
        async with self.connected() as session:
            session.writer.write(messages.cancel(key))
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_SECONDS):
                    await session.writer.drain()
                    await session.reader.read()  # it hangs up when it has done so

    @property
    def _name(self) -> str:
        return f"The database at {self.database.host}:{self.database.port}"

    async def _connect(self) -> Session:
        loop = asyncio.get_running_loop()
        host, port = self.database.host, self.database.port
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        last: OSError = OSError("it has no address")
        for family, *_, address in found:
            if self.context is None and not ipaddress.ip_address(address[0]).is_loopback:
                continue  # "localhost" by somebody's hosts file
            try:
                connection = await _socket_to(family, address)
            except OSError as error:
                last = error
                continue
            try:
                return await self._on(connection)
            except BaseException:
                connection.close()
                raise
        raise last

    async def _on(self, connection: socket.socket) -> Session:
        if self.context is None:
            reader, writer = await asyncio.open_connection(sock=connection, limit=READ)
            return Session(self, reader, writer)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, messages.SSL_REQUEST)
        # One byte from the socket, and no stream that reads ahead: what somebody has put behind it
        # must not be taken for what comes through TLS (CVE-2021-23222).
        answer = await loop.sock_recv(connection, 1)
        if answer == b"N":
            raise EgressFailed(
                f"{self._name} offers no TLS, and without it no password is sent.",
                "Switch TLS on there. A server on this machine may do without: "
                "--postgres 'localhost/NAME?sslmode=disable'",
            )
        if answer != b"S":  # "E" would be an error of somebody who has not proved anything
            raise EgressFailed(f"{self._name} does not speak PostgreSQL.", _NOTHING_SENT)
        reader, writer = await asyncio.open_connection(
            sock=connection, ssl=self.context, server_hostname=self.database.host, limit=READ
        )
        return Session(self, reader, writer)


async def _socket_to(family: int, address: tuple[object, ...]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class Session:
    """One connection to a database."""

    server: Server
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def log_in(self, parameters: Mapping[str, str], password: bytes) -> None:
        """Return once the database has let us in.

        Args:
            parameters: What the caller wants of its session; user and database are the way's.
            password: As it is stored, or as it stands in an address.

        Raises:
            LoginRefused: It says no.
            EgressFailed: It wants a password in a way in which none is sent, or breaks off.
        """
        database = self.server.database
        own = {"user": database.user, "database": database.name}
        try:
            async with asyncio.timeout(_SECONDS):
                self.writer.write(messages.startup({**parameters, **own}))
                await self._authenticate(password)
        except TimeoutError:
            raise self._failed("did not answer to the login") from None
        except (OSError, EOFError):
            raise self._failed("broke off the login") from None
        except (Malformed, scram.ScramFailed) as error:
            raise self._failed("did not log us in", str(error)) from None

    async def _authenticate(self, password: bytes) -> None:
        kind = await self._asked()
        if kind[0] == 10:
            await self._scram(messages.mechanisms(kind[1]), password)
        elif kind[0] == 5:
            await self._send(_md5(self.server.database.user, password, kind[1]))
        elif kind[0] == 3:
            if self.server.context is None:
                raise self._failed(
                    "wants the password in clear, and there is no TLS",
                    "Set password_encryption and pg_hba.conf to scram-sha-256 there.",
                )
            await self._send(password)
        elif kind[0] != 0:
            raise self._failed("wants another proof than a password")
        else:
            return  # it trusts whoever comes; the password has stayed here
        if await self._asked() != (0, b""):
            raise Malformed("It asks for a second proof.")

    async def _scram(self, offered: list[bytes], password: bytes) -> None:
        binding = _binding(self.writer) if scram.BOUND in offered else None
        if binding is None and scram.PLAIN not in offered:
            raise self._failed("wants another proof than a password")
        encrypted = self.server.context is not None and scram.BOUND not in offered
        client = scram.Client(password, binding=binding, encrypted=encrypted)
        self.writer.write(messages.sasl_response(client.mechanism, client.first()))
        code, data = await self._asked()
        if code != 11:
            raise Malformed("It does not go on with SCRAM.")
        # Many iterations keep a processor busy, and the loop has others to serve.
        self.writer.write(messages.message(b"p", await asyncio.to_thread(client.final, data)))
        code, data = await self._asked()
        if code != 12:
            raise Malformed("It has not proved that it knows the password.")
        client.check(data)

    async def _send(self, password: bytes) -> None:
        if b"\0" in password:
            raise self._failed("can't be sent a password with a zero byte")
        self.writer.write(messages.message(b"p", password + b"\0"))

    async def _asked(self) -> tuple[int, bytes]:
        """Code and data of the next request of the server; what it merely tells is passed over."""
        await self.writer.drain()
        while True:
            kind, body = await read_message(self.reader)
            if kind == b"E":
                raise LoginRefused(body)
            if kind == b"R" and len(body) >= 4:
                return int.from_bytes(body[:4]), body[4:]
            if kind not in (b"N", b"v"):
                raise Malformed("It says what does not belong into a login.")

    def _failed(self, what: str, hint: str = "") -> EgressFailed:
        database = self.server.database
        return EgressFailed(
            f"The database at {database.host}:{database.port} {what}.",
            hint or "Look into the server's log.",
        )


def _md5(user: str, password: bytes, salt: bytes) -> bytes:
    if len(salt) != 4:
        raise Malformed("Its salt is none.")
    # The server asks for it; it proves little, and it is not us who chose it (docs/egress.md).
    inner = hashlib.md5(password + user.encode(), usedforsecurity=False).hexdigest().encode()
    return b"md5" + hashlib.md5(inner + salt, usedforsecurity=False).hexdigest().encode()


def _binding(writer: asyncio.StreamWriter) -> bytes | None:
    """The hash of the server's certificate (tls-server-end-point, RFC 5929, section 4.1).

    None where there is no TLS, or where the certificate's signature has no one hash (Ed25519).
    """
    connection = writer.get_extra_info("ssl_object")
    if connection is None:
        return None
    certificate = connection.getpeercert(binary_form=True)
    try:
        used = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None
    if used is None:
        return None
    name = "sha256" if used.name in ("md5", "sha1") else used.name
    return hashlib.new(name, certificate).digest()
