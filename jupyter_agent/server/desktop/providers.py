"""Which providers of desktops this server has, best first."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_agent.desktop import vendors
from jupyter_agent.desktop.driving import Publish
from jupyter_agent.desktop.e2b import E2b
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.desktop.provider import DesktopProvider, Keeping
from jupyter_agent.desktop.relay import StreamServer
from jupyter_agent.desktop.rest import RestProvider
from jupyter_agent.desktop.ways import Ways
from jupyter_agent.server.desktop.dial import dial
from jupyter_agent.server.desktop.settings import SecureDesktop


def providers(
    streams: StreamServer,
    publish: Publish,
    keeping: Keeping,
    ways: Ways,
    settings: SecureDesktop,
) -> list[DesktopProvider]:
    """Every provider that is enabled here; each says itself whether it can start one.

    Args:
        streams: Serves pictures of this machine.
        publish: Makes the one-time address by which a program drives a desktop.
        keeping: Keeps what signs a person in, for those of this machine.
        ways: Opens ways out, for providers elsewhere.
        settings: The admin's.
    """
    here: dict[str, Callable[[], DesktopProvider]] = {
        LocalVnc.id: lambda: LocalVnc(streams, publish, keeping=keeping),
        LocalCdp.id: lambda: LocalCdp(streams, publish, keeping=keeping),
    }

    def make(name: str) -> DesktopProvider:
        if name in here:
            return here[name]()
        label, host = settings.labels.get(name, ""), settings.hosts.get(name, "")
        if name == E2b.id:
            return E2b(ways, publish, label=label, host=host)
        vendor = vendors.known()[name]
        return RestProvider(vendor, ways, dial, publish, label=label, host=host)

    return [*map(make, dict.fromkeys(settings.enabled)), *settings.framed]
