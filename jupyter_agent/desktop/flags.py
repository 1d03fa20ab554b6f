"""The arguments that every browser of a desktop is started with, and those of one system."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final

_SMALL_SHM: Final = 256 * 1024 * 1024  # bytes; containers often have 64 MB

WITHOUT: Final = (
    # A page that a person has left must be gone, with what stood in its fields.
    "BackForwardCache",
    *("Translate", "MediaRouter", "AutofillServerCommunication", "OptimizationHints"),
    # Pages of the browser's own that it would start beside the first one, and keep running: they
    # took a third of the processor time of a start, and most of that of an idle desktop.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("PreloadTopChromeWebUI", "PreloadTopChromeWebUILessNavigations"),
    # One more process that waits for a page of another site.
    "SpareRendererForSitePerProcess",
    # Edge signs its fresh profile in as the person of the Windows session.
    *("msForceBrowserSignIn", "msImplicitSignin"),
)
"""Features that are turned off. A name that a Chromium does not know is no failure."""

EVERYWHERE: Final = (
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",  # no keyring of the person's is asked or filled
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-default-apps",
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    "--disk-cache-size=67108864",
    # An X server in memory has none: looking for it takes a quarter of a second.
    "--disable-gpu",
    # A fresh profile has none; Chromium's own that run in the background go, too.
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    f"--disable-features={','.join(WITHOUT)}",
)
"""Of every browser."""


def of_this_system() -> Iterator[str]:
    """Those that are one system's."""
    if sys.platform == "win32":
        # Edge may else start itself anew, without the pipe.
        yield "--edge-skip-compat-layer-relaunch"
        return
    if sys.platform == "darwin":
        # In place of the person's keychain, which would ask them (os_crypt in Chromium).
        yield "--use-mock-keychain"
    if os.getuid() == 0:
        # Chromium refuses root without it, and says so to the person in a bar of its own.
        yield "--no-sandbox"
    if _shm_is_small():
        yield "--disable-dev-shm-usage"


def _shm_is_small() -> bool:
    if sys.platform == "win32":
        return False
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  (where Chromium shares memory)
    except OSError:
        return True
    return room.f_frsize * room.f_blocks < _SMALL_SHM
