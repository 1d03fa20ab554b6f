"""A real browser in a machine, on a real X server."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest
import traces

from jupyter_agent.desktop.browser import Browser
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.display import Display, Size
from jupyter_agent.desktop.programs import Programs
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.processes import tree

SECRET_ADDRESS = "about:blank?" + "q" * 20


async def title_of(cdp: Cdp, wanted: str) -> None:
    while True:  # events are the agent's business; this only waits for the browser to be there
        infos = (await cdp.send("Target.getTargets"))["targetInfos"]
        if any(info["type"] == "page" and wanted in info["url"] for info in infos):
            return
        await asyncio.sleep(0.05)


async def test_a_browser_on_a_display_opens_its_address_and_is_steered_over_its_pipe(machine):
    """Requirement 4: one socket of mode 0600, no TCP port, no X without the cookie."""
    programs = Programs.find()
    display = await Display.start(machine, programs, Size(800, 600))
    await display.manage_windows()
    await display.set_layout("de")
    with pytest.raises(RequestInvalid):
        await display.set_layout("nosuch")
    browser = Browser(machine, programs, display=display)
    pipe = await browser.start(SECRET_ADDRESS)
    assert pipe is not None
    cdp = await Cdp.over(pipe.reads, pipe.writes)
    await title_of(cdp, SECRET_ADDRESS)
    assert display.rfb.stat().st_mode & 0o777 == 0o600
    assert machine.folder.stat().st_mode & 0o777 == 0o700
    pids = [pid for pid, _ in tree.descendants(machine.keeper)]
    assert len(pids) > 5
    assert not traces.listening([pid for pid in pids if _may_look(pid)])
    told = b"".join(_arguments(pid) for pid in pids)
    assert SECRET_ADDRESS.encode() not in told
    assert b"--remote-debugging-port" not in told
    cookie = _cookie(display)
    assert _x_accepts(display, cookie)
    assert not _x_accepts(display, bytes(16))


async def test_password_manager_and_autofill_are_off_in_the_profile(machine):
    """Requirement 11, its second half."""
    browser = Browser(machine, Programs.find())
    pipe = await browser.start()
    assert pipe is not None
    cdp = await Cdp.over(pipe.reads, pipe.writes)
    await title_of(cdp, "")
    await cdp.send("Browser.close")
    await browser.program.ended
    kept = json.loads((browser.profile / "Default" / "Preferences").read_bytes())
    assert kept["credentials_enable_service"] is False
    assert kept["profile"]["password_manager_enabled"] is False
    assert kept["autofill"]["profile_enabled"] is False
    assert kept["autofill"]["credit_card_enabled"] is False


def _arguments(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _may_look(pid: int) -> bool:
    return os.access(f"/proc/{pid}/fd", os.R_OK)  # not into a sandboxed renderer


def _cookie(display: Display) -> bytes:
    return Path(display.environment["XAUTHORITY"]).read_bytes()[-16:]


def _x_accepts(display: Display, cookie: bytes) -> bool:
    """What an X server says to a client: X11 protocol, section 8, connection setup."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"/tmp/.X11-unix/X{display.environment['DISPLAY'][1:]}")  # noqa: S108
        name = b"MIT-MAGIC-COOKIE-1"
        lengths = [len(name).to_bytes(2, "little"), len(cookie).to_bytes(2, "little")]
        client.sendall(b"l\0\x0b\0\0\0" + b"".join(lengths) + b"\0\0" + name + b"\0\0" + cookie)
        return client.recv(1) == b"\x01"
