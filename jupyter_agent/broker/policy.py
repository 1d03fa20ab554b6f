"""All grants together: read, changed, and counted, so that no answer outlives what it answered.

Each change of the grants gets a number; so does the last one that took something away. Who is asked
under one number and answers under another is believed only if nothing was taken away in between.
Uses that are counted down are no change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_agent.broker.grants import Grant

if TYPE_CHECKING:
    from jupyter_agent.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Policy:
    """How far the grants have got.

    Attributes:
        version: The number of the last change.
        narrowed: The number of the last deny rule or revocation.
    """

    version: int = 0
    narrowed: int = 0

    @classmethod
    def of(cls, vault: Vault) -> Policy:
        """A vault's."""
        record = vault.policy()
        return cls() if record is None else cls(**json.loads(record))

    def holds(self, version: int) -> bool:
        """Whether what was asked under this version may still be answered."""
        return version >= self.narrowed


def all_grants(vault: Vault) -> list[Grant]:
    """Every grant and deny rule of a vault."""
    return [Grant.from_record(record) for record in vault.grants()]


def add(vault: Vault, grants: Iterable[Grant], now: datetime) -> None:
    """Keep new grants, and drop those whose time is over.

    Args:
        vault: Open.
        grants: The new ones.
        now: An aware datetime.
    """
    new = list(grants)
    over = [
        old.id
        for old in all_grants(vault)
        if old.until is not None and datetime.fromisoformat(old.until) <= now
    ]
    _write(
        vault,
        dict.fromkeys(over) | {grant.id: grant.record() for grant in new},
        narrows=any(grant.deny for grant in new),
    )


def remove(vault: Vault, ids: Iterable[str]) -> list[str]:
    """Take grants back.

    Returns:
        Which of them there were.
    """
    there = {grant.id for grant in all_grants(vault)}
    gone = [each for each in ids if each in there]
    if gone:
        _write(vault, dict.fromkeys(gone), narrows=True)
    return gone


def remove_all(vault: Vault) -> int:
    """Take every grant back; what is denied stays denied. Returns how many there were."""
    return len(remove(vault, [grant.id for grant in all_grants(vault) if not grant.deny]))


def forget_label(vault: Vault, label: str) -> None:
    """Drop what is permitted and denied about a label that is about to mean something else."""
    remove(vault, [grant.id for grant in all_grants(vault) if grant.label == label])


def _write(vault: Vault, records: dict[str, bytes | None], *, narrows: bool) -> None:
    was = Policy.of(vault)
    version = was.version + 1
    now = Policy(version, version if narrows else was.narrowed)
    vault.change_grants(records, json.dumps(asdict(now)).encode())
