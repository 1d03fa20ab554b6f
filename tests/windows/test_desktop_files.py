"""What a desktop on Windows lays where a person wants it, and which programs it finds."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_agent.desktop.downloads import Downloads
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.desktop.programs import Programs
from jupyter_agent.errors import DesktopError
from jupyter_agent.windows import handles


def test_a_moved_file_writes_over_nothing_and_its_folder_stays_where_it_is(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "above" / "outside"
    inside.mkdir()
    outside.mkdir(parents=True)
    for content in ("first", "second"):
        (inside / "report.csv").write_text(content)
        (there,) = Downloads(inside).every()
        Downloads(inside).move(there.id, outside)
    written = {path.name: path.read_text() for path in outside.iterdir()}
    assert written == {"report.csv": "first", "report (1).csv": "second"}
    assert list(inside.iterdir()) == []
    with handles.pinned(str(outside)), pytest.raises(PermissionError):
        outside.rename(tmp_path / "elsewhere")
    outside.rename(tmp_path / "elsewhere")


def test_no_file_is_moved_through_a_link(tmp_path: Path) -> None:
    inside, real, link = tmp_path / "inside", tmp_path / "real", tmp_path / "link"
    inside.mkdir()
    real.mkdir()
    # A junction: who may not make symbolic links may make this one.
    made = subprocess.run(
        ["cmd", "/c", "mklink", "/J", str(link), str(real)], capture_output=True, check=False
    )
    if made.returncode or not os.path.isjunction(link):
        pytest.skip("this system makes no junctions")
    (inside / "report.csv").write_text("content")
    (there,) = Downloads(inside).every()
    with pytest.raises(DesktopError):
        Downloads(inside).move(there.id, link)
    assert list(real.iterdir()) == []
    assert (inside / "report.csv").read_text() == "content"


def test_pictures_need_a_browser_alone_and_a_screen_there_is_not(monkeypatch) -> None:
    monkeypatch.setattr(Programs, "find", lambda: Programs({}))
    (without, screen) = (
        asyncio.run(kind(None, None).available())
        for kind in (LocalCdp, LocalVnc)  # type: ignore[arg-type]
    )
    assert (without.ok, without.reason) == (False, "Chromium not found.")
    assert without.install == "winget install --exact --id Google.Chrome"
    assert (screen.ok, screen.reason) == (False, "There is no Xvnc for Windows.")
    monkeypatch.setattr(Programs, "find", lambda: Programs({"browser": sys.executable}))
    assert asyncio.run(LocalCdp(None, None).available()).ok  # type: ignore[arg-type]


def test_a_browser_is_found_where_its_installer_puts_it(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        "jupyter_agent.desktop.programs.fixed_environment",
        lambda: {"LOCALAPPDATA": str(tmp_path)},
    )
    monkeypatch.setattr("jupyter_agent.desktop.windows_browsers.registered", lambda _: [])
    assert Programs.find().missing("browser") == ["browser"]
    program = tmp_path / r"Microsoft\Edge\Application\msedge.exe"
    program.parent.mkdir(parents=True)
    program.touch()
    assert Programs.find().paths == {"browser": str(program)}
