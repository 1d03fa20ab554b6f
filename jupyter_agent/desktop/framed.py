"""Desktops that somebody else runs, at an address that the admin has allowed: providers ``url-…``.

Any page that shows one: noVNC, KasmVNC, neko, selkies. The panel frames it, and that is all:
nothing here started it, looks into it, keeps anybody out of it, or ends it.
"""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import urlsplit

from jupyter_agent.desktop.driving import Begin
from jupyter_agent.desktop.provider import Availability, Caps, Isolation, Pause, StartOptions
from jupyter_agent.desktop.remote import Places, RemoteDesktop, refuse_of_here
from jupyter_agent.desktop.tabs import host_of
from jupyter_agent.errors import RequestInvalid

CAPS: Final = Caps(isolation=Isolation.REMOTE, pause=Pause.NONE, view_only="none", agent=False)

PREFIX: Final = "url-"
"""Before an address's name, in the provider's id."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SECRETIVE: Final = re.compile(r"(?i)(pass(word|wd)?|pwd|token|secret|key|auth|jwt)\w*=")


class FramedPage:
    """One allowed address.

    Args:
        name: What the admin calls it: ``team``.
        url: Where it is.

    Raises:
        RequestInvalid: It may not be one.
    """

    def __init__(self, name: str, url: str) -> None:
        if not _NAME.fullmatch(name):
            raise RequestInvalid("A desktop's name has small letters, digits and hyphens: team-1.")
        parts = urlsplit(url)
        if not Places([parts.hostname or "-"]).allows(url, "https") or not parts.hostname:
            raise RequestInvalid(
                f"The address of {PREFIX}{name} can't be framed.",
                "It begins with https:// and a host, and has no user and no password in it.",
            )
        if _SECRETIVE.search(f"{parts.query}&{parts.fragment}"):
            raise RequestInvalid(
                f"The address of {PREFIX}{name} has a password or a token in it.",
                "Leave it out: its page asks each person. Treat it as exposed, and change it.",
            )
        self.id = f"{PREFIX}{name}"
        self.title = f"{name} ({host_of(url)})"
        self.origin = f"https://{parts.netloc}"
        self._url = url

    def caps(self) -> Caps:
        """What can be promised: nothing but that it is elsewhere."""
        return CAPS

    async def available(self) -> Availability:
        """Always: whether it answers, the picture shows."""
        return Availability(ok=True)

    async def start(self, options: StartOptions) -> RemoteDesktop:
        """Frame it.

        Raises:
            RequestInvalid: An address was given: it opens none.
            DesktopUnavailable: Strict mode was asked for.
        """
        refuse_of_here(options)
        if options.url:
            raise RequestInvalid(
                "This desktop opens no address by itself.", "Leave it away, and type it there."
            )
        desktop = RemoteDesktop(self.id, CAPS, _Page(self._url), _nothing_to_drive)
        await desktop.begin(options)
        return desktop


class _Page:
    """The page (``remote.Session``)."""

    outlives = ""

    def __init__(self, url: str) -> None:
        self.host = host_of(url)
        self._url = url

    async def picture(self, mode: Literal["control", "view"]) -> str:
        """The same for everybody: what a viewer may do is its page's own affair."""
        del mode
        return self._url

    async def release(self) -> None:
        """It is not ours to end."""

    async def leave(self) -> None:
        """Nothing is open for it."""


async def _nothing_to_drive(_: Begin) -> str:
    raise RequestInvalid("No agent can drive this desktop.")
