"""What every kind of way has in common, whatever is spoken on it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Protocol

from jupyter_agent.egress.warden import Warden


class Speaker(Protocol):
    """Speaks one protocol with every caller of an endpoint."""

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, admitted: bool
    ) -> None:
        """Serve one connection until it ends.

        Args:
            reader: From the caller.
            writer: To it.
            admitted: Whether its program may use this way. One that may not shall read why, and
                get nothing.

        Raises:
            OSError: The caller hung up, or does not speak the protocol.
        """
        ...

    def close(self) -> None:
        """Let go of what is kept between connections."""
        ...


class Kind(Protocol):
    """One way that was asked for: for whose value, where to, and how.

    Attributes:
        label: Whose value, as a person names it.
        labels: All whose values are used, that one first.
        title: What a person calls the place it leads to.
        library: The variables of ``variables`` that libraries read by themselves.
        revoke: Where such a value is taken back, or "".
    """

    @property
    def label(self) -> str: ...  # noqa: D102  (said above)

    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def library(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def revoke(self) -> str: ...  # noqa: D102

    @property
    def origin(self) -> str:
        """Where it leads, as grants and the audit write it: ``https://api.example.com``.

        Or "" where each use says so for itself, and is permitted for itself.
        """
        ...

    @property
    def said(self) -> bool:
        """Whether whoever asks has said where to.

        Else it stands in the value, and is told to nobody who has no permission.
        """
        ...

    @property
    def place(self) -> str:
        """Where the value goes there, in words."""
        ...

    @property
    def alpn(self) -> str | None:
        """What is spoken inside TLS (RFC 7301); None where the other side proves nothing."""
        ...

    def variables(self, port: int, placeholder: str) -> Mapping[str, str]:
        """What a program's variables shall be.

        Args:
            port: Ours, on 127.0.0.1.
            placeholder: What stands for the value.
        """
        ...

    def forms(self, values: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """What is scrubbed from all that comes back, by the label of its marker.

        Args:
            values: As they are stored; a part of one may be a secret of its own.
        """
        ...

    def speaker(
        self, placeholder: bytes, warden: Warden, context: ssl.SSLContext | None
    ) -> Speaker:
        """Who serves this way.

        Args:
            placeholder: What opens it.
            warden: Decides about each use.
            context: Whom to believe; None where nothing has to be proved.
        """
        ...
