"""The tier secret in this process's memory: for containers with nothing better.

The store is kept in memory too (``Store.in_memory``). A file that nobody can ever open again after
a restart would only look like a vault.
"""

from __future__ import annotations

import secrets
from typing import Final

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.vault.key_source import MEMORY
from jupyter_agent.vault.seal import KEY_BYTES


class MemorySource:
    """See ``KeySource``."""

    name: Final = MEMORY
    promise: Final = (
        "Secrets and their key are only in the broker's memory: nothing is on disk, and all is "
        "gone when the broker ends."
    )

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def make(self, store_id: bytes, *, fresh: bool = False) -> bytes:  # noqa: ARG002
        """See ``KeySource``."""
        return self._kept.setdefault(store_id, secrets.token_bytes(KEY_BYTES))

    def load(self, store_id: bytes) -> bytes:
        """See ``KeySource``."""
        try:
            return self._kept[store_id]
        except KeyError:
            raise KeySourceUnavailable(
                "The key of this vault was in the memory of a process that has ended.",
                "Save the secrets again.",
            ) from None

    def forget(self, store_id: bytes, *, fresh: bool = False) -> None:  # noqa: ARG002
        """See ``KeySource``."""
        self._kept.pop(store_id, None)
