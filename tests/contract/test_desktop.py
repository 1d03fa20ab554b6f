"""The desktops of this machine, and those of services elsewhere, keep the contract."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from contract.desktop_contract import DesktopContract, Stage
from remote_rooms import remote_room

from jupyter_agent.desktop.provider import Pause


class TestLocalCdp(DesktopContract):
    name = "local-cdp"


class TestLocalVnc(DesktopContract):
    name = "local-vnc"


class Elsewhere(DesktopContract):
    """A stand-in for the service, its key in a real vault, a real browser behind."""

    pause = Pause.ADVISORY
    view_only = "client"

    @classmethod
    def rooms(cls, home: Path) -> AbstractContextManager[Any]:
        return remote_room(cls.name, home)

    @classmethod
    def left(cls, stage: Stage) -> list[Any]:
        return list(stage.room.service.alive)

    @classmethod
    def secret_in(cls, address: str) -> str:
        return parse_qs(urlsplit(address).query)["token"][0]


class TestBrowserbase(Elsewhere):
    name = "browserbase"


class TestE2b(Elsewhere):
    name = "e2b"

    @classmethod
    def secret_in(cls, address: str) -> str:
        return urlsplit(address).fragment.removeprefix("password=")
