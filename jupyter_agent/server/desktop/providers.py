"""Which providers of desktops this server has, best first."""

from __future__ import annotations

from jupyter_agent.desktop.provider import DesktopProvider


def providers() -> list[DesktopProvider]:
    """Every provider that is enabled here; each says itself whether it can start one."""
    return []
