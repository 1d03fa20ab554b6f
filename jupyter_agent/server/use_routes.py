"""The routes about uses of secrets: approvals, grants, runs, and the record of them."""

from __future__ import annotations

from typing import Final

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_agent import agenttoken
from jupyter_agent.folders import Folders
from jupyter_agent.server.room import RoomHandler


class ApprovalsHandler(RoomHandler):
    """Runs and changes that wait for a person."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("approval.list"))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer one."""
        fields = self.fields("approval_id", "nonce", "answer", pattern=str)
        await self.rooms.link.call("approval.answer", **fields)
        self.done()


class GrantsHandler(RoomHandler):
    """Standing permissions and what is denied."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("grant.list"))


class RemoveGrantHandler(RoomHandler):
    """The end of a permission."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Take it back."""
        await self.rooms.link.call("grant.remove", grant=self.fields("id")["id"])
        self.done()


class RevokeGrantsHandler(RoomHandler):
    """The end of all permissions."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Take them back; what is denied stays denied."""
        self.fields()
        self.finish(await self.rooms.link.call("grant.revoke_all"))


class RunsHandler(RoomHandler):
    """What runs now."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List it."""
        self.finish(await self.rooms.link.call("runs.list"))


class StopHandler(RoomHandler):
    """The end of a run, or of all of them."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Stop, and answer when it is over."""
        self.finish(await self.rooms.link.call("runs.stop", **self.fields(run_id=str)))


class WaysHandler(RoomHandler):
    """The open ways out."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("egress.list"))


class CloseWayHandler(RoomHandler):
    """The end of a way out."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Close it, and answer when it is closed."""
        self.finish(await self.rooms.link.call("egress.close", **self.fields("way")))


class AgentsHandler(RoomHandler):
    """The agents that a person has let in."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("agent.list"))


class ForgetAgentHandler(RoomHandler):
    """The end of an agent's stay."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Let it in no more, end what it does, and remove its token's file."""
        name = self.fields("name")["name"]
        await self.rooms.link.call("agent.forget", name=name)  # knows it, so it is a plain name
        agenttoken.drop(Folders.of(), name)
        self.done()


class ReadAuditHandler(RoomHandler):
    """The record of uses. A POST, because labels belong in no address."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """One page of it."""
        fields = self.fields(label=str, since=str, before=int, limit=int)
        self.finish(await self.rooms.link.call("audit.read", **fields))


class VerifyAuditHandler(RoomHandler):
    """Whether the record is whole."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Check it."""
        self.fields()
        self.finish(await self.rooms.link.call("audit.verify"))


USES: Final[dict[str, type[RoomHandler]]] = {
    "approvals": ApprovalsHandler,
    "grants": GrantsHandler,
    "grants/remove": RemoveGrantHandler,
    "grants/revoke": RevokeGrantsHandler,
    "runs": RunsHandler,
    "runs/stop": StopHandler,
    "ways": WaysHandler,
    "ways/close": CloseWayHandler,
    "agents": AgentsHandler,
    "agents/forget": ForgetAgentHandler,
    "audit/read": ReadAuditHandler,
    "audit/verify": VerifyAuditHandler,
}
"""Path below ``jupyter-agent/`` → its handler."""
