"""The page that is framed: built from ``labextension/src/viewer``, put together here.

It is one answer, script and style inlined, because an opaque origin loads nothing from Jupyter's.
Its policy allows exactly these two, by their hashes, and one WebSocket.
"""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Self

from jupyter_agent.desktop.relay import PROTOCOL, TICKET_PREFIX, Mode
from jupyter_agent.errors import DesktopUnavailable

_STATIC: Final = "static"


@dataclass(frozen=True, slots=True)
class Viewer:
    """One kind of viewer.

    Attributes:
        script: A module, whole.
        style: Its style sheet.
    """

    script: str
    style: str

    @classmethod
    def load(cls, kind: str) -> Self:
        """Read it, once.

        Raises:
            DesktopUnavailable: It was not built.
        """
        script, style = _read(kind)
        return cls(script, style)

    def policy(self, parent_origin: str, socket_origin: str, *, opaque: bool) -> str:
        """The content security policy of its page.

        Args:
            parent_origin: Who may frame it.
            socket_origin: Where its WebSocket goes, as ``ws://host:port``.
            opaque: Whether it is to have no origin.
        """
        rules = [
            "default-src 'none'",
            f"script-src '{_digest(self.script)}'",
            f"style-src '{_digest(self.style)}'",
            "img-src data: blob:",  # pieces of the picture
            f"connect-src {socket_origin}",
            f"frame-ancestors {parent_origin}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
        return "; ".join([*rules, "sandbox allow-scripts"] if opaque else rules)

    def page(self, parent_origin: str, mode: Mode) -> str:
        """The page."""
        told = {
            "parent": parent_origin,
            "mode": mode,
            "protocol": PROTOCOL,
            "prefix": TICKET_PREFIX,
        }
        data = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in told.items())
        return (
            "<!doctype html>\n"
            '<html lang="en"><head><meta charset="utf-8"><title>Secure desktop</title>'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<style>{self.style}</style></head><body {data}>"
            f'<script type="module">{self.script}</script></body></html>'
        )


@cache
def _read(kind: str) -> tuple[str, str]:
    folder = resources.files("jupyter_agent.desktop") / _STATIC
    try:
        script = (folder / f"{kind}.js").read_text(encoding="utf-8")
        style = (folder / f"{kind}.css").read_text(encoding="utf-8")
    except OSError:
        raise DesktopUnavailable(
            "The desktop's viewer is missing from this installation.", "Install the package anew."
        ) from None
    # Inside a page a script ends where this stands, whatever is around it.
    if "</script" in script or "</style" in style or "<!--" in script:
        raise DesktopUnavailable("The desktop's viewer can't be put into a page.")
    return script, style


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
