"""What persons may ask about grants and approvals (docs/protocol.md, section 1)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from jupyter_agent import spawn, wire
from jupyter_agent.broker import grants, policy
from jupyter_agent.broker.approvals import ANSWERS, Answer, Approvals, Kind
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permission import Permission
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.way_grants import as_ways_are_named
from jupyter_agent.errors import RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.broker.ask import Ask, Operation
    from jupyter_agent.vault.vault import Vault


class GrantOperations:
    """The operations ``grant.…`` and ``approval.…``.

    Args:
        safe: Holds the grants.
        approvals: The open questions.
        permission: Remembers what was refused.
        executables: Looks programs up.
        changed: Called when the grants are others.
    """

    def __init__(
        self,
        safe: Safe,
        approvals: Approvals,
        permission: Permission,
        executables: Executables,
        changed: Callable[[str], None],
    ) -> None:
        self._safe = safe
        self._approvals = approvals
        self._permission = permission
        self._executables = executables
        self._changed = changed
        # The caller lets nobody but persons in.
        self.table: Mapping[str, Operation] = {
            "grant.add": self._add,
            "grant.list": self._list,
            "grant.refused": self._refused,
            "grant.remove": self._remove,
            "grant.revoke_all": self._revoke_all,
            "approval.watch": self._watch,
            "approval.list": self._list_approvals,
            "approval.answer": self._answer,
        }

    async def _add(self, ask: Ask) -> wire.Message:
        message = as_ways_are_named(ask.message)
        new = grants.new_grant(message, id=secrets.token_hex(8), created=wire.timestamp())
        # The programs that are meant are those of whoever grants: their PATH, their folder.
        path = wire.text(message, "path", spawn.FIXED_PATH)
        here = new.cwd or wire.text(message, "here", "/")

        def work(vault: Vault) -> tuple[Grant, list[Grant]]:
            grant = grants.with_programs(new, lambda word: self._executables.look(word, path, here))
            vault.meta(grant.label)  # an unknown label says so
            policy.add(vault, [grant], datetime.now(UTC))
            return grant, policy.all_grants(vault)

        grant, standing = await self._safe.use(work)
        self._changed("grants")
        self._approvals.look_again(None if grant.deny else standing)
        return {"grant": grant.to_json()}

    async def _list(self, ask: Ask) -> wire.Message:
        label = wire.optional_text(ask.message, "label")
        found = await self._safe.use(policy.all_grants)
        return {"grants": [g.to_json() for g in found if label in (None, g.label)]}

    async def _refused(self, ask: Ask) -> wire.Message:
        label = wire.text(ask.message, "label")
        request = self._permission.last_refused(label)
        if request is None:
            return {"refused": None}
        return {
            "refused": {
                "labels": list(request.labels),
                "script": request.script,
                "cwd": request.cwd,
                "notebook": request.notebook,
                "shell": request.shell,
                "into": list(request.into.get(label, ())),
                "identity": request.identity,
            }
        }

    async def _remove(self, ask: Ask) -> wire.Message:
        grant_id = wire.text(ask.message, "grant")
        if not await self._safe.use(lambda vault: policy.remove(vault, [grant_id])):
            raise RequestInvalid("There is no such grant.", "List them: jupyter agent grant --list")
        self._changed("grants")
        self._approvals.look_again()
        return {}

    async def _revoke_all(self, _ask: Ask) -> wire.Message:
        revoked = await self._safe.use(policy.remove_all)
        self._changed("grants")
        self._approvals.look_again()
        return {"revoked": revoked}

    async def _watch(self, ask: Ask) -> wire.Message:
        with self._approvals.watch() as watcher:
            while True:
                await ask.emit(await watcher.next())

    async def _list_approvals(self, _ask: Ask) -> wire.Message:
        return {"approvals": self._approvals.to_json()}

    async def _answer(self, ask: Ask) -> wire.Message:
        kind = wire.text(ask.message, "answer")
        if kind not in ANSWERS:
            raise RequestInvalid(f"An answer is one of {', '.join(ANSWERS)}.")
        self._approvals.settle(
            wire.text(ask.message, "approval_id"),
            wire.text(ask.message, "nonce"),
            Answer(cast("Kind", kind), wire.optional_text(ask.message, "pattern")),
        )
        return {}
