"""Every value that is stored, opened, and what recognises them in texts.

Read again whenever the vault was written to, by whomever, and built again only when a value has
changed. Held in memory only, and dropped when the vault is locked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.stamps import Stamp
from jupyter_agent.errors import AgentError, LabelNotFound, PassphraseRequired, VaultLocked
from jupyter_agent.scrub import Fingerprints, Others, Scrubber, too_short
from jupyter_agent.scrub.matcher import Matcher

if TYPE_CHECKING:
    from jupyter_agent.vault.meta import Meta
    from jupyter_agent.vault.vault import Vault

_MOST_SCRUBBERS: Final = 16


@dataclass(frozen=True)
class Values:
    """What is stored, and what recognises it; each is made when it is first needed.

    Attributes:
        strong: Label → value, those that are too hard to guess to be given away by an answer.
        weak: Label → value, the others.
        kinds: Label → kind.
        name: The same as long as they are the same. Says nothing about them.
    """

    strong: dict[str, bytes] = field(repr=False)
    weak: dict[str, bytes] = field(repr=False)
    kinds: dict[str, str]
    name: str

    def assigned(self, label: str) -> str:
        """A line that says whose value it is; screened for its vendor, and never shown."""
        value = self.strong.get(label) or self.weak.get(label) or b""
        return f"{label}={value.decode(errors='replace')}"

    def label_of(self, label: str, then: Values) -> str:
        """The label that a value has now, or "" where it is stored no longer.

        Args:
            label: The one that it had.
            then: What was stored at that time.
        """
        value = then._all.get(label)
        if value is None or self._all.get(label) == value:
            return label
        return next((each for each, other in self._all.items() if other == value), "")

    @property
    def _all(self) -> dict[str, bytes]:
        return {**self.strong, **self.weak}

    @cached_property
    def short(self) -> frozenset[str]:
        """Labels of values of which no encoding is looked for in output."""
        return frozenset(too_short(self.weak))

    @cached_property
    def matcher(self) -> Matcher:
        """Recognises them whatever they look like."""
        from jupyter_agent.vault.strength import estimated_bits  # noqa: PLC0415  (see ``safe``)

        bits = {label: estimated_bits(value) for label, value in self.strong.items()}
        return Matcher(self.strong, bits, self.weak)

    @cached_property
    def others(self) -> Others:
        """Replaces the strong ones in the output of runs that they were not granted to."""
        return Others(self.strong)

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """Recognise the strong ones where no value may be."""
        return Fingerprints.of(self.strong)


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """The values as they were at one time.

    Attributes:
        stamp: Of the vault, when they were read; None if it was written to meanwhile.
        digest: Tells whether they have changed.
        values: They.
    """

    stamp: Stamp | None
    digest: bytes
    values: Values


class OpenedValues:
    """The values that are stored now.

    Args:
        safe: Holds them.
    """

    def __init__(self, safe: Safe) -> None:
        self._safe = safe
        self._building = asyncio.Lock()
        self._opened: Opened | None = None
        self._watchers: set[asyncio.Event] = set()
        self._digest_key = secrets.token_bytes(32)
        self._scrubbers: dict[tuple[str, ...], tuple[dict[str, bytes], Scrubber]] = {}

    def forget(self) -> None:
        """Drop every value: the vault was locked."""
        self._opened = None
        self.changed()

    def changed(self) -> None:
        """Have everybody who watches look again; something was written."""
        self._scrubbers = {}
        for watcher in self._watchers:
            watcher.set()

    async def watch(self) -> AsyncIterator[Values | AgentError | None]:
        """What is stored, now and after each change; an error while that can't be told."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            while True:
                changed.clear()
                try:
                    values: Values | AgentError | None = await self.current()
                except AgentError as error:
                    values = error
                yield values
                await changed.wait()
        finally:
            self._watchers.discard(changed)

    async def current(self) -> Values | None:
        """The values that are stored now; None where there are none.

        Raises:
            AgentError: The vault is locked or can't be opened.
        """
        stamp = self._safe.stamp()
        opened = self._opened
        if opened is not None and opened.stamp == stamp:
            return opened.values
        async with self._building:
            stamp = self._safe.stamp()
            if stamp is None:
                self._opened = None
            elif self._opened is None or self._opened.stamp != stamp:
                self._opened = await self._read()
            return None if self._opened is None else self._opened.values

    def scrubber(self, values: dict[str, bytes]) -> Scrubber:
        """What replaces the values that a run was granted; kept, because making it takes a while.

        Args:
            values: Label → value, as they were just read.

        Returns:
            One to take siblings of.
        """
        labels = tuple(values)
        made = self._scrubbers.get(labels)
        if made is None or made[0] != values:
            if len(self._scrubbers) >= _MOST_SCRUBBERS:
                self._scrubbers = {}
            made = self._scrubbers[labels] = (values, Scrubber(values))
        return made[1]

    async def recognising(self) -> Values | None:
        """As ``current``; what recognises them in a text is made off the loop.

        Raises:
            AgentError: The vault is locked or can't be opened.
        """
        values = await self.current()
        if values is not None and "matcher" not in vars(values):
            await asyncio.to_thread(getattr, values, "matcher")
        return values

    async def for_output(self) -> Values | None:
        """What is looked for in the output of every run.

        None where nothing is open: a run that uses no secret needs no vault, and can't have printed
        what was never opened.

        Raises:
            AgentError: The vault can't be opened.
        """
        try:
            return await self.current()
        except (VaultLocked, PassphraseRequired):  # a person has closed it, or has yet to open it
            return None

    async def _read(self) -> Opened:
        await self._safe.use(lambda _vault: None)  # opening it makes another stamp
        before = self._safe.stamp()
        stored = await self._safe.use(_everything)
        opened = _opened(stored, self._digest_key, self._opened)
        if opened is not self._opened:
            self.changed()
        # Somebody may have written, or locked, meanwhile. Then the next text has it read again.
        after = self._safe.stamp()
        return replace(opened, stamp=before if before == after else None)


def _everything(vault: Vault) -> list[tuple[Meta, bytes]]:
    found = []
    for meta in vault.list():
        with suppress(LabelNotFound):  # removed by another process meanwhile
            found.append((meta, vault.get(meta.label).reveal()))
    return found


def _opened(stored: list[tuple[Meta, bytes]], key: bytes, before: Opened | None) -> Opened:
    digest = blake2b(key=key)
    for meta, value in stored:
        for part in (meta.label.encode(), meta.kind.encode(), value):
            digest.update(len(part).to_bytes(4, "big") + part)
    if before is not None and before.digest == digest.digest():
        return before  # something else was written: a use, a grant
    values = Values(
        strong={meta.label: value for meta, value in stored if not meta.weak},
        weak={meta.label: value for meta, value in stored if meta.weak},
        kinds={meta.label: meta.kind for meta, _ in stored},
        name=secrets.token_hex(8),
    )
    return Opened(None, digest.digest(), values)
