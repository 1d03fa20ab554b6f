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
    """The certificates, looked at anew for each way: another broker may have changed them.

    Args:
        folder: The state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._contexts: dict[str, tuple[bytes | None, ssl.SSLContext]] = {}

    async def context(self, alpn: str) -> ssl.SSLContext:
        """Whom to believe.

        Args:
            alpn: What is spoken inside TLS.

        Raises:
            EgressFailed: They can't be used.
            VaultUnsafe: The file can't be read, or is not ours alone.
        """
        named = await asyncio.to_thread(read_private, self._path)
        if alpn not in self._contexts or self._contexts[alpn][0] != named:
            self._contexts[alpn] = named, await asyncio.to_thread(believe, named, alpn)
        return self._contexts[alpn][1]

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
