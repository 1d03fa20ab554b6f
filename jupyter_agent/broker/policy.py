"""All grants together: read, changed, and counted, so that no answer outlives what it answered.

Each change of the grants gets a number; so does the last one that took something away. Who is asked
under one number and answers under another is believed only if nothing was taken away in between.
Uses that are counted down are no change.

Several brokers may have one vault open. So each change is decided on inside the write that makes
it, by what the grants are then: what one broker takes back, another one must not put there again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_agent.broker.grants import Grant

if TYPE_CHECKING:
    from jupyter_agent.vault.papers import Records
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
        return cls.read(vault.policy())

    @classmethod
    def read(cls, record: bytes | None) -> Policy:
        """What a vault keeps."""
        return cls() if record is None else cls(**json.loads(record))

    def holds(self, version: int) -> bool:
        """Whether what was asked under this version may still be answered."""
        return version >= self.narrowed


def all_grants(vault: Vault) -> list[Grant]:
    """Every grant and deny rule of a vault."""
    return [Grant.from_record(record) for record in vault.grants()]


Changed = Mapping[str, Grant | None]
"""Id → the grant as it is from now on, or None: it is taken back."""


def add(
    vault: Vault,
    grants: Iterable[Grant],
    now: datetime,
    check: Callable[[Sequence[Grant], Policy], None] = lambda _grants, _policy: None,
) -> None:
    """Keep new grants, and drop those whose time is over.

    Args:
        vault: Open.
        grants: The new ones.
        now: An aware datetime.
        check: Raises where they may not be kept, given those that there are.
    """
    new = list(grants)

    def decide(standing: Sequence[Grant], policy: Policy) -> tuple[Changed, bool]:
        check(standing, policy)
        over = [
            old.id
            for old in standing
            if old.until is not None and datetime.fromisoformat(old.until) <= now
        ]
        changed = dict.fromkeys(over) | {grant.id: grant for grant in new}
        return changed, any(grant.deny for grant in new)

    _write(vault, decide)


def spend(vault: Vault, decide: Callable[[Sequence[Grant], Policy], Iterable[Grant]]) -> None:
    """Count uses down, which is no change.

    Args:
        vault: Open.
        decide: From what there is to the grants that were used, as they are from now on.
    """

    def work(records: Mapping[str, bytes], record: bytes | None) -> tuple[Records, bytes | None]:
        used = decide([*map(Grant.from_record, records.values())], Policy.read(record))
        return {grant.id: grant.record() for grant in used}, None

    vault.change_grants(work)


def remove(vault: Vault, ids: Iterable[str]) -> list[str]:
    """Take grants back.

    Returns:
        Which of them there were.
    """
    wanted = set(ids)
    gone: list[str] = []

    def decide(standing: Sequence[Grant], _policy: Policy) -> tuple[Changed, bool]:
        gone[:] = [grant.id for grant in standing if grant.id in wanted]
        return dict.fromkeys(gone), True

    if any(grant.id in wanted for grant in all_grants(vault)):  # nothing is written for nothing
        _write(vault, decide)
    return gone


def remove_all(vault: Vault) -> int:
    """Take every grant back; what is denied stays denied. Returns how many there were."""
    return len(remove(vault, [grant.id for grant in all_grants(vault) if not grant.deny]))


def forget_label(vault: Vault, label: str) -> None:
    """Drop what is permitted and denied about a label that is about to mean something else."""
    remove(vault, [grant.id for grant in all_grants(vault) if grant.label == label])


def _write(vault: Vault, decide: Callable[[Sequence[Grant], Policy], tuple[Changed, bool]]) -> None:
    """Change grants; ``decide`` also says whether that narrows what is permitted."""

    def work(records: Mapping[str, bytes], record: bytes | None) -> tuple[Records, bytes | None]:
        was = Policy.read(record)
        changed, narrows = decide([*map(Grant.from_record, records.values())], was)
        version = was.version + 1
        now = Policy(version, version if narrows else was.narrowed)
        written = {each: None if g is None else g.record() for each, g in changed.items()}
        return written, json.dumps(asdict(now)).encode()

    vault.change_grants(work)
