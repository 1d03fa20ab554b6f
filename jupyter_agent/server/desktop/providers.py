"""Which providers of desktops this server has, best first."""

from __future__ import annotations

from jupyter_agent.desktop.driving import Publish
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.desktop.provider import DesktopProvider
from jupyter_agent.desktop.relay import StreamServer


def providers(streams: StreamServer, publish: Publish) -> list[DesktopProvider]:
    """Every provider that is enabled here; each says itself whether it can start one.

    Args:
        streams: Serves pictures.
        publish: Makes the one-time address by which a program drives a desktop.
    """
    return [LocalVnc(streams, publish), LocalCdp(streams, publish)]
