"""The secure desktop: a real browser in which a person signs in, and which an agent then uses.

From a notebook::

    from jupyter_agent import desktop

    desktop.open("https://example.com/login")   # a person signs in, in JupyterLab's panel
    page = await desktop.connect(wait=300)      # once they have handed back: a Playwright page
    await page.goto("https://example.com/orders")

The notebook never has the password, the code or the session's cookie: it drives the browser that
has them, through an address that is good once. What a page's script can read it can read, too.
"""

from __future__ import annotations

from typing import Any


def open(  # noqa: A001  (desktop.open is what it does)
    url: str = "", *, layout: str = "", strict: bool = False, provider: str = ""
) -> dict[str, Any]:
    """Open a desktop in JupyterLab's panel; a person takes over there with a click.

    Args:
        url: What it opens, http or https, without credentials.
        layout: The keyboard's, as XKB names it; the person can choose it in the panel.
        strict: Attach nothing to the browser while a person signs in.
        provider: Which one serves it, of those that the server has; the first that can, if none.

    Returns:
        Its ``id``, ``state``, ``host`` and ``provider``.

    Raises:
        DesktopUnavailable: None can be started; the hint has the command that helps.
        BrokerError: There is no JupyterLab with jupyter_agent here.
    """
    from jupyter_agent.kernel import desktop  # noqa: PLC0415  (the front door; keeps the import cheap)

    return desktop.open_desktop(url, layout=layout, strict=strict, provider=provider)


def status() -> list[dict[str, Any]]:
    """This notebook's desktops, oldest first: ``id``, ``state``, ``host``, ``provider``.

    The state is ``agent`` while you may drive, ``human`` while a person does, ``idle`` while it is
    paused.
    """
    from jupyter_agent.kernel import desktop  # noqa: PLC0415

    return desktop.status()


def connect(desktop_id: str = "", *, wait: float = 0.0) -> Any:
    """Connect Playwright to a desktop that is yours to drive.

    In a notebook, or wherever else an event loop runs: ``page = await desktop.connect()``, with
    Playwright's async pages. Elsewhere: ``page = desktop.connect()``, with its sync pages. The
    connection ends when a person takes over; connect again when they have handed back.

    Args:
        desktop_id: Which one; the newest, if none is named.
        wait: Seconds to wait for a person to hand back.

    Returns:
        The page in front, a ``playwright`` ``Page``; its context has the others.

    Raises:
        PersonDrives: A person drives, or it is paused, and so it was until the wait was over.
        DesktopClosed: None is open.
        DesktopUnavailable: Playwright is not installed here.
    """
    from jupyter_agent.kernel import desktop  # noqa: PLC0415

    return desktop.connect(desktop_id, wait=wait)


def screenshot(desktop_id: str = "") -> bytes:
    """The page in front as JPEG, while you may drive."""
    from jupyter_agent.kernel import desktop  # noqa: PLC0415

    return desktop.screenshot(desktop_id)


def text(desktop_id: str = "") -> str:
    """The visible text of the page in front, while you may drive."""
    from jupyter_agent.kernel import desktop  # noqa: PLC0415

    return desktop.text(desktop_id)


def ask(why: str, desktop_id: str = "") -> None:
    """Ask the person to take over, for a login or a code; the panel shows why.

    Who drives does not change before they click. Wait for them with ``connect(wait=…)``.

    Args:
        why: One sentence, without anything secret.
        desktop_id: Which one; the newest, if none is named.

    Raises:
        DesktopClosed: None is open.
    """
    from jupyter_agent.kernel import desktop  # noqa: PLC0415

    desktop.ask(why, desktop_id)


def close(desktop_id: str = "") -> None:
    """Close it, with everything that was in it."""
    from jupyter_agent.kernel import desktop  # noqa: PLC0415

    desktop.close(desktop_id)
