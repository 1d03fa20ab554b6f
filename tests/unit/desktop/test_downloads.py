"""Files that pages have given, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
