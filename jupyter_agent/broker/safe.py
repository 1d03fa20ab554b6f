"""The open vault, its audit, and the one thread in which both are used.

The vault is opened when it is first needed. `lock` closes it until a person says `unlock`, also
across restarts: a program that kills the broker must not get it open again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_agent import wire
from jupyter_agent.broker import vault_state
from jupyter_agent.broker.locking import LockMark, locked
from jupyter_agent.broker.stamps import Stamp, stamp_of
from jupyter_agent.broker.trail import Trail
from jupyter_agent.broker.uses import Uses
from jupyter_agent.errors import AgentError, ConsentRequired, PassphraseRequired
from jupyter_agent.folders import Folders

if TYPE_CHECKING:  # loading it costs 50 ms, which is for the first use and not for the start
    from jupyter_agent.secret import Secret
    from jupyter_agent.vault.key_source import KeySource
    from jupyter_agent.vault.keyring_source import KeyringSource
    from jupyter_agent.vault.passphrase import Work
    from jupyter_agent.vault.provided_source import ProvidedSource
    from jupyter_agent.vault.vault import Vault

T = TypeVar("T")
_FLUSH_AFTER: Final = 1.0
"""Seconds for which uses are collected before they are written in one transaction."""


class Safe:
    """The vault for everything in this process.

    Args:
        folders: Where it lies.
        uses_written: Called when counted uses have been written.
    """

    def __init__(self, folders: Folders, uses_written: Callable[[], None] = lambda: None) -> None:
        self._folders = folders
        self._uses_written = uses_written
        self._mark = LockMark(folders.state / "locked")
        # One thread: sqlite's connection belongs to it, and the loop never waits for a disk.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._vault: Vault | None = None
        self._trail: Trail | None = None
        self._trail_of = b""  # the store's id, which is another one after new keys
        self._settings: dict[str, str] = {}
        self._consent_wanted: ConsentRequired | None = None
        self._uses = Uses()
        self._recorded = False  # something that the vault does not know of yet
        self._flush: asyncio.TimerHandle | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a vault on disk."""
        return self._folders.has_vault

    @property
    def key_source(self) -> str:
        """Where a person wants the key of a new vault, or ""."""
        return self._settings.get("key_source", "")

    def take_settings(self, settings: object) -> None:
        """Remember what a person wants for a vault that is yet to be made."""
        if isinstance(settings, dict):
            self._settings.update({k: v for k, v in settings.items() if isinstance(v, str)})

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
        if self._mark.is_set:
            raise locked()
        vault = self._vault
        own = (id(vault), vault.writes) if vault is not None else (0, 0)
        written = stamp_of(self._folders.data / "vault.db")
        if written is None:
            return None if vault is None else own
        return (*own, *written)

    async def use_with_trail(self, work: Callable[[Vault, Trail], T]) -> T:
        """Run something with the open vault and its audit, to which it adds events.

        Raises:
            AgentError: What ``use`` raises.
            OSError: The audit can't be written.
        """
        outcome = await self.use(lambda vault: work(vault, self._trail_for(vault)))
        self._recorded = True
        self._flush_later()
        return outcome

    async def record(self, event: dict[str, Any], exact: str | None = None) -> None:
        """Add an event to the audit.

        Args:
            event: Without any value.
            exact: The command as it was run. Not it, but its keyed hash is written down.

        Raises:
            OSError: It can't be written.
        """

        def work() -> None:
            # A run that `lock` is ending still gets its last line.
            trail = self._trail_for(self._vault or self._opened())
            more = {} if exact is None else {"command_hash": trail.keyed_hash(exact)}
            trail.append({**event, **more})

        await self._in_thread(work)
        self._recorded = True
        self._flush_later()

    async def read_audit(self, work: Callable[[Trail, bytes | None], T]) -> T:
        """Run something with the record of uses and what the vault keeps about it."""

        def with_trail() -> tuple[Trail, bytes | None]:
            vault = self._opened()
            return self._trail_for(vault), vault.chain()

        # Reading takes a while, and the vault's thread is what runs wait for. The head was put down
        # before, so what is read is never shorter than it says.
        return await asyncio.to_thread(work, *await self._in_thread(with_trail))

    def count_use(self, labels: list[str]) -> None:
        """Count a use of each label; written a little later, all together."""
        self._uses.count(labels, wire.timestamp())
        self._flush_later()

    async def status(self) -> dict[str, Any]:
        """What there is to say about the vault, without making one."""

        def work() -> dict[str, Any]:
            if self._mark.is_set:
                return vault_state.without_vault("locked")
            try:
                if self._vault is None and not self.exists:
                    return vault_state.absent(self._folders, self._consent_wanted)
                return vault_state.of(self._opened())
            except PassphraseRequired as error:  # nothing is wrong with it
                return vault_state.without_vault("closed", error)
            except AgentError as error:
                return vault_state.without_vault("error", error)

        return await self._in_thread(work)

    async def lock(self, end_runs: Callable[[], Awaitable[None]]) -> None:
        """Close the vault until ``unlock``.

        A vault that lives in memory stays there, or locking would destroy every secret; nobody
        gets at it before ``unlock`` all the same.

        Args:
            end_runs: Called when nothing new can start any more, before the keys are dropped.

        Raises:
            VaultError: It is closed, but the next broker would open it again.
        """
        await self._write_uses()
        unwritten = await self._in_thread(self._mark.set)
        try:
            await end_runs()
        finally:
            await self._write_uses()  # the last lines of those runs
            if not await self.keeps_memory():
                await self._in_thread(self._close_vault)
        if unwritten is not None:
            raise unwritten

    async def unlock(self, provided: ProvidedSource | None = None) -> None:
        """Let the vault be opened again, and open it.

        Args:
            provided: With what a person has typed, if it needs that.

        Raises:
            PassphraseRequired: It needs one, or another one.
            AgentError: It can't be opened.
        """

        def work() -> None:
            self._mark.clear()
            if self._vault is not None and vault_state.needs_opening_anew(self._vault):
                self._close_vault()
            if self.exists or self.key_source == "provided":
                self._opened(provided)

        await self._in_thread(work)

    async def rekey(self, choose: Callable[[Vault], KeySource]) -> None:
        """Give the vault new keys.

        Args:
            choose: Says which key source keeps them from now on; may raise.

        Raises:
            AgentError: It could not be done; everything is as before.
        """
        await self._write_uses()

        def work() -> None:
            from jupyter_agent.vault.provided_source import ProvidedSource  # noqa: PLC0415

            vault = self._opened()
            source = choose(vault)
            try:
                vault.rekey(source, chain=self._trail_for(vault).handed_over(vault.chain()))
            finally:
                if isinstance(source, ProvidedSource):
                    source.let_go()

        await self._in_thread(work)

    async def accept_restored(self, provided: ProvidedSource) -> None:
        """Open the vault and take it, and its audit, as the newest there is.

        Args:
            provided: As in ``unlock``.

        Raises:
            AgentError: It can't be opened for another reason than its age.
        """

        def work() -> None:
            self._close_vault()
            vault = self._opened(provided, accept_restored=True)
            vault.record_uses({}, self._trail_for(vault).accepted)

        await self._in_thread(work)

    async def purge(self, end_runs: Callable[[], Awaitable[None]]) -> None:
        """Destroy the vault, its keys and its audit, whatever state they are in.

        Args:
            end_runs: Called before the keys are dropped.

        Raises:
            AgentError: Something is still there.
        """
        await end_runs()

        def work() -> None:
            from jupyter_agent.vault.purging import purge  # noqa: PLC0415  (see the top)

            self._close_vault()
            self._uses.take()
            purge(self._folders, self._keyring(), self.provided())
            self._mark.clear()

        await self._in_thread(work)

    def provided(
        self,
        *,
        passphrase: Secret | None = None,
        key_file: Path | None = None,
        work: Work | None = None,
    ) -> ProvidedSource:
        """What comes in from outside, as the person named it.

        Args:
            passphrase: What they have typed.
            key_file: The file they chose for a new key.
            work: What guessing a new passphrase shall cost.
        """
        from jupyter_agent.broker import sources  # noqa: PLC0415  (see the top)

        return sources.provided(
            self._folders, self._settings, passphrase=passphrase, key_file=key_file, work=work
        )

    async def must_stay(self) -> bool:
        """Whether the vault can't be opened again without a person, or at all."""
        return await self._in_thread(
            lambda: self._vault is not None and (self._vault.tier == "memory" or self._vault.typed)
        )

    async def keeps_memory(self) -> bool:
        """Whether the vault's key is lost when this process ends."""
        tier = await self._in_thread(lambda: self._vault and self._vault.tier)
        return tier == "memory"

    async def close(self) -> None:
        """Write what is to be written and drop the keys."""
        with contextlib.suppress(AgentError, OSError):
            await self._write_uses()
        await self._in_thread(self._close_vault)
        self._thread.shutdown()

    def _opened(
        self, provided: ProvidedSource | None = None, *, accept_restored: bool = False
    ) -> Vault:
        self._mark.check()
        if self._vault is not None and self._chose_otherwise(self._vault):
            self._close_vault()
        if self._vault is None:
            from jupyter_agent.vault.vault import Vault  # noqa: PLC0415  (see the top)

            provided = provided or self.provided()
            try:
                self._vault = Vault.open(
                    self._folders,
                    key_source=self.key_source or None,
                    keyring=self._keyring(),
                    provided=provided,
                    accept_restored=accept_restored,
                )
            except ConsentRequired as error:
                self._consent_wanted = error  # the status says so
                raise
            provided.let_go()
        return self._vault

    def _keyring(self) -> KeyringSource:
        from jupyter_agent.broker import sources  # noqa: PLC0415  (see the top)

        return sources.keyring(self._settings)

    def _trail_for(self, vault: Vault) -> Trail:
        """The record of uses of the open vault, which another broker may have given new keys."""
        store_id = vault.refresh()
        if self._trail is None or store_id != self._trail_of:
            # A file for each vault: what one vault has written, another's key can't verify. That
            # goes for the memory tier too, where every broker has a vault of its own.
            first = f"audit-{vault.derive('audit name')[:4].hex()}.jsonl"
            self._trail = Trail(
                self._folders.state, vault.chain(), first=first, key=vault.derive("audit")
            )
            self._trail_of = store_id
        return self._trail

    def _chose_otherwise(self, vault: Vault) -> bool:
        """Whether a person wants another key source than an empty vault in memory.

        In a container the first caller, whoever it is, gets such a vault. It must not stand in the
        way of what a person says later, as long as nothing is in it.
        """
        wanted = self.key_source not in ("", "memory")
        return wanted and vault.tier == "memory" and not vault.list()

    def _close_vault(self) -> None:
        if self._vault is not None:
            self._vault.close()
        self._vault = self._trail = None

    def _flush_later(self) -> None:
        if self._flush is None:
            loop = asyncio.get_running_loop()
            self._flush = loop.call_later(
                _FLUSH_AFTER, lambda: loop.create_task(self._write_uses())
            )

    async def _write_uses(self) -> None:
        """Write counted uses, and how far the audit has got."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        uses = self._uses.take()
        recorded, self._recorded = self._recorded, False
        if not uses and not recorded:
            return

        def work() -> None:
            # Not `_opened`: also while `lock` ends the last runs.
            if self._vault is not None:
                self._vault.record_uses(uses, self._trail_for(self._vault).advance)

        try:
            await self._in_thread(work)
        except (AgentError, OSError) as error:
            self._recorded = recorded  # with the next use, or when this process ends
            if not (isinstance(error, AgentError) and error.data.get("done")):
                self._uses.give_back(uses)
        if uses:
            self._uses_written()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
