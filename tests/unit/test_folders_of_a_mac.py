"""Where a Mac's person has their files, and whom they count as alone. Run on Linux."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from jupyter_agent import folders
from jupyter_agent.errors import BrokerUnreachable, VaultUnsafe
from jupyter_agent.folders import Folders, check_private_dir, short_path


@pytest.fixture(autouse=True)
def on_a_mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {65536: f"{tmp_path}/"}
    monkeypatch.setattr(folders.sys, "platform", "darwin")
    monkeypatch.setattr(os, "confstr", asked.get)
    monkeypatch.setattr(folders, "_is_private", lambda _: False)  # there is no /run/user
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)  # refused here, as by some disks


def test_the_socket_lies_in_the_folder_that_the_system_names(tmp_path: Path) -> None:
    assert Folders.of({"HOME": "/Users/me"}).run == tmp_path / "jupyter_agent"


def test_without_one_it_lies_in_a_checked_folder_of_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "confstr", lambda _: None)
    assert Folders.of({}).run == Path(f"/tmp/jupyter_agent-{os.getuid()}")  # noqa: S108  (not made)


def test_a_parent_that_the_group_may_write_to_is_everybodys(tmp_path: Path) -> None:
    (tmp_path / "above").mkdir()
    (tmp_path / "above").chmod(0o775)  # staff: every account of a Mac is in it
    with pytest.raises(VaultUnsafe, match="another user could exchange it"):
        check_private_dir(tmp_path / "above" / "ours")


def test_a_path_that_is_too_long_is_refused_with_a_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_SUN_PATH", 20)
    with (
        pytest.raises(BrokerUnreachable, match="longer than 20 bytes") as caught,
        short_path(tmp_path / "broker.sock"),
    ):
        pass
    assert "JUPYTER_AGENT_HOME" in caught.value.hint
