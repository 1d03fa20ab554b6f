"""What an admin sets about desktops, in ``jupyter_server_config.py`` and nowhere else.

A notebook, a kernel or an agent can't change any of it: it decides where what a person types goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from traitlets import Dict, Float, List, TraitError, Unicode, validate
from traitlets.config import Configurable

from jupyter_agent.desktop import e2b, vendors
from jupyter_agent.desktop.framed import FramedPage
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.errors import AgentError
from jupyter_agent.secret import check_label

HERE: Final = (LocalVnc.id, LocalCdp.id)
"""The providers that are enabled where nobody has set anything: this machine's."""


def remote() -> Mapping[str, str]:
    """Every provider elsewhere that can be enabled, and the usual label of its key."""
    return {e2b.E2b.id: e2b.LABEL, **{name: one.label for name, one in vendors.known().items()}}


class SecureDesktop(Configurable):
    """Which providers of desktops there are.

    ::

        c.SecureDesktop.enabled = ["local-vnc", "local-cdp", "e2b"]
        c.SecureDesktop.labels = {"e2b": "TEAM_E2B_KEY"}
        c.SecureDesktop.pages = {"team": "https://desktop.example.com/vnc.html"}
    """

    enabled: Any = List(
        Unicode(),
        default_value=list(HERE),
        config=True,
        help="""
        The providers that may serve a desktop, best first: local-vnc, local-cdp (this machine),
        and e2b, browserbase, steel, kernel (a service elsewhere, with a key of yours). What is
        typed on a remote desktop goes to whoever runs it, so none of them is enabled before you
        say so.
        """,
    )
    labels: Any = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="""
        Provider → the label under which its key is stored, where that is not the usual one:
        E2B_API_KEY, BROWSERBASE_API_KEY, STEEL_API_KEY, KERNEL_API_KEY.
        """,
    )
    hosts: Any = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="""
        Provider → the host of its API, where it is a server of your own: "steel.example.com", or
        "http://127.0.0.1:3000" on this machine. Its pictures and browsers must be there, too.
        """,
    )
    pages: Any = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="""
        Name → the https address of a page that shows a desktop which somebody else runs (noVNC,
        KasmVNC, neko, selkies). Each becomes the provider url-NAME. Nothing is promised of it but
        that the panel frames exactly that address; it has no agent.
        """,
    )
    away: Any = Dict(
        value_trait=Float(min=1.0),
        key_trait=Unicode(),
        config=True,
        help="""
        Provider elsewhere → seconds without a word from the page of the person who drives, after
        which the desktop is paused: 300 where it is not set. A page that is there says so five
        times as often.
        """,
    )

    @validate("enabled")
    def _only_known(self, proposal: Mapping[str, Any]) -> Any:
        known = {*HERE, *remote()}
        if odd := [name for name in proposal["value"] if name not in known]:
            raise TraitError(
                f"SecureDesktop.enabled: there is no provider {odd[0]!r}. "
                f"Known: {', '.join(sorted(known))}."
            )
        return proposal["value"]

    @validate("labels")
    def _only_labels(self, proposal: Mapping[str, Any]) -> Any:
        for label in proposal["value"].values():
            try:
                check_label(label)
            except AgentError as error:
                raise TraitError(f"SecureDesktop.labels: {error}") from None
        return proposal["value"]

    @validate("pages")
    def _only_pages(self, proposal: Mapping[str, Any]) -> Any:
        for name, url in proposal["value"].items():
            try:
                FramedPage(name, url)
            except AgentError as error:
                raise TraitError(f"SecureDesktop.pages: {error}") from None
        return proposal["value"]

    @property
    def framed(self) -> list[FramedPage]:
        """The pages that are allowed."""
        return [FramedPage(name, url) for name, url in self.pages.items()]

    @property
    def origins(self) -> list[str]:
        """Where pictures of enabled providers elsewhere come from, as a policy writes it."""
        found = [page.origin for page in self.framed]
        for name in self.enabled:
            if name in HERE:
                continue
            host = self.hosts.get(name, "")
            if host:
                found += _of_own(host)
            else:
                found += e2b.FRAMES if name == e2b.E2b.id else vendors.known()[name].frames
        return found

    @property
    def off(self) -> list[tuple[str, str]]:
        """What is not enabled, and the line that enables it."""
        return [
            (name, f"c.SecureDesktop.enabled = {[*self.enabled, name]!r}")
            for name in remote()
            if name not in self.enabled
        ]


def settings_of(app: Any) -> SecureDesktop:
    """What the admin has set; only this machine's providers where it can't be.

    An extension that raises while it is loaded is left out, and its guards with it: a slip in a
    setting about desktops must not end the screening of cells.

    Args:
        app: The ``ServerApp``.
    """
    try:
        return SecureDesktop(parent=app)
    except TraitError as error:
        app.log.error("%s Only desktops of this machine are enabled.", error)  # noqa: TRY400  (said)
        return SecureDesktop()


def _of_own(host: str) -> list[str]:
    parts = urlsplit(host if "://" in host else f"https://{host}")
    domain = (parts.hostname or "").removeprefix("api.")
    if domain in ("127.0.0.1", "localhost"):
        return [f"http://{domain}:*"]
    return [f"https://{domain}", f"https://*.{domain}"]
