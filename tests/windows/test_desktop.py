"""A whole desktop on Windows, from its start to its end, with a stand-in for its browser.

The browser is ``browser_stand_in``: there was no Chromium where this was run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psutil
from desktop_rooms import CdpPerson, person_at, room

from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.programs import Programs

STAND_IN = [sys.executable, str(Path(__file__).parent / "browser_stand_in.py")]


def test_a_person_looks_at_a_desktop_types_into_it_and_nothing_is_left_at_its_end(monkeypatch):
    start = Machine.start

    def start_stand_in(machine: Machine, argv: list[str], **how: Any) -> Any:
        return start(machine, [*STAND_IN, *argv[1:]], **how)

    monkeypatch.setattr(Machine, "start", start_stand_in)
    monkeypatch.setattr(Programs, "find", lambda: Programs({"browser": "chrome.exe"}))

    async def work(here: Any) -> tuple[Any, list[psutil.Process], Path]:
        desktop = await here.start("local-cdp")
        folder = desktop._machine.folder
        lease = await desktop.take_over("ada")
        assert await desktop.host() == "example.com"
        async with person_at(desktop) as person:
            assert isinstance(person, CdpPerson)
            assert person.frames
            await person.type("Zürich")
            told: dict[str, Any] = {"typed": []}
            while "Zürich" not in "".join(told["typed"]):
                told = await desktop._cdp.send("Browser.getVersion")
        desktop.hold(lease)
        processes = [psutil.Process(told[name]) for name in ("pid", "child")]
        return await desktop.close(), processes, folder

    with room() as here:
        report, processes, folder = here.run(work(here))
        assert not report.left
        assert not folder.exists()
        assert not psutil.wait_procs(processes, 30)[1]
