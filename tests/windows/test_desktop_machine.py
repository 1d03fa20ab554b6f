"""A desktop's processes on Windows: what they have, and that nothing of them stays.

The browser is a stand-in (``browser_stand_in``): there was no Chromium where these were run.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_agent.desktop.browser import Browser
from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.programs import Programs
from jupyter_agent.errors import DesktopClosed, DesktopUnavailable
from jupyter_agent.spawn import fixed_environment

HERE = Path(__file__).parent
SLEEPS = "import time; time.sleep(600)"
WRITES = (
    "import msvcrt, os, subprocess, sys\n"
    "told = msvcrt.open_osfhandle(int(sys.argv[-1]), 0)\n"
    f"child = [sys.executable, '-c', {SLEEPS!r}]\n"
    "flags = subprocess.CREATE_NO_WINDOW\n"
    "nowhere = {'stdin': -3, 'stdout': -3, 'stderr': -3}\n"
    "orphan = 'import subprocess; print(subprocess.Popen(%r, creationflags=%d, **%r).pid)'\n"
    "made = subprocess.run([sys.executable, '-c', orphan % (child, flags, nowhere)], stdout=-1,\n"
    "    creationflags=flags, check=True)\n"
    "orphan = int(made.stdout)\n"
    "os.write(told, f\"{os.environ['WORD']} {os.getpid()} {orphan}\".encode())\n"
    "os.close(told)\n"
    "if 'stay' in sys.argv: open(os.environ['HELD'], 'w'), __import__('time').sleep(600)\n"
    "sys.exit(3)\n"
)
OWNER = f"""
import asyncio, os, sys
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.spawn import fixed_environment
async def own():
    machine = await Machine.make()
    reads, writes = os.pipe()
    env = {{**fixed_environment(), "WORD": "x", "HELD": str(machine.folder / "open")}}
    await machine.start([sys.executable, "-c", {WRITES!r}, "stay"], env=env, at={{3: writes}},
        naming=lambda numbers: str(numbers[0]))
    os.close(writes)
    line = await asyncio.to_thread(os.read, reads, 100)
    print(machine.keeper, *line.decode().split()[1:], machine.folder, flush=True)
    await asyncio.Event().wait()
asyncio.run(own())
"""

LOOPS = [asyncio.ProactorEventLoop, asyncio.SelectorEventLoop]
"""The one of Python on Windows, and the one of Jupyter's server there."""


def run(work: Callable[[Machine], Coroutine[Any, Any, None]], loop: Any = LOOPS[1]) -> None:
    async def whole() -> None:
        machine = await Machine.make()
        try:
            await work(machine)
        finally:
            await machine.close()
        assert not machine.folder.exists()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(whole())


async def started(machine: Machine, *words: str) -> tuple[Any, str, list[psutil.Process]]:
    """A program that has started others: it, what it says, and the processes."""
    reads, writes = os.pipe()
    program = await machine.start(
        [sys.executable, "-c", WRITES, *words],
        env={**fixed_environment(), "WORD": "Zürich", "HELD": str(machine.folder / "open")},
        at={3: writes},
        naming=lambda numbers: str(numbers[0]),
    )
    os.close(writes)
    said = (await asyncio.to_thread(os.read, reads, 100)).decode()
    os.close(reads)
    word, *pids = said.split()
    return program, word, [psutil.Process(int(pid)) for pid in pids if "stay" in words]


def ended(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, 30)[1]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_program_has_its_environment_its_handle_and_an_exit_code(loop):
    async def work(machine: Machine) -> None:
        program, word, _ = await started(machine)
        assert word == "Zürich"
        assert await program.ended == 3
        with pytest.raises(DesktopUnavailable, match=r"no-such\.exe could not be started"):
            await machine.start([r"C:\no-such.exe"], env=fixed_environment())

    run(work, loop)


def test_nothing_is_left_after_close_whatever_it_had_started():
    async def work(machine: Machine) -> None:
        _, _, processes = await started(machine, "stay")
        report = await machine.close()
        assert not report.left
        assert not machine.folder.exists()
        assert ended(processes)
        assert await machine.close() is report
        with pytest.raises(DesktopClosed):
            await machine.start([sys.executable], env=fixed_environment())

    run(work)


def test_nothing_is_left_after_the_keeper_was_killed():
    async def work(machine: Machine) -> None:
        _, _, processes = await started(machine, "stay")
        psutil.Process(machine.keeper).kill()
        async with asyncio.timeout(30):
            await machine.closed
        assert ended(processes)
        assert not (await machine.close()).left

    run(work)


def test_nothing_is_left_after_the_process_that_owns_the_machine_was_killed():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    *pids, folder = owner.stdout.readline().strip().split(" ", 3)
    processes = [psutil.Process(int(pid)) for pid in pids]
    assert len(processes) == 3
    assert Path(folder, "open").exists()
    owner.kill()
    owner.wait()
    assert ended(processes)  # the keeper last, which has removed the folder
    assert not Path(folder).exists()


def test_folders_that_nobody_holds_are_swept_and_those_in_use_stay():
    async def work(machine: Machine) -> None:
        stale = machine.folder.parent / "0000dead"
        stale.mkdir()
        (stale / "cookies").write_text("of a server and a keeper that were both killed")
        other = await Machine.make()
        assert not stale.exists()
        assert machine.folder.exists()
        await other.close()

    run(work)


def browser_in(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser whose program is the stand-in, which Python runs."""
    stand_in = [sys.executable, str(HERE / "browser_stand_in.py")]

    def start(argv: list[str], **how: Any) -> Any:
        return Machine.start(machine, [*stand_in, *argv[1:]], **how)

    monkeypatch.setattr(machine, "start", start)
    return Browser(machine, Programs({"browser": "chrome.exe"}))


@pytest.mark.parametrize("loop", LOOPS)
def test_a_browser_is_steered_over_handles_and_ends_with_all_that_it_started(loop, monkeypatch):
    url = "https://example.com/login?of=nobody"

    async def work(machine: Machine) -> None:
        browser = browser_in(machine, monkeypatch)
        pipe = await browser.start(url)
        assert pipe is not None
        cdp = await Cdp.over(pipe.reads, pipe.writes)
        told = await cdp.send("Browser.getVersion")
        assert url not in " ".join(told["arguments"])
        assert "--headless=new" in told["arguments"]
        assert f"--user-data-dir={browser.profile}" in told["arguments"]
        assert told["temp"] == str(machine.folder / "tmp")
        preferences = json.loads((browser.profile / "Default/Preferences").read_bytes())
        assert preferences["session"]["startup_urls"] == [url]
        with pytest.raises(CommandRefused):
            await cdp.send("Refuse")
        sizes: list[int] = []
        cdp.listen(lambda event: sizes.append(len(event.params["text"])))
        await cdp.send("Tell", {"size": 2_000_000})
        assert sizes == [2_000_000]
        processes = [psutil.Process(told[name]) for name in ("pid", "child")]
        await browser.finish(cdp)
        async with asyncio.timeout(30):
            await cdp.closed
        assert browser.program is not None
        assert browser.program.ended.done()
        await machine.close()
        assert ended(processes)

    run(work, loop)


def test_a_browser_whose_pipe_is_closed_ends_by_itself(monkeypatch):
    async def work(machine: Machine) -> None:
        browser = browser_in(machine, monkeypatch)
        pipe = await browser.start()
        assert pipe is not None
        cdp = await Cdp.over(pipe.reads, pipe.writes)
        await cdp.send("Browser.getVersion")
        cdp.close()
        assert browser.program is not None
        async with asyncio.timeout(30):
            await browser.program.ended

    run(work)
