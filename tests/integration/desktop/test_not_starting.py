"""A desktop whose browser or X server ends at once says so, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from desktop_rooms import Room, room

from jupyter_agent.desktop.provider import StartOptions
from jupyter_agent.errors import DesktopUnavailable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def jp_server_cleanup() -> None:
    """No Jupyter server runs here."""


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs are found before the real ones."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def put(stub: Path, name: str, script: str) -> None:
    program = stub / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def refusal(there: Room, provider: str, *, strict: bool = False) -> DesktopUnavailable:
    async def start() -> None:
        desktop = await there.provider(provider).start(StartOptions(strict=strict))
        there.opened.append(desktop)  # closed all the same

    with pytest.raises(DesktopUnavailable) as caught:
        there.run(start())
    return caught.value


# A browser without a sandbox that it could use takes a moment to find out.
@pytest.mark.parametrize("script", ["exit 3", "sleep 0.4; exit 3"])
@pytest.mark.parametrize(
    ("provider", "strict"), [("local-vnc", False), ("local-vnc", True), ("local-cdp", False)]
)
def test_a_browser_that_ends_at_once_is_told_as_that(
    stub: Path, provider: str, script: str, *, strict: bool
) -> None:
    put(stub, "chromium", script)
    with room() as there:
        error = refusal(there, provider, strict=strict)
    assert error.message == "The browser ended at once, with exit code 3."
    assert "Start chromium in a terminal" in error.hint


def test_an_x_server_that_ends_at_once_is_told_with_another_way(stub: Path) -> None:
    put(stub, "Xtigervnc", "exit 3")
    with room() as there:
        error = refusal(there, "local-vnc")
    assert error.message == "The X server ended at once, with exit code 3."
    assert "local-cdp" in error.hint
