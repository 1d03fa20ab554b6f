"""Where a browser is looked for on Windows, and what else of it can be said on any system."""

from __future__ import annotations

import asyncio
import os

import pytest

from jupyter_agent.desktop import cdp
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.downloads import cleaned
from jupyter_agent.desktop.programs import install_command
from jupyter_agent.desktop.windows_browsers import candidates
from jupyter_agent.errors import DesktopClosed

ENVIRONMENT = {
    "ProgramFiles": r"C:\Program Files",
    "ProgramFiles(x86)": r"C:\Program Files (x86)",
    "LocalAppData": r"C:\Users\ada\AppData\Local",
    "Path": r"C:\shims",
}


def test_what_windows_was_told_of_a_browser_comes_before_where_installers_put_it():
    told = {
        "chrome.exe": [r"D:\Chromium\Application\chrome.exe"],
        "msedge.exe": [r"D:\Microsoft\Edge\Application\msedge.exe"],
    }
    found = list(candidates(ENVIRONMENT, lambda name: told.get(name, [])))
    edge = found.index(told["msedge.exe"][0])
    # Chromium's program is called as Chrome's, and is none.
    assert found.index(told["chrome.exe"][0]) > edge
    assert found[0] == r"C:\Program Files\Google\Chrome\Application\chrome.exe"
    assert r"C:\Users\ada\AppData\Local\Google\Chrome\Application\chrome.exe" in found[:edge]
    assert found[edge + 1] == r"C:\Program Files\Microsoft\Edge\Application\msedge.exe"
    assert found[-1].endswith("brave.exe")
    assert not [path for path in found if "shims" in path]


def test_an_account_that_names_no_folder_has_no_browser():
    assert list(candidates({"Path": r"C:\shims"}, lambda _: [])) == []


def test_the_command_that_installs_a_browser_on_windows_is_wingets():
    assert install_command(["browser"], "winget") == "winget install --exact --id Google.Chrome"
    assert install_command(["screen"], "winget") == ""


@pytest.mark.parametrize("name", ["con", "NUL.txt", "com1.tar.gz", "LPT9"])
def test_no_downloads_name_is_a_devices_on_windows(name):
    assert cleaned(name) == f"_{name}"
    assert cleaned(f"a{name}") == f"a{name}"


async def test_a_pipe_that_threads_read_and_write_carries_the_same_in_the_same_order(monkeypatch):
    monkeypatch.setattr(cdp, "BY_THREADS", True)
    theirs_reads, writes = os.pipe()
    reads, theirs_writes = os.pipe()
    steers = await Cdp.over(reads, writes)
    large = "ü" * 700_000

    def browser() -> bytes:
        heard = b""
        while not heard.endswith(b"\0"):
            heard += os.read(theirs_reads, 1 << 16)
        for message in (f'{{"method": "Told", "params": {{"text": "{large}"}}}}', '{"id": 1}'):
            left = message.encode() + b"\0"
            while left:
                left = left[os.write(theirs_writes, left) :]
        return heard

    told: list[int] = []
    steers.listen(lambda event: told.append(len(event.params["text"])))
    heard, answer = await asyncio.gather(
        asyncio.to_thread(browser), steers.send("Page.navigate", {"url": large})
    )
    assert heard.startswith(b'{"id": 1, "method": "Page.navigate"')
    assert (answer, told) == ({}, [len(large)])
    os.close(theirs_writes)
    await steers.closed
    with pytest.raises(DesktopClosed):
        await steers.send("Page.navigate")
    steers.close()
    assert await asyncio.to_thread(os.read, theirs_reads, 1) == b""  # our end was closed, too
    os.close(theirs_reads)
