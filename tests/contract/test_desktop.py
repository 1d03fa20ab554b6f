"""The desktops of this machine keep the contract."""

from __future__ import annotations

from contract.desktop_contract import DesktopContract


class TestLocalCdp(DesktopContract):
    name = "local-cdp"


class TestLocalVnc(DesktopContract):
    name = "local-vnc"
