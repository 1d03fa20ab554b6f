"""What can be asked of the broker, by whom (docs/protocol.md, section 1)."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import __version__, wire
from jupyter_agent.broker import files, policy
from jupyter_agent.broker.agent_operations import AgentOperations, for_agent, narrowed
from jupyter_agent.broker.agents import Agents
from jupyter_agent.broker.approvals import Approvals
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.audit_operations import AuditOperations
from jupyter_agent.broker.callers import refuse_runs, require
from jupyter_agent.broker.desktops import Desktops
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.exposures import Exposures
from jupyter_agent.broker.grant_operations import GrantOperations
from jupyter_agent.broker.guard_operations import GuardOperations
from jupyter_agent.broker.installed import Installed
from jupyter_agent.broker.kept_profiles import KeptProfiles
from jupyter_agent.broker.kernels import Kernels
from jupyter_agent.broker.offers import Offers
from jupyter_agent.broker.opened import OpenedValues
from jupyter_agent.broker.permission import Permission
from jupyter_agent.broker.reasons import Reasons
from jupyter_agent.broker.run_operations import RunOperations
from jupyter_agent.broker.runs import Runs
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.secret_requests import SecretRequests
from jupyter_agent.broker.vault_operations import VaultOperations
from jupyter_agent.broker.ways import Ways
from jupyter_agent.errors import BrokerRefused, LabelTaken, RequestInvalid
from jupyter_agent.secret import MAX_VALUE, Secret, check_label, without_line_end

if TYPE_CHECKING:
    from jupyter_agent.vault.meta import Meta
    from jupyter_agent.vault.vault import Vault

_DESCRIBED: Final = ("kind", "note", "expires", "rotate_every")


class Operations:
    """The table of operations and what they work with.

    Args:
        data: The folder in which the vault lies.
        state: The folder for what a person has chosen.
        safe: Vault and audit.
        values: Every value.
        exposures: Remembers where one was seen.
        approvals: Reaches persons.
        permission: Says yes or no.
        executables: Looks programs up.
        runs: Carries commands out.
        kernels: The registered ones.
        agents: The registered ones.
        reasons: Prepares what agents say about why.
        started: When the broker came up, RFC 3339 UTC.
        installed: What it was started from.
    """

    def __init__(  # noqa: PLR0913  (the broker's rooms)
        self,
        *,
        data: Path,
        state: Path,
        safe: Safe,
        values: OpenedValues,
        exposures: Exposures,
        approvals: Approvals,
        permission: Permission,
        executables: Executables,
        runs: Runs,
        kernels: Kernels,
        agents: Agents,
        reasons: Reasons,
        started: str,
        installed: Installed,
    ) -> None:
        self._safe = safe
        self._values = values
        self._exposures = exposures
        self._approvals = approvals
        self._permission = permission
        self._runs = runs
        self._kernels = kernels
        self._started = started
        self._installed = installed
        self._offers = Offers()
        self._grants = GrantOperations(safe, approvals, permission, executables, self._changed)
        self._guards = GuardOperations(safe, values, exposures, permission, self._changed)
        self._whole_vault = VaultOperations(safe, self._end_uses, self._changed, approvals.withdraw)
        self._ways = Ways(state, safe, permission, self._changed)
        table: dict[str, Operation] = {
            "status": self._status,
            "lock": for_persons(self._lock),
            "secret.offer": self._offer,
            "secret.save": self._save,
            "secret.save_file": self._save_file,
            "secret.list": self._list,
            "secret.show": self._show,
            "secret.rename": self._rename,
            "secret.remove": self._remove,
            "secret.describe": for_persons(self._describe),
            "secret.exposed": for_persons(self._exposed),
            **self._guards.table,
            **{name: for_persons(op) for name, op in self._grants.table.items()},
            **self._ways.table,
            "kernel.register": for_persons(self._register),
            "kernel.forget": for_persons(self._forget),
            "kernel.above": for_persons(self._above),
            **Desktops(kernels, reasons, safe).table,
            **KeptProfiles(data / "desktop", safe).table,
            **RunOperations(runs, self._changed).table,
            **AuditOperations(safe).table,
            **self._whole_vault.table,
            **AgentOperations(agents, safe, self._changed).table,
            **SecretRequests(safe, approvals, reasons).table,
        }
        self.table: Mapping[str, Operation] = {
            name: narrowed(name, operation, agents) for name, operation in table.items()
        }

    # -- the broker itself

    @property
    def ways(self) -> int:
        """How many ways out are open."""
        return len(self._ways)

    async def _status(self, _ask: Ask) -> wire.Message:
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started": self._started,
            "protocol": max(wire.PROTOCOLS),
            "vault": await self._safe.status(),
            "runs": len(self._runs),
            "ways": self.ways,
            "approvers": self._approvals.watchers,
            "memory": _resident_bytes(),
            "replaced": self._installed.is_replaced(),
        }

    async def _lock(self, _ask: Ask) -> wire.Message:
        ended = len(self._runs)
        self._whole_vault.forget()
        try:
            await self._safe.lock(self._end_uses)
        finally:
            self._guards.forget()
        self._changed("vault")
        return {"ended": ended}

    async def _end_uses(self) -> None:
        await self._ways.end_all()
        await self._runs.end_all()

    # -- secrets

    async def _offer(self, ask: Ask) -> wire.Message:
        label = wire.text(ask.message, "label")
        replace = ask.message.get("replace") is True
        if replace:
            # A kernel seals as well as a page does; it could put a value of its own in place of
            # a person's, so that what is there is only ever replaced by a person.
            require(ask.caller, "person")
        offer = self._offers.make(label, wire.text(ask.message, "origin", ""), replace=replace)
        if not replace:
            known = await self._safe.use(lambda vault: [meta.label for meta in vault.list()])
            if label in known:
                raise LabelTaken(
                    f"A secret is already stored under {label}.",
                    "Choose another label, or replace it in the Secrets panel or with: "
                    f"jupyter agent secret replace {label}",
                )
        return {"offer": offer.to_json()}

    async def _save(self, ask: Ask) -> wire.Message:
        message = ask.message
        secret, replace = self._offers.redeem(
            kid=wire.text(message, "kid"),
            ticket=wire.text(message, "ticket"),
            label=wire.text(message, "label"),
            origin=wire.text(message, "origin", ""),
            sealed=wire.data(message, "sealed"),
        )
        exposed = message.get("exposed")
        note = wire.text(message, "note", "")
        if ask.caller.role == "agent":  # its page served the form: a person shall see whose it was
            note = f"Entered in a page of the agent {ask.caller.agent}."
        meta = await self._safe.use(
            lambda vault: vault.put(
                secret,
                kind=wire.text(message, "kind", ""),
                note=note,
                expires=wire.optional_text(message, "expires"),
                rotate_every=message.get("rotate_every"),
                exposed=_place(exposed) if exposed else None,
                replace=replace,
            )
        )
        self._approvals.fulfil(meta.label)
        self._changed("secrets")
        return {"secret": await self._advised(ask, meta)}

    async def _save_file(self, ask: Ask) -> wire.Message:
        """Save what a file holds, byte for byte: no kernel has to read it."""
        label, path = check_label(wire.text(ask.message, "label")), wire.text(ask.message, "path")
        where = files.absolute(path)
        known = await self._safe.use(lambda vault: [meta.label for meta in vault.list()])
        if label in known:
            raise LabelTaken(
                f"A secret is already stored under {label}.",
                f"Replace it in a terminal: jupyter agent secret replace {label} --file PATH",
            )
        if ask.caller.role != "person":
            change = {"op": "save_file", "label": label, "to": path}
            command = shlex.join(["jupyter", "agent", "secret", "set", label, "--file", path])
            await self._permission.for_change(ask.caller, change, command, ask.emit)
        # Only now: what a file holds, and even whether it is there, is nothing for who asks.
        secret = Secret(label, without_line_end(files.read(where, MAX_VALUE + 2)))
        meta = await self._safe.use(
            lambda vault: vault.put(secret, kind=wire.text(ask.message, "kind", ""))
        )
        self._approvals.fulfil(label)
        self._changed("secrets")
        return {"secret": await self._advised(ask, meta)}

    async def _list(self, ask: Ask) -> wire.Message:
        metas = await self._safe.use(lambda vault: vault.list())
        return {"secrets": [await self._advised(ask, meta) for meta in metas]}

    async def _show(self, ask: Ask) -> wire.Message:
        label = wire.text(ask.message, "label")
        meta = await self._safe.use(lambda vault: vault.meta(label))
        about = [g.to_json() for g in await self._safe.use(policy.all_grants) if g.label == label]
        return {"secret": await self._advised(ask, meta), "grants": about}

    async def _advised(self, ask: Ask, meta: Meta) -> wire.Message:
        """As ``_shown``, with what follows from the value itself.

        Where it can be revoked, if it was seen somewhere; and for persons, whether it is too short
        to be recognised encoded. Others would have less to guess.
        """
        shown = _shown(meta)
        if ask.caller.role == "agent":
            return for_agent(shown)
        shown["revoke"] = await self._exposures.revoke_page(meta.label) if meta.exposed else ""
        if ask.caller.role == "person":
            values = await self._values.current() if meta.weak else None
            shown["short"] = values is not None and meta.label in values.short
        return shown

    async def _rename(self, ask: Ask) -> wire.Message:
        label, to = wire.text(ask.message, "label"), wire.text(ask.message, "to")
        await self._ask_for_change(ask, {"op": "rename", "label": label, "to": to})
        meta = await self._safe.use(lambda vault: _forget(vault, label, to))
        self._approvals.withdraw(label)
        self._ways.withdraw(label)
        self._changed("secrets")
        self._changed("grants")
        assert meta is not None  # noqa: S101  (a rename answers with it)
        return {"secret": _shown(meta)}

    async def _remove(self, ask: Ask) -> wire.Message:
        label = wire.text(ask.message, "label")
        await self._ask_for_change(ask, {"op": "remove", "label": label})
        await self._safe.use(lambda vault: _forget(vault, label))
        self._approvals.withdraw(label)
        self._ways.withdraw(label)
        self._changed("secrets")
        self._changed("grants")
        return {}

    async def _ask_for_change(self, ask: Ask, change: dict[str, str]) -> None:
        label = change["label"]
        await self._safe.use(lambda vault: vault.meta(label))  # an unknown label asks nobody
        if ask.caller.role == "person":
            return
        words = ["jupyter", "agent", "secret", change["op"], label]
        command = shlex.join([*words, change["to"]] if "to" in change else words)
        await self._permission.for_change(ask.caller, change, command, ask.emit)

    async def _describe(self, ask: Ask) -> wire.Message:
        label = wire.text(ask.message, "label")
        changes: dict[str, Any] = {
            name: ask.message[name] for name in _DESCRIBED if name in ask.message
        }
        if any(not isinstance(changes.get(name, ""), str) for name in ("kind", "note")):
            raise RequestInvalid("Kind and note are texts.")
        if not isinstance(changes.get("expires"), str | None):
            raise RequestInvalid("A time is a text.")
        meta = await self._safe.use(lambda vault: vault.describe(label, changes))
        self._changed("secrets")
        return {"secret": _shown(meta)}

    async def _exposed(self, ask: Ask) -> wire.Message:
        label = wire.text(ask.message, "label")
        place = _place(ask.message)
        meta = await self._safe.use(lambda vault: vault.mark_exposed(label, **place))
        self._changed("secrets")
        return {"secret": await self._advised(ask, meta)}

    # -- kernels

    async def _register(self, ask: Ask) -> wire.Message:
        self._kernels.register(ask.message)
        return {}

    async def _forget(self, ask: Ask) -> wire.Message:
        self._kernels.forget(wire.text(ask.message, "kernel_id"))
        return {}

    async def _above(self, ask: Ask) -> wire.Message:
        """Whether any of these processes runs below a kernel or a run."""
        pids = ask.message.get("pids")
        if not isinstance(pids, list) or not all(isinstance(pid, int) for pid in pids):
            raise RequestInvalid('"pids" is a list of numbers.')
        return {"below": any(self._is_below(pid) for pid in pids)}

    def _is_below(self, pid: int) -> bool:
        try:
            line = refuse_runs(pid, -1)
        except BrokerRefused:
            return True
        return self._kernels.above(line) is not None

    def _changed(self, what: str) -> None:
        if what == "vault":
            self._guards.forget()  # it recognises what was in the vault as it was
        elif what == "secrets":
            self._values.changed()
        elif what == "grants":
            self._ways.reconsider()
        self._approvals.tell({"event": "changed", "what": what})


def _shown(meta: Meta) -> wire.Message:
    return meta.shown(datetime.now(UTC))


def _forget(vault: Vault, label: str, to: str | None = None) -> Meta | None:
    """Remove a label, or rename it, and drop its grants first.

    A grant names a label; what comes to stand under that label later is another secret. Should we
    be killed in between, a grant is gone too early, and never lives too long.
    """
    vault.meta(label)  # an unknown label says so
    if to is not None:
        _check_free(vault, to)
    policy.forget_label(vault, label)
    if to is not None:
        return vault.rename(label, to)
    vault.remove(label)
    return None


def _check_free(vault: Vault, label: str) -> None:
    if check_label(label) in [meta.label for meta in vault.list()]:
        raise LabelTaken(f"A secret is already stored under {label}.", "Choose another label.")


def _place(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise RequestInvalid('"exposed" says where and in which notebook.')
    return {"where": wire.text(value, "where"), "notebook": wire.text(value, "notebook", "")}


def _resident_bytes() -> int:
    if sys.platform != "linux":
        from jupyter_agent.processes import elsewhere  # noqa: PLC0415  (psutil: not on Linux)

        return elsewhere.resident_bytes()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
