"""The tier secret in a private file, by the person's consent: one file, not beside the store."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Final

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.folders import clear_unfinished, read_private, sync_folder, write_private
from jupyter_agent.vault.key_source import FILE
from jupyter_agent.vault.seal import KEY_BYTES

_ANY: Final = b""
"""The key of stores that have no line of their own; its line is the key alone."""


class FileSource:
    """See ``KeySource``.

    The first secret serves every store made here: the store's id is in the key derivation, and a
    store that comes back from a backup still finds its key. A store that was given new keys has a
    line of its own, its id before the key.

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

    def make(self, store_id: bytes, *, fresh: bool = False) -> bytes:
        """See ``KeySource``."""
        keys = self._read() or {}
        owner = store_id if fresh else _ANY
        if owner not in keys and store_id not in keys:
            self._write(keys | {owner: secrets.token_bytes(KEY_BYTES)})
        # What is read back is what counts, whoever wrote it.
        return self.load(store_id)

    def load(self, store_id: bytes) -> bytes:
        """See ``KeySource``.

        Raises:
            VaultUnsafe: The file is a link, somebody else's or open to others.
        """
        keys = self._read()
        key = None if keys is None else keys.get(store_id, keys.get(_ANY))
        if key is None:
            raise KeySourceUnavailable(
                f"The vault's key file, {self._path.name}, is gone.",
                "Put it back from a backup of the state folder.",
            )
        return key

    def forget(self, store_id: bytes, *, fresh: bool = False) -> None:
        """See ``KeySource``."""
        clear_unfinished(self._path)
        keys = self._read()
        if keys is None:
            return
        owner = store_id if fresh or store_id in keys else _ANY
        if keys.pop(owner, None) is None:
            return
        if keys:
            self._write(keys)
            return
        self._path.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    def _read(self) -> dict[bytes, bytes] | None:
        content = read_private(self._path)
        if content is None:
            return None
        try:
            keys = dict(_line(line) for line in content.splitlines())
        except ValueError:  # binascii.Error is one
            keys = {}
        if not keys:
            raise KeySourceUnavailable(
                f"The vault's key file, {self._path.name}, is damaged.",
                "Put it back from a backup of the state folder.",
            )
        return keys

    def _write(self, keys: dict[bytes, bytes]) -> None:
        lines = [
            b" ".join(filter(None, (owner.hex().encode(), base64.b64encode(key)))) + b"\n"
            for owner, key in keys.items()
        ]
        try:
            clear_unfinished(self._path)
            write_private(self._path, b"".join(lines))
        except OSError as error:
            raise KeySourceUnavailable(
                f"The vault's key can't be written: {os.strerror(error.errno or 0)}.",
                "Make room, or make the state folder writable.",
            ) from None


def _line(line: bytes) -> tuple[bytes, bytes]:
    owner, _, text = line.strip().rpartition(b" ")
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise binascii.Error("not a key")
    return bytes.fromhex(owner.decode("ascii")), key
