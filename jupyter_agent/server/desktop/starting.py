"""What may be said about a desktop that is to be started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent import wire
from jupyter_agent.desktop.provider import StartOptions
from jupyter_agent.errors import RequestInvalid

_LONGEST: Final = 2000
_LAYOUT: Final = re.compile(r"[a-z]{2,12}(\([a-z0-9_-]{1,24}\))?")
"""As XKB names layouts: ``de``, ``us(intl)``. It becomes an argument of a program."""

_SMALLEST, _LARGEST = 320, 4096  # pixels


def options(fields: Mapping[str, Any]) -> StartOptions:
    """How a desktop is to be started.

    Args:
        fields: ``url``, ``layout``, ``keep``, ``strict``, ``width``, ``height``; each may be
            missing.

    Raises:
        RequestInvalid: One of them can't be.
    """
    url = wire.text(fields, "url", "")
    layout = wire.text(fields, "layout", "") or "us"
    return StartOptions(
        url=checked_address(url) if url else "",
        width=_pixels(fields, "width", 1280),
        height=_pixels(fields, "height", 800),
        layout=checked_layout(layout),
        keep=fields.get("keep") is True,
        strict=fields.get("strict") is True,
    )


def checked_address(url: str) -> str:
    """Return an address that a desktop may open. No message repeats it.

    ``example.com`` becomes ``https://example.com``.

    Raises:
        RequestInvalid: It is no http or https address, or has a name and password in it.
    """
    url = url.strip()
    if "://" not in url and not re.match(r"[a-z]+:(?!\d)", url, re.IGNORECASE):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    plain = len(url) <= _LONGEST and not re.search(r"[\x00-\x20\x7f]", url)
    if not host or not plain or parts.scheme not in ("http", "https"):
        raise RequestInvalid(
            "A desktop opens web addresses only.", "Such as https://example.com/login"
        )
    if parts.username is not None or parts.password is not None:
        raise RequestInvalid(
            "An address with a password in it is not opened.",
            "Leave it out, and type it on the desktop. Treat it as exposed: change it.",
        )
    return url


def checked_layout(layout: str) -> str:
    """Return the name of a keyboard layout.

    Raises:
        RequestInvalid: It can't be one.
    """
    if not _LAYOUT.fullmatch(layout):
        raise RequestInvalid(
            "That is no keyboard layout.", "A layout has a short name: us, gb, de, fr, us(intl)."
        )
    return layout


def _pixels(fields: Mapping[str, Any], name: str, usual: int) -> int:
    value = fields.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestInvalid(f'"{name}" is a number of pixels.')
    return min(max(value, _SMALLEST), _LARGEST)
