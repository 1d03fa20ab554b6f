"""Whom egress believes besides this machine's own certificates: what a person has named."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

from jupyter_agent.egress.upstream import believe, check_certificates
from jupyter_agent.folders import read_private, write_private

FILE: Final = "egress-trust.pem"
"""In the state folder, so that no project and no kernel chooses whom egress believes."""


class Trust:
    """The certificates, read once and again after they were changed.

    Args:
        folder: The state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._contexts: dict[str, ssl.SSLContext] = {}

    async def context(self, alpn: str) -> ssl.SSLContext:
        """Whom to believe.

        Args:
            alpn: What is spoken inside TLS.

        Raises:
            EgressFailed: The file can't be read.
        """
        if alpn not in self._contexts:
            self._contexts[alpn] = await asyncio.to_thread(
                lambda: believe(read_private(self._path), alpn)
            )
        return self._contexts[alpn]

    async def name(self, certificates: str | None) -> None:
        """Believe these from now on, and none that were named before; None for none.

        Raises:
            RequestInvalid: Those are no certificates.
        """
        if certificates is None:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)
        else:
            check_certificates(certificates)
            await asyncio.to_thread(write_private, self._path, certificates.encode())
        self._contexts.clear()
