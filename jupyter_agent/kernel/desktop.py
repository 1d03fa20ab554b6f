"""``jupyter_agent.desktop`` in a kernel: asks the broker, and hands Playwright a one-time address.

The address is all that a kernel gets: it speaks the permitted part of the browser's protocol, until
a person takes over.
"""

from __future__ import annotations

import asyncio
import base64
import time
from types import SimpleNamespace
from typing import Any, Final

from IPython.core.getipython import get_ipython

from jupyter_agent import wire
from jupyter_agent.errors import DesktopUnavailable, PersonDrives
from jupyter_agent.kernel.identity import open_client

_LOOK_AGAIN: Final = 0.5
"""Seconds between looks whether a person has handed back."""

_CONNECTING: Final = 30_000.0
"""Milliseconds that Playwright has for it."""

_FRONT: Final = "(document.visibilityState === 'visible') + document.hasFocus()"


def open_desktop(url: str, *, layout: str, strict: bool, provider: str) -> dict[str, Any]:
    """See ``jupyter_agent.desktop.open``."""
    named = {"layout": layout, "provider": provider}
    fields: dict[str, Any] = {"url": url, **{name: said for name, said in named.items() if said}}
    opened: dict[str, Any] = _ask("open", **fields, **({"strict": True} if strict else {}))
    described: dict[str, Any] = opened["desktop"]
    return described


def status() -> list[dict[str, Any]]:
    """See ``jupyter_agent.desktop.status``."""
    found: list[dict[str, Any]] = _ask("status")["desktops"]
    return found


def screenshot(desktop_id: str) -> bytes:
    """See ``jupyter_agent.desktop.screenshot``."""
    return base64.b64decode(_ask("screenshot", **_named(desktop_id))["jpeg"])


def text(desktop_id: str) -> str:
    """See ``jupyter_agent.desktop.text``."""
    return str(_ask("text", **_named(desktop_id))["text"])


def ask(why: str, desktop_id: str) -> None:
    """See ``jupyter_agent.desktop.ask``."""
    _ask("ask", why=why, **_named(desktop_id))


def close(desktop_id: str) -> None:
    """See ``jupyter_agent.desktop.close``."""
    _ask("close", **_named(desktop_id))


def connect(desktop_id: str, *, wait: float) -> Any:
    """See ``jupyter_agent.desktop.connect``."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _connect_sync(desktop_id, wait)
    return _connect_async(desktop_id, wait)


async def _connect_async(desktop_id: str, wait: float) -> Any:
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415  (an extra)
    except ImportError:
        raise _no_playwright() from None
    until = time.monotonic() + wait
    # The broker tells kernels no events, so that they hear nothing of what a person is asked.
    while (address := await asyncio.to_thread(_address, desktop_id, until)) is None:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_AGAIN)
    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.connect_over_cdp(address, timeout=_CONNECTING)
    except BaseException:
        await playwright.stop()
        raise
    # Its driver is a process; it ends with the connection, whoever ends that.
    browser.on("disconnected", lambda _: asyncio.ensure_future(playwright.stop()))
    context = browser.contexts[0]
    ranks = [await page.evaluate(_FRONT) for page in context.pages]
    return _front(context.pages, ranks) or await context.new_page()


def _connect_sync(desktop_id: str, wait: float) -> Any:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  (an extra)
    except ImportError:
        raise _no_playwright() from None
    until = time.monotonic() + wait
    while (address := _address(desktop_id, until)) is None:
        time.sleep(_LOOK_AGAIN)
    playwright = sync_playwright().start()
    try:
        browser = playwright.chromium.connect_over_cdp(address, timeout=_CONNECTING)
    except BaseException:
        playwright.stop()
        raise
    context = browser.contexts[0]
    ranks = [page.evaluate(_FRONT) for page in context.pages]
    return _front(context.pages, ranks) or context.new_page()


def _front(pages: list[Any], ranks: list[Any]) -> Any:
    """The page that is seen; of several the newest."""
    numbered = [(rank, number) for number, rank in enumerate(ranks)]
    return pages[max(numbered)[1]] if pages else None


def _address(desktop_id: str, until: float) -> str | None:
    """A one-time address, or None while a person drives and there is time left."""
    try:
        return str(_ask("endpoint", **_named(desktop_id))["endpoint"])
    except PersonDrives:
        if time.monotonic() >= until:
            raise
        return None


def _ask(deed: str, **fields: Any) -> wire.Message:
    # Outside of IPython there is no shell, and no notebook that could be named.
    with open_client(get_ipython() or SimpleNamespace(user_ns={})) as client:
        return client.call("desktop", do=deed, **fields)


def _named(desktop_id: str) -> dict[str, str]:
    return {"desktop": desktop_id} if desktop_id else {}


def _no_playwright() -> DesktopUnavailable:
    return DesktopUnavailable(
        "Playwright, which drives the desktop, is not installed where this runs.",
        "Install it: %pip install playwright",
    )
