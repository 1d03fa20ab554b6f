"""``lock``: a mark in the state folder that keeps the vault closed, also across restarts."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_agent import wire
from jupyter_agent.errors import VaultError, VaultLocked
from jupyter_agent.folders import read_private, write_private


class LockMark:
    """The mark of one vault.

    Args:
        path: ``locked`` in the state folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unwritten = False  # the disk would not take it: this process keeps to it all the same

    @property
    def is_set(self) -> bool:
        """Whether a person has locked the vault. Cheap, for the event loop."""
        return self._unwritten or os.path.lexists(self._path)

    def check(self) -> None:
        """Refuse if it is set.

        Raises:
            VaultLocked: It is.
            VaultUnsafe: The mark is a link, somebody else's or open to others.
        """
        if self._unwritten or read_private(self._path) is not None:
            raise locked()

    def set(self) -> VaultError | None:
        """Set it, in any case.

        Returns:
            What to tell the person where the disk would not take it, or None.
        """
        try:
            write_private(self._path, wire.timestamp().encode())
        except OSError as error:
            self._unwritten = True
            return VaultError(
                "The vault is locked, but that could not be written down: "
                f"{os.strerror(error.errno or 0)}.",
                "A broker that starts later would open it again: make the state folder writable, "
                "with room on its disk, then lock it again.",
            )
        self._unwritten = False
        return None

    def clear(self) -> None:
        """Take it away.

        Raises:
            VaultError: The state folder can't be written.
        """
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise VaultError(
                f"The vault stays locked: {os.strerror(error.errno or 0)}.",
                "Make the state folder writable, then unlock it again.",
            ) from None
        self._unwritten = False


def locked() -> VaultLocked:
    """The error for a vault that a person has locked."""
    return VaultLocked(
        "The vault is locked.", "Open it in the Secrets panel, or with: jupyter agent unlock"
    )
