"""An open vault as a whole: its keys, and how it moves; ``vault`` has what is in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Self

from jupyter_agent.errors import RequestInvalid, VaultLocked
from jupyter_agent.folders import Folders
from jupyter_agent.vault.change import Change, Contents
from jupyter_agent.vault.file_source import FileSource
from jupyter_agent.vault.hardware_source import HardwareSource
from jupyter_agent.vault.key_source import BETTER, MEMORY, KeySource
from jupyter_agent.vault.keyring_source import KeyringSource
from jupyter_agent.vault.keys import KeyRing
from jupyter_agent.vault.ledger import Ledger
from jupyter_agent.vault.machine import Machine, this_machine
from jupyter_agent.vault.memory_source import MemorySource
from jupyter_agent.vault.opening import Opened, move_to_disk, open_ledger
from jupyter_agent.vault.provided_source import ProvidedSource

KEY_FILE: Final = "vault.key"
PROVIDED_FILE: Final = "vault.provided"
TPM_FILE: Final = "vault.tpm"

Advance = Callable[[bytes | None], bytes | None]
"""From what the vault keeps about the audit to what it shall keep, or to None: no change."""

_CHAIN: Final = ("audit", "chain")


def utc_now() -> datetime:
    """The time, with a zone."""
    return datetime.now(UTC)


class OpenVault:
    """Use ``OpenVault.open``.

    Args:
        folders: Of this person.
        opened: From ``opening.open_ledger``.
        clock: Says what time it is.
    """

    def __init__(
        self, folders: Folders, opened: Opened, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._folders = folders
        self._opened: Opened | None = opened
        self._keyring = opened.keyring
        self._note = opened.note
        self._clock = clock
        self._lock = threading.RLock()
        self._writes = 0

    @classmethod
    def open(  # noqa: PLR0913  (what is outside of a vault comes in here)
        cls,
        folders: Folders,
        *,
        key_source: str | None = None,
        keyring: KeyringSource | None = None,
        keyring_probe: Callable[[], bool] | None = None,
        provided: ProvidedSource | None = None,
        hardware: HardwareSource | None = None,
        machine: Machine | None = None,
        clock: Callable[[], datetime] = utc_now,
        accept_restored: bool = False,
    ) -> Self:
        """Open this person's vault with the key source it was made with, or make one.

        Args:
            folders: Of this person.
            key_source: The person's setting, or None. Setting ``file`` is the consent to it.
            keyring: How the system's keyring is reached.
            keyring_probe: Whether it works; only asked for a new vault without a setting.
            provided: What has come in from outside: a mounted key, or a passphrase.
            hardware: How the chip is reached.
            machine: The one we run on.
            clock: Says what time it is.
            accept_restored: Take an existing file as the newest, however old it is.

        Raises:
            VaultError: One of its kinds for each cause, see ``opening.open_ledger``.
        """
        keyring = keyring or KeyringSource()
        provided = provided or ProvidedSource(folders.state / PROVIDED_FILE)
        machine = machine or this_machine()
        sources: tuple[KeySource, ...] = (
            hardware or HardwareSource(folders.state / TPM_FILE),
            provided,
            keyring,
            FileSource(folders.state / KEY_FILE),
            MemorySource(),
        )
        opened = open_ledger(
            folders,
            key_source,
            keyring=KeyRing(sources, machine),
            key_is_provided=provided.works(),
            keyring_works=keyring_probe or keyring.works,
            machine=machine,
            accept_restored=accept_restored,
        )
        return cls(folders, opened, clock)

    @property
    def tier(self) -> str:
        """The name of the vault's key source."""
        return self._keyring.used.name

    @property
    def promise(self) -> str:
        """The one true sentence about that key source."""
        return self._keyring.used.promise

    @property
    def better(self) -> str:
        """How to get a better key source, or ""."""
        return BETTER[self.tier]

    @property
    def note(self) -> str:
        """What the person should know about a setting that was not followed, or ""."""
        return self._note

    @property
    def typed(self) -> bool:
        """Whether a person had to type something to open it."""
        used = self._keyring.used
        return isinstance(used, ProvidedSource) and used.typed

    @property
    def writes(self) -> int:
        """How often this process has changed something."""
        return self._writes

    def refresh(self) -> bytes:
        """Notice what other processes wrote; returns the store's id, which changes with its keys.

        Raises:
            VaultError: It can't be read, or does not authenticate.
        """
        with self._ledger() as ledger:
            ledger.refresh()
            return ledger.keys.store_id

    @contextmanager
    def together(self) -> Iterator[None]:
        """While entered, everything that is read is as it was at one moment. Not for writing.

        Raises:
            VaultError: It can't be read, or does not authenticate.
        """
        with self._ledger() as ledger, ledger.together():
            yield

    def source(self, name: str) -> KeySource:
        """The key source of this name.

        Raises:
            KeySourceUnavailable: There is none.
        """
        return self._keyring.source(name)

    def rekey(self, source: KeySource, *, chain: bytes | None = None) -> None:
        """Seal everything anew under new keys, whose secret this source keeps from now on.

        What the old source kept is dropped, so that older copies of the file are useless too.
        Killed at any point, the vault is wholly under the old keys or wholly under the new ones.

        Args:
            source: The vault's own, or another one: then the vault moves there.
            chain: The audit's record under the new keys; see ``chain``.

        Raises:
            RequestInvalid: A vault on a disk can't move into memory.
            VaultError: It could not be done; everything is as before.
        """
        also = {} if chain is None else {_CHAIN: chain}
        self._writes += 1
        with self._lock, self._ledger() as ledger:
            if MEMORY not in (self.tier, source.name):
                ledger.rekey(source, also)
            elif self.tier == source.name:
                ledger.rekey(source, also)  # both in memory
            elif self.tier == MEMORY:
                self._move_to_disk(ledger, source, also)
            else:
                raise RequestInvalid(
                    "A vault on a disk does not move into memory: it would be lost at the next "
                    "restart.",
                    "Export it, then begin anew: jupyter agent vault export, vault purge",
                )
            self._note = ""

    def _move_to_disk(self, ledger: Ledger, source: KeySource, also: Contents) -> None:
        contents = {**ledger.read_contents(), **also}
        opened = move_to_disk(self._folders, self._keyring, source, contents)
        if self._opened is not None:
            self._opened.store.close()
        self._opened = opened

    def chain(self) -> bytes | None:
        """What was last put down about the audit, as the broker wrote it, or None.

        Raises:
            VaultError: It can't be read, or does not authenticate.
        """
        with self._ledger() as ledger:
            return ledger.read(*_CHAIN)

    def check_everything(self) -> int:
        """Authenticate the store and open every record in it; returns how many there are.

        Raises:
            VaultError: Something is not as we wrote it.
        """
        with self._lock, self._ledger() as ledger:
            if self._opened is not None:
                self._opened.store.reread()
            return len(ledger.read_contents())

    def left_over(self) -> str:
        """The name of a file that holds an older key of this vault, or ""."""
        found = {"file": KEY_FILE, "provided": PROVIDED_FILE, "hardware": TPM_FILE}
        names = [name for tier, name in found.items() if tier != self.tier]
        return next((name for name in names if (self._folders.state / name).exists()), "")

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for something outside the store, the same as long as the keys are.

        Raises:
            VaultLocked: The vault was closed.
        """
        with self._ledger() as ledger:
            return ledger.keys.for_purpose(purpose)

    def close(self) -> None:
        """Close the file and let go of the keys."""
        with self._lock:
            if self._opened is not None:
                self._opened.store.close()
            self._opened = None

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        with self._lock:
            if self._opened is None:
                raise VaultLocked(
                    "The vault is closed.",
                    "Open it in the Secrets panel, or with: jupyter agent unlock",
                )
            yield self._opened.ledger

    @contextmanager
    def _change(self) -> Iterator[Change]:
        with self._ledger() as ledger:
            try:
                with ledger.change() as change:
                    yield change
            finally:
                self._writes += 1  # also where it failed halfway: counting too often harms nobody

    @staticmethod
    def _advance(change: Change, advance: Advance) -> None:
        """Let the broker put down how far the audit has got, within a write that happens anyway."""
        record = advance(change.read(*_CHAIN))
        if record is not None:
            change.put(*_CHAIN, record)
