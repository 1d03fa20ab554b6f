"""What a person can ask of the vault as a whole (docs/protocol.md, section 1)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker import files
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.offers import Offers
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.trail import act
from jupyter_agent.broker.vault_checks import every_check
from jupyter_agent.errors import PassphraseRequired, RequestInvalid, VaultError
from jupyter_agent.secret import Secret

if TYPE_CHECKING:  # loading them is for the first use (see ``safe``)
    from jupyter_agent.vault.key_source import KeySource
    from jupyter_agent.vault.portable import Entry
    from jupyter_agent.vault.vault import Vault

_PASSPHRASE: Final = "VAULT_PASSPHRASE"  # noqa: S105  (a label)
_PLAN_LASTS: Final = timedelta(minutes=5)


class VaultOperations:
    """The table of operations on the whole vault.

    Args:
        safe: Vault and audit.
        end_runs: Ends every run.
        changed: Tells whoever watches: ``secrets``, ``grants`` or ``vault``.
        withdraw: Denies what persons are being asked.
    """

    def __init__(
        self,
        safe: Safe,
        end_runs: Callable[[], Awaitable[None]],
        changed: Callable[[str], None],
        withdraw: Callable[[], None],
    ) -> None:
        self._safe = safe
        self._end_runs = end_runs
        self._changed = changed
        self._withdraw = withdraw
        # Apart from the offers for secrets: an entry for one is none for the other.
        self._offers = Offers()
        self._plan: tuple[str, datetime, list[Entry]] | None = None
        self.table: dict[str, Operation] = {
            name: for_persons(operation)
            for name, operation in {
                "unlock": self._unlock,
                "vault.offer": self._offer,
                "vault.create": self._create,
                "vault.move": self._move,
                "vault.verify": self._verify,
                "vault.export": self._export,
                "vault.import": self._import,
                "vault.merge": self._merge,
                "vault.accept_restored": self._accept_restored,
                "vault.purge": self._purge,
            }.items()
        }

    async def _offer(self, ask: Ask) -> wire.Message:
        origin = wire.text(ask.message, "origin", "")
        return {"offer": self._offers.make(_PASSPHRASE, origin, replace=False).to_json()}

    async def _unlock(self, ask: Ask) -> wire.Message:
        from jupyter_agent.vault.passphrase import Work  # noqa: PLC0415

        work = Work.chosen(ask.message.get("memory"))  # of a vault that is made now
        await self._safe.unlock(self._safe.provided(passphrase=self._passphrase(ask), work=work))
        self._changed("vault")
        return {}

    async def _create(self, ask: Ask) -> wire.Message:
        """Make the vault at the key source that a person named; naming `file` is the consent."""
        from jupyter_agent.vault.passphrase import Work  # noqa: PLC0415

        if self._safe.exists:
            raise RequestInvalid(
                "There is a vault already, and it keeps its key source.",
                "Move it: jupyter agent vault move",
            )
        work = Work.chosen(ask.message.get("memory"))
        provided = self._safe.provided(passphrase=self._passphrase(ask), work=work)
        before, chosen = self._safe.key_source, wire.text(ask.message, "key_source")
        self._safe.take_settings({"key_source": chosen})
        try:
            await self._safe.unlock(provided)
            await self._safe.use(lambda vault: _check_tier(vault, chosen))
        except BaseException:
            # What could not be had is not insisted on: the next one may choose another place.
            self._safe.take_settings({"key_source": before})
            raise
        self._changed("vault")
        return {"vault": await self._safe.status()}

    async def _move(self, ask: Ask) -> wire.Message:
        """Give the vault new keys, at another place or at the same one."""
        from jupyter_agent.vault.passphrase import Work  # noqa: PLC0415

        to = wire.optional_text(ask.message, "to")
        key_file = wire.optional_text(ask.message, "key_file")
        passphrase = self._passphrase(ask)
        work = Work.chosen(ask.message.get("memory"))

        def choose(vault: Vault) -> KeySource:
            name = to or vault.tier
            if name != "provided":
                return vault.source(name)
            if vault.typed and passphrase is None and key_file is None:
                raise PassphraseRequired(
                    "New keys need the passphrase: the same one, or a new one.",
                    "Type it in a terminal: jupyter agent vault rekey",
                    data={"new": True},
                )
            return self._safe.provided(
                passphrase=passphrase,
                key_file=files.absolute(key_file) if key_file else None,
                work=work,
            )

        await self._safe.rekey(choose)
        await self._safe.record(act(f"vault move {to}" if to else "vault rekey", []))
        self._changed("vault")
        return {"vault": await self._safe.status()}

    async def _verify(self, _ask: Ask) -> wire.Message:
        return {"checks": await every_check(self._safe)}

    async def _export(self, ask: Ask) -> wire.Message:
        from jupyter_agent.vault.passphrase import Work, check_new  # noqa: PLC0415
        from jupyter_agent.vault.portable import seal_export  # noqa: PLC0415

        path = files.absolute(wire.text(ask.message, "path"))
        labels = ask.message.get("labels")
        passphrase = self._needed(ask)
        check_new(passphrase)
        work = Work.chosen(ask.message.get("memory"))
        wanted = [str(label) for label in labels] if isinstance(labels, list) else None

        def export(vault: Vault) -> list[str]:
            entries = vault.entries(wanted)
            files.write_new(path, seal_export(entries, passphrase, work))
            labels = [entry.meta.label for entry in entries]
            with suppress(VaultError):  # the file is there; at worst a reminder comes too early
                vault.note_export(labels)
            return labels

        exported = await self._safe.use(export)
        await self._safe.record(act("vault export", exported))
        self._changed("vault")
        return {"exported": exported}

    async def _import(self, ask: Ask) -> wire.Message:
        """Open an export and say what merging it would do; nothing is changed yet."""
        from jupyter_agent.vault.portable import MAX_FILE, open_export  # noqa: PLC0415

        path = files.absolute(wire.text(ask.message, "path"))
        passphrase = self._needed(ask)

        def look(vault: Vault) -> tuple[list[Entry], list[dict[str, Any]]]:
            entries = open_export(files.read(path, MAX_FILE), passphrase)
            return entries, vault.compare(entries)

        entries, plan = await self._safe.use(look)
        self._plan = (secrets.token_hex(8), datetime.now(UTC), entries)
        # Values are in it: it is not kept for longer than it can be carried out.
        loop = asyncio.get_running_loop()
        loop.call_later(_PLAN_LASTS.total_seconds(), self._drop, self._plan[0])
        return {"import": self._plan[0], "plan": plan}

    async def _merge(self, ask: Ask) -> wire.Message:
        plan, self._plan = self._plan, None
        if (
            plan is None
            or plan[0] != wire.text(ask.message, "import")
            or not timedelta(0) <= datetime.now(UTC) - plan[1] <= _PLAN_LASTS
        ):
            raise RequestInvalid(
                "That plan was carried out already, or is too old.", "Import the file again."
            )
        entries, replace = plan[2], ask.message.get("replace") is True
        imported = await self._safe.use(lambda vault: vault.merge(entries, replace=replace))
        await self._safe.record(act("vault import", imported))
        self._changed("secrets")
        return {"imported": imported}

    async def _accept_restored(self, ask: Ask) -> wire.Message:
        if await self._safe.keeps_memory():  # closing it would destroy every secret
            raise RequestInvalid(
                "The vault is in the broker's memory, and no copy of it can have been put back.",
                "Let it outlive the broker: jupyter agent vault move",
            )
        await self._safe.accept_restored(self._safe.provided(passphrase=self._passphrase(ask)))
        self._withdraw()
        await self._safe.record(act("vault accept-restored", []))
        for what in ("vault", "secrets", "grants"):
            self._changed(what)
        return {"vault": await self._safe.status()}

    async def _purge(self, _ask: Ask) -> wire.Message:
        self._plan = None
        await self._safe.purge(self._end_runs)
        self._withdraw()
        for what in ("vault", "secrets", "grants"):
            self._changed(what)
        return {}

    def forget(self) -> None:
        """Drop the plan of an import, and the values in it: the vault is being locked."""
        self._plan = None

    def _drop(self, plan: str) -> None:
        if self._plan is not None and self._plan[0] == plan:
            self._plan = None

    def _passphrase(self, ask: Ask) -> Secret | None:
        sealed = ask.message.get("passphrase")
        if not isinstance(sealed, dict):
            return None
        secret, _ = self._offers.redeem(
            kid=wire.text(sealed, "kid"),
            ticket=wire.text(sealed, "ticket"),
            label=_PASSPHRASE,
            origin=wire.text(sealed, "origin", ""),
            sealed=wire.data(sealed, "sealed"),
        )
        return secret

    def _needed(self, ask: Ask) -> Secret:
        passphrase = self._passphrase(ask)
        if passphrase is None:
            raise PassphraseRequired("An export needs a passphrase.", "Type it in a terminal.")
        return passphrase


def _check_tier(vault: Vault, chosen: str) -> None:
    """Refuse where there was a vault in memory already, with secrets in it."""
    if vault.tier != chosen:
        raise RequestInvalid(
            "Secrets are kept in memory already.",
            f"Take them along: jupyter agent vault move {chosen}",
        )
