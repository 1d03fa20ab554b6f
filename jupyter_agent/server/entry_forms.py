"""Pages with a masked form for a secret that an agent asks for, behind Jupyter's own login.

The address is told to the agent, and is worth nothing without the login. What is entered goes the
way of every page of this server (``offers``, ``secrets``): sealed, and as the person's own act.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from jupyter_agent.errors import RoleDenied
from jupyter_agent.mcp import entry_page
from jupyter_agent.mcp.entries import Page
from jupyter_agent.server.room import AUTH_RESOURCE, OwnersOnly, RoomHandler, Rooms


@dataclass(frozen=True, slots=True)
class Form:
    """One form.

    Attributes:
        label: For which secret.
        agent: Who asks.
        why: What it says about it.
        page: As ``Entries`` knows it.
        clock: Takes it away.
    """

    label: str
    agent: str
    why: str
    page: Page
    clock: asyncio.TimerHandle


class Forms:
    """The forms of this server that are open, by the nonce in their address."""

    def __init__(self) -> None:
        self._open: dict[str, Form] = {}

    def get(self, nonce: str) -> Form | None:
        """The form at an address, or None when its time is over."""
        return self._open.get(nonce)

    def add(self, label: str, agent: str, why: str, base: str) -> Page:
        """The form for what an agent asks for; the same one as long as it is open.

        Args:
            label: For which secret.
            agent: Who asks.
            why: What it says about it.
            base: The address below which this server's own routes are.
        """
        for form in self._open.values():
            if (form.label, form.agent) == (label, agent) and form.page.url.startswith(base):
                return form.page
        loop = asyncio.get_running_loop()
        nonce = secrets.token_urlsafe(32)
        page = Page(secrets.token_hex(8), f"{base}entry/{nonce}/", loop.create_future())
        clock = loop.call_later(entry_page.SECONDS, self.end, nonce, None)
        self._open[nonce] = Form(label, agent, why, page, clock)
        return page

    def end(self, nonce: str, state: Any) -> None:
        """Take a form away.

        Args:
            nonce: Of its address.
            state: ``saved`` or ``declined``; None when its time is over.
        """
        form = self._open.pop(nonce, None)
        if form is None:
            return
        form.clock.cancel()
        if state is None:
            form.page.done.cancel()
        elif not form.page.done.done():
            form.page.done.set_result(state)

    async def close(self) -> None:
        """Take every form away."""
        for nonce in list(self._open):
            self.end(nonce, None)


class FormHandler(OwnersOnly, JupyterHandler):
    """The page and its files."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, rooms: Rooms, forms: Forms) -> None:
        """Take what the routes share."""
        self.rooms, self.forms = rooms, forms

    @web.authenticated
    @authorized
    async def get(self, nonce: str, name: str = "") -> None:
        """Show it."""
        try:
            self.check_owner()
        except RoleDenied as refusal:
            raise web.HTTPError(403, refusal.message) from None
        form = self.forms.get(nonce)
        if form is None:
            raise web.HTTPError(404, "This page was used, or its time is over. Ask for a new link.")
        for header, value in entry_page.HEADERS.items():
            self.set_header(header, value)
        if name:
            found = entry_page.file(name)
            if found is None:
                raise web.HTTPError(404)
            body, kind = found
        else:
            self.xsrf_token  # noqa: B018  (sets the cookie that the form sends back)
            body = entry_page.html(form.label, form.agent, form.why, server=self.base_url)
            kind = "text/html; charset=utf-8"
        self.set_header("Content-Type", kind)
        self.finish(body)


class FormDoneHandler(RoomHandler):
    """What came of a form."""

    def initialize(self, rooms: Rooms, forms: Forms) -> None:  # type: ignore[override]
        """Take what the routes share."""
        super().initialize(rooms)
        self.forms = forms

    @web.authenticated
    @authorized
    async def post(self, nonce: str, state: str) -> None:
        """Take it away, and tell whoever waits for it."""
        self.forms.end(nonce, state)
        self.done()
