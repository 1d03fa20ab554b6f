"""Files that pages have given, and their names."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.desktop.cdp import Event
from jupyter_agent.desktop.downloads import Downloads, cleaned
from jupyter_agent.errors import DesktopError


@given(st.text(max_size=400))
def test_no_name_leads_elsewhere_or_hides(name: str) -> None:
    shown = cleaned(name)
    assert shown
    assert len(shown.encode()) <= 200
    assert shown.isprintable()
    assert not set(shown) & set('/\\:*?"<>|')
    assert shown[0] not in ". "
    assert shown[-1] not in ". "


def test_a_name_keeps_its_ending_however_long_it_is() -> None:
    assert cleaned("../../.ssh/authorized_keys") == "_.._.ssh_authorized_keys"
    assert cleaned("é" * 300 + ".csv").endswith("é.csv")
    assert cleaned("...") == "download"
    assert cleaned("report.csv") == "report.csv"


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "a.txt").write_text("new")
    (folder / "b.txt.crdownload").write_text("half")
    (folder / "link.txt").symlink_to("/etc/passwd")
    return folder


def test_only_whole_plain_files_are_moved_and_nothing_is_written_over(
    inside: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "a.txt").write_text("old")
    (there / "a (1).txt").symlink_to(tmp_path / "elsewhere")
    downloads = Downloads(inside)
    whole, half = downloads.every()
    assert (whole.name, whole.done, half.name, half.done) == ("a.txt", True, "b.txt", False)
    assert downloads.move(whole.id, there) == "a (2).txt"
    assert (there / "a (2).txt").read_text() == "new"
    assert (there / "a.txt").read_text() == "old"
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(DesktopError):
        downloads.move(half.id, there)


class Steered:
    """A browser, as far as downloads ask: what it says is said by ``tell``."""

    def listen(self, hear: Callable[[Event], None]) -> None:
        self.tell = hear

    def post(self, *_: object) -> None:
        """It never refuses."""


def test_a_file_of_which_the_browser_has_not_spoken_yet_has_not_arrived(tmp_path: Path) -> None:
    guid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    browser, downloads = Steered(), Downloads(tmp_path)
    downloads.follow(browser)
    (tmp_path / guid).write_text("day,amount\n")
    assert not downloads.every()[0].done

    wanted = {"guid": guid, "suggestedFilename": "report.csv"}
    browser.tell(Event("Browser.downloadWillBegin", wanted))
    assert (downloads.every()[0].name, downloads.every()[0].done) == ("report.csv", False)
    browser.tell(Event("Browser.downloadProgress", {"guid": guid, "state": "completed"}))
    assert downloads.every()[0].done


@pytest.mark.parametrize("age", [-60, 86400])  # the clock was set back since
def test_a_file_that_a_page_itself_has_called_so_arrives_all_the_same(
    tmp_path: Path, age: int
) -> None:
    file = tmp_path / "0f8fad5b-d9cb-469f-a165-70867728950e"
    file.write_text("day,amount\n")
    os.utime(file, (time.time() + age,) * 2)
    assert Downloads(tmp_path).every()[0].done


def test_a_folder_that_is_a_link_or_can_not_be_written_gets_nothing_and_nothing_is_lost(
    inside: Path, tmp_path: Path
) -> None:
    real, link, closed = tmp_path / "real", tmp_path / "link", tmp_path / "closed"
    real.mkdir()
    link.symlink_to(real)
    closed.mkdir(mode=0o500)
    downloads = Downloads(inside)
    for folder in (link, tmp_path / "none", closed):
        with pytest.raises(DesktopError):
            downloads.move(downloads.every()[0].id, folder)
    assert not list(real.iterdir())
    assert (inside / "a.txt").read_text() == "new"
