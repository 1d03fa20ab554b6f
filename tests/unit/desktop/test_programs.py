"""Finding the programs of a desktop, and the command for what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_agent.desktop import programs
from jupyter_agent.desktop.programs import Programs, install_command, system

UBUNTU = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n'
ROCKY = 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_what_is_there_is_found_and_what_is_not_is_missing(tmp_path: Path) -> None:
    browser = program(tmp_path, "google-chrome")
    found = Programs.find(str(tmp_path))
    assert found.paths["browser"] == str(browser)
    assert found.missing("browser", "screen", "windows") == ["screen", "windows"]


def test_a_browser_out_of_a_snap_does_not_count(tmp_path: Path) -> None:
    """It sees neither the desktop's folder nor its cookie."""
    program(tmp_path, "chromium-browser", "#!/bin/sh\nexec /snap/bin/chromium\n")
    assert Programs.find(str(tmp_path)).missing("browser") == ["browser"]
    other = program(tmp_path, "google-chrome")
    assert Programs.find(str(tmp_path)).paths["browser"] == str(other)


def test_on_a_mac_an_application_is_found_in_the_person_s_own_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs.sys, "platform", "darwin")
    monkeypatch.setattr(programs, "MAC_FOLDERS", (str(tmp_path / "all"), str(tmp_path / "mine")))
    inside = tmp_path / "mine" / "Microsoft Edge.app" / "Contents" / "MacOS"
    inside.mkdir(parents=True)
    edge = program(inside, "Microsoft Edge")
    assert Programs.find(str(tmp_path)).paths["browser"] == str(edge)


@pytest.mark.parametrize(
    ("release", "family"),
    [("ID=debian\n", "debian"), (UBUNTU, "debian"), (ROCKY, "fedora"), ("ID=arch\n", "arch")],
)
def test_a_system_is_known_by_its_family(release: str, family: str) -> None:
    assert system(release) == family


def test_the_command_installs_exactly_what_is_missing() -> None:
    assert install_command(["screen", "windows"], "debian") == (
        "sudo apt-get install -y --no-install-recommends tigervnc-standalone-server openbox"
    )
    assert install_command(["browser"], "brew") == "brew install --cask google-chrome"


def test_no_command_is_made_up_where_none_is_known() -> None:
    assert not install_command(["screen"], "brew")
    assert not install_command(["screen"], "")
    assert not install_command([], "debian")
