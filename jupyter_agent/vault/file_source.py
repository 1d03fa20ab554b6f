"""The tier secret in a private file, by the person's consent: one file, not beside the store."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Final

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.folders import read_private, write_private
from jupyter_agent.vault.key_source import FILE
from jupyter_agent.vault.seal import KEY_BYTES


class FileSource:
    """See ``KeySource``.

    One secret serves every store made here: the store's id is in the key derivation, and a store
    that comes back from a backup still finds its key.

    Args:
        path: ``vault.key`` in the state folder.
    """

    name: Final = FILE
    promise: Final = (
        "A copy of the store file is useless without this machine's key; whoever copies the key "
        "file as well has both."
    )

    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self, store_id: bytes) -> bytes:
        """See ``KeySource``."""
        if read_private(self._path) is None:
            text = base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
            try:
                write_private(self._path, text)
            except OSError as error:
                raise KeySourceUnavailable(
                    f"The vault's key can't be written: {os.strerror(error.errno or 0)}.",
                    "Make room, or make the state folder writable.",
                ) from None
        # What is read back is what counts, whoever wrote it.
        return self.load(store_id)

    def load(self, store_id: bytes) -> bytes:  # noqa: ARG002  (one secret for every store)
        """See ``KeySource``.

        Raises:
            VaultUnsafe: The file is a link, somebody else's or open to others.
        """
        content = read_private(self._path)
        if content is None:
            raise KeySourceUnavailable(
                f"The vault's key file, {self._path.name}, is gone.",
                "Put it back from a backup of the state folder.",
            )
        try:
            secret = base64.b64decode(content.strip(), validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise KeySourceUnavailable(
                f"The vault's key file, {self._path.name}, is damaged.",
                "Put it back from a backup of the state folder.",
            )
        return secret
