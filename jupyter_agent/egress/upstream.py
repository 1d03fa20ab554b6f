"""Connections to a service: verified TLS, kept open between requests."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from typing import Final

import h11

from jupyter_agent.egress.connection import READ, Connection
from jupyter_agent.egress.route import Origin
from jupyter_agent.errors import EgressFailed, RequestInvalid

_CONNECT_SECONDS: Final = 30.0
_MOST_IDLE: Final = 16
_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
_NOTHING_SENT: Final = (
    "Nothing was sent. Check the network, and try again. The broker goes there straight, by no "
    "proxy."
)


def why_not(error: OSError) -> str:
    """Why a connection did not come about, in the system's own words.

    asyncio writes addresses into them, and where a host has several, makes one error without a
    number out of those of all.

    Args:
        error: What connecting raised.
    """
    number = _NUMBER.search(str(error))
    return os.strerror(int(number[1])) if number else error.strerror or type(error).__name__


def who_it_is(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, as the end of a sentence.

    Args:
        error: What the handshake raised.
    """
    return f"{error.verify_message.rstrip('.')}."


def believe(more: bytes | None, alpn: str) -> ssl.SSLContext:
    """How a service proves who it is: by the certificates that this machine trusts.

    Blocks: reading a machine's certificates takes some tenths of a second.

    Args:
        more: Further ones, in PEM, that the person has named.
        alpn: What is spoken inside TLS.

    Raises:
        EgressFailed: They can't be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([alpn])
    try:
        if more is not None:
            context.load_verify_locations(cadata=more.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise EgressFailed(
            "The certificates to trust can't be read.", "See: jupyter agent egress --help"
        ) from None
    return context


def check_certificates(pem: str) -> None:
    """Return if that is a file of certificates.

    Raises:
        RequestInvalid: It is not.
    """
    try:
        ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise RequestInvalid("Those are no certificates.", "PEM, one after the other.") from None


class Upstream:
    """The connections to one origin.

    Args:
        origin: Where they lead.
        context: Whom to believe; None for http.
    """

    def __init__(self, origin: Origin, context: ssl.SSLContext | None) -> None:
        assert (origin.scheme == "https") == (context is not None)  # noqa: S101  (no TLS, no https)
        self._origin = origin
        self._context = context
        self._idle: list[Connection] = []

    async def take(self) -> tuple[Connection, bool]:
        """A connection, and whether it was used before.

        Raises:
            EgressFailed: The service can't be reached, or is not who it should be.
        """
        while self._idle:
            connection = self._idle.pop()
            if not connection.gone and not connection.spoke_unasked:
                return connection, True
            connection.abort()
        return await self.connect(), False

    async def connect(self) -> Connection:
        """A new connection.

        Raises:
            EgressFailed: As in ``take``.
        """
        host, port = self._origin.host, self._origin.port
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(
                    host, port, ssl=self._context, limit=READ
                )
        except ssl.SSLCertVerificationError as error:
            raise EgressFailed(
                f"{self._origin} could not prove who it is: {who_it_is(error)}",
                "Nothing was sent. If it has a certificate of your own: "
                "jupyter agent egress --trust FILE",
            ) from None
        except ssl.SSLError:
            raise EgressFailed(
                f"{self._origin} could not begin TLS.",
                "Nothing was sent. If it speaks http, that is for a server on this machine: "
                "--host http://127.0.0.1:8000",
            ) from None
        except TimeoutError:
            raise EgressFailed(
                f"{self._origin} did not answer within {_CONNECT_SECONDS:g} seconds.",
                _NOTHING_SENT,
            ) from None
        except OSError as error:
            raise EgressFailed(
                f"{self._origin} can't be reached: {why_not(error)}.", _NOTHING_SENT
            ) from None
        return Connection(h11.CLIENT, reader, writer)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request, if it is good for one."""
        good = not connection.gone and not connection.spoke_unasked
        if len(self._idle) < _MOST_IDLE and good and connection.again():
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Let go of all of them."""
        for connection in self._idle:
            connection.abort()
        self._idle.clear()


class Upstreams:
    """The connections to all origins of one way.

    Args:
        context: Whom to believe; None where every origin is a server on this machine.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._open: dict[Origin, Upstream] = {}

    def to(self, origin: Origin) -> Upstream:
        """Those to one."""
        if origin not in self._open:
            context = self._context if origin.scheme == "https" else None
            self._open[origin] = Upstream(origin, context)
        return self._open[origin]

    def close(self) -> None:
        """Let go of all of them."""
        for upstream in self._open.values():
            upstream.close()
