"""The routes of the panel "Secure desktop" (docs/protocol.md, section 2).

Whatever decides who drives, or shows the picture, is for a person: what is seen to run below a
kernel is refused, as for approvals. A picture's address is answered once, to the page that asked,
and stands in no log.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_agent.desktop.lease import Lease
from jupyter_agent.errors import AgentError, RequestInvalid
from jupyter_agent.server.desktop import starting
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.desktop.hosted import Opener
from jupyter_agent.server.desktop.profiles import Profiles
from jupyter_agent.server.room import RoomHandler


class DesktopHandler(RoomHandler):
    """What the routes about desktops share."""

    @property
    def desktops(self) -> Desktops:
        """This server's."""
        return self.rooms.desktops

    def person(self) -> str:
        """The person's name, as Jupyter shows it."""
        user = self.current_user
        name = getattr(user, "display_name", None) or getattr(user, "username", None)
        return str(name or "You")


class DesktopsHandler(DesktopHandler):
    """What runs, and what can be started."""

    for_kernels = frozenset({"GET"})

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List both."""
        self.finish(
            {
                "desktops": await self.desktops.for_page(),
                "providers": await self.desktops.providers(),
                "kept": await self._kept(),
            }
        )

    async def _kept(self) -> list[dict[str, Any]]:
        try:
            return await Profiles(self.rooms.link).every()
        except AgentError:
            return []  # no broker; the Secrets panel says so

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begin to start one; events tell when it is there."""
        fields = self.fields(
            provider=str, url=str, layout=str, keep=bool, strict=bool, width=int, height=int
        )
        provider = fields.pop("provider", "")
        hosted = await self.desktops.start(provider, starting.options(fields), Opener())
        self.set_status(201)
        self.finish({"id": hosted.id})


class GrantHandler(DesktopHandler):
    """The way to the picture."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make a ticket; good once, for the page that asks."""
        fields = self.fields("id", "mode", one_port=bool)
        grant = await self.desktops.grant(
            fields["id"],
            _mode(fields["mode"]),
            self.origin,
            one_port=fields.get("one_port", False),
        )
        self.finish(
            {
                "url": grant.url,
                "origin": grant.origin,
                "allow": grant.allow,
                "sandbox": grant.sandbox,
                "expires": grant.expires,
                "ours": grant.ours,
            }
        )


class TakeOverHandler(DesktopHandler):
    """The person drives."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer once the agent is detached."""
        fields = self.fields("id")
        lease = await self.desktops.take_over(fields["id"], self.person())
        self.finish({"lease": lease.id, "turn": self.desktops.find(fields["id"]).turn})


class HandBackHandler(DesktopHandler):
    """The agent drives."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Do it, or say why not."""
        fields = self.fields("id", "lease")
        outcome = await self.desktops.hand_back(fields["id"], Lease(self.person(), fields["lease"]))
        turn = self.desktops.find(fields["id"]).turn
        self.finish({"done": outcome.done, "reason": outcome.reason, "turn": turn})


class LayoutHandler(DesktopHandler):
    """The keyboard of whoever sits in front of it."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Set it."""
        fields = self.fields("id", "layout")
        await self.desktops.set_layout(fields["id"], starting.checked_layout(fields["layout"]))
        self.done()


class StayHandler(DesktopHandler):
    """More time."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Count from now again."""
        fields = self.fields("id")
        self.desktops.use(self.desktops.find(fields["id"]))
        self.done()


class HoldHandler(DesktopHandler):
    """The page that holds the lease is there."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Keep the lease from being lost; the desktop's time goes on."""
        fields = self.fields("id", "lease")
        self.desktops.hold(fields["id"], Lease(self.person(), fields["lease"]))
        self.done()


class CloseHandler(DesktopHandler):
    """The end of a desktop."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Close it, and answer when nothing of it is left."""
        fields = self.fields("id")
        report = await self.desktops.end(fields["id"])
        self.finish({"seconds": round(report.seconds, 3), "left": list(report.left)})


class MoveHandler(DesktopHandler):
    """A file comes out, because a person has clicked."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Move it into a folder of this server's; answer with its path there."""
        fields = self.fields("id", "file", "folder")
        folder = self._folder(fields["folder"])
        name = await self.desktops.move(fields["id"], fields["file"], folder)
        self.finish(
            {"path": "/".join(part for part in (fields["folder"].strip("/"), name) if part)}
        )

    def _folder(self, path: str) -> Path:
        """A folder below the server's root, followed to where it really is.

        Raises:
            RequestInvalid: It is none, or leads out of there.
        """
        root = getattr(self.contents_manager, "root_dir", "")
        if not root:
            raise RequestInvalid(
                "This server keeps notebooks elsewhere: files can't be moved there."
            )
        above = Path(root).resolve()
        try:
            there = (above / path.strip("/")).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            there = None
        if there is None or not there.is_dir() or not there.is_relative_to(above):
            raise RequestInvalid(
                "There is no such folder in this server's files.", "Choose another in the browser."
            )
        return there


class ForgetHandler(DesktopHandler):
    """No longer signed in."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Drop what was kept for a provider's desktops."""
        fields = self.fields("provider")
        await Profiles(self.rooms.link).forget(fields["provider"])
        self.desktops.changed()
        self.done()


DESKTOPS: Final[dict[str, type[RoomHandler]]] = {
    "desktops": DesktopsHandler,
    "desktops/grant": GrantHandler,
    "desktops/take": TakeOverHandler,
    "desktops/hand-back": HandBackHandler,
    "desktops/layout": LayoutHandler,
    "desktops/stay": StayHandler,
    "desktops/hold": HoldHandler,
    "desktops/close": CloseHandler,
    "desktops/forget": ForgetHandler,
    "desktops/move": MoveHandler,
}
"""Path below ``jupyter-agent/`` → its handler."""


def _mode(name: str) -> Literal["control", "view"]:
    if name == "control":
        return "control"
    if name == "view":
        return "view"
    raise RequestInvalid("A viewer may control, or view.")
