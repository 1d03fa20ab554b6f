"""The open vault, its audit, and the one thread in which both are used.

The vault is opened when it is first needed. `lock` closes it until a person says `unlock`, also
across restarts: a program that kills the broker must not get it open again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_agent import wire
from jupyter_agent.broker.audit import Audit
from jupyter_agent.broker.grants import Grant
from jupyter_agent.errors import AgentError, VaultLocked
from jupyter_agent.folders import Folders, read_private, write_private

if TYPE_CHECKING:  # loading it costs 50 ms, which is for the first use and not for the start
    from jupyter_agent.vault.vault import Vault

T = TypeVar("T")
Stamp = tuple[int, ...]
_FLUSH_AFTER: Final = 1.0
"""Seconds for which uses are collected before they are written in one transaction."""

_CLOCK_TICK: Final = 20_000_000
"""Nanoseconds; file systems stamp with the kernel's clock, which ticks every 1 to 10 ms."""


class Safe:
    """The vault for everything in this process.

    Args:
        folders: Where it lies.
        uses_written: Called when counted uses have been written.
    """

    def __init__(self, folders: Folders, uses_written: Callable[[], None] = lambda: None) -> None:
        self._folders = folders
        self._uses_written = uses_written
        self._locked = folders.state / "locked"
        # One thread: sqlite's connection belongs to it, and the loop never waits for a disk.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._vault: Vault | None = None
        self._audit: Audit | None = None
        self._settings: dict[str, str] = {}
        self._uses: dict[str, tuple[int, str]] = {}
        self._flush: asyncio.TimerHandle | None = None

    def take_settings(self, settings: object) -> None:
        """Remember what a person wants for a vault that is yet to be made."""
        if isinstance(settings, dict):
            known = {k: v for k, v in settings.items() if isinstance(v, str)}
            self._settings.update(known)

    async def use(self, work: Callable[[Vault], T]) -> T:
        """Run something with the open vault, in its thread.

        Raises:
            VaultLocked: A person has locked it.
            AgentError: It can't be opened, or what the work raises.
        """
        return await self._in_thread(lambda: work(self._opened()))

    def stamp(self) -> Stamp | None:
        """What changes whenever the vault is opened, closed or written to, by whomever.

        Cheap, for the event loop: two calls that only ask for a file's state. None where nothing is
        stored.

        Raises:
            VaultLocked: A person has locked it.
        """
        if os.path.lexists(self._locked):
            raise _is_locked()
        vault = self._vault
        own = (id(vault), vault.writes) if vault is not None else (0, 0)
        try:
            info = (self._folders.data / "vault.db").stat()
        except OSError:
            return own if vault is not None else None
        # Another process may write twice within a tick of the file's clock; as long as that could
        # be, no two stamps are the same.
        settled = time.time_ns() - info.st_mtime_ns > _CLOCK_TICK
        tick = 0 if settled else time.monotonic_ns()
        return (*own, info.st_ino, info.st_size, info.st_mtime_ns, tick)

    async def grants(self) -> list[Grant]:
        """Every grant."""
        return await self.use(lambda vault: [Grant.from_record(r) for r in vault.grants()])

    async def record(self, event: dict[str, Any]) -> None:
        """Add an event to the audit.

        Raises:
            OSError: It can't be written.
        """

        def work() -> None:
            # A run that `lock` is ending still gets its last line.
            if self._audit is None:
                self._opened()
            assert self._audit is not None  # noqa: S101  (set where the vault is opened)
            self._audit.append(event)

        await self._in_thread(work)

    async def read_audit(self, work: Callable[[Audit], T]) -> T:
        """Run something with the audit."""

        def with_audit() -> T:
            self._opened()
            assert self._audit is not None  # noqa: S101  (set where the vault is opened)
            return work(self._audit)

        return await self._in_thread(with_audit)

    def count_use(self, labels: list[str]) -> None:
        """Count a use of each label; written a little later, all together."""
        now = wire.timestamp()
        for label in labels:
            self._uses[label] = (self._uses.get(label, (0, now))[0] + 1, now)
        if self._flush is None:
            loop = asyncio.get_running_loop()
            self._flush = loop.call_later(
                _FLUSH_AFTER, lambda: loop.create_task(self._write_uses())
            )

    async def status(self) -> dict[str, Any]:
        """What there is to say about the vault, without making one."""

        def work() -> dict[str, Any]:
            if self._locked.exists():
                return _state("locked")
            exists = (self._folders.data / "vault.db").exists()
            if self._vault is None and not exists:
                return _state("absent")
            try:
                vault = self._opened()
            except AgentError as error:
                return _state("error", error=error.to_json())
            return _state("open", tier=vault.tier, promise=vault.promise, note=vault.note)

        return await self._in_thread(work)

    async def lock(self, end_runs: Callable[[], Awaitable[None]]) -> None:
        """Close the vault until ``unlock``.

        A vault that lives in memory stays there, or locking would destroy every secret; nobody
        gets at it before ``unlock`` all the same.

        Args:
            end_runs: Called when nothing new can start any more, before the keys are dropped.
        """
        await self._write_uses()
        await self._in_thread(lambda: write_private(self._locked, wire.timestamp().encode()))
        try:
            await end_runs()
        finally:
            if not await self.keeps_memory():
                await self._in_thread(self._close_vault)

    async def unlock(self) -> None:
        """Let the vault be opened again, and open it.

        Raises:
            AgentError: It can't be opened.
        """

        def work() -> None:
            self._locked.unlink(missing_ok=True)
            if (self._folders.data / "vault.db").exists():
                self._opened()

        await self._in_thread(work)

    async def keeps_memory(self) -> bool:
        """Whether the vault's key is lost when this process ends."""
        return await self._in_thread(
            lambda: self._vault is not None and self._vault.tier == "memory"
        )

    async def close(self) -> None:
        """Write what is to be written and drop the keys."""
        with contextlib.suppress(AgentError, OSError):
            await self._write_uses()
        await self._in_thread(self._close_vault)
        self._thread.shutdown()

    def _opened(self) -> Vault:
        if read_private(self._locked) is not None:
            raise _is_locked()
        if self._vault is not None and self._chose_otherwise(self._vault):
            self._close_vault()
        if self._vault is None:
            from jupyter_agent.vault import keyring_source  # noqa: PLC0415  (see the top)
            from jupyter_agent.vault.vault import Vault  # noqa: PLC0415  (see the top)

            # The way to the session bus as the person named it: our own environment is fixed.
            environ = {"DBUS_SESSION_BUS_ADDRESS": self._settings.get("dbus_address", "")}
            self._vault = Vault.open(
                self._folders,
                key_source=self._settings.get("key_source") or None,
                keyring=keyring_source.KeyringSource(
                    bus=lambda: keyring_source.session_bus(environ)
                ),
            )
            # A file for each vault: what one vault has written, another's key can't verify. That
            # goes for the memory tier too, where every broker has a vault of its own.
            name = f"audit-{self._vault.derive('audit name')[:4].hex()}.jsonl"
            self._audit = Audit(self._folders.state / name, self._vault.derive("audit"))
        return self._vault

    def _chose_otherwise(self, vault: Vault) -> bool:
        """Whether a person wants another key source than an empty vault in memory.

        In a container the first caller, whoever it is, gets such a vault. It must not stand in the
        way of what a person says later, as long as nothing is in it.
        """
        chosen = self._settings.get("key_source")
        return vault.tier == "memory" and chosen not in (None, "memory") and not vault.list()

    def _close_vault(self) -> None:
        if self._vault is not None:
            self._vault.close()
        self._vault = self._audit = None

    async def _write_uses(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        uses, self._uses = self._uses, {}
        if uses:
            with contextlib.suppress(AgentError):  # a label removed meanwhile needs no count
                await self.use(lambda vault: vault.record_uses(uses))
            self._uses_written()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _is_locked() -> VaultLocked:
    return VaultLocked(
        "The vault is locked.", "Open it in the Secrets panel, or with: jupyter agent unlock"
    )


def _state(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, "tier": None, "promise": None, "note": None, "error": None, **more}
