"""Sealed records that the broker writes and reads, by id: grants, allowances, and profiles' keys.

What is in them is the broker's business; the vault keeps them whole and secret.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final

from jupyter_agent.vault.change import Change
from jupyter_agent.vault.ledger import Ledger

_GRANT: Final = "grant"
_ALLOWANCE: Final = "allowance"
_PROFILE: Final = "profile"
_POLICY: Final = ("policy", "grants")


Records = Mapping[str, bytes | None]
"""Id → the new record, or None to remove it."""
Decide = Callable[[Mapping[str, bytes], bytes | None], tuple[Records, bytes | None]]
"""From every grant by its id, and what ``policy`` says, to what is to be changed of both; None for
the latter where it stays."""


class Papers(ABC):
    """The part of a vault that keeps them. Every method raises ``VaultError`` where it fails."""

    def grants(self) -> list[bytes]:
        """Every grant, as it was put, by id."""
        return self._papers(_GRANT)

    def put_grant(self, grant_id: str, record: bytes) -> None:
        """Keep a grant, in place of the one with the same id.

        Args:
            grant_id: Names it; it stands in the file as it is.
            record: Sealed.
        """
        self._put(_GRANT, grant_id, record)

    def remove_grant(self, grant_id: str) -> bool:
        """Remove a grant. Returns whether there was one."""
        return self._remove(_GRANT, grant_id)

    def policy(self) -> bytes | None:
        """What was put last about all grants together, or None."""
        with self._ledger() as ledger:
            return ledger.read(*_POLICY)

    def change_grants(self, decide: Decide) -> None:
        """Change grants, and the record about all of them, by what they are: all in one write.

        Another process may change them, too, so who has read them before knows what they were.

        Args:
            decide: What it raises undoes the write.
        """
        with self._change() as change:
            standing = {name: change.read(_GRANT, name) for name in sorted(change.names(_GRANT))}
            there = {name: record for name, record in standing.items() if record is not None}
            records, policy = decide(there, change.read(*_POLICY))
            for grant_id, record in records.items():
                if record is None:
                    change.remove(_GRANT, grant_id)
                else:
                    change.put(_GRANT, grant_id, record)
            if policy is not None:
                change.put(*_POLICY, policy)

    def allowances(self) -> list[bytes]:
        """Every allowance, as it was put, by id."""
        return self._papers(_ALLOWANCE)

    def put_allowance(self, allowance_id: str, record: bytes) -> None:
        """Keep an allowance.

        Args:
            allowance_id: Names it; it stands in the file as it is.
            record: Sealed.
        """
        self._put(_ALLOWANCE, allowance_id, record)

    def remove_allowance(self, allowance_id: str) -> bool:
        """Remove an allowance. Returns whether there was one."""
        return self._remove(_ALLOWANCE, allowance_id)

    def profile_key(self, name: str, fresh: bytes | None = None) -> bytes | None:
        """What a browser's profile that is kept is sealed with, or None.

        Args:
            name: The profile's; it stands in the file as it is.
            fresh: Kept as its key, if it has none.
        """
        with self._ledger() as ledger:
            key = ledger.read(_PROFILE, name)
        if key is None and fresh is not None:
            with self._change() as change:
                key = change.read(_PROFILE, name)  # another process may have been faster
                if key is None:
                    change.put(_PROFILE, name, fresh)
                    key = fresh
        return key

    def forget_profile(self, name: str) -> bool:
        """Drop a profile's key, for good. Returns whether there was one."""
        return self._remove(_PROFILE, name)

    @abstractmethod
    def _ledger(self) -> AbstractContextManager[Ledger]: ...

    @abstractmethod
    def _change(self) -> AbstractContextManager[Change]: ...

    def _papers(self, kind: str) -> list[bytes]:
        with self._ledger() as ledger:
            return list(ledger.read_all(kind).values())

    def _put(self, kind: str, name: str, record: bytes) -> None:
        with self._change() as change:
            change.put(kind, name, record)

    def _remove(self, kind: str, name: str) -> bool:
        with self._change() as change:
            was_there = name in change.names(kind)
            change.remove(kind, name)
        return was_there
