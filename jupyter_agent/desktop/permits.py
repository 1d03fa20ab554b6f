"""What sites may do that a browser with a screen asks its person about: nothing, by default.

The browser's protocol has no event for such a question, so it can't be shown when it is asked: all
are refused at once, and a person permits one beforehand, for the site in front, until they hand
the desktop back. No agent may: see ``allowed``, which has no such command.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.errors import DesktopError, RequestInvalid

OFFERED: Final = ("notifications", "camera", "microphone", "clipboard-read", "geolocation")
"""What a person may permit, by its name in the web's own registry
(w3.org/TR/permissions-registry)."""

_REFUSED: Final = (
    *OFFERED,
    *("midi", "midi-sysex", "window-management", "local-fonts", "idle-detection"),
)


class Permits:
    """What the sites of one desktop may do.

    Args:
        cdp: The browser's pipe.
        stage: The tab that is shown.
    """

    def __init__(self, cdp: Cdp, stage: Stage) -> None:
        self._cdp = cdp
        self._stage = stage
        self._given: set[tuple[str, str]] = set()

    def begin(self) -> None:
        """Have the browser refuse all of them to every site."""
        for name in _REFUSED:
            self._set(name, "denied")

    def told(self) -> dict[str, Any]:
        """For a viewer: the site in front, ``origin`` ("" for none), and what it is permitted."""
        origin = self._origin()
        return {"origin": origin, "given": sorted(n for o, n in self._given if o == origin)}

    def change(self, origin: str, name: str, *, given: bool) -> None:
        """Permit one to a site, or no longer.

        Args:
            origin: The site that the person saw; another one may be in front meanwhile, and gets
                nothing.
            name: One of ``OFFERED``.
            given: Whether it is permitted.

        Raises:
            RequestInvalid: It is none of those.
        """
        if name not in OFFERED:
            raise RequestInvalid("That is no message of a viewer.")
        if not origin or origin != self._origin():
            return
        self._set(name, "granted" if given else "denied", origin)
        (self._given.add if given else self._given.discard)((origin, name))
        self._stage.changed()

    def take_back(self) -> None:
        """The person hands over: what they permitted was for them."""
        for origin, name in self._given:
            self._set(name, "denied", origin)
        self._given.clear()
        self._stage.changed()

    def _origin(self) -> str:
        for tab in self._stage.tabs():
            parts = urlsplit(tab["url"])
            if tab["id"] == self._stage.target and parts.scheme in ("http", "https"):
                return f"{parts.scheme}://{parts.netloc}"
        return ""

    def _set(self, name: str, setting: str, origin: str = "") -> None:
        asked = {"permission": {"name": name}, "setting": setting}
        with contextlib.suppress(DesktopError):  # the browser is gone
            # A name that this Chromium does not know is no failure.
            self._cdp.post(
                "Browser.setPermission",
                asked | ({"origin": origin} if origin else {}),
                "",
                lambda _: None,
            )
