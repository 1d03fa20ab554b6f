"""Letting agents in and out, and what they may ask (docs/protocol.md, section 1)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker import policy
from jupyter_agent.broker.agents import Agents, check_name
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import AgentError, BrokerRefused, RoleDenied

if TYPE_CHECKING:
    from jupyter_agent.vault.vault import Vault

MAY: Final = frozenset(
    {
        *("status", "secret.list", "secret.request", "secret.offer", "secret.save"),
        *("match", "run", "stop", "resize", "egress.open", "egress.services", "desktop"),
    }
)
"""All that an agent may ask. What is added to the table later is not for agents."""

_SHOWN: Final = ("label", "kind", "created", "replaced", "last_used", "expires")
"""What an agent is told of a secret: no note, no strength, no place where it was seen."""


class AgentOperations:
    """The operations ``agent.…``.

    Args:
        agents: The register.
        safe: Holds the grants.
        changed: Tells persons.
    """

    def __init__(self, agents: Agents, safe: Safe, changed: Callable[[str], None]) -> None:
        self._agents = agents
        self._safe = safe
        self._changed = changed
        self.table: Mapping[str, Operation] = {
            "agent.register": for_persons(self._register),
            "agent.list": for_persons(self._list),
            "agent.forget": for_persons(self._forget),
        }

    async def _register(self, ask: Ask) -> wire.Message:
        name = check_name(wire.text(ask.message, "name"))
        replace = ask.message.get("replace") is True
        if not replace:
            # A name that was somebody else's before must not come with their permissions.
            await self._forget_grants(name)
        token = await asyncio.to_thread(self._agents.register, name, replace=replace)
        self._agents.hang_up(name)
        self._changed("agents")
        return {"name": name, "token": token}

    async def _list(self, _ask: Ask) -> wire.Message:
        every = await asyncio.to_thread(self._agents.every)
        return {
            "agents": [
                {
                    "name": one.name,
                    "created": one.created,
                    "last_used": self._agents.last_visit(one.name),
                    "talks": self._agents.talks(one.name),
                }
                for one in every
            ]
        }

    async def _forget(self, ask: Ask) -> wire.Message:
        name = wire.text(ask.message, "name")
        await asyncio.to_thread(self._agents.forget, name)
        self._agents.hang_up(name)
        self._changed("agents")
        with contextlib.suppress(AgentError):  # locked: they go before anybody is called so again
            await self._forget_grants(name)
        return {}

    async def _forget_grants(self, name: str) -> None:
        def work(vault: Vault) -> bool:
            theirs = [g.id for g in policy.all_grants(vault) if g.who == f"agent:{name}"]
            return bool(policy.remove(vault, theirs))

        if self._safe.stamp() is not None and await self._safe.use(work):
            self._changed("grants")


def narrowed(name: str, operation: Operation, agents: Agents) -> Operation:
    """An operation that refuses agents, unless it is one of theirs, and those that are forgotten.

    Args:
        name: The operation's.
        operation: It.
        agents: The register, which another broker may have changed.
    """

    async def refusing(ask: Ask) -> wire.Message:
        caller = ask.caller
        registered = caller.role == "agent" and caller.kernel_id is None
        if registered and not agents.knows(caller.agent or ""):
            raise BrokerRefused(
                "This agent was forgotten.",
                "A person lets it in: jupyter agent agents add NAME",
            )
        if caller.role == "agent" and name not in MAY:
            raise RoleDenied(
                "An agent may not do that.",
                "Ask the person to do it in JupyterLab's Secrets panel or in a terminal.",
            )
        return await operation(ask)

    return refusing


def for_agent(shown: Mapping[str, Any]) -> wire.Message:
    """What an agent is told of a secret."""
    return {name: shown[name] for name in _SHOWN}
